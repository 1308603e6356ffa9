/**
 * Remembers when each balancer gained and lost each address, from the kernel's own notifications, so
 * that a test can ask afterwards how long two of them held one address at the same time.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { attempt, run, until } from "./shell.ts";
import { type Balancer, INTERFACE, type Topology } from "./topology.ts";

const BALANCERS = ["lb1", "lb2"] as const;
/** Added and removed once to see that the kernel's notifications arrive; documentation range. */
const TRIAL = "192.0.2.1";

/** An address came or went. */
export interface AddressChange {
  readonly machine: Balancer;
  readonly address: string;
  readonly gained: boolean;
  /** wall clock of the kernel the balancers share, ms */
  readonly at: number;
}

/** Watches both balancers of a topology; start it before any daemon. */
export class AddressWatch {
  readonly #changes: AddressChange[] = [];
  readonly #monitors: ChildProcess[] = [];

  readonly #onChange: (change: AddressChange) => void;

  private constructor(onChange: (change: AddressChange) => void) {
    this.#onChange = onChange;
  }

  /** Starts watching; returns when notifications of both balancers arrive. */
  static async start(
    topology: Topology,
    onChange: (change: AddressChange) => void = () => {},
  ): Promise<AddressWatch> {
    const watch = new AddressWatch(onChange);
    for (const machine of BALANCERS) await watch.#follow(topology, machine);
    return watch;
  }

  async #follow(topology: Topology, machine: Balancer): Promise<void> {
    const namespace = topology.namespace(machine);
    const args = ["-n", namespace, "-4", "-o", "-ts", "monitor", "address", "dev", INTERFACE];
    const monitor = spawn("ip", args, { stdio: ["ignore", "pipe", "inherit"] });
    this.#monitors.push(monitor);
    createInterface({ input: monitor.stdout }).on("line", (line) => this.#note(machine, line));
    const trial = (verb: string) => ["ip", "-n", namespace, "addr", verb, `${TRIAL}/32`, "dev", INTERFACE];
    await until(`address notifications of ${machine}`, async () => {
      await run(trial("add"));
      await run(trial("del"));
      return this.#changes.some((change) => change.machine === machine && change.address === TRIAL);
    });
    await attempt(trial("del"));
  }

  #note(machine: Balancer, line: string): void {
    const found = /^\[(\S+)\] ?(Deleted )?.* inet ([\d.]+)/.exec(line);
    if (found === null) return;
    const [, stamp = "", deleted, address = ""] = found;
    const change = { machine, address, gained: deleted === undefined, at: Date.parse(stamp) };
    this.#changes.push(change);
    if (address !== TRIAL) this.#onChange(change);
  }

  /** Who holds the address now, in the order of gaining it. */
  holders(address: string): readonly Balancer[] {
    const holders = new Set<Balancer>();
    for (const change of this.#changes) {
      if (change.address !== address) continue;
      if (change.gained) holders.add(change.machine);
      else holders.delete(change.machine);
    }
    return [...holders];
  }

  /** Waits until exactly this balancer holds the address. */
  async heldBy(address: string, machine: Balancer): Promise<void> {
    await until(`${address} on ${machine} alone`, () => this.holders(address).join() === machine);
  }

  /** The longest time both balancers held the address together, ms. */
  longestOverlap(address: string): number {
    const holders = new Set<Balancer>();
    let since = 0;
    let longest = 0;
    for (const change of [...this.#changes].sort((a, b) => a.at - b.at)) {
      if (change.address !== address) continue;
      if (holders.size === 2) longest = Math.max(longest, change.at - since);
      if (change.gained) holders.add(change.machine);
      else holders.delete(change.machine);
      since = change.at;
    }
    return holders.size === 2 ? Math.max(longest, Date.now() - since) : longest;
  }

  /** How long nobody held the address before its last gain, ms; undefined when it never changed hands. */
  lastGap(address: string): number | undefined {
    const changes = this.#changes.filter((change) => change.address === address);
    const gain = changes.findLastIndex((change) => change.gained);
    const loss = changes.slice(0, gain).findLast((change) => !change.gained);
    const gained = changes[gain];
    return gained === undefined || loss === undefined ? undefined : gained.at - loss.at;
  }

  /** Stops watching. */
  stop(): void {
    for (const monitor of this.#monitors) monitor.kill("SIGKILL");
  }
}
