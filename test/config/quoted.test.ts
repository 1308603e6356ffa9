/** Quotes and escapes of scripts and patterns; what keepalived 2.2.7 handed to a script that printed its arguments. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { splitCommand, splitQuoted } from "../../src/config/quoted.ts";

/** The arguments that a process gets from what stands behind `script`. */
function argumentsOf(text: string): readonly string[] {
  const line = splitQuoted(text);
  assert.ok(line.ok);
  return splitCommand(line.words[0] ?? "");
}

test("a command is read twice: the line with its quotes and escapes, then its first word again", () => {
  assert.deepEqual(argumentsOf(String.raw`"/x 1 'a b' \x41\102\cA\t\\z \"q r\" \n"`), [
    "/x",
    "1",
    "a b",
    "AB\x01",
    "z",
    "q r",
  ]);
  assert.deepEqual(argumentsOf(String.raw`"/x \"a b\" c"`), ["/x", "a b", "c"]);
  assert.deepEqual(argumentsOf(String.raw`/x\ 3\ y root`), ["/x", "3", "y"]);
  assert.deepEqual(argumentsOf("'/x 9 y' root"), ["/x", "9", "y"]);
  assert.deepEqual(argumentsOf(`"/x 6" "a b"`), ["/x", "6"]);
  assert.deepEqual(argumentsOf(String.raw`"/x \x4142 \0101 \8 a'b c'd \e\E \x \xg"`), [
    "/x",
    "B",
    "\b1",
    "8",
    "ab cd",
    "e\x1b",
    "x",
    "xg",
  ]);
});

test("each escape", () => {
  assert.deepEqual(splitCommand(String.raw`\a\b\E\f\n\r\t\v\7\07\007\x9\x09\c[\'\"\\\q`), [
    "\x07\b\x1b\f\n\r\t\v\x07\x07\x07\t\t\x1b'\"\\q",
  ]);
});

test("quotes hold blanks and the other quote, glue to what stands beside them, and may be empty", () => {
  assert.deepEqual(splitCommand(`abcd" efg h jkl "mnop 'x"y' "x'y" '' a"b"'c'`), [
    "abcd efg h jkl mnop",
    `x"y`,
    "x'y",
    "",
    "abc",
  ]);
});

test("a quote that is not closed is told, and gives no command", () => {
  assert.deepEqual(splitQuoted("a 'b"), { ok: false, quote: "'" });
  assert.deepEqual(splitQuoted(String.raw`"a\"`), { ok: false, quote: '"' });
  assert.deepEqual(splitCommand("a 'b"), []);
});

test("a backslash at the very end is itself, and a NUL ends its word", () => {
  assert.deepEqual(splitCommand("a\\"), ["a\\"]);
  assert.deepEqual(splitCommand(String.raw`a\0b c`), ["a", "c"]);
});

test("words that are quoted and escaped come out as they were", () => {
  fc.assert(
    fc.property(fc.array(fc.string().filter((s) => !s.includes("\0"))), (words) => {
      const quoted = words.map((word) => `"${word.replace(/["\\]/g, "\\$&")}"`).join(" ");
      assert.deepEqual(splitCommand(quoted), words);
    }),
    { numRuns: 500, seed: 20_261_120 },
  );
});
