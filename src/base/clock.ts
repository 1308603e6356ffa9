/**
 * The clock port. Cores receive instants as arguments; shells receive a `Clock`, which is the
 * real monotonic clock in the daemon and a manual one in tests.
 */
import type { Instant } from "./units.ts";

export interface Clock {
  /** Monotonic now, in microseconds since an arbitrary origin. */
  now(): Instant;
}

/** CLOCK_MONOTONIC, the same origin as the native timers. */
export const monotonicClock: Clock = {
  now: () => {
    const [s, ns] = process.hrtime();
    return (s * 1_000_000 + Math.floor(ns / 1_000)) as Instant;
  },
};
