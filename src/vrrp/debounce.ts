/**
 * How long a change of an interface's state must last before it is believed. Decides from what was told so
 * far, what the kernel says and which delays are configured; keeps no time itself.
 *
 * @see keepalived.conf(5) "interface_up_down_delays"
 */
import type { Centiseconds, Micros } from "../base/units.ts";

/** How long a state must last; 0: it is believed at once. */
export interface Delays {
  readonly down: Micros;
  readonly up: Micros;
}

/** What to do about a state: nothing new, forget a change that did not last, wait for it, or believe it. */
export type Verdict =
  | { readonly kind: "same" | "cancel" | "believe" }
  | { readonly kind: "wait"; readonly delay: Micros };

/**
 * @param told what the routers believe
 * @param up what the kernel says now
 * @param waiting whether a change is being waited for already
 */
export function judge(told: boolean, up: boolean, waiting: boolean, delays: Delays): Verdict {
  if (up === told) return { kind: waiting ? "cancel" : "same" };
  if (waiting) return { kind: "same" };
  const delay = up ? delays.up : delays.down;
  return delay > 0 ? { kind: "wait", delay } : { kind: "believe" };
}

/**
 * The longest delay that makes sense on an interface: before a backup would take over. With
 * down_timer_adverts 1 there is no room for any.
 */
export function longestDelay(downTimerAdverts: number, interval: Centiseconds): Micros {
  const micros = interval * 10_000;
  return Math.max(0, Math.floor((downTimerAdverts - 1) * micros - micros / 256)) as Micros;
}

export function limited({ down, up }: Delays, limit: Micros): Delays {
  return { down: Math.min(down, limit) as Micros, up: Math.min(up, limit) as Micros };
}
