import assert from "node:assert/strict";
import { test } from "node:test";
import type { SyncGroupConfig } from "../../src/config/model-vrrp.ts";
import {
  evaluateObjects,
  fileTurned,
  type ObjectKind,
  type ObjectStatus,
  type ObjectTracker,
  withGroupTracking,
} from "../../src/vrrp/tracked-objects.ts";
import { evaluateTrackers } from "../../src/vrrp/tracker.ts";
import { instance } from "./model.ts";

const up: ObjectStatus = { kind: "up" };
const down: ObjectStatus = { kind: "down" };
const pending: ObjectStatus = { kind: "pending" };
const value = (n: number): ObjectStatus => ({ kind: "value", value: n });

function outcome(
  weight: number,
  status: ObjectStatus,
  more: { reverse?: boolean; kind?: ObjectKind; running?: boolean } = {},
): number | readonly string[] {
  const kind = more.kind ?? (status.kind === "value" ? "file" : "script");
  const tracker: ObjectTracker = { kind, name: "x", weight, reverse: more.reverse ?? false };
  const { weight: sum, faults } = evaluateObjects([tracker], () => status, more.running ?? false);
  return faults.length > 0 ? faults : sum;
}

test("without a weight a failure is a fault, reversed a success", () => {
  for (const kind of ["script", "process", "bfd"] as const) {
    assert.equal(outcome(0, up, { kind }), 0);
    assert.deepEqual(outcome(0, down, { kind }), [`tracked:${kind}:x`]);
    assert.deepEqual(outcome(0, up, { kind, reverse: true }), [`tracked:${kind}:x`]);
    assert.equal(outcome(0, down, { kind, reverse: true }), 0);
  }
});

test("a positive weight counts while it works, a negative one while it does not, reverse turns the sign", () => {
  assert.equal(outcome(10, up), 10);
  assert.equal(outcome(10, down), 0);
  assert.equal(outcome(-10, up), 0);
  assert.equal(outcome(-10, down), -10);
  assert.equal(outcome(10, up, { reverse: true }), -10);
  assert.equal(outcome(-10, down, { reverse: true }), 10);
});

test("what has not reported yet holds only an instance that has not begun, and only without a weight", () => {
  assert.deepEqual(outcome(0, pending), ["pending:script:x"]);
  assert.equal(outcome(0, pending, { running: true }), 0);
  assert.equal(outcome(10, pending), 0);
  assert.equal(outcome(-10, pending), 0);
});

test("a file contributes its number times the weight, at most 253; below -253 it is a fault", () => {
  assert.equal(outcome(1, value(5)), 5);
  assert.equal(outcome(-3, value(5)), -15);
  assert.equal(outcome(3, value(5), { reverse: true }), -15);
  assert.equal(outcome(2, value(1000)), 253);
  assert.equal(outcome(1, value(-253)), -253);
  assert.deepEqual(outcome(1, value(-254)), ["tracked:file:x"]);
  assert.equal(outcome(0, value(0)), 0);
  assert.deepEqual(outcome(0, value(-1)), ["tracked:file:x"]);
  assert.deepEqual(outcome(0, value(0), { reverse: true }), ["tracked:file:x"]);
  assert.equal(outcome(0, value(7), { reverse: true }), 0);
});

test("priorities stay between 1 and 254, an owner's never changes", () => {
  const priority = (base: number, weight: number): number =>
    evaluateTrackers(base, [], () => true, { weight, faults: [] }).priority;
  assert.equal(priority(100, 20), 120);
  assert.equal(priority(100, 253), 254);
  assert.equal(priority(100, -253), 1);
  assert.equal(priority(255, -253), 255);
});

test("a file says when it turns to fault and back, and other objects say nothing", () => {
  const tracker: ObjectTracker = { kind: "file", name: "x", weight: 0, reverse: false };
  const faulty = new Set(["tracked:file:x"] as const);
  assert.deepEqual(
    fileTurned(tracker, () => value(1), new Set()),
    { file: "x", fault: true },
  );
  assert.deepEqual(
    fileTurned(tracker, () => value(0), faulty),
    { file: "x", fault: false },
  );
  assert.equal(
    fileTurned(tracker, () => value(2), faulty),
    undefined,
  );
  assert.equal(
    fileTurned({ ...tracker, kind: "script" }, () => down, new Set()),
    undefined,
  );
});

test("members track what their group tracks, their own lines first", () => {
  const tracked = (name: string, weight: number) => ({ name, weight, reverse: false });
  const group = {
    members: ["VI_1"],
    trackInterface: [{ interface: "eth9", weight: 0, reverse: false }],
    trackScripts: [tracked("chk", 5), tracked("more", 6)],
    trackFiles: [],
    trackProcesses: [],
    trackBfd: [],
  } as unknown as SyncGroupConfig;
  const members = [
    instance({ trackScripts: [tracked("chk", 1)] }),
    instance({ name: "VI_2", trackScripts: [tracked("chk", 2)] }),
  ];
  const [first, second] = withGroupTracking(members, [group]);
  assert.deepEqual(first?.trackScripts, [tracked("chk", 1), tracked("more", 6)]);
  assert.deepEqual(
    first?.trackInterface.map((t) => t.interface),
    ["eth9"],
  );
  assert.equal(second, members[1]);
});
