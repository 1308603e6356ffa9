/**
 * `npm run bench [-- config|checks|jitter|vrrp|ipvs ...]`: the same measurement on Debian's keepalived and
 * on ours in one run, printed as ratios. Never an assertion: machines differ, ratios compare.
 */
import { join } from "node:path";
import { runInGuest } from "../lab/guest.ts";
import { checks } from "./checks.ts";
import { configLoad, configMemory, configTest } from "./config.ts";
import { jitter } from "./jitter.ts";
import { type Row, renderTable } from "./statistics.ts";
import { vrrp } from "./vrrp.ts";

const measurements: Readonly<Record<string, () => Promise<readonly Row[]>>> = {
  config: async () => {
    const rows = [await configTest(10_000, 7), await configMemory(10_000)];
    for (const services of [1_000, 5_000, 10_000, 20_000, 50_000]) rows.push(await configLoad(services, 3));
    return rows;
  },
  checks: () => checks(2_000, 8),
  jitter: () => jitter(20),
  vrrp: () => vrrp(500, 100),
  ipvs: async () => {
    const output: string[] = [];
    const argv = [
      join(import.meta.dirname, "../../dist/node"),
      join(import.meta.dirname, "guest-ipvs.ts"),
      "5000",
      "3",
    ];
    await runInGuest({ argv, environment: {}, systemd: false, seconds: 900 }, (line) => output.push(line));
    const line = output.find((l) => l.startsWith("ROWS "));
    if (line === undefined) throw new Error(`the guest gave no result:\n${output.slice(-20).join("\n")}`);
    return JSON.parse(line.slice(5)) as Row[];
  },
};

const wanted = process.argv.slice(2);
const rows: Row[] = [];
for (const [name, measure] of Object.entries(measurements)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  process.stderr.write(`measuring ${name} ...\n`);
  rows.push(...(await measure()));
}
process.stdout.write(`${renderTable(rows)}\n`);
