/**
 * What the runs of a `vrrp_script` say about it: how often it must succeed or fail before that counts.
 * Decides from one outcome after another; never runs anything.
 *
 * @see keepalived.conf(5) vrrp_script rise, fall
 */

/** How one run ended. */
export type ScriptOutcome =
  | { readonly kind: "exited"; readonly status: number }
  | { readonly kind: "signalled"; readonly signal: string }
  | { readonly kind: "timedOut" }
  /** it never ran: an errno name */
  | { readonly kind: "failed"; readonly code: string };

export interface ScriptState {
  /** undefined: no run has ended yet */
  readonly up: boolean | undefined;
  /** 0 to rise + fall - 1; the script is up from `rise` on */
  readonly counter: number;
}

export interface ScriptLimits {
  readonly rise: number;
  readonly fall: number;
  readonly initFail?: boolean;
}

/**
 * One success is enough at the start, and so is one failure. `init_fail` does what keepalived.conf(5) says;
 * keepalived itself forgets it again.
 */
export function freshScript({ rise, initFail = false }: ScriptLimits): ScriptState {
  return initFail ? { up: false, counter: 0 } : { up: undefined, counter: rise - 1 };
}

/** What a run without an end of its own means: nothing, for the machine and not the script was at fault. */
export function isVerdict(outcome: ScriptOutcome): boolean {
  return (
    outcome.kind !== "failed" || !["EAGAIN", "ENOMEM", "EMFILE", "ENFILE", "EPIPE"].includes(outcome.code)
  );
}

export function isSuccess(outcome: ScriptOutcome): boolean {
  return outcome.kind === "exited" && outcome.status === 0;
}

/** @param success of the run that ended */
export function judgeScript({ rise, fall }: ScriptLimits, s: ScriptState, success: boolean): ScriptState {
  if (success) {
    if (s.counter < rise - 1) return { up: s.up ?? false, counter: s.counter + 1 };
    return { up: true, counter: rise + fall - 1 };
  }
  if (s.up === true && s.counter > rise) return { up: true, counter: s.counter - 1 };
  return { up: false, counter: 0 };
}

/** A reload may change the limits; what is known stays. */
export function adaptScript({ rise, fall }: ScriptLimits, s: ScriptState): ScriptState {
  if (s.up === undefined) return freshScript({ rise, fall });
  return s.up
    ? { up: true, counter: Math.max(rise, Math.min(s.counter, rise + fall - 1)) }
    : { up: false, counter: Math.min(s.counter, rise - 1) };
}
