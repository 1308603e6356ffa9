/**
 * Interfaces that many kernels cannot make: ipvlan, and VRFs around everything. Runs in a guest, which has
 * them.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, describe, test } from "node:test";
import type { IpAddress } from "../../src/base/address.ts";
import type { VrrpInstanceConfig } from "../../src/config/model.ts";
import { instance, modelOf, vip } from "../vrrp/model.ts";
import { type Daemon, Lan, until } from "../vrrp/namespaces.ts";

const LIMIT = 60_000;
/** Anything but the ordinary course of an election. */
const complaints = /Received advert|invalid|mismatch|wrong|expect|unexpected|not present|rror/;
/** The guest has no nftables, which Debian's cannot know. */
const complaintsOf = (d: Daemon): string[] => d.lines(complaints).filter((line) => !line.startsWith("mnl_"));
const ipvlan = (i: number) => ({
  name: "ipv0",
  address: { address: `10.9.0.${10 + i}` as IpAddress, prefixLength: 24 },
  mode: "bridge" as const,
  group: undefined,
});
const vmac = { name: undefined, mac: undefined, netlinkNotifyMsg: false, group: undefined };
const theirs = (priority: number, word: string, address: string): string => `
global_defs {
    vrrp_version ${address.includes(":") ? 3 : 2}
}
vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    priority ${priority}
    advert_int 1
    ${word}
    virtual_ipaddress {
        ${address}
    }
}
`;

interface Case {
  readonly about: string;
  readonly prepare: (lan: Lan, i: number) => void;
  readonly model: (i: number) => Partial<VrrpInstanceConfig>;
  readonly word: (i: number) => string;
  /** what `ip` must show of the device */
  readonly device: readonly [name: string, pattern: RegExp];
  readonly address: string;
  /** where the address lives */
  readonly home: string;
}

const cases: readonly Case[] = [
  {
    about: "an ipvlan with an address of its own",
    prepare: () => {},
    model: (i) => ({ ipvlan: ipvlan(i) }),
    word: (i) => `use_ipvlan ipv0 10.9.0.${10 + i}/24`,
    device: ["ipv0", /ipv0@eth0.* ipvlan +mode l2 bridge.* inet 10\.9\.0\.1[12]\/24/s],
    address: "10.9.0.100/32",
    home: "eth0",
  },
  {
    about: "an ipvlan over IPv6, with the address that the kernel makes",
    prepare: () => {},
    model: () => ({
      ipvlan: { ...ipvlan(1), address: undefined },
      family: "ipv6",
      version: 3,
      virtualIpaddress: [vip("fe80::100/128")],
    }),
    word: () => "use_ipvlan ipv0",
    device: ["ipv0", /ipv0@eth0.* ipvlan +mode l2 bridge.* inet6 fe80:/s],
    address: "fe80::100/128",
    home: "eth0",
  },
  {
    about: "a VMAC in the VRF of its parent",
    prepare: (lan, i) => {
      lan.ip(i, "link add red type vrf table 10");
      lan.ip(i, "link set red up");
      lan.ip(i, "link set eth0 master red");
    },
    model: () => ({ vmac }),
    word: () => "use_vmac",
    device: ["vrrp.51", /vrrp\.51@eth0.* master red .*vrf_slave table 10/s],
    address: "10.9.0.100/32",
    home: "vrrp.51",
  },
];

describe("interfaces of kernels that have them all", () => {
  before(() => {
    execFileSync("modprobe", ["-a", "veth", "ipvlan", "macvlan", "vrf", "bridge"]);
  });

  for (const c of cases)
    for (const first of ["ours", "Debian's"] as const)
      test(`${c.about}, ${first} better: elected, replaced when it stops`, async () => {
        const lan = new Lan(`g${cases.indexOf(c)}${first[0]}`, 2);
        after(() => lan.remove());
        for (const i of [1, 2]) c.prepare(lan, i);
        const start = (i: number, priority: number) =>
          (first === "ours") === (i === 1)
            ? lan.ours(i, modelOf(instance({ priority, ...c.model(i) })))
            : lan.theirs(i, theirs(priority, c.word(i), c.address.replace(/\/.*/, "")));
        const [name, pattern] = c.device;
        const holds = (i: number): boolean =>
          new RegExp(` ${c.home.replace(".", "\\.")} +inet6? ${c.address}`).test(lan.ip(i, "-o addr show"));
        const other = start(2, 90);
        await until("the other waits", () => other.log.includes("Entering BACKUP"), LIMIT);
        const better = start(1, 100);
        await until("the better one holds the address", () => holds(1), LIMIT);
        for (const i of [1, 2]) assert.match(lan.ip(i, `-d addr show dev ${name}`), pattern);
        assert.equal(holds(2), false);
        await better.stop();
        assert.equal(lan.ip(1, "link show").includes(name), false);
        await until("the other takes over", () => holds(2), LIMIT);
        assert.deepEqual([better, other].flatMap(complaintsOf), []);
      });

  test("unicast without an interface, in a VRF: elected, replaced when it stops", async () => {
    const lan = new Lan("gu", 2);
    after(() => lan.remove());
    for (const i of [1, 2]) cases.at(-1)?.prepare(lan, i);
    const start = (i: number, priority: number) => {
      const own = `10.9.0.${i}` as IpAddress;
      const peer = { where: "test", address: `10.9.0.${3 - i}` as IpAddress, minTtl: 0, maxTtl: 255 };
      const unicast = { source: own, peers: [peer], checkSource: true, faultNoPeer: false, ttl: undefined };
      const place = { interface: "", vrf: "red", mcastSrcIp: own, unicast };
      return lan.ours(
        i,
        modelOf(instance({ priority, ...place, virtualIpaddress: [vip("10.9.0.100", { dev: "eth0" })] })),
      );
    };
    const other = start(2, 90);
    await until("the other waits", () => other.log.includes("Entering BACKUP"), LIMIT);
    const better = start(1, 100);
    await until("the better one holds the address", () => lan.holds(1, "10.9.0.100"), LIMIT);
    assert.equal(lan.holds(2, "10.9.0.100"), false);
    await better.stop();
    await until("the other takes over", () => lan.holds(2, "10.9.0.100"), LIMIT);
    assert.deepEqual([better, other].flatMap(complaintsOf), []);
  });
});
