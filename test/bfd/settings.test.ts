/** What the words of a bfd_instance mean, and how often complaints are made. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Micros } from "../../src/base/units.ts";
import { after, type Instant, seconds } from "../../src/base/units.ts";
import { Complaints } from "../../src/bfd/complaints.ts";
import { isSameSession, paramsOf, portOf, sourcePorts } from "../../src/bfd/settings.ts";
import { detectionTime, jittered, transmitInterval } from "../../src/bfd/timers.ts";
import { session } from "./net.ts";

describe("source ports (RFC 5881 §4)", () => {
  for (const [range, first, last] of [
    ["32768\t60999\n", 49_152, 60_999],
    ["49152 65535", 49_152, 65_535],
    ["50000 51023", 50_000, 51_023],
    ["50000 51022", 49_152, 65_535],
    ["1024 4999", 49_152, 65_535],
    ["nonsense", 49_152, 65_535],
    [undefined, 49_152, 65_535],
  ] as const)
    test(`of ${JSON.stringify(range)} are ${first} to ${last}`, () =>
      assert.deepEqual(sourcePorts(range), { first, last }));
});

test("a session goes on when it speaks with the same system the same way", () => {
  const one = session("10.0.0.2", "10.0.0.1");
  assert.equal(
    isSameSession(one, session("10.0.0.2", "10.0.0.1", { minTx: 1 as Micros, passive: true, ttl: 3 })),
    true,
  );
  for (const other of [
    session("10.0.0.3", "10.0.0.1"),
    session("10.0.0.2", "10.0.0.9"),
    session("10.0.0.2", undefined),
    session("10.0.0.2", "10.0.0.1", { multihop: true }),
  ])
    assert.equal(isSameSession(one, other), false);
});

test("single hops go to port 3784, others to 4784 (RFC 5881 §4, RFC 5883 §5)", () => {
  assert.deepEqual([portOf(false), portOf(true)], [3784, 4784]);
});

test("a session takes its times from its words", () => {
  assert.deepEqual(paramsOf(session("10.0.0.2", undefined, { multiplier: 7, passive: true })), {
    name: "peer",
    minTx: 100_000,
    idleTx: 1_000_000,
    minRx: 100_000,
    detectMultiplier: 7,
    passive: true,
  });
});

test("intervals and detection times are those of RFC 5880 §6.8.2, §6.8.4 and §6.8.7", () => {
  assert.deepEqual(
    [transmitInterval(10 as Micros, 30 as Micros), transmitInterval(50 as Micros, 30 as Micros)],
    [30, 50],
  );
  assert.deepEqual(
    [detectionTime(3, 100 as Micros, 20 as Micros), detectionTime(5, 100 as Micros, 200 as Micros)],
    [300, 1000],
  );
  assert.deepEqual(
    [0, 0.5, 1].map((chance) => jittered(1_000_000 as Micros, chance)),
    [900_000, 825_000, 750_000],
  );
});

describe("complaints", () => {
  const at = (s: number): Instant => after(1_000_000 as Instant, seconds(s));

  test("are made once a minute for each sender and reason, and the rest is counted", () => {
    const complaints = new Complaints();
    assert.deepEqual(complaints.admit("short", "a", at(0)), { say: true, suppressed: 0 });
    assert.deepEqual(complaints.admit("short", "a", at(1)), { say: false, suppressed: 0 });
    assert.deepEqual(complaints.admit("ttl", "a", at(2)), { say: true, suppressed: 0 });
    assert.deepEqual(complaints.admit("short", "b", at(3)), { say: true, suppressed: 0 });
    assert.deepEqual(complaints.admit("short", "b", at(59.9)), { say: false, suppressed: 0 });
    assert.deepEqual(complaints.admit("short", "a", at(60)), { say: true, suppressed: 2 });
    assert.deepEqual(complaints.admit("short", "b", at(61)), { say: true, suppressed: 0 });
  });

  test("of invented senders are bounded", () => {
    const complaints = new Complaints();
    const said = Array.from({ length: 100 }, (_, i) => complaints.admit("short", `s${i}`, at(0)).say);
    assert.equal(said.filter(Boolean).length, 20);
  });
});
