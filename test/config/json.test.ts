/** Diagnostics as JSON: places, related places, includes and expansions. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { diagnosticsAsJson } from "../../src/config/json.ts";
import { loadConfig } from "../../src/config/load.ts";
import { fakeSystem } from "./fake-system.ts";

function json(files: Readonly<Record<string, string>>): readonly Record<string, unknown>[] {
  const { diagnostics, sources } = loadConfig("main.conf", fakeSystem(files));
  return JSON.parse(diagnosticsAsJson(diagnostics, sources));
}

test("no diagnostics are an empty array", () => {
  assert.deepEqual(json({ "main.conf": "" }), []);
});

test("a diagnostic has its file, where it begins and ends, and the places that belong to it", () => {
  assert.deepEqual(json({ "main.conf": "global_defs {\n  router_id a\n  router_id b\n}\n" }), [
    {
      code: "keyword-repeated",
      severity: "warning",
      file: "main.conf",
      start: { line: 3, column: 3 },
      end: { line: 3, column: 12 },
      message: "router_id is given twice, the last one counts; remove one of them",
      related: [
        {
          file: "main.conf",
          start: { line: 2, column: 3 },
          end: { line: 2, column: 12 },
          message: "first defined here",
        },
      ],
    },
  ]);
});

test("what stands in an included file leads back to the include", () => {
  const [first] = json({ "main.conf": "\ninclude other.conf\n", "other.conf": "banana\n" });
  assert.equal(first?.["file"], "other.conf");
  assert.deepEqual(first?.["related"], [
    {
      file: "main.conf",
      start: { line: 2, column: 1 },
      end: { line: 2, column: 1 },
      message: "included from here",
    },
  ]);
});

test("what was expanded leads back to its line, with the values", () => {
  const found = json({ "main.conf": "global_defs {\n  ~SEQ(i, 1, 2) banana$i\n}\n" });
  assert.deepEqual(
    found.map((d) => d["related"]),
    [1, 2].map((i) => [
      {
        file: "main.conf",
        start: { line: 2, column: 3 },
        end: { line: 2, column: 3 },
        message: `expanded from here, i=${i}`,
      },
    ]),
  );
});

test("what has no place has none", () => {
  const [first] = json({});
  assert.deepEqual([first?.["code"], first?.["file"], first?.["start"]], ["file-unreadable", null, null]);
});
