import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Deadline, Deadlines } from "../../src/base/deadlines.ts";
import type { Instant, Micros } from "../../src/base/units.ts";
import { firstDelay, nextCheckAt, wakeUpFor } from "../../src/checkers/schedule.ts";

interface Item extends Deadline {
  readonly name: string;
}
const item = (name: string): Item => ({ name, at: 0 as Instant, slot: -1 });
const drain = (d: Deadlines<Item>, now: number): string[] => {
  const out: string[] = [];
  for (let x = d.takeDue(now as Instant); x !== undefined; x = d.takeDue(now as Instant)) out.push(x.name);
  return out;
};

test("deadlines come out in their order and only when they are due", () => {
  const d = new Deadlines<Item>();
  d.set(item("c"), 30 as Instant);
  d.set(item("a"), 10 as Instant);
  d.set(item("b"), 20 as Instant);
  assert.equal(d.next, 10);
  assert.deepEqual(drain(d, 20), ["a", "b"]);
  assert.equal(d.next, 30);
  assert.deepEqual(drain(d, 29), []);
  assert.deepEqual(drain(d, 30), ["c"]);
  assert.equal(d.next, undefined);
});

test("setting an item again moves its deadline instead of adding one", () => {
  const d = new Deadlines<Item>();
  const a = item("a");
  const b = item("b");
  d.set(a, 10 as Instant);
  d.set(b, 20 as Instant);
  d.set(a, 30 as Instant);
  assert.equal(d.size, 2);
  assert.deepEqual(drain(d, 100), ["b", "a"]);
  d.clear(a);
  assert.equal(d.size, 0);
});

test("after any sequence of sets and clears the heap hands out what a sorted list would", () => {
  const operation = fc.tuple(fc.nat(9), fc.option(fc.nat(50), { nil: undefined }));
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
      const d = new Deadlines<Item>();
      const items = Array.from({ length: 10 }, (_, i) => item(String(i)));
      const model = new Map<string, number>();
      for (const [i, at] of operations) {
        const x = items[i] as Item;
        if (at === undefined) {
          d.clear(x);
          model.delete(x.name);
        } else {
          d.set(x, at as Instant);
          model.set(x.name, at);
        }
      }
      const times: number[] = [];
      for (let x = d.takeDue(99 as Instant); x !== undefined; x = d.takeDue(99 as Instant)) {
        assert.equal(x.slot, -1);
        assert.equal(x.at, model.get(x.name));
        times.push(x.at);
      }
      assert.deepEqual(
        times,
        [...model.values()].sort((p, q) => p - q),
      );
    }),
  );
});

test("the first check comes anywhere within the warm-up", () => {
  assert.equal(firstDelay(10_000_000 as Micros, 0), 0);
  assert.equal(firstDelay(10_000_000 as Micros, 0.25), 2_500_000);
  assert.equal(firstDelay(0 as Micros, 0.9), 0);
});

test("a wake-up is never before its deadline and lies on the grid of 4 ms", () => {
  assert.equal(wakeUpFor(8_000 as Instant), 8_000);
  assert.equal(wakeUpFor(8_001 as Instant), 12_000);
});

test("the next check is counted from the end of the previous one", () => {
  assert.equal(nextCheckAt(1_500_000 as Instant, 6_000_000 as Micros), 7_500_000);
});
