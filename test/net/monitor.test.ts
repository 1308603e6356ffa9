import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { IpAddress } from "../../src/base/address.ts";
import type { ObjectOperation } from "../../src/net/kernel-objects.ts";
import { InterfaceMonitor, type MonitorEvent } from "../../src/net/monitor.ts";
import { loadNative } from "../../src/net/native.ts";
import { RouteSocket } from "../../src/net/rtnetlink.ts";
import { enterNewNamespace, ip, until } from "./world.ts";

const native = loadNative();
enterNewNamespace(native, "monitor");
ip("link add ve0 type veth peer name ve1");
const ve0 = native.ifNameToIndex("ve0");
const lo = 1;

/** The i-th of many addresses on `lo`. */
function addressAt(i: number): IpAddress {
  return `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}` as IpAddress;
}

function operation(action: "add" | "delete", i: number): ObjectOperation {
  const address = { ifindex: lo, address: addressAt(i), prefixLength: 32, scope: 0 };
  return { action, object: { kind: "address", address, excluded: false } };
}

/** An event in a few words. */
function words(e: MonitorEvent): string {
  switch (e.kind) {
    case "linkChanged":
      return `${e.link.name} ${e.link.up ? "up" : "down"}`;
    case "linkRenamed":
      return `${e.from} is ${e.to}`;
    case "linkGone":
      return `${e.name} gone`;
    case "addressAdded":
      return `+${e.address.address}/${e.address.prefixLength}`;
    case "addressGone":
      return `-${e.address.address}/${e.address.prefixLength}`;
    case "resynced":
      return "resynced";
  }
}

function record(options?: { receiveBuffer: number }): { monitor: InterfaceMonitor; events: string[] } {
  const events: string[] = [];
  return { monitor: new InterfaceMonitor(native, (e) => events.push(words(e)), options), events };
}

describe("the interface monitor", () => {
  test("knows links and addresses from the first moment and reports nothing of them", () => {
    const { monitor, events } = record();
    assert.deepEqual([...monitor.links.values()].map((l) => l.name).sort(), ["lo", "ve0", "ve1"]);
    assert.equal(monitor.linkByName("ve0")?.index, ve0);
    assert.equal(monitor.linkByName("none"), undefined);
    assert.deepEqual(
      monitor
        .addresses()
        .map((a) => a.address)
        .sort(),
      ["127.0.0.1", "::1"],
    );
    monitor.drain();
    assert.deepEqual(events, []);
    monitor.close();
    monitor.close();
  });

  test("reports an address once when it comes and once when it goes", async () => {
    const { monitor, events } = record();
    ip("addr add 192.0.2.1/24 dev lo label lo:one");
    ip("addr change 192.0.2.1/24 dev lo valid_lft 1000 preferred_lft 1000");
    ip("addr add 2001:db8::1/128 dev lo nodad");
    ip("addr del 192.0.2.1/24 dev lo");
    ip("addr del 2001:db8::1/128 dev lo");
    await until(() => events.length >= 4, "four events came");
    monitor.drain();
    assert.deepEqual(events, ["+192.0.2.1/24", "+2001:db8::1/128", "-192.0.2.1/24", "-2001:db8::1/128"]);
    monitor.close();
  });

  test("reports a link's carrier, its new name and its end", async () => {
    const { monitor, events } = record();
    ip("link add ve2 type veth peer name ve3");
    ip("link set ve3 up");
    ip("link set ve2 up");
    await until(() => events.includes("ve2 up") && events.includes("ve3 up"), "both ends are up");
    ip("link set ve3 down");
    await until(() => events.at(-1) === "ve3 down" || events.at(-1) === "ve2 down", "the carrier is lost");
    ip("link set ve3 name ve9");
    await until(() => events.includes("ve9 down"), "the new name is known");
    assert.equal(monitor.linkByName("ve3"), undefined);
    ip("link del ve9");
    await until(() => events.includes("ve9 gone") && events.includes("ve2 gone"), "both ends are gone");
    assert.equal(monitor.linkByName("ve2"), undefined);
    monitor.close();
  });

  test("a link that leaves its bridge is not gone", async () => {
    ip("link add br0 type bridge");
    const { monitor, events } = record();
    ip("link set ve0 master br0");
    ip("link set ve0 nomaster");
    ip("addr add 192.0.2.2/32 dev lo");
    await until(() => events.includes("+192.0.2.2/32"), "what came later is known");
    assert.equal(events.includes("ve0 gone"), false);
    assert.equal(monitor.linkByName("ve0")?.index, ve0);
    monitor.close();
    ip("addr del 192.0.2.2/32 dev lo");
    ip("link del br0");
  });

  test("misses nothing that happens between a loss and its repair", async () => {
    ip("addr add 192.0.2.9/32 dev lo");
    const { monitor, events } = record();
    const route = new RouteSocket(native);
    const many = Array.from({ length: 6000 }, (_, i) => i);
    assert.ok(route.applyObjects(many.map((i) => operation("add", i))).every((r) => r === undefined));
    monitor.drain();
    const address = { ifindex: lo, address: "192.0.2.9" as IpAddress, prefixLength: 32, scope: 0 };
    // the kernel drops the news of this one silently, as long as anything waits
    const remove = { action: "delete", object: { kind: "address", address, excluded: false } } as const;
    assert.deepEqual(route.applyObjects([remove]), [undefined]);
    await until(() => events.includes("resynced"), "the loss was noticed");
    assert.ok(events.includes("-192.0.2.9/32"));
    assert.equal(monitor.addresses().filter((a) => a.address.startsWith("10.")).length, 6000);
    ip("addr flush dev lo to 10.0.0.0/8");
    monitor.close();
    route.close();
  });

  test("survives 5,000 address events against the smallest receive buffer and ends with the truth", async () => {
    const { monitor, events } = record({ receiveBuffer: 1 });
    const route = new RouteSocket(native);
    const all = Array.from({ length: 2500 }, (_, i) => i);
    assert.ok(route.applyObjects(all.map((i) => operation("add", i))).every((r) => r === undefined));
    const odd = all.filter((i) => i % 2 === 1);
    const churn = [...all.map((i) => operation("delete", i)), ...odd.map((i) => operation("add", i))];
    assert.ok(route.applyObjects(churn).every((r) => r === undefined));
    await until(() => events.includes("resynced"), "the loss was noticed");
    ip("addr add 192.0.2.3/32 dev lo");
    await until(() => events.includes("+192.0.2.3/32"), "the monitor goes on");

    const known = monitor.addresses().filter((a) => a.address.startsWith("10."));
    assert.deepEqual(known.map((a) => a.address).sort(), odd.map(addressAt).sort());
    const believed = new Set<string>();
    for (const e of events) {
      if (e.startsWith("+10.")) assert.ok(!believed.has(e.slice(1)), `${e} twice`);
      if (e.startsWith("+10.")) believed.add(e.slice(1));
      if (e.startsWith("-10.")) assert.ok(believed.delete(e.slice(1)), `${e} was never added`);
    }
    assert.equal(believed.size, 1250);
    ip("addr flush dev lo to 10.0.0.0/8");
    ip("addr del 192.0.2.3/32 dev lo");
    monitor.close();
    route.close();
  });

  test("reports after an overrun what went while nobody could tell, links included", async () => {
    ip("link add ve4 type veth peer name ve5");
    const { monitor, events } = record({ receiveBuffer: 1 });
    const route = new RouteSocket(native);
    route.applyObjects(Array.from({ length: 100 }, (_, i) => operation("add", i)));
    route.applyObjects(Array.from({ length: 100 }, (_, i) => operation("delete", i)));
    ip("link del ve4");
    ip("addr add 192.0.2.4/32 dev lo");
    await until(() => events.at(-1) === "resynced", "the tables were read again");
    assert.ok(events.includes("ve4 gone") && events.includes("ve5 gone"));
    assert.ok(events.includes("+192.0.2.4/32"));
    assert.deepEqual(
      monitor
        .addresses()
        .map((a) => a.address)
        .sort(),
      ["127.0.0.1", "192.0.2.4", "::1"],
    );
    ip("addr del 192.0.2.4/32 dev lo");
    monitor.close();
    route.close();
  });

  test("an exception of the listener becomes an uncaught exception, and later events still come", () => {
    const source = `
      import { loadNative } from ${JSON.stringify(join(import.meta.dirname, "../../src/net/native.ts"))};
      import { InterfaceMonitor } from ${JSON.stringify(join(import.meta.dirname, "../../src/net/monitor.ts"))};
      import { execFileSync } from "node:child_process";
      process.on("uncaughtException", (e) => console.log("uncaught", e.message));
      let left = 3;
      const monitor = new InterfaceMonitor(loadNative(), (e) => {
        if (--left === 0) monitor.close();
        throw new Error(e.address.address);
      });
      for (const n of [1, 2, 3]) execFileSync("ip", ["addr", "add", "192.0.2." + n + "/32", "dev", "lo"]);`;
    const output = execFileSync(process.execPath, ["--input-type=module", "-e", source], {
      encoding: "utf8",
      timeout: 20_000,
    });
    assert.deepEqual(output.trim().split("\n"), [
      "uncaught 192.0.2.1",
      "uncaught 192.0.2.2",
      "uncaught 192.0.2.3",
    ]);
    ip("addr flush dev lo to 192.0.2.0/24");
  });
});
