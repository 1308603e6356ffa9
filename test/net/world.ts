/**
 * What the tests of the network layer stand on: a network namespace of their own and patience.
 */
import { execFileSync } from "node:child_process";
import { after } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { KernelAddress, ObjectOperation } from "../../src/net/kernel-objects.ts";
import type { Native } from "../../src/net/native-api.ts";

/** Runs `ip` with the arguments of one line. @returns its output */
export function ip(line: string): string {
  return execFileSync("ip", line.split(" "), { encoding: "utf8" });
}

/** Makes a network namespace that lives as long as the tests of this file. @returns its path */
export function makeNamespace(suffix: string): string {
  const name = `ktnet-${process.pid}-${suffix}`;
  ip(`netns add ${name}`);
  after(() => ip(`netns del ${name}`));
  return `/run/netns/${name}`;
}

/**
 * Moves this thread, and the commands that it starts, into a new network namespace with `lo` up.
 *
 * @returns its path
 */
export function enterNewNamespace(native: Native, suffix: string): string {
  const path = makeNamespace(suffix);
  native.enterNamespace(path);
  ip("link set lo up");
  return path;
}

/** Waits until the condition holds; gives up after ten seconds. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  for (let attempts = 0; attempts < 2000; attempts++) {
    if (condition()) return;
    await sleep(5);
  }
  throw new Error(`waited in vain until ${what}`);
}

/** Operations on addresses of virtual routers. */
export function addressOperations(
  action: "add" | "delete",
  addresses: readonly KernelAddress[],
): ObjectOperation[] {
  return addresses.map((address) => ({ action, object: { kind: "address", address, excluded: false } }));
}
