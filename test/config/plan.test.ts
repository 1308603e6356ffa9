/** Reload plans: what is said to change is what changes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { loadConfig } from "../../src/config/load.ts";
import type { ConfigModel } from "../../src/config/model.ts";
import { isEmptyPlan, planReload, summarisePlan } from "../../src/config/plan.ts";
import { fakeSystem } from "./fake-system.ts";

function load(text: string): ConfigModel {
  const { model } = loadConfig("k.conf", fakeSystem({ "k.conf": text }));
  assert.ok(model);
  return model;
}

const instance = (name: string, vrid: number, more = ""): string =>
  `vrrp_instance ${name} {\n interface eth0\n virtual_router_id ${vrid}\n ${more}\n virtual_ipaddress { 192.0.2.${vrid} }\n}\n`;
const server = (last: number, real: string, more = ""): string =>
  `virtual_server 192.0.2.${last} 80 {\n lb_algo rr\n lb_kind NAT\n protocol TCP\n ${more}\n${real}}\n`;
const real = (last: number, weight: number, more = ""): string =>
  `real_server 198.51.100.${last} 80 {\n weight ${weight}\n ${more}\n}\n`;

test("a changed weight is exactly one change", () => {
  const plan = planReload(load(server(1, real(1, 1) + real(2, 1))), load(server(1, real(1, 1) + real(2, 5))));
  assert.deepEqual(plan, {
    global: [],
    vrrpInstances: [],
    virtualServers: [],
    realServers: [
      { kind: "changed", what: "real_server 198.51.100.2:80 of 192.0.2.1:80/tcp", fields: ["weight"] },
    ],
    sections: [],
  });
  assert.equal(summarisePlan(plan), "1 real server changed (weight)");
});

test("other parts of the model are named, and not where they stand", () => {
  const group = (entry: string): string => `virtual_server_group g {\n${entry}\n}\n`;
  const ssl = "SSL {\n key /a\n}\n";
  const before = load(group("192.0.2.1 80") + ssl);
  assert.deepEqual(planReload(before, load(`${ssl}\n${group("192.0.2.1 80")}`)).sections, []);
  const plan = planReload(before, load(group("192.0.2.1 81")));
  assert.deepEqual(plan.sections, ["virtualServerGroups", "ssl"]);
  assert.equal(summarisePlan(plan), "virtualServerGroups, ssl changed");
});

test("moving lines, comments and order change nothing", () => {
  const before = load(instance("V1", 1) + instance("V2", 2) + server(1, real(1, 1) + real(2, 1)));
  const after = load(
    `# moved\n\n${server(1, real(2, 1) + real(1, 1))}${instance("V2", 2)}${instance("V1", 1)}`,
  );
  assert.equal(isEmptyPlan(planReload(before, after)), true);
  assert.equal(summarisePlan(planReload(before, after)), "nothing changed");
});

test("instances are matched by where they speak: a new name is a change, a new vrid another instance", () => {
  const before = load(instance("V1", 1) + instance("V2", 2));
  assert.deepEqual(planReload(before, load(instance("X1", 1) + instance("V2", 3))).vrrpInstances, [
    { kind: "changed", what: "vrrp_instance X1", fields: ["name"] },
    { kind: "added", what: "vrrp_instance V2", fields: [] },
    { kind: "removed", what: "vrrp_instance V2", fields: [] },
  ]);
});

test("fields are dotted, and the summary counts them", () => {
  const before = load(`${instance("V1", 1)}${server(1, real(1, 1))}`);
  const after = load(
    `global_defs { router_id other\n vrrp_priority -5\n}\n${instance("V1", 1, "garp_master_repeat 2\n priority 90")}${server(1, real(1, 1, "TCP_CHECK { }") + real(2, 1), "quorum 2")}${server(2, real(1, 1))}`,
  );
  const plan = planReload(before, after);
  assert.deepEqual(plan.global, ["routerId", "vrrpProcess.priority"]);
  assert.deepEqual(plan.vrrpInstances[0]?.fields, ["priority", "garp.masterRepeat"]);
  assert.deepEqual(plan.virtualServers, [
    { kind: "changed", what: "virtual_server 192.0.2.1:80/tcp", fields: ["quorum"] },
    { kind: "added", what: "virtual_server 192.0.2.2:80/tcp", fields: [] },
  ]);
  assert.deepEqual(plan.realServers, [
    { kind: "changed", what: "real_server 198.51.100.1:80 of 192.0.2.1:80/tcp", fields: ["checkers"] },
    { kind: "added", what: "real_server 198.51.100.2:80 of 192.0.2.1:80/tcp", fields: [] },
  ]);
  assert.equal(
    summarisePlan(plan),
    "global_defs changed (routerId, vrrpProcess.priority), 1 VRRP instance changed (priority, garp.masterRepeat), 1 virtual server added, 1 virtual server changed (quorum), 1 real server added, 1 real server changed (checkers)",
  );
});

const models = fc
  .record({
    instances: fc.uniqueArray(fc.integer({ min: 1, max: 20 }), { maxLength: 4 }),
    priority: fc.integer({ min: 1, max: 254 }),
    servers: fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { maxLength: 4 }),
    reals: fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }),
    weight: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ instances, priority, servers, reals, weight }) =>
    load(
      instances.map((i) => instance(`V${i}`, i, `priority ${priority}`)).join("") +
        servers.map((s) => server(s, reals.map((r) => real(r, weight)).join(""))).join(""),
    ),
  );

test("a plan from a model to itself is empty", () => {
  fc.assert(
    fc.property(models, (model) => isEmptyPlan(planReload(model, structuredClone(model)))),
    { numRuns: 100 },
  );
});

test("what is added one way is removed the other way, and changed fields are the same both ways", () => {
  fc.assert(
    fc.property(models, models, (a, b) => {
      const flip = { added: "removed", removed: "added", changed: "changed" } as const;
      const forth = planReload(a, b);
      const back = planReload(b, a);
      for (const key of ["vrrpInstances", "virtualServers", "realServers"] as const)
        assert.deepEqual(
          forth[key].map((c) => `${c.kind} ${c.what} ${c.fields}`).sort(),
          back[key].map((c) => `${flip[c.kind]} ${c.what} ${c.fields}`).sort(),
        );
    }),
    { numRuns: 100 },
  );
});
