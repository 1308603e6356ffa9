/**
 * Runs inside a guest (or host) that has ip_vs: time from exec until the table of N x 2 is complete,
 * and from SIGHUP until one changed weight stands in the table, both daemons in turn. Prints the rows
 * as one JSON line that begins with "ROWS ".
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { executable, start, until, type Which } from "./daemons.ts";
import { servicesConfig } from "./generate.ts";
import { median, type Row } from "./statistics.ts";

// Both daemons would load the modules themselves; loading is not what is measured.
execFileSync("modprobe", ["-a", "ip_vs", "ip_vs_wrr"]);

const services = Number(process.argv[2] ?? "5000");
const rounds = Number(process.argv[3] ?? "3");
const shape = { services, realServers: 2, delayLoop: 3600 };
/** three header lines, then a line per service and per real server */
const completeLines = 3 + services * 3;

function tableLines(): number {
  const text = readFileSync("/proc/net/ip_vs", "latin1");
  let lines = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines++;
  return lines;
}

function lastWeight(): number {
  const i = services - 1;
  const text = execFileSync(
    "ipvsadm",
    ["-Ln", "-t", `10.${100 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}:80`],
    {
      encoding: "utf8",
    },
  );
  return Number(/Route\s+(\d+)/.exec(text.trimEnd().split("\n").at(-1) ?? "")?.[1] ?? "-1");
}

async function measure(which: Which): Promise<{ startMs: number; reloadMs: number; stopMs: number }> {
  const directory = mkdtempSync(join(tmpdir(), "kbench-"));
  const config = join(directory, "services.conf");
  writeFileSync(config, servicesConfig(shape));
  const began = performance.now();
  const daemon = start({ which, config, directory, extraArgs: ["-C", "-G"] });
  try {
    await until(() => tableLines() >= completeLines, 120_000, 150);
    const startMs = performance.now() - began;
    await sleep(3_000);
    writeFileSync(config, servicesConfig({ ...shape, lastWeight: 77 }));
    const signalled = performance.now();
    daemon.process.kill("SIGHUP");
    await until(() => lastWeight() === 77, 120_000, 20);
    const reloadMs = performance.now() - signalled;
    await sleep(1_000);
    const stopped = performance.now();
    await daemon.stop();
    return { startMs, reloadMs, stopMs: performance.now() - stopped };
  } catch (error) {
    await daemon.stop();
    process.stderr.write(`${executable(which)}: ${daemon.log().slice(-600)}\n`);
    throw error;
  } finally {
    execFileSync("ipvsadm", ["-C"]);
  }
}

const results: Record<Which, Awaited<ReturnType<typeof measure>>[]> = { c: [], ours: [] };
for (let round = 0; round < rounds; round++) {
  for (const which of ["c", "ours"] as const) results[which].push(await measure(which));
}
const row = (name: string, key: "startMs" | "reloadMs" | "stopMs", target: number): Row => ({
  name,
  unit: "ms wall",
  c: median(results.c.map((x) => x[key])),
  ours: median(results.ours.map((x) => x[key])),
  target,
});
process.stdout.write(
  `ROWS ${JSON.stringify([
    row(`start until ${services} x 2 stand`, "startMs", 1),
    row("reload with one change", "reloadMs", 0.3),
    row(`stop with ${services} x 2`, "stopMs", 1),
  ])}\n`,
);
