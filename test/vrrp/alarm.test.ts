import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Instant } from "../../src/base/units.ts";
import { Alarm } from "../../src/vrrp/alarm.ts";

const at = (n: number): Instant => n as Instant;

function world() {
  let now = 0;
  let expired = (): void => {};
  const set: number[] = [];
  const wakes: [number, boolean][] = [];
  const alarm = new Alarm<string>(
    (callback) => {
      expired = callback;
      return { set: (when) => set.push(when), close: () => {} };
    },
    { now: () => at(now) },
    (when, late) => wakes.push([when, late]),
  );
  const fire = (when: number): void => {
    now = when;
    expired();
  };
  return { alarm, set, wakes, fire };
}

describe("the alarm", () => {
  test("deadlines of a quarter millisecond share one wake-up, never before the deadline", () => {
    const { alarm, set } = world();
    alarm.set("a", at(10_010));
    alarm.set("b", at(10_020));
    alarm.arm(undefined);
    alarm.arm(undefined);
    assert.deepEqual(set, [10_250]);
    alarm.set("a", at(9_999));
    alarm.arm(at(12_000));
    assert.deepEqual(set, [10_250, 10_000]);
  });

  test("a deadline that moves away costs no timer call; one that comes near does", () => {
    const { alarm, set, fire } = world();
    alarm.set("a", at(1_000));
    alarm.arm(undefined);
    alarm.set("a", at(5_000));
    alarm.arm(undefined);
    fire(1_000);
    assert.equal(alarm.takeDue(at(1_000)), undefined);
    alarm.arm(undefined);
    alarm.arm(at(3_000));
    assert.deepEqual(set, [1_000, 5_000, 3_000]);
  });

  test("it tells a wake-up of a process that slept from an ordinary one", () => {
    const { alarm, wakes, fire } = world();
    alarm.set("a", at(1_000));
    alarm.arm(undefined);
    fire(21_000);
    alarm.arm(undefined);
    fire(21_001 + 1_000);
    alarm.set("a", at(30_000));
    fire(30_000);
    assert.deepEqual(wakes, [
      [21_000, false],
      [22_001, true],
      [30_000, false],
    ]);
  });
});
