/**
 * What parent, children and script runner say about their own life. The sentences about start, reload,
 * restart and stop are keepalived's own, because monitoring looks for them.
 */
import { type Entry, entry, type NoFields } from "../entry.ts";

/** How keepalived calls a child in its sentences. */
type ChildLabel = "VRRP" | "Healthcheck" | "BFD";

export const starting: Entry<{ banner: string }> = entry("starting", "info", (f) => `Starting ${f.banner}`);
export const runningOn: Entry<{ system: string; runtime: string }> = entry(
  "running-on",
  "info",
  (f) => `Running on ${f.system} (runtime ${f.runtime})`,
);
export const commandLine: Entry<{ line: string }> = entry(
  "command-line",
  "info",
  (f) => `Command line: ${f.line}`,
);
export const openingFile: Entry<{ file: string }> = entry(
  "opening-file",
  "info",
  (f) => `Opening file '${f.file}'.`,
  {
    detail: true,
  },
);
export const configurationFile: Entry<{ file: string }> = entry(
  "configuration-file",
  "info",
  (f) => `Configuration file ${f.file}`,
);
export const configFilesMissing: Entry<{ file: string }> = entry(
  "config-files-missing",
  "info",
  (f) => `Config files missing '${f.file}'.`,
);
export const configDiagnostic: Entry<{ text: string }> = entry("config-diagnostic", "warning", (f) => f.text);
export const configUnusable: Entry<{ file: string; errors: number }> = entry(
  "config-unusable",
  "error",
  (f) => `${f.file} cannot be run: ${f.errors} ${f.errors === 1 ? "error" : "errors"}, see above`,
);
export const noConfiguration: Entry<NoFields> = entry(
  "no-configuration",
  "info",
  () => "Warning - keepalived has no configuration to run",
);
export const optionWithoutFunction: Entry<{ option: string }> = entry(
  "option-without-function",
  "notice",
  (f) => `Option --${f.option} is accepted and has no function yet`,
);
export const signalWithoutFunction: Entry<{ signal: string }> = entry(
  "signal-without-function",
  "notice",
  (f) => `Signal ${f.signal} has no function yet`,
);

export const alreadyRunning: Entry<NoFields> = entry(
  "already-running",
  "info",
  () => "daemon is already running",
);
export const pidFileFailed: Entry<{ file: string; reason: string }> = entry(
  "pid-file-failed",
  "error",
  (f) => `Cannot write pid file ${f.file}: ${f.reason}`,
);
export const waitingForPredecessor: Entry<{ file: string }> = entry(
  "waiting-for-predecessor",
  "notice",
  (f) => `Waiting for the process that holds ${f.file} to release what it owns`,
);
export const predecessorStuck: Entry<{ file: string }> = entry(
  "predecessor-stuck",
  "error",
  (f) => `The process that holds ${f.file} does not stop`,
);

export const startingChild: Entry<{ child: ChildLabel; pid: number }> = entry(
  "starting-child",
  "info",
  (f) => `Starting ${f.child} child process, pid=${f.pid}`,
);
export const startFailed: Entry<{ child: ChildLabel; reason: string }> = entry(
  "child-start-failed",
  "error",
  (f) => `${f.child} child process cannot start: ${f.reason}`,
);
export const startupComplete: Entry<NoFields> = entry("startup-complete", "info", () => "Startup complete");

export const childSignalled: Entry<{ pid: number; signal: number; description: string }> = entry(
  "child-signalled",
  "info",
  (f) => `pid ${f.pid} exited due to signal ${f.signal} (${f.description})`,
);
export const childExited: Entry<{ pid: number; status: number }> = entry(
  "child-exited",
  "info",
  (f) => `pid ${f.pid} exited with status ${f.status}`,
);
export const childPermanentError: Entry<{ pid: number; error: string }> = entry(
  "child-permanent-error",
  "error",
  (f) => `pid ${f.pid} exited with permanent error ${f.error}. Terminating`,
);
export const childDied: Entry<{ child: ChildLabel; pid: number; consequence: "Respawning" | "Exiting" }> =
  entry("child-died", "error", (f) => `${f.child} child process(${f.pid}) died: ${f.consequence}`);
export const restartDelayed: Entry<{ child: ChildLabel; seconds: number }> = entry(
  "restart-delayed",
  "info",
  (f) => `Restart of ${f.child} process delayed ${f.seconds} seconds to limit respawn rate`,
);

export const reloading: Entry<NoFields> = entry("reloading", "info", () => "Reloading ...");
export const reloadComplete: Entry<NoFields> = entry("reload-complete", "info", () => "Reload complete");
export const reloadRefused: Entry<{ file: string; errors: number }> = entry(
  "reload-refused",
  "error",
  (f) =>
    `Reload refused: ${f.file} has ${f.errors} ${f.errors === 1 ? "error" : "errors"}, see above; the running configuration stays`,
);
export const reloadPlan: Entry<{ summary: string }> = entry(
  "reload-plan",
  "info",
  (f) => `Reload: ${f.summary}`,
);
export const childReloading: Entry<NoFields> = entry("child-reloading", "info", () => "Reloading");
export const childReloaded: Entry<{ summary: string }> = entry("child-reloaded", "info", (f) => f.summary, {
  detail: true,
});

export const stopping: Entry<NoFields> = entry("stopping", "info", () => "Stopping");
export const childKilled: Entry<{ child: ChildLabel; pid: number }> = entry(
  "child-killed",
  "warning",
  (f) => `${f.child} process(${f.pid}) did not stop in time, sending SIGKILL`,
);
export const stopped: Entry<{ banner: string }> = entry("stopped", "info", (f) => `Stopped ${f.banner}`);
export const childStopped: Entry<{ user: string; system: string }> = entry(
  "child-stopped",
  "info",
  (f) => `Stopped - used ${f.user} user time, ${f.system} system time`,
);

export const parentLost: Entry<NoFields> = entry(
  "parent-lost",
  "error",
  () => "The parent process is gone, releasing everything and stopping",
);
export const internalError: Entry<{ stack: string }> = entry("internal-error", "critical", (f) => f.stack);
export const scriptRunnerDied: Entry<{ pid: number; lost: number }> = entry(
  "script-runner-died",
  "error",
  (f) => `Script runner(${f.pid}) died, ${f.lost} scripts lost`,
);
export const linesLost: Entry<{ lines: number }> = entry(
  "log-lines-lost",
  "warning",
  (f) => `${f.lines} log lines were lost because the log was not read fast enough`,
);
export const schedulingRefused: Entry<{ what: string; reason: string }> = entry(
  "scheduling-refused",
  "warning",
  (f) => `Cannot set ${f.what}: ${f.reason}`,
);
