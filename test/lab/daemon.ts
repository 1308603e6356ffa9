/**
 * A keepalived in a machine of the lab: Debian's C one or ours, started the same way, asked the same
 * questions. Scenarios are written against this and are valid for either make.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { attempt, until } from "./shell.ts";

/** Who made the daemon: Debian's package, or this repository. */
export type Make = "c" | "ours";

/** Where each make's executable is. */
export const EXECUTABLE: Readonly<Record<Make, string>> = {
  c: "/usr/sbin/keepalived",
  ours: fileURLToPath(new URL("../../dist/keepalived", import.meta.url)),
};

/** A child process by the name of its pid file. */
export type Child = "vrrp" | "checkers" | "bfd";

/** Where machines live: a `Topology`, or the two routers of a `Wire`. */
export interface Machines {
  /** as `ip netns` knows it */
  namespace(machine: string): string;
  folder(machine: string): string;
  inside(machine: string, argv: readonly string[]): readonly string[];
}

/** One daemon on one machine; `start` and `stop` may alternate. */
export class Daemon {
  readonly make: Make;
  readonly #topology: Machines;
  readonly #machine: string;
  readonly #folder: string;
  readonly #flags: readonly string[];
  #process: ChildProcess | undefined;
  #bystanders: ReadonlySet<number> = new Set();

  /** @param flags more words for the command line */
  constructor(topology: Machines, machine: string, make: Make, flags: readonly string[] = []) {
    this.make = make;
    this.#flags = flags;
    this.#topology = topology;
    this.#machine = machine;
    this.#folder = topology.folder(machine);
  }

  get #configuration(): string {
    return join(this.#folder, "keepalived.conf");
  }

  /** Path of the parent's or a child's pid file. */
  pidFile(which: "keepalived" | Child): string {
    return join(this.#folder, `${which}.pid`);
  }

  /** The process id in a pid file, undefined while there is none. */
  pidOf(which: "keepalived" | Child): number | undefined {
    const file = this.pidFile(which);
    const pid = existsSync(file) ? Number.parseInt(readFileSync(file, "utf8"), 10) : Number.NaN;
    return Number.isNaN(pid) ? undefined : pid;
  }

  /** The command line that starts this daemon in the foreground, logging to stderr. */
  get #argv(): readonly string[] {
    const pids = [
      "-p",
      this.pidFile("keepalived"),
      "-r",
      this.pidFile("vrrp"),
      "-c",
      this.pidFile("checkers"),
      "-b",
      this.pidFile("bfd"),
    ];
    return [
      EXECUTABLE[this.make],
      "-n",
      "-l",
      "-D",
      "-G",
      "-f",
      this.#configuration,
      ...pids,
      ...this.#flags,
    ];
  }

  /** Replaces the configuration file without telling the daemon. */
  configure(configuration: string): void {
    writeFileSync(this.#configuration, configuration);
  }

  /** Starts the daemon and waits until its pid file is there. */
  async start(configuration?: string): Promise<void> {
    if (configuration !== undefined) this.configure(configuration);
    this.#bystanders = new Set(await this.#pidsInside());
    const log = openSync(join(this.#folder, "log"), "a");
    const [file = "", ...args] = this.#topology.inside(this.#machine, this.#argv);
    const child = spawn(file, args, { stdio: ["ignore", log, log] });
    closeSync(log);
    this.#process = child;
    await new Promise<void>((resolve, reject) => child.once("spawn", resolve).once("error", reject));
    await until("the daemon's pid file, or its end", () => {
      return this.#ended(child) || this.pidOf("keepalived") === child.pid;
    });
    if (this.#ended(child)) throw new Error(`${this.make} keepalived does not start\n${this.log()}`);
  }

  /** Runs a second daemon with the same files, to its end (or 30 s). */
  async startSecond(): Promise<{ readonly status: number; readonly stderr: string }> {
    return attempt(this.#topology.inside(this.#machine, this.#argv), 30);
  }

  /** Sends the parent a signal. */
  signal(name: NodeJS.Signals): void {
    this.#process?.kill(name);
  }

  /** Puts a new configuration in the file and sends SIGHUP. */
  reload(configuration: string): void {
    this.configure(configuration);
    this.signal("SIGHUP");
  }

  /** Whether the parent still runs. */
  get running(): boolean {
    return this.#process !== undefined && !this.#ended(this.#process);
  }

  #ended(child: ChildProcess): boolean {
    return child.exitCode !== null || child.signalCode !== null;
  }

  /**
   * Ends the daemon.
   *
   * @returns its exit status; undefined when a signal ended it or it did not run
   */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | undefined> {
    const child = this.#process;
    if (child === undefined) return undefined;
    if (!this.#ended(child)) {
      child.kill(signal);
      await until(`${this.make} keepalived to end by ${signal}`, () => this.#ended(child));
    }
    return child.exitCode ?? undefined;
  }

  /**
   * Kills every process of the daemon at one moment, and waits until they are buried.
   *
   * @returns the moment, wall clock ms
   */
  async kill(): Promise<number> {
    // The parent stops first, so that it does not start its children again.
    // It dies last, because its death would tell its children to give everything back.
    this.signal("SIGSTOP");
    const processes = await this.processes();
    const at = Date.now();
    for (const pid of processes) if (pid !== this.#process?.pid) process.kill(pid, "SIGKILL");
    await this.stop("SIGKILL");
    // Debian's keepalived believes a stale pid file as long as its process is not reaped.
    await until("the dead to be buried", () => !processes.some((pid) => existsSync(`/proc/${pid}`)));
    return at;
  }

  /** Everything the daemon wrote so far, all runs of this topology. */
  log(): string {
    const file = join(this.#folder, "log");
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  }

  /** Waits for a sentence in the log, at or after `from` (a length of {@link log} seen before). */
  async says(sentence: string | RegExp, from = 0): Promise<void> {
    await until(`${this.make} keepalived to say ${sentence}`, () => {
      const text = this.log().slice(from);
      return typeof sentence === "string" ? text.includes(sentence) : sentence.test(text);
    });
  }

  /** The daemon's processes: all in this machine's namespace but those that were there before it. */
  async processes(): Promise<readonly number[]> {
    return (await this.#pidsInside()).filter((pid) => !this.#bystanders.has(pid));
  }

  async #pidsInside(): Promise<readonly number[]> {
    const out = await attempt(["ip", "netns", "pids", this.#topology.namespace(this.#machine)]);
    return out.stdout.split("\n").filter(Boolean).map(Number);
  }
}
