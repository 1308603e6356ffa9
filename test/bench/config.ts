/**
 * The configuration test of large files, C and ours alternating: wall time of the whole command, time of
 * parse, build and validate inside our process against the wall time of C, peak memory, and how all of
 * them grow with the file.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { executable, type Which } from "./daemons.ts";
import { servicesConfig } from "./generate.ts";
import { median, type Row } from "./statistics.ts";

/** What a daemon may use at most for 10,000 services, in MB. */
const MOST_MEMORY = 250;

/** @param services number of virtual servers, two real servers each */
export function configTest(services: number, rounds: number): Promise<Row> {
  return withConfig(services, async (file) => {
    const times: Record<Which, number[]> = { c: [], ours: [] };
    for (let round = 0; round < rounds; round++)
      for (const which of ["c", "ours"] as const) times[which].push(wallTime(which, file));
    return {
      name: `config test of ${services} x 2`,
      unit: "ms wall",
      c: median(times.c),
      ours: median(times.ours),
      target: 2,
    };
  });
}

/**
 * Time inside the process against the wall time of C; the same for every size means linear cost.
 *
 * @param services number of virtual servers, two real servers each
 */
export function configLoad(services: number, rounds: number): Promise<Row> {
  return withConfig(services, async (file) => {
    const times: Record<Which, number[]> = { c: [], ours: [] };
    for (let round = 0; round < rounds; round++) {
      times.c.push(wallTime("c", file));
      times.ours.push(loadTime(file));
    }
    const perService = (values: readonly number[]): number => (1000 * median(values)) / services;
    return {
      name: `load of ${services} x 2, in the process`,
      unit: "us/service",
      c: perService(times.c),
      ours: perService(times.ours),
      target: 1,
    };
  });
}

/** @param services number of virtual servers, two real servers each */
export function configMemory(services: number): Promise<Row> {
  return withConfig(services, async (file) => {
    const c = await peakMemory("c", file);
    const ours = await peakMemory("ours", file);
    return {
      name: `config test of ${services} x 2, peak`,
      unit: "MB",
      c,
      ours,
      target: Math.floor(MOST_MEMORY / c),
    };
  });
}

async function withConfig(services: number, measure: (file: string) => Promise<Row>): Promise<Row> {
  const directory = mkdtempSync(join(tmpdir(), "kbench-"));
  const file = join(directory, "big.conf");
  writeFileSync(file, servicesConfig({ services, realServers: 2, delayLoop: 10 }));
  try {
    return await measure(file);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Milliseconds of a whole configuration test. */
function wallTime(which: Which, file: string): number {
  const began = performance.now();
  const run = spawnSync(executable(which), ["-t", "-f", file], { encoding: "utf8" });
  const took = performance.now() - began;
  if (run.status !== 0) throw new Error(`${which}: exit ${run.status}: ${run.stderr.slice(0, 400)}`);
  return took;
}

/** Milliseconds of parse, build and validate in a fresh process. */
function loadTime(file: string): number {
  const host = join(import.meta.dirname, "config-host.ts");
  const run = spawnSync(process.execPath, ["--max-semi-space-size=8", host, file], { encoding: "utf8" });
  if (run.status !== 0) throw new Error(`host: exit ${run.status}: ${run.stderr.slice(0, 400)}`);
  return Number(run.stdout);
}

/** High-water mark of the resident memory in MB, looked at every few milliseconds until the end. */
async function peakMemory(which: Which, file: string): Promise<number> {
  const child = spawn(executable(which), ["-t", "-f", file], { stdio: "ignore" });
  let peak = 0;
  while (child.exitCode === null && child.signalCode === null) {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, "latin1");
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
    } catch {
      // It has just ended.
    }
    await sleep(2);
  }
  if (child.exitCode !== 0) throw new Error(`${which}: exit ${child.exitCode}`);
  return peak / 1024;
}
