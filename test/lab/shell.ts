/**
 * Running commands and waiting for the world to change: the two things every system test does.
 * Nothing here knows what is tested, and no wait is without an end.
 */
import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

/** What a finished command left behind. */
export interface CommandResult {
  /** exit status, or -1 when a signal ended it or it could not start */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end, at most `seconds` long (then it is killed), whatever its status. */
export function attempt(argv: readonly string[], seconds = 60): Promise<CommandResult> {
  const [file = "", ...args] = argv;
  return new Promise((resolve) => {
    const options = { timeout: seconds * 1000, killSignal: "SIGKILL", maxBuffer: 64 << 20 } as const;
    execFile(file, args, options, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
      const unstarted = typeof error?.code === "string" ? `${error.message}\n` : "";
      resolve({ status, stdout, stderr: stderr + unstarted });
    });
  });
}

/**
 * Runs a command that has to succeed.
 *
 * @returns its standard output
 * @throws Error naming the command, its status and what it said
 */
export async function run(argv: readonly string[], seconds = 60): Promise<string> {
  const { status, stdout, stderr } = await attempt(argv, seconds);
  if (status !== 0) throw new Error(`${argv.join(" ")}: exit status ${status}\n${stderr}${stdout}`);
  return stdout;
}

/**
 * Polls until the probe returns something truthy.
 *
 * A guest kernel is ten times slower than the machine around it, so the default end is far beyond any
 * time that matters; how long something took is never part of a test.
 *
 * @param probe may return undefined or false for "not yet"; a throw counts as "not yet" and is quoted at the end
 * @throws Error with `what` and the last refusal when the deadline passes
 */
export async function until<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  seconds = 60,
): Promise<T> {
  const end = performance.now() + seconds * 1000;
  let refusal = "";
  do {
    try {
      const found = await probe();
      if (found !== undefined && found !== false) return found;
    } catch (error) {
      refusal = `; last: ${error instanceof Error ? error.message : String(error)}`;
    }
    await sleep(100);
  } while (performance.now() < end);
  throw new Error(`waited ${seconds} s in vain: ${what}${refusal}`);
}

/** Holds for the given time, and fails as soon as the probe does not hold. */
export async function stays(
  what: string,
  probe: () => boolean | Promise<boolean>,
  seconds: number,
): Promise<void> {
  const end = performance.now() + seconds * 1000;
  do {
    if (!(await probe())) throw new Error(`did not last: ${what}`);
    await sleep(100);
  } while (performance.now() < end);
}
