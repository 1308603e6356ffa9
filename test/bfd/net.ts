/**
 * Network namespaces in a row for tests of BFD: 1 and 2 share a wire (10.8.0.0/24, fd08::/64), 3 lies behind 2
 * (10.9.0.0/24). Made by the test, gone with it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { IpAddress } from "../../src/base/address.ts";
import { type Micros, millis } from "../../src/base/units.ts";
import type { BfdInstanceConfig } from "../../src/config/model.ts";
import { nextGroup, ownName, removeNamespace } from "../lab/leftovers.ts";
import { run, until } from "../lab/shell.ts";

/** A single-hop session at 100 ms x 10 that differs in these fields. */
export function session(
  neighbor: string,
  source: string | undefined,
  more: Partial<BfdInstanceConfig> = {},
): BfdInstanceConfig {
  const v6 = neighbor.includes(":");
  return {
    where: "",
    name: "peer",
    neighbor: neighbor as IpAddress,
    source: source as IpAddress | undefined,
    minRx: millis(100),
    minTx: millis(100),
    idleTx: millis(1000),
    // a second: a busy machine is not a dead neighbour
    multiplier: 10,
    passive: false,
    ttl: 255,
    minTtl: v6 ? 64 : 255,
    multihop: false,
    weight: 0,
    reverse: false,
    vrrp: true,
    checker: true,
    ...more,
  };
}

/** A session as the snapshot shows it. */
export interface Shown {
  readonly name: string;
  readonly state: string;
  readonly diagnostic: number;
  readonly localDiscriminator: number;
  readonly sourcePort: number | null;
  readonly interval: Micros;
  readonly detectionTime: Micros;
  readonly polling: boolean;
  readonly told: boolean;
  readonly remote: { readonly state: string; readonly diagnostic: number } | null;
}

/** A process in a namespace, with what it wrote. */
export class Process {
  readonly #child: ChildProcess;
  readonly #file: string;
  output = "";

  constructor(argv: readonly string[], file: string) {
    const [command = "", ...args] = argv;
    this.#file = file;
    this.#child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on("data", (data: Buffer) => {
        this.output += data.toString();
      });
  }

  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  get status(): number | null {
    return this.#child.exitCode;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async stop(name: NodeJS.Signals = "SIGTERM"): Promise<void> {
    if (this.ended) return;
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill(name);
    await ended;
  }

  lines(pattern: RegExp): string[] {
    return this.output
      .split("\n")
      .map((line) => line.replace(/^\w{3} \w{3} +\d+ [\d:]+ \d{4}: /, ""))
      .filter((line) => pattern.test(line));
  }

  /** What our listeners heard, in order. */
  get told(): string[] {
    return this.lines(/^told /).map((line) => line.slice(5));
  }

  async says(sentence: string, times = 1): Promise<void> {
    try {
      await until(`"${sentence}"`, () => this.output.split(sentence).length > times);
    } catch (error) {
      throw new Error(`${(error as Error).message}, in:\n${this.output}`);
    }
  }

  /** The process id of a daemon's child by the letter of its pid file's option: r VRRP, c checkers, b BFD. */
  childPid(letter: "p" | "r" | "c" | "b"): number | undefined {
    const file = `${this.#file}.${letter}.pid`;
    return existsSync(file) ? Number(readFileSync(file, "utf8")) : undefined;
  }

  /** Gives a daemon another configuration. */
  configure(text: string): void {
    writeFileSync(this.#file, text);
    this.signal("SIGHUP");
  }

  /** Gives another list of sessions. */
  async reload(...sessions: readonly BfdInstanceConfig[]): Promise<void> {
    await this.says("listening to signals");
    const times = this.output.split("reloaded").length;
    writeFileSync(this.#file, JSON.stringify(sessions));
    this.signal("SIGHUP");
    await this.says("reloaded", times);
  }

  /** How a session stands now. */
  async look(name = "peer"): Promise<Shown | undefined> {
    await this.says("listening to signals");
    const times = this.output.split("\nsnapshot ").length;
    this.signal("SIGUSR1");
    await this.says("\nsnapshot ", times);
    const line = this.lines(/^snapshot /).at(-1) ?? "";
    const { sessions } = JSON.parse(line.slice(9)) as { readonly sessions: readonly Shown[] };
    return sessions.find((s) => s.name === name);
  }

  is(state: string, name = "peer"): Promise<true> {
    return until(`${name} is ${state}\n${this.output}`, async () => (await this.look(name))?.state === state);
  }
}

export class Row {
  readonly directory: string;
  readonly #group = nextGroup();
  readonly #processes: Process[] = [];
  #serial = 0;

  private constructor() {
    this.directory = mkdtempSync(join(tmpdir(), ownName("bfd-", this.#group)));
  }

  static async build(): Promise<Row> {
    const row = new Row();
    try {
      await row.#build();
    } catch (error) {
      await row.remove();
      throw error;
    }
    return row;
  }

  namespace(i: number): string {
    return ownName(`b${i}`, this.#group);
  }

  async #build(): Promise<void> {
    for (const i of [1, 2, 3]) {
      await run(["ip", "netns", "add", this.namespace(i)]);
      await this.ip(i, "link set lo up");
    }
    await this.ip(1, `link add eth0 type veth peer name eth0 netns ${this.namespace(2)}`);
    await this.ip(2, `link add eth1 type veth peer name eth0 netns ${this.namespace(3)}`);
    const addresses = [
      "1 eth0 10.8.0.1/24",
      "2 eth0 10.8.0.2/24",
      "2 eth1 10.9.0.2/24",
      "3 eth0 10.9.0.3/24",
    ];
    for (const line of [...addresses, "1 eth0 fd08::1/64", "2 eth0 fd08::2/64"]) {
      const [i, device, address = ""] = line.split(" ");
      await this.ip(Number(i), `addr add ${address} dev ${device}${address.includes(":") ? " nodad" : ""}`);
      await this.ip(Number(i), `link set ${device} up`);
    }
    await this.inside(2, ["sysctl", "-qw", "net.ipv4.ip_forward=1"]);
    await this.ip(1, "route add 10.9.0.0/24 via 10.8.0.2");
    await this.ip(3, "route add 10.8.0.0/24 via 10.9.0.2");
  }

  ip(i: number, line: string): Promise<string> {
    return run(["ip", "-n", this.namespace(i), ...line.split(" ")]);
  }

  inside(i: number, argv: readonly string[]): Promise<string> {
    return run(["ip", "netns", "exec", this.namespace(i), ...argv]);
  }

  spawn(i: number, argv: readonly string[], file = ""): Process {
    const child = new Process(["ip", "netns", "exec", this.namespace(i), ...argv], file);
    this.#processes.push(child);
    return child;
  }

  /** Our sessions, without the rest of the daemon. */
  ours(i: number, ...sessions: readonly BfdInstanceConfig[]): Process {
    const file = join(this.directory, `${i}.${++this.#serial}.json`);
    writeFileSync(file, JSON.stringify(sessions));
    return this.spawn(i, [process.execPath, join(import.meta.dirname, "host.ts"), file], file);
  }

  /** Debian's keepalived with a configuration text. */
  debian(i: number, text: string): Process {
    return this.#daemon(i, "keepalived", text);
  }

  /** Our whole daemon with a configuration text. */
  daemon(i: number, text: string, ...options: readonly string[]): Process {
    return this.#daemon(
      i,
      fileURLToPath(new URL("../../dist/keepalived", import.meta.url)),
      text,
      ...options,
    );
  }

  #daemon(i: number, program: string, text: string, ...options: readonly string[]): Process {
    const file = join(this.directory, `${i}.${++this.#serial}.conf`);
    writeFileSync(file, text);
    const pids = ["p", "r", "c", "b"].flatMap((o) => [`-${o}`, `${file}.${o}.pid`]);
    return this.spawn(i, [program, "-n", "-l", "-D", "-G", "-f", file, ...pids, ...options], file);
  }

  async remove(): Promise<void> {
    for (const child of this.#processes) await child.stop("SIGKILL");
    for (const i of [1, 2, 3]) await removeNamespace(this.namespace(i));
    rmSync(this.directory, { recursive: true, force: true });
  }
}
