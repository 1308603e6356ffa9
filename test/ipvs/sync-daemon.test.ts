import assert from "node:assert/strict";
import { test } from "node:test";
import type { IpAddress } from "../../src/base/address.ts";
import {
  decodeDaemon,
  encodeDaemonDump,
  encodeDaemonOperation,
  planSyncDaemons,
  type SyncDaemon,
  type SyncDaemonOperation,
  syncDaemonOf,
} from "../../src/ipvs/sync-daemon.ts";

const kernels = { maxlen: undefined, group: undefined, port: undefined, ttl: undefined };
const plain: SyncDaemon = { role: "master", interface: "eth0", id: 51, ...kernels };
const full: SyncDaemon = {
  role: "backup",
  interface: "eth1",
  id: 7,
  maxlen: 1400,
  group: "224.0.0.90" as IpAddress,
  port: 8850,
  ttl: 3,
};

const hex = (o: SyncDaemonOperation): string => encodeDaemonOperation(o).toString("hex");

test("a daemon is started with what the configuration says, and nothing else", () => {
  assert.equal(
    hex({ kind: "startDaemon", daemon: plain }),
    "09010000" + "20000380" + "0800010001000000" + "090002006574683000000000" + "0800030033000000",
  );
  assert.equal(
    hex({ kind: "startDaemon", daemon: full }),
    "09010000" +
      "40000380" +
      "0800010002000000" +
      "090002006574683100000000" +
      "0800030007000000" +
      "0600040078050000" +
      "0600070092220000" +
      "0500080003000000" +
      "08000500e000005a",
  );
});

test("a daemon is stopped by its role", () => {
  assert.equal(hex({ kind: "stopDaemon", role: "backup" }), "0a010000" + "0c000380" + "0800010002000000");
  assert.equal(encodeDaemonDump().toString("hex"), "0b010000");
});

test("what the kernel says of a daemon is read back, and damage is a result", () => {
  const body = encodeDaemonOperation({ kind: "startDaemon", daemon: full });
  assert.deepEqual(decodeDaemon(body), { ok: true, value: full });
  const six = { ...full, group: "ff02::1:5" as IpAddress };
  assert.deepEqual(decodeDaemon(encodeDaemonOperation({ kind: "startDaemon", daemon: six })), {
    ok: true,
    value: six,
  });
  assert.equal(decodeDaemon(body.subarray(0, 4)).ok, false);
  assert.equal(decodeDaemon(body.subarray(0, 30)).ok, false);
  assert.equal(decodeDaemon(Uint8Array.from([9, 1, 0, 0, 4, 0, 3, 0x80])).ok, false);
});

test("a role that changes stops the one and starts the other; what is as wanted stays", () => {
  const backup: SyncDaemon = { ...plain, role: "backup" };
  assert.deepEqual(planSyncDaemons([backup], [plain]), [
    { kind: "stopDaemon", role: "backup" },
    { kind: "startDaemon", daemon: plain },
  ]);
  assert.deepEqual(planSyncDaemons([plain], [plain]), []);
  const asKernelTells = { ...plain, maxlen: 1460, port: 8848, ttl: 1, group: "224.0.0.81" as IpAddress };
  assert.deepEqual(planSyncDaemons([asKernelTells], [plain]), []);
  assert.deepEqual(planSyncDaemons([asKernelTells], [{ ...plain, ttl: 2 }]), [
    { kind: "stopDaemon", role: "master" },
    { kind: "startDaemon", daemon: { ...plain, ttl: 2 } },
  ]);
  assert.deepEqual(planSyncDaemons([plain], [plain, backup]), [{ kind: "startDaemon", daemon: backup }]);
  assert.deepEqual(planSyncDaemons([plain, backup], []), [
    { kind: "stopDaemon", role: "master" },
    { kind: "stopDaemon", role: "backup" },
  ]);
});

test("the id is the configured one, or the instance's VRID", () => {
  const config = { interface: "eth0", instance: "VI_1", id: undefined, ...kernels };
  assert.deepEqual(syncDaemonOf(config, "master", 51), plain);
  assert.equal(syncDaemonOf({ ...config, id: 0 }, "master", 51).id, 0);
});
