import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type DiffOptions, diffTables } from "../../src/ipvs/diff.ts";
import {
  destinationKey,
  type IpvsDestination,
  type IpvsEntry,
  type IpvsOperation,
  type IpvsTable,
  identityOf,
  serviceKey,
} from "../../src/ipvs/model.ts";
import { address, destination, entryOf, ip, service, tableOf } from "./samples.ts";

const web = address("tcp", "10.0.0.1", 80);
const other = address("tcp", "10.0.0.2", 80);
const a = destination("192.168.0.2", 80);
const b = destination("192.168.0.3", 80);
const c = destination("192.168.0.4", 80);

test("equal tables need no operation", () => {
  assert.deepEqual(
    diffTables(tableOf(entryOf(service(web), [a, b])), tableOf(entryOf(service(web), [b, a]))),
    [],
  );
});

test("a changed weight is one edit of one destination", () => {
  const heavier = { ...b, weight: 5 };
  assert.deepEqual(
    diffTables(tableOf(entryOf(service(web), [a, b])), tableOf(entryOf(service(web), [a, heavier]))),
    [{ kind: "editDestination", service: web, destination: heavier }],
  );
});

test("a changed scheduler is one edit of the service", () => {
  const wrr = service(web, { scheduler: "wrr" });
  assert.deepEqual(diffTables(tableOf(entryOf(service(web), [a])), tableOf(entryOf(wrr, [a]))), [
    { kind: "editService", service: wrr },
  ]);
});

test("every setting of a service and of a destination makes a difference", () => {
  for (const changed of [
    { flags: 4 },
    { timeout: 60 },
    { persistenceEngine: "sip" },
    { persistencePrefixLength: 24 },
    { scheduler: "sh" },
  ])
    assert.deepEqual(
      diffTables(tableOf(entryOf(service(web))), tableOf(entryOf(service(web, changed)))).map((o) => o.kind),
      ["editService"],
      JSON.stringify(changed),
    );
  for (const changed of [
    { forwarding: "tunnel" as const },
    { weight: 0 },
    { upperThreshold: 9 },
    { lowerThreshold: 9 },
  ])
    assert.deepEqual(
      diffTables(
        tableOf(entryOf(service(web), [a])),
        tableOf(entryOf(service(web), [{ ...a, ...changed }])),
      ).map((o) => o.kind),
      ["editDestination"],
      JSON.stringify(changed),
    );
});

test("servers that come are added before servers that leave are deleted", () => {
  const lighter = { ...b, weight: 0 };
  assert.deepEqual(
    diffTables(tableOf(entryOf(service(web), [a, b])), tableOf(entryOf(service(web), [lighter, c]))),
    [
      { kind: "addDestination", service: web, destination: c },
      { kind: "editDestination", service: web, destination: lighter },
      { kind: "deleteDestination", service: web, destination: { address: ip("192.168.0.2"), port: 80 } },
    ],
  );
});

test("a service that leaves goes whole and before a new one comes", () => {
  assert.deepEqual(
    diffTables(tableOf(entryOf(service(web), [a, b])), tableOf(entryOf(service(other), [c]))),
    [
      { kind: "deleteService", identity: web },
      { kind: "addService", service: service(other) },
      { kind: "addDestination", service: other, destination: c },
    ],
  );
});

test("a foreign service is kept on request, one of ours is deleted all the same", () => {
  const actual = tableOf(entryOf(service(web), [a]), entryOf(service(other), [b]));
  const keep: DiffOptions = { foreign: "keep" };
  assert.deepEqual(diffTables(actual, tableOf(), keep), []);
  assert.deepEqual(diffTables(actual, tableOf(), { ...keep, owned: new Set(["TCP 10.0.0.2:80"]) }), [
    { kind: "deleteService", identity: other },
  ]);
});

test("a foreign destination in a service of ours is deleted even when foreign services are kept", () => {
  assert.deepEqual(
    diffTables(tableOf(entryOf(service(web), [a, b])), tableOf(entryOf(service(web), [a])), {
      foreign: "keep",
    }),
    [{ kind: "deleteDestination", service: web, destination: { address: ip("192.168.0.3"), port: 80 } }],
  );
});

const anyDestination: fc.Arbitrary<IpvsDestination> = fc
  .record({
    host: fc.constantFrom("192.168.0.1", "192.168.0.2", "192.168.0.3", "2001:db8::1", "2001:db8::2"),
    port: fc.constantFrom(80, 81),
    forwarding: fc.constantFrom("direct", "masquerade", "tunnel", "local"),
    weight: fc.nat({ max: 3 }),
    upperThreshold: fc.nat({ max: 1 }),
    lowerThreshold: fc.nat({ max: 1 }),
  })
  .map(({ host, port, ...more }) => destination(host, port, more));

const anyEntry: fc.Arbitrary<IpvsEntry> = fc
  .record({
    identity: fc.constantFrom(
      web,
      other,
      address("udp", "10.0.0.1", 80),
      address("sctp", "2001:db8::9", 80),
      { kind: "fwmark", mark: 7, family: "ipv4" } as const,
      { kind: "fwmark", mark: 7, family: "ipv6" } as const,
    ),
    scheduler: fc.constantFrom("rr", "wlc"),
    flags: fc.constantFrom(0, 4, 8),
    timeout: fc.option(fc.constantFrom(60, 300), { nil: undefined }),
    persistenceEngine: fc.option(fc.constant("sip"), { nil: undefined }),
    persistencePrefixLength: fc.constantFrom(24, 32),
    destinations: fc.array(anyDestination, { maxLength: 6 }),
  })
  .map(({ identity, timeout, destinations, ...more }) =>
    entryOf(service(identity, timeout === undefined ? more : { ...more, timeout }), destinations),
  );

const anyTable: fc.Arbitrary<IpvsTable> = fc.array(anyEntry, { maxLength: 6 }).map((e) => tableOf(...e));

test("applying the difference of any two tables to the first gives the second", () => {
  fc.assert(
    fc.property(anyTable, anyTable, (actual, desired) => {
      assert.deepEqual(plain(applyTo(actual, diffTables(actual, desired))), plain(desired));
    }),
  );
});

test("after the difference was applied there is no difference", () => {
  fc.assert(
    fc.property(anyTable, anyTable, (actual, desired) => {
      assert.deepEqual(diffTables(applyTo(actual, diffTables(actual, desired)), desired), []);
    }),
  );
});

test("no operation of any difference can be left out", () => {
  fc.assert(
    fc.property(anyTable, anyTable, (actual, desired) => {
      const operations = diffTables(actual, desired);
      const subjects = operations.map((o) =>
        "destination" in o
          ? `${serviceKey(identityOf(o))} ${destinationKey(o.destination)}`
          : serviceKey(identityOf(o)),
      );
      assert.equal(new Set(subjects).size, subjects.length);
      for (const o of operations) assert.notDeepEqual(subjectIn(actual, o), subjectIn(desired, o));
    }),
  );
});

test("a service that was kept is as it was before", () => {
  fc.assert(
    fc.property(anyTable, anyTable, (actual, desired) => {
      const after = applyTo(actual, diffTables(actual, desired, { foreign: "keep" }));
      for (const [key, entry] of actual) if (!desired.has(key)) assert.deepEqual(after.get(key), entry);
      for (const [key, entry] of desired)
        assert.deepEqual(plain([[key, after.get(key)]]), plain([[key, entry]]));
    }),
  );
});

/** What the kernel does with operations, including its refusals, which a difference must never meet. */
function applyTo(table: IpvsTable, operations: readonly IpvsOperation[]): IpvsTable {
  const out = new Map([...table].map(([key, e]) => [key, { ...e, destinations: new Map(e.destinations) }]));
  for (const o of operations) {
    const key = serviceKey(identityOf(o));
    const present = out.get(key);
    assert.equal(present !== undefined, o.kind !== "addService", `${o.kind} ${key}`);
    const destinations = present?.destinations ?? new Map();
    if ("destination" in o) {
      const at = destinationKey(o.destination);
      assert.equal(destinations.has(at), o.kind !== "addDestination", `${o.kind} ${key} ${at}`);
      if (o.kind === "deleteDestination") destinations.delete(at);
      else destinations.set(at, o.destination);
    } else if (o.kind === "deleteService") out.delete(key);
    else out.set(key, { service: o.service, destinations });
  }
  return out;
}

function subjectIn(table: IpvsTable, o: IpvsOperation): unknown {
  const entry = table.get(serviceKey(identityOf(o)));
  return "destination" in o ? entry?.destinations.get(destinationKey(o.destination)) : entry?.service;
}

/** A table without the order of its services and destinations. */
function plain(table: Iterable<readonly [string, IpvsEntry | undefined]>): unknown {
  const services: Record<string, unknown> = {};
  for (const [key, entry] of table)
    services[key] = entry && { ...entry.service, destinations: Object.fromEntries(entry.destinations) };
  return services;
}
