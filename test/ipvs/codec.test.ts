import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AttributeWriter, readAttributes } from "../../src/base/attributes.ts";
import {
  decodeDestination,
  decodeInfo,
  decodeService,
  encodeDestinationDump,
  encodeFlush,
  encodeInfoRequest,
  encodeOperation,
  encodeServiceDump,
} from "../../src/ipvs/codec.ts";
import type { IpvsDestination, IpvsOperation, IpvsService, ServiceIdentity } from "../../src/ipvs/model.ts";
import {
  type AttributeRow,
  decodeValues,
  encodeValues,
  IPVS_CMD_ATTR,
  IPVS_DEST_ATTR,
  IPVS_STATS64_ATTR,
  IPVS_SVC_ATTR,
} from "../../src/ipvs/schema.ts";
import { address, destination, ip, service } from "./samples.ts";

const bytes = (hex: string): Buffer => Buffer.from(hex, "hex");
/** A capture as ipvsadm 1.31 sent it to Linux 6.1, generic netlink header first. */
interface Capture {
  readonly command: string;
  readonly operation: IpvsOperation;
  readonly hex: string;
}

const web = address("tcp", "10.0.0.1", 80);
const dns = address("udp", "2001:db8::1", 53);
const mark = { kind: "fwmark", mark: 7, family: "ipv4" } as const;
const mark6 = { kind: "fwmark", mark: 7, family: "ipv6" } as const;

const serviceCaptures: readonly Capture[] = [
  {
    command: "-A -t 10.0.0.1:80 -s wrr",
    operation: { kind: "addService", service: service(web, { scheduler: "wrr" }) },
    hex: "010100005400018006000100020000000600020006000000140003000a000001000000000000000000000000060004000050000008000600777272000c00070000000000ffffffff080008000000000008000900ffffffff",
  },
  {
    command: "-A -u [2001:db8::1]:53 -s sh -p 60 -M 64 -b sh-port",
    operation: {
      kind: "addService",
      service: service(dns, { scheduler: "sh", flags: 0x10, timeout: 60, persistencePrefixLength: 64 }),
    },
    hex: "0101000054000180060001000a00000006000200110000001400030020010db8000000000000000000000001060004000035000007000600736800000c00070011000000ffffffff080008003c0000000800090040000000",
  },
  {
    command: "-A -f 7 -s rr",
    operation: { kind: "addService", service: service(mark) },
    hex: "01010000380001800600010002000000080005000700000007000600727200000c00070000000000ffffffff080008000000000008000900ffffffff",
  },
  {
    command: "-A -f 7 -6 -s mh -b mh-fallback,mh-port",
    operation: { kind: "addService", service: service(mark6, { scheduler: "mh", flags: 0x18 }) },
    hex: "0101000038000180060001000a0000000800050007000000070006006d6800000c00070018000000ffffffff08000800000000000800090080000000",
  },
  {
    command: "-A -u 10.0.0.9:5060 -s rr -o",
    operation: { kind: "addService", service: service(address("udp", "10.0.0.9", 5060), { flags: 0x4 }) },
    hex: "010100005400018006000100020000000600020011000000140003000a0000090000000000000000000000000600040013c4000007000600727200000c00070004000000ffffffff080008000000000008000900ffffffff",
  },
  {
    command: "-A --sctp-service 10.0.0.9:5061 -s rr -p 300 -M 255.255.255.0",
    operation: {
      kind: "addService",
      service: service(address("sctp", "10.0.0.9", 5061), { timeout: 300, persistencePrefixLength: 24 }),
    },
    hex: "010100005400018006000100020000000600020084000000140003000a0000090000000000000000000000000600040013c5000007000600727200000c00070001000000ffffffff080008002c01000008000900ffffff00",
  },
  {
    command: "-A -u 10.0.0.10:5060 -s rr -p 300 --pe sip",
    operation: {
      kind: "addService",
      service: service(address("udp", "10.0.0.10", 5060), { timeout: 300, persistenceEngine: "sip" }),
    },
    hex: "010100005c00018006000100020000000600020011000000140003000a00000a0000000000000000000000000600040013c40000070006007272000008000b00736970000c00070001000000ffffffff080008002c01000008000900ffffffff",
  },
  {
    command: "-E -t 10.0.0.1:80 -s wlc -p 360",
    operation: { kind: "editService", service: service(web, { scheduler: "wlc", timeout: 360 }) },
    hex: "020100005400018006000100020000000600020006000000140003000a000001000000000000000000000000060004000050000008000600776c63000c00070001000000ffffffff080008006801000008000900ffffffff",
  },
];

/** The second half of ipvsadm's message, from IPVS_CMD_ATTR_DEST on. */
const destinationCaptures: readonly { command: string; destination: IpvsDestination; hex: string }[] = [
  {
    command: "-a -t 10.0.0.1:80 -r 192.168.0.2:8080 -m -w 3 -x 100 -y 50",
    destination: destination("192.168.0.2", 8080, {
      forwarding: "masquerade",
      weight: 3,
      upperThreshold: 100,
      lowerThreshold: 50,
    }),
    hex: "6000028006000b000200000014000100c0a80002000000000000000000000000060002001f9000000800030000000000080004000300000005000d000000000006000e000000000006000f000000000008000500640000000800060032000000",
  },
  {
    command: "-a -t 10.0.0.1:80 -r 192.168.0.3:80 -g -w 1",
    destination: destination("192.168.0.3", 80),
    hex: "6000028006000b000200000014000100c0a8000300000000000000000000000006000200005000000800030003000000080004000100000005000d000000000006000e000000000006000f000000000008000500000000000800060000000000",
  },
  {
    command: "-a -t 10.0.0.1:80 -r [2001:db8::7]:80 -i -w 1",
    destination: destination("2001:db8::7", 80, { forwarding: "tunnel" }),
    hex: "6000028006000b000a0000001400010020010db800000000000000000000000706000200005000000800030002000000080004000100000005000d000000000006000e000000000006000f000000000008000500000000000800060000000000",
  },
  {
    command: "-e -t 10.0.0.1:80 -r 192.168.0.2:8080 -m -w 0",
    destination: destination("192.168.0.2", 8080, { forwarding: "masquerade", weight: 0 }),
    hex: "6000028006000b000200000014000100c0a80002000000000000000000000000060002001f9000000800030000000000080004000000000005000d000000000006000e000000000006000f000000000008000500000000000800060000000000",
  },
];

/** IPVS_DEST_ATTR_TUN_TYPE, _PORT and _FLAGS, which ipvsadm always sends and we never do. */
const TUNNEL_ROWS = [13, 14, 15];

const zeroStats =
  "60000a000800010000000000080002000000000008000300000000000c000400000000000000000004000b000c0005000000000000000000080006000000000008000700000000000800080000000000080009000000000008000a0000000000" +
  "a0000c000c000100000000000000000004000b000c000200000000000000000004000b000c000300000000000000000004000b000c000400000000000000000004000b000c000500000000000000000004000b000c000600000000000000000004000b000c000700000000000000000004000b000c000800000000000000000004000b000c000900000000000000000004000b000c000a000000000000000000";
/** The same where the kernel had to align its first 64-bit value with IPVS_STATS_ATTR_PAD. */
const paddedStats =
  "64000a0008000100000000000800020000000000080003000000000004000b000c000400000000000000000004000b000c0005000000000000000000080006000000000008000700000000000800080000000000080009000000000008000a0000000000" +
  zeroStats.slice(192);
/** Replies of Linux 6.1 to GET_SERVICE. */
const serviceReplies: readonly { hex: string; service: IpvsService }[] = [
  {
    hex: `010100005c01010006000100020000000600020011000000140003000a00000a0000000000000000000000000600040013c40000070006007272000008000b00736970000c00070003000000ffffffff080008002c01000008000900ffffffff${zeroStats}`,
    service: service(address("udp", "10.0.0.10", 5060), { timeout: 300, persistenceEngine: "sip" }),
  },
  {
    hex: `010100005401010006000100020000000600020084000000140003000a0000090000000000000000000000000600040013c5000007000600727200000c00070003000000ffffffff080008002c01000008000900ffffff00${zeroStats}`,
    service: service(address("sctp", "10.0.0.9", 5061), { timeout: 300, persistencePrefixLength: 24 }),
  },
  {
    hex: `010100003c010100060001000a0000000800050007000000070006006d6800000c0007001a000000ffffffff08000800000000000800090080000000${paddedStats}`,
    service: service(mark6, { scheduler: "mh", flags: 0x18 }),
  },
];

/** Replies of Linux 6.1 to GET_DEST. */
const destinationReplies: readonly { hex: string; destination: IpvsDestination }[] = [
  {
    hex: `050100007c0102001400010020010db800000000000000000000000706000200005000000800030002000000080004000100000005000d000000000006000e000000000006000f00000000000800050000000000080006000000000008000700000000000800080000000000080009000000000006000b000a000000${paddedStats}`,
    destination: destination("2001:db8::7", 80, { forwarding: "tunnel" }),
  },
  {
    hex: `050100007c01020014000100c0a80002000000000000000000000000060002001f9000000800030000000000080004000300000005000d000000000006000e000000000006000f00000000000800050064000000080006003200000008000700000000000800080000000000080009000000000006000b0002000000${paddedStats}`,
    destination: destination("192.168.0.2", 8080, {
      forwarding: "masquerade",
      weight: 3,
      upperThreshold: 100,
      lowerThreshold: 50,
    }),
  },
  {
    hex: `050100007c0102001400010020010db800000000000000000000000206000200003500000800030003000000080004000100000005000d000000000006000e000000000006000f00000000000800050000000000080006000000000008000700000000000800080000000000080009000000000006000b000a000000${paddedStats}`,
    destination: destination("2001:db8::2", 53),
  },
];

for (const { command, operation, hex } of serviceCaptures)
  test(`a service operation has the bytes of ipvsadm ${command}`, () => {
    assert.equal(encodeOperation(operation).toString("hex"), hex);
  });

for (const { command, destination: d, hex } of destinationCaptures)
  test(`a destination has the attributes of ipvsadm ${command}`, () => {
    const kind = command.startsWith("-e") ? "editDestination" : "addDestination";
    const ours = encodeOperation({ kind, service: web, destination: d });
    assert.equal(ours[0], kind === "addDestination" ? 5 : 6);
    const theirs = bytes(hex);
    assert.deepEqual(attributesOf(nested(ours, 4, 2)), attributesOf(nested(theirs, 0, 2), TUNNEL_ROWS));
  });

test("an operation on a destination names its service by family, protocol, address and port only", () => {
  const hex = encodeOperation({
    kind: "deleteDestination",
    service: web,
    destination: { address: ip("192.168.0.3"), port: 80 },
  }).toString("hex");
  assert.equal(
    hex,
    "07010000" +
      "30000180" +
      "0600010002000000" +
      "0600020006000000" +
      "140003000a000001000000000000000000000000" +
      "0600040000500000" +
      "28000280" +
      "06000b0002000000" +
      "14000100c0a80003000000000000000000000000" +
      "0600020000500000",
  );
});

test("the questions and the flush have the bytes that the kernel expects", () => {
  assert.equal(encodeServiceDump().toString("hex"), "04010000");
  assert.equal(encodeFlush().toString("hex"), "11010000");
  assert.equal(encodeInfoRequest().toString("hex"), "0f010000");
  const dump = encodeDestinationDump(mark6).toString("hex");
  assert.equal(dump, "0801000014000180060001000a0000000800050007000000");
  const deletion = encodeOperation({ kind: "deleteService", identity: mark }).toString("hex");
  assert.equal(deletion, "030100001400018006000100020000000800050007000000");
});

for (const { hex, service: expected } of serviceReplies)
  test(`the kernel's reply about ${expected.scheduler} ${expected.flags} is read as the service that was added`, () => {
    assert.deepEqual(decodeService(bytes(hex)), { ok: true, value: expected });
  });

for (const { hex, destination: expected } of destinationReplies)
  test(`the kernel's reply about ${expected.address} is read as the destination that was added`, () => {
    assert.deepEqual(decodeDestination(bytes(hex), "ipv4"), { ok: true, value: expected });
  });

test("the kernel's reply to GET_INFO gives version and table size", () => {
  assert.deepEqual(decodeInfo(bytes("0e010000080001000102010008000200 00100000".replaceAll(" ", ""))), {
    ok: true,
    value: { version: "1.2.1", connectionTableSize: 4096 },
  });
});

test("statistics of 64 bits are read by their own table", () => {
  const stats = decodeValues(
    IPVS_STATS64_ATTR,
    bytes("0c0001000200000001000000" + "04000b00" + "0c000a000700000000000000"),
  );
  assert.deepEqual(stats.ok && stats.value.fields, { connections: 0x1_0000_0002n, outByteRate: 7n });
});

test("a destination without family, as old kernels send it, takes the family of its service", () => {
  const sent = encodeOperation({
    kind: "addDestination",
    service: dns,
    destination: destination("2001:db8::7", 53),
  });
  const inner = nested(sent, 4, 2).subarray(8);
  const old = Buffer.concat([bytes("05010000"), header(2, inner), inner]);
  assert.deepEqual(decodeDestination(old, "ipv6"), { ok: true, value: destination("2001:db8::7", 53) });
});

test("an IPv4 mask with holes is no prefix length", () => {
  const hex = serviceReplies[1]?.hex.replace("08000900ffffff00", "08000900ff00ff00") ?? "";
  const read = decodeService(bytes(hex));
  assert.equal(read.ok && read.value.persistencePrefixLength, -1);
});

test("a service of a protocol that no configuration can name is unsupported", () => {
  const hex = serviceReplies[1]?.hex.replace("0600020084000000", "060002002f000000") ?? "";
  assert.deepEqual(decodeService(bytes(hex)), {
    ok: false,
    reason: "unsupported",
    detail: "IPVS_SVC_ATTR_PROTOCOL 47",
  });
});

test("attributes that the table does not know are kept with their bytes", () => {
  const read = decodeValues(IPVS_SVC_ATTR, bytes("0600010002000000" + "0a006300aabbccddeeff0000"));
  assert.deepEqual(read, {
    ok: true,
    value: { fields: { family: 2 }, unknown: [{ id: 0x63, payload: bytes("aabbccddeeff") }] },
  });
});

test("an attribute shorter than its kind is refused by its C name", () => {
  const sizes: Readonly<Record<string, number>> = {
    u8: 1,
    u16: 2,
    be16: 2,
    u32: 4,
    u64: 8,
    flags: 8,
    address: 16,
  };
  for (const schema of [IPVS_CMD_ATTR, IPVS_SVC_ATTR, IPVS_DEST_ATTR, IPVS_STATS64_ATTR])
    for (const { id, kind, c } of Object.values<AttributeRow>(schema)) {
      const size = sizes[kind];
      if (size === undefined) continue;
      const whole = new AttributeWriter().bytes(id, new Uint8Array(size)).finish();
      const short = new AttributeWriter().bytes(id, new Uint8Array(size - 1)).finish();
      assert.equal(decodeValues(schema, whole).ok, true, c);
      assert.deepEqual(decodeValues(schema, short), { ok: false, reason: "wrong-size", detail: c });
    }
});

test("what was read is written again with nothing lost, unknown attributes included", () => {
  for (const { hex } of serviceReplies) {
    const theirs = Buffer.concat([Buffer.from(nested(bytes(hex), 4, 1)), bytes("0a006300aabbccddeeff0000")]);
    const read = decodeValues(IPVS_SVC_ATTR, theirs);
    assert.ok(read.ok);
    const writer = new AttributeWriter();
    encodeValues(IPVS_SVC_ATTR, read.value.fields, writer, read.value.unknown);
    assert.deepEqual([...attributesOf(writer.finish())].sort(), [...attributesOf(theirs)].sort());
  }
});

test("a reply cut at any length is refused, never half read", () => {
  for (const { hex } of serviceReplies) {
    const whole = bytes(hex);
    for (let length = 0; length < whole.length; length++)
      assert.equal(decodeService(whole.subarray(0, length)).ok, false, `${length} of ${whole.length} bytes`);
  }
});

test("a destination cut at any length is refused, never half read", () => {
  for (const { hex } of destinationReplies) {
    const whole = bytes(hex);
    for (let length = 0; length < whole.length; length++)
      assert.equal(decodeDestination(whole.subarray(0, length), "ipv4").ok, false, `${length} bytes`);
  }
});

test("a flipped bit anywhere gives a value or a refusal, never an exception", () => {
  const samples = [...serviceReplies, ...destinationReplies].map((r) => bytes(r.hex));
  for (const sample of samples)
    for (let bit = 0; bit < 8 * sample.length; bit++) {
      const damaged = Buffer.from(sample);
      damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
      for (const read of [decodeService(damaged), decodeDestination(damaged, "ipv4"), decodeInfo(damaged)])
        assert.equal(typeof read.ok, "boolean");
    }
});

test("a message is read alike wherever it lies in its buffer", () => {
  for (const { hex, service: expected } of serviceReplies)
    for (const offset of [0, 10]) {
      const message = bytes(hex);
      const buffer = Buffer.alloc(message.length + 2 * offset, 0xff);
      message.copy(buffer, offset);
      const view = buffer.subarray(offset, offset + message.length);
      assert.deepEqual(decodeService(view), { ok: true, value: expected });
    }
});

test("any service and any destination come back from their own bytes", () => {
  const anyAddress = fc.oneof(fc.ipV4(), fc.ipV6()).map(ip);
  const anyPort = fc.nat({ max: 65_535 });
  const anyU32 = fc.nat({ max: 2 ** 31 - 1 });
  const anyIdentity: fc.Arbitrary<ServiceIdentity> = fc.oneof(
    fc.record(
      {
        kind: fc.constant("address"),
        protocol: fc.constantFrom("tcp", "udp", "sctp"),
        address: anyAddress,
        port: anyPort,
      },
      { noNullPrototype: true },
    ),
    fc.record(
      { kind: fc.constant("fwmark"), mark: anyU32, family: fc.constantFrom("ipv4", "ipv6") },
      { noNullPrototype: true },
    ),
  );
  const anySettings = fc.record({
    scheduler: fc.constantFrom("rr", "wlc", "none", "a-name-of-15-ch"),
    flags: fc.constantFrom(0, 4, 8, 16, 32, 60),
    persistenceEngine: fc.option(fc.constant("sip"), { nil: undefined }),
    persistencePrefixLength: fc.integer({ min: 0, max: 32 }),
  });
  const anyDestination = fc.record(
    {
      address: anyAddress,
      port: anyPort,
      forwarding: fc.constantFrom("direct", "masquerade", "tunnel", "local", "bypass"),
      weight: anyU32,
      upperThreshold: anyU32,
      lowerThreshold: anyU32,
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(
      anyIdentity,
      anySettings,
      fc.option(anyU32),
      anyDestination,
      (identity, settings, timeout, d) => {
        const s = service(identity, timeout === null ? settings : { ...settings, timeout });
        assert.deepEqual(decodeService(encodeOperation({ kind: "addService", service: s })), {
          ok: true,
          value: s,
        });
        const added = encodeOperation({ kind: "addDestination", service: identity, destination: d });
        assert.deepEqual(decodeDestination(added, "ipv4"), { ok: true, value: d });
      },
    ),
  );
});

function header(type: number, payload: Uint8Array): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt16LE(payload.length + 4, 0);
  out.writeUInt16LE(type | 0x8000, 2);
  return out;
}

function nested(message: Buffer, offset: number, type: number): Uint8Array {
  const found = readAttributes(message, offset)?.find((a) => a.type === type);
  assert.ok(found, `attribute ${type}`);
  return found.payload;
}

function attributesOf(payload: Uint8Array, without: readonly number[] = []): readonly string[] {
  const all = readAttributes(payload);
  assert.ok(all);
  return all.filter((a) => !without.includes(a.type)).map((a) => `${a.type}=${a.payload.toString("hex")}`);
}

test("every attribute has its number and its C name once", () => {
  for (const schema of [IPVS_CMD_ATTR, IPVS_SVC_ATTR, IPVS_DEST_ATTR, IPVS_STATS64_ATTR]) {
    const rows = Object.values(schema);
    assert.equal(new Set(rows.map((r) => r.id)).size, rows.length);
    assert.equal(new Set(rows.map((r) => r.c)).size, rows.length);
  }
});
