/**
 * What is asked of whoever runs scripts, and what comes of it. Plain data: it travels between processes.
 */
import type { ScriptRef } from "../config/model.ts";

export interface ScriptRequest {
  /** chosen by the child, unique in its life */
  readonly id: number;
  readonly script: ScriptRef;
  /** appended to the script's own arguments */
  readonly extraArgs: readonly string[];
  /** scripts of one queue run one after another, in order; different queues run side by side */
  readonly queue: string;
  /** killed (TERM, then KILL) after this many microseconds; undefined: no limit */
  readonly timeoutMicros: number | undefined;
}

export type ScriptResult =
  | { readonly kind: "exited"; readonly status: number }
  | { readonly kind: "signalled"; readonly signal: string }
  | { readonly kind: "timedOut" }
  /** never ran: `code` is an errno name, or EAGAIN when its queue is full, or EPIPE when the runner died */
  | { readonly kind: "failed"; readonly code: string };
