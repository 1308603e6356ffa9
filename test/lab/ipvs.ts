/**
 * Looking at the kernel's IPVS tables with Debian's ipvsadm, the judge neither daemon has written.
 */
import { existsSync } from "node:fs";
import { attempt } from "./shell.ts";
import type { Machine, Topology } from "./topology.ts";

/** Whether the running kernel has IPVS, after trying to load its module. */
export async function kernelHasIpvs(): Promise<boolean> {
  if (!existsSync("/proc/net/ip_vs")) await attempt(["modprobe", "-q", "ip_vs"]);
  return existsSync("/proc/net/ip_vs");
}

/**
 * The table as `ipvsadm -Sn` prints it, one service with its destinations an element.
 *
 * The kernel lists services in the order of a hash that differs between namespaces, hence sorted here.
 */
export async function ipvsTable(topology: Topology, machine: Machine): Promise<readonly string[]> {
  const lines = (await topology.run(machine, ["ipvsadm", "-Sn"])).split("\n").filter(Boolean);
  const services: string[] = [];
  for (const line of lines.map((text) => text.trimEnd())) {
    if (line.startsWith("-A ")) services.push(line);
    else services.push(`${services.pop() ?? ""}\n${line}`);
  }
  return services.sort();
}

/** Connections the kernel counted for a TCP service or destination since it was created. */
export async function connectionsOf(topology: Topology, machine: Machine, server: string): Promise<number> {
  const table = await topology.run(machine, ["ipvsadm", "-Ln", "--stats", "--exact"]);
  for (const line of table.split("\n")) {
    const [, address, connections] = line.trim().split(/\s+/);
    if (address === server) return Number(connections);
  }
  throw new Error(`no ${server} in\n${table}`);
}
