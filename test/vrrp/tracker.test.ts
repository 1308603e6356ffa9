import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { evaluateTrackers, type InterfaceTracker } from "../../src/vrrp/tracker.ts";

const track = (name: string, weight: number, reverse = false): InterfaceTracker => ({
  interface: name,
  weight,
  reverse,
});
const up =
  (...names: readonly string[]) =>
  (name: string) =>
    names.includes(name);

describe("tracked interfaces", () => {
  test("without a weight the wrong state is a fault, by interface", () => {
    const trackers = [track("eth1", 0), track("eth2", 0), track("eth3", 0, true)];
    assert.deepEqual(evaluateTrackers(100, trackers, up("eth1", "eth2")).faults, []);
    assert.deepEqual(evaluateTrackers(100, trackers, up("eth2", "eth3")).faults, [
      "tracked:eth1",
      "tracked:eth3",
    ]);
  });

  test("a positive weight is added while up, a negative one subtracted while down", () => {
    const trackers = [track("eth1", 20), track("eth2", -30)];
    assert.equal(evaluateTrackers(100, trackers, up("eth1", "eth2")).priority, 120);
    assert.equal(evaluateTrackers(100, trackers, up("eth2")).priority, 100);
    assert.equal(evaluateTrackers(100, trackers, up("eth1")).priority, 90);
    assert.equal(evaluateTrackers(100, trackers, up()).priority, 70);
  });

  test("reverse turns the sign", () => {
    assert.equal(evaluateTrackers(100, [track("eth1", 20, true)], up("eth1")).priority, 80);
    assert.equal(evaluateTrackers(100, [track("eth1", -20, true)], up()).priority, 120);
  });

  test("the sum stays between 1 and 254, and an owner is never touched", () => {
    assert.equal(evaluateTrackers(100, [track("a", 253)], up("a")).priority, 254);
    assert.equal(evaluateTrackers(100, [track("a", -253)], up()).priority, 1);
    assert.equal(evaluateTrackers(255, [track("a", -100)], up()).priority, 255);
  });
});
