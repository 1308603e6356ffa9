/**
 * What trackers and those who are notified give to say. Sentences about scripts, files and processes are
 * keepalived's.
 */
import { type Entry, entry, type NoFields } from "../entry.ts";

type OfScript<F = unknown> = Entry<{ script: string } & F>;

export const scriptSucceeded: OfScript = entry(
  "track-script-succeeded",
  "info",
  (f) => `VRRP_Script(${f.script}) succeeded`,
);
export const scriptReturns: OfScript<{ status: number }> = entry(
  "track-script-returns",
  "info",
  (f) => `Script \`${f.script}\` now returning ${f.status}`,
);
export const scriptFailed: OfScript<{ status: number }> = entry(
  "track-script-failed",
  "info",
  (f) => `VRRP_Script(${f.script}) failed (exited with status ${f.status})`,
);
export const scriptKilled: OfScript<{ signal: number }> = entry(
  "track-script-killed",
  "info",
  (f) => `VRRP_Script(${f.script}) failed (due to signal ${f.signal})`,
);
export const scriptTimedOut: OfScript = entry(
  "track-script-timed-out",
  "info",
  (f) => `VRRP_Script(${f.script}) timed_out`,
);
export const scriptNotRun: OfScript<{ code: string }> = entry(
  "track-script-not-run",
  "warning",
  (f) => `VRRP_Script(${f.script}) could not be run: ${f.code}`,
);
export const scriptSkipped: OfScript<{ why: "running" | "ending" }> = entry(
  "track-script-skipped",
  "info",
  (f) =>
    `Track script ${f.script} is ${f.why === "running" ? "already running" : "being timed out"}, expect idle - skipping run`,
);
export const scriptKept: OfScript<{ up: boolean }> = entry(
  "track-script-kept",
  "info",
  (f) => `VRRP_Script(${f.script}) considered ${f.up ? "successful" : "unsuccessful"} on reload`,
);
export const fileNumberInvalid: Entry<{ text: string; file: string }> = entry(
  "track-file-number-invalid",
  "info",
  (f) => `Invalid number ${f.text} read from ${f.file} - ignoring`,
);
export const fileUnusable: Entry<{ name: string; file: string; reason: string }> = entry(
  "track-file-unusable",
  "error",
  (f) => `track_file ${f.name}: ${f.file} cannot be tracked: ${f.reason}`,
);
export const fileNotWritten: Entry<{ file: string; reason: string }> = entry(
  "track-file-not-written",
  "error",
  (f) => `Unable to initialise track file ${f.file}: ${f.reason}`,
);
export const quorumChanged: Entry<{ process: string; gained: boolean }> = entry(
  "track-process-quorum",
  "info",
  (f) => `Quorum ${f.gained ? "gained" : "lost"} for tracked process ${f.process}`,
);
export const processEventsConfirmed: Entry<NoFields> = entry(
  "track-process-events",
  "info",
  () => "proc_events has confirmed it is configured",
  { detail: true },
);
export const processEventsMissing: Entry<{ reason: string; milliseconds: number }> = entry(
  "track-process-polling",
  "notice",
  (f) =>
    `The kernel does not report processes (${f.reason}): tracked processes are looked up every ${f.milliseconds} ms`,
);
export const processEventsLost: Entry<NoFields> = entry(
  "track-process-events-lost",
  "warning",
  () => "Reports about processes were lost - all processes read again",
);
export const fifoFailed: Entry<{ path: string; reason: string }> = entry(
  "notify-fifo-failed",
  "error",
  (f) => `Unable to open notify fifo ${f.path}: ${f.reason}`,
);
export const fifoFull: Entry<{ path: string; lost: number }> = entry(
  "notify-fifo-full",
  "warning",
  (f) => `notify fifo ${f.path} is full: nobody reads it, ${f.lost} ${f.lost === 1 ? "line" : "lines"} lost`,
);
export const fifoScriptEnded: Entry<{ script: string; how: string }> = entry(
  "notify-fifo-script-ended",
  "info",
  (f) => `notify fifo script ${f.script} ${f.how}`,
);
export const notifyScriptFailed: Entry<{ script: string; code: string }> = entry(
  "notify-script-failed",
  "warning",
  (f) => `notify script ${f.script} could not be run: ${f.code}`,
);
export const syncDaemonFailed: Entry<{ what: string; reason: string }> = entry(
  "sync-daemon-failed",
  "error",
  (f) => `lvs_sync_daemon could not ${f.what}: ${f.reason}`,
);
