import assert from "node:assert/strict";
import { basename } from "node:path";
import { describe, test } from "node:test";
import type { IpAddress } from "../../src/base/address.ts";
import { DaemonError } from "../../src/base/errors.ts";
import { type Datagram, ipv4Packet } from "../../src/base/ip-packet.ts";
import { AF_PACKET, SOCK_RAW } from "../../src/net/constants.ts";
import { loadNative } from "../../src/net/native.ts";
import type { Fd, Native } from "../../src/net/native-api.ts";
import { openPacketSocket, openVrrpSocket, type VrrpSocket } from "../../src/net/raw-socket.ts";
import { linkAddress } from "../../src/net/sockaddr.ts";
import { enterNewNamespace, ip, makeNamespace, until } from "./world.ts";

const native = loadNative();
// Two routers on one cable and a second cable that must stay silent: a0 and a1 here, b0 and b1 there.
const here = enterNewNamespace(native, "raw-a");
const there = makeNamespace("raw-b");
for (const n of [0, 1]) {
  ip(`link add a${n} type veth peer name b${n} netns ${basename(there)}`);
  ip(`addr add 198.51.100.${n + 1}/32 dev a${n}`);
  ip(`link set a${n} up`);
  ip(`-n ${basename(there)} link set b${n} up`);
}

/** Opens something at the other end of the cables. */
function inThere<T>(open: () => T): T {
  native.enterNamespace(there);
  try {
    return open();
  } finally {
    native.enterNamespace(here);
  }
}

const index = (name: string): number => native.ifNameToIndex(name);
const address = (text: string): IpAddress => text as IpAddress;
const group = address("224.0.0.18");
const pdu = Buffer.from("2133640100010000c0000201", "hex");

type Heard = Datagram & { readonly header: Buffer; readonly payload: Buffer };

function open(
  name: string,
  on: IpAddress = group,
): { socket: VrrpSocket; packets: Heard[]; errors: string[] } {
  const packets: Heard[] = [];
  const errors: string[] = [];
  const socket = openVrrpSocket(
    native,
    { ifindex: name === "" ? 0 : index(name), ifname: name, protocol: 112, address: on },
    {
      packet: (d) => packets.push({ ...d, header: Buffer.from(d.header), payload: Buffer.from(d.payload) }),
      error: (e) => errors.push(e.code),
    },
  );
  return { socket, packets, errors };
}

const datagram = (source: string, destination: IpAddress = group, payload: Uint8Array = pdu) => ({
  source: address(source),
  destination,
  hopLimit: 255,
  payload,
});

/** A socket that sees every frame of an interface, bound to it as tcpdump would. */
function tap(name: string, protocol = 3): Fd {
  const fd = native.socket(AF_PACKET, SOCK_RAW, 0);
  native.bind(fd, linkAddress(index(name), protocol, new Uint8Array()));
  return fd;
}

function nextFrame(from: Native, fd: Fd, wanted: (frame: Buffer) => boolean): Buffer | undefined {
  const into = Buffer.alloc(2048);
  for (let frames = 0; frames < 1000; frames++) {
    const received = from.receive(fd, into);
    if (received === undefined) return undefined;
    const frame = Buffer.from(into.subarray(0, received.length));
    if (wanted(frame)) return frame;
  }
  return undefined;
}

describe("the IPv4 header of an advert", () => {
  test("is literally this", () => {
    assert.equal(
      ipv4Packet({
        id: 0x1234,
        hopLimit: 255,
        protocol: 112,
        source: address("192.0.2.1"),
        destination: group,
        payload: pdu,
      }).toString("hex"),
      `45c0002012340000ff700000c0000201e0000012${pdu.toString("hex")}`,
    );
  });
});

describe("a VRRP socket", () => {
  test("sends what its peer on the same cable receives whole, and nobody else does", async () => {
    const left = open("a0");
    const right = inThere(() => open("b0"));
    const elsewhere = open("a1");
    const elsewhereTap = tap("a1");
    assert.equal(left.socket.send(datagram("198.51.100.1")), true);
    assert.equal(left.socket.send(datagram("203.0.113.9")), true, "a source that is not ours");
    await until(() => right.packets.length === 2, "both adverts arrived");
    const [first, second] = right.packets.map((p) => Buffer.concat([p.header, p.payload])) as [
      Buffer,
      Buffer,
    ];
    // version and header length, TOS, length, id 1, no fragment bits, TTL, protocol; then addresses and body
    assert.equal(first.subarray(0, 10).toString("hex"), "45c0002000010000ff70");
    assert.equal(first.subarray(12).toString("hex"), `c6336401e0000012${pdu.toString("hex")}`);
    assert.equal(second.readUInt16BE(4), 2);
    assert.equal(second.subarray(12, 16).toString("hex"), "cb007109");
    let sum = 0;
    for (let i = 0; i < 20; i += 2) sum += first.readUInt16BE(i);
    assert.equal((sum & 0xffff) + (sum >> 16), 0xffff, "the kernel wrote the header checksum");
    assert.deepEqual(left.packets, [], "not looped back");
    assert.deepEqual(elsewhere.packets, []);
    assert.equal(
      nextFrame(native, elsewhereTap, (f) => f[23] === 112),
      undefined,
    );
    native.close(elsewhereTap);
    for (const { socket, errors } of [left, right, elsewhere]) {
      socket.close();
      socket.close();
      assert.deepEqual(errors, []);
    }
  });

  test("goes to the group's Ethernet address", () => {
    const left = open("a0");
    const frames = inThere(() => tap("b0"));
    left.socket.send(datagram("198.51.100.1"));
    const frame = nextFrame(native, frames, (f) => f[23] === 112);
    assert.equal(frame?.subarray(0, 6).toString("hex"), "01005e000012");
    native.close(frames);
    left.socket.close();
  });

  test("hears hundreds in quick succession, each once and in order, and a single one later", async () => {
    const left = open("a0");
    const right = inThere(() => open("b0"));
    for (let i = 0; i < 300; i++) {
      left.socket.send(datagram("198.51.100.1", group, Buffer.from([i & 255])));
      // every third gets a wake-up of its own, so that the socket comes to rest in between
      if (i % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => right.packets.length === 300, "all adverts arrived");
    left.socket.send(datagram("198.51.100.1", group, Buffer.from("later")));
    await until(() => right.packets.length === 301, "the later advert arrived");
    assert.deepEqual(
      right.packets.slice(0, 300).map((p) => p.payload[0]),
      Array.from({ length: 300 }, (_, i) => i & 255),
    );
    for (const { socket, errors } of [left, right]) {
      socket.close();
      assert.deepEqual(errors, []);
    }
  });

  test("is deaf to a group that only somebody else joined", async () => {
    const left = open("a0");
    const right = inThere(() => open("b0"));
    const other = inThere(() =>
      openVrrpSocket(
        native,
        { ifindex: index("b0"), ifname: "b0", protocol: 112, address: address("224.0.0.77") },
        { packet: () => {}, error: () => {} },
      ),
    );
    left.socket.send(datagram("198.51.100.1", address("224.0.0.77")));
    left.socket.send(datagram("198.51.100.1", group, Buffer.from("last")));
    await until(() => right.packets.length > 0, "the advert of the group arrived");
    right.socket.drain();
    assert.deepEqual(
      right.packets.map((p) => p.payload.toString()),
      ["last"],
    );
    for (const socket of [left.socket, right.socket, other]) socket.close();
  });

  test("reads the queue on request, before the loop turns", () => {
    const left = open("a0");
    const right = inThere(() => open("b0"));
    for (let i = 0; i < 5; i++) left.socket.send(datagram("198.51.100.1"));
    right.socket.drain();
    assert.equal(right.packets.length, 5);
    left.socket.close();
    right.socket.close();
  });

  test("says so while the link is down, and works again afterwards", async () => {
    const left = open("a0");
    const right = inThere(() => open("b0"));
    ip("link set a0 down");
    assert.throws(
      () => left.socket.send(datagram("198.51.100.1")),
      (e) => e instanceof DaemonError && ["ENETDOWN", "ENETUNREACH", "ENODEV"].includes(e.code),
    );
    ip("link set a0 up");
    // The carrier comes back a moment later, and until then frames are dropped silently.
    await until(() => {
      left.socket.send(datagram("198.51.100.1"));
      right.socket.drain();
      return right.packets.length > 0;
    }, "adverts arrive again");
    left.socket.close();
    right.socket.close();
  });

  test("is refused for an interface that is not there, and leaves nothing open", () => {
    const before = native.socket(2, 2, 0);
    assert.throws(() => open("nope"), { code: "ENODEV", syscall: "setsockopt" });
    const behind = native.socket(2, 2, 0);
    assert.equal(behind, before + 1);
    native.close(before);
    native.close(behind);
  });
});

/** Whether an advert goes out: an interface that came up a moment ago is not ready. */
function sends(socket: VrrpSocket, advert: ReturnType<typeof datagram>): boolean {
  try {
    return socket.send(advert);
  } catch (e) {
    if (e instanceof DaemonError && e.code === "ENETUNREACH") return false;
    throw e;
  }
}

describe("a VRRP socket over IPv6", () => {
  const group6 = address("ff02::12");
  const source = address("fe80::5:1");
  const unsummed = Buffer.from("3133640100640000fe800000000000000000000000000100", "hex");

  test("sends with hop limit 255 and the kernel's checksum; the peer learns sender, group and hop limit", async () => {
    const left = open("a0", group6);
    const right = inThere(() => open("b0", group6));
    const frames = inThere(() => tap("b0"));
    // The source is nobody's address: duplicate address detection must not keep adverts back.
    const advert = { ...datagram("::"), source, destination: group6, payload: unsummed };
    await until(() => sends(left.socket, advert), "the interface has its routes");
    await until(() => right.packets.length === 1, "the advert arrived");
    const [first] = right.packets;
    assert.ok(first);
    const { payload, ...rest } = first;
    assert.deepEqual(rest, {
      source,
      destination: group6,
      hopLimit: 255,
      protocol: 112,
      header: Buffer.of(),
      totalLength: undefined,
    });
    assert.equal(payload.toString("hex", 0, 6), "313364010064");
    assert.equal(payload.toString("hex", 8), "fe800000000000000000000000000100");
    const frame = nextFrame(native, frames, (f) => f[20] === 112);
    assert.equal(frame?.toString("hex", 0, 6), "333300000012");
    assert.equal(((frame?.readUInt16BE(14) ?? 0) >> 4) & 0xff, 0xc0, "traffic class");
    // fe80::5:1, ff02::12, 24 bytes of protocol 112, and the advert
    assert.equal(payload.readUInt16BE(6), 0x6cc2);
    assert.deepEqual(left.packets, [], "not looped back");
    native.close(frames);
    left.socket.close();
    right.socket.close();
  });

  test("hears nothing of an advert whose checksum is wrong", async () => {
    const right = inThere(() => open("b0", group6));
    const frames = tap("a0");
    const good = Buffer.from(unsummed);
    good.writeUInt16BE(0x6cc2, 6);
    const bad = Buffer.from(good);
    bad[2] = 101;
    // Ethernet and IPv6 by hand, so that the checksum is what stands there.
    const around = (payload: Buffer): Buffer =>
      Buffer.concat([
        Buffer.from(`33330000001202000000000186dd6c000000${"0018"}70ff`, "hex"),
        Buffer.from("fe800000000000000000000000050001ff020000000000000000000000000012", "hex"),
        payload,
      ]);
    native.send(frames, around(bad), linkAddress(index("a0"), 0x86dd, around(bad).subarray(0, 6)));
    native.send(frames, around(good), linkAddress(index("a0"), 0x86dd, around(good).subarray(0, 6)));
    await until(() => right.packets.length > 0, "the good one arrived");
    right.socket.drain();
    assert.deepEqual(
      right.packets.map((p) => p.payload[2]),
      [100],
    );
    native.close(frames);
    right.socket.close();
  });
});

describe("a unicast VRRP socket", () => {
  const near = address("198.51.100.1");
  const far = address("198.51.100.9");

  test("hears what is for its address and no group, waits for an address that is not there yet", async () => {
    const left = open("a0", near);
    const right = inThere(() => open("b0", far));
    const group4 = open("a0");
    ip(`-n ${basename(there)} addr add 198.51.100.9/24 dev b0`);
    ip(`route add 198.51.100.9/32 dev a0`);
    group4.socket.send(datagram("198.51.100.1"));
    // The first ones wait for ARP.
    await until(() => {
      left.socket.send({ ...datagram("198.51.100.1", far), hopLimit: 9 });
      right.socket.drain();
      return right.packets.length > 0;
    }, "a unicast advert arrived");
    const [first] = right.packets;
    assert.equal(first?.destination, far);
    assert.equal(first?.hopLimit, 9);
    assert.equal(
      right.packets.some((p) => p.destination === group),
      false,
    );
    ip(`-n ${basename(there)} addr del 198.51.100.9/24 dev b0`);
    ip(`route del 198.51.100.9/32 dev a0`);
    for (const { socket } of [left, right, group4]) socket.close();
  });

  test("without an interface hears its address on any of them", async () => {
    const left = open("a0", near);
    const right = inThere(() => open("", far));
    ip(`-n ${basename(there)} addr add 198.51.100.9/24 dev b0`);
    ip(`route add 198.51.100.9/32 dev a0`);
    await until(() => {
      left.socket.send(datagram("198.51.100.1", far));
      right.socket.drain();
      return right.packets.length > 0;
    }, "a unicast advert arrived");
    ip(`-n ${basename(there)} addr del 198.51.100.9/24 dev b0`);
    ip(`route del 198.51.100.9/32 dev a0`);
    left.socket.close();
    right.socket.close();
  });
});

/** A gratuitous ARP request for 192.0.2.1 from 02:00:00:00:00:01, as Ethernet carries it. */
const garp = Buffer.from(
  "ffffffffffff0200000000010806" + "0001080006040001" + "020000000001c0000201" + "ffffffffffffc0000201",
  "hex",
);

describe("a packet socket", () => {
  test("sends frames byte by byte through the interface asked for", () => {
    const socket = openPacketSocket(native);
    const first = inThere(() => tap("b0", 0x0806));
    const second = inThere(() => tap("b1", 0x0806));
    const frames = Array.from({ length: 100 }, (_, i) => {
      const frame = Buffer.from(garp);
      frame[31] = i;
      return frame;
    });
    assert.equal(socket.send(frames.map((frame) => ({ ifindex: index("a0"), frame }))), 100);
    for (const frame of frames)
      assert.equal(nextFrame(native, first, () => true)?.toString("hex"), frame.toString("hex"));
    assert.equal(
      nextFrame(native, second, () => true),
      undefined,
    );
    native.close(first);
    native.close(second);
    socket.close();
  });

  test("says ENETDOWN while the link is down and ENXIO when it is gone, and goes on elsewhere", () => {
    ip("link add c0 type veth peer name d0");
    const gone = index("c0");
    const socket = openPacketSocket(native);
    assert.throws(() => socket.send([{ ifindex: gone, frame: garp }]), {
      code: "ENETDOWN",
      errno: 100,
      syscall: "sendmmsg",
    });
    ip("link del c0");
    assert.throws(() => socket.send([{ ifindex: gone, frame: garp }]), { code: "ENXIO" });
    const frames = inThere(() => tap("b0", 0x0806));
    assert.equal(socket.send([{ ifindex: index("a0"), frame: garp }]), 1);
    assert.equal(nextFrame(native, frames, () => true)?.length, garp.length);
    native.close(frames);
    socket.close();
  });

  test("that is bound and watched survives its link going down: an error event, ENETDOWN, then frames again", async () => {
    const socket = openPacketSocket(native);
    const fd = inThere(() => tap("b0", 0x0806));
    const seen: string[] = [];
    const into = Buffer.alloc(2048);
    const poll = native.poll(fd, "read", ({ error }) => {
      try {
        while (native.receive(fd, into) !== undefined) seen.push("frame");
      } catch (e) {
        if (seen.push(`${(e as DaemonError).code} error=${error}`) > 100) poll.close();
      }
    });
    ip(`-n ${basename(there)} link set b0 down`);
    await until(() => seen.length === 1, "the loss was reported");
    assert.deepEqual(seen, ["ENETDOWN error=true"]);
    ip(`-n ${basename(there)} link set b0 up`);
    await until(() => {
      socket.send([{ ifindex: index("a0"), frame: garp }]);
      return seen.length > 1;
    }, "frames arrive on the same watch");
    assert.equal(seen[1], "frame");
    poll.close();
    native.close(fd);
    socket.close();
  });
});
