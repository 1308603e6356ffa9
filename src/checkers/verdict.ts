/**
 * From the results of one checker to what its server is told: retries, first results, the several
 * URLs of an HTTP check. Pure; never knows about the other checkers of the server (pool.ts does)
 * nor about sockets. A verdict carries two follow-up states, because the pool may have to refuse a
 * transition (the kernel did not take it) and the next result must then decide again.
 */
import type { Micros } from "../base/units.ts";
import type { CheckerPace, HttpCheckConfig, WebCheckCommon } from "../config/model.ts";
import type { SslCheckConfig } from "../config/model-lvs.ts";
import type { CheckerSentence } from "../log/catalogue/checkers.ts";
import type { HttpFailure, HttpOutcome } from "./checker.ts";

/** What every checker remembers. */
export interface CheckerState {
  /** what the pool believes about this checker */
  readonly up: boolean;
  /** false until the first decisive result; only then logs and notifies compare with the past */
  readonly hasRun: boolean;
  /** failures since the last success; preset to `retry` at start, so that the first one decides */
  readonly retries: number;
}

type WebCheck = HttpCheckConfig | SslCheckConfig;

/** An HTTP check walks through its URLs, one per check. */
export interface HttpCheckerState extends CheckerState {
  /** the URL of the next check */
  readonly url: number;
  /** the URL that took the server down; only it is asked until it answers well again */
  readonly failingUrl: number | undefined;
  /** per URL: the last logged difference between Content-Length and bytes received */
  readonly lengthDifferences: readonly number[];
}

/**
 * What the pool hears: `up` and `down` are transitions; `stillDown` is the first result of a checker
 * that was assumed down and is (its notify script runs although nothing changes).
 */
export type Report = "up" | "down" | "stillDown";

export interface Verdict<S extends CheckerState> {
  readonly report: Report | undefined;
  /** what the checker adds to its server's weight from now on; undefined: as before */
  readonly added?: number | undefined;
  readonly sentences: readonly CheckerSentence[];
  /** pause until the next check, from the end of this one */
  readonly delay: Micros;
  /** the state from now on, when there is no report or the pool took it */
  readonly state: S;
  /** the state when the pool could not take the report */
  readonly refused: S;
}

/** Thousands of checkers begin alike. */
const initialStates = new Map<number, CheckerState>();

/** The state before the first check: failed with alpha, else up. */
export function initialState({ alpha, retry }: CheckerPace): CheckerState {
  const key = 2 * retry + (alpha ? 1 : 0);
  const known = initialStates.get(key);
  if (known !== undefined) return known;
  const state = { up: !alpha, hasRun: false, retries: retry };
  initialStates.set(key, state);
  return state;
}

export function initialHttpState(config: WebCheckCommon): HttpCheckerState {
  return { ...initialState(config), url: 0, failingUrl: undefined, lengthDifferences: [] };
}

/** The state after a reload that changed no more than intervals and retries. */
export function adoptState<S extends CheckerState>(config: CheckerPace, old: S): S {
  return { ...old, retries: old.hasRun ? Math.min(old.retries, config.retry) : config.retry };
}

/** How a real server is called in the log; asked for only when there is something to say. */
export interface Names {
  readonly realServer: string;
  readonly virtualServer: string;
}

/**
 * The rule of HTTP_GET: one URL per check, the whole list must pass; after a failure only the URL
 * that failed is asked, and when it answers the list is walked from its beginning before the server
 * comes back.
 */
export function judgeHttp(
  config: WebCheck,
  state: HttpCheckerState,
  outcome: HttpOutcome,
  names: Names,
): Verdict<HttpCheckerState> {
  if (outcome.kind === "local")
    return said(
      state,
      [{ id: "http-rescheduled", fields: { realServer: names.realServer } }],
      config.delayLoop,
    );
  const sentences: CheckerSentence[] = [];
  const noted = noteLength(config, state, outcome, names, sentences);
  return outcome.kind === "success"
    ? urlSucceeded(config, noted, names, sentences)
    : urlFailed(config, noted, outcome.reason, names, sentences);
}

function urlSucceeded(
  config: WebCheck,
  state: HttpCheckerState,
  names: Names,
  sentences: CheckerSentence[],
): Verdict<HttpCheckerState> {
  const url = config.urls[state.url];
  if (!state.up && url !== undefined)
    sentences.push({
      id: url.digest === undefined ? "http-status-success" : "http-digest-success",
      fields: { realServer: names.realServer, path: url.path },
    });
  const hurried = config.fastRecovery && (!state.up || !state.hasRun);
  const between = hurried ? (0 as Micros) : config.delayLoop;
  if (state.failingUrl !== undefined) {
    const next = { ...state, failingUrl: undefined, url: 0, retries: 0 };
    return { report: undefined, sentences, delay: between, state: next, refused: next };
  }
  if (state.url + 1 < config.urls.length) {
    const next = { ...state, url: state.url + 1, retries: state.hasRun ? 0 : config.retry };
    return { report: undefined, sentences, delay: between, state: next, refused: next };
  }
  if (!state.up || !state.hasRun)
    sentences.push({ id: "http-succeeded", fields: { realServer: names.realServer } });
  const next = { ...state, hasRun: true, url: 0, retries: 0 };
  return {
    report: state.up ? undefined : "up",
    sentences,
    delay: config.delayLoop,
    state: { ...next, up: true },
    refused: next,
  };
}

function urlFailed(
  config: WebCheck,
  state: HttpCheckerState,
  reason: HttpFailure,
  names: Names,
  sentences: CheckerSentence[],
): Verdict<HttpCheckerState> {
  if (state.up && config.logAllFailures)
    sentences.push({ id: sentenceOf(config, reason), fields: { realServer: names.realServer } });
  const pause = Math.max(config.delayBeforeRetry, config.delayLoop) as Micros;
  if (!state.up && state.hasRun)
    return said(state, sentences, state.failingUrl === undefined ? config.delayBeforeRetry : pause);
  if (state.retries < config.retry)
    return said({ ...state, retries: state.retries + 1 }, sentences, config.delayBeforeRetry);
  const down = { ...state, up: false, hasRun: true, retries: 0, failingUrl: state.url };
  // A failed first result of an alpha checker is not reported: keepalived runs no script for it.
  if (!state.up) return said(down, sentences, pause);
  sentences.push({
    id: "http-check-failed",
    fields: { realServer: names.realServer, retries: config.retry },
  });
  return {
    report: "down",
    sentences,
    delay: pause,
    state: down,
    refused: { ...state, hasRun: true, retries: config.retry },
  };
}

function sentenceOf({ kind }: WebCheck, reason: HttpFailure): FailureId {
  if (kind === "SSL_GET" && (reason === "header-timeout" || reason === "body-timeout")) return "ssl-timeout";
  return kind === "SSL_GET" && reason === "read-error" ? "ssl-read-error" : FAILURE_SENTENCE[reason];
}

type FailureId = (typeof FAILURE_SENTENCE)[HttpFailure] | "ssl-timeout" | "ssl-read-error";

const FAILURE_SENTENCE = {
  handshake: "ssl-handshake",
  "network-unreachable": "http-network-unreachable",
  "connect-timeout": "http-connect-timeout",
  "connect-failed": "http-connect-failed",
  "header-timeout": "http-header-timeout",
  "body-timeout": "http-body-timeout",
  "read-error": "http-read-error",
  "no-data": "http-no-data",
  status: "http-status-error",
  digest: "http-digest-error",
} as const;

/** A Content-Length that lies is logged once per new difference and otherwise ignored. */
function noteLength(
  config: WebCheck,
  state: HttpCheckerState,
  outcome: HttpOutcome & { kind: "success" | "failure" },
  names: Names,
  sentences: CheckerSentence[],
): HttpCheckerState {
  const { response } = outcome;
  const path = config.urls[state.url]?.path;
  if (response?.declared === undefined || path === undefined) return state;
  const difference = response.received - response.declared;
  if (difference === (state.lengthDifferences[state.url] ?? 0)) return state;
  if (difference !== 0)
    sentences.push({
      id: "http-length-mismatch",
      fields: {
        realServer: names.realServer,
        virtualServer: names.virtualServer,
        path,
        declared: response.declared,
        received: response.received,
      },
    });
  const lengthDifferences = config.urls.map((_, i) =>
    i === state.url ? difference : (state.lengthDifferences[i] ?? 0),
  );
  return { ...state, lengthDifferences };
}

/** Nothing is news. */
export function quiet<S extends CheckerState>(state: S, delay: Micros): Verdict<S> {
  return said(state, [], delay);
}

/** Something is said, nothing changes: trouble of this machine, for example. */
export function said<S extends CheckerState>(
  state: S,
  sentences: readonly CheckerSentence[],
  delay: Micros,
): Verdict<S> {
  return { report: undefined, sentences, delay, state, refused: state };
}
