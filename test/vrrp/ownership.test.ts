import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { IpAddress } from "../../src/base/address.ts";
import { DaemonError } from "../../src/base/errors.ts";
import type { KernelObject, ObjectOperation } from "../../src/net/kernel-objects.ts";
import { Holdings, type ObjectKernel } from "../../src/vrrp/holdings.ts";
import { addressKey, diffObjects, type OwnedAddress, objectKey } from "../../src/vrrp/ownership.ts";
import { modelFrom } from "./config-text.ts";

const object = (address: OwnedAddress): KernelObject => ({ kind: "address", address, excluded: false });
const own = (text: string, more: Partial<OwnedAddress> = {}): KernelObject => {
  const [address = "", length = "32"] = text.split("/");
  const prefixLength = Number(length);
  return object({ ifindex: 2, address: address as IpAddress, prefixLength, scope: 0, ...more });
};
const nameOf = (o: KernelObject): string =>
  o.kind === "address" ? o.address.address : o.kind === "rule" ? "rule" : o.route.route.destination.address;
const short = ({ action, object: o }: ObjectOperation): string => `${action} ${nameOf(o)}`;
const keyOf = (text: string): string => objectKey(own(text));

/** The kernel's table, without its dislikes. */
function apply(actual: readonly KernelObject[], operations: readonly ObjectOperation[]): KernelObject[] {
  const table = new Map(actual.map((o) => [objectKey(o), o]));
  for (const { action, object: o } of operations) {
    if (action === "add") {
      assert.ok(!table.has(objectKey(o)), "added twice");
      table.set(objectKey(o), o);
    } else assert.ok(table.delete(objectKey(o)), "deleted what is not there");
  }
  return [...table.values()];
}

const address: fc.Arbitrary<OwnedAddress> = fc.record(
  {
    ifindex: fc.integer({ min: 1, max: 3 }),
    address: fc.constantFrom("10.0.0.1", "10.0.0.2", "10.0.0.3", "fe80::1").map((a) => a as IpAddress),
    prefixLength: fc.constantFrom(24, 32),
    scope: fc.constantFrom(0, 253),
    label: fc.constantFrom("eth0", "eth0:1"),
  },
  { noNullPrototype: true },
);
const addresses = fc.uniqueArray(address.map(object), { selector: objectKey, maxLength: 12 });
const sorted = (list: readonly KernelObject[]): readonly KernelObject[] =>
  [...list].sort((a, b) => (objectKey(a) < objectKey(b) ? -1 : 1));

describe("the difference of addresses", () => {
  test("applied to what is there it makes what should be there, and then nothing more", () => {
    fc.assert(
      fc.property(addresses, addresses, (actual, desired) => {
        const after = apply(actual, diffObjects(actual, desired));
        assert.deepEqual(sorted(after), sorted(desired));
        assert.deepEqual(diffObjects(after, desired), []);
      }),
    );
  });

  test("deletes backwards, then adds in the order of the configuration", () => {
    const operations = diffObjects([own("1.1.1.1"), own("1.1.1.2")], [own("1.1.1.4"), own("1.1.1.3")]);
    assert.deepEqual(operations.map(short), [
      "delete 1.1.1.2",
      "delete 1.1.1.1",
      "add 1.1.1.4",
      "add 1.1.1.3",
    ]);
  });

  test("an attribute that the configuration does not name is no difference; one that it names is", () => {
    assert.deepEqual(diffObjects([own("1.1.1.1", { label: "eth0" })], [own("1.1.1.1")]), []);
    const operations = diffObjects(
      [own("1.1.1.1", { label: "eth0" })],
      [own("1.1.1.1", { label: "eth0:1" })],
    );
    assert.deepEqual(operations.map(short), ["delete 1.1.1.1", "add 1.1.1.1"]);
  });

  test("the same address twice is added once", () => {
    assert.deepEqual(diffObjects([], [own("1.1.1.1"), own("1.1.1.1")]).map(short), ["add 1.1.1.1"]);
  });
});

describe("holdings", () => {
  /** A kernel that deletes every other /24 of an interface with the first one, as without promote_secondaries. */
  class Kernel implements ObjectKernel {
    readonly table = new Map<string, OwnedAddress>();
    readonly log: string[] = [];
    refuse = new Map<string, DaemonError>();
    applyObjects(operations: readonly ObjectOperation[]): (DaemonError | undefined)[] {
      return operations.map((o) => {
        this.log.push(short(o));
        const refusal = this.refuse.get(short(o));
        if (refusal !== undefined || o.object.kind !== "address") return refusal;
        const a = o.object.address;
        if (o.action === "add") this.table.set(addressKey(a), a);
        else {
          const [primary] = this.table.values();
          if (!this.table.delete(addressKey(a))) return new DaemonError("RTM_DELADDR", 99, "EADDRNOTAVAIL");
          if (primary !== undefined && addressKey(primary) === addressKey(a) && a.prefixLength === 24)
            for (const [key, b] of this.table) if (b.prefixLength === 24) this.table.delete(key);
        }
        return undefined;
      });
    }
    addresses(): readonly OwnedAddress[] {
      return [...this.table.values()];
    }
    routes(): readonly [] {
      return [];
    }
    rules(): readonly [] {
      return [];
    }
  }

  test("what is held is added once and deleted once", () => {
    const kernel = new Kernel();
    const holdings = new Holdings<string>(kernel);
    holdings.want("VI_1", [own("1.1.1.1"), own("1.1.1.2")]);
    assert.deepEqual(holdings.settle(), []);
    holdings.want("VI_1", [own("1.1.1.1"), own("1.1.1.2")]);
    holdings.settle();
    assert.deepEqual(kernel.log, ["add 1.1.1.1", "add 1.1.1.2"]);
    holdings.want("VI_1", []);
    holdings.settle();
    assert.deepEqual(kernel.log.slice(2), ["delete 1.1.1.2", "delete 1.1.1.1"]);
    assert.deepEqual(holdings.held("VI_1"), []);
  });

  test("many wishes are fulfilled in portions, the oldest first", () => {
    const kernel = new Kernel();
    const holdings = new Holdings<string>(kernel);
    for (const name of ["1", "2", "3"]) holdings.want(name, [own(`1.1.${name}.1`), own(`1.1.${name}.2`)]);
    holdings.settle(3);
    assert.deepEqual(kernel.log, ["add 1.1.1.1", "add 1.1.1.2", "add 1.1.2.1", "add 1.1.2.2"]);
    assert.equal(holdings.isUnsettled, true);
    holdings.settle(3);
    assert.equal(holdings.isUnsettled, false);
    assert.equal(kernel.log.length, 6);
  });

  test("secondaries that are deleted in the next portion are not put back before", () => {
    const kernel = new Kernel();
    const holdings = new Holdings<string>(kernel);
    const names = ["1", "2", "3"];
    for (const name of names) holdings.want(name, [own(`1.1.1.${name}/24`)]);
    holdings.settle();
    kernel.log.length = 0;
    for (const name of ["1", "2"]) holdings.want(name, []);
    holdings.settle(1);
    assert.deepEqual(kernel.log, ["delete 1.1.1.1"]);
    holdings.settle(1);
    assert.deepEqual(kernel.log, ["delete 1.1.1.1", "delete 1.1.1.2", "add 1.1.1.3"]);
  });

  test("routes and rules follow the addresses, and leave before them, in one batch", () => {
    const kernel = new Kernel();
    const holdings = new Holdings<string>(kernel);
    const { virtualRoutes = [], virtualRules = [] } =
      modelFrom(`
vrrp_instance V {
 interface eth0
 virtual_router_id 1
 virtual_ipaddress { 1.1.1.1 }
 virtual_routes { 10.1.0.0/24 dev eth0 }
 virtual_rules { from 10.1.0.0/24 table 7 priority 5 }
}`).vrrpInstances[0] ?? {};
    const all: KernelObject[] = [
      ...virtualRules.map((rule) => ({ kind: "rule" as const, rule })),
      ...virtualRoutes.map((route) => ({
        kind: "route" as const,
        route: { route, table: 254, oif: 2, hops: [] },
      })),
      { ...own("2.2.2.2"), excluded: true } as KernelObject,
      own("1.1.1.1"),
    ];
    holdings.want("VI_1", all);
    holdings.settle();
    assert.deepEqual(kernel.log.splice(0), ["add 1.1.1.1", "add 2.2.2.2", "add 10.1.0.0", "add rule"]);
    holdings.want("VI_1", []);
    holdings.settle();
    assert.deepEqual(kernel.log, ["delete rule", "delete 10.1.0.0", "delete 1.1.1.1", "delete 2.2.2.2"]);
  });

  test("an address that moves between two owners stays on its interface", () => {
    const kernel = new Kernel();
    const holdings = new Holdings<string>(kernel);
    holdings.want("VI_1", [own("1.1.1.1")]);
    holdings.settle();
    holdings.want("VI_1", []);
    holdings.want("VI_2", [own("1.1.1.1")]);
    holdings.settle();
    assert.deepEqual(kernel.log, ["add 1.1.1.1", "add 1.1.1.1"]);
    assert.deepEqual(holdings.held("VI_1"), []);
    assert.deepEqual(holdings.held("VI_2"), [own("1.1.1.1")]);
  });

  test("secondaries that the kernel deleted with their primary are put back", () => {
    const kernel = new Kernel();
    const holdings = new Holdings<string>(kernel);
    holdings.want("VI_1", [own("1.1.1.1/24"), own("1.1.1.2/24")]);
    holdings.settle();
    holdings.want("VI_1", [own("1.1.1.2/24")]);
    assert.deepEqual(holdings.settle(), []);
    assert.deepEqual(kernel.addresses().map(object), [own("1.1.1.2/24")]);
    assert.deepEqual(holdings.held("VI_1"), [own("1.1.1.2/24")]);
  });

  test("refusals come back with their operation; deleting what is gone is none", () => {
    const kernel = new Kernel();
    const holdings = new Holdings<string>(kernel);
    const refusal = new DaemonError("RTM_NEWADDR", 13, "EACCES");
    kernel.refuse.set("add 1.1.1.1", refusal);
    holdings.want("VI_1", [own("1.1.1.1"), own("1.1.1.2")]);
    assert.deepEqual(holdings.settle(), [
      { owner: "VI_1", operation: { action: "add", object: own("1.1.1.1") }, error: refusal },
    ]);
    assert.deepEqual(holdings.held("VI_1"), [own("1.1.1.2")]);
    kernel.table.clear();
    holdings.want("VI_1", [], [own("9.9.9.9")]);
    assert.deepEqual(holdings.settle(), []);
    assert.deepEqual(holdings.held("VI_1"), []);
  });

  test("only what the kernel confirms is lost, and it is no longer held", () => {
    const kernel = new Kernel();
    const holdings = new Holdings<string>(kernel);
    holdings.want("VI_1", [own("1.1.1.1"), own("1.1.1.2")]);
    holdings.settle();
    kernel.table.delete(keyOf("1.1.1.2"));
    const lost = holdings.confirmLost(["1.1.1.1", "1.1.1.2", "8.8.8.8"].map(keyOf));
    assert.deepEqual([...(lost ?? [])], [["VI_1", [own("1.1.1.2")]]]);
    assert.equal(holdings.isHeld(keyOf("1.1.1.1")), true);
    assert.equal(holdings.isHeld(keyOf("1.1.1.2")), false);
  });

  test("an interface that is gone took its addresses along", () => {
    const kernel = new Kernel();
    const holdings = new Holdings<string>(kernel);
    holdings.want("VI_1", [own("1.1.1.1"), own("1.1.1.2", { ifindex: 3 })]);
    holdings.settle();
    holdings.forgetInterface(2);
    assert.deepEqual(holdings.held("VI_1"), [own("1.1.1.2", { ifindex: 3 })]);
  });
});
