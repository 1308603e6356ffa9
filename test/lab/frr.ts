/**
 * One of FRR's daemons in a namespace, run from the package with sockets and pid files of its own: the machine's
 * FRR, if it has one, is not touched.
 */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { attempt, type CommandResult, until } from "./shell.ts";

const PROGRAMS = "/usr/lib/frr";

/** What FRR runs in. */
export interface FrrHost {
  readonly directory: string;
  namespace(i: number): string;
  spawn(i: number, argv: readonly string[]): FrrProcess;
}

export interface FrrProcess {
  says(sentence: string): Promise<unknown>;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface Frr {
  readonly process: FrrProcess;
  /** Asks for JSON, with a command that begins with `show`. */
  show(command: string): Promise<unknown>;
  /** Changes the configuration of the running daemon. */
  configure(...lines: readonly string[]): Promise<void>;
}

let serial = 0;

/** @param configuration the daemon's file */
export async function startFrr(
  host: FrrHost,
  i: number,
  name: "bfdd" | "vrrpd",
  configuration: string,
): Promise<Frr> {
  const directory = join(host.directory, `frr${++serial}`);
  mkdirSync(directory);
  // FRR drops its rights, and its user must find the way
  chmodSync(host.directory, 0o755);
  chmodSync(directory, 0o777);
  const file = (suffix: string) => join(directory, suffix);
  writeFileSync(file("conf"), `${configuration}\n`);
  const common = (program: string) => [
    ...["-i", file(`${program}.pid`), "-z", file("zserv.api"), "--vty_socket", directory],
    ...["-A", "127.0.0.1", "-P", "0", "--log", "stdout", "--log-level", "debug"],
  ];
  // interfaces are known from zebra only
  const zebra = host.spawn(i, [join(PROGRAMS, "zebra"), "-f", "/dev/null", ...common("zebra")]);
  await zebra.says("starting");
  const own = name === "bfdd" ? ["--bfdctl", file("bfdd.sock")] : [];
  const process = host.spawn(i, [join(PROGRAMS, name), "-f", file("conf"), ...own, ...common(name)]);

  function ask(...commands: readonly string[]): Promise<CommandResult> {
    const words = commands.flatMap((c) => ["-c", c]);
    const vtysh = ["vtysh", "--vty_socket", directory, "-d", name, ...words];
    return attempt(["ip", "netns", "exec", host.namespace(i), ...vtysh]);
  }

  await until(`${name} answers`, async () => (await ask("show version")).status === 0);
  return {
    process: {
      says: (sentence) => process.says(sentence),
      stop: async (signal) => {
        await process.stop(signal);
        await zebra.stop(signal);
      },
    },
    show: async (command) => JSON.parse((await ask(command)).stdout),
    configure: async (...lines) => {
      const { status, stdout, stderr } = await ask("configure terminal", ...lines);
      if (status !== 0) throw new Error(`vtysh: ${stdout}${stderr}`);
    },
  };
}
