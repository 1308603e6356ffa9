import assert from "node:assert/strict";
import { test } from "node:test";
import { type Centiseconds, millis, seconds } from "../../src/base/units.ts";
import { judge, limited, longestDelay } from "../../src/vrrp/debounce.ts";

const delays = { down: seconds(2), up: seconds(5) };
const none = { down: millis(0), up: millis(0) };

test("a change without a delay is believed at once, with one it is waited for", () => {
  assert.deepEqual(judge(true, false, false, none), { kind: "believe" });
  assert.deepEqual(judge(true, false, false, delays), { kind: "wait", delay: 2_000_000 });
  assert.deepEqual(judge(false, true, false, delays), { kind: "wait", delay: 5_000_000 });
  assert.deepEqual(judge(false, true, false, { ...delays, up: millis(0) }), { kind: "believe" });
});

test("a change that does not last is forgotten, one that lasts is waited for once", () => {
  assert.deepEqual(judge(true, true, true, delays), { kind: "cancel" });
  assert.deepEqual(judge(true, false, true, delays), { kind: "same" });
  assert.deepEqual(judge(true, true, false, delays), { kind: "same" });
});

test("no delay is longer than a backup waits", () => {
  assert.equal(longestDelay(3, 100 as Centiseconds), 1_996_093);
  assert.equal(longestDelay(2, 10 as Centiseconds), 99_609);
  assert.equal(longestDelay(1, 100 as Centiseconds), 0);
  assert.deepEqual(limited(delays, 1_996_093 as typeof delays.up), { down: 1_996_093, up: 1_996_093 });
});
