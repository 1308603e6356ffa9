/**
 * The one test command: checks, unit tests, and system tests where each can run - on this kernel, or in
 * a guest with IPVS, or in a guest with systemd - and one closing line with the sum.
 *
 * `node test/run.ts [PATTERN...]` runs only the files whose path contains one of the patterns
 * (`check` stands for the static checks).
 */
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { GUEST_BROKE, runInGuest } from "./lab/guest.ts";
import { kernelHasIpvs } from "./lab/ipvs.ts";
import { removeLeftovers } from "./lab/leftovers.ts";

/** Where a file of tests can run. */
type Place = "here" | "guest" | "ipvs" | "systemd";

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** A suite that takes longer than this is killed and counts as failed. */
const SUITE_SECONDS = 720;
/** More than there are processors: tests in namespaces mostly wait. */
const CONCURRENCY = 4;
/** Time for what a signal ended to die, before what it left is removed. */
const LAST_BREATH_MS = 2000;
const interruption = new AbortController();
const root = new URL("..", import.meta.url).pathname;

function placeOf(file: string): Place {
  // the clock, too, may only be touched in a machine of one's own
  if (/^test\/system\/(systemd|clock-)/.test(file)) return "systemd";
  if (file.startsWith("test/system/guest-")) return "guest";
  return /^test\/(system\/ipvs-|ipvs\/kernel\/)/.test(file) ? "ipvs" : "here";
}

/** Reads the totals that node's spec reporter ends with; what it calls cancelled did not run to its end. */
class Tally {
  readonly counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  complete = false;

  read(line: string): void {
    const [, word, digits] = /^ℹ (\w+) (\d+)/.exec(stripVTControlCharacters(line)) ?? [];
    const count = Number(digits);
    if (word === "pass") this.counts.passed += count;
    if (word === "fail" || word === "cancelled") this.counts.failed += count;
    if (word === "skipped" || word === "todo") this.counts.skipped += count;
    if (word === "todo") this.complete = true;
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Runs a command here, handing over its lines, with a limit on its time. */
async function runHere(argv: readonly string[], onLine: (line: string) => void): Promise<number> {
  const [file = "", ...args] = argv;
  const limits = { timeout: SUITE_SECONDS * 1000, signal: interruption.signal };
  const child = spawn(file, args, { ...limits, stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<number>((resolve) => {
    child.once("error", () => resolve(127));
    child.once("close", (code) => resolve(code ?? 1));
  });
  for await (const line of createInterface({ input: child.stdout })) onLine(line);
  return ended;
}

/** Runs test files in one place and returns their counts; a suite that broke counts as one failure. */
async function runTests(
  title: string,
  place: Place,
  files: readonly string[],
  write: (line: string) => void = print,
): Promise<Counts> {
  if (files.length === 0 || interruption.signal.aborted) return { passed: 0, failed: 0, skipped: 0 };
  write(`\n== ${title}`);
  const tally = new Tally();
  const onLine = (line: string) => {
    tally.read(line);
    write(line);
  };
  const options = [
    "--test",
    "--test-reporter=spec",
    `--test-concurrency=${place === "here" ? CONCURRENCY : 1}`,
  ];
  const status =
    place === "here"
      ? await runHere([process.execPath, ...options, ...files], onLine)
      : await runInGuest(
          {
            argv: [process.execPath, ...options, ...files],
            environment: {},
            systemd: place === "systemd",
            seconds: SUITE_SECONDS,
          },
          onLine,
          interruption.signal,
        );
  if (status === GUEST_BROKE) write("the guest ended before its tests did");
  if (status !== 0 && tally.counts.failed === 0) tally.counts.failed += 1;
  if (status === 0 && !tally.complete) tally.counts.failed += 1;
  return tally.counts;
}

async function runChecks(): Promise<Counts> {
  print("\n== types, style, architecture");
  const status = await runHere([process.execPath, "src/build/check.mjs"], print);
  return { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: 0 };
}

/**
 * The tests that need another kernel or another PID 1, in two rows side by side, because a guest is a
 * slow machine with one processor. The second row is shown when the first is done.
 */
async function runInGuests(
  of: (place: Place) => readonly string[],
  place: Place,
): Promise<readonly Counts[]> {
  const ipvs = of("ipvs");
  const where = place === "here" ? "on this kernel" : "in a guest";
  const pairs = ipvs.filter((file) => file.includes("pair"));
  const others = ipvs.filter((file) => !pairs.includes(file));
  const shown: string[] = [];
  const later = (line: string) => shown.push(line);
  const secondRow = async () => [
    await runTests(`IPVS tests ${where}`, place, others, later),
    await runTests("tests under systemd, in a guest", "systemd", of("systemd"), later),
    await runTests("tests of rare interfaces, in a guest", "guest", of("guest"), later),
  ];
  const [first, second] = await Promise.all([runTests(`IPVS pairs ${where}`, place, pairs), secondRow()]);
  shown.map(print);
  return [first, ...second];
}

async function main(patterns: readonly string[]): Promise<number> {
  process.chdir(root);
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => interruption.abort());
  }
  await removeLeftovers();
  const wanted = (name: string) => patterns.length === 0 || patterns.some((part) => name.includes(part));
  const files = globSync("test/**/*.test.ts").filter(wanted).sort();
  const of = (place: Place) => files.filter((file) => placeOf(file) === place);
  const system = of("here").filter((file) => file.startsWith("test/system/"));
  const units = of("here").filter((file) => !system.includes(file));
  const hasIpvs = await kernelHasIpvs();

  const results: Counts[] = [];
  if (wanted("check")) results.push(await runChecks());
  results.push(await runTests("unit tests", "here", units));
  results.push(await runTests("system tests on this kernel", "here", system));
  results.push(...(await runInGuests(of, hasIpvs ? "here" : "ipvs")));

  if (interruption.signal.aborted) {
    await sleep(LAST_BREATH_MS);
    await removeLeftovers();
    print("interrupted");
    return 130;
  }
  const sum = (key: keyof Counts) => results.reduce((total, counts) => total + counts[key], 0);
  if (sum("passed") + sum("failed") + sum("skipped") === 0) {
    print(`no test matches ${patterns.join(" ")}`);
    return 1;
  }
  print(`\n${sum("passed")} passed, ${sum("failed")} failed, ${sum("skipped")} skipped`);
  const skipsCount = process.env["CI"] === "true" ? sum("skipped") : 0;
  return sum("failed") + skipsCount === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
