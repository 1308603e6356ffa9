/** What a reload may do to groups, in states that no ordinary course leads to. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Centiseconds, Instant } from "../../src/base/units.ts";
import type { VrrpState } from "../../src/vrrp/state.ts";
import { type GroupEffect, type GroupStateName, stepGroup } from "../../src/vrrp/sync-group.ts";

const memory = {
  activeAdverInterval: 100 as Centiseconds,
  peer: undefined,
  complained: [],
  yielding: false,
};
const active: VrrpState = { ...memory, name: "active", adverAt: 0 as Instant, rival: undefined };
const backup: VrrpState = { ...memory, name: "backup", activeDownAt: 0 as Instant, preemptAt: undefined };
const fault: VrrpState = { name: "fault", causes: ["interface-down"] };

/** The states after it all, and what was asked for, in short. */
function look(state: GroupStateName, ...states: readonly VrrpState[]): readonly [string, readonly string[]] {
  const members = states.map((s, i) => ({ name: `M${i}`, state: s }));
  const { state: after, effects } = stepGroup("G", state, members, false, undefined);
  return [after, effects.map(short)];
}

function short(effect: GroupEffect): string {
  if (effect.kind === "publishGroup") return `is ${effect.to}`;
  if (effect.kind === "log") return "says so";
  const { event } = effect;
  if (event.kind === "groupDirected") return `${effect.member} to ${event.to}`;
  return "cause" in event ? `${effect.member} ${event.kind} ${event.cause}` : effect.member;
}

test("active instances that form a group are an active group", () => {
  assert.deepEqual(look("initialize", active, active), ["active", ["is active"]]);
});

test("an active instance that comes to a group of others waits with them", () => {
  assert.deepEqual(look("initialize", active, backup), ["backup", ["is backup"]]);
  assert.deepEqual(look("backup", active, backup), ["backup", ["M0 to backup"]]);
});

test("a waiting instance that comes to an active group takes it to backup", () => {
  assert.deepEqual(look("active", active, backup), ["backup", ["says so", "M0 to backup", "is backup"]]);
});

test("a faulty instance that comes to an active group takes it to fault", () => {
  assert.deepEqual(look("active", active, fault), [
    "active",
    ["M0 faultRaised group", "says so", "M1 faultRaised group"],
  ]);
});

test("a group without members that live does nothing", () => {
  assert.deepEqual(look("active", { name: "stopped" }, { name: "stopped" }), ["active", []]);
});
