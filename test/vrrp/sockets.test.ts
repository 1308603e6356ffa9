import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { IpAddress } from "../../src/base/address.ts";
import { DaemonError } from "../../src/base/errors.ts";
import type { Datagram } from "../../src/base/ip-packet.ts";
import { AdvertSockets, type Claim, type SocketPlace } from "../../src/vrrp/sockets.ts";

const ip = (text: string): IpAddress => text as IpAddress;
const place: SocketPlace = { ifindex: 2, ifname: "eth0", protocol: 112, address: ip("224.0.0.18") };
const claim = (virtualRouterId: number, ...peers: string[]): Claim => ({
  virtualRouterId,
  peers: peers.length === 0 ? undefined : new Set(peers.map(ip)),
  buffer: 0,
});

function setUp() {
  const log: string[] = [];
  const deliver = new Map<string, (datagram: Datagram) => void>();
  const waiting: Datagram[] = [];
  const sockets = new AdvertSockets<string>({
    open: ({ ifindex, protocol, address }, listener) => {
      if (ifindex === 9) throw new DaemonError("bind", 19, "ENODEV");
      const name = `${ifindex} ${protocol} ${address}`;
      log.push(`open ${name}`);
      deliver.set(name, (datagram) => listener.packet(datagram));
      return {
        send: ({ source, destination }) => {
          log.push(`${source} > ${destination}`);
          return true;
        },
        drain: () => {
          const packet = waiting.shift();
          if (packet !== undefined) listener.packet(packet);
        },
        reserve: (bytes) => log.push(`reserve ${bytes}`),
        close: () => log.push(`close ${name}`),
      };
    },
    packet: (member, datagram: Datagram) => log.push(`${member} hears ${datagram.source}`),
    unknown: ({ ifname }, virtualRouterId) => log.push(`unknown ${virtualRouterId} on ${ifname}`),
    error: () => log.push("error"),
  });
  return { log, sockets, deliver, waiting };
}

/** The beginning of an advert; sockets look no further. */
function advert(virtualRouterId: number, source = "10.9.0.1", more: Partial<Datagram> = {}): Datagram {
  const payload = Uint8Array.of(0x21, virtualRouterId, 100, 1, 0, 1, 0, 0);
  return {
    source: ip(source),
    destination: ip("224.0.0.18"),
    hopLimit: 255,
    protocol: 112,
    header: new Uint8Array(20),
    totalLength: 28,
    payload,
    ...more,
  };
}
const outgoing = {
  source: ip("10.9.0.1"),
  destination: ip("224.0.0.18"),
  hopLimit: 255,
  payload: new Uint8Array(),
};

describe("sockets", () => {
  test("routers in one place share a socket; packets find theirs by VRID, the rest is named", () => {
    const { log, sockets, deliver } = setUp();
    sockets.join("A", claim(51), place);
    sockets.join("B", claim(52), place);
    sockets.join("A", claim(51), place);
    const socket = deliver.get("2 112 224.0.0.18");
    for (const id of [51, 52, 53]) socket?.(advert(id));
    socket?.(advert(51, "10.9.0.1", { payload: new Uint8Array(3) }));
    sockets.leave("A");
    sockets.leave("B");
    assert.deepEqual(log, [
      "open 2 112 224.0.0.18",
      "A hears 10.9.0.1",
      "B hears 10.9.0.1",
      "unknown 53 on eth0",
      "close 2 112 224.0.0.18",
    ]);
  });

  test("an authentication header is looked behind; other traffic of that protocol is nobody's", () => {
    const { log, sockets, deliver } = setUp();
    const behind = { ...place, protocol: 51 };
    sockets.join("A", claim(51), behind);
    const header = new Uint8Array(24);
    const packet = (next: number): Datagram => {
      header[0] = next;
      return advert(51, "10.9.0.1", {
        protocol: 51,
        payload: Uint8Array.of(...header, 0x21, 51, 100, 1, 2, 1, 0, 0),
      });
    };
    deliver.get("2 51 224.0.0.18")?.(packet(112));
    deliver.get("2 51 224.0.0.18")?.(packet(6));
    assert.deepEqual(log, ["open 2 51 224.0.0.18", "A hears 10.9.0.1"]);
  });

  test("each protocol, group and unicast address has sockets of its own", () => {
    const { log, sockets } = setUp();
    sockets.join("A", claim(51), place);
    sockets.join("B", claim(51), { ...place, protocol: 51 });
    sockets.join("C", claim(51), { ...place, address: ip("224.0.0.77") });
    sockets.join("D", claim(51), { ...place, address: ip("10.9.0.1") });
    assert.equal(log.length, 4);
    sockets.close();
    assert.equal(log.length, 8);
  });

  test("unicast routers with one VRID: who heard a sender last hears it again, else whose peer it is", () => {
    const { log, sockets, deliver } = setUp();
    const unicast = { ...place, address: ip("10.9.0.1") };
    sockets.join("A", claim(51, "10.9.0.2"), unicast);
    sockets.join("B", claim(51, "10.9.0.3"), unicast);
    const socket = deliver.get("2 112 10.9.0.1");
    for (const from of ["10.9.0.3", "10.9.0.2", "10.9.0.7", "10.9.0.3"]) socket?.(advert(51, from));
    sockets.join("A", claim(51, "10.9.0.3"), unicast);
    socket?.(advert(51, "10.9.0.3"));
    sockets.leave("B");
    socket?.(advert(51, "10.9.0.3"));
    assert.deepEqual(log.slice(1), [
      "B hears 10.9.0.3",
      "A hears 10.9.0.2",
      "A hears 10.9.0.7",
      "B hears 10.9.0.3",
      "B hears 10.9.0.3",
      "A hears 10.9.0.3",
    ]);
  });

  test("a router that moves to another interface leaves the first one", () => {
    const { log, sockets } = setUp();
    sockets.join("A", claim(51), place);
    sockets.join("A", claim(51), { ...place, ifindex: 3 });
    assert.equal(sockets.send("A", outgoing), true);
    assert.deepEqual(log, [
      "open 2 112 224.0.0.18",
      "close 2 112 224.0.0.18",
      "open 3 112 224.0.0.18",
      "10.9.0.1 > 224.0.0.18",
    ]);
  });

  test("a socket has room for what all its members want, and tells only when it is more", () => {
    const { log, sockets } = setUp();
    const wants = (virtualRouterId: number, buffer: number): Claim => ({ ...claim(virtualRouterId), buffer });
    sockets.join("A", wants(51, 100), place);
    sockets.join("B", wants(52, 30), place);
    sockets.join("C", claim(53), place);
    sockets.join("A", wants(51, 90), place);
    sockets.leave("B");
    sockets.join("B", wants(52, 40), place);
    assert.deepEqual(log.slice(1), ["reserve 100", "reserve 130", "reserve 130"]);
  });

  test("without a place nothing is sent", () => {
    const { sockets } = setUp();
    assert.throws(() => sockets.join("A", claim(51), { ...place, ifindex: 9 }), { code: "ENODEV" });
    assert.equal(sockets.send("A", outgoing), false);
  });

  test("draining goes on until nothing comes any more", () => {
    const { log, sockets, waiting } = setUp();
    sockets.join("A", claim(51), place);
    waiting.push(advert(51), advert(51), advert(51));
    sockets.drain();
    assert.equal(log.filter((l) => l.startsWith("A hears")).length, 3);
  });
});
