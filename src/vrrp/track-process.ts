/**
 * Whether as many processes run as a `vrrp_track_process` asks for, and how long that may be otherwise.
 * Decides which process counts and what their number means; never looks at processes.
 *
 * @see keepalived.conf(5) vrrp_track_process
 */
import { after, type Instant } from "../base/units.ts";
import type { TrackProcessConfig } from "../config/model-vrrp.ts";

/** What /proc says of one process. */
export interface ProcessFacts {
  /** /proc/PID/comm without its end of line: at most 15 bytes */
  readonly comm: string;
  /** /proc/PID/cmdline split at NUL; empty for kernel threads */
  readonly arguments: readonly string[];
}

/** How a process began or ceased to count. `exec` stands for everything that needs no patience. */
export type ProcessReason = "fork" | "exit" | "exec";

export interface ProcessState {
  readonly count: number;
  readonly up: boolean;
  /** when the opposite of `up` comes true, unless the count returns before */
  readonly turnAt: Instant | undefined;
}

/** comm holds no more; linux/sched.h TASK_COMM_LEN without the NUL */
const COMM_LENGTH = 15;

export function isProcess(c: TrackProcessConfig, { comm, arguments: args }: ProcessFacts): boolean {
  if (!c.fullCommand) return comm === baseName(c.process).slice(0, COMM_LENGTH);
  const [command, ...given] = args;
  if (command !== c.process) return false;
  if (c.match === "exact" && given.length !== c.parameters.length) return false;
  if (given.length < c.parameters.length) return false;
  const last = c.parameters.length - 1;
  return c.parameters.every((wanted, i) =>
    c.match === "initial" && i === last ? given[i]?.startsWith(wanted) : given[i] === wanted,
  );
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** What a look at all processes found: no patience at the start. */
export function freshProcesses(c: TrackProcessConfig, count: number): ProcessState {
  return { count, up: isQuorate(c, count), turnAt: undefined };
}

/** @param count after the event */
export function countProcesses(
  c: TrackProcessConfig,
  s: ProcessState,
  count: number,
  reason: ProcessReason,
  now: Instant,
): ProcessState {
  if (isQuorate(c, count) === s.up) return { count, up: s.up, turnAt: undefined };
  const delay = reason === "fork" ? c.forkDelay : reason === "exit" ? c.terminateDelay : 0;
  if (delay === 0) return { count, up: !s.up, turnAt: undefined };
  return { count, up: s.up, turnAt: s.turnAt ?? after(now, delay as typeof c.forkDelay) };
}

/** Time has passed. */
export function ripenProcesses(s: ProcessState, now: Instant): ProcessState {
  return s.turnAt === undefined || now < s.turnAt ? s : { ...s, up: !s.up, turnAt: undefined };
}

function isQuorate(c: TrackProcessConfig, count: number): boolean {
  return count >= c.quorum && (c.quorumMax === undefined || count <= c.quorumMax);
}
