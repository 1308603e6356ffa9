import assert from "node:assert/strict";
import { test } from "node:test";
import type { ScriptRef } from "../../src/config/model.ts";
import type { SyncGroupConfig } from "../../src/config/model-vrrp.ts";
import {
  groupNotices,
  instanceNotices,
  lowerPriorityNotices,
  type Notice,
  priorityNotices,
} from "../../src/vrrp/notify.ts";
import { instance } from "./model.ts";

const script = (name: string): ScriptRef => ({ argv: [`/${name}`], uid: 0, gid: 0 });
const all = {
  master: script("master"),
  backup: script("backup"),
  fault: script("fault"),
  stop: script("stop"),
  any: script("any"),
};

function told(notices: readonly Notice[]): readonly string[] {
  return notices.map((n) => {
    if (n.kind === "script") return `${n.queue}: ${[...n.script.argv, ...n.args].join(" ")}`;
    return n.kind === "fifo" ? n.line : `mail ${n.alert.kind} ${n.alert.name} ${n.alert.state}`;
  });
}

test("first the script of the state, then the one for all, then the FIFO, then mail", () => {
  const vi = instance({ notify: all, smtpAlert: true });
  assert.deepEqual(told(instanceNotices(vi, "active", 100)), [
    "INSTANCE VI_1 state: /master",
    "INSTANCE VI_1 any: /any INSTANCE VI_1 MASTER 100",
    'INSTANCE "VI_1" MASTER 100\n',
    "mail INSTANCE VI_1 MASTER",
  ]);
  assert.deepEqual(
    (["backup", "fault", "stopped"] as const).map((to) => told(instanceNotices(vi, to, 7))[0]),
    ["backup", "fault", "stop"].map((name) => `INSTANCE VI_1 state: /${name}`),
  );
});

test("who wants nothing is told nothing but the FIFO's line", () => {
  assert.deepEqual(told(instanceNotices(instance(), "backup", 1)), ['INSTANCE "VI_1" BACKUP 1\n']);
});

test("a deleted instance has a script of its own", () => {
  const vi = instance({ notify: all, notifyDeleted: { report: true, script: script("deleted") } });
  assert.deepEqual(told(instanceNotices(vi, "deleted", 90)), [
    "INSTANCE VI_1 state: /deleted",
    "INSTANCE VI_1 any: /any INSTANCE VI_1 DELETED 90",
    'INSTANCE "VI_1" DELETED 90\n',
  ]);
});

test("a group's priority is 0", () => {
  const group = { name: "G1", notify: all, smtpAlert: true } as unknown as SyncGroupConfig;
  assert.deepEqual(told(groupNotices(group, "fault")), [
    "GROUP G1 state: /fault",
    "GROUP G1 any: /any GROUP G1 FAULT 0",
    'GROUP "G1" FAULT 0\n',
    "mail GROUP G1 FAULT",
  ]);
});

test("an advert of lower priority runs its script without arguments and writes a line", () => {
  const vi = instance({ notifyMasterRxLowerPri: script("lower") });
  assert.deepEqual(told(lowerPriorityNotices(vi, 150)), [
    "INSTANCE VI_1 state: /lower",
    'INSTANCE "VI_1" MASTER_RX_LOWER_PRI 150\n',
  ]);
});

test("changes of priority are lines for those that want them, while active or backup", () => {
  const vi = instance({ notifyPriorityChanges: true });
  assert.deepEqual(told(priorityNotices(vi, "active", 110)), ['INSTANCE "VI_1" MASTER_PRIORITY 110\n']);
  assert.deepEqual(told(priorityNotices(vi, "backup", 90)), ['INSTANCE "VI_1" BACKUP_PRIORITY 90\n']);
  assert.deepEqual(priorityNotices(vi, "fault", 90), []);
  assert.deepEqual(priorityNotices(instance(), "active", 110), []);
});
