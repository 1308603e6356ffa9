/** The arithmetic of BFD's intervals, and nothing else. Pure; integer microseconds. */
import type { Micros } from "../base/units.ts";

/**
 * How often this system sends while nothing else prevents it, before jitter.
 *
 * @param desiredMinTx of this system @param remoteRequiredMinRx what the other one can take
 * @see RFC 5880 §6.8.2
 */
export function transmitInterval(desiredMinTx: Micros, remoteRequiredMinRx: Micros): Micros {
  return Math.max(desiredMinTx, remoteRequiredMinRx) as Micros;
}

/**
 * How long the other system may be silent before it counts as lost.
 *
 * @param multiplier of the other system @param requiredMinRx of this system
 * @see RFC 5880 §6.8.4
 */
export function detectionTime(multiplier: number, requiredMinRx: Micros, remoteDesiredMinTx: Micros): Micros {
  return (multiplier * Math.max(requiredMinRx, remoteDesiredMinTx)) as Micros;
}

/**
 * An interval shortened by 10 to 25 %, which suits every multiplier, 1 included.
 *
 * @param chance 0 to 1
 * @see RFC 5880 §6.8.7
 */
export function jittered(interval: Micros, chance: number): Micros {
  return Math.round(interval * (0.9 - 0.15 * chance)) as Micros;
}
