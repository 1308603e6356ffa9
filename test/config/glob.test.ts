/** Patterns of file names: what glob(3) would find. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { globPaths, matchesName } from "../../src/config/glob.ts";

function found(pattern: string, tree: Readonly<Record<string, readonly string[]>>): readonly string[] {
  const all = new Set(
    Object.entries(tree).flatMap(([directory, names]) =>
      names.map((name) => (directory === "." ? name : `${directory === "/" ? "" : directory}/${name}`)),
    ),
  );
  return globPaths(pattern, { list: (path) => tree[path] ?? [], exists: (path) => all.has(path) });
}

test("stars, question marks, sets, classes and escapes", () => {
  const names = ["a", "b.conf", "ab", "[x]", "-", "]", "A", "7", "*"];
  const matching = (pattern: string): string => names.filter((name) => matchesName(pattern, name)).join(" ");
  assert.deepEqual(
    [
      "*",
      "?",
      "*.conf",
      "[ab]*",
      "[!ab]",
      "[^a-z]",
      "[[:digit:]]",
      "[[:alpha:][:digit:]]",
      "\\*",
      "[]]",
      "[a",
      "[x]",
      "\\[x]",
      "[-a]",
      "a**b",
      "[\\]]",
    ].map(matching),
    [
      "a b.conf ab [x] - ] A 7 *",
      "a - ] A 7 *",
      "b.conf",
      "a b.conf ab",
      "- ] A 7 *",
      "- ] A 7 *",
      "7",
      "a A 7",
      "*",
      "]",
      "",
      "",
      "[x]",
      "a -",
      "ab",
      "]",
    ],
  );
});

test("a leading dot is matched by a dot only", () => {
  assert.deepEqual(
    ["*", ".*", "?x", "[.]x"].map((pattern) => matchesName(pattern, ".x")),
    [false, true, false, false],
  );
});

test("paths: relative, absolute, several levels, what does not exist, sorted", () => {
  const tree = { ".": ["d", "e", "f"], d: ["b", "a", ".h"], e: ["a"], "/": ["r"], "/r": ["x"] };
  assert.deepEqual(found("*/a", tree), ["d/a", "e/a"]);
  assert.deepEqual(found("d/*", tree), ["d/a", "d/b"]);
  assert.deepEqual(found("d//?", tree), ["d/a", "d/b"]);
  assert.deepEqual(found("/*/x", tree), ["/r/x"]);
  assert.deepEqual(found("*/nope", tree), []);
  assert.deepEqual(found("nope/*", tree), []);
  assert.deepEqual(found("f/*", tree), []);
});

test("many stars take no more time than a few", () => {
  assert.equal(matchesName(`${"*a".repeat(100)}*b`, "a".repeat(250)), false);
  assert.equal(matchesName(`${"*a".repeat(100)}*`, "a".repeat(250)), true);
});

test("stars and question marks mean what a regular expression means", () => {
  const pattern = fc
    .array(fc.constantFrom("a", "b", "*", "?"), { maxLength: 6 })
    .map((parts) => parts.join(""));
  const name = fc.array(fc.constantFrom("a", "b"), { maxLength: 8 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(pattern, name, (p, n) => {
      const expected = new RegExp(`^${p.replaceAll("*", ".*").replaceAll("?", ".")}$`).test(n);
      assert.equal(matchesName(p, n), expected);
    }),
    { numRuns: 1000, seed: 20_261_120 },
  );
});
