// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the language under test is written like this
/** What conditions, parameters and sequences make of lines: the words that come out, and from where. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { lexSource, type TokenSink } from "../../grammar/lexer.ts";
import { defaultLimits, type Limits, Preprocessor } from "../../grammar/preprocess.ts";
import { parseLoop } from "../../grammar/sequence.ts";
import { SourceMap } from "../../grammar/source.ts";
import { Random } from "../../src/config/random.ts";

interface Outcome {
  /** the words of each token, with its brace */
  readonly lines: readonly string[];
  /** `line:column` and the note of each token */
  readonly places: readonly string[];
  readonly issues: readonly string[];
}

function sinkInto(lines: string[], places: string[], sources: SourceMap, issues: string[]): TokenSink {
  return {
    token: ({ words, brace, source, startOffset, line }) => {
      const { text, origin } = sources.get(source);
      lines.push([...words, ...(brace < 0 ? [] : [text[brace] ?? ""])].join(" "));
      const { line: place, column } = sources.place(source, startOffset);
      assert.equal(place, line);
      const values = sources.expansionAt(source, startOffset)?.values ?? "";
      places.push(`${place}:${column}${origin === undefined ? "" : " expanded"}${values && ` ${values}`}`);
    },
    include: (words, _source, _start, end) => lines.push(`<${words.join(" ")}|${end}>`),
    issue: ({ code }) => issues.push(code),
  };
}

function run(text: string, limits: Limits = defaultLimits): Outcome {
  const sources = new SourceMap();
  const lines: string[] = [];
  const places: string[] = [];
  const issues: string[] = [];
  const sink = sinkInto(lines, places, sources, issues);
  let next = 0;
  const preprocessor = new Preprocessor(
    sources,
    sink,
    ({ code, start, end }) => issues.push(`${code} ${start}-${end}`),
    {
      configId: "low",
      environment: (name) => (name === "HOME" ? "/root" : undefined),
      directoryOf: (file) => `/dir/of/${file}`,
      random: (min, max) => min + (next++ % (max - min + 1)),
    },
    limits,
  );
  preprocessor.run(sources.add("f", text));
  return { lines, places, issues };
}

function lines(text: string): readonly string[] {
  const { lines, issues } = run(text);
  assert.deepEqual(issues, []);
  return lines;
}

test("@ID keeps a line when it is ours, @^ID when it is not, and conditions chain", () => {
  assert.deepEqual(
    lines("@low a\n@high b\n@^low c\n@^high d\n  @low\te\n@lowx f\n@low @^high g\n@low @high h\n@low"),
    ["a", "d", "e", "g"],
  );
});

test("@ID inside a line is a word, and the id ends at a blank only", () => {
  assert.deepEqual(lines("x @high\n@low{ y\nz"), ["x @high", "z"]);
});

test("what a condition keeps stays in its place in the file", () => {
  assert.deepEqual(run("a\n  @low  bc {").places, ["1:1", "2:9"]);
});

test("a condition may be the value of a parameter", () => {
  assert.deepEqual(lines("$C=@low\n$D=@high\n$C a\n$D b\n${C} c\n${C} ${D} d"), ["a", "c"]);
});

test("a parameter has a value up to the end of its line, without blanks around and comment", () => {
  assert.deepEqual(lines('$A=  x  y # no\n$B=\n"[${A}]" "[${B}]"'), ["[x  y] []"]);
});

test("a name begins with a letter or _, and = follows at once", () => {
  assert.deepEqual(lines("$1A=5\n$B =5\n$_c=6\n$1A $B $_c"), ["$1A=5", "$B =5", "$1A $B 6"]);
});

test("$NAME ends before a blank, a parenthesis or the line's end; ${NAME} anywhere", () => {
  assert.deepEqual(lines("$A=x\n($A) $A\t$A. $A; $A\n${A}${A}y"), ["(x) x $A. $A; x", "xxy"]);
});

test("values are substituted when they are used, and again when defined anew", () => {
  assert.deepEqual(lines("$A=1${B}\n$B=2\n${A}\n$B=3\n${A}\n$B=4${C}\n$C=5\n${A}"), ["12", "13", "145"]);
});

test("references that a substitution has put together count", () => {
  assert.deepEqual(lines('$A=${B\n$B=x\n"${A}}"\n$E=B\n"${${E}}"'), ["x", "x"]);
});

test("what is undefined stays as it is, quoted or not", () => {
  assert.deepEqual(lines('"${U} $U" $U\n"${ U}" "${}" "${U"'), ["${U} $U $U", "${ U} ${} ${U"]);
});

test("lines of a definition follow each other; the first is glued to what stands before", () => {
  assert.deepEqual(lines("$B= \\\n  b1 { \\\n  x \\\n } b2\n$B\ny$B\nz { $B\n}"), [
    "b1 {",
    "x",
    "}",
    "b2",
    "yb1 {",
    "x",
    "}",
    "b2",
    "z {",
    "b1 {",
    "x",
    "}",
    "b2",
    "}",
  ]);
});

test("a definition ends at the first line without a backslash, even an empty one", () => {
  assert.deepEqual(lines("$A=a1 \\\na2 \\\n\na3\n$A"), ["a3", "a1", "a2"]);
});

test("blanks behind the backslash do not matter, conditions are kept for later", () => {
  assert.deepEqual(lines("$A= \\\n a1 \\  \n @high a2 \\\n @low a3\n$A"), ["a1", "a3"]);
});

test("a comment inside a definition hides the backslash at its end", () => {
  assert.deepEqual(run("$A= \\\n a1 # c \\\na2\n$A"), {
    lines: ["a2", "a1"],
    places: ["3:1", "4:1 expanded"],
    issues: ["line-continuation 10-15"],
  });
});

test("definitions within a definition are made when it is used", () => {
  assert.deepEqual(lines("$A= \\\n$N=1 \\\na${N} \\\n$N=2 \\\n$B\n$B= \\\nb${N} \\\nc\n$A"), [
    "a1",
    "b2",
    "c",
  ]);
});

test("a dropped definition leaves its lines behind, as keepalived does", () => {
  assert.deepEqual(run("@high $A= \\\na1 \\\na2\nx $A"), {
    lines: ["a1\\", "a2", "x $A"],
    places: ["2:1", "3:1", "4:1"],
    issues: ["line-continuation"],
  });
});

test("predefined parameters: directory, config-id, hash, bang, environment; each can be defined anew", () => {
  assert.deepEqual(
    lines(
      '"${_PWD} ${_INSTANCE} ${_HASH}${_BANG} ${_ENV HOME}"\na ${_HASH} b\nc ${_BANG} d\n$_PWD=x\n"$_PWD ${_PWD}"',
    ),
    ["/dir/of/f low #! /root", "a", "c", "x x"],
  );
});

test("${_RANDOM} has none, one or two bounds", () => {
  assert.deepEqual(lines('"${_RANDOM} ${_RANDOM 7} ${_RANDOM 3 5} ${_RANDOM  9  9 }"'), ["0 8 5 9"]);
});

test("a seed gives numbers within their bounds, and the same ones again", () => {
  const draw = (seed: number): readonly number[] => {
    const random = new Random(seed);
    return Array.from({ length: 6 }, () => random.between(10, 19));
  };
  assert.deepEqual(draw(1), draw(1));
  assert.notDeepEqual(draw(1), draw(2));
  const random = new Random(3);
  const seen = new Set(Array.from({ length: 1000 }, () => random.between(0, 3)));
  assert.deepEqual([...seen].sort(), [0, 1, 2, 3]);
});

test("sequences count up or down, in steps, from 1 or -1 when they only have an end", () => {
  assert.deepEqual(
    [
      "~SEQ(i,3) a${i}",
      "~SEQ(i,-2) b${i}",
      "~SEQ(i,3,1) c${i}",
      "~SEQ(i, 0, 2, 5) d${i}",
      "~SEQ(i,5,-2,0) e${i}",
      "~SEQ(i,0x10,021) f${i}",
      "~SEQ(i,0) g${i}",
      "~SEQ (i,7,7) h${i}",
      "~SEQ(i,+1,2)j${i}",
    ].map((text) => lines(text).join(" ")),
    ["a1 a2 a3", "b-1 b-2", "c3 c2 c1", "d0 d2 d4", "e5 e3 e1", "f16 f17", "g1 g0", "h7", "j1 j2"],
  );
});

test("~SEQx counts in hexadecimal", () => {
  assert.deepEqual(lines("~SEQx(i,0x9,11) a${i}"), ["a9", "aa", "ab"]);
});

test("lists give one variable its values, or several at a time, empty where some are missing", () => {
  assert.deepEqual(lines("~LST(i, x , y,,z) [${i}]"), ["[x]", "[y]", "[]", "[z]"]);
  assert.deepEqual(lines('~LST({a, b},{1,2}, {3} ,{4,5}) "${a}-${b}"'), ["1-2", "3-", "4-5"]);
});

test("sequences nest, with inner bounds from outer values, and repeat definitions of several lines", () => {
  assert.deepEqual(lines("~SEQ(i,1,2) ~SEQ(j,1,${i}) a${i}${j}"), ["a11", "a21", "a22"]);
  assert.deepEqual(lines("$N=2\n$B= \\\nx${i} \\\ny${i}\n~SEQ(i,1,$N) $B"), ["x1", "y1", "x2", "y2"]);
  assert.deepEqual(lines("$S=~LST(i,a,b)\n$S ~SEQ(j,1,2) ${i}${j}"), ["a1", "a2", "b1", "b2"]);
});

test("a variable keeps its last value behind its sequence, and a condition may stand before or behind", () => {
  assert.deepEqual(lines("~SEQ(i,1,2) $A=x${i}\n$i ${A}\n@low ~SEQ(i,3,3) a$i @low\n~SEQ(i,1,2) @high b"), [
    "2 x2",
    "a3 @low",
  ]);
});

test("~ begins a sequence at the beginning of a line only", () => {
  assert.deepEqual(lines('x ~SEQ(i,1,2) y\n"~SEQ(i,1,2)"\n~seq z\n~ SEQ'), [
    "x ~SEQ(i,1,2) y",
    "~SEQ(i,1,2)",
    "~seq z",
    "~ SEQ",
  ]);
});

test("places: the line in the file, its first character, and the values of the variables", () => {
  assert.deepEqual(run("a\n  ~SEQ(i,1,2) ~LST(j,x) b $i\n$B= \\\nc \\\nd\n@low $B\ne").places, [
    "1:1",
    "2:3 expanded i=1, j=x",
    "2:3 expanded i=2, j=x",
    "6:1 expanded",
    "6:1 expanded",
    "7:1",
  ]);
});

test("a span in an expanded line is all of the line it came from", () => {
  const sources = new SourceMap();
  const main = sources.add("f", "a\n  ~SEQ(i,1,2) b\nc");
  const origin = { note: "expanded from", source: main.id, offset: 4 } as const;
  const line = { values: "i=1", definedSource: -1, definedOffset: 0 };
  const expanded = sources.add("f", "b\nb", origin, [line, { ...line, values: "i=2" }]);
  assert.deepEqual(sources.range(expanded.id, 2, 3), {
    from: { file: "f", line: 2, column: 3 },
    to: { file: "f", line: 2, column: 16 },
  });
  assert.deepEqual(sources.range(main.id, 0, 1), {
    from: { file: "f", line: 1, column: 1 },
    to: { file: "f", line: 1, column: 2 },
  });
  assert.equal(sources.expansionAt(expanded.id, 2)?.values, "i=2");
  assert.equal(sources.expansionAt(main.id, 4), undefined);
});

test("includes are what a line begins with after everything else, and end where its words end", () => {
  assert.deepEqual(lines('@low include a/{b,c} d # e\n$I=include f\n$I\n@high include g\n"include" h'), [
    "<include a/{b,c} d|22>",
    "<include f|9>",
    "include h",
  ]);
});

test("what contains itself is told once, at the line that uses it", () => {
  assert.deepEqual(run("$A=$A\nx $A\n$B=$C\n$C=$B\n$B\n$D=@low $D\n$D y").issues, [
    "parameter-recursion 6-10",
    "parameter-recursion 23-25",
    "parameter-recursion 37-41",
  ]);
});

test("more lines, characters or copies than allowed end the expansion with one message, and the file goes on", () => {
  const few = { lines: 50, characters: 1000, copied: 10_000, depth: 5 };
  const many = run("~SEQ(i,1,100) ~SEQ(j,1,100) a\n~SEQ(i,1,9) b\nc", few);
  assert.deepEqual(many.issues, ["expansion-too-large 0-29"]);
  assert.deepEqual([many.lines.length, many.lines.at(-1)], [49, "c"]);
  const long = run(`~SEQ(i,1,40) ${"a".repeat(300)}\nc`, few);
  assert.deepEqual([long.issues, long.lines.length], [["expansion-too-large 0-313"], 5]);
  const doubled = `$A=${"x".repeat(300)}\n$B=\${A}\${A}\${A}\${A}\n\${B}\${B}\${B}\${B}\nc`;
  assert.deepEqual([run(doubled, few).issues.length, run(doubled, few).lines], [1, ["c"]]);
  const deep = `~SEQ(i,1) ~SEQ(i,1) ~SEQ(i,1) ~SEQ(i,1) ~SEQ(i,1) ~SEQ(i,1) x`;
  assert.deepEqual(run(deep, few).issues, ["sequence-invalid 0-61"]);
});

test("long lines count more than short ones towards what is allowed", () => {
  const text = "~SEQ(i,1,2) ".repeat(1000);
  assert.deepEqual(run(text, { lines: 1e9, characters: 1e9, copied: 1e6, depth: 100 }).issues, [
    `expansion-too-large 0-${text.length - 1}`,
  ]);
});

test("a list of very many variables and rounds is not repeated", () => {
  const text = `~LST({${"a,".repeat(2000)}b}${",c".repeat(2000)}) x`;
  assert.deepEqual(run(text), { lines: [], places: [], issues: [`sequence-invalid 0-${text.length}`] });
});

test("a megabyte of carriage returns, of blanks or of a name is passed over once", () => {
  assert.deepEqual(run(`${"\r".repeat(1 << 20)}$`).lines, ["$"]);
  assert.deepEqual(run(`${" ".repeat(1 << 20)}@low a`).lines, ["a"]);
  assert.equal(run(`\${${"x".repeat(1 << 20)}`).issues.length, 0);
  assert.equal(run(`"" ${"${a ".repeat(1 << 18)}`).issues.length, 0);
});

test("a line with a NUL byte is left to the lexer", () => {
  assert.deepEqual(run("$A=x\n$A\0 y\n$A"), {
    lines: ["$A", "x"],
    places: ["2:1", "3:1 expanded"],
    issues: ["nul-byte"],
  });
});

test("without conditions, parameters and sequences the tokens are those of the lexer alone", () => {
  const word = fc.constantFrom(
    "a",
    "b{",
    "}",
    '"c d"',
    "e@f",
    "g~h",
    "\\#",
    "#",
    "include",
    "$",
    "$1",
    "\\",
    "ä",
  );
  const text = fc
    .array(
      fc.array(word, { maxLength: 4 }).map((words) => words.join(" ")),
      { maxLength: 6 },
    )
    .map((all) => all.join("\n"))
    .filter((all) => !/\$\{/.test(all));
  fc.assert(
    fc.property(text, (all) => {
      const sources = new SourceMap();
      const plain: string[] = [];
      const places: string[] = [];
      const issues: string[] = [];
      lexSource(sources.add("f", all), sinkInto(plain, places, sources, issues));
      assert.deepEqual(run(all), { lines: plain, places, issues });
    }),
    { numRuns: 500, seed: 20_261_120 },
  );
});

test("a sequence is what a loop in steps would give", () => {
  const number = fc.integer({ min: -50, max: 50 });
  fc.assert(
    fc.property(number, fc.integer({ min: -9, max: 9 }), number, (start, step, end) => {
      const expected: string[] = [];
      if (step > 0) for (let i = start; i <= end; i += step) expected.push(String(i));
      if (step < 0) for (let i = start; i >= end; i += step) expected.push(String(i));
      const result = parseLoop(`~SEQ(i, ${start}, ${step}, ${end}`);
      const values = result.ok
        ? Array.from({ length: result.loop.rounds }, (_, round) => result.loop.value(round, 0))
        : [];
      assert.deepEqual(values, expected);
    }),
    { numRuns: 500, seed: 20_261_120 },
  );
});

test("a substituted line is what replacing by hand gives", () => {
  const value = fc.stringMatching(/^[a-z0-9./:-]{0,8}$/);
  const part = fc.constantFrom("${A}", "${B}", "x", " ", "${C}", "-");
  fc.assert(
    fc.property(value, value, fc.array(part, { minLength: 1, maxLength: 8 }), (a, b, parts) => {
      const line = `"<${parts.join("")}>"`;
      const expected = line.replaceAll("${C}", "${A}${B}").replaceAll("${A}", a).replaceAll("${B}", b);
      assert.deepEqual(lines(`$C=\${A}\${B}\n$A=${a}\n$B=${b}\n${line}`), [expected.slice(1, -1)]);
    }),
    { numRuns: 500, seed: 20_261_120 },
  );
});
