import assert from "node:assert/strict";
import { test } from "node:test";
import type { Instant, Micros } from "../../src/base/units.ts";
import { type ChildExit, decideRestart } from "../../src/process/restart-policy.ts";

const crash: ChildExit = { kind: "signalled", signal: "SIGSEGV" };

/** A child that dies `lived` microseconds after each of its starts: the pauses before its restarts. */
function pauses(lived: readonly number[]): number[] {
  let lastDelay: Micros | undefined;
  return lived.map((l) => {
    const startedAt = 5_000_000 as Instant;
    const decision = decideRestart({ lastDelay, startedAt }, crash, (5_000_000 + l) as Instant);
    assert.equal(decision.kind, "restart");
    if (decision.kind === "restart") lastDelay = decision.delay;
    return lastDelay as number;
  });
}

test("the first restart is immediate, then 1, 2, 4 and up to 60 s while the child dies at once", () => {
  assert.deepEqual(
    pauses([10, 10, 10, 10, 10, 10, 10, 10, 10, 10]),
    [
      0, 1_000_000, 2_000_000, 4_000_000, 8_000_000, 16_000_000, 32_000_000, 60_000_000, 60_000_000,
      60_000_000,
    ],
  );
});

test("a child that held out longer than the latest pause restarts at once", () => {
  assert.deepEqual(pauses([10, 10, 10, 2_000_001, 10]), [0, 1_000_000, 2_000_000, 0, 1_000_000]);
});

test("a child that held out for less than the latest pause waits twice as long", () => {
  assert.deepEqual(pauses([10, 10, 10, 1_999_999]), [0, 1_000_000, 2_000_000, 4_000_000]);
});

test("an exit status of 0 counts as a death", () => {
  const decision = decideRestart(
    { lastDelay: undefined, startedAt: 0 as Instant },
    { kind: "exited", status: 0 },
    9 as Instant,
  );
  assert.deepEqual(decision, { kind: "restart", delay: 0 });
});

test("an exit status of 70 is an internal error and leads to a restart", () => {
  const decision = decideRestart(
    { lastDelay: undefined, startedAt: 0 as Instant },
    { kind: "exited", status: 70 },
    9 as Instant,
  );
  assert.deepEqual(decision, { kind: "restart", delay: 0 });
});

for (const [status, error] of [
  [1, "FATAL"],
  [2, "CONFIG"],
  [4, "MISSING_PERMISSION"],
] as const) {
  test(`an exit status of ${status} ends the daemon with ${status}`, () => {
    const state = { lastDelay: undefined, startedAt: 0 as Instant };
    assert.deepEqual(decideRestart(state, { kind: "exited", status }, 9 as Instant), {
      kind: "terminate",
      status,
      error,
    });
  });
}
