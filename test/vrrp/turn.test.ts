/** The end of a turn against a kernel of maps: order, losses and what is put back. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Instant } from "../../src/base/units.ts";
import type { KernelObject, ObjectOperation } from "../../src/net/kernel-objects.ts";
import { objectKey } from "../../src/vrrp/ownership.ts";
import { matchInstances, type Router } from "../../src/vrrp/router.ts";
import { Turn } from "../../src/vrrp/turn.ts";
import { noSecrets, standardGroups } from "../../src/vrrp/wire.ts";
import { modelFrom } from "./config-text.ts";

const at = (seconds: number): Instant => (seconds * 1_000_000) as Instant;
const nobody = { port: 0 };

interface World {
  readonly turn: Turn;
  readonly router: Router;
  /** keys of what the kernel has */
  readonly kernel: Map<string, KernelObject>;
  /** what happened, in order */
  readonly events: string[];
  /** deletes what somebody else would, and reports it unless told not to */
  lose(word: string, reported?: boolean): void;
  link: { up: boolean };
}

function world(more = ""): World {
  const { vrrpInstances } = modelFrom(`vrrp_instance VI_1 {
 interface eth0
 virtual_router_id 51
 ${more}
 virtual_ipaddress {
  10.9.0.100/24
 }
 virtual_ipaddress_excluded {
  10.9.0.101 no_track
 }
 virtual_routes {
  10.80.0.0/24 dev eth0
 }
 virtual_rules {
  from 10.80.0.0/24 table 100 priority 7
 }
}`);
  const context = { groups: standardGroups, buffers: {}, secrets: noSecrets } as never;
  const [router] = matchInstances(new Map(), vrrpInstances, context).added;
  assert.ok(router);
  router.state = { name: "active" } as never;
  const events: string[] = [];
  const kernel = new Map<string, KernelObject>();
  const mac = Uint8Array.of(2, 0, 0, 0, 0, 1);
  const link = { index: 2, name: "eth0", up: true, flags: 0x1043, mac, kind: "veth", parent: undefined };
  const there = (kind: KernelObject["kind"]) => [...kernel.values()].filter((o) => o.kind === kind);
  const turn = new Turn({
    kernel: {
      applyObjects: (operations: readonly ObjectOperation[]) =>
        operations.map(({ action, object }) => {
          if (action === "add") kernel.set(objectKey(object), object);
          else kernel.delete(objectKey(object));
          events.push(`${action} ${object.kind}`);
          return undefined;
        }),
      addresses: () => there("address").flatMap((o) => (o.kind === "address" ? o.address : [])),
      routes: () =>
        there("route").flatMap((o) =>
          o.kind === "route"
            ? {
                ...o.route.route,
                prefixLength: 24,
                destination: o.route.route.destination.address,
                table: 254,
                gateway: undefined,
              }
            : [],
        ),
      rules: () =>
        there("rule").flatMap((o) =>
          o.kind === "rule" ? ({ ...o.rule, table: 100, action: "table", fwmark: 0 } as const) : [],
        ),
    },
    frames: {
      send: (frames) => {
        events.push(`announce ${frames.length}`);
        return frames.length;
      },
    },
    links: { links: new Map([[2, link]]), linkByName: (name) => (name === "eth0" ? link : undefined) },
    log: (id) => {
      if (/removed|restore|given/.test(id)) events.push(id);
    },
    forwards: () => false,
    openFirewall: () => ({ clear: () => undefined, apply: () => undefined, close: () => {} }),
    releaseVips: false,
    transition: () => events.push("told"),
    restored: (_router, what, { port }) => events.push(`restored ${what} ${port}`),
  });
  const lose = (word: string, reported = true): void => {
    for (const [key, object] of kernel) {
      if (!key.includes(word)) continue;
      kernel.delete(key);
      if (reported) turn.suspect(objectKey(object), { port: 812 });
    }
  };
  turn.own(router);
  turn.announce(router, 1);
  turn.publish(router, {
    kind: "publishTransition",
    from: "backup",
    to: "active",
    reason: "timeout",
    priority: 100,
  });
  turn.settle(at(0), false);
  return { turn, router, kernel, events, lose, link };
}

describe("a turn", () => {
  test("sets addresses, routes and rules, then announces, then tells", () => {
    const { events } = world();
    assert.deepEqual(events, ["add address", "add address", "add route", "add rule", "announce 2", "told"]);
  });

  test("that leaves work undone asks for another one at once, and tells afterwards only", () => {
    const many = Array.from({ length: 100 }, (_, i) => `10.7.0.${i} dev eth0`).join("\n ");
    const { turn, router, events } = world(`virtual_ipaddress_excluded {\n ${many}\n }`);
    assert.equal(events.filter((e) => e === "add address").length, 102);
    events.length = 0;
    const other = { ...router } as Router;
    turn.release(router);
    turn.own(other);
    turn.publish(other, {
      kind: "publishTransition",
      from: "backup",
      to: "active",
      reason: "timeout",
      priority: 100,
    });
    turn.settle(at(1), false);
    assert.equal(turn.next(), at(1));
    assert.equal(events.includes("told"), false);
    turn.settle(at(1), false);
    assert.equal(events.at(-1), "told");
  });

  test("a loss that somebody reports makes the router resign", () => {
    const { turn, router, events, lose } = world();
    lose("10.9.0.100");
    assert.deepEqual(turn.losses(at(1)), [router]);
    assert.equal(events.at(-1), "vip-removed");
    assert.deepEqual(turn.losses(at(1)), []);
  });

  test("an old report about what is there again is no loss", () => {
    const { turn, kernel } = world();
    for (const key of kernel.keys()) turn.suspect(key, nobody);
    assert.deepEqual(turn.losses(at(1)), []);
  });

  test("what is not tracked may go", () => {
    const { turn, events, lose } = world();
    lose("10.9.0.101");
    assert.deepEqual(turn.losses(at(1)), []);
    assert.equal(events.includes("vip-removed"), false);
  });

  test("after reports were lost, routes and rules are looked at", () => {
    const { turn, router, lose } = world();
    lose("rule", false);
    assert.deepEqual(turn.losses(at(1)), []);
    assert.equal(turn.suspectRoutes(), true);
    assert.deepEqual(turn.losses(at(1)), [router]);
  });

  test("an address that went with its interface is no loss, and is back with it", () => {
    const { turn, kernel, lose, link } = world();
    link.up = false;
    turn.linkChanged("eth0");
    lose("10.9.0.100");
    lose("route", false);
    assert.deepEqual(turn.losses(at(1)), []);
    link.up = true;
    assert.equal(turn.linkChanged("eth0"), true);
    turn.settle(at(2), false);
    assert.equal(
      [...kernel.keys()].some((key) => key.startsWith("route")),
      true,
    );
  });

  test("vip_restore puts back at once, announces, and names the port", () => {
    const { turn, kernel, events, lose } = world("vip_restore");
    lose("10.9.0.100");
    lose("route");
    events.length = 0;
    assert.deepEqual(turn.losses(at(1)), []);
    turn.settle(at(1), false);
    assert.equal(kernel.size, 4);
    assert.deepEqual(events, [
      "vip-removed",
      "object-removed",
      "restored 10.9.0.100/24 dev eth0 812",
      "restored 10.80.0.0/24 dev eth0 812",
      "add address",
      "add route",
      "announce 10",
    ]);
  });

  test("vip_restore puts back ten objects in ten seconds, and then leaves it to the election", () => {
    const { turn, router, events, lose } = world("vip_restore");
    for (let i = 0; i < 10; i++) {
      lose("10.9.0.100");
      assert.deepEqual(turn.losses(at(1 + i / 10)), []);
      turn.settle(at(1 + i / 10), false);
    }
    lose("10.9.0.100");
    assert.deepEqual(turn.losses(at(5)), [router]);
    assert.equal(events.includes("restore-given-up"), true);
    turn.keep(router);
    turn.settle(at(5), false);
    lose("10.9.0.100");
    assert.deepEqual(turn.losses(at(12)), []);
  });
});
