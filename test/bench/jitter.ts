/**
 * Advert lateness at 10 ms: the daemon is MASTER on one end of a veth pair, tcpdump stamps its
 * adverts on the other. Jitter is the deviation of a gap from 10 ms, drift what a minute loses.
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { start, until, type Which } from "./daemons.ts";
import { advertConfig } from "./generate.ts";
import { quantile, type Row } from "./statistics.ts";

const INTERVAL_MICROS = 10_000;
const SENDER = "kbench-tx";
const RECEIVER = "kbench-rx";

async function measure(which: Which, secondsLong: number): Promise<number[]> {
  const directory = mkdtempSync(join(tmpdir(), "kbench-"));
  const run = (...args: string[]): void => {
    execFileSync("ip", args);
  };
  run("netns", "add", SENDER);
  run("netns", "add", RECEIVER);
  try {
    run("link", "add", "eth0", "netns", SENDER, "type", "veth", "peer", "name", "eth0", "netns", RECEIVER);
    for (const [ns, address] of [
      [SENDER, "192.0.2.1/24"],
      [RECEIVER, "192.0.2.2/24"],
    ] as const) {
      run("-n", ns, "addr", "add", address, "dev", "eth0");
      run("-n", ns, "link", "set", "eth0", "up");
      run("-n", ns, "link", "set", "lo", "up");
    }
    const config = join(directory, "jitter.conf");
    writeFileSync(config, advertConfig("eth0", 0.01));
    const daemon = start({
      which,
      config,
      directory,
      extraArgs: ["-P"],
      prefix: ["ip", "netns", "exec", SENDER],
    });
    try {
      await until(() => daemon.log().includes("Entering MASTER STATE"), 20_000, 50);
      await sleep(7_000);
      const dump = spawn(
        "ip",
        ["netns", "exec", RECEIVER, "tcpdump", "-i", "eth0", "-nn", "-tt", "-B", "8192", "ip proto 112"],
        { stdio: ["ignore", "pipe", "ignore"] },
      );
      let text = "";
      dump.stdout.on("data", (b: Buffer) => {
        text += b.toString();
      });
      await sleep(secondsLong * 1_000);
      const closed = new Promise((resolve) => dump.once("close", resolve));
      dump.kill("SIGINT");
      await closed;
      const stamps = [...text.matchAll(/^(\d+)\.(\d{6}) IP/gm)].map((m) => Number(m[1]) * 1e6 + Number(m[2]));
      if (stamps.length < (secondsLong * 1e6) / INTERVAL_MICROS / 2)
        throw new Error(`${which}: only ${stamps.length} adverts`);
      return stamps;
    } finally {
      await daemon.stop();
    }
  } finally {
    run("netns", "del", SENDER);
    run("netns", "del", RECEIVER);
    rmSync(directory, { recursive: true });
  }
}

/** 99th percentile of the deviation of each advert's gap from 10 ms, and the drift per minute. */
export async function jitter(secondsLong: number): Promise<readonly Row[]> {
  const gaps: Record<Which, number> = { c: 0, ours: 0 };
  const drift: Record<Which, number> = { c: 0, ours: 0 };
  for (const which of ["c", "ours"] as const) {
    const stamps = await measure(which, secondsLong);
    const deviations = stamps.slice(1).map((t, i) => Math.abs(t - (stamps[i] ?? t) - INTERVAL_MICROS));
    gaps[which] = quantile(deviations, 0.99);
    const span = (stamps.at(-1) ?? 0) - (stamps[0] ?? 0);
    drift[which] = ((span - (stamps.length - 1) * INTERVAL_MICROS) / span) * 60_000;
  }
  return [
    { name: "advert jitter p99 at 10 ms", unit: "us", c: gaps.c, ours: gaps.ours, target: 5 },
    { name: "advert drift at 10 ms", unit: "ms per min", c: drift.c, ours: drift.ours, target: 1 },
  ];
}
