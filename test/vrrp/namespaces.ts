/**
 * Network namespaces on one bridge for tests of VRRP: routers with an `eth0` in 10.9.0.0/24 each. Made by
 * the test, gone with it.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ConfigModel } from "../../src/config/model.ts";

/** Whether this process may make namespaces at all. */
export const allowed: boolean = process.getuid?.() === 0;

/** Runs a command line; throws with its output when it fails. */
function run(line: string): string {
  const [command = "", ...args] = line.split(" ");
  return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** Waits until a condition holds. @param limit milliseconds */
export async function until(what: string, condition: () => boolean, limit = 60_000): Promise<void> {
  const end = performance.now() + limit;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited in vain: ${what}`);
    await sleep(20);
  }
}

/** A process of ours or of Debian inside a namespace, with what it wrote. */
export class Daemon {
  readonly process: ChildProcess;
  log = "";

  constructor(child: ChildProcess) {
    this.process = child;
    const keep = (data: Buffer): void => {
      this.log += data.toString();
    };
    child.stdout?.on("data", keep);
    child.stderr?.on("data", keep);
  }

  signal(name: NodeJS.Signals): void {
    this.process.kill(name);
  }

  async stop(name: NodeJS.Signals = "SIGTERM"): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.kill(name);
    await ended;
  }

  /** Lines that match, without the time that Debian's daemon puts in front. */
  lines(pattern: RegExp): string[] {
    return this.log
      .split("\n")
      .map((line) => line.replace(/^\w{3} \w{3} +\d+ [\d:]+ \d{4}: /, ""))
      .filter((line) => pattern.test(line));
  }
}

export class Lan {
  readonly directory: string = mkdtempSync(join(tmpdir(), "kvt-"));
  readonly #prefix: string;
  readonly #daemons: Daemon[] = [];

  /** @param name at most three letters, unique among tests that run together */
  constructor(name: string, routers: number) {
    this.#prefix = `kvt${process.pid % 10_000}${name}`;
    run(`ip netns add ${this.#prefix}s`);
    this.#inside(0, "ip link add br0 type bridge");
    this.#inside(0, "ip link set br0 up");
    for (let i = 1; i <= routers; i++) {
      run(`ip netns add ${this.#namespace(i)}`);
      this.ip(i, "link set lo up");
      this.plug(i);
    }
  }

  /** Gives router i its interface and address. */
  plug(i: number): void {
    const peer = `type veth peer name eth0 netns ${this.#namespace(i)}`;
    run(`ip link add p${i} netns ${this.#namespace(0)} ${peer}`);
    this.#inside(0, `ip link set p${i} master br0 up`);
    this.ip(i, `addr add 10.9.0.${i}/24 dev eth0`);
    this.ip(i, "link set eth0 up");
  }

  /** Cuts router i off without it noticing, or joins it again. */
  cut(i: number, off: boolean): void {
    this.#inside(0, off ? `ip link set p${i} nomaster` : `ip link set p${i} master br0`);
  }

  /** Runs a command line inside the namespace of router i. @returns its output */
  exec(i: number, line: string): string {
    return this.#inside(i, line);
  }

  ip(i: number, line: string): string {
    return run(`ip -n ${this.#namespace(i)} ${line}`);
  }

  /** Command words that enter router i; 0 is the switch with its bridge br0. */
  inside(i: number): readonly string[] {
    return ["ip", "netns", "exec", this.#namespace(i)];
  }

  /** Runs a command inside router i. @returns what it wrote */
  run(i: number, [command = "", ...args]: readonly string[]): string {
    const inside = ["netns", "exec", this.#namespace(i), command, ...args];
    return execFileSync("ip", inside, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  }

  /** IPv4 addresses on eth0 as `ip` prints them, in its order. */
  addresses(i: number): string[] {
    const lines = this.ip(i, "-4 -o -d addr show dev eth0").split("\n");
    return lines.flatMap(
      (line) => /inet (.*?) +valid_lft/.exec(line)?.[1]?.replaceAll("\\", "").trim() ?? [],
    );
  }

  holds(i: number, address: string): boolean {
    return this.ip(i, "-o addr show dev eth0").includes(` ${address}/`);
  }

  /** A statistic of our router i's only instance; 0 before the first snapshot. */
  counter(i: number, name: string): number {
    const state = this.state(i) as { instances: { counters: Record<string, number> }[] } | undefined;
    return state?.instances[0]?.counters[name] ?? 0;
  }

  /** Our VRRP child with a model. */
  ours(i: number, model: ConfigModel, ...flags: readonly string[]): Daemon {
    const path = this.configure(i, model);
    return this.#spawn(i, process.execPath, [join(import.meta.dirname, "child.ts"), path, ...flags]);
  }

  /** Writes a model for the next start or SIGHUP of router i. @returns its path */
  configure(i: number, model: ConfigModel): string {
    const path = join(this.directory, `${i}.json`);
    writeFileSync(path, JSON.stringify(model));
    return path;
  }

  /** The last snapshot of our router i; undefined before the first. */
  state(i: number): unknown {
    const path = join(this.directory, `${i}.json.state`);
    return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
  }

  /** Debian's keepalived with a configuration text. */
  theirs(i: number, text: string): Daemon {
    const path = join(this.directory, `${i}.conf`);
    writeFileSync(path, text);
    const pids = ["-p", `${path}.pid`, "-r", `${path}.vrrp.pid`, "-c", `${path}.checkers.pid`];
    return this.#spawn(i, "keepalived", ["-n", "-l", "-G", "-D", "-P", "-f", path, ...pids]);
  }

  /** A command of router i that goes on, with what it writes. */
  watch(line: string, i = 1): Daemon {
    const [command = "", ...args] = line.split(" ");
    return this.#spawn(i, command, args);
  }

  /** Frames that everybody hears, one line of hexadecimal digits each. */
  sniff(): Daemon {
    return this.#spawn(0, process.execPath, [join(import.meta.dirname, "sniff.ts"), "br0"]);
  }

  async remove(): Promise<void> {
    for (const daemon of this.#daemons) await daemon.stop("SIGTERM");
    for (const name of run("ip netns list").split("\n")) {
      const [namespace = ""] = name.split(" ");
      if (namespace.startsWith(this.#prefix)) run(`ip netns del ${namespace}`);
    }
    rmSync(this.directory, { recursive: true });
  }

  #namespace(i: number): string {
    return i === 0 ? `${this.#prefix}s` : `${this.#prefix}${i}`;
  }

  #inside(i: number, line: string): string {
    return run(`ip netns exec ${this.#namespace(i)} ${line}`);
  }

  #spawn(i: number, command: string, args: readonly string[]): Daemon {
    // `ip netns exec` replaces itself: the child is the daemon.
    const child = spawn("ip", ["netns", "exec", this.#namespace(i), command, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const daemon = new Daemon(child);
    this.#daemons.push(daemon);
    return daemon;
  }
}
