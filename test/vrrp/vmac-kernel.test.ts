/**
 * VMACs in a real kernel: what both makes set and leave behind, and what happens to devices and parents at
 * run time.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Centiseconds } from "../../src/base/units.ts";
import { type Frame, Tap } from "../lab/tap.ts";
import { modelFrom } from "./config-text.ts";
import { instance, modelOf, vip } from "./model.ts";
import { allowed, type Daemon, Lan, until } from "./namespaces.ts";

const skip = allowed ? false : "needs root";
const skipPeer =
  allowed && spawnSync("keepalived", ["-v"]).status === 0 ? false : "needs Debian's keepalived";

const vmac = { name: undefined, mac: undefined, netlinkNotifyMsg: false, group: undefined };
const model = modelOf(instance({ vmac }));
const watched = [
  ...["accept_local", "arp_filter", "arp_ignore", "promote_secondaries", "rp_filter"].map(
    (n) => `ipv4/conf/*/${n}`,
  ),
  ...["addr_gen_mode", "disable_ipv6"].map((n) => `ipv6/conf/*/${n}`),
  "ipv4/igmp_link_local_mcast_reports",
];

/** Kernel parameters of router i, `vrrp.51/arp_ignore 1`, without the address family. */
function parameters(lan: Lan, i: number): string[] {
  const globs = watched.map((name) => `/proc/sys/net/${name}`).join(" ");
  return lan
    .run(i, ["sh", "-c", `grep -H . ${globs}`])
    .trim()
    .split("\n")
    .map((line) =>
      line
        .replace("/proc/sys/net/", "")
        .replace(/^ipv[46]\/conf\//, "")
        .replace(":", " "),
    )
    .sort();
}

/** What is in one list and not in the other, as `-lost` and `+new`. */
function difference(before: readonly string[], now: readonly string[]): string[] {
  return [
    ...before.filter((l) => !now.includes(l)).map((l) => `-${l}`),
    ...now.filter((l) => !before.includes(l)).map((l) => `+${l}`),
  ];
}

const index = (lan: Lan, i: number, name: string): string | undefined =>
  new RegExp(`^(\\d+): ${name.replace(".", "\\.")}@`, "m").exec(lan.ip(i, "-o link show"))?.[1];
const onVmac = (lan: Lan, i: number): boolean =>
  lan.ip(i, "-o addr show").includes("vrrp.51    inet 10.9.0.100/32");

/** Devices, their addresses, kernel parameters and the firewall of router i, without what its own MAC makes. */
function everything(lan: Lan, i: number): string[] {
  const links = lan
    .ip(i, "-d -o link show")
    .split("\n")
    .filter((line) => /^\d+: (vrrp|router)[\d.]*@/.test(line))
    .map((line) => {
      const [, name] = /^\d+: ([^:]+):/.exec(line) ?? [];
      const facts = line.match(/link\/ether \S+|macvlan mode \w+|group \S+|mtu \d+|<\S+>/g) ?? [];
      return `link ${name} ${facts.join(" ")}`;
    });
  const [own = "none"] = /fe80::\S+(?=\/64)/.exec(lan.ip(i, "-6 -o addr show dev eth0 scope link")) ?? [];
  const other = /fe80::\S+(?=\/64)/.exec(lan.ip(i, "-6 -o addr show dev eth1 scope link"))?.[0] ?? "none";
  const addresses = lan
    .ip(i, "-o addr show")
    .split("\n")
    .filter((line) => / 10\.9\.\d\.1\d\d| 2001:|^\d+: vrrp/.test(line))
    .map((line) =>
      `addr ${line.replace(/^\d+: |\\.*| metric \d+/g, "").replace(/\s+/g, " ")}`
        .replaceAll(own, "OWN")
        .replaceAll(other, "OTHER")
        .trim(),
    );
  const rules = lan
    .run(i, ["nft", "list", "ruleset"])
    .split("\n")
    .flatMap((line) => line.trim() || []);
  return [...links, ...addresses, ...parameters(lan, i), ...rules.map((line) => `nft ${line}`)].sort();
}

interface Comparison {
  readonly about: string;
  /** words of `global_defs` */
  readonly global?: string;
  /** lines of the instance */
  readonly text: string;
  /** an address that tells that all is set */
  readonly last: string;
  /** what Debian's has while active (-) and ours has (+), each with its reason */
  readonly active: readonly string[];
  /** what Debian's does not put back */
  readonly left: readonly string[];
}

/** Debian's leaves what it set on parents. */
const parentLeft = (name: string): string[] => [
  `-${name}/arp_filter 0`,
  `-${name}/arp_ignore 0`,
  `+${name}/arp_filter 1`,
  `+${name}/arp_ignore 1`,
];
/** 2.2.7 leaves ARP of VMACs for IPv6 alone, 2.4 does not. */
const ignoresArp = (name: string): string[] => [`-${name}/arp_ignore 0`, `+${name}/arp_ignore 1`];
// Reverse path filtering through `all` counted for the loopback interface, too; ours keeps it.
const loopback = ["-lo/rp_filter 0", "+lo/rp_filter 2"];

const comparisons: readonly Comparison[] = [
  {
    about: "one VMAC",
    text: "use_vmac\n virtual_ipaddress {\n 10.9.0.100\n }",
    last: "10.9.0.100/32",
    active: loopback,
    left: parentLeft("eth0"),
  },
  {
    about: "one VMAC with disable_local_igmp",
    global: "disable_local_igmp",
    text: "use_vmac\n virtual_ipaddress {\n 10.9.0.100\n }",
    last: "10.9.0.100/32",
    active: loopback,
    left: parentLeft("eth0"),
  },
  {
    about: "one VMAC over IPv6",
    text: "use_vmac\n virtual_ipaddress {\n fe80::100\n 2001:db8::100\n }",
    last: "2001:db8::100/128",
    active: ignoresArp("vrrp.51"),
    left: [],
  },
  {
    about: "VMACs for addresses on two interfaces and of both families",
    text: `use_vmac
 use_vmac_addr
 virtual_ipaddress {
 10.9.0.100
 10.9.1.101 dev eth1
 }
 virtual_ipaddress_excluded {
 2001:db8::100
 2001:db8::101 dev eth1
 }`,
    last: "2001:db8::101/128",
    active: [...loopback, ...ignoresArp("vrrp2.51"), ...ignoresArp("vrrp6.51")],
    left: [...parentLeft("eth0"), ...parentLeft("eth1")],
  },
  {
    about: "a VMAC with a name, a MAC and a group that transmits on the base",
    text: "use_vmac router 02:00:5e:11:22:33\n vmac_xmit_base\n virtual_ipaddress {\n 10.9.0.100\n }",
    last: "10.9.0.100/32",
    active: loopback,
    left: parentLeft("eth0"),
  },
];

describe("both makes with the same VMACs", { skip: skip || skipPeer, concurrency: 2 }, () => {
  for (const [n, c] of comparisons.entries())
    test(`${c.about}: the same links, addresses, parameters and firewall; ours puts all of it back`, async () => {
      const lan = new Lan(`k${n}`, 2);
      after(() => lan.remove());
      for (const i of [1, 2]) {
        lan.ip(i, "link add eth1 type veth peer name peer1");
        for (const name of ["eth1", "peer1"]) lan.ip(i, `link set ${name} up`);
        lan.cut(i, true);
        lan.run(i, ["sh", "-c", "echo 2 >/proc/sys/net/ipv4/conf/all/rp_filter"]);
      }
      await until("addresses have settled", () =>
        [1, 2].every((i) => !lan.ip(i, "addr show").includes("tentative")),
      );
      const text = `global_defs {
 vrrp_version 3
 ${c.global ?? ""}
}
vrrp_instance VI_1 {
 interface eth0
 virtual_router_id 51
 advert_int 1
 ${c.text}
}
`;
      const before = [everything(lan, 1), everything(lan, 2)] as const;
      const ours = lan.ours(1, modelFrom(text, ["lo", "eth0", "eth1"]));
      const theirs = lan.theirs(2, text);
      await until("both are active", () =>
        [1, 2].every((i) => lan.ip(i, "addr show").includes(` ${c.last}`)),
      );
      const active = [everything(lan, 1), everything(lan, 2)] as const;
      assert.ok(active[0].some((line) => line.startsWith("link ")));
      assert.deepEqual(difference(active[1], active[0]).sort(), [...c.active].sort());
      await ours.stop();
      await theirs.stop();
      assert.deepEqual(difference(before[0], everything(lan, 1)), []);
      assert.deepEqual(difference(before[1], everything(lan, 2)).sort(), [...c.left].sort());
    });
});

/** What a frame is, as far as it matters whether a backup may send it with the virtual MAC. */
function kindOf({ bytes }: Frame): string {
  const type = bytes.readUInt16BE(12);
  if (type === 0x0806) return "ARP";
  if (type === 0x0800) return bytes[23] === 2 ? "IGMP" : `IPv4 ${bytes[23]}`;
  if (type !== 0x86dd) return type.toString(16);
  return bytes[20] === 0 && bytes[54] === 58 && bytes[62] === 143 ? "MLD" : `IPv6 ${bytes[20]}`;
}

describe("a backup with a VMAC", { skip, concurrency: 2 }, () => {
  for (const family of ["ipv4", "ipv6"] as const)
    test(`says nothing with the virtual MAC over ${family}; its membership is reported by the parent`, async () => {
      const lan = new Lan(`q${family[3]}`, 1);
      after(() => lan.remove());
      await until("addresses have settled", () => !lan.ip(1, "addr show").includes("tentative"));
      const tap = await Tap.start(lan.inside(0), "br0");
      after(() => tap.stop());
      const addresses = family === "ipv4" ? [vip("10.9.0.100")] : [vip("fe80::100", { prefixLength: 128 })];
      const patient = instance({
        vmac,
        family,
        version: 3,
        advertInt: 2000 as Centiseconds,
        virtualIpaddress: addresses,
      });
      const daemon = lan.ours(1, modelOf(patient));
      const from = (mac: string): string[] =>
        tap.frames.filter((f) => f.bytes.toString("hex", 6, 12) === mac).map(kindOf);
      const report = family === "ipv4" ? "IGMP" : "MLD";
      const [own = ""] = lan.ip(1, "-br link show eth0").match(/([\da-f]{2}:){5}[\da-f]{2}/) ?? [];
      await until("the membership is reported", () => from(own.replaceAll(":", "")).includes(report));
      await sleep(3_000);
      assert.equal(daemon.lines(/Entering/).length, 1);
      assert.deepEqual(from(family === "ipv4" ? "00005e000133" : "00005e000233"), []);
    });
});

describe("a VMAC", { skip, concurrency: 2 }, () => {
  const start = async (name: string): Promise<{ lan: Lan; daemon: Daemon }> => {
    const lan = new Lan(name, 1);
    after(() => lan.remove());
    const daemon = lan.ours(1, model);
    await until("the address is set", () => onVmac(lan, 1));
    return { lan, daemon };
  };

  test("that somebody deletes or renames is made anew, and the address returns", async () => {
    const { lan, daemon } = await start("d");
    const first = index(lan, 1, "vrrp.51");
    lan.ip(1, "link del vrrp.51");
    await until(
      "it is back",
      () => index(lan, 1, "vrrp.51") !== undefined && index(lan, 1, "vrrp.51") !== first,
    );
    await until("with its address", () => onVmac(lan, 1));
    lan.ip(1, "link set vrrp.51 name foo");
    await until("the renamed one is replaced", () => index(lan, 1, "foo") === undefined && onVmac(lan, 1));
    await until("it has said so", () => daemon.lines(/Entering MASTER/).length === 3);
    assert.deepEqual(daemon.lines(/VMAC|matching|Entering|name has changed|deleted/), [
      "(VI_1): Success creating VMAC interface vrrp.51",
      "(VI_1) Entering BACKUP STATE (init)",
      "(VI_1) Entering MASTER STATE",
      "(VI_1) Entering FAULT STATE",
      "Interface vrrp.51 deleted",
      "(VI_1): Success creating VMAC interface vrrp.51",
      "(VI_1) Entering BACKUP STATE",
      "(VI_1) Entering MASTER STATE",
      "Interface name has changed from vrrp.51 to foo",
      "(VI_1) Entering FAULT STATE",
      "(VI_1) Success removing VMAC interface vrrp.51",
      "(VI_1): Success creating VMAC interface vrrp.51",
      "(VI_1) Entering BACKUP STATE",
      "(VI_1) Entering MASTER STATE",
    ]);
  });

  test("over IPv6 that is set down and up again has its address again, and is active", async () => {
    const lan = new Lan("u", 1);
    after(() => lan.remove());
    await until("addresses have settled", () => !lan.ip(1, "addr show").includes("tentative"));
    const virtualIpaddress = [vip("fe80::100", { prefixLength: 128 })];
    const daemon = lan.ours(1, modelOf(instance({ vmac, family: "ipv6", version: 3, virtualIpaddress })));
    const holds = (): boolean => lan.ip(1, "-o addr show").includes("vrrp.51    inet6 fe80::100/128");
    await until("the address is set", holds);
    lan.ip(1, "link set vrrp.51 down");
    await until("it is missed", () => daemon.log.includes("Entering FAULT"));
    lan.ip(1, "link set vrrp.51 up");
    await until("it is active again", () => daemon.lines(/Entering MASTER/).length === 2 && holds());
  });

  test("follows its parent when that is renamed, deleted and plugged in again", async () => {
    const { lan } = await start("p");
    lan.ip(1, "link set eth0 name lan0");
    await until("nothing is left on the renamed one", () => index(lan, 1, "vrrp.51") === undefined);
    const filter = (name: string): string =>
      lan.run(1, ["cat", `/proc/sys/net/ipv4/conf/${name}/arp_filter`]).trim();
    await until("its parameters are put back", () => filter("lan0") === "0");
    lan.ip(1, "link set lan0 name eth0");
    await until("it is back", () => onVmac(lan, 1));
    lan.ip(1, "link del eth0");
    await until("it goes with its parent", () => index(lan, 1, "vrrp.51") === undefined);
    lan.plug(1);
    await until("it is back on a new parent", () => onVmac(lan, 1));
    assert.equal(filter("eth0"), "1");
  });

  test("stays with -V and is adopted by the next start, which takes it away", async () => {
    const { lan, daemon } = await start("v");
    await daemon.stop();
    assert.equal(index(lan, 1, "vrrp.51"), undefined);
    const keeping = lan.ours(1, model, "-V");
    await until("the address is set", () => onVmac(lan, 1));
    const left = index(lan, 1, "vrrp.51");
    await keeping.stop();
    assert.equal(onVmac(lan, 1), true);
    const next = lan.ours(1, model);
    await until("the next one is active", () => next.log.includes("Entering MASTER") && onVmac(lan, 1));
    assert.equal(index(lan, 1, "vrrp.51"), left);
    assert.deepEqual(next.lines(/VMAC|matching/), ["(VI_1) Found matching interface vrrp.51"]);
    await next.stop();
    assert.equal(index(lan, 1, "vrrp.51"), undefined);
  });

  test("of a process that was killed is adopted, and its kernel parameters go back in the end", async () => {
    const lan = new Lan("x", 1);
    after(() => lan.remove());
    lan.run(1, ["sh", "-c", "echo 2 >/proc/sys/net/ipv4/conf/all/rp_filter"]);
    const before = parameters(lan, 1);
    const first = lan.ours(1, model);
    await until("the address is set", () => onVmac(lan, 1));
    const active = parameters(lan, 1);
    await first.stop("SIGKILL");
    const next = lan.ours(1, model);
    await until("the next one is active", () => next.log.includes("Entering MASTER") && onVmac(lan, 1));
    assert.deepEqual(difference(active, parameters(lan, 1)), []);
    await next.stop();
    assert.deepEqual(difference(before, parameters(lan, 1)), []);
  });

  test("outlives a reload that keeps it, is replaced by one of another name, and goes when it is not wanted", async () => {
    const { lan, daemon } = await start("r");
    const reload = async (next: typeof model): Promise<void> => {
      const before = daemon.lines(/^reloaded/).length;
      lan.configure(1, next);
      daemon.signal("SIGHUP");
      await until("it has reloaded", () => daemon.lines(/^reloaded/).length > before);
    };
    const first = index(lan, 1, "vrrp.51");
    await reload(modelOf(instance({ vmac, virtualIpaddress: [vip("10.9.0.100"), vip("10.9.0.101")] })));
    assert.equal(index(lan, 1, "vrrp.51"), first);
    await until("the new address is there", () => lan.ip(1, "addr show").includes("10.9.0.101/32"));
    await reload(modelOf(instance({ vmac: { ...vmac, name: "router" } })));
    assert.equal(index(lan, 1, "vrrp.51"), undefined);
    await until("the other name has the address", () =>
      lan.ip(1, "-o addr show").includes("router    inet 10.9.0.100/32"),
    );
    await reload(modelOf(instance()));
    assert.equal(index(lan, 1, "router"), undefined);
    await until("the interface has the address", () => lan.holds(1, "10.9.0.100"));
    assert.equal(lan.run(1, ["cat", "/proc/sys/net/ipv4/conf/eth0/arp_ignore"]).trim(), "0");
  });
});
