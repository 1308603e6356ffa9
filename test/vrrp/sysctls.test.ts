import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { SysctlFiles } from "../../src/net/sysctl-files.ts";
import { Sysctls } from "../../src/vrrp/sysctls.ts";

/** A tree of parameters with these values, and a store on it. */
function tree(values: Readonly<Record<string, string>>) {
  const root = mkdtempSync(join(tmpdir(), "sysctl-"));
  process.once("exit", () => rmSync(root, { recursive: true }));
  const set = (name: string, value: string): void => {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), `${value}\n`);
  };
  for (const [name, value] of Object.entries(values)) set(name, value);
  const log: string[] = [];
  const store = new Sysctls(new SysctlFiles(root), {
    changed: (name, was, now, restored) => log.push(`${name} ${was}>${now}${restored ? " back" : ""}`),
    failed: (name, value, error) => log.push(`${name} ${value} ${error.code}`),
  });
  const get = (name: string): string => readFileSync(join(root, name), "utf8").trim();
  return { root, set, get, log, store };
}

const A = "net/ipv4/conf/eth0/arp_ignore";

describe("kernel parameters with several owners", () => {
  test("are set for the first owner and put back after the last", () => {
    const { store, log, get } = tree({ [A]: "0" });
    store.hold("one", A, "1");
    store.hold("two", A, "1");
    store.release("one");
    assert.equal(get(A), "1");
    store.release("two");
    assert.equal(get(A), "0");
    store.release("two");
    assert.deepEqual(log, [`${A} 0>1`, `${A} 1>0 back`]);
  });

  test("that have the value already are neither written nor put back", () => {
    const { store, log } = tree({ [A]: "1" });
    store.hold("one", A, "1");
    store.release("one");
    assert.deepEqual(log, []);
  });

  test("that somebody else changed in the meantime keep that value", () => {
    const { store, set, get } = tree({ [A]: "0" });
    store.hold("one", A, "1");
    set(A, "2");
    store.release("one");
    assert.equal(get(A), "2");
  });

  test("go back last set first, one of an owner or all at once", () => {
    const { store, log } = tree({ [A]: "0", "net/b/c": "5", "net/b/d": "6" });
    store.hold("one", A, "1");
    store.hold("one", "net/b/c", "7");
    store.hold("one", "net/b/d", "8");
    log.length = 0;
    store.release("one", A);
    store.releaseAll();
    assert.deepEqual(log, [`${A} 1>0 back`, "net/b/d 8>6 back", "net/b/c 7>5 back"]);
  });

  test("that the kernel does not have are left alone until their interface appears", () => {
    const { store, set, get, log } = tree({});
    store.hold("one", A, "1");
    assert.deepEqual(log, []);
    set(A, "0");
    store.interfaceAppeared("eth1");
    assert.equal(get(A), "0");
    store.interfaceAppeared("eth0");
    assert.equal(get(A), "1");
    store.release("one");
    assert.equal(get(A), "0");
  });

  test("are put back under the new name of an interface", () => {
    const { root, store, set, get } = tree({ [A]: "0" });
    store.hold("one", A, "1");
    renameSync(join(root, "net/ipv4/conf/eth0"), join(root, "net/ipv4/conf/lan0"));
    store.interfaceRenamed("eth0", "lan0");
    assert.equal(get("net/ipv4/conf/lan0/arp_ignore"), "0");
    set(A, "0");
    store.interfaceAppeared("eth0");
    assert.equal(get(A), "1");
  });

  test("that a process which died had set are put back by the next one, or at once when nobody needs them", () => {
    const first = tree({ [A]: "0", "net/b/c": "5", "net/b/d": "6" });
    first.store.hold("one", A, "1");
    first.store.hold("one", "net/b/c", "7");
    first.store.hold("one", "net/b/d", "8");
    const left = first.store.changes();
    assert.deepEqual(left, { [A]: ["1", "0"], "net/b/c": ["7", "5"], "net/b/d": ["8", "6"] });
    const { store, get, set, log } = tree({ [A]: "1", "net/b/c": "7", "net/b/d": "9" });
    store.inherit(left);
    store.hold("one", A, "1");
    assert.deepEqual(store.changes(), left);
    store.forgo();
    assert.deepEqual(log, ["net/b/c 7>5 back"]);
    assert.equal(get("net/b/d"), "9", "somebody else's by now");
    assert.deepEqual(store.changes(), { [A]: ["1", "0"] });
    store.release("one");
    assert.equal(get(A), "0");
    set(A, "0");
    store.hold("one", A, "1");
    store.release("one");
    assert.equal(get(A), "0");
  });

  test("that were inherited can be held by what they are about", () => {
    const { store, get } = tree({ "net/ipv4/conf/all/rp_filter": "0", [A]: "1" });
    store.inherit({ "net/ipv4/conf/all/rp_filter": ["0", "2"], [A]: ["1", "0"] });
    store.holdInherited("two", "rp_filter");
    store.forgo();
    assert.equal(get(A), "0");
    assert.equal(get("net/ipv4/conf/all/rp_filter"), "0");
    store.release("two");
    assert.equal(get("net/ipv4/conf/all/rp_filter"), "2");
  });

  test("that cannot be written are told of", () => {
    const { root, store, log } = tree({});
    mkdirSync(join(root, A), { recursive: true });
    store.hold("one", A, "1");
    assert.deepEqual(log, [`${A} 1 EISDIR`]);
    assert.equal(store.current(A), undefined);
  });
});
