/**
 * CPU per TCP check at 2,000 checks a second. Both daemons run natively in a namespace that has only
 * loopback; IPVS is replaced by success on both sides (fake-ipvs.c for C, a recording port for ours),
 * the listener is a process of its own.
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  cpuMicros,
  descendants,
  type RunningDaemon,
  residentKib,
  start,
  until,
  type Which,
} from "./daemons.ts";
import { servicesConfig } from "./generate.ts";
import type { Row } from "./statistics.ts";

const NAMESPACE = "kbench-chk";
const PORT = 8080;

interface Measured {
  /** microseconds of CPU of the checking process per check */
  readonly cpuPerCheck: number;
  readonly residentKib: number;
}

/** The process that runs the checkers: the C daemon's child, or our own checker host. */
function checkerPid(which: Which, daemon: RunningDaemon): number {
  const pid = daemon.process.pid ?? 0;
  const below = descendants(pid);
  return which === "c" ? (below.at(-1) ?? pid) : pid;
}

async function measure(which: Which, checksPerSecond: number, secondsLong: number): Promise<Measured> {
  const directory = mkdtempSync(join(tmpdir(), "kbench-"));
  const prefix = ["ip", "netns", "exec", NAMESPACE];
  execFileSync("ip", ["netns", "add", NAMESPACE]);
  const node = join(import.meta.dirname, "../../dist/node");
  try {
    execFileSync("ip", ["-n", NAMESPACE, "link", "set", "lo", "up"]);
    const config = join(directory, "checks.conf");
    writeFileSync(
      config,
      servicesConfig({
        services: checksPerSecond / 2,
        realServers: 2,
        delayLoop: 1,
        connect: { address: "127.0.0.1", port: PORT },
      }),
    );
    const listener = spawn(
      "ip",
      ["netns", "exec", NAMESPACE, node, join(import.meta.dirname, "listener.mjs"), String(PORT)],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    let accepted = 0;
    listener.stdout.on("data", (b: Buffer) => {
      accepted = Number(b.toString().trim().split("\n").at(-1));
    });
    let preload: Record<string, string> = {};
    if (which === "c") {
      const library = join(directory, "fake-ipvs.so");
      execFileSync("gcc", [
        "-shared",
        "-fPIC",
        "-O2",
        "-o",
        library,
        join(import.meta.dirname, "fake-ipvs.c"),
      ]);
      preload = { LD_PRELOAD: library };
    }
    const daemon =
      which === "c"
        ? start({ which, config, directory, extraArgs: ["-C"], prefix, env: preload })
        : hostOurs(node, config, prefix);
    try {
      await until(() => accepted > checksPerSecond, 60_000, 100);
      await sleep(2_000);
      const pid = checkerPid(which, daemon);
      const cpu = cpuMicros(pid);
      const before = accepted;
      await sleep(secondsLong * 1_000);
      const used = cpuMicros(pid) - cpu;
      const checks = accepted - before;
      if (checks < (checksPerSecond * secondsLong) / 2) throw new Error(`${which}: only ${checks} checks`);
      return { cpuPerCheck: used / checks, residentKib: residentKib(pid) };
    } finally {
      await daemon.stop();
      listener.kill("SIGTERM");
    }
  } finally {
    execFileSync("ip", ["netns", "del", NAMESPACE]);
    rmSync(directory, { recursive: true });
  }
}

function hostOurs(node: string, config: string, prefix: readonly string[]): RunningDaemon {
  const [program, ...args] = [
    ...prefix,
    node,
    "--max-semi-space-size=8",
    join(import.meta.dirname, "checker-host.ts"),
    config,
  ];
  const child = spawn(program ?? "", args, { stdio: ["ignore", "inherit", "inherit"] });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return {
    process: child,
    log: () => "",
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

/** CPU per check and resident memory of both. */
export async function checks(perSecond: number, secondsLong: number): Promise<readonly Row[]> {
  const c = await measure("c", perSecond, secondsLong);
  const ours = await measure("ours", perSecond, secondsLong);
  return [
    {
      name: `CPU per TCP check at ${perSecond}/s`,
      unit: "us",
      c: c.cpuPerCheck,
      ours: ours.cpuPerCheck,
      target: 1,
    },
    {
      name: `checker RSS at ${perSecond} servers`,
      unit: "KiB",
      c: c.residentKib,
      ours: ours.residentKib,
      target: 20,
    },
  ];
}
