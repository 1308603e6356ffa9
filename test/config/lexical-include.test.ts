// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the language under test is written like this
/** Includes on real files: what is read, what is passed over, what fails, and where circles end. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import { checksFromKeyword, checksOf, expandBraces, lenient, strict } from "../../src/config/include.ts";
import { type LoadOptions, type LoadResult, loadConfig } from "../../src/config/load.ts";
import { nodeConfigSystem } from "../../src/config/node-system.ts";
import { renderDiagnostic } from "../../src/config/render.ts";

const root: string = mkdtempSync(join(tmpdir(), "include-"));
after(() => rmSync(root, { recursive: true }));

function write(files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(root, "d"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  return directory;
}

function load(directory: string, options: LoadOptions = {}): LoadResult {
  return loadConfig(join(directory, "main.conf"), nodeConfigSystem(), { configId: "low", ...options });
}

/** Unknown words show what was read, in its order. */
function words(result: LoadResult): readonly string[] {
  return result.diagnostics
    .filter((d) => d.code === "unknown-keyword")
    .map(({ span }) =>
      span === undefined ? "" : result.sources.get(span.source).text.slice(span.start, span.end),
    );
}

function others(result: LoadResult): readonly string[] {
  return result.diagnostics
    .filter((d) => d.code !== "unknown-keyword")
    .map((d) => `${d.code}: ${d.message.replaceAll(`${root}/`, "").replace(/d\w{6}\//g, "")}`);
}

test("files come in the order of the names in braces, sorted within each wildcard", () => {
  const d = write({
    "main.conf": "include {c,[ab]*,sub/{y,x},c}.conf\nend",
    "a1.conf": "a1",
    "a2.conf": "a2",
    "b.conf": "b",
    "c.conf": "c",
    "sub/x.conf": "x",
    "sub/y.conf": "y",
  });
  assert.deepEqual(words(load(d)), ["c", "a1", "a2", "b", "y", "x", "c", "end"]);
});

test("a relative name is relative to the file that includes it, and so is _PWD", () => {
  const d = write({
    "main.conf": 'include sub/one.conf\n"${_PWD}"',
    "sub/one.conf": 'include ../two.conf\ninclude three.conf\n"${_PWD}"',
    "two.conf": "two",
    "sub/three.conf": "three",
  });
  assert.deepEqual(words(load(d)), ["two", "three", `"${d}/sub"`, `"${d}"`]);
});

test("parameters and conditions of an included file count behind it", () => {
  const d = write({ "main.conf": "include p.conf\nm$A", "p.conf": "@low $A=1\n@high $A=2" });
  assert.deepEqual(words(load(d)), ["m1"]);
});

test("directories, executables, pipes and links to nowhere are passed over, and fail when it is strict", () => {
  for (const [directive, code, status] of [
    ["include", "include-unreadable", 0],
    ["includer", "include-failed", 6],
  ] as const) {
    const d = write({
      "main.conf": `${directive} {dir,exe,pipe,gone}.conf`,
      "exe.conf": "x",
      "dir.conf/a": "x",
    });
    chmodSync(join(d, "exe.conf"), 0o755);
    execFileSync("mkfifo", [join(d, "pipe.conf")]);
    symlinkSync("nowhere", join(d, "gone.conf"));
    const result = load(d);
    assert.deepEqual(others(result), [
      `${code}: dir.conf is a directory and is not read; name a regular file`,
      `${code}: exe.conf is executable and is not read; take the x permission away`,
      `${code}: pipe.conf is no regular file and is not read; name a regular file`,
      `${code}: gone.conf is no regular file and is not read; name a regular file`,
    ]);
    assert.equal(result.testStatus, status);
    assert.equal(result.startStatus, status);
  }
});

test("a missing file fails for includem, includew and includea, and for all with --all-config", () => {
  const outcome = (line: string, options?: LoadOptions): number =>
    load(write({ "main.conf": line, "yes.conf": "" }), options).testStatus;
  const table = ["include", "includer", "includem", "includew", "includeb", "includea"].map((directive) =>
    [`no.conf`, `no*.conf`, `{yes,no}.conf`, `{yes,no*}.conf`].map((name) => outcome(`${directive} ${name}`)),
  );
  assert.deepEqual(table, [
    [0, 0, 0, 0],
    [0, 0, 0, 0],
    [6, 0, 0, 0],
    [6, 6, 0, 0],
    [0, 0, 6, 0],
    [6, 6, 6, 0],
  ]);
  assert.deepEqual(
    ["no.conf", "no*.conf", "yes.conf"].map((name) => outcome(`include ${name}`, { allConfig: true })),
    [6, 6, 0],
  );
});

test("include_check puts checks in force, takes them away and replaces them", () => {
  const check = (text: string): string => {
    const { read, match, wildcard, brace } = checksFromKeyword(
      ["include_check", ...text.split(" ").filter(Boolean)],
      {
        ...lenient,
        brace: true,
      },
    );
    return `${read ? "r" : ""}${match ? "m" : ""}${wildcard ? "w" : ""}${brace ? "b" : ""}`;
  };
  assert.deepEqual(
    [
      "",
      "read",
      "match",
      "+match",
      "-brace_match",
      "+ match wildcard_match",
      "match -match",
      "+wildcard_match -read",
      "readable what",
    ].map(check),
    ["rmwb", "r", "rm", "rmb", "", "rmwb", "r", "wb", "r"],
  );
});

test("each directive adds its checks to those in force", () => {
  assert.deepEqual(checksOf("include", lenient), lenient);
  assert.deepEqual(checksOf("includer", lenient), {
    read: true,
    match: false,
    wildcard: false,
    brace: false,
  });
  assert.deepEqual(checksOf("includem", lenient), { read: true, match: true, wildcard: false, brace: false });
  assert.deepEqual(checksOf("includew", lenient), { read: true, match: true, wildcard: true, brace: false });
  assert.deepEqual(checksOf("includeb", lenient), { read: true, match: false, wildcard: false, brace: true });
  assert.deepEqual(checksOf("includea", lenient), strict);
  assert.deepEqual(checksOf("include", strict), strict);
});

test("a hundred files within each other are read; a message tells the whole way", () => {
  const files: Record<string, string> = { "main.conf": "include f1.conf\nend" };
  for (let i = 1; i < 100; i++) files[`f${i}.conf`] = `include f${i + 1}.conf\nw${i}`;
  files["f100.conf"] = "deepest";
  const result = load(write(files));
  assert.deepEqual([words(result)[0], words(result).length, others(result)], ["deepest", 101, []]);
  const [first] = result.diagnostics;
  assert.ok(first);
  const text = renderDiagnostic(first, result.sources, { caret: false, color: false }).split("\n");
  assert.equal(text.length, 101);
  assert.match(text[1] ?? "", /^ {2}included from .*\/f99\.conf:1$/);
  assert.match(text[100] ?? "", /^ {2}included from .*\/main\.conf:1$/);
});

test("circles end with a message: direct, through others, through links and wildcards", () => {
  const direct = load(write({ "main.conf": "include main.conf\nend" }));
  assert.deepEqual(
    [words(direct), others(direct)],
    [["end"], ["include-loop: main.conf includes itself and is not read again; break the circle"]],
  );
  const through = load(
    write({ "main.conf": "include a.conf", "a.conf": "include b.conf\na", "b.conf": "include a.conf\nb" }),
  );
  assert.deepEqual([words(through), others(through).length], [["b", "a"], 1]);
  const linked = write({ "main.conf": "include l/main.conf\nx" });
  symlinkSync(".", join(linked, "l"));
  const deep = load(linked);
  assert.equal(words(deep).length, 41);
  assert.match(others(deep).join(), /^include-unreadable: cannot read l\/.*: ELOOP; /);
  const all = write({
    "main.conf": "include *.inc",
    "a.inc": "include *.inc",
    "b.inc": "include *.inc",
    "c.inc": "include *.inc",
  });
  assert.ok(others(load(all)).every((text) => text.startsWith("include-loop")));
});

test("more files than anybody has are not read", () => {
  const files: Record<string, string> = { "main.conf": "include f1.conf\nend" };
  for (let i = 1; i < 16; i++) files[`f${i}.conf`] = `include f${i + 1}.conf\ninclude f${i + 1}.conf`;
  files["f16.conf"] = "";
  const result = load(write(files));
  assert.deepEqual(words(result), ["end"]);
  assert.match(
    others(result)[0] ?? "",
    /^include-too-many: more than 10000 files are included, f\d+\.conf is not/,
  );
});

test("a sequence of includes that find nothing ends, too", () => {
  const result = load(write({ "main.conf": "~SEQ(i,1,100000) include none$i\nend" }));
  assert.deepEqual(words(result), ["end"]);
  assert.match(others(result).at(-1) ?? "", /^include-too-many: more than 20000 include lines/);
});

test("csh braces: nested, empty, unfinished, and too many", () => {
  assert.deepEqual(
    [
      "a",
      "{a,b}",
      "x{a,b}y{1,2}",
      "{foo/{,cat,dog},bar}",
      "{a",
      "a}",
      "{a}",
      "{}",
      "{{a,b}",
      "{a,{b}",
      "{,}",
    ].map(expandBraces),
    [
      ["a"],
      ["a", "b"],
      ["xay1", "xay2", "xby1", "xby2"],
      ["foo/", "foo/cat", "foo/dog", "bar"],
      ["{a"],
      ["a}"],
      ["{a}"],
      ["{}"],
      ["{a", "{b"],
      ["{a,{b}"],
      ["", ""],
    ],
  );
  assert.equal(expandBraces("{a,b}".repeat(20)), undefined);
  assert.equal(expandBraces("{a,b}".repeat(9))?.length, 512);
  assert.deepEqual(expandBraces(`${"{".repeat(16_000)}a,b}`)?.length, 2);
});

test("a pattern that no file can have is not looked for", () => {
  const result = load(
    write({ "main.conf": `include ${"{ ".repeat(500_000)}\nincludem ${"x".repeat(20_000)}\nend` }),
  );
  assert.deepEqual(words(result), ["end"]);
  assert.match(
    others(result)[0] ?? "",
    /^include-no-match: \{ \{ .*… is longer than any name of a file; shorten it$/,
  );
  assert.match(others(result)[1] ?? "", /^include-failed: xxx/);
});

test("braces multiply, whatever the parts", () => {
  const parts = fc.array(fc.constantFrom("a", "b", "", "/", "*"), { minLength: 2, maxLength: 4 });
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 4 }), (groups) => {
      let expected = [""];
      for (const group of groups) expected = expected.flatMap((left) => group.map((right) => left + right));
      assert.deepEqual(expandBraces(groups.map((group) => `{${group.join(",")}}`).join("")), expected);
    }),
    { numRuns: 200, seed: 20_261_120 },
  );
});
