/** What text cases cannot show: files that cannot be read, bytes that are no text, and the machine itself. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { mostAddresses } from "../../src/config/build-vrrp-addresses.ts";
import { type ConfigSystem, type LoadResult, loadConfig } from "../../src/config/load.ts";
import type { GlobalDefs } from "../../src/config/model.ts";
import { nodeConfigSystem } from "../../src/config/node-system.ts";
import { fakeSystem } from "./fake-system.ts";

const good =
  "vrrp_instance V1 {\n  interface eth0\n  virtual_router_id 51\n  virtual_ipaddress {\n    192.0.2.1/24\n  }\n}\n";

function load(content: string | Uint8Array, system?: Partial<ConfigSystem>): LoadResult {
  return loadConfig("main.conf", { ...fakeSystem({ "main.conf": content }), ...system });
}

function codes(result: LoadResult): readonly string[] {
  return result.diagnostics.map((d) => d.code);
}

test("a main file that cannot be read gives 4 in a test, 6 at a start, and no model", () => {
  const result = loadConfig("absent.conf", fakeSystem({}));
  assert.deepEqual(codes(result), ["file-unreadable"]);
  assert.deepEqual([result.testStatus, result.startStatus, result.model], [4, 6, undefined]);
  assert.match(result.diagnostics[0]?.message ?? "", /absent\.conf: ENOENT/);
});

test("exit statuses: 0 for nothing, 5 for an error, 6 for security, whatever else there is, 2 before all", () => {
  const withScript = good.replace("interface eth0\n", "interface eth0\n  notify /bin/true\n");
  const statuses = [good, `${good}foo`, `${withScript}`, `${withScript}foo`, `${withScript}static_rules`].map(
    (text) => load(text).testStatus,
  );
  assert.deepEqual(statuses, [0, 5, 6, 6, 6]);
  assert.equal(load(`${withScript}child_wait_time\n`).testStatus, 2);
});

test("an included file that cannot be read is reported on the include line, and reading goes on", () => {
  const result = load(`include locked.conf\n${good}`, {
    glob: () => ["locked.conf"],
    readFile: (path) => {
      if (path === "main.conf") return Buffer.from(`include locked.conf\n${good}`);
      throw Object.assign(new Error("denied"), { code: "EACCES" });
    },
  });
  assert.deepEqual(codes(result), ["include-unreadable"]);
  assert.match(result.diagnostics[0]?.message ?? "", /locked\.conf: EACCES/);
  assert.equal(result.model?.vrrpInstances.length, 1);
});

test("CRLF, tabs, form feeds and a missing final newline make no difference", () => {
  const plain = load(good).model;
  for (const text of [
    good.replaceAll("\n", "\r\n"),
    good.replaceAll("  ", "\t"),
    good.replaceAll("  ", " \f\v"),
    good.trimEnd(),
  ]) {
    const result = load(text);
    assert.deepEqual(result.diagnostics, []);
    assert.deepEqual(result.model, plain);
  }
});

test("comments in any script are comments, also when they are not UTF-8", () => {
  assert.deepEqual(load(`# 双 VIP — 互为主备\n${good}`).diagnostics, []);
  const latin1 = load(Buffer.from(`# \xe4\xf6\n${good}`, "latin1"));
  assert.deepEqual(codes(latin1), ["invalid-utf8"]);
  assert.equal(latin1.testStatus, 0);
  assert.equal(latin1.model?.vrrpInstances.length, 1);
});

test("a NUL byte ends its line with a message", () => {
  const result = load(good.replace("eth0", "eth0\0 no_such"));
  assert.deepEqual(codes(result), ["nul-byte"]);
  assert.equal(result.model?.vrrpInstances[0]?.interface, "eth0");
});

test("blocks within blocks without end are cut, not followed", () => {
  const result = load(`${"a {\n".repeat(100_000)}`);
  assert.equal(codes(result).filter((code) => code === "nesting-too-deep").length, 1);
  assert.equal(result.testStatus, 5);
});

test("more addresses than an advertisement holds become excluded ones", () => {
  const lines = Array.from({ length: 260 }, (_, i) => `198.51.${i >> 8}.${i & 255}`).join("\n");
  const result = load(good.replace("192.0.2.1/24", lines));
  assert.deepEqual(codes(result), ["vip-excess"]);
  assert.equal(result.model?.vrrpInstances[0]?.virtualIpaddress.length, 255);
  assert.deepEqual(
    result.model?.vrrpInstances[0]?.virtualIpaddressExcluded.map((a) => a.address),
    ["198.51.0.255", "198.51.1.0", "198.51.1.1", "198.51.1.2", "198.51.1.3"],
  );
});

test("an advertisement in one Ethernet frame holds 255 IPv4 or 90 IPv6 addresses, one less when signed", () => {
  assert.equal(mostAddresses("ipv4", 2, false), 255);
  assert.equal(mostAddresses("ipv4", 3, true), 255);
  assert.equal(mostAddresses("ipv6", 3, false), 90);
  assert.equal(mostAddresses("ipv6", 3, true), 89);
  assert.equal(mostAddresses("ipv6", 3, false, 9000), 255);
  assert.equal(mostAddresses("ipv6", 3, false, 1280), 77);
  assert.equal(mostAddresses("ipv4", 3, false, 576), 137);
  assert.equal(mostAddresses("ipv4", 2, false, 20), 0);
});

test("interfaces are not checked where they are not known", () => {
  const result = loadConfig(
    "main.conf",
    fakeSystem({ "main.conf": good.replace("eth0", "nope0") }, { interfaces: undefined }),
  );
  assert.deepEqual(result.diagnostics, []);
});

test("an empty file is a configuration without work", () => {
  const result = load("");
  assert.deepEqual([result.testStatus, result.startStatus], [0, 0]);
  // globals.txt has all of them; these are what starts without a word of global_defs
  const global: Partial<GlobalDefs> = result.model?.global ?? {};
  const basic = {
    routerId: "host.example",
    enableScriptSecurity: false,
    scriptUser: { uid: 0, gid: 0 },
    vrrpVersion: 2,
    notificationEmail: [],
    notificationEmailFrom: "root@host.example",
    smtpServer: undefined,
    smtpHeloName: "host.example",
    smtpConnectTimeout: 30_000_000,
    smtpAlert: undefined,
    smtpAlertVrrp: undefined,
    smtpAlertChecker: undefined,
    childWaitTime: 5_000_000,
    lvsFlush: false,
    lvsFlushOnStop: "no",
    processNames: { parent: "keepalived", vrrp: "keepalived", checker: "keepalived", bfd: "keepalived" },
    vrrpProcess: { priority: undefined, rtPriority: undefined, rlimitRttime: 10_000, cpuAffinity: [] },
    checkerProcess: { priority: undefined, rtPriority: undefined, rlimitRttime: 10_000, cpuAffinity: [] },
    vrrpMcastGroup4: "224.0.0.18",
  } as const;
  for (const [name, value] of Object.entries(basic)) assert.deepEqual(Reflect.get(global, name), value, name);
});

test("diagnostics are bounded, however hostile the file", () => {
  assert.equal(load("x\n".repeat(50_000)).diagnostics.length, 10_000);
});

test("the first of each kind is never lost behind thousands of others", () => {
  const result = load(`global_defs {\n${"router_id x\n".repeat(10_050)}}\nfooo`);
  assert.equal(result.diagnostics.length, 10_001);
  assert.equal(result.diagnostics.at(-1)?.code, "unknown-keyword");
  assert.equal(result.testStatus, 5);
});

test("strict mode allows unicast on an interface that cannot multicast, and without an interface", () => {
  const text = (place: string): string =>
    `vrrp_instance A {\nstrict_mode\n${place}\nvirtual_router_id 51\nunicast_src_ip 192.0.2.1\nunicast_peer {\n192.0.2.2\n}\nvirtual_ipaddress {\n192.0.2.9 dev eth0\n}\n}\n`;
  const found = (place: string, multicast: boolean | undefined): readonly string[] => {
    const system = { ...fakeSystem({ "m.conf": text(place) }), multicast: () => multicast };
    return loadConfig("m.conf", system).diagnostics.map((d) => d.code);
  };
  assert.deepEqual(found("interface eth0", true), ["strict-unicast"]);
  assert.deepEqual(found("interface eth0", undefined), ["strict-unicast"]);
  assert.deepEqual(found("interface eth0", false), []);
  assert.deepEqual(found("", true), []);
});

test("a group is another place only if it is not the global one", () => {
  const instance = (name: string, more: string): string =>
    `vrrp_instance ${name} {\ninterface eth0\nvirtual_router_id 51\nversion 3\n${more}\n}\n`;
  const found = (groups: string, first: string, second: string): readonly string[] => {
    const text = `global_defs {\n${groups}\n}\n${instance("A", first)}${instance("B", second)}`;
    const { diagnostics } = loadConfig("m.conf", fakeSystem({ "m.conf": text }));
    return diagnostics.filter((d) => d.code === "vrid-duplicate").map((d) => d.code);
  };
  const four = (n: number): string => `virtual_ipaddress {\n192.0.2.${n}\n}`;
  const six = (n: number): string => `virtual_ipaddress {\nfe80::${n}\n}`;
  const group4 = "vrrp_mcast_group4 224.0.0.50";
  assert.deepEqual(found(group4, four(1), `mcast_dst_ip 224.0.0.50\n${four(2)}`), ["vrid-duplicate"]);
  assert.deepEqual(found(group4, four(1), `mcast_dst_ip 224.0.0.18\n${four(2)}`), []);
  assert.deepEqual(found("", six(1), `mcast_dst_ip ff02:0::12\n${six(2)}`), ["vrid-duplicate"]);
  assert.deepEqual(found("", six(1), `mcast_dst_ip ff02::13\n${six(2)}`), []);
});

test("the real machine: files, globs, users, groups and modes", () => {
  const directory = mkdtempSync(join(tmpdir(), "config-"));
  try {
    writeFileSync(join(directory, "b.conf"), "two");
    writeFileSync(join(directory, "a.conf"), "one", { mode: 0o640 });
    const system = nodeConfigSystem(() => new Set(["x0"]));
    assert.equal(Buffer.from(system.readFile(join(directory, "a.conf"))).toString(), "one");
    assert.throws(() => system.readFile(join(directory, "c.conf")), { code: "ENOENT" });
    assert.throws(() => system.readFile(directory), { code: "EISDIR" });
    assert.deepEqual(system.glob(join(directory, "*.conf")), [
      join(directory, "a.conf"),
      join(directory, "b.conf"),
    ]);
    assert.deepEqual(system.glob(join(directory, "[ab].conf")).length, 2);
    assert.deepEqual(system.interfaces(), new Set(["x0"]));
    assert.equal(system.multicast?.("lo"), false);
    assert.equal(system.mtu?.("lo"), 65_536);
    for (const name of ["x0", "..", "../lo"]) assert.equal(system.multicast?.(name), undefined);
    assert.deepEqual(system.user("root"), { uid: 0, gid: 0 });
    assert.equal(system.user("no such user"), undefined);
    assert.equal(system.group("root"), 0);
    assert.equal(system.statScript(join(directory, "a.conf"))?.mode, 0o640);
    assert.equal(system.statScript(join(directory, "a.conf"))?.isFile, true);
    assert.equal(system.statScript(join(directory, "c.conf")), undefined);
    assert.equal(system.statScript(join(directory, "a.conf/x")), undefined);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
