/**
 * The playing field: two balancers, two web servers and a client, each in a network namespace, on one
 * bridge in a sixth. Addresses are those of the dual-VIP guide this project started from; nothing
 * outside the namespaces is touched, and no packet leaves them.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nextGroup, ownName, removeNamespace } from "./leftovers.ts";
import { attempt, run } from "./shell.ts";

/** The machines on the bridge. */
export type Machine = "lb1" | "lb2" | "web1" | "web2" | "client";
/** The two balancers. */
export type Balancer = "lb1" | "lb2";

/** Address of each machine, all in 10.255.23.0/24. */
export const ADDRESS: Readonly<Record<Machine, string>> = {
  lb1: "10.255.23.42",
  lb2: "10.255.23.44",
  web1: "10.255.23.4",
  web2: "10.255.23.10",
  client: "10.255.23.245",
};

/** The two virtual addresses: the first belongs to lb1, the second to lb2 while both are well. */
export const VIP1 = "10.255.23.73";
export const VIP2 = "10.255.23.74";
/** The port of the web servers and of the virtual servers. */
export const WEB_PORT = 8765;
/** Every machine's interface to the bridge has this name. */
export const INTERFACE = "bond0";

const MACHINES: readonly Machine[] = ["lb1", "lb2", "web1", "web2", "client"];

/** The namespaces, the bridge, and a directory for configurations, pid files and logs. */
export class Topology {
  readonly directory: string;
  readonly #group: number = nextGroup();

  private constructor() {
    this.directory = mkdtempSync(join(tmpdir(), ownName("", this.#group)));
  }

  /** Builds everything; the caller ends it with {@link remove}. */
  static async build(): Promise<Topology> {
    const topology = new Topology();
    try {
      await topology.#build();
    } catch (error) {
      await topology.remove();
      throw error;
    }
    return topology;
  }

  /** The name of a machine's namespace, as `ip netns` knows it. */
  namespace(machine: Machine | "switch"): string {
    return ownName(machine, this.#group);
  }

  /** Command line that runs something inside a machine's namespace. */
  inside(machine: Machine, argv: readonly string[]): readonly string[] {
    return ["ip", "netns", "exec", this.namespace(machine), ...argv];
  }

  /** Runs a command inside a machine; it has to succeed. */
  run(machine: Machine, argv: readonly string[], seconds?: number): Promise<string> {
    return run(this.inside(machine, argv), seconds);
  }

  /** A directory of this topology for one machine's files. */
  folder(machine: Machine): string {
    const folder = join(this.directory, machine);
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  /** Pulls or plugs the cable of a machine: its carrier goes, its interface stays. */
  async cable(machine: Machine, state: "up" | "down"): Promise<void> {
    await run(["ip", "-n", this.namespace("switch"), "link", "set", machine, state]);
  }

  /** Cuts a machine off without it noticing (its carrier stays), or joins it to the others again. */
  async reach(machine: Machine, state: "cut" | "joined"): Promise<void> {
    const change = state === "cut" ? ["nomaster"] : ["master", "br0"];
    await run(["ip", "-n", this.namespace("switch"), "link", "set", machine, ...change]);
  }

  /** The IPv4 addresses (without prefix length) on a machine's interface, in the kernel's order. */
  async addresses(machine: Machine): Promise<readonly string[]> {
    const out = await run([
      "ip",
      "-n",
      this.namespace(machine),
      "-4",
      "-o",
      "addr",
      "show",
      "dev",
      INTERFACE,
    ]);
    return Array.from(out.matchAll(/ inet ([\d.]+)/g), (found) => found[1] ?? "");
  }

  /**
   * Fetches a page with curl.
   *
   * @param from source address, for clients that must look different to a persistent service
   * @returns the body, or undefined when nobody answered with 200 in a few seconds
   */
  async fetch(url: string, from?: string): Promise<string | undefined> {
    const source = from === undefined ? [] : ["--interface", from];
    const argv = ["curl", "-sS", "-f", "--noproxy", "*", "--max-time", "10", ...source, url];
    const { status, stdout } = await attempt(this.inside("client", argv));
    return status === 0 ? stdout.trim() : undefined;
  }

  /** Ends every process inside, removes the namespaces and the files. Never throws for what is gone. */
  async remove(): Promise<void> {
    for (const machine of MACHINES) await removeNamespace(this.namespace(machine));
    await removeNamespace(this.namespace("switch"));
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #build(): Promise<void> {
    const bridge = this.namespace("switch");
    await run(["ip", "netns", "add", bridge]);
    await run(["ip", "-n", bridge, "link", "add", "br0", "type", "bridge", "forward_delay", "0"]);
    await run(["ip", "-n", bridge, "link", "set", "br0", "up"]);
    for (const machine of MACHINES) await this.#plugIn(machine, bridge);
    for (const web of ["web1", "web2"] as const) await this.#prepareForDirectRouting(web);
  }

  async #plugIn(machine: Machine, bridge: string): Promise<void> {
    const namespace = this.namespace(machine);
    await run(["ip", "netns", "add", namespace]);
    const veth = ["link", "add", INTERFACE, "type", "veth", "peer", "name", machine, "netns", bridge];
    await run(["ip", "-n", namespace, ...veth]);
    await run(["ip", "-n", bridge, "link", "set", machine, "master", "br0", "up"]);
    await run(["ip", "-n", namespace, "link", "set", "lo", "up"]);
    // Quiet IPv6: duplicate address detection and router solicitations are noise to these tests.
    await this.sysctl(machine, "ipv6/conf/bond0/disable_ipv6", "1");
    await run(["ip", "-n", namespace, "addr", "add", `${ADDRESS[machine]}/24`, "dev", INTERFACE]);
    await run(["ip", "-n", namespace, "link", "set", INTERFACE, "up"]);
  }

  /** As the guide does it: the VIPs on lo, answered to nobody who asks by ARP. */
  async #prepareForDirectRouting(web: Machine): Promise<void> {
    for (const conf of ["all", "lo"]) {
      await this.sysctl(web, `ipv4/conf/${conf}/arp_ignore`, "1");
      await this.sysctl(web, `ipv4/conf/${conf}/arp_announce`, "2");
    }
    for (const vip of [VIP1, VIP2]) {
      await run(["ip", "-n", this.namespace(web), "addr", "add", `${vip}/32`, "dev", "lo"]);
    }
  }

  /** Sets a network sysctl of one machine; a kernel without the key (no IPv6) is left as it is. */
  async sysctl(machine: Machine, key: string, value: string): Promise<void> {
    const script = 'test ! -e "/proc/sys/net/$1" || echo "$2" > "/proc/sys/net/$1"';
    await this.run(machine, ["sh", "-c", script, "sh", key, value]);
  }
}
