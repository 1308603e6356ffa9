/** Whole-command time of the configuration test on a large file, C and ours alternating. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { executable, type Which } from "./daemons.ts";
import { servicesConfig } from "./generate.ts";
import { median, type Row } from "./statistics.ts";

/** @param services number of virtual servers, two real servers each */
export function configTest(services: number, rounds: number): Row {
  const directory = mkdtempSync(join(tmpdir(), "kbench-"));
  const file = join(directory, "big.conf");
  writeFileSync(file, servicesConfig({ services, realServers: 2, delayLoop: 10 }));
  const times: Record<Which, number[]> = { c: [], ours: [] };
  for (let round = 0; round < rounds; round++) {
    for (const which of ["c", "ours"] as const) {
      const began = performance.now();
      const run = spawnSync(executable(which), ["-t", "-f", file], { encoding: "utf8" });
      times[which].push(performance.now() - began);
      if (run.status !== 0) throw new Error(`${which}: exit ${run.status}: ${run.stderr.slice(0, 400)}`);
    }
  }
  rmSync(directory, { recursive: true });
  return {
    name: `config test of ${services} x 2`,
    unit: "ms wall",
    c: median(times.c),
    ours: median(times.ours),
    target: 2,
  };
}
