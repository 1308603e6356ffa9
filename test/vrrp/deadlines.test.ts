import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { Instant } from "../../src/base/units.ts";
import { DeadlineQueue } from "../../src/vrrp/deadlines.ts";

const at = (n: number): Instant => n as Instant;

describe("deadlines", () => {
  test("the earliest key comes first, and only when it is due", () => {
    const q = new DeadlineQueue<string>();
    q.set("b", at(20));
    q.set("a", at(10));
    assert.equal(q.next(), 10);
    assert.equal(q.takeDue(at(9)), undefined);
    assert.equal(q.takeDue(at(10)), "a");
    assert.equal(q.takeDue(at(10)), undefined);
    assert.equal(q.next(), 20);
  });

  test("moving and removing a deadline leaves nothing of the old one", () => {
    const q = new DeadlineQueue<string>();
    q.set("a", at(10));
    q.set("a", at(30));
    q.set("b", at(20));
    q.set("b", undefined);
    assert.equal(q.next(), 30);
    q.set("a", at(5));
    assert.equal(q.takeDue(at(100)), "a");
    assert.equal(q.takeDue(at(100)), undefined);
    assert.equal(q.next(), undefined);
  });

  test("it agrees with a sorted list", () => {
    const change = fc.tuple(fc.integer({ min: 0, max: 8 }), fc.option(fc.integer({ min: 0, max: 50 })));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
        const q = new DeadlineQueue<number>();
        const model = new Map<number, number>();
        for (const [key, when] of changes) {
          q.set(key, when === null ? undefined : at(when));
          if (when === null) model.delete(key);
          else model.set(key, when);
        }
        const order: number[] = [];
        for (let next = q.next(); next !== undefined; next = q.next()) {
          order.push(next);
          q.takeDue(next);
        }
        assert.deepEqual(
          order,
          [...model.values()].sort((a, b) => a - b),
        );
      }),
    );
  });
});
