/**
 * keepalived's verdicts on real files: the same exit status, and complaints about the same lines. Where
 * we differ on purpose, differences.md says why. The sample is part of the project; the corpus of public
 * files is used where it lies beside it.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Comparison, compare, corpora } from "./verdicts.ts";

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

for (const corpus of corpora) {
  const comparisons = compare(corpus);
  const same = comparisons.filter(({ verdict, exit }) => verdict.exit === exit).length;
  const mean = comparisons.reduce((sum, { jaccard }) => sum + jaccard, 0) / comparisons.length;
  const name = corpus.configs.pathname.includes("/sample/") ? "our sample" : "the corpus";
  if (process.env["VERBOSE"] !== undefined) show(comparisons);

  test(`${name}: exit status and lines as keepalived has them`, (t) => {
    t.diagnostic(
      `${same} of ${comparisons.length} exit statuses equal (${((100 * same) / comparisons.length).toFixed(1)} %), mean Jaccard ${mean.toFixed(3)}`,
    );
    assert.ok(comparisons.length > 0);
  });
}
