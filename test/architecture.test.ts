/**
 * The referee of the house's rules: who may import whom, which files are pure, how long a file may be,
 * that a log line has one declaration. Reads the sources as text; exceptions are listed here with their reason.
 */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

interface Import {
  readonly from: string;
  /** a path from the root of the repository, or a package or `node:` name */
  readonly target: string;
  readonly typeOnly: boolean;
  /** loaded when it is needed */
  readonly isLazy?: boolean;
}

const files = globSync(["src/**/*.ts", "grammar/**/*.ts"]).toSorted();
const texts = new Map(files.map((f) => [f, readFileSync(f, "utf8")]));
const imports = files.flatMap((f) => importsOf(f, texts.get(f) ?? ""));

function importsOf(from: string, source: string): Import[] {
  const text = withoutComments(source);
  const found: Import[] = [];
  for (const [, , names = "", target = ""] of text.matchAll(
    /^(import|export)\s+((?:type\s+)?(?:[\w*]|\{[^}]*\}|[\s,])*?)\s*from\s+"([^"]+)"/gm,
  )) {
    const inner = /\{([^}]*)\}/.exec(names)?.[1];
    const each =
      inner
        ?.split(",")
        .map((n) => n.trim())
        .filter((n) => n !== "") ?? [];
    const typeOnly =
      /^type\b/.test(names.trim()) || (each.length > 0 && each.every((n) => n.startsWith("type ")));
    found.push({ from, target: resolve(from, target), typeOnly });
  }
  for (const [, target = ""] of text.matchAll(/^import\s+"([^"]+)"/gm))
    found.push({ from, target: resolve(from, target), typeOnly: false });
  for (const [, target = ""] of text.matchAll(/\bimport\(\s*"([^"]+)"\s*\)/g))
    found.push({ from, target: resolve(from, target), typeOnly: false, isLazy: true });
  return found;
}

function resolve(from: string, target: string): string {
  return target.startsWith(".") ? path.posix.join(path.posix.dirname(from), target) : target;
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "$1");
}

/** `src/vrrp/packet.ts` lies in `vrrp`, `grammar/lexer.ts` in `grammar`; what writes files from the tables is a tool. */
function folderOf(file: string): string {
  if (file.startsWith("grammar/generate")) return "generate";
  const [first = "", second = ""] = file.split("/");
  return first === "src" ? second : first;
}

test("every form of import is seen", () => {
  const source = `
import fs from "node:fs";
import * as a from "./a.ts";
import type { B } from "../net/b.ts";
import { type C, c } from "./c.ts";
import {
  type D,
  type E,
} from "../../grammar/d.ts";
export type { F } from "./f.ts";
import "./g.ts";
// import { no } from "./comment.ts";
const h = await import("./h.ts");
`;
  assert.deepEqual(
    importsOf("src/vrrp/x.ts", source).map((i) => `${i.target}${i.typeOnly ? " type" : ""}`),
    [
      "node:fs",
      "src/vrrp/a.ts",
      "src/net/b.ts type",
      "src/vrrp/c.ts",
      "grammar/d.ts type",
      "src/vrrp/f.ts type",
      "src/vrrp/g.ts",
      "src/vrrp/h.ts",
    ],
  );
  assert.ok(imports.length > 300, `only ${imports.length} imports were found`);
});

const CORES = ["vrrp", "checkers", "ipvs", "bfd"];
/** Files of a core's folder that own sockets, timers or the kernel: the shells. */
const SHELLS = /^src\/(vrrp|checkers|ipvs|bfd)\/(.*-)?(runtime|sockets|probes?)(-.*)?\.ts$/;
/** Plain data that every layer may share. */
const SHARED_DATA = /^src\/(config\/model(-\w+)?|ipvs\/model|log\/entry)\.ts$/;
/** Interfaces without code: their types may be named anywhere. */
const SHARED_TYPES = ["src/net/native-api.ts", "src/net/kernel-objects.ts"];

/** What each folder may import besides itself and packages. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  grammar: ["base"],
  config: ["base", "grammar"],
  log: ["base"],
  net: ["base"],
  script: ["base"],
  process: ["base"],
  vrrp: ["base", "log"],
  checkers: ["base", "log"],
  ipvs: ["base", "log"],
  bfd: ["base", "log"],
  daemon: ["base", "config", "grammar", "log", "net", "script", "process", ...CORES],
  cli: ["base", "config", "grammar", "log", "net", "process", "daemon", "ipvs"],
  demo: ["base"],
  generate: ["base", "grammar", "config", "cli"],
};

function isAllowed({ from, target, typeOnly }: Import): boolean {
  if (!target.startsWith("src/") && !target.startsWith("grammar/")) return true;
  const [a, b] = [folderOf(from), folderOf(target)];
  if (a === b || SHARED_DATA.test(target)) return true;
  if (typeOnly && SHARED_TYPES.includes(target)) return true;
  if (SHELLS.test(from) && b === "net") return true;
  return MAY_IMPORT[a]?.includes(b) ?? false;
}

test("imports point downwards only, and cores do not know each other", () => {
  const wrong = imports.filter((i) => !isAllowed(i)).map((i) => `${i.from} imports ${i.target}`);
  assert.deepEqual(wrong, []);
});

/** What a program loads before it knows what it is asked for. */
function loadedBy(entry: string): readonly string[] {
  const loaded = new Set([entry]);
  for (const file of loaded)
    for (const { from, target, typeOnly, isLazy } of imports)
      if (from === file && !typeOnly && isLazy !== true) loaded.add(target);
  return [...loaded].toSorted();
}

test("the VRRP process loads nothing of other processes, and what few configurations use only with those", () => {
  const loaded = loadedBy("src/daemon/vrrp-main.ts");
  const rare = /\/(track-(script|file|process)-runtime|sync-daemon|fifo)\.ts$|^node:(crypto|net|tls|http)$/;
  const others = ["checkers", "ipvs", "bfd", "config", "cli", "grammar"];
  assert.ok(loaded.includes("src/vrrp/runtime.ts"));
  assert.deepEqual(
    loaded.filter((file) => others.includes(folderOf(file)) || rare.test(file)),
    [],
  );
});

test("every folder has its place among the layers", () => {
  const folders = new Set(files.map(folderOf));
  assert.deepEqual(
    [...folders].filter((f) => MAY_IMPORT[f] === undefined && f !== "build"),
    [],
  );
});

/** Files that decide and never do: given the same events they give the same effects. */
function isPure(file: string): boolean {
  const folder = folderOf(file);
  if (CORES.includes(folder)) return !SHELLS.test(file);
  if (folder === "base") return file !== "src/base/clock.ts";
  if (folder === "config") return file !== "src/config/node-system.ts";
  return (
    folder === "grammar" ||
    file.startsWith("src/log/catalogue/") ||
    ["src/process/restart-policy.ts", "src/log/format.ts", "src/log/entry.ts", "src/cli/options.ts"].includes(
      file,
    )
  );
}

/** Node modules that compute and nothing else. */
const PURE_MODULES = ["node:crypto", "node:buffer"];
const IMPURE_TOKENS =
  /\b(Date\.now|new Date\(\)|performance\.|setTimeout|setInterval|setImmediate|queueMicrotask|Math\.random|randomBytes|randomInt|randomUUID|process\.\w|console\.|fetch\()/;

test("pure files import no clock, file, process, socket or logger", () => {
  const wrong = imports
    .filter((i) => isPure(i.from) && !i.typeOnly)
    .filter(
      ({ target }) =>
        (target.startsWith("node:") && !PURE_MODULES.includes(target)) ||
        target === "src/base/clock.ts" ||
        ["net", "process", "script", "daemon"].includes(folderOf(target)) ||
        (folderOf(target) === "log" && !/^src\/log\/(entry|format|catalogue\/[\w-]+)\.ts$/.test(target)),
    )
    .map((i) => `${i.from} imports ${i.target}`);
  assert.deepEqual(wrong, []);
});

test("pure files use no clock, timer, randomness, process or console", () => {
  const wrong = files.filter(isPure).flatMap((f) => {
    const token = IMPURE_TOKENS.exec(withoutComments(texts.get(f) ?? ""))?.[1];
    return token === undefined ? [] : [`${f} uses ${token}`];
  });
  assert.deepEqual(wrong, []);
});

test("only native.ts loads the native shim", () => {
  const wrong = files.filter(
    (f) =>
      f !== "src/net/native.ts" && /\bprocess\.dlopen|native\.node/.test(withoutComments(texts.get(f) ?? "")),
  );
  assert.deepEqual(wrong, []);
});

test("there are no default exports and no files that only re-export", () => {
  const wrong = files.filter((f) => {
    const text = withoutComments(texts.get(f) ?? "");
    const statements = text
      .trim()
      .split(/;\s*$/m)
      .filter((s) => s.trim() !== "");
    const barrel = statements.length > 0 && statements.every((s) => /^\s*export\s[^=(]*\sfrom\s/.test(s));
    return /^export default\b/m.test(text) || barrel;
  });
  assert.deepEqual(wrong, []);
});

/** Rows, not logic: as long as what they list. */
const TABLES =
  /^(src\/log\/catalogue\/|src\/config\/(diagnostic|explain-pages)\.ts|grammar\/keywords\/|src\/cli\/options\.ts|src\/net\/constants\.ts)/;

test("no file is much longer than 400 lines, tables excepted", () => {
  const wrong = files
    .filter((f) => !TABLES.test(f))
    .map((f) => ({ f, lines: (texts.get(f) ?? "").split("\n").length - 1 }))
    .filter(({ lines }) => lines > 420);
  assert.deepEqual(
    wrong.map(({ f, lines }) => `${f} has ${lines} lines`),
    [],
  );
});

test("every file begins by saying what it is for", () => {
  assert.deepEqual(
    files.filter((f) => !/^(#!.*\n)?\/\*\*/.test(texts.get(f) ?? "")),
    [],
  );
});

/** The ids that a catalogue declares: literals of `entry()`, or the keys of its table of sentences. */
function logIds(catalogue: string): string[] {
  const text = withoutComments(texts.get(catalogue) ?? "");
  const literals = [...text.matchAll(/\bentry(?:<[^()]*>)?\(\s*"([^"]+)"/g)];
  const keys = [...text.matchAll(/^ {2}"([^"]+)": \(/gm)];
  return (literals.length > 0 ? literals : keys).map((m) => m[1] ?? "");
}

test("a log line is declared once: ids are unique over all catalogues", () => {
  const catalogues = files.filter((f) => f.startsWith("src/log/catalogue/"));
  for (const c of catalogues) assert.ok(logIds(c).length >= 10, `${c}: ids not found`);
  const ids = catalogues.flatMap(logIds);
  assert.deepEqual(
    ids.filter((id, i) => ids.indexOf(id) !== i),
    [],
  );
  assert.deepEqual(
    ids.filter((id) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(id)),
    [],
  );
});

test("log lines are declared in catalogues only", () => {
  const wrong = files
    .filter((f) => !f.startsWith("src/log/"))
    .filter((f) =>
      /\bentry(?:<[^()]*>)?\(\s*"[a-z-]+",\s*"(debug|info|notice|warning|error|critical)"/.test(
        texts.get(f) ?? "",
      ),
    );
  assert.deepEqual(wrong, []);
});
