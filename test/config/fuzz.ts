/**
 * Time-boxed fuzzing with fixed seeds: `FUZZ_SECONDS` for each target (3 without it), `FUZZ_SEED` for
 * another run. Whatever the input, a load must end within a bound with diagnostics that can be shown and
 * an exit status; the number of executions is printed.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { consequences } from "../../src/config/diagnostic.ts";
import type { LoadResult } from "../../src/config/load.ts";
import { renderDiagnostic } from "../../src/config/render.ts";

const seconds: number = Number(process.env["FUZZ_SECONDS"] ?? 3);
const seed: number = Number(process.env["FUZZ_SEED"] ?? 20_261_120);
/** Processor time: far more than any load takes, and far less than a hang; other processes do not count. */
const LONGEST_MS = 20_000;

/** Numbers from a seed. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 to n - 1 */
  below(n: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 4_294_967_296) * n);
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)] as T;
  }

  /** @param most how many at most */
  many<T>(most: number, one: () => T): readonly T[] {
    return Array.from({ length: this.below(most + 1) }, one);
  }
}

/**
 * One target.
 *
 * @param load makes an input and loads it
 * @param describe the last input, for the message of a failure
 */
export function fuzz(name: string, load: (dice: Dice) => LoadResult, describe: () => string): void {
  test(`fuzz ${name}: diagnostics and an exit status, whatever the input`, (t) => {
    const dice = new Dice(seed);
    const end = performance.now() + seconds * 1000;
    let executions = 0;
    let longest = 0;
    let slowest = "";
    do {
      const began = process.cpuUsage();
      let result: LoadResult;
      try {
        result = load(dice);
        check(result);
      } catch (cause) {
        throw new Error(`execution ${executions} of ${name}: ${describe()}`, { cause });
      }
      const used = process.cpuUsage(began);
      const took = (used.user + used.system) / 1000;
      if (took > longest) {
        longest = took;
        slowest = JSON.stringify(describe().slice(0, 120));
      }
      assert.ok(longest < LONGEST_MS, `${longest} ms for ${describe()}`);
      executions++;
    } while (performance.now() < end);
    t.diagnostic(
      `${name}: ${executions} executions in ${seconds} s, the longest ${Math.round(longest)} ms: ${slowest}`,
    );
  });
}

function check(result: LoadResult): void {
  const { diagnostics, sources, testStatus, startStatus } = result;
  assert.ok([0, 2, 4, 5, 6].includes(testStatus));
  assert.ok([0, 2, 6].includes(startStatus));
  // Of what is said beyond ten thousand, each code is kept once.
  assert.ok(diagnostics.length <= 10_000 + Object.keys(consequences).length);
  const errors = diagnostics.some((d) => d.severity === "error" || d.severity === "fatal");
  assert.equal(errors && testStatus === 0, false, "an error passed the test");
  for (const diagnostic of diagnostics.slice(0, 20)) {
    const text = renderDiagnostic(diagnostic, sources, { caret: true, color: false });
    assert.match(text, /\[[a-z0-9-]+\]/);
    assert.ok(!text.includes("\0"));
  }
}
