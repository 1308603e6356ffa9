/** The keyword tables themselves: unique words, blocks that exist, fields that the model has. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { blockNamed, homesOf, nearestWord, tables } from "../../grammar/keywords/table.ts";

test("keepalived's 531 pairs of block and keyword and one of ours, each once", () => {
  let pairs = 0;
  for (const { block, rows } of tables) {
    const words = rows.flatMap((row) => [row.keyword, ...(row.aliases ?? []), ...(row.deprecated ?? [])]);
    assert.equal(new Set(words).size, words.length, block);
    pairs += words.length;
  }
  // nb_get_retry in TCP_CHECK is ours
  assert.equal(pairs, 532);
});

test("every block that a row opens has a table, and every table is opened by a row", () => {
  const opened = tables.flatMap((t) =>
    t.rows.flatMap((row) => (row.argument.kind === "block" ? [row.argument.block] : [])),
  );
  for (const name of opened) assert.ok(blockNamed(name));
  assert.deepEqual(
    tables.map((t) => t.block).filter((name) => name !== "(root)" && !opened.includes(name)),
    [],
  );
});

test("every row that works is read by the builder", () => {
  const directory = new URL("../../src/config/", import.meta.url);
  const text = readdirSync(directory)
    .map((name) => readFileSync(new URL(name, directory), "utf8"))
    .join("\n");
  /** read by kind, not by name; or without any effect in keepalived too */
  const others = new Set(["hashed", "url"]);
  const unread = tables.flatMap((t) =>
    t.rows
      .filter((row) => row.effect === "works" && !others.has(row.keyword))
      .map((row) => row.keyword)
      .filter(
        (word) => !text.includes(`"${word}"`) && !text.includes(`"${word.replace(/^(vrrp|checker)/, "")}`),
      )
      .filter((word) => !text.includes(`\${process}${word.replace(/^(vrrp|checker)/, "")}`)),
  );
  assert.deepEqual(unread, []);
});

test("rows have a help text, and ranges that are ranges", () => {
  for (const { block, rows } of tables)
    for (const row of rows) {
      assert.ok(row.help.length > 0, `${block} ${row.keyword}`);
      const { argument } = row;
      if (argument.kind === "integer" || argument.kind === "duration") assert.ok(argument.min < argument.max);
    }
});

test("the nearest word is near: a slip of the finger, not another word", () => {
  const block = blockNamed("vrrp_instance");
  assert.equal(nearestWord(block, "prioirty"), "priority");
  assert.equal(nearestWord(block, "virtual_ipadress"), "virtual_ipaddress");
  assert.equal(nearestWord(block, "Interface"), "interface");
  assert.equal(nearestWord(block, "banana"), undefined);
});

test("homes are named as an operator knows them", () => {
  assert.deepEqual(homesOf("global_defs"), ["the top level"]);
  assert.deepEqual(homesOf("regex"), ["url"]);
  assert.deepEqual(homesOf("banana"), []);
});
