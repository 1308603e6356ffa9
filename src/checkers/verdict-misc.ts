/**
 * The rule of MISC_CHECK: the generic one with its own sentences, and with misc_dynamic a weight that
 * the exit status names. Pure.
 */
import type { MiscCheckConfig } from "../config/model-lvs.ts";
import type { CheckerSentence } from "../log/catalogue/checkers.ts";
import type { MiscOutcome } from "./checker.ts";
import { adoptState, type CheckerState, initialState, type Names, quiet, type Verdict } from "./verdict.ts";

export interface MiscState extends CheckerState {
  /** the exit status that the weight comes from; 0: the configured one */
  readonly status: number;
}

export function initialMiscState(config: MiscCheckConfig): MiscState {
  return { ...initialState(config), status: 0 };
}

export function adoptMiscState(config: MiscCheckConfig, old: MiscState): MiscState {
  return adoptState(config, old);
}

/**
 * What is to be added to the configured weight so that the status is the weight plus two.
 *
 * @see keepalived.conf(5) "misc_dynamic"
 */
export function addedWeight({ dynamic }: MiscCheckConfig, status: number, weight: number): number {
  return dynamic && status >= 2 ? status - 2 - weight : 0;
}

/** @param place names, and the configured weight of the server */
export function judgeMisc(
  config: MiscCheckConfig,
  state: MiscState,
  outcome: MiscOutcome,
  place: Names & { readonly weight: number },
): Verdict<MiscState> {
  if (outcome.kind === "notRun") return quiet(state, config.delayLoop);
  if (outcome.kind === "success") return succeeded(config, state, outcome.status, place);
  const { realServer, virtualServer } = place;
  if (!state.up && state.hasRun) return quiet(state, config.delayLoop);
  const sentence = (tries: string): CheckerSentence => ({
    id: "misc-failed",
    fields: { realServer, virtualServer, script: scriptOf(config), ...how(outcome), tries },
  });
  if (state.up && state.retries < config.retry) {
    const tries =
      state.retries === 0
        ? `, will do ${config.retry} ${retryWord(config.retry)}`
        : ` on retry ${state.retries}/${config.retry}`;
    const next = { ...state, hasRun: true, retries: state.retries + 1 };
    const sentences = config.logAllFailures ? [sentence(tries)] : [];
    return { report: undefined, sentences, delay: config.delayBeforeRetry, state: next, refused: next };
  }
  const tries =
    config.retry === 0 ? " with retry disabled" : ` after ${config.retry} ${retryWord(config.retry)}`;
  // Only an exit status says something about the weight.
  const status = outcome.reason === "status" ? 0 : state.status;
  return {
    report: state.up ? "down" : "stillDown",
    added: status === state.status ? undefined : 0,
    sentences: [sentence(tries)],
    delay: config.delayLoop,
    state: { up: false, hasRun: true, retries: 0, status },
    refused: { ...state, up: true, hasRun: true, retries: config.retry },
  };
}

function succeeded(
  config: MiscCheckConfig,
  state: MiscState,
  status: number,
  { realServer, virtualServer, weight }: Names & { readonly weight: number },
): Verdict<MiscState> {
  const news = !state.up || !state.hasRun;
  const next: MiscState = { up: true, hasRun: true, retries: 0, status: config.dynamic ? status : 0 };
  return {
    report: state.up ? undefined : "up",
    added: next.status === state.status ? undefined : addedWeight(config, next.status, weight),
    sentences: news
      ? [{ id: "misc-succeeded", fields: { realServer, virtualServer, script: scriptOf(config) } }]
      : [],
    delay: config.delayLoop,
    state: next,
    refused: { ...next, up: false },
  };
}

function scriptOf({ script }: MiscCheckConfig): string {
  return script.argv[0] ?? "";
}

function retryWord(count: number): string {
  return count === 1 ? "retry" : "retries";
}

function how(outcome: MiscOutcome & { kind: "failure" }): { readonly verb: string; readonly cause: string } {
  if (outcome.reason === "timeout") return { verb: "timed out", cause: "" };
  const what = outcome.reason === "signal" ? "due to signal" : "exited with status";
  return { verb: "failed", cause: ` (${what} ${outcome.number})` };
}
