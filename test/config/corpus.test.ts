/**
 * keepalived's verdicts on real files: the same exit status, and complaints about the same lines. Where
 * we differ on purpose, differences.md says why. The sample is part of the project; the corpus of public
 * files is used where it lies beside it.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { loadConfig } from "../../src/config/load.ts";
import { type Comparison, compare, corpora, readVerdicts, systemOf } from "./verdicts.ts";

/** Where VERBOSE is set, every file that differs is shown: the way to find out what to work on. */
function show(comparisons: readonly Comparison[]): void {
  for (const { verdict, exit, lines, jaccard } of comparisons) {
    if (verdict.exit === exit && jaccard === 1) continue;
    const missing = [...verdict.lines].filter((line) => !lines.has(line)).slice(0, 12);
    const extra = [...lines].filter((line) => !verdict.lines.has(line)).slice(0, 12);
    console.log(
      `${verdict.file}: exit ${exit} for ${verdict.exit}, ${jaccard.toFixed(2)}; missing ${missing}; extra ${extra}`,
    );
  }
}

/** The files whose exit status differs on purpose, as differences.md lists them. */
function listedDifferences(): ReadonlySet<string> {
  const text = readFileSync(new URL("differences.md", import.meta.url), "utf8");
  const section = text.split("\n## ").find((part) => part.startsWith("Exit status\n")) ?? "";
  return new Set([...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, file = ""]) => file));
}

for (const corpus of corpora) {
  const comparisons = compare(corpus);
  const different = comparisons.filter(({ verdict, exit }) => verdict.exit !== exit);
  const mean = comparisons.reduce((sum, { jaccard }) => sum + jaccard, 0) / comparisons.length;
  const share = 1 - different.length / comparisons.length;
  const name = corpus.configs.pathname.includes("/sample/") ? "our sample" : "the corpus";
  if (process.env["VERBOSE"] !== undefined) show(comparisons);

  test(`${name}: at least 98 % of the exit statuses are keepalived's`, (t) => {
    t.diagnostic(`${(100 * share).toFixed(1)} % of ${comparisons.length}`);
    assert.ok(share >= 0.98, `${share}`);
  });

  test(`${name}: every other exit status has its reason in differences.md`, () => {
    const listed = listedDifferences();
    assert.deepEqual(
      different
        .map(({ verdict, exit }) => `${verdict.file}: ${exit}`)
        .filter((d) => !listed.has(d.split(":")[0] ?? "")),
      [],
    );
  });

  test(`${name}: complaints are about the same lines`, (t) => {
    t.diagnostic(`mean Jaccard ${mean.toFixed(3)}`);
    assert.ok(mean >= 0.92, `${mean}`);
  });

  test(`${name}: every file comes to an end, also where keepalived does not`, () => {
    for (const { file, exit, interfaces } of readVerdicts(corpus))
      if (exit === undefined) {
        const result = loadConfig(new URL(file, corpus.configs).pathname, systemOf(interfaces));
        assert.ok(result.diagnostics.length > 0, file);
      }
  });
}
