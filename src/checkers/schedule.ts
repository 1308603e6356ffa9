/**
 * When checks run: the random first delay, and the rounding that lets the checks of one moment
 * share a wake-up of the process. Pure; randomness and clock are arguments.
 */
import { after, type Instant, type Micros, millis } from "../base/units.ts";

/**
 * Wake-ups happen on this grid. Far below every interval that the configuration can ask for, far
 * above the cost of a wake-up: 2,000 checks a second share at most 250.
 */
export const TICK: Micros = millis(4);

/**
 * How long after start or reload a checker's first check runs: anywhere within the warm-up, so
 * that the servers are not all asked at once.
 *
 * @param random in [0, 1)
 * @see keepalived.conf(5) "warmup"
 */
export function firstDelay(warmup: Micros, random: number): Micros {
  return Math.floor(warmup * random) as Micros;
}

/** The wake-up that serves a deadline: the next tick at or after it, never before it. */
export function wakeUpFor(deadline: Instant): Instant {
  return (Math.ceil(deadline / TICK) * TICK) as Instant;
}

/** The instant of the next check, counted from the end of the previous one. */
export function nextCheckAt(endedAt: Instant, delay: Micros): Instant {
  return after(endedAt, delay);
}
