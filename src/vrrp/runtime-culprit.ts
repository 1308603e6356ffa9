/**
 * Names the process that probably deleted an object of ours. A shell: it reads /proc, later than the
 * object is put back, and never holds anything up.
 */
import { readdir, readFile } from "node:fs/promises";
import type { Culprit } from "./losses.ts";

/** Programs that manage addresses and routes, and are known to remove what others set. */
const MANAGERS: ReadonlySet<string> = new Set([
  "NetworkManager",
  "systemd-network", // the kernel keeps 15 bytes
  "dhclient",
  "dhcpcd",
  "connmand",
  "netplan",
  "cloud-init",
  "wicked",
  "ifup",
  "ifdown",
  "keepalived",
]);

/** @returns words that finish the sentence "it was deleted by …" */
export async function nameCulprit({ port }: Culprit): Promise<string> {
  if (port > 0) {
    const name = await commandOf(`${port}`);
    if (name !== undefined) return `${name} (process ${port})`;
    return `process ${port}, which has ended${await managers()}`;
  }
  return `somebody whom the kernel does not name${await managers()}`;
}

async function managers(): Promise<string> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = new Set<string>();
  for (const pid of pids) {
    const name = await commandOf(pid);
    if (name !== undefined && MANAGERS.has(name) && Number(pid) !== process.pid) found.add(name);
  }
  return found.size === 0 ? "" : `; running here: ${[...found].toSorted().join(", ")}`;
}

async function commandOf(pid: string): Promise<string | undefined> {
  try {
    return (await readFile(`/proc/${pid}/comm`, "utf8")).trim();
  } catch {
    return undefined; // it has ended, or is none
  }
}
