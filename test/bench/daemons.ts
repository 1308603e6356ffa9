/**
 * Starts either daemon for a measurement, always in the foreground, with files of its own, and ends
 * exactly the processes it started.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export type Which = "c" | "ours";

export interface RunOptions {
  readonly which: Which;
  readonly config: string;
  /** a directory of this run alone: pid files and log */
  readonly directory: string;
  readonly extraArgs?: readonly string[];
  /** command prefix, for example `ip netns exec NAME` */
  readonly prefix?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface RunningDaemon {
  readonly process: ChildProcess;
  /** everything it printed so far */
  log(): string;
  /** SIGTERM, then SIGKILL after 20 s */
  stop(): Promise<void>;
}

/** The executable to measure: Debian's or ours. */
export function executable(which: Which): string {
  return which === "c" ? "/usr/sbin/keepalived" : join(import.meta.dirname, "../../dist/keepalived");
}

export function start(o: RunOptions): RunningDaemon {
  const files = ["-p", "parent", "-r", "vrrp", "-c", "checkers"].map((x, i) =>
    i % 2 === 0 ? x : join(o.directory, `${o.which}-${x}.pid`),
  );
  const command = [
    ...(o.prefix ?? []),
    executable(o.which),
    "-n",
    "-l",
    "-f",
    o.config,
    ...files,
    ...(o.extraArgs ?? []),
  ];
  const [program, ...args] = command;
  const child = spawn(program ?? "", args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...o.env },
  });
  let text = "";
  const collect = (chunk: Buffer): void => {
    if (text.length < 4_000_000) text += chunk.toString();
  };
  child.stdout?.on("data", collect);
  child.stderr?.on("data", collect);
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return {
    process: child,
    log: () => text,
    stop: async () => {
      child.kill("SIGTERM");
      await Promise.race([ended, sleep(20_000, undefined, { ref: false })]);
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Polls until `condition` is true. @returns milliseconds it took; throws after `limitMs` */
export async function until(condition: () => boolean, limitMs: number, everyMs: number): Promise<number> {
  const began = performance.now();
  while (!condition()) {
    if (performance.now() - began > limitMs) throw new Error(`not reached within ${limitMs} ms`);
    await sleep(everyMs);
  }
  return performance.now() - began;
}

/** Pids of all descendants of `pid`, the deepest last. */
export function descendants(pid: number): number[] {
  const out: number[] = [];
  let names: string[] = [];
  try {
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      names = names.concat(
        readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").trim().split(/\s+/).filter(Boolean),
      );
    }
  } catch {
    return out;
  }
  for (const child of names.map(Number)) out.push(child, ...descendants(child));
  return out;
}

/** CPU time in microseconds that all threads of a process have used (schedstat). */
export function cpuMicros(pid: number): number {
  let nanos = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    nanos += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]);
  }
  return nanos / 1_000;
}

/** Resident set of a process in KiB. */
export function residentKib(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "0");
}
