/** Our VRRP child alone on a real kernel: others delete what it has set, and reloads change it. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { modelFrom } from "./config-text.ts";
import { allowed, type Daemon, Lan, until } from "./namespaces.ts";

const skip = allowed ? false : "needs root";

interface Parts {
  readonly vips?: string;
  readonly routes?: string;
  readonly rules?: string;
  readonly more?: string;
  readonly outside?: string;
}

/** One instance that becomes active after a second. */
const text = ({
  vips = "10.9.0.100/24",
  routes = "",
  rules = "",
  more = "",
  outside = "",
}: Parts): string => `
global_defs {
 vrrp_version 3
}
${outside}
vrrp_instance VI_1 {
 interface eth0
 virtual_router_id 51
 priority 200
 advert_int 0.3
 ${more}
 virtual_ipaddress {
  ${vips}
 }
 virtual_routes {
  ${routes}
 }
 virtual_rules {
  ${rules}
 }
}
`;

function start(name: string, parts: Parts, ...flags: readonly string[]): { lan: Lan; daemon: Daemon } {
  const lan = new Lan(name, 1);
  after(() => lan.remove());
  return { lan, daemon: lan.ours(1, modelFrom(text(parts)), ...flags) };
}

const reload = (lan: Lan, daemon: Daemon, parts: Parts): Promise<void> => {
  const before = daemon.lines(/^reloaded/).length;
  lan.configure(1, modelFrom(text(parts)));
  daemon.signal("SIGHUP");
  return until("reloaded", () => daemon.lines(/^reloaded/).length > before);
};

const routes = (lan: Lan, family = "-4"): string[] =>
  lan
    .ip(1, `${family} route show table all`)
    .split("\n")
    .filter((line) => /proto (18|keepalived)/.test(line))
    .map((line) => line.trim().replace(/ proto (18|keepalived)/, ""));
const rules = (lan: Lan): string[] =>
  lan
    .ip(1, "rule")
    .split("\n")
    .filter((line) => /proto (18|keepalived)/.test(line))
    .map((line) => line.replace(/:\s+/, ": ").replace(/ proto (18|keepalived).*/, ""));
const masters = (daemon: Daemon): number => daemon.lines(/Entering MASTER/).length;
const active = (daemon: Daemon, times = 1): Promise<void> =>
  until(`active ${times} times: ${daemon.log}`, () => masters(daemon) === times);

const three: Parts = {
  vips: "10.9.0.100/24\n  10.9.0.101/32",
  routes: "10.80.0.0/24 via 10.9.0.8 dev eth0\n 10.81.0.0/24 dev eth0 no_track",
  rules: "from 10.80.0.0/24 table 100 priority 1000",
};

describe("routes and rules on a real kernel", { concurrency: 6, skip }, () => {
  test("a route or rule deleted by somebody else: resign, and set all again after the skew", async () => {
    const { lan, daemon } = start("oa", three);
    await active(daemon);
    lan.ip(1, "route del 10.81.0.0/24");
    lan.ip(1, "route del 10.80.0.0/24");
    await active(daemon, 2);
    await until("the route is back", () => routes(lan).length === 2);
    lan.ip(1, "rule del priority 1000");
    await active(daemon, 3);
    await until("the rule is back", () => rules(lan).length === 1);
    assert.deepEqual(
      daemon.lines(/VI_1\) (?!Sending)|reflector reports/).slice(-9),
      [
        "(VI_1) Entering BACKUP STATE",
        "(VI_1) sent 0 priority",
        "(VI_1) removing Virtual Rules",
        "(VI_1) removing Virtual Routes",
        "(VI_1) removing VIPs.",
        "(VI_1) Receive advertisement timeout",
        "(VI_1) Entering MASTER STATE",
        "(VI_1) setting VIPs.",
        "(VI_1) setting Virtual Routes",
        "(VI_1) setting Virtual Rules",
      ].slice(-9),
    );
    assert.deepEqual(daemon.lines(/reflector reports/), [
      "Netlink reflector reports route 10.80.0.0/24 via 10.9.0.8 dev eth0 removed",
      "Netlink reflector reports rule from 10.80.0.0/24 priority 1000 lookup 100 removed",
    ]);
  });

  test("a deleted route that is not tracked is missed by nobody", async () => {
    const { lan, daemon } = start("ob", three);
    await active(daemon);
    lan.ip(1, "route del 10.81.0.0/24");
    lan.ip(1, "addr add 10.9.0.77/32 dev eth0");
    await until("later news arrived", () => daemon.log.includes("Assigned address 10.9.0.77"));
    assert.deepEqual(routes(lan), ["10.80.0.0/24 via 10.9.0.8 dev eth0"]);
    assert.equal(masters(daemon), 1);
  });

  test("static entries are put back, whoever deletes them, and go at the end, also with -V", async () => {
    const outside = `
static_ipaddress {
 10.7.0.1/24 dev eth0
 2001:db8:7::1/64 dev eth0
}
static_routes {
 10.70.0.0/24 via 10.7.0.9 dev eth0
}
static_rules {
 from 10.70.0.0/24 table 33 priority 500
}`;
    const { lan, daemon } = start("oc", { outside }, "-V");
    await active(daemon);
    lan.ip(1, "rule del priority 500");
    lan.ip(1, "route del 10.70.0.0/24");
    lan.ip(1, "-6 addr del 2001:db8:7::1/64 dev eth0");
    await until("three are restored", () => daemon.lines(/Restoring/).length === 3);
    lan.ip(1, "addr del 10.7.0.1/24 dev eth0");
    await until(
      "all are there",
      () => lan.holds(1, "10.7.0.1") && rules(lan).length === 1 && routes(lan).length === 1,
    );
    await until("all is said", () => daemon.lines(/Restoring/).length >= 4);
    assert.deepEqual(
      daemon
        .lines(/Restoring/)
        .slice(0, 4)
        .toSorted(),
      [
        "Restoring deleted static address 10.7.0.1/24 dev eth0",
        "Restoring deleted static address 2001:db8:7::1/64 dev eth0",
        "Restoring deleted static route 10.70.0.0/24 via 10.7.0.9 dev eth0",
        "Restoring deleted static rule from 10.70.0.0/24 priority 500 lookup 33",
      ],
    );
    assert.equal(masters(daemon), 1);
    await daemon.stop();
    assert.deepEqual([routes(lan), rules(lan)], [[], []]);
    assert.equal(lan.holds(1, "10.7.0.1"), false);
    assert.equal(lan.holds(1, "10.9.0.100"), true);
  });

  test("vip_restore puts everything back at once and says who took it", async () => {
    const { lan, daemon } = start("od", { ...three, more: "vip_restore" });
    await active(daemon);
    lan.ip(1, "addr del 10.9.0.101/32 dev eth0");
    await until("the address is back", () => lan.holds(1, "10.9.0.101"));
    lan.ip(1, "route del 10.80.0.0/24");
    await until("the route is back", () => routes(lan).length === 2);
    lan.ip(1, "rule del priority 1000");
    await until("the rule is back", () => rules(lan).length === 1);
    await until("all is said", () => daemon.lines(/put back/).length === 3);
    assert.match(
      daemon.lines(/put back 10/).find((line) => line.includes("10.9.0.101/32")) ?? "",
      /^\(VI_1\) put back 10\.9\.0\.101\/32 dev eth0, which was deleted by .*process \d+/,
      daemon.log,
    );
    assert.equal(masters(daemon), 1);
    assert.deepEqual(daemon.lines(/sent 0/), []);
  });

  test("vip_restore gives up when somebody takes too much, and leaves the rest to the election", async () => {
    const many = Array.from({ length: 11 }, (_, i) => `10.9.1.${i + 1}/32`);
    const { lan, daemon } = start("oe", { vips: many.join("\n  "), more: "vip_restore" });
    await active(daemon);
    await until("all are set", () => lan.holds(1, "10.9.1.11"));
    lan.ip(1, "addr flush dev eth0 to 10.9.1.0/24");
    await active(daemon, 2);
    await until("all are set again", () => lan.holds(1, "10.9.1.11"));
    assert.equal(daemon.lines(/again and again/).length, 1);
  });

  test("what a killed predecessor left goes first: addresses, routes, rules and the firewall", async () => {
    const parts = { ...three, more: "no_accept" };
    const { lan, daemon } = start("of", parts);
    await active(daemon);
    await until("all is set", () => rules(lan).length === 1);
    await daemon.stop("SIGKILL");
    assert.match(lan.exec(1, "nft list ruleset"), /10\.9\.0\.100, 10\.9\.0\.101/);
    const next = lan.ours(1, modelFrom(text(parts).replace("advert_int 0.3", "advert_int 2")));
    await until("started", () => next.log.includes("(init)"));
    assert.deepEqual([routes(lan), rules(lan), lan.exec(1, "nft list ruleset")], [[], [], ""]);
    await active(next);
    await until("all is set again", () => rules(lan).length === 1 && routes(lan).length === 2);
    assert.match(lan.exec(1, "nft list ruleset"), /10\.9\.0\.100, 10\.9\.0\.101/);
    await next.stop();
    assert.deepEqual([routes(lan), rules(lan), lan.exec(1, "nft list ruleset")], [[], [], ""]);
  });

  test("a reload changes routes, rules and accept in place, and nothing else", async () => {
    const { lan, daemon } = start("og", three);
    await active(daemon);
    await until("all is set", () => rules(lan).length === 1);
    const kept = lan.ip(1, "-d route show 10.80.0.0/24");
    await reload(lan, daemon, {
      vips: three.vips ?? "",
      routes: "10.80.0.0/24 via 10.9.0.8 dev eth0\n 10.82.0.0/24 dev eth0",
      rules: "from 10.80.0.0/24 table 100 priority 1001",
      more: "no_accept",
    });
    assert.equal(lan.ip(1, "-d route show 10.80.0.0/24"), kept);
    assert.deepEqual(routes(lan), ["10.80.0.0/24 via 10.9.0.8 dev eth0", "10.82.0.0/24 dev eth0"]);
    assert.deepEqual(rules(lan), ["1001: from 10.80.0.0/24 lookup 100"]);
    assert.match(lan.exec(1, "nft list ruleset"), /10\.9\.0\.100, 10\.9\.0\.101/);
    await reload(lan, daemon, three);
    assert.equal(lan.exec(1, "nft list ruleset").includes("elements"), false);
    assert.deepEqual(rules(lan), ["1000: from 10.80.0.0/24 lookup 100"]);
    assert.equal(masters(daemon), 1);
  });

  test("a reload that changes nothing touches nothing in the kernel", async () => {
    const outside =
      "static_ipaddress {\n 10.7.0.1/24 dev eth0\n}\nstatic_routes {\n 10.70.0.0/24 via 10.7.0.9 dev eth0\n}";
    const parts = { ...three, outside, more: "no_accept\n promote_secondaries" };
    const { lan, daemon } = start("ol", parts);
    await active(daemon);
    await until("all is set", () => rules(lan).length === 1 && routes(lan).length === 3);
    const monitors = [lan.watch("ip monitor link address route rule"), lan.watch("nft monitor")];
    // Something of our own shows that they listen, and that they have heard all.
    const mark = async (n: number): Promise<void> => {
      lan.ip(1, `rule add priority ${n} table ${n}`);
      lan.exec(1, `nft add table ip mark${n}`);
      await until("they listen", () => monitors.every((m) => m.log.includes(`${n}`)));
    };
    await mark(701);
    const before = monitors.map((m) => m.log);
    await reload(lan, daemon, parts);
    await mark(702);
    const news = monitors.map((m, i) => m.log.slice(before[i]?.length).split("\n"));
    assert.deepEqual(
      news.flat().filter((line) => line !== "" && !/702|new generation/.test(line)),
      [],
    );
  });

  test("an address moves between two active instances with one reload", async () => {
    const two = (first: string, second: string): Parts => ({
      vips: first,
      outside: `vrrp_instance VI_2 {
 interface eth0
 virtual_router_id 52
 priority 200
 advert_int 0.3
 virtual_ipaddress {
  ${second}
 }
}`,
    });
    const { lan, daemon } = start("om", two("10.9.0.100/24\n 10.9.0.101/24", "10.9.0.102/24"));
    await active(daemon, 2);
    await until("all is set", () => lan.holds(1, "10.9.0.102"));
    await reload(lan, daemon, two("10.9.0.100/24", "10.9.0.102/24\n 10.9.0.101/24"));
    const all = ["10.9.0.100", "10.9.0.101", "10.9.0.102"];
    assert.deepEqual(
      all.map((a) => lan.holds(1, a)),
      [true, true, true],
    );
    await reload(lan, daemon, two("10.9.0.100/24\n 10.9.0.101/32", "10.9.0.102/24"));
    assert.deepEqual(
      all.map((a) => lan.holds(1, a)),
      [true, true, true],
    );
    assert.ok(lan.addresses(1).includes("10.9.0.101/32 scope global eth0"));
    assert.equal(masters(daemon), 2);
  });

  test("vrrp_iptables with a command that only translates means nftables", async () => {
    const lan = new Lan("ok", 1);
    after(() => lan.remove());
    const outside = "global_defs {\n vrrp_iptables\n}";
    const daemon = lan.ours(1, modelFrom(text({ outside, more: "no_accept" })));
    await active(daemon);
    await until("it refuses", () => lan.exec(1, "nft list ruleset").includes("10.9.0.100"));
    assert.deepEqual(daemon.lines(/iptables/), [
      "vrrp_iptables cannot be used: the iptables command is not the legacy one; using nftables",
    ]);
  });

  test("vrrp_iptables with the legacy command sets rules in its chains, and takes them away", async () => {
    const lan = new Lan("on", 1);
    after(() => lan.remove());
    const outside = "global_defs {\n vrrp_iptables INPUT OUTPUT\n}";
    const path = lan.configure(1, modelFrom(text({ outside, more: "no_accept" })));
    const script = join(lan.directory, "legacy.sh");
    // What is mounted here is seen by this daemon only.
    const lines = [
      "mount -t tmpfs legacy /etc/alternatives",
      "for c in iptables ip6tables; do ln -s /usr/sbin/$c-legacy /etc/alternatives/$c; done",
      `exec ${process.execPath} ${join(import.meta.dirname, "child.ts")} ${path}`,
    ];
    writeFileSync(script, `${lines.join("\n")}\n`);
    const daemon = lan.watch(`sh ${script}`);
    const saved = () =>
      lan
        .exec(1, "iptables-legacy-save")
        .split("\n")
        .filter((line) => line.startsWith("-A"));
    await active(daemon);
    await until("it refuses", () => saved().length === 2);
    assert.deepEqual(saved(), ["-A INPUT -d 10.9.0.100/32 -j DROP", "-A OUTPUT -s 10.9.0.100/32 -j DROP"]);
    assert.deepEqual(daemon.lines(/iptables|firewall entries/), []);
    await daemon.stop();
    assert.deepEqual(saved(), []);
  });

  test("routes return with their interface, which took them along without a word", async () => {
    const both = `${three.routes}\n  2001:db8:80::/48 dev eth0`;
    const { lan, daemon } = start("oh", { ...three, routes: both, more: "dont_track_primary" });
    const count = (): number => routes(lan).length + routes(lan, "-6").length;
    await active(daemon);
    await until("all is set", () => count() === 3);
    lan.ip(1, "link set eth0 down");
    await until("they are gone", () => count() === 0);
    lan.ip(1, "link set eth0 up");
    await until("they are back", () => count() === 3);
    assert.equal(masters(daemon), 1);
  });

  test("an instance of a track_group fails with the interface of a static entry", async () => {
    const lan = new Lan("oi", 1);
    after(() => lan.remove());
    lan.ip(1, "link add t1 type veth peer name t2");
    for (const name of ["t1", "t2"]) lan.ip(1, `link set ${name} up`);
    const outside = `
track_group G1 {
 group {
  VI_1
 }
}
static_ipaddress {
 10.7.0.1/24 dev t1 track_group G1
}`;
    const daemon = lan.ours(1, modelFrom(text({ outside }), ["lo", "eth0", "t1", "t2"]));
    await active(daemon);
    lan.ip(1, "link set t2 down");
    await until("fault", () => daemon.log.includes("(VI_1) Entering FAULT STATE"));
    lan.ip(1, "link set t2 up");
    await active(daemon, 2);
  });

  test("an address with its peer, and IPv6 ones, leave no trace", async () => {
    const lan = new Lan("oj", 1);
    after(() => lan.remove());
    await until("a source address", () => !lan.ip(1, "-6 addr show dev eth0").includes("tentative"));
    const before = lan.ip(1, "addr show dev eth0");
    const vips = "10.9.0.5 peer 10.9.0.6/32\n 10.9.0.100/24";
    const more =
      "virtual_ipaddress_excluded {\n 2001:db8::7/128 peer 2001:db8::8/128\n 2001:db8::5/64 preferred_lft 100\n }";
    const daemon = lan.ours(1, modelFrom(text({ vips, more })));
    await active(daemon);
    await until("all is set", () => lan.ip(1, "addr show dev eth0").includes("2001:db8::5/64"));
    const shown = lan.ip(1, "addr show dev eth0");
    for (const part of [
      "inet 10.9.0.5 peer 10.9.0.6/32",
      "inet6 2001:db8::7 peer 2001:db8::8/128",
      "inet6 2001:db8::5/64",
    ])
      assert.ok(shown.includes(part), `${part} is not in ${shown}`);
    await daemon.stop();
    assert.equal(lan.ip(1, "addr show dev eth0"), before);
  });
});
