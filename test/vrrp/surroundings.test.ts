import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { IpAddress } from "../../src/base/address.ts";
import { DaemonError } from "../../src/base/errors.ts";
import type { OwnedAddress } from "../../src/vrrp/ownership.ts";
import type { Datagram } from "../../src/vrrp/packet.ts";
import { matchInstances } from "../../src/vrrp/router.ts";
import { addressChange, leavingAddresses, sameInstance, trackersOf } from "../../src/vrrp/settings.ts";
import { AdvertSockets, type SocketPlace } from "../../src/vrrp/sockets.ts";
import { type SeenLink, type Surroundings, survey } from "../../src/vrrp/surroundings.ts";
import { InterfaceWatch } from "../../src/vrrp/watch.ts";
import { instance, vip } from "./model.ts";

const ip = (text: string): IpAddress => text as IpAddress;
const eth0: SeenLink = { index: 2, name: "eth0", flags: 0x1043, up: true };
const on = (ifindex: number, address: string, scope = 0): OwnedAddress => ({
  ifindex,
  address: ip(address),
  prefixLength: 24,
  scope,
});
const machine = (links: readonly SeenLink[], addresses: readonly OwnedAddress[]): Surroundings => ({
  linkByName: (name) => links.find((l) => l.name === name),
  addresses: () => addresses,
});
const none: ReadonlySet<IpAddress> = new Set();

describe("surroundings", () => {
  const seen = machine([eth0], [on(3, "10.0.0.3"), on(2, "fe80::1"), on(2, "10.9.0.1"), on(2, "10.9.0.2")]);

  test("the source is the first address of the interface and family", () => {
    const found = survey(instance(), [], seen, none, undefined);
    assert.deepEqual(found, { ifindex: 2, source: "10.9.0.1", priority: 100, causes: new Set() });
  });

  test("virtual addresses and those of host scope are never the source", () => {
    const virtual = new Set([ip("10.9.0.1")]);
    assert.equal(survey(instance(), [], seen, virtual, undefined).source, "10.9.0.2");
    const host = machine([eth0], [on(2, "10.9.0.1", 254)]);
    assert.deepEqual(survey(instance(), [], host, none, undefined).causes, new Set(["no-source-address"]));
  });

  test("a source in use stays while it exists", () => {
    assert.equal(survey(instance(), [], seen, none, ip("10.9.0.2")).source, "10.9.0.2");
    assert.equal(survey(instance(), [], seen, none, ip("10.9.0.9")).source, "10.9.0.1");
  });

  test("mcast_src_ip is taken as it is", () => {
    const c = instance({ mcastSrcIp: ip("192.0.2.1") });
    assert.equal(survey(c, [], machine([eth0], []), none, undefined).source, "192.0.2.1");
  });

  test("what keeps a router from taking part has a name", () => {
    const causes = (s: Surroundings, c = instance()) => [...survey(c, [], s, none, undefined).causes];
    assert.deepEqual(causes(machine([], [])), ["interface-down", "no-source-address"]);
    const down = machine([{ ...eth0, up: false }], [on(2, "10.9.0.1")]);
    assert.deepEqual(causes(down), ["interface-down"]);
    assert.deepEqual(causes(down, instance({ dontTrackPrimary: true })), []);
    const silent = machine([{ ...eth0, flags: 0x43 }], [on(2, "10.9.0.1")]);
    assert.deepEqual(causes(silent), ["configuration"]);
    const loopback = machine([{ ...eth0, flags: 0x1049 }], [on(2, "10.9.0.1")]);
    assert.deepEqual(causes(loopback), ["configuration"]);
  });
});

describe("settings", () => {
  test("interfaces of addresses are tracked, unless no_track, and our own never", () => {
    const c = instance({
      virtualIpaddress: [vip("10.0.0.1", { dev: "eth1" }), vip("10.0.0.2", { dev: "eth2", noTrack: true })],
      trackInterface: [
        { interface: "eth0", weight: 10, reverse: false },
        { interface: "eth3", weight: -5, reverse: true },
      ],
    });
    assert.deepEqual(trackersOf(c), [
      { interface: "eth1", weight: 0, reverse: false },
      { interface: "eth3", weight: -5, reverse: true },
    ]);
  });

  test("a reload knows whether addresses came, went or stayed", () => {
    const two = instance({ virtualIpaddress: [vip("10.0.0.1"), vip("10.0.0.2")] });
    const one = instance({ virtualIpaddress: [vip("10.0.0.2", { where: "elsewhere:9" })] });
    assert.equal(addressChange(two, two), "same");
    assert.equal(addressChange(two, one), "changed");
    assert.equal(addressChange(one, two), "added");
    assert.deepEqual(leavingAddresses(two, one), [
      { address: "10.0.0.1", prefixLength: 32, interface: "eth0" },
    ]);
    const labelled = instance({ virtualIpaddress: [vip("10.0.0.2", { label: "eth0:1" })] });
    assert.equal(addressChange(one, labelled), "added");
  });

  test("only where a block stands in the file is no change", () => {
    assert.equal(sameInstance(instance(), instance({ where: "other:3" })), true);
    assert.equal(sameInstance(instance(), instance({ nopreempt: true })), false);
  });
});

describe("matching instances at a reload", () => {
  test("VRID, family and interface make an instance the same one; its name does not", () => {
    const first = matchInstances(new Map(), [instance(), instance({ name: "VI_2", virtualRouterId: 52 })]);
    assert.equal(first.added.length, 2);
    const next = matchInstances(first.routers, [
      instance({ name: "renamed" }),
      instance({ name: "VI_2", virtualRouterId: 52, interface: "eth1" }),
    ]);
    assert.deepEqual(
      next.kept.map(({ router, config }) => [router.config.name, config.name]),
      [["VI_1", "renamed"]],
    );
    assert.equal(next.kept[0]?.router, first.added[0]);
    assert.deepEqual(
      next.added.map((r) => r.config.interface),
      ["eth1"],
    );
    assert.deepEqual(next.removed, [first.added[1]]);
  });

  test("the later one of two with one VRID on one interface is marked", () => {
    const { added } = matchInstances(new Map(), [instance(), instance({ name: "VI_2" })]);
    assert.deepEqual(
      added.map((r) => r.duplicate),
      [false, true],
    );
  });
});

describe("sockets", () => {
  const place: SocketPlace = { ifindex: 2, ifname: "eth0", group: ip("224.0.0.18") };
  const setUp = () => {
    const log: string[] = [];
    const deliver = new Map<number, (packet: Uint8Array) => void>();
    const waiting: Uint8Array[] = [];
    const sockets = new AdvertSockets<string>({
      open: ({ ifindex }, listener) => {
        if (ifindex === 9) throw new DaemonError("bind", 19, "ENODEV");
        log.push(`open ${ifindex}`);
        deliver.set(ifindex, (packet) => listener.packet(packet));
        return {
          send: (source, destination) => {
            log.push(`${source} > ${destination}`);
            return true;
          },
          drain: () => {
            const packet = waiting.shift();
            if (packet !== undefined) listener.packet(packet);
          },
          close: () => log.push(`close ${ifindex}`),
        };
      },
      packet: (member, datagram: Datagram) => log.push(`${member} hears ${datagram.source}`),
      error: () => log.push("error"),
    });
    return { log, sockets, deliver, waiting };
  };
  const advert = (virtualRouterId: number): Uint8Array =>
    Uint8Array.from(
      Buffer.from(
        `45c0002000010000ff70d0900a090001e000001231${virtualRouterId.toString(16)}64010064756100000000`,
        "hex",
      ),
    );

  test("routers on one interface and group share a socket; packets find theirs by VRID", () => {
    const { log, sockets, deliver } = setUp();
    sockets.join("A", 0x33, place);
    sockets.join("B", 0x34, place);
    sockets.join("A", 0x33, place);
    for (const id of [0x33, 0x34, 0x35]) deliver.get(2)?.(advert(id));
    deliver.get(2)?.(new Uint8Array(3));
    sockets.leave("A");
    sockets.leave("B");
    assert.deepEqual(log, ["open 2", "A hears 10.9.0.1", "B hears 10.9.0.1", "close 2"]);
  });

  test("a router that moves to another interface leaves the first one", () => {
    const { log, sockets } = setUp();
    sockets.join("A", 51, place);
    sockets.join("A", 51, { ...place, ifindex: 3 });
    assert.equal(sockets.send("A", ip("10.9.0.1"), new Uint8Array()), true);
    assert.deepEqual(log, ["open 2", "close 2", "open 3", "10.9.0.1 > 224.0.0.18"]);
  });

  test("without a place nothing is sent", () => {
    const { sockets } = setUp();
    assert.throws(() => sockets.join("A", 51, { ...place, ifindex: 9 }), { code: "ENODEV" });
    assert.equal(sockets.groupOf("A"), undefined);
    assert.equal(sockets.send("A", ip("10.9.0.1"), new Uint8Array()), false);
  });

  test("draining goes on until nothing comes any more", () => {
    const { log, sockets, waiting } = setUp();
    sockets.join("A", 0x33, place);
    waiting.push(advert(0x33), advert(0x33), advert(0x33));
    sockets.drain();
    assert.equal(log.filter((l) => l.startsWith("A hears")).length, 3);
  });
});

describe("watched interfaces", () => {
  test("an interface concerns the instances that use or track it, after a reload the new ones", () => {
    const watch = new InterfaceWatch<string>();
    const a = instance({ virtualIpaddress: [vip("10.0.0.1", { dev: "eth1" })] });
    const planned = (config: typeof a) => [{ router: "A", config }];
    assert.deepEqual(
      watch.rebuild(planned(a), () => true),
      ["eth0", "eth1"],
    );
    assert.deepEqual([...(watch.of("eth1") ?? [])], ["A"]);
    assert.equal(watch.turned("eth1", true), false);
    assert.equal(watch.turned("eth1", false), true);
    assert.equal(watch.turned("eth9", false), false);
    const b = instance({ trackInterface: [{ interface: "eth2", weight: 0, reverse: false }] });
    assert.deepEqual(
      watch.rebuild(planned(b), () => true),
      ["eth2"],
    );
    assert.equal(watch.of("eth1"), undefined);
    assert.deepEqual([...watch.retired], ["10.0.0.1"]);
    assert.deepEqual([...watch.virtual], ["10.9.0.100"]);
  });
});
