import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { IpAddress } from "../../src/base/address.ts";
import type { VrrpInstanceConfig } from "../../src/config/model.ts";
import type { OwnedAddress } from "../../src/vrrp/ownership.ts";
import { findDuplicates, matchInstances } from "../../src/vrrp/router.ts";
import { addressChange, leavingAddresses, sameInstance, trackersOf } from "../../src/vrrp/settings.ts";
import { type SeenLink, type Surroundings, survey } from "../../src/vrrp/surroundings.ts";
import { InterfaceWatch } from "../../src/vrrp/watch.ts";
import { noSecrets, standardGroups } from "../../src/vrrp/wire.ts";
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
const context = { groups: standardGroups, secrets: noSecrets };
const none: ReadonlySet<IpAddress> = new Set();

describe("surroundings", () => {
  const seen = machine([eth0], [on(3, "10.0.0.3"), on(2, "fe80::1"), on(2, "10.9.0.1"), on(2, "10.9.0.2")]);

  test("the source is the first address of the interface and family", () => {
    const found = survey(instance(), [], seen, none, undefined);
    assert.deepEqual(found, {
      place: { ifindex: 2, ifname: "eth0" },
      source: "10.9.0.1",
      priority: 100,
      causes: new Set(),
    });
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

  test("over IPv6 the source is the interface's link-local address", () => {
    const c = instance({ family: "ipv6" });
    const six = machine([eth0], [on(2, "2001:db8::1"), on(2, "10.9.0.1"), on(2, "fe80::1", 253)]);
    assert.equal(survey(c, [], six, none, undefined).source, "fe80::1");
    const global = machine([eth0], [on(2, "2001:db8::1")]);
    assert.deepEqual(survey(c, [], global, none, undefined).causes, new Set(["no-source-address"]));
  });

  test("track_src_ip: a configured source must be there, on the interface if there is one", () => {
    const c = instance({ mcastSrcIp: ip("10.9.0.1"), trackSrcIp: true });
    assert.deepEqual(survey(c, [], seen, none, undefined).causes, new Set());
    const elsewhere = machine([eth0], [on(3, "10.9.0.1")]);
    assert.deepEqual(survey(c, [], elsewhere, none, undefined).causes, new Set(["no-source-address"]));
    assert.deepEqual(survey({ ...c, interface: "" }, [], elsewhere, none, undefined).causes, new Set());
    const untracked = { ...c, trackSrcIp: false };
    assert.deepEqual(survey(untracked, [], elsewhere, none, undefined).causes, new Set());
  });

  test("unicast needs peers but no interface, and none that can multicast", () => {
    const peers = [{ where: "", address: ip("10.9.0.2"), minTtl: 0, maxTtl: 255 }];
    const unicast = { source: undefined, peers, checkSource: false, faultNoPeer: true, ttl: undefined };
    const c = instance({ unicast });
    const silent = machine([{ ...eth0, flags: 0x43 }], [on(2, "10.9.0.1")]);
    assert.deepEqual(survey(c, [], silent, none, undefined).causes, new Set());
    const alone = instance({ unicast: { ...unicast, peers: [] } });
    assert.deepEqual(survey(alone, [], silent, none, undefined).causes, new Set(["configuration"]));
    const free = instance({ unicast, interface: "", mcastSrcIp: ip("10.9.0.1") });
    assert.deepEqual(survey(free, [], machine([], []), none, undefined), {
      place: { ifindex: 0, ifname: "" },
      source: "10.9.0.1",
      priority: 100,
      causes: new Set(),
    });
    const vrf = { ...free, vrf: "red" };
    const red: SeenLink = { index: 7, name: "red", flags: 0x43, up: true };
    assert.deepEqual(survey(vrf, [], machine([red], []), none, undefined).place, {
      ifindex: 7,
      ifname: "red",
    });
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
    const first = matchInstances(
      new Map(),
      [instance(), instance({ name: "VI_2", virtualRouterId: 52 })],
      context,
    );
    assert.equal(first.added.length, 2);
    const next = matchInstances(
      first.routers,
      [instance({ name: "renamed" }), instance({ name: "VI_2", virtualRouterId: 52, interface: "eth1" })],
      context,
    );
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

  /** Which instances, in their order, would hear an earlier one. */
  const duplicates = (
    all: readonly VrrpInstanceConfig[],
    segmentOf = (name: string): string => name,
  ): boolean[] => {
    const { planned } = matchInstances(new Map(), all, context);
    const found = findDuplicates(planned, segmentOf);
    return planned.map(({ router }) => found.has(router));
  };

  test("the later one of two with one VRID on one wire is a duplicate, with a VMAC or not", () => {
    const vmac = { name: undefined, mac: undefined, netlinkNotifyMsg: false, group: undefined };
    const second = { name: "VI_2" };
    assert.deepEqual(duplicates([instance(), instance(second)]), [false, true]);
    assert.deepEqual(duplicates([instance(), instance({ ...second, vmac })]), [false, true]);
    assert.deepEqual(duplicates([instance(), instance({ ...second, virtualRouterId: 52 })]), [false, false]);
    const other = [instance(), instance({ ...second, interface: "mv0" })];
    assert.deepEqual(duplicates(other), [false, false]);
    assert.deepEqual(
      duplicates(other, (name) => (name === "mv0" ? "eth0" : name)),
      [false, true],
    );
  });

  test("unicast routers share VRID and source as long as no peer is common; another group is another place", () => {
    const peer = (address: string) => ({ where: "", address: ip(address), minTtl: 0, maxTtl: 255 });
    const unicast = (...peers: string[]) => ({
      source: undefined,
      peers: peers.map(peer),
      checkSource: false,
      faultNoPeer: false,
      ttl: undefined,
    });
    const all = [
      instance({ name: "A", unicast: unicast("10.0.0.2") }),
      instance({ name: "B", unicast: unicast("10.0.0.3") }),
      instance({ name: "C", unicast: unicast("10.0.0.4", "10.0.0.3") }),
      instance({ name: "D", mcastDstIp: ip("224.0.0.77") }),
      instance({ name: "E" }),
    ];
    const { routers } = matchInstances(new Map(), all, context);
    assert.deepEqual(duplicates(all), [false, false, true, false, false]);
    assert.deepEqual(matchInstances(routers, all, context).added, []);
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
