/**
 * Every run names its namespaces and directories after the process that owns them, so that whatever a
 * crashed run left behind can be told from what a living one uses, and is removed by the next run.
 */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { attempt } from "./shell.ts";

/** Prefix of everything the lab creates outside its own processes. */
const PREFIX = "kalab";

let serial = 0;

/** A name for a namespace or directory that belongs to this process, for example `kalab812x1-lb1`. */
export function ownName(suffix: string, group: number): string {
  return `${PREFIX}${process.pid}x${group}-${suffix}`;
}

/** A number that no other lab of this process has. */
export function nextGroup(): number {
  serial += 1;
  return serial;
}

function ownerIsGone(name: string): boolean {
  const owner = new RegExp(`^${PREFIX}(\\d+)x`).exec(name)?.[1];
  return owner !== undefined && !existsSync(`/proc/${owner}`);
}

/** Kills the processes inside a namespace of ours and removes it. */
export async function removeNamespace(name: string): Promise<void> {
  for (const pid of (await attempt(["ip", "netns", "pids", name])).stdout.split("\n")) {
    if (pid !== "") kill(Number(pid));
  }
  await attempt(["ip", "netns", "delete", name]);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // it ended by itself meanwhile
  }
}

/** Kills whatever still carries a directory of a dead run on its command line: guests and their helpers. */
function killUsersOf(directory: string): void {
  for (const pid of readdirSync("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      if (readFileSync(`/proc/${pid}/cmdline`, "latin1").includes(directory)) kill(Number(pid));
    } catch {
      // processes come and go while we look
    }
  }
}

/** Removes what crashed runs left: processes, namespaces, directories. Living runs are not touched. */
export async function removeLeftovers(): Promise<void> {
  const namespaces = existsSync("/run/netns") ? readdirSync("/run/netns") : [];
  for (const name of namespaces.filter(ownerIsGone)) await removeNamespace(name);
  for (const name of readdirSync(tmpdir()).filter(ownerIsGone)) {
    const directory = join(tmpdir(), name);
    killUsersOf(directory);
    rmSync(directory, { recursive: true, force: true });
  }
}
