/** Making, adopting, mending and deleting devices, against a kernel that is written down here. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { IpAddress } from "../../src/base/address.ts";
import { DaemonError } from "../../src/base/errors.ts";
import { DeviceKeeper, interfaceIdentifier, type KeptLink } from "../../src/vrrp/device-keeper.ts";
import { type DevicePlan, macBytes } from "../../src/vrrp/devices.ts";
import { Sysctls } from "../../src/vrrp/sysctls.ts";

const MAC = "00:00:5e:00:01:33";
const plan = (more: Partial<DevicePlan> = {}): DevicePlan => ({
  name: "vrrp.51",
  parent: "eth0",
  type: { kind: "macvlan", mac: MAC },
  group: undefined,
  family: "ipv4",
  ipv6: false,
  linkLocal: undefined,
  address: undefined,
  announceParent: false,
  instance: "VI_1",
  ...more,
});
const link = (index: number, name: string, more: Partial<KeptLink> = {}): KeptLink => ({
  index,
  name,
  mac: Uint8Array.of(2, 0, 0, 0, 0, index),
  kind: undefined,
  parent: undefined,
  macvlanMode: undefined,
  arphrd: 1,
  flags: 0x1043,
  master: undefined,
  group: 5,
  ...more,
});

/** A machine with eth0, its parameters, and a keeper whose calls are noted. */
function machine(more: readonly KeptLink[] = [], sysctls: Readonly<Record<string, string>> = {}) {
  const links = new Map([link(2, "eth0"), ...more].map((l) => [l.index, l]));
  const log: string[] = [];
  const refusals = new Map<string, string>();
  const values = new Map(Object.entries(sysctls));
  let next = 20;
  let pending: KeptLink[] = [];
  const call = (what: string): void => {
    const code = refusals.get(what.split(" ")[0] ?? "");
    log.push(code === undefined ? what : `${what} ${code}`);
    if (code !== undefined) throw new DaemonError("RTM", 1, code);
  };
  const files = {
    read: (name: string) => values.get(name) ?? (name.includes("/eth0/") ? "0" : undefined),
    write: (name: string, value: string) => {
      log.push(`${name.split("/").slice(-2).join(".")}=${value}`);
      values.set(name, value);
    },
  };
  const keeper = new DeviceKeeper({
    kernel: {
      create: (l) => {
        call(`create ${l.name} on ${l.parent} group ${l.group} master ${l.master}`);
        const kind = l.type.kind;
        const mac = l.type.kind === "macvlan" ? l.type.mac : Uint8Array.of(2, 0, 0, 0, 0, 2);
        const mode = kind === "macvlan" ? 1 : undefined;
        pending.push(link(next++, l.name, { kind, mac, parent: l.parent, macvlanMode: mode }));
      },
      change: ({ index, ...change }) => call(`change ${index} ${JSON.stringify(change)}`),
      delete: (indices) => {
        if (indices.length > 0) call(`delete ${indices.join(" ")}`);
        return indices.map(() => undefined);
      },
      addAddress: (a) =>
        call(`address ${a.address}/${a.prefixLength} on ${a.ifindex} preferred ${a.preferredLft}`),
    },
    indexOf: (name) => pending.find((l) => l.name === name)?.index ?? 0,
    view: {
      links,
      linkByName: (name) => [...links.values()].find((l) => l.name === name),
      addresses: () => [
        { ifindex: 2, address: "fe80::2" as IpAddress, prefixLength: 64, scope: 253 },
        { ifindex: 2, address: "10.9.0.1" as IpAddress, prefixLength: 24, scope: 0 },
      ],
    },
    sysctls: new Sysctls(files, { changed: () => {}, failed: () => {} }),
    files,
    beforeUp: () => log.push("divert"),
    log: (id, fields) => log.push(`${id} ${JSON.stringify(Object.values(fields))}`),
  });
  /** The kernel's news of new links arrive. */
  const hear = (): void => {
    for (const l of pending) links.set(l.index, l);
    pending = [];
  };
  const gone = (index: number): void => {
    links.delete(index);
    keeper.linkGone(index);
  };
  const take = (): string[] => log.splice(0);
  return { keeper, links, refusals, values, hear, gone, take };
}

const made = [
  "create vrrp.51 on 2 group 5 master undefined",
  "eth0.arp_ignore=1",
  "eth0.arp_filter=1",
  "divert",
  'change 20 {"up":true}',
  'device-created ["VI_1","vrrp.51","VMAC"]',
];

describe("a device", () => {
  test("is made down, fitted and set up, once; its news may come later", () => {
    const { keeper, hear, take } = machine();
    keeper.require([plan()]);
    assert.deepEqual(take(), made);
    keeper.mend();
    hear();
    keeper.mend();
    keeper.require([plan()]);
    assert.deepEqual(take(), []);
    assert.deepEqual([...keeper.ours], [20]);
  });

  test("gets its own parameters before it is up, and everybody's filtering is looked after", () => {
    const { keeper, take } = machine([], {
      "net/ipv4/conf/vrrp.51/arp_ignore": "0",
      "net/ipv6/conf/vrrp.51/disable_ipv6": "0",
      "net/ipv4/conf/all/rp_filter": "1",
      "net/ipv4/conf/default/rp_filter": "0",
    });
    keeper.require([plan()]);
    assert.deepEqual(take(), [
      made[0],
      "vrrp.51.arp_ignore=1",
      "vrrp.51.disable_ipv6=1",
      ...made.slice(1),
      "default.rp_filter=1",
      "eth0.rp_filter=1",
      "all.rp_filter=0",
    ]);
    keeper.close(true);
    assert.deepEqual(take(), [
      "eth0.arp_filter=0",
      "eth0.arp_ignore=0",
      "delete 20",
      'device-removed ["VI_1","vrrp.51"]',
      "all.rp_filter=1",
      "eth0.rp_filter=0",
      "default.rp_filter=0",
    ]);
  });

  test("waits for its parent, and is made anew when the parent came back", () => {
    const { keeper, links, hear, gone, take } = machine();
    const eth0 = links.get(2);
    assert.ok(eth0);
    links.delete(2);
    keeper.require([plan()]);
    assert.deepEqual(take(), []);
    assert.equal(keeper.concerns("eth0"), true);
    links.set(2, eth0);
    keeper.mend();
    hear();
    assert.deepEqual(take(), made);
    gone(20);
    gone(2);
    keeper.mend();
    links.set(3, { ...eth0, index: 3 });
    keeper.mend();
    assert.deepEqual(take(), [
      "eth0.arp_filter=0",
      "eth0.arp_ignore=0",
      "create vrrp.51 on 3 group 5 master undefined",
      "eth0.arp_ignore=1",
      "eth0.arp_filter=1",
      "divert",
      'change 21 {"up":true}',
      'device-created ["VI_1","vrrp.51","VMAC"]',
    ]);
  });

  test("that somebody renamed, or gave another MAC, is deleted and made anew", () => {
    const { keeper, links, hear, take } = machine();
    keeper.require([plan()]);
    hear();
    take();
    const there = links.get(20);
    assert.ok(there);
    for (const changed of [{ name: "foo" }, { mac: Uint8Array.of(2, 0, 0, 0, 0, 9) }]) {
      const [index] = keeper.ours;
      assert.ok(index);
      links.delete(20);
      links.set(index, { ...there, index, ...changed });
      keeper.mend();
      assert.deepEqual(
        take().filter((l) => /^(create|delete|change)/.test(l)),
        [
          `delete ${index}`,
          "create vrrp.51 on 2 group 5 master undefined",
          `change ${index + 1} {"up":true}`,
        ],
      );
      links.delete(index);
      hear();
    }
  });

  test("goes when its parent has another name", () => {
    const { keeper, links, hear, take } = machine();
    keeper.require([plan()]);
    hear();
    take();
    links.set(2, link(2, "lan0"));
    keeper.mend();
    assert.deepEqual(take().slice(-2), ["delete 20", 'device-removed ["VI_1","vrrp.51"]']);
    assert.deepEqual([...keeper.ours], []);
  });

  test("gets what a reload changes about it, and keeps its place", () => {
    const { keeper, hear, take } = machine();
    keeper.require([plan()]);
    hear();
    take();
    keeper.require([plan({ group: 9 })]);
    assert.deepEqual(take(), ["divert", 'change 20 {"up":true,"group":9}']);
    keeper.require([plan({ group: 9 })]);
    assert.deepEqual(take(), []);
  });

  test("left by somebody is adopted and fitted", () => {
    const left = link(9, "vrrp.51", { kind: "macvlan", mac: macBytes(MAC), parent: 2, macvlanMode: 1 });
    const { keeper, take } = machine([left]);
    keeper.require([plan()]);
    assert.deepEqual(take(), [
      'device-adopted ["VI_1","vrrp.51"]',
      "eth0.arp_ignore=1",
      "eth0.arp_filter=1",
      "divert",
      'change 9 {"up":true,"group":5}',
    ]);
    assert.deepEqual([...keeper.ours], [9]);
  });

  test("is in the VRF of its parent, but not in its bridge", () => {
    for (const [kind, master] of [
      ["vrf", 7],
      ["bridge", undefined],
    ] as const) {
      const { keeper, links, take } = machine([link(7, "master", { kind })]);
      links.set(2, link(2, "eth0", { master: 7 }));
      keeper.require([plan({ group: 0 })]);
      assert.equal(take()[0], `create vrrp.51 on 2 group 0 master ${master}`);
    }
  });

  test("follows its parent into a VRF and out of it", () => {
    const { keeper, links, hear, take } = machine([link(7, "red", { kind: "vrf" })]);
    keeper.require([plan()]);
    hear();
    take();
    const eth0 = links.get(2);
    const own = links.get(20);
    assert.ok(eth0 && own);
    links.set(2, { ...eth0, master: 7 });
    keeper.mend();
    links.set(20, { ...own, master: 7 });
    keeper.mend();
    links.set(2, eth0);
    keeper.mend();
    assert.deepEqual(take(), ['change 20 {"master":7}', 'change 20 {"master":0}']);
  });

  test("over IPv6 has the parent's link-local address, or the file's, or one of the parent's MAC", () => {
    const address = (linkLocal: DevicePlan["linkLocal"], parent = "eth0") => {
      const { keeper, take } = machine([
        link(3, "eth1", { mac: Uint8Array.of(0xc, 0x46, 0x4e, 0xb1, 0xa5, 0x36) }),
      ]);
      keeper.require([plan({ family: "ipv6", ipv6: true, linkLocal, parent })]);
      return take().find((l) => l.startsWith("address"));
    };
    assert.equal(address("parent"), "address fe80::2/64 on 20 preferred 0");
    assert.equal(address("fe80::9" as IpAddress), "address fe80::9/64 on 20 preferred 0");
    assert.equal(address("parent", "eth1"), "address fe80::e46:4eff:feb1:a536/64 on 20 preferred 0");
    assert.equal(interfaceIdentifier(Uint8Array.of(2, 0, 0, 0, 0, 1)), "fe80::ff:fe00:1");
  });

  test("gets an address that it lost again, unless it is down", () => {
    const { keeper, links, hear, take } = machine();
    keeper.require([plan({ family: "ipv6", ipv6: true, linkLocal: "parent" })]);
    hear();
    take();
    const down = links.get(20);
    assert.ok(down);
    links.set(20, { ...down, flags: 0x1002 });
    keeper.mend();
    assert.deepEqual(take(), []);
    links.set(20, down);
    links.set(2, link(2, "eth0", { mac: Uint8Array.of(2, 0, 0, 0, 0, 77) }));
    keeper.mend();
    assert.deepEqual(take(), ["address fe80::2/64 on 20 preferred 0"]);
  });

  test("of the ipvlan kind has the address of the file, and its parent is left alone", () => {
    const { keeper, take } = machine();
    const address = { address: "10.9.0.7" as IpAddress, prefixLength: 24 };
    keeper.require([plan({ name: "ipv0", type: { kind: "ipvlan", flags: "bridge" }, address })]);
    assert.deepEqual(take(), [
      "create ipv0 on 2 group 5 master undefined",
      "divert",
      'change 20 {"up":true}',
      "address 10.9.0.7/24 on 20 preferred undefined",
      'device-created ["VI_1","ipv0","ipvlan"]',
    ]);
  });

  test("with netlink_notify_msg: the parent is set to the group that it has", () => {
    const { keeper, take } = machine();
    keeper.require([plan({ announceParent: true })]);
    assert.equal(take().at(-2), 'change 2 {"group":5}');
  });

  test("that cannot be made is told of once for one reason, and tried again", () => {
    const { keeper, refusals, take } = machine();
    refusals.set("create", "EOPNOTSUPP");
    keeper.require([plan()]);
    keeper.mend();
    assert.deepEqual(take(), [
      "create vrrp.51 on 2 group 5 master undefined EOPNOTSUPP",
      'device-failed ["VI_1","vrrp.51","eth0","RTM: EOPNOTSUPP"]',
      "create vrrp.51 on 2 group 5 master undefined EOPNOTSUPP",
    ]);
    refusals.clear();
    keeper.mend();
    assert.deepEqual(take(), made);
  });

  test("that cannot be set up does not stay", () => {
    const { keeper, refusals, take } = machine();
    refusals.set("change", "EADDRINUSE");
    keeper.require([plan()]);
    assert.deepEqual(take().slice(3), [
      "divert",
      'change 20 {"up":true} EADDRINUSE',
      'device-failed ["VI_1","vrrp.51","eth0","RTM: EADDRINUSE"]',
      "eth0.arp_filter=0",
      "eth0.arp_ignore=0",
      "delete 20",
      'device-removed ["VI_1","vrrp.51"]',
    ]);
    assert.deepEqual([...keeper.ours], []);
  });

  test("is refused where it makes no sense or would take what is somebody else's", () => {
    const refusal = (more: readonly KeptLink[]): string | undefined => {
      const { keeper, take } = machine(more);
      keeper.require([plan()]);
      return take().at(-1);
    };
    const twin = { kind: "macvlan", mac: macBytes(MAC), parent: 2, macvlanMode: 1 } as const;
    const says = (reason: string): string => `device-failed ["VI_1","vrrp.51","eth0","${reason}"]`;
    assert.equal(refusal([link(2, "eth0", { arphrd: 32 })]), says("eth0 is not Ethernet"));
    assert.equal(refusal([link(9, "vrrp.51")]), says("another interface has that name"));
    assert.equal(refusal([link(9, "other", twin)]), says("other has its MAC already"));
  });

  test("that a new configuration does not need goes at retirement, its parameters with it", () => {
    const { keeper, hear, take } = machine();
    keeper.require([plan(), plan({ name: "vrrp.52", type: { kind: "macvlan", mac: "00:00:5e:00:01:34" } })]);
    hear();
    take();
    keeper.require([plan()]);
    assert.deepEqual(take(), []);
    keeper.retire();
    assert.deepEqual(take(), ["delete 21", 'device-removed ["VI_1","vrrp.52"]']);
    keeper.require([]);
    keeper.retire();
    assert.deepEqual(take().slice(0, 2), ["eth0.arp_filter=0", "eth0.arp_ignore=0"]);
  });

  test("stays with all that belongs to it when nothing is to be released", () => {
    const { keeper, take } = machine();
    keeper.require([plan()]);
    take();
    keeper.close(false);
    assert.deepEqual(take(), []);
  });

  test("that vanished while the news were lost is made anew", () => {
    const { keeper, links, hear, take } = machine();
    keeper.require([plan()]);
    hear();
    take();
    links.delete(20);
    keeper.linksRead();
    keeper.mend();
    assert.equal(take().filter((l) => l.startsWith("create")).length, 1);
  });
});
