/** Golden tokens: what one line, brace, quote and comment become, and where their words stand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type LineToken, lexSource, scanWords } from "../../grammar/lexer.ts";
import { parseChunk, type Statement } from "../../grammar/parser.ts";
import { SourceMap } from "../../grammar/source.ts";

/** One token a string: type, line, offset, words. */
function lex(text: string): readonly string[] {
  const out: string[] = [];
  lexSource(new SourceMap().add("x", text), {
    token: (t: LineToken) =>
      out.push(
        `${t.tokenType.name} ${t.line} ${t.startOffset} ${t.words.map((w) => `<${w}>`).join("")}`.trim(),
      ),
    include: (words, _, start) => out.push(`include ${start} ${words.join(" ")}`),
    issue: ({ code, start, end }) => out.push(`${code} ${start}-${end}`),
  });
  return out;
}

function tree(text: string): unknown {
  const tokens: LineToken[] = [];
  lexSource(new SourceMap().add("x", text), {
    token: (t) => tokens.push(t),
    include: () => assert.fail("no include expected"),
    issue: () => assert.fail("no issue expected"),
  });
  const show = (s: Statement): unknown =>
    s.body === undefined ? s.words.join(" ") : [s.words.join(" "), s.body.map(show), s.close];
  return parseChunk(tokens).map((item) =>
    item.kind === "statement" ? show(item.statement) : `} ${item.start}`,
  );
}

test("blanks of every kind separate words; empty lines are nothing", () => {
  assert.deepEqual(lex(" a\tb\fc\vd\r\n\n  \r\ne"), ["Leaf 1 1 <a><b><c><d>", "Leaf 4 15 <e>"]);
});

test("braces end a line wherever they are glued", () => {
  assert.deepEqual(lex("a 80{b}c\n}\n{ d"), [
    "Open 1 0 <a><80>",
    "Leaf 1 5 <b>",
    "Close 1 6",
    "Leaf 1 7 <c>",
    "Close 2 9",
    "Brace 3 11",
    "Leaf 3 13 <d>",
  ]);
});

test("# and ! begin a comment, also within a word, but not when escaped", () => {
  assert.deepEqual(lex("a#b\nc!d\ne\\#f\\!g h\n# i\n!"), [
    "Leaf 1 0 <a>",
    "Leaf 2 4 <c>",
    "Leaf 3 8 <e#f!g><h>",
  ]);
});

test("quotes hold blanks, braces and comment signs together, and split words", () => {
  assert.deepEqual(lex('a"b { # "c ""'), ["Leaf 1 0 <a><b { # ><c><>"]);
});

test("a backslash is itself before anything else, as scripts and patterns need it", () => {
  assert.deepEqual(lex("a\\n \\\\ b\\c"), ["Leaf 1 0 <a\\n><\\\\><b\\c>"]);
});

test("a backslash at the end of a line joins nothing: it belongs to the last word, which is said", () => {
  assert.deepEqual(lex('a b \\\nc\\ \n"d" \\\ne {\\\n'), [
    "line-continuation 4-5",
    "Leaf 1 0 <a><b\\>",
    "line-continuation 7-8",
    "Leaf 2 6 <c\\>",
    "line-continuation 14-15",
    "Leaf 3 10 <d><\\>",
    "Open 4 16 <e>",
    "line-continuation 19-20",
    "Leaf 4 19 <\\>",
  ]);
});

test("an open quote ends with its line and is reported from the quote on", () => {
  assert.deepEqual(lex('a "b c\nd'), ["unmatched-quote 2-6", "Leaf 1 0 <a><b c>", "Leaf 2 7 <d>"]);
});

test("a NUL ends its line, inside a quote too", () => {
  assert.deepEqual(lex('a\0b\nc "d\0e"\nf'), [
    "Leaf 1 0 <a>",
    "nul-byte 1-2",
    "unmatched-quote 6-8",
    "Leaf 2 4 <c><d>",
    "nul-byte 8-9",
    "Leaf 3 12 <f>",
  ]);
});

test("include is recognised at the beginning of a line, with the braces of its pattern", () => {
  assert.deepEqual(lex("include /etc/{a,b}/*.conf # c\nx include y\nincluded z"), [
    "include 0 include /etc/{a,b}/*.conf",
    "Leaf 2 30 <x><include><y>",
    "Leaf 3 42 <included><z>",
  ]);
});

test("letters outside ASCII belong to words", () => {
  assert.deepEqual(lex("路由 a\u00a0b\u3000c # 注释"), ["Leaf 1 0 <路由><a\u00a0b\u3000c>"]);
});

test("the places of words are found again, quotes included", () => {
  assert.deepEqual(scanWords('x\n  ab "c d" e\\#f {', 4), [4, 6, 7, 12, 13, 17]);
});

test("blocks nest, with their { on the same or the next line", () => {
  assert.deepEqual(tree("a {\nb\nc\n{ d } }\ne"), [["a", ["b", ["c", ["d"], 12]], 14], "e"]);
});

test("missing and surplus braces are visible in the tree", () => {
  assert.deepEqual(tree("a { b { c }"), [["a", [["b", ["c"], 10]], -1]]);
  assert.deepEqual(tree("} a }"), ["} 0", "a", "} 4"]);
  assert.deepEqual(tree("{ a }"), [["", ["a"], 4]]);
});

test("places: lines, columns and the text of a line", () => {
  const sources = new SourceMap();
  const { id } = sources.add("f", "ab\r\n\ncd");
  assert.deepEqual(sources.place(id, 0), { file: "f", line: 1, column: 1 });
  assert.deepEqual(sources.place(id, 4), { file: "f", line: 2, column: 1 });
  assert.deepEqual(sources.place(id, 6), { file: "f", line: 3, column: 2 });
  assert.deepEqual(
    [0, 4, 5, 7].map((o) => sources.lineText(id, o)),
    ["ab", "", "cd", "cd"],
  );
});
