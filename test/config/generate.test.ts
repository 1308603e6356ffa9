/** The generated files: what is in the tree is what the tables make, and what reads them understands it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { generatedFiles } from "../../grammar/generate.ts";
import { tables } from "../../grammar/keywords/table.ts";
import { OPTIONS } from "../../src/cli/options.ts";
import { loadConfig } from "../../src/config/load.ts";
import { fakeSystem } from "./fake-system.ts";

const root: URL = new URL("../../", import.meta.url);
const files = generatedFiles();

for (const [file, text] of files)
  test(`${file} is what npm run grammar writes`, () => {
    assert.ok(existsSync(new URL(file, root)), "missing: run npm run grammar");
    assert.ok(readFileSync(new URL(file, root), "utf8") === text, "stale: run npm run grammar");
  });

function generated(file: string): string {
  const text = files.get(file);
  assert.ok(text !== undefined, file);
  return text;
}

test("the reference has a line for every keyword in its block", () => {
  const reference = generated("grammar/REFERENCE.md");
  for (const { block, rows } of tables) {
    const heading = `\n## ${block === "(root)" ? "top level" : block}\n`;
    const from = reference.indexOf(heading);
    assert.ok(from >= 0, block);
    const section = reference.slice(from + heading.length).split("\n## ", 1)[0] ?? "";
    for (const row of rows) assert.ok(section.includes(`\n| \`${row.keyword}\``), `${block} ${row.keyword}`);
  }
  const broken = reference.split("\n").filter((line) => line.startsWith("| `") && !/ \|$/.test(line));
  assert.deepEqual(broken, []);
});

test("editors know every keyword of the tables", () => {
  const vim = new Set(generated("grammar/vim/syntax/keepalived.vim").split(/\s+/));
  const patterns = generated("grammar/vscode/syntaxes/keepalived.tmLanguage.json");
  const textMate = new Set(patterns.split(/[^\w.-]+/));
  for (const { rows } of tables)
    for (const row of rows)
      for (const word of [row.keyword, ...(row.aliases ?? []), ...(row.deprecated ?? [])]) {
        assert.ok(vim.has(word), word);
        assert.ok(textMate.has(word), word);
      }
});

test("every pattern of the TextMate grammar is a regular expression", () => {
  const patterns: string[] = [];
  JSON.parse(generated("grammar/vscode/syntaxes/keepalived.tmLanguage.json"), (key, value) => {
    if (["match", "begin", "end"].includes(key)) patterns.push(value);
    return value;
  });
  assert.ok(patterns.length > 10);
  for (const pattern of patterns) assert.ok(new RegExp(pattern, "u"), pattern);
});

test("the shells complete every option that is shown", () => {
  const shown = OPTIONS.filter((o) => o.hidden !== true);
  for (const file of files.keys()) {
    if (!file.startsWith("grammar/completion/")) continue;
    const words = new Set(generated(file).split(/[^\w-]+/));
    for (const { long } of shown)
      assert.ok(words.has(`--${long}`) || words.has(`--${long}-`) || words.has(long), `${file}: ${long}`);
  }
});

test("bash completes options and their values", () => {
  const script = `source '${new URL("grammar/completion/keepalived.bash", root).pathname}'
complete_for() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _keepalived; echo "\${COMPREPLY[*]}"; }
complete_for keepalived --str
complete_for keepalived --log-format j
complete_for keepalived -S local
complete_for keepalived -i x`;
  const done = spawnSync("bash", ["-c", script], { encoding: "utf8" });
  assert.deepEqual(done.stdout.split("\n"), [
    "--strict",
    "json",
    "local0 local1 local2 local3 local4 local5 local6 local7",
    "",
    "",
  ]);
});

interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

/** As much of JSON Schema as ours uses. @returns the paths of values that do not fit */
function misfits(schema: Schema, value: unknown, path: string): readonly string[] {
  if (schema.anyOf !== undefined)
    return schema.anyOf.some((s) => misfits(s, value, path).length === 0) ? [] : [path];
  const type = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
  const fits = [schema.type ?? []].flat();
  const named = type === "number" && Number.isInteger(value) ? "integer" : type;
  if (fits.length > 0 && !fits.includes(named)) return [`${path}: ${named} for ${fits.join(" or ")}`];
  if (Array.isArray(value) && schema.items !== undefined)
    return value.flatMap((v, i) => misfits(schema.items ?? {}, v, `${path}.${i}`));
  if (type !== "object" || value === null) return [];
  return Object.entries(schema.properties ?? {}).flatMap(([key, inner]) => {
    const v: unknown = Reflect.get(value as object, key);
    return v === undefined ? [] : misfits(inner, v, `${path}.${key}`);
  });
}

test("models fit the schema", () => {
  const schema = JSON.parse(generated("grammar/model.schema.json")) as Schema;
  const directory = new URL("cases/", import.meta.url);
  let models = 0;
  for (const name of readdirSync(directory))
    for (const part of readFileSync(new URL(name, directory), "utf8").split(/^={3,}\n/m)) {
      const text = (part.split(/^==>\n/m)[0] ?? "").replace(/^# .*\n\n?/, "").split(/^--- /m)[0] ?? "";
      const { model } = loadConfig("m.conf", fakeSystem({ "m.conf": text }));
      if (model === undefined) continue;
      models++;
      const plain: unknown = JSON.parse(
        JSON.stringify(model, (_key, v) => (typeof v === "bigint" ? Number(v) : v)),
      );
      assert.deepEqual(misfits(schema, plain, "model"), [], text);
    }
  assert.ok(models > 30);
});

test("the schema has the parts of the model in their places", () => {
  const schema = JSON.parse(generated("grammar/model.schema.json")) as Schema;
  const instance = schema.properties?.["vrrpInstances"]?.items;
  assert.deepEqual(instance?.properties?.["priority"]?.type, ["integer", "null"]);
  const real = schema.properties?.["virtualServers"]?.items?.properties?.["realServers"]?.items;
  assert.deepEqual(real?.properties?.["weight"]?.type, ["integer", "null"]);
});
