/**
 * What our daemon and Debian's keepalived 2.2.7 set in the kernel for the same file, compared as ip(8)
 * and nft(8) show it. Every difference is listed with its reason; any other one fails.
 */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { modelFrom } from "./config-text.ts";
import { everyWord } from "./every-word.ts";
import { type KernelView, viewOf } from "./kernel-view.ts";
import { allowed, Lan, until } from "./namespaces.ts";

interface Comparison {
  readonly ours: KernelView;
  readonly theirs: KernelView;
  /** after both have stopped */
  readonly left: readonly [KernelView, KernelView];
}

/** Both daemons with the same text, each alone in a network, until both are active. */
async function compare(name: string, text: string, marker: string): Promise<Comparison> {
  const lans = [new Lan(`${name}o`, 1), new Lan(`${name}t`, 1)] as const;
  after(() => Promise.all(lans.map((lan) => lan.remove())));
  const [a, b] = lans;
  for (const lan of lans)
    await until("a source address", () => !lan.ip(1, "-6 addr show dev eth0").includes("tentative"));
  const daemons = [a.ours(1, modelFrom(text)), b.theirs(1, text)];
  for (const daemon of daemons)
    await until(
      `active: ${daemon.log}`,
      () => daemon.lines(/Entering MASTER/).length === (text.match(/vrrp_instance/g) ?? []).length,
    );
  for (const lan of lans) await until("all is set", () => lan.ip(1, "-4 rule").includes(marker));
  const [ours, theirs] = [viewOf(a, 1), viewOf(b, 1)];
  for (const daemon of daemons) await daemon.stop();
  return { ours, theirs, left: [viewOf(a, 1), viewOf(b, 1)] };
}

/** Lines of one that the other does not have. */
function only(a: readonly string[], b: readonly string[]): readonly string[] {
  return a.filter((line) => !b.includes(line));
}

/** Words of lines that tell which they are. */
function brief(lines: readonly string[], ...keys: readonly string[]): readonly string[] {
  return lines.map((line) => {
    const row = JSON.parse(line) as Readonly<Record<string, unknown>>;
    return keys.flatMap((key) => (row[key] === undefined ? [] : String(row[key]))).join(" ");
  });
}

const staticsAndFirewall = `
global_defs {
 vrrp_version 3
 nftables_counters
 nftables_ifindex
}
static_ipaddress {
 10.77.0.1/24 dev eth0
 2001:db8:77::1/64 dev eth0
}
static_routes {
 10.78.0.0/24 via 10.77.0.7 dev eth0
 2001:db8:78::/64 via 2001:db8:77::7 dev eth0
}
static_rules {
 from 10.78.0.0/24 table 33 priority 500
}
vrrp_instance V4 {
 interface eth0
 virtual_router_id 51
 priority 200
 no_accept
 virtual_ipaddress {
  10.9.0.100/24
  10.8.0.1/24 brd + scope link
 }
 virtual_ipaddress_excluded {
  10.9.0.102
  2001:db8::66/64
 }
}
vrrp_instance V6 {
 interface eth0
 virtual_router_id 52
 priority 200
 no_accept
 virtual_ipaddress {
  fe80::5:1
  2001:db8::100/64
  2001:db8::101
 }
}
`;

describe("the same file in both daemons", { concurrency: 2, skip: allowed ? false : "needs root" }, () => {
  test("every word of addresses, routes and rules", async () => {
    const { ours, theirs, left } = await compare("a", everyWord, "fwmark 0x9");
    // 2.2.7 knows no lifetime for IPv4.
    const lifetime = brief(only(ours.addresses, theirs.addresses), "local", "deprecated");
    assert.deepEqual(lifetime, ["10.9.0.200 true"]);
    assert.deepEqual(brief(only(theirs.addresses, ours.addresses), "local"), ["10.9.0.200"]);
    // It sends local and broadcast routes with a scope that the kernel refuses, and limits rtt and rttvar to 200.
    assert.deepEqual(brief(only(ours.routes, theirs.routes), "type", "dst"), [
      "broadcast 10.95.0.255",
      "local 10.94.0.1",
      "unicast 10.96.0.0/24",
    ]);
    assert.deepEqual(brief(only(theirs.routes, ours.routes), "type", "dst"), ["unicast 10.96.0.0/24"]);
    assert.deepEqual(ours.rules, theirs.rules);
    assert.equal(ours.promoteSecondaries, "1");
    assert.equal(theirs.promoteSecondaries, "1");
    assert.deepEqual(
      [ours.addresses, ours.routes, ours.rules].map((l) => l.length),
      [15, 28, 24],
    );
    // 2.2.7 leaves the address that has a peer behind.
    assert.deepEqual(brief(left[0].addresses, "local"), ["10.9.0.1"]);
    assert.deepEqual(brief(left[1].addresses, "local"), ["10.9.0.1", "10.9.0.5"]);
    assert.deepEqual({ ...left[0], addresses: [] }, { ...left[1], addresses: [] });
    assert.equal(left[0].promoteSecondaries, "0");
  });

  test("static entries, mixed excluded addresses and no_accept", async () => {
    const { ours, theirs, left } = await compare("b", staticsAndFirewall, "500:");
    assert.deepEqual(ours, theirs);
    assert.match(ours.firewall, /vips_link_local/);
    assert.deepEqual(left[0], left[1]);
    assert.equal(left[0].firewall, "");
  });
});
