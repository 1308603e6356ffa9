/**
 * Remembers when each router gained and lost each address, on whatever interface, from the kernel's own
 * notifications, so that a test can ask afterwards how long two of them held one address at the same time.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { attempt, run, until } from "./shell.ts";
import { ROUTERS, type Router, type Wire } from "./wire.ts";

/** Added and removed once to see that the kernel's notifications arrive; documentation range. */
const TRIAL = "192.0.2.1";

/** An address came or went. */
interface Change {
  readonly router: Router;
  readonly address: string;
  readonly gained: boolean;
  /** wall clock of the kernel the routers share, ms */
  readonly at: number;
}

/** What happened to some addresses in some time. */
export interface Period {
  /** the longest time both routers held one of them, ms */
  readonly overlap: number;
  /** the longest time nobody held one of them, ms; from the beginning, if it was so then */
  readonly outage: number;
  /** how often one came or went */
  readonly moves: number;
}

/** Watches both routers of a wire; start it before any daemon. */
export class OwnerWatch {
  readonly #changes: Change[] = [];
  readonly #held: Record<Router, Set<string>> = { r1: new Set(), r2: new Set() };
  readonly #buried: Record<Router, Set<string>> = { r1: new Set(), r2: new Set() };
  readonly #cleaned: Record<Router, number> = { r1: 0, r2: 0 };
  readonly #monitors: ChildProcess[] = [];

  /** Returns when notifications of both routers arrive. */
  static async start(wire: Wire): Promise<OwnerWatch> {
    const watch = new OwnerWatch();
    await Promise.all(ROUTERS.map((router) => watch.#follow(wire, router)));
    return watch;
  }

  async #follow(wire: Wire, router: Router): Promise<void> {
    const inside = ["-n", wire.namespace(router)];
    const monitor = spawn("ip", [...inside, "-o", "-ts", "monitor", "address"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#monitors.push(monitor);
    createInterface({ input: monitor.stdout }).on("line", (line) => this.#note(router, line));
    const trial = (verb: string) => ["ip", ...inside, "addr", verb, `${TRIAL}/32`, "dev", "eth0"];
    await until(`address notifications of ${router}`, async () => {
      await run(trial("add"));
      await run(trial("del"));
      return this.#changes.some((change) => change.router === router && change.address === TRIAL);
    });
    await attempt(trial("del"));
  }

  #note(router: Router, line: string): void {
    const found = /^\[(\S+)\] ?(Deleted )?.* inet6? ([\da-f.:]+)/.exec(line);
    if (found === null) return;
    const [, stamp = "", deleted, address = ""] = found;
    this.#apply({ router, address, gained: deleted === undefined, at: Date.parse(stamp) });
  }

  #apply(change: Change): void {
    const held = this.#held[change.router];
    if (this.#buried[change.router].delete(change.address)) this.#cleaned[change.router] = change.at;
    // the kernel also reports changes of lifetimes and flags
    if (held.has(change.address) === change.gained) return;
    if (change.gained) held.add(change.address);
    else held.delete(change.address);
    this.#changes.push(change);
  }

  /** Whether a router holds all of the addresses and the other one none. */
  isOwner(router: Router, addresses: readonly string[]): boolean {
    const other = router === "r1" ? "r2" : "r1";
    return addresses.every((a) => this.#held[router].has(a) && !this.#held[other].has(a));
  }

  /** How many of the addresses a router holds. */
  count(router: Router, addresses: readonly string[]): number {
    return addresses.filter((a) => this.#held[router].has(a)).length;
  }

  /** What a dead router still has on its interfaces no longer counts: nobody answers there. @param at of its death, wall clock ms */
  bury(router: Router, at: number, addresses: readonly string[]): void {
    for (const address of addresses.filter((a) => this.#held[router].has(a))) {
      this.#apply({ router, address, gained: false, at });
      this.#buried[router].add(address);
    }
  }

  /** When the last of what {@link bury} found was deleted, wall clock ms; undefined while some is left. */
  buriedUntil(router: Router): number | undefined {
    return this.#buried[router].size === 0 ? this.#cleaned[router] : undefined;
  }

  /** When a router last gained one of the addresses, wall clock ms; 0 if never. */
  lastGain(router: Router, addresses: readonly string[]): number {
    return this.#last(router, addresses, true);
  }

  /** When a router last lost one of the addresses, wall clock ms; 0 if never. */
  lastLoss(router: Router, addresses: readonly string[]): number {
    return this.#last(router, addresses, false);
  }

  #last(router: Router, addresses: readonly string[], gained: boolean): number {
    return (
      this.#changes.findLast(
        (c) => c.router === router && c.gained === gained && addresses.includes(c.address),
      )?.at ?? 0
    );
  }

  /** How many changes of these addresses there were so far. */
  changes(addresses: readonly string[]): number {
    return this.#changes.filter((c) => addresses.includes(c.address)).length;
  }

  /** The longest time both routers held one of the addresses together, ms. */
  longestOverlap(addresses: readonly string[]): number {
    return this.since(0, addresses).overlap;
  }

  /** What happened to the addresses from a moment (wall clock ms) until now. */
  since(from: number, addresses: readonly string[]): Period {
    const all = addresses.map((address) => this.#period(from, address));
    return {
      overlap: Math.max(0, ...all.map((p) => p.overlap)),
      outage: Math.max(0, ...all.map((p) => p.outage)),
      moves: all.reduce((sum, p) => sum + p.moves, 0),
    };
  }

  #period(from: number, address: string): Period {
    const holders = new Set<Router>();
    let since = from;
    let [overlap, outage, moves] = [0, 0, 0];
    const note = (until: number): void => {
      if (until <= since) return;
      if (holders.size === 2) overlap = Math.max(overlap, until - since);
      if (holders.size === 0) outage = Math.max(outage, until - since);
    };
    for (const change of [...this.#changes].sort((a, b) => a.at - b.at)) {
      if (change.address !== address) continue;
      note(change.at);
      since = Math.max(from, change.at);
      if (change.gained) holders.add(change.router);
      else holders.delete(change.router);
      if (change.at > from) moves++;
    }
    note(Date.now());
    return { overlap, outage, moves };
  }

  stop(): void {
    for (const monitor of this.#monitors) monitor.kill("SIGKILL");
  }
}
