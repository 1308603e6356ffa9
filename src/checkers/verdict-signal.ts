/**
 * The rules of checkers that are told instead of asking: FILE_CHECK and BFD_CHECK. What they hear counts at
 * once, without retries. Pure.
 */
import type { Micros } from "../base/units.ts";
import type { BfdCheckConfig, FileCheckConfig } from "../config/model-lvs.ts";
import type { CheckerState, Names, Verdict } from "./verdict.ts";

export interface SignalState extends CheckerState {
  /** what the checker adds to the weight of its server */
  readonly added: number;
}

/** What such a checker is told. */
export type Signal =
  | { readonly kind: "bfd"; readonly up: boolean }
  | {
      readonly kind: "file";
      /** the number in it */
      readonly value: number;
      /** of the `track_file`, for checkers that say nothing else */
      readonly weight: number;
      readonly reverse: boolean;
    };

export type SignalCheckConfig = FileCheckConfig | BfdCheckConfig;

/** Who is told together. */
export function signalKey(config: SignalCheckConfig): string {
  return config.kind === "BFD_CHECK" ? bfdKey(config.name) : fileKey(config.trackFile);
}

export const bfdKey = (session: string): string => `bfd ${session}`;
export const fileKey = (trackFile: string): string => `file ${trackFile}`;

/** The state before anything is told; a file has always said something. */
export function initialSignalState(config: SignalCheckConfig, signal: Signal | undefined): SignalState {
  if (config.kind === "FILE_CHECK" && signal?.kind === "file")
    return { hasRun: true, retries: 0, ...fileResult(config, signal) };
  return { up: config.kind === "FILE_CHECK" || !config.alpha, hasRun: false, retries: 0, added: 0 };
}

/** What is below this takes the server out, as a fault of VRRP does. */
const FAULT = -2_147_483_648;
const MOST = 2_147_483_647;

/** @see keepalived.conf(5) "FILE_CHECK" */
function fileResult(
  config: FileCheckConfig,
  signal: Extract<Signal, { kind: "file" }>,
): { readonly up: boolean; readonly added: number } {
  const weight = config.weight ?? signal.weight;
  const reverse = config.reverse ?? signal.reverse;
  if (weight === 0) return { up: (signal.value !== 0) === reverse, added: 0 };
  const product = signal.value * weight * (reverse ? -1 : 1);
  if (product <= FAULT) return { up: false, added: 0 };
  return { up: true, added: Math.min(product, MOST) + 0 };
}

/** @returns undefined when the signal is of no use to this checker */
export function judgeSignal(
  config: SignalCheckConfig,
  state: SignalState,
  signal: Signal,
  { realServer }: Names,
): Verdict<SignalState> | undefined {
  const delay = 0 as Micros;
  if (config.kind === "BFD_CHECK") {
    if (signal.kind !== "bfd") return undefined;
    const { up } = signal;
    const news = up !== state.up || !state.hasRun;
    return {
      report: up !== state.up ? (up ? "up" : "down") : news && !up ? "stillDown" : undefined,
      sentences: news ? [{ id: "bfd-check", fields: { realServer, session: config.name, up } }] : [],
      delay,
      state: { up, hasRun: true, retries: 0, added: 0 },
      refused: state,
    };
  }
  if (signal.kind !== "file") return undefined;
  const next = { hasRun: true, retries: 0, ...fileResult(config, signal) };
  return {
    report: next.up === state.up ? undefined : next.up ? "up" : "down",
    added: next.added === state.added ? undefined : next.added,
    sentences: [],
    delay,
    state: next,
    refused: { ...next, up: state.up },
  };
}
