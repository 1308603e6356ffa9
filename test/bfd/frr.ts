/**
 * FRR's bfdd in a namespace, run from the package with sockets and pid files of its own: the machine's FRR, if
 * it has one, is not touched.
 */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { attempt, until } from "../lab/shell.ts";
import type { Process, Row } from "./net.ts";

const PROGRAMS = "/usr/lib/frr";

export interface FrrPeer {
  readonly status: "up" | "down" | "init" | "shutdown";
  readonly diagnostic: string;
  readonly "remote-diagnostic": string;
  readonly "transmit-interval": number;
  readonly "remote-transmit-interval": number;
  readonly "remote-detect-multiplier": number;
}

export class Frr {
  readonly #row: Row;
  readonly #i: number;
  readonly #directory: string;
  readonly bfdd: Process;

  /** @param configuration lines of bfdd's `bfd` block */
  static async start(row: Row, i: number, configuration: string): Promise<Frr> {
    const directory = join(row.directory, `frr${i}`);
    mkdirSync(directory);
    // FRR drops its rights, and its user must find the way
    chmodSync(row.directory, 0o755);
    chmodSync(directory, 0o777);
    writeFileSync(join(directory, "bfdd.conf"), `bfd\n${configuration}\n!\n`);
    const common = (name: string) => [
      ...["-i", join(directory, `${name}.pid`), "-z", join(directory, "zserv.api")],
      ...["--vty_socket", directory, "-A", "127.0.0.1", "-P", "0", "--log", "stdout"],
    ];
    // bfdd knows interfaces from zebra only
    const zebra = row.spawn(i, [join(PROGRAMS, "zebra"), "-f", "/dev/null", ...common("zebra")]);
    await zebra.says("starting");
    const options = ["-f", join(directory, "bfdd.conf"), "--bfdctl", join(directory, "bfdd.sock")];
    const bfdd = row.spawn(i, [join(PROGRAMS, "bfdd"), ...options, ...common("bfdd")]);
    const frr = new Frr(row, i, directory, bfdd);
    await until("bfdd answers", async () => (await frr.#ask("show bfd peers json")).status === 0);
    return frr;
  }

  private constructor(row: Row, i: number, directory: string, bfdd: Process) {
    this.#row = row;
    this.#i = i;
    this.#directory = directory;
    this.bfdd = bfdd;
  }

  #ask(...commands: readonly string[]) {
    const words = commands.flatMap((c) => ["-c", c]);
    const vtysh = ["vtysh", "--vty_socket", this.#directory, "-d", "bfdd", ...words];
    return attempt(["ip", "netns", "exec", this.#row.namespace(this.#i), ...vtysh]);
  }

  /** Changes the configuration of the running daemon. */
  async configure(...lines: readonly string[]): Promise<void> {
    const { status, stdout, stderr } = await this.#ask("configure terminal", "bfd", ...lines);
    if (status !== 0) throw new Error(`vtysh: ${stdout}${stderr}`);
  }

  async peer(address: string): Promise<FrrPeer | undefined> {
    const { stdout } = await this.#ask("show bfd peers json");
    const peers = JSON.parse(stdout) as readonly (FrrPeer & { readonly peer: string })[];
    return peers.find((p) => p.peer === address);
  }

  is(status: FrrPeer["status"], address: string): Promise<true> {
    return until(
      `FRR's peer ${address} is ${status}`,
      async () => (await this.peer(address))?.status === status,
    );
  }
}
