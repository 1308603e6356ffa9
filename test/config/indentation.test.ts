/** Which block lacks its brace, as the indentation shows it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { suspectIn } from "../../src/config/indentation.ts";

/** @returns the line of the block's head and the line before which its brace is missing */
function suspectLines(text: string): readonly [number, number] | undefined {
  const suspect = suspectIn({ id: 0, name: "x.conf", text, origin: undefined, expansions: undefined });
  if (suspect === undefined) return undefined;
  const line = (offset: number): number => text.slice(0, offset).split("\n").length;
  return [line(suspect.head), line(suspect.before)];
}

test("a block followed by its neighbour was not closed", () => {
  assert.deepEqual(suspectLines("a {\n  x\nb {\n  y\n}\n"), [1, 3]);
});

test("a } further left than its block belongs to the block around it", () => {
  assert.deepEqual(suspectLines("a {\n  b {\n    x\n}\nc {\n  y\n}\n"), [2, 4]);
});

test("a keyword at the height of a block's head stands behind that block", () => {
  assert.deepEqual(suspectLines("a {\n  b {\n    x\n  priority 1\n}\n"), [2, 4]);
});

test("a { on its own line is indented as the line before it", () => {
  assert.deepEqual(suspectLines("a\n{\n  x\nb\n{\n  y\n}\n"), [1, 4]);
  assert.equal(suspectLines("a\n{\n  x\n}\nb\n  {\n  y\n  }\n"), undefined);
});

test("tabs count to the next multiple of eight", () => {
  assert.deepEqual(suspectLines("a {\n\tb {\n\t\tx\n        y\n}\n"), [2, 4]);
});

test("a file without indentation, and one without mistakes, tell nothing", () => {
  assert.equal(suspectLines("a {\nx\nb {\ny\n}\n"), undefined);
  assert.equal(suspectLines("a {\n  b { x }\n  c {\n    y\n  }\n}\nd {\n  z\n}\n"), undefined);
  assert.equal(suspectLines("a {\n"), undefined);
  assert.equal(suspectLines(""), undefined);
});

test("braces on one line with their contents are no mistake", () => {
  assert.equal(suspectLines("a { x }\nb {\n  c { y }\n  z\n}\n"), undefined);
});

test("a line of a hundred thousand blocks behind half a million blanks is no work", {
  timeout: 20_000,
}, () => {
  assert.equal(suspectLines(`${" ".repeat(500_000)}${"a{".repeat(100_000)}`), undefined);
});
