import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Centiseconds } from "../../src/base/units.ts";
import { activeDownInterval, skewTime, skewTimeV2, skewTimeV3 } from "../../src/vrrp/timers.ts";

const cs = (n: number): Centiseconds => n as Centiseconds;

describe("timers", () => {
  test("version 2 skews by 256ths of a second, whatever the interval (RFC 3768 §6.1)", () => {
    assert.equal(skewTimeV2(1), 996_093);
    assert.equal(skewTimeV2(90), 648_437);
    assert.equal(skewTimeV2(100), 609_375);
    assert.equal(skewTimeV2(254), 7_812);
    assert.equal(skewTimeV2(255), 3_906);
    const at3s = { version: 2, priority: 100, activeAdverInterval: cs(300), downTimerAdverts: 3 } as const;
    assert.equal(skewTime(at3s), 609_375);
  });

  test("version 3 skews by 256ths of the active router's interval (RFC 9568 §6.1)", () => {
    assert.equal(skewTimeV3(100, cs(100)), 609_375);
    assert.equal(skewTimeV3(100, cs(300)), 1_828_125);
    assert.equal(skewTimeV3(100, cs(10)), 60_937);
    assert.equal(skewTimeV3(255, cs(1)), 39);
    assert.equal(skewTimeV3(1, cs(4095)), 40_790_039);
    assert.equal(skewTimeV3(100, cs(10.7)), 60_937);
  });

  test("a backup waits for three missing adverts and its skew (RFC 9568 §6.1)", () => {
    const t = { version: 2, priority: 100, activeAdverInterval: cs(100), downTimerAdverts: 3 } as const;
    assert.equal(activeDownInterval(t), 3_609_375);
    assert.equal(activeDownInterval({ ...t, activeAdverInterval: cs(300) }), 9_609_375);
    assert.equal(activeDownInterval({ ...t, version: 3, activeAdverInterval: cs(300) }), 10_828_125);
    assert.equal(activeDownInterval({ ...t, version: 3, priority: 254, activeAdverInterval: cs(3) }), 90_234);
  });

  test("down_timer_adverts replaces the three", () => {
    const t = { version: 2, priority: 90, activeAdverInterval: cs(100) } as const;
    assert.equal(activeDownInterval({ ...t, downTimerAdverts: 1 }), 1_648_437);
    assert.equal(activeDownInterval({ ...t, downTimerAdverts: 100 }), 100_648_437);
  });
});
