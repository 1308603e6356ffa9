/** How a router's adverts look and whom it believes; packets were captured from Debian's keepalived 2.2.7. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { IpAddress } from "../../src/base/address.ts";
import { type Datagram, ipv4Packet, parseIpv4Datagram } from "../../src/base/ip-packet.ts";
import type { Centiseconds, Seconds } from "../../src/base/units.ts";
import type { GlobalDefs, VrrpInstanceConfig } from "../../src/config/model.ts";
import { contextOf, noSecrets, type Secrets, standardGroups, Wire } from "../../src/vrrp/wire.ts";
import { instance, modelOf, vip } from "./model.ts";
import { params } from "./params.ts";
import { key32, secretsOf } from "./secrets.ts";

const ip = (text: string): IpAddress => text as IpAddress;
const hex = (text: string): Buffer => Buffer.from(text, "hex");
const shown = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const wire = (more: Partial<VrrpInstanceConfig>, secrets: Secrets = noSecrets): Wire =>
  new Wire(instance(more), { groups: standardGroups, secrets });

const peer = (address: string, minTtl = 0, maxTtl = 255) => ({
  where: "",
  address: ip(address),
  minTtl,
  maxTtl,
});
const unicastTo = (...peers: ReturnType<typeof peer>[]) => ({
  source: undefined,
  peers,
  checkSource: false,
  faultNoPeer: false,
  ttl: undefined,
});

function received(packet: Buffer): Datagram {
  const datagram = parseIpv4Datagram(packet);
  assert.ok(datagram);
  return datagram;
}
/** A datagram of IPv6 as the socket hands it over, from the captured packet. */
function received6(packet: Buffer, source: string, destination: string): Datagram {
  return {
    source: ip(source),
    destination: ip(destination),
    hopLimit: packet[7] ?? 0,
    protocol: 112,
    header: new Uint8Array(),
    totalLength: undefined,
    payload: packet.subarray(40),
  };
}
const verdict = (w: Wire, d: Datagram): string => {
  const { checked } = w.check(d);
  return checked.ok ? "believed" : checked.reason;
};
/** The packets of one advert as they go out, with keepalived's id. */
function packets(w: Wire, p: ReturnType<typeof params>, source: string, id = 1, protocol = 112): string[] {
  return w.adverts(p, p.priority, ip(source)).map((o) => {
    const packet = ipv4Packet({ ...o, id, protocol });
    o.seal?.(packet);
    packet.fill(0, 10, 12);
    return shown(packet);
  });
}
/** The kernel writes the header checksum. */
const withoutSum = (text: string): string => `${text.slice(0, 20)}0000${text.slice(24)}`;

const v3 = { version: 3, advertInt: 10 as Centiseconds } as const;
const v3Params = params({ version: 3, advertInterval: 10 as Centiseconds });

describe("unicast adverts of version 3", () => {
  const captured = "45c0002000020000ff70a6970a0900010a09000231336401000a4bc30a090064";
  const old = "45c0002000020000ff70a6970a0900010a09000231336401000a75bb0a090064";

  test("are byte for byte keepalived's, for each peer with a checksum of its own", () => {
    const w = wire({ ...v3, unicast: unicastTo(peer("10.9.0.2"), peer("10.9.0.3")) });
    const [first, second] = packets(w, v3Params, "10.9.0.1", 2);
    assert.equal(first, withoutSum(captured));
    assert.equal(second?.slice(32, 40), "0a090003");
    assert.equal(second?.slice(52, 56), "4bc2");
  });

  test("the same one again is believed again, a changed one and one under other rules is not", () => {
    const checking = (from: string) => ({ ...unicastTo(peer(from, 255)), checkSource: true });
    const config = instance({ ...v3, unicast: checking("10.9.0.1") });
    const w = new Wire(config, { groups: standardGroups, secrets: noSecrets });
    const again = (change: (packet: Buffer) => void = () => {}): string => {
      const packet = hex(captured);
      change(packet);
      return verdict(w, received(packet));
    };
    assert.deepEqual([again(), again()], ["believed", "believed"]);
    // the id of the IP header counts up with each advert
    assert.equal(
      again((p) => p.writeUInt16BE(9, 4)),
      "believed",
    );
    assert.equal(
      again((p) => p.writeUInt8(101, 22)),
      "checksum",
    );
    assert.equal(
      again((p) => p.writeUInt8(254, 8)),
      "peer-hop-limit",
    );
    assert.equal(again(), "believed");
    w.configure({ ...config, unicast: checking("10.9.0.7") }, { groups: standardGroups, secrets: noSecrets });
    assert.equal(again(), "stranger");
  });

  test("of old_unicast_checksum, too", () => {
    const w = wire({ ...v3, unicast: unicastTo(peer("10.9.0.2")), oldUnicastChecksum: "always" });
    assert.deepEqual(packets(w, v3Params, "10.9.0.1", 2), [withoutSum(old)]);
  });

  test("a peer with the old checksum is noticed once, and answered in kind from then on", () => {
    const w = wire({ ...v3, unicast: unicastTo(peer("10.9.0.1")) });
    assert.equal(packets(w, v3Params, "10.9.0.2", 2)[0]?.slice(52, 56), "4bc3");
    assert.deepEqual(w.check(received(hex(captured))).news, undefined);
    const first = w.check(received(hex(old)));
    assert.equal(first.checked.ok, true);
    assert.deepEqual(first.news, { kind: "old-checksum" });
    assert.equal(w.check(received(hex(old))).news, undefined);
    assert.equal(verdict(w, received(hex(captured))), "believed");
    // 10.9.0.2 to 224.0.0.18 instead of 10.9.0.1
    assert.equal(packets(w, v3Params, "10.9.0.2", 2)[0]?.slice(52, 56), "75ba");
  });

  test("old_unicast_checksum never, and version 3 multicast, refuse it", () => {
    const never = wire({ ...v3, unicast: unicastTo(peer("10.9.0.1")), oldUnicastChecksum: "never" });
    assert.equal(verdict(never, received(hex(old))), "checksum");
    const damaged = hex(old);
    damaged[27] = 1;
    assert.equal(
      verdict(wire({ ...v3, unicast: unicastTo(peer("10.9.0.1")) }), received(damaged)),
      "checksum",
    );
  });

  test("are refused by a multicast router, and the other way round", () => {
    assert.equal(verdict(wire(v3), received(hex(captured))), "transport");
    const group = received(hex(captured));
    const w = wire({ ...v3, unicast: unicastTo(peer("10.9.0.1")), v3ChecksumAsV2: true });
    assert.equal(verdict(w, { ...group, destination: ip("224.0.0.18") }), "transport");
  });

  test("unicast_ttl is what they go out with, 255 without; a hop limit of unicast counts for nothing", () => {
    const sent = (ttl: number | undefined): number | undefined =>
      wire({ ...v3, unicast: { ...unicastTo(peer("10.9.0.2")), ttl } }).adverts(
        v3Params,
        100,
        ip("10.9.0.1"),
      )[0]?.hopLimit;
    assert.deepEqual([undefined, 0, 9].map(sent), [255, 0, 9]);
    const w = wire({ ...v3, unicast: unicastTo(peer("10.9.0.1")) });
    assert.equal(verdict(w, { ...received(hex(captured)), hopLimit: 3 }), "believed");
  });

  test("check_unicast_src believes peers only, and those within their limits of TTL", () => {
    const from = (checkSource: boolean, ...peers: ReturnType<typeof peer>[]): string =>
      verdict(wire({ ...v3, unicast: { ...unicastTo(...peers), checkSource } }), received(hex(captured)));
    assert.equal(from(false, peer("10.9.0.9")), "believed");
    assert.equal(from(true, peer("10.9.0.9")), "stranger");
    assert.equal(from(true, peer("10.9.0.9"), peer("10.9.0.1")), "believed");
    assert.equal(from(true, peer("10.9.0.1", 255, 255)), "believed");
    assert.equal(from(true, peer("10.9.0.1", 0, 254)), "peer-hop-limit");
    const low = wire({ ...v3, unicast: { ...unicastTo(peer("10.9.0.1", 10)), checkSource: true } });
    assert.equal(verdict(low, { ...received(hex(captured)), hopLimit: 9 }), "peer-hop-limit");
  });

  test("v3_checksum_as_v2 sums the message only, and believes any sum", () => {
    const w = wire({ ...v3, v3ChecksumAsV2: true });
    // one's complement of 3133 + 6401 + 000a + 0a09 + 0064
    assert.equal(packets(w, v3Params, "10.9.0.1")[0]?.slice(52, 56), "6054");
    const group = { ...received(hex(captured)), destination: ip("224.0.0.18") };
    assert.equal(verdict(w, group), "believed");
    assert.equal(verdict(wire(v3), group), "checksum");
  });
});

describe("IPv6", () => {
  const six = { family: "ipv6", virtualIpaddress: [vip("fe80::100/128"), vip("2001:db8::100/128")] } as const;
  const addresses = [ip("fe80::100"), ip("2001:db8::100")];
  const captured3 = hex(
    "6c0ce2e3002870fffe800000000000000000000000000001ff02000000000000000000000000001231336402000a3e57fe80000000000000000000000000010020010db8000000000000000000000100",
  );
  const captured2 = hex(
    "6c0ce2e3002870fffe800000000000000000000000000001ff0200000000000000000000000000122133640200014e60fe80000000000000000000000000010020010db8000000000000000000000100",
  );
  const captured = hex(
    "6c075cfd0028704020010db800090000000000000000000120010db800090000000000000000000231336402000ae066fe80000000000000000000000000010020010db8000000000000000000000100",
  );
  /** Without the checksum, which the kernel writes. */
  const blank = (packet: Buffer): string =>
    `${shown(packet.subarray(40, 46))}0000${shown(packet.subarray(48))}`;

  test("adverts of both versions are keepalived's and go to ff02::12 with hop limit 255", () => {
    const three = wire({ ...six, ...v3 }).adverts({ ...v3Params, addresses }, 100, ip("fe80::1"));
    assert.deepEqual(
      three.map((o) => [o.destination, o.hopLimit, shown(o.payload)]),
      [["ff02::12", 255, blank(captured3)]],
    );
    const two = wire(six).adverts(params({ addresses }), 100, ip("fe80::1"));
    assert.equal(shown(two[0]?.payload ?? hex("")), blank(captured2));
  });

  test("keepalived's are believed; multicast with another hop limit is not", () => {
    const d = received6(captured3, "fe80::1", "ff02::12");
    assert.equal(verdict(wire({ ...six, ...v3 }), d), "believed");
    assert.equal(verdict(wire({ ...six, ...v3 }), { ...d, hopLimit: 254 }), "hop-limit");
    assert.equal(verdict(wire(six), received6(captured2, "fe80::1", "ff02::12")), "believed");
    // keepalived leaves the kernel's default of 64 for unicast
    const unicast = wire({ ...six, ...v3, unicast: unicastTo(peer("2001:db8:9::1")) });
    const u = received6(captured, "2001:db8:9::1", "2001:db8:9::2");
    assert.equal(u.hopLimit, 64);
    assert.equal(verdict(unicast, u), "believed");
    const [sent] = unicast.adverts({ ...v3Params, addresses }, 100, ip("2001:db8:9::2"));
    assert.equal(sent?.hopLimit, 255);
  });
});

test("version 2 over IPv6 names its authentication but carries none: Debian's 2.2.7 writes this, and crashes when it hears it", () => {
  const authentication = { type: "PASS", password: "secret" } as const;
  const six = { family: "ipv6", authentication } as const;
  const payload = hex("2133640101017c2afe800000000000000000000000000100");
  const [sent] = wire(six).adverts(params({ addresses: [ip("fe80::100")] }), 100, ip("fe80::1"));
  assert.equal(shown(sent?.payload ?? hex("")), "2133640101010000fe800000000000000000000000000100");
  const d: Datagram = {
    source: ip("fe80::1"),
    destination: ip("ff02::12"),
    hopLimit: 255,
    protocol: 112,
    header: new Uint8Array(),
    totalLength: undefined,
    payload,
  };
  assert.equal(verdict(wire(six), d), "believed");
  assert.equal(verdict(wire({ family: "ipv6" }), d), "auth-type-mismatch");
});

describe("where a router listens", () => {
  test("the group of its family, its own, or its unicast source", () => {
    const at = (more: Partial<VrrpInstanceConfig>, source?: string) =>
      wire(more).listening(source === undefined ? undefined : ip(source));
    const any = { protocol: 112, peers: undefined, buffer: 0 };
    assert.deepEqual(at({}, "10.9.0.1"), { ...any, address: "224.0.0.18" });
    assert.deepEqual(at({ family: "ipv6" }), { ...any, address: "ff02::12" });
    assert.deepEqual(at({ mcastDstIp: ip("224.0.0.77") }), { ...any, address: "224.0.0.77" });
    const unicast = unicastTo(peer("10.9.0.2"), peer("10.9.0.3"));
    assert.deepEqual(at({ unicast }, "10.9.0.1"), {
      protocol: 112,
      address: "10.9.0.1",
      peers: new Set(["10.9.0.2", "10.9.0.3"]),
      buffer: 0,
    });
    assert.equal(at({ unicast }), undefined);
    const authentication = { type: "AH", password: "x" } as const;
    assert.equal(at({ authentication }, "10.9.0.1")?.protocol, 51);
  });

  test("the receive buffer wanted: the instance's own word, else vrrp_rx_bufs_policy", () => {
    const wanted = (
      global: Partial<GlobalDefs>,
      more: Partial<VrrpInstanceConfig> = {},
    ): number | undefined =>
      new Wire(instance(more), contextOf({ ...modelOf().global, ...global }, noSecrets)).listening(
        ip("10.9.0.1"),
      )?.buffer;
    assert.equal(wanted({}), 0);
    assert.equal(wanted({ vrrpRxBufsPolicy: 5000 }), 5000);
    assert.equal(wanted({ vrrpRxBufsPolicy: "mtu" }), 3 * 9216);
    // 40 + 24 + 28 around 8 + 4 + 8
    assert.equal(wanted({ vrrpRxBufsPolicy: "advert", vrrpRxBufsMultiplier: 10 }), 1120);
    assert.equal(wanted({ vrrpRxBufsPolicy: "mtu" }, { kernelRxBufSize: 777 }), 777);
  });

  test("global groups of the configuration count", () => {
    const groups = { ipv4: ip("224.0.0.77"), ipv6: ip("ff02::77") };
    const at = (more: Partial<VrrpInstanceConfig>) =>
      new Wire(instance(more), { groups, secrets: noSecrets }).adverts(params(), 100, ip("10.9.0.1"))[0]
        ?.destination;
    assert.equal(at({}), "224.0.0.77");
    assert.equal(at({ family: "ipv6" }), "ff02::77");
    assert.equal(at({ mcastDstIp: ip("224.0.0.99") }), "224.0.0.99");
  });
});

describe("an advert behind an authentication header", () => {
  const secrets = secretsOf(new Map(), { micros: 0 });
  const secret = { authentication: { type: "AH", password: "secret" } } as const;
  const first = hex(
    "45c0004000010000ff33d0ad0a090001e0000012700400000a0900010000000134e23a8c5e068820eaa8cc1f2133640102016e5d0a0900640000000000000000",
  );
  const second = hex(
    "45c0004000020000ff33d0ac0a090001e0000012700400000a090001000000026b6490b5835c3843111dbf282133640102016e5d0a0900640000000000000000",
  );
  const unicast = hex(
    "45c0004000010000ff33a6b50a0900010a090002700400000a09000100000001db70b58afa60a668d98fa2462133640102016e5d0a0900640000000000000000",
  );
  const none = (packet: Buffer): string => withoutSum(shown(packet));

  test("is byte for byte keepalived's, and its number counts up", () => {
    const w = wire(secret, secrets);
    assert.deepEqual(packets(w, params(), "10.9.0.1", 1, 51), [none(first)]);
    assert.deepEqual(packets(w, params(), "10.9.0.1", 2, 51), [none(second)]);
  });

  test("with unicast the TTL may change on the way; copies of one advert have one number", () => {
    const authentication = { type: "AH", password: "12345678" } as const;
    const w = wire({ authentication, unicast: unicastTo(peer("10.9.0.2"), peer("10.9.0.3")) }, secrets);
    const [one, two] = packets(w, params(), "10.9.0.1", 1, 51);
    assert.equal(one, none(unicast));
    assert.equal(two?.slice(56, 64), "00000001");
    const receiver = wire({ authentication, unicast: unicastTo(peer("10.9.0.1")) }, secrets);
    unicast[8] = 60;
    assert.equal(verdict(receiver, received(unicast)), "believed");
  });

  test("is believed once", () => {
    const w = wire(secret, secrets);
    assert.deepEqual(
      [second, second, first].map((p) => verdict(w, received(p))),
      ["believed", "ah-replay", "ah-replay"],
    );
  });

  test("who takes over goes on where the other one stopped, over a reload too", () => {
    const w = wire(secret, secrets);
    verdict(w, received(second));
    w.configure(instance(secret), { groups: standardGroups, secrets });
    assert.equal(packets(w, params(), "10.9.0.2", 1, 51)[0]?.slice(56, 64), "00000003");
  });

  test("any changed bit is noticed, but those that routers change", () => {
    for (let bit = 0; bit < first.length * 8; bit++) {
      const packet = Buffer.from(first);
      packet[bit >> 3] = (packet[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
      const datagram = parseIpv4Datagram(packet);
      if (datagram === undefined) continue;
      const byte = bit >> 3;
      const mutable = byte === 1 || (byte >= 6 && byte < 8) || (byte >= 10 && byte < 12);
      assert.equal(verdict(wire(secret, secrets), datagram) === "believed", mutable, `bit ${bit}`);
    }
  });

  test("reasons have names", () => {
    const w = (): Wire => wire(secret, secrets);
    const spi = Buffer.from(first);
    spi[24] = 11;
    assert.equal(verdict(w(), received(spi)), "ah-spi");
    assert.equal(
      verdict(wire({ authentication: { type: "AH", password: "other" } }, secrets), received(first)),
      "ah-value",
    );
    assert.equal(verdict(w(), received(first.subarray(0, 50))), "length");
    assert.equal(verdict(w(), { ...received(first), protocol: 112 }), "protocol");
    assert.equal(verdict(wire({}, secrets), received(first)), "protocol");
  });
});

describe("an advert with the trailer of auth_hmac", () => {
  const authHmac = {
    keys: [{ id: 7, key: { kind: "hex", hex: "" } }],
    activeKey: 7,
    timeWindow: 5 as Seconds,
    antiReplay: "time",
    mode: "enforce",
  } as const;
  const wall = { micros: 1_735_655_424_500_000 };
  const secrets = secretsOf(new Map([[7, key32]]), wall);
  const signed = { ...v3, advertInt: 100 as Centiseconds, authHmac };
  const p = params({ version: 3 });
  const datagram = (w: Wire, source: string, destination: IpAddress = ip("224.0.0.18")): Datagram => {
    const [o] = w.adverts(p, 100, ip(source));
    assert.ok(o);
    return received(ipv4Packet({ ...o, destination, id: 1, protocol: 112 }));
  };

  test("is the advert and 28 bytes that its checksum does not cover", () => {
    const [o] = wire(signed, secrets).adverts(p, 100, ip("10.9.0.1"));
    const text = shown(o?.payload ?? hex(""));
    assert.equal(text.slice(0, 24), "31336401006475610a090064");
    assert.equal(text.slice(24), "010700006774000080000000a6c782de403297bb1f00c678a80e0827");
  });

  test("is believed, but once; without one nothing is in mode enforce", () => {
    const d = datagram(wire(signed, secrets), "10.9.0.1");
    const w = wire(signed, secrets);
    assert.deepEqual([verdict(w, d), verdict(w, d)], ["believed", "hmac-replay"]);
    assert.equal(verdict(w, { ...d, payload: d.payload.subarray(0, 12), totalLength: 32 }), "hmac-missing");
  });

  test("is too long for a router that does not know of it, or that lacks its active key", () => {
    const d = datagram(wire(signed, secrets), "10.9.0.1");
    assert.equal(verdict(wire(v3, secrets), d), "length");
    assert.equal(verdict(wire(signed, { ...secrets, keysOf: () => undefined }), d), "length");
  });

  test("with unicast only peers may sign, and all get one trailer", () => {
    const sender = wire({ ...signed, unicast: unicastTo(peer("10.9.0.2"), peer("10.9.0.3")) }, secrets);
    const [one, two] = sender.adverts(p, 100, ip("10.9.0.1"));
    assert.ok(one && two);
    assert.deepEqual(one.payload.subarray(12), two.payload.subarray(12));
    const d = received(ipv4Packet({ ...one, id: 1, protocol: 112 }));
    const to = (address: string): string =>
      verdict(wire({ ...signed, unicast: unicastTo(peer(address)) }, secrets), d);
    assert.equal(to("10.9.0.1"), "believed");
    assert.equal(to("10.9.0.9"), "stranger");
  });

  test("receive-only sends plain adverts and verifies signed ones", () => {
    const w = wire({ ...signed, authHmac: { ...authHmac, mode: "receive-only" } }, secrets);
    assert.equal(w.adverts(p, 100, ip("10.9.0.2"))[0]?.payload.length, 12);
    const d = datagram(wire(signed, secrets), "10.9.0.1");
    assert.equal(verdict(w, d), "believed");
    assert.equal(verdict(w, d), "hmac-replay");
  });

  test("a reload keeps the marks against replays, unless it changes the words of auth_hmac", () => {
    const w = wire(signed, secrets);
    const d = datagram(wire(signed, secrets), "10.9.0.1");
    const reload = (c: Partial<VrrpInstanceConfig>, s = secrets): void =>
      w.configure(instance(c), { groups: standardGroups, secrets: s });
    assert.equal(verdict(w, d), "believed");
    reload(signed);
    assert.equal(verdict(w, d), "hmac-replay");
    reload({ ...signed, authHmac: { ...authHmac, timeWindow: 6 as Seconds } });
    assert.equal(verdict(w, d), "believed");
    const other = new Map([
      [7, key32],
      [8, key32],
    ]);
    reload({ ...signed, authHmac: { ...authHmac, timeWindow: 6 as Seconds } }, secretsOf(other, wall));
    assert.equal(verdict(w, d), "believed");
  });

  test("a clock that is off is news once, until it is right again", () => {
    const w = wire(signed, secrets);
    const sender = wire(signed, secretsOf(new Map([[7, key32]]), { micros: wall.micros + 4_000_000 }));
    const right = wire(signed, secrets);
    const news = [sender, sender, right, sender].map((from, i) => {
      const d = datagram(from, i === 2 ? "10.9.0.8" : "10.9.0.1");
      const { checked, news } = w.check(d);
      assert.equal(checked.ok, true);
      return news;
    });
    const skew = { kind: "skew", seconds: 4 };
    assert.deepEqual(news, [skew, undefined, undefined, skew]);
  });
});

describe("an owner with owner_ignore_adverts", () => {
  const packet = hex("45c0002000020000ff70a6970a0900010a09000231336401000a4bc30a090064");
  test("hears nobody; without, or without being owner, it does", () => {
    const w = (priority: number, ownerIgnoreAdverts: boolean): Wire =>
      wire({ ...v3, priority, ownerIgnoreAdverts, unicast: unicastTo(peer("10.9.0.1")) });
    assert.equal(verdict(w(255, true), received(packet)), "owner");
    assert.equal(verdict(w(255, false), received(packet)), "believed");
    assert.equal(verdict(w(254, true), received(packet)), "believed");
  });
});
