/**
 * What follows when a child ends unasked: the daemon ends too, or the child is started again, the more
 * patiently the faster it keeps dying. Pure.
 */
import type { Instant, Micros } from "../base/units.ts";
import { between, seconds } from "../base/units.ts";

export type ChildExit =
  | { readonly kind: "exited"; readonly status: number }
  | { readonly kind: "signalled"; readonly signal: NodeJS.Signals };

/** What has to be remembered of a child between two deaths. */
export interface RestartState {
  /** the pause before the latest restart; undefined: it was never restarted */
  readonly lastDelay: Micros | undefined;
  readonly startedAt: Instant;
}

export type RestartDecision =
  | { readonly kind: "terminate"; readonly status: number; readonly error: string }
  | { readonly kind: "restart"; readonly delay: Micros };

/** Statuses that another start would not cure, and how the log names them. */
export const PERMANENT_ERRORS: ReadonlyMap<number, string> = new Map([
  [1, "FATAL"],
  [2, "CONFIG"],
  [4, "MISSING_PERMISSION"],
]);

const FIRST_PAUSE = seconds(1);
const LONGEST_PAUSE = seconds(60);

/**
 * Restarts at once the first time and after a child that held out longer than the pause before it, else
 * after 1, 2, 4 ... 60 s.
 *
 * @param now when the child was seen to have ended
 */
export function decideRestart(state: RestartState, exit: ChildExit, now: Instant): RestartDecision {
  if (exit.kind === "exited") {
    const error = PERMANENT_ERRORS.get(exit.status);
    if (error !== undefined) return { kind: "terminate", status: exit.status, error };
  }
  return { kind: "restart", delay: nextDelay(state, now) };
}

function nextDelay(state: RestartState, now: Instant): Micros {
  if (state.lastDelay === undefined) return seconds(0);
  const lived = between(state.startedAt, now);
  if (lived > Math.max(state.lastDelay, FIRST_PAUSE)) return seconds(0);
  return Math.min(Math.max(2 * state.lastDelay, FIRST_PAUSE), LONGEST_PAUSE) as Micros;
}
