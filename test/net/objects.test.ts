/** Routes and rules as messages: literal bytes, what the kernel gives back, damage, and who deleted what. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import fc from "fast-check";
import type { RouteConfig, RuleConfig } from "../../src/config/model-vrrp.ts";
import type { KernelObject } from "../../src/net/kernel-objects.ts";
import { loadNative } from "../../src/net/native.ts";
import { type ObjectEvent, ObjectMonitor } from "../../src/net/object-monitor.ts";
import { decodeRoute, routeRequest } from "../../src/net/route-codec.ts";
import { RouteSocket } from "../../src/net/rtnetlink.ts";
import { decodeRule, ruleRequest } from "../../src/net/rule-codec.ts";
import { Holdings } from "../../src/vrrp/holdings.ts";
import { instanceObjects } from "../../src/vrrp/objects.ts";
import { objectKey, routeKey, ruleKey } from "../../src/vrrp/ownership.ts";
import { modelFrom } from "../vrrp/config-text.ts";
import { everyWord } from "../vrrp/every-word.ts";
import { enterNewNamespace, ip, until } from "./world.ts";

const native = loadNative();
enterNewNamespace(native, "objects");
ip("link add eth0 type veth peer name eth1");
for (const name of ["eth0", "eth1"]) ip(`link set ${name} up`);
ip("addr add 10.9.0.1/24 dev eth0");
const index = native.ifNameToIndex("eth0");
const links = { linkByName: (name: string) => (name === "eth0" ? { index } : undefined) };

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

function objectsOf(text: string): readonly KernelObject[] {
  const [instance] = modelFrom(text).vrrpInstances;
  assert.ok(instance);
  // no devices are made here: the address's interface is the instance's
  return instanceObjects({ ...instance, interface: "eth0" } as never, links).objects;
}

const instance = (routes: string, rules = ""): readonly KernelObject[] =>
  objectsOf(`vrrp_instance V {\n interface eth0\n virtual_router_id 1\n virtual_ipaddress {\n 10.9.0.100\n }
 virtual_routes {\n ${routes}\n }\n virtual_rules {\n ${rules}\n }\n}`);
function route(text: string): RouteConfig {
  const [found] = instance(text).flatMap((o) => (o.kind === "route" ? o.route.route : []));
  assert.ok(found);
  return found;
}
function rule(text: string): RuleConfig {
  const [found] = instance("", text).flatMap((o) => (o.kind === "rule" ? o.rule : []));
  assert.ok(found);
  return found;
}

describe("route messages", () => {
  test("say what ip(8) says, in network and host order", () => {
    const kernel = {
      route: route("10.80.0.0/24 via 10.9.0.8 dev eth0 metric 5 src 10.9.0.1 mtu lock 1400"),
      table: 254,
      oif: 7,
      hops: [],
    };
    const request = routeRequest("add", kernel);
    assert.deepEqual([request.type, request.flags], [24, 0x400]);
    assert.equal(
      hex(request.body),
      [
        "02180000fe12000100000000", // AF_INET, /24, main, protocol 18, universe, unicast
        "080001000a500000", // RTA_DST
        "0800040007000000", // RTA_OIF
        "080005000a090008", // RTA_GATEWAY
        "0800060005000000", // RTA_PRIORITY
        "080007000a090001", // RTA_PREFSRC
        "1400088008000200780500000800010004000000", // RTA_METRICS: RTAX_MTU 1400, RTAX_LOCK 1 << RTAX_MTU
      ].join(""),
    );
    const gone = routeRequest("delete", kernel);
    assert.deepEqual([gone.type, gone.flags], [25, 0]);
    assert.equal(
      hex(gone.body),
      "02180000fe12ff0100000000080001000a5000000800040007000000080005000a0900080800060005000000",
    );
  });

  test("stand hops one behind the other, with weights less one", () => {
    const { body } = routeRequest("add", {
      route: route("10.80.0.0/24 nexthop via 10.9.0.8 weight 2 nexthop via 10.9.0.9 dev eth0 onlink"),
      table: 1000,
      oif: undefined,
      hops: [undefined, 7],
    });
    assert.equal(
      hex(body),
      [
        "02180000fc12000100000000", // table RT_TABLE_COMPAT
        "080001000a500000",
        "08000f00e8030000", // RTA_TABLE 1000
        "24000900", // RTA_MULTIPATH
        "1000000100000000080005000a090008",
        "1000040007000000080005000a090009", // RTNH_F_ONLINK
      ].join(""),
    );
  });

  test("carry a stack of MPLS labels with the bottom marked", () => {
    const { body } = routeRequest("add", {
      route: route("10.80.0.0/24 dev eth0 encap mpls 100/200"),
      table: 254,
      oif: 7,
      hops: [],
    });
    assert.ok(
      hex(body).endsWith("0600150001000000" + "10001680" + "0c000100" + "00064000" + "000c8100"),
      hex(body),
    );
  });
});

describe("rule messages", () => {
  test("say what ip(8) says", () => {
    const request = ruleRequest(
      "add",
      rule("not from 10.80.0.0/24 fwmark 0x10/0xff iif eth0 ipproto udp dport 5-6 table 1000 priority 77"),
    );
    assert.deepEqual([request.type, request.flags], [32, 0x600]);
    assert.equal(
      hex(request.body),
      [
        "02001800fc00000102000000", // AF_INET, source /24, RT_TABLE_COMPAT, FR_ACT_TO_TBL, FIB_RULE_INVERT
        "080002000a500000", // FRA_SRC
        "080006004d000000", // FRA_PRIORITY
        "08000f00e8030000", // FRA_TABLE
        "08000a0010000000", // FRA_FWMARK
        "08001000ff000000", // FRA_FWMASK
        "090003006574683000000000", // FRA_IIFNAME
        "0500150012000000", // FRA_PROTOCOL
        "0500160011000000", // FRA_IP_PROTO
        "0800180005000600", // FRA_DPORT_RANGE
      ].join(""),
    );
  });
});

describe("routes and rules in the kernel", () => {
  test("every word comes back under the key that it was set with, and leaves nothing", () => {
    const socket = new RouteSocket(native);
    const holdings = new Holdings<string>(socket);
    const objects = objectsOf(everyWord);
    holdings.want("V", objects);
    assert.deepEqual(
      holdings.settle().map((r) => r.error.message),
      [],
    );
    const there = holdings.present(objects);
    assert.deepEqual(
      objects.map(objectKey).filter((key) => there?.has(key) !== true),
      [],
    );
    assert.ok(objects.length > 60);
    holdings.want("V", []);
    assert.deepEqual(holdings.settle(), []);
    assert.equal(holdings.present(objects)?.has(objectKey(objects.at(-1) as KernelObject)), false);
    assert.equal(ip("route show table all proto 18"), "");
    socket.close();
  });

  test("deletions are reported with the port of who asked for them", async () => {
    const events: ObjectEvent[] = [];
    const monitor = new ObjectMonitor(native, (e) => events.push(e));
    after(() => monitor.close());
    monitor.follow({ routes: new Set(["ipv4"]), rules: new Set(["ipv4"]) });
    const socket = new RouteSocket(native);
    const objects = instance("10.80.0.0/24 via 10.9.0.8", "from 10.80.0.0/24 table 100 priority 77").filter(
      (o) => o.kind !== "address",
    );
    const add = (): void => {
      const refusals = socket.applyObjects(objects.map((object) => ({ action: "add", object })));
      assert.deepEqual(refusals, [undefined, undefined]);
    };
    add();
    socket.applyObjects(objects.map((object) => ({ action: "delete", object })));
    await until(() => events.length === 2, "both are reported");
    const keys = events.map((e) =>
      e.kind === "routeGone" ? routeKey(e.route) : e.kind === "ruleGone" ? ruleKey(e.rule) : "",
    );
    assert.deepEqual(keys, objects.map(objectKey));
    const ours = events.map((e) => (e.kind === "overrun" ? 0 : e.port));
    add();
    ip("route del 10.80.0.0/24");
    ip("rule del priority 77");
    await until(() => events.length === 4, "both are reported again");
    const theirs = events.slice(2).map((e) => (e.kind === "overrun" ? 0 : e.port));
    assert.ok(ours[0] !== 0 && theirs[0] !== 0 && ours[0] !== theirs[0], `${ours} ${theirs}`);
    socket.close();
  });

  test("a flood of others' routes is told as a loss, and deletions are seen again", async () => {
    const events: ObjectEvent[] = [];
    const monitor = new ObjectMonitor(native, (e) => events.push(e), { receiveBuffer: 1 });
    after(() => monitor.close());
    monitor.follow({ routes: new Set(["ipv4"]), rules: new Set() });
    const socket = new RouteSocket(native);
    const [ours] = instance("10.80.0.0/24 via 10.9.0.8").filter((o) => o.kind === "route");
    assert.ok(ours);
    const many = Array.from(
      { length: 300 },
      (_, i) => `10.60.${i >> 8}.${i & 255}/32 dev eth0 no_track protocol 40`,
    );
    const flood = instance(many.join("\n ")).filter((o) => o.kind === "route");
    for (const action of ["add", "delete"] as const)
      socket.applyObjects(flood.map((object) => ({ action, object })));
    await until(() => events.some((e) => e.kind === "overrun"), "the loss is told");
    for (const action of ["add", "delete"] as const) socket.applyObjects([{ action, object: ours }]);
    await until(
      () => events.some((e) => e.kind === "routeGone" && e.route.destination === "10.80.0.0"),
      "seen again",
    );
    socket.close();
  });
});

describe("damaged messages", () => {
  const bodies = fc.uint8Array({ maxLength: 96 }).map((b) => Buffer.from(b));
  test("of routes and rules are never taken for more than they hold, and throw nothing", () => {
    fc.assert(
      fc.property(bodies, (body) => {
        const route = decodeRoute(body);
        if (route !== undefined) assert.ok(routeKey(route).length > 0 && body.length >= 12);
        const rule = decodeRule(body);
        if (rule !== undefined) assert.ok(ruleKey(rule).length > 0 && body.length >= 12);
      }),
      { numRuns: 2_000 },
    );
  });
});
