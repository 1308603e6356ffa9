/**
 * Catches signals, those above 31 included, which Node alone would die of. Decides nothing: it maps
 * names and numbers to callbacks and undoes that again.
 */
import { constants } from "node:os";
import type { Native } from "../net/native-api.ts";

/** keepalived's own names for the real-time signals it uses (process-and-cli of keepalived(8)). */
export const REALTIME = { json: 36, statsClear: 63, threadDump: 64 } as const;

/** The numbers that `--signum=NAME` prints. */
export const SIGNAL_NUMBERS: ReadonlyMap<string, number> = new Map([
  ["STOP", constants.signals.SIGTERM],
  ["RELOAD", constants.signals.SIGHUP],
  ["DATA", constants.signals.SIGUSR1],
  ["STATS", constants.signals.SIGUSR2],
  ["STATS_CLEAR", REALTIME.statsClear],
  ["JSON", REALTIME.json],
  ["TDUMP", REALTIME.threadDump],
]);

/**
 * @param native catches the numbers; names are caught by Node
 * @returns the undo
 */
export function onSignals(
  native: Pick<Native, "onSignal">,
  handlers: ReadonlyMap<NodeJS.Signals | number, () => void>,
): () => void {
  const undo: (() => void)[] = [];
  for (const [signal, caught] of handlers) {
    if (typeof signal === "number") undo.push(native.onSignal(signal, caught));
    else {
      process.on(signal, caught);
      undo.push(() => process.off(signal, caught));
    }
  }
  return () => {
    for (const u of undo) u();
  };
}

/** `Killed` for SIGKILL: how the log describes a signal, as strsignal(3) does. */
export function describeSignal(signal: NodeJS.Signals): { readonly number: number; readonly text: string } {
  return { number: constants.signals[signal], text: DESCRIPTIONS[signal] ?? signal };
}

const DESCRIPTIONS: Partial<Record<NodeJS.Signals, string>> = {
  SIGHUP: "Hangup",
  SIGINT: "Interrupt",
  SIGQUIT: "Quit",
  SIGILL: "Illegal instruction",
  SIGTRAP: "Trace/breakpoint trap",
  SIGABRT: "Aborted",
  SIGBUS: "Bus error",
  SIGFPE: "Floating point exception",
  SIGKILL: "Killed",
  SIGSEGV: "Segmentation fault",
  SIGPIPE: "Broken pipe",
  SIGALRM: "Alarm clock",
  SIGTERM: "Terminated",
  SIGXCPU: "CPU time limit exceeded",
  SIGSYS: "Bad system call",
};
