import assert from "node:assert/strict";
import { test } from "node:test";
import { DaemonError } from "../../src/base/errors.ts";
import { type IpvsPort, KernelTable, mergeEntries, reasonOf } from "../../src/checkers/kernel-table.ts";
import { poolEntry } from "../../src/checkers/pool-state.ts";
import type { IpvsEntry, IpvsOperation } from "../../src/ipvs/model.ts";
import { checkerLine } from "../../src/log/catalogue/checkers.ts";
import { ip, operationText, real, sorry, virtual } from "./support.ts";

const CONFIG = virtual([real(2), real(3)], {
  where: "keepalived.conf:12",
  scheduler: "foo",
  sorryServer: sorry(),
});
const SERVICE = { kind: "address", protocol: "tcp", address: ip("10.1.0.1"), port: 80 } as const;

function entryOf(config = CONFIG, up = true): IpvsEntry {
  const entry = poolEntry(config, { quorumUp: up, failed: new Map() });
  assert.ok(entry);
  return entry;
}
const destination = (n: number): { address: ReturnType<typeof ip>; port: number } => ({
  address: ip(`10.0.0.${n}`),
  port: 80,
});
const addService: IpvsOperation = { kind: "addService", service: entryOf().service };
const add = (n: number): IpvsOperation => ({
  kind: "addDestination",
  service: SERVICE,
  destination: { ...destination(n), forwarding: "direct", weight: 1, upperThreshold: 0, lowerThreshold: 0 },
});
const remove = (n: number): IpvsOperation => ({
  kind: "deleteDestination",
  service: SERVICE,
  destination: destination(n),
});

/** Answers operations in order from a script of errno names; records what it was asked. */
function tableWith(answers: readonly (string | undefined)[]): {
  table: KernelTable;
  asked: string[];
  log: string[];
} {
  const asked: string[] = [];
  const log: string[] = [];
  const rest = [...answers];
  const port: IpvsPort = {
    dump: () => new Map(),
    diff: () => [],
    apply: (operations) =>
      operations.map((o) => {
        asked.push(operationText(o));
        const code = rest.shift();
        if (code === "DEAD") throw new DaemonError("sendmsg", 32, "EPIPE");
        return code === undefined
          ? undefined
          : new DaemonError("IPVS_CMD", 1, code, { detail: `because ${code}` });
      }),
    flush: () => {},
    close: () => {},
  };
  const table = new KernelTable(
    port,
    (key) => (key === "TCP 10.1.0.1:80" ? CONFIG : undefined),
    (s) => log.push(checkerLine(s).text),
  );
  return { table, asked, log };
}

test("a refused service is named with its place, once, and its servers are not tried", () => {
  const { table, log, asked } = tableWith(["ENOENT", "ESRCH", undefined]);
  assert.equal(table.apply([addService, add(2)]), false);
  assert.deepEqual(log, ["virtual_server 10.1.0.1:80 (keepalived.conf:12): because ENOENT"]);
  assert.equal(table.apply([remove(2)]), true);
  assert.deepEqual(asked, ["add service foo", "add 10.0.0.2:80 w1"]);
  assert.deepEqual([...table.refused], ["TCP 10.1.0.1:80"]);
  assert.equal(table.apply([addService]), true);
  assert.deepEqual([...table.refused], []);
});

test("a refused real or sorry server is named with its own place", () => {
  const { table, log } = tableWith(["ERANGE", "ERANGE"]);
  assert.equal(table.apply([add(3), add(99)]), false);
  assert.deepEqual(log, [
    "real_server 10.0.0.3:80 (t.conf:3): because ERANGE",
    "sorry_server 10.0.0.99:80 (t.conf:7): because ERANGE",
  ]);
});

test("what is gone already was deleted, what is there already is edited, what is missing is added", () => {
  const gone = tableWith(["ENOENT"]);
  assert.equal(gone.table.apply([remove(2)]), true);
  assert.deepEqual(gone.log, []);
  const there = tableWith(["EEXIST"]);
  assert.equal(there.table.apply([add(2)]), true);
  assert.deepEqual(there.asked, ["add 10.0.0.2:80 w1", "edit 10.0.0.2:80 w1"]);
  const missing = tableWith(["ENOENT"]);
  const edit = { ...add(2), kind: "editDestination" } as IpvsOperation;
  assert.equal(missing.table.apply([edit]), true);
  assert.deepEqual(missing.asked, ["edit 10.0.0.2:80 w1", "add 10.0.0.2:80 w1"]);
});

test("a repair that is refused too is an error, not a loop", () => {
  const { table, log, asked } = tableWith(["EEXIST", "ENOENT"]);
  assert.equal(table.apply([add(2)]), false);
  assert.equal(asked.length, 2);
  assert.deepEqual(log, ["real_server 10.0.0.2:80 (t.conf:2): because ENOENT"]);
});

test("a socket that dies is an error in the log, not an exception", () => {
  const { table, log } = tableWith(["DEAD"]);
  assert.equal(table.apply([add(2)]), false);
  assert.deepEqual(log, ["IPVS: sendmsg: EPIPE"]);
});

test("a service that nobody wrote is named by its key", () => {
  const { table, log } = tableWith(["EPERM"]);
  table.apply([{ kind: "deleteService", identity: { kind: "fwmark", mark: 7, family: "ipv4" } }]);
  assert.deepEqual(log, ["virtual_server FWM 7 (not in the configuration): because EPERM"]);
});

test("the reason is what follows the command's name", () => {
  assert.equal(
    reasonOf(new DaemonError("X", 2, "ENOENT", { detail: 'scheduler "foo": not found' })),
    'scheduler "foo": not found',
  );
  assert.equal(reasonOf(new DaemonError("X", 2, "ENOENT")), "X: ENOENT");
});

test("entries of repeated virtual servers merge: first settings, all servers, living ones first", () => {
  const first = entryOf(
    virtual([real(2), real(3, { inhibitOnFailure: true, weight: 0 })], { scheduler: "rr" }),
  );
  const second = entryOf(virtual([real(3, { weight: 4 }), real(4)], { scheduler: "wlc" }));
  const merged = mergeEntries([first, second]);
  assert.equal(merged?.service.scheduler, "rr");
  assert.deepEqual(
    [...(merged?.destinations.values() ?? [])].map((d) => `${d.address} ${d.weight}`),
    ["10.0.0.2 1", "10.0.0.3 4", "10.0.0.4 1"],
  );
  assert.equal(mergeEntries([]), undefined);
});
