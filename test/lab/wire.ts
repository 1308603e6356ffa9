/**
 * Two routers on one bridge, each in a network namespace, with nothing between them: the field for
 * scenarios that are repeated many times side by side. Nothing outside the namespaces is touched.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Machines } from "./daemon.ts";
import { nextGroup, ownName, removeNamespace } from "./leftovers.ts";
import { attempt, run } from "./shell.ts";

export type Router = "r1" | "r2";
export const ROUTERS: readonly Router[] = ["r1", "r2"];
/** Each router's interfaces; the second serves trackers and second instances. */
const INTERFACES = ["eth0", "eth1"] as const;
export type Interface = (typeof INTERFACES)[number];

export function otherRouter(router: Router): Router {
  return router === "r1" ? "r2" : "r1";
}

/** The last byte of all of a router's addresses: 10.9.0.N and fe80::N on eth0, 10.9.1.N and so on on eth1. */
export function numberOf(router: Router): number {
  return router === "r1" ? 1 : 2;
}

export class Wire implements Machines {
  readonly directory: string;
  readonly #group: number = nextGroup();

  private constructor() {
    this.directory = mkdtempSync(join(tmpdir(), ownName("", this.#group)));
  }

  /** Builds everything; the caller ends it with {@link remove}. */
  static async build(): Promise<Wire> {
    const wire = new Wire();
    try {
      await wire.#build();
    } catch (error) {
      await wire.remove();
      throw error;
    }
    return wire;
  }

  namespace(machine: Router | "switch"): string {
    return ownName(machine, this.#group);
  }

  folder(router: Router): string {
    const folder = join(this.directory, router);
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  inside(router: Router | "switch", argv: readonly string[]): readonly string[] {
    return ["ip", "netns", "exec", this.namespace(router), ...argv];
  }

  /** Runs a command inside a router or the switch; it has to succeed. */
  run(router: Router | "switch", argv: readonly string[], seconds?: number): Promise<string> {
    return run(this.inside(router, argv), seconds);
  }

  /** An `ip` command inside a router or the switch, its words separated by blanks. */
  ip(router: Router | "switch", words: string): Promise<string> {
    return run(["ip", "-n", this.namespace(router), ...words.split(" ")]);
  }

  /** Pulls or plugs a cable: its carrier goes, the interface stays. */
  async cable(router: Router, state: "up" | "down", name: Interface = "eth0"): Promise<void> {
    await this.ip("switch", `link set ${router}${name} ${state}`);
  }

  /** Cuts a router off without it noticing (its carrier stays), or joins it to the other again. */
  async reach(router: Router, state: "cut" | "joined", name: Interface = "eth0"): Promise<void> {
    const bridge = `br${INTERFACES.indexOf(name)}`;
    await this.ip("switch", `link set ${router}${name} ${state === "cut" ? "nomaster" : `master ${bridge}`}`);
  }

  /**
   * What a daemon could have put into a router's kernel, one line each, sorted: addresses with their
   * interfaces, links, routes of all tables that the kernel did not make itself, rules.
   */
  async snapshot(router: Router): Promise<readonly string[]> {
    const show = async (words: string): Promise<string[]> => {
      const out = await attempt(["ip", "-n", this.namespace(router), ...words.split(" ")]);
      return out.stdout.split("\n").filter(Boolean);
    };
    const [addresses, links, routes4, routes6, rules4, rules6] = await Promise.all([
      show("-o addr show"),
      show("-o -d link show"),
      show("-4 route show table all"),
      show("-6 route show table all"),
      show("-4 rule show"),
      show("-6 rule show"),
    ]);
    const byKernel = /^(local|broadcast|multicast|anycast) | proto kernel /;
    const plain = (line: string): string => line.replace(/\s+/g, " ").replace(/ $/, "");
    return [
      ...addresses.map((line) => `addr ${plain(line.replace(/^\d+: /, "").replace(/\\.*$/, ""))}`),
      ...links.map((line) => `link ${plain(line).replace(/^\d+: ([^:]+): .*/, "$1")}`),
      ...[...routes4, ...routes6]
        .filter((line) => !byKernel.test(line))
        .map((line) => `route ${plain(line)}`),
      ...[...rules4, ...rules6].map((line) => `rule ${plain(line.replaceAll("\t", " "))}`),
    ].sort();
  }

  /** Ends every process inside, removes the namespaces and the files. Never throws for what is gone. */
  async remove(): Promise<void> {
    for (const machine of [...ROUTERS, "switch"] as const) await removeNamespace(this.namespace(machine));
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #build(): Promise<void> {
    const bridge = this.namespace("switch");
    for (const machine of [...ROUTERS, "switch"] as const)
      await run(["ip", "netns", "add", this.namespace(machine)]);
    for (const [i, name] of INTERFACES.entries()) {
      // without snooping: what follows from membership reports is not what is tested here
      await this.ip("switch", `link add br${i} type bridge forward_delay 0 mcast_snooping 0`);
      await this.ip("switch", `link set br${i} up`);
      for (const router of ROUTERS) {
        const n = numberOf(router);
        await this.ip(router, `link add ${name} type veth peer name ${router}${name} netns ${bridge}`);
        await this.ip("switch", `link set ${router}${name} master br${i} up`);
        await this.ip(router, `link set ${name} addrgenmode none`);
        await this.ip(router, `link set ${name} up`);
        await this.ip(router, `addr add 10.9.${i}.${n}/24 dev ${name}`);
        await this.ip(router, `addr add fe80::${i + 1}:${n}/64 dev ${name} nodad`);
      }
    }
    for (const router of ROUTERS) await this.ip(router, "link set lo up");
  }
}
