/**
 * VRRP timer arithmetic: the formulas every transition relies on, and nothing else.
 * Pure; integer microseconds, multiplied before divided, so no valid input rounds to zero.
 */
import { type Centiseconds, type Micros, microsFromCentiseconds } from "../base/units.ts";

const ONE_SECOND = 1_000_000;

/**
 * How long a Backup of this priority hesitates after the Active Router falls silent, version 2: the unit
 * is one second whatever the advert interval is.
 *
 * @param priority 1-255; the higher the priority, the shorter the skew
 * @see RFC 3768 §6.1 Skew_Time
 */
export function skewTimeV2(priority: number): Micros {
  return Math.floor(((256 - priority) * ONE_SECOND) / 256) as Micros;
}

/**
 * The same for version 3, where the unit is the Active Router's interval.
 *
 * @param priority 1-255
 * @param activeAdverInterval whole hundredths of a second, at least 1
 * @see RFC 9568 §6.1 Skew_Time
 */
export function skewTimeV3(priority: number, activeAdverInterval: Centiseconds): Micros {
  return Math.floor(
    ((256 - priority) * microsFromCentiseconds(Math.trunc(activeAdverInterval) as Centiseconds)) / 256,
  ) as Micros;
}

/** What the timers of one router depend on. */
export interface TimerInputs {
  readonly version: 2 | 3;
  /** 1-255; 255 for an address owner even while it yields to another one */
  readonly priority: number;
  /** learned in version 3, our own in version 2 */
  readonly activeAdverInterval: Centiseconds;
  /** adverts that may be missing: 1-100, 3 in the RFCs, `down_timer_adverts` in keepalived.conf(5) */
  readonly downTimerAdverts: number;
}

export function skewTime(t: TimerInputs): Micros {
  return t.version === 2 ? skewTimeV2(t.priority) : skewTimeV3(t.priority, t.activeAdverInterval);
}

/**
 * How long a Backup waits for an advert before it takes over.
 *
 * @see RFC 9568 §6.1 Active_Down_Interval
 */
export function activeDownInterval(t: TimerInputs): Micros {
  return (t.downTimerAdverts * microsFromCentiseconds(t.activeAdverInterval) + skewTime(t)) as Micros;
}
