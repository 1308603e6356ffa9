/**
 * Corpus cases: a configuration, `==>`, and what comes of it: exit status, places in the model, and
 * every diagnostic with line, columns, severity, code and text. UPDATE_CASES=vrrp rewrites the outcomes of
 * the files whose names begin so.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { consequences } from "../../src/config/diagnostic.ts";
import { type LoadResult, loadConfig } from "../../src/config/load.ts";
import { fakeSystem } from "./fake-system.ts";

const directory: URL = new URL("cases/", import.meta.url);

interface Case {
  readonly title: string;
  readonly text: string;
  readonly expected: readonly string[];
}

/** Cases of a file are separated by a line of `=`; `--- NAME` begins a further file of the same case. */
function readCases(name: string): readonly Case[] {
  const cases: Case[] = [];
  for (const part of readFileSync(new URL(name, directory), "utf8").split(/^={3,}\n/m)) {
    const [input = "", outcome = ""] = part.split(/^==>\n/m);
    const [head = "", ...rest] = input.split("\n");
    assert.match(head, /^# /, `${name}: a case begins with "# title"`);
    cases.push({
      title: head.slice(2),
      text: rest.join("\n").replace(/^\n/, ""),
      expected: outcome.split("\n").filter((line) => line !== ""),
    });
  }
  return cases;
}

function load(text: string): LoadResult {
  const [main = "", ...others] = text.split(/^--- /m);
  const files: Record<string, string> = { "main.conf": main };
  for (const other of others) {
    const end = other.indexOf("\n");
    files[other.slice(0, end)] = other.slice(end + 1);
  }
  return loadConfig("main.conf", fakeSystem(files));
}

function valueAt(model: unknown, path: string): string {
  let value = model;
  for (const key of path.split(".")) {
    if (key === "length" && Array.isArray(value)) value = value.length;
    else value = typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
  }
  return JSON.stringify(value) ?? "undefined";
}

function outcomeOf(result: LoadResult, paths: readonly string[]): readonly string[] {
  const lines = [`exit ${result.testStatus} start ${result.startStatus}`];
  for (const path of paths) lines.push(`${path} = ${valueAt(result.model, path)}`);
  const { sources } = result;
  for (const { span, severity, code, message, related } of result.diagnostics) {
    let place = "-";
    if (span !== undefined) {
      const { file, line, column } = sources.place(span.source, span.start);
      const prefix = file === "main.conf" ? "" : `${file}:`;
      place = `${prefix}${line}:${column}-${column + span.end - span.start}`;
    }
    lines.push(`${place} ${severity} [${code}] ${message}`);
    for (const { note, span: at } of related) {
      const { line, column } = sources.place(at.source, at.start);
      lines.push(`  ${line}:${column} ${note}`);
    }
  }
  return lines;
}

const update: string | undefined = process.env["UPDATE_CASES"];
const seenCodes = new Set<string>();
const files: readonly string[] = readdirSync(directory)
  .filter((name) => name.endsWith(".txt"))
  .sort();

for (const file of files) {
  const updated: string[] = [];
  for (const { title, text, expected } of readCases(file)) {
    for (const line of expected) {
      const code = /^[-\w]\S* \w+ \[([a-z0-9-]+)\] /.exec(line)?.[1];
      if (code !== undefined) seenCodes.add(code);
    }
    const paths = expected
      .filter((line) => /^[a-zA-Z][\w.]* = /.test(line))
      .map((line) => line.split(" = ")[0] ?? "");
    const result = load(text);
    updated.push(`# ${title}\n\n${text}==>\n${outcomeOf(result, paths).join("\n")}\n`);
    if (update === undefined)
      test(`${file}: ${title}`, () => assert.deepEqual(outcomeOf(result, paths), expected));
  }
  if (update !== undefined && file.startsWith(update))
    writeFileSync(new URL(file, directory), updated.join("=====\n"));
}

/** Codes whose tests need other means than text: load.test.ts and lexical*.test.ts have them. */
const elsewhere: ReadonlySet<string> = new Set([
  "expansion-too-large",
  "file-unreadable",
  "include-too-many",
  "include-unreadable",
  "invalid-utf8",
  "nul-byte",
  "nesting-too-deep",
  "vip-excess",
]);

test("every diagnostic code has a case, and every case a known code", () => {
  const known = Object.keys(consequences).filter((code) => !elsewhere.has(code));
  assert.deepEqual([...seenCodes].sort(), known.sort());
});
