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
  /** runs beside those before it when they take longer than this; undefined: waits as long as they take */
  readonly patienceMicros?: number | undefined;
}

/** An end for scripts that run or wait: those that wait begin at once, none runs for longer than this. */
export interface ScriptEnd {
  /** beginning of the names of the queues that are meant */
  readonly queues: string;
  /** until the polite signal */
  readonly termMicros: number;
  /** until the final one */
  readonly killMicros: number;
}

export type ScriptCommand =
  | { readonly kind: "runScript"; readonly request: ScriptRequest }
  | { readonly kind: "endScripts"; readonly end: ScriptEnd };

export type ScriptResult =
  | { readonly kind: "exited"; readonly status: number }
  | { readonly kind: "signalled"; readonly signal: string }
  | { readonly kind: "timedOut" }
  /** never ran: `code` is an errno name, or EAGAIN when its queue is full, or EPIPE when the runner died */
  | { readonly kind: "failed"; readonly code: string };

/** A script that was started. */
export interface RunningScript {
  /** never rejects: bad luck is a `ScriptResult` */
  readonly ended: Promise<ScriptResult>;
  /** sends a signal to the whole process group, if there is one still */
  signal(name: "SIGTERM" | "SIGKILL"): void;
}
