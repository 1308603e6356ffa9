/** The pages of help: one for every code and every keyword, and what `--keywords` lists is the tables. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { samples } from "../../grammar/keywords/examples.ts";
import { optionTables } from "../../grammar/keywords/options.ts";
import { tables } from "../../grammar/keywords/table.ts";
import { consequences } from "../../src/config/diagnostic.ts";
import { explain, keywordList, nearestTopic } from "../../src/config/explain.ts";
import { pages } from "../../src/config/explain-pages.ts";

test("every diagnostic code has a page, and every page a code", () => {
  assert.deepEqual(Object.keys(pages).sort(), Object.keys(consequences).sort());
});

test("a page says what it means, why it hurts and what to write", () => {
  for (const [code, { means, hurts, write }] of Object.entries(pages))
    for (const text of [means, hurts, write]) assert.ok(text.length > 10, `${code}: ${text}`);
});

test("a code is explained with its consequence", () => {
  assert.equal(
    explain("path-missing"),
    `path-missing (error, a test ends with status 5)

What it means:  A url has no path.
Why it hurts:   The url is ignored.
What to write:  Write: path /
`,
  );
  assert.match(explain("vip-duplicate") ?? "", /^vip-duplicate \(warning, a test passes\)\n/);
  assert.match(explain("vrid-missing") ?? "", /status 5, the daemon does not start\)\n/);
});

test("a keyword is explained with block, unit, range, default and example", () => {
  assert.equal(
    explain("advert_int"),
    `advert_int SECONDS

  advert interval

  block:    vrrp_instance
  unit:     seconds
  range:    0.01-255
  default:  1
  example:  advert_int 1
  state:    works
`,
  );
});

test("blocks with the same words about a keyword are named together", () => {
  assert.match(explain("connect_port") ?? "", /\n {2}block: {4}TCP_CHECK, HTTP_GET, /);
});

test("what lies below keywords is explained, too", () => {
  assert.equal(
    explain("~SEQx"),
    `~SEQx(VARIABLE, [START, [STEP,]] END) TEXT

  the same with hexadecimal digits, from 0 on

  example:  ~SEQx(i, 9, 0xa) include web\${i}.conf
`,
  );
  assert.match(explain("include") ?? "", /^include PATTERN\n\n {2}reads the files that match/);
});

test("an old name leads to the page of the new one", () => {
  assert.match(explain("nb_get_retry") ?? "", /old: {6}nb_get_retry \(write retry\)/);
});

test("what is unknown has no page, but a neighbour", () => {
  assert.equal(explain("banana"), undefined);
  assert.equal(nearestTopic("vip-dublicate"), "vip-duplicate");
  assert.equal(nearestTopic("weigth"), "weight");
  assert.equal(nearestTopic("banana"), undefined);
});

test("every keyword, alias and option word has a page", () => {
  for (const { rows } of tables)
    for (const row of rows)
      for (const word of [row.keyword, ...(row.aliases ?? []), ...(row.deprecated ?? [])])
        assert.ok(explain(word)?.includes(row.help.split(" ")[0] ?? ""), word);
});

test("the list of keywords is the tables, word for word", () => {
  const expected = new Set<string>();
  for (const { block, rows } of tables)
    for (const row of rows)
      for (const word of [row.keyword, ...(row.aliases ?? []), ...(row.deprecated ?? [])])
        expected.add(`${block}\t${word}\t${row.effect}`);
  for (const { item, rows } of optionTables)
    for (const row of rows)
      for (const word of [row.keyword, ...(row.aliases ?? []), ...(row.deprecated ?? [])])
        expected.add(`${item}\t${word}\t${row.effect}`);
  const lines = keywordList().trimEnd().split("\n");
  assert.equal(new Set(lines).size, lines.length);
  assert.deepEqual(new Set(lines), expected);
});

test("every sample stands for a keyword that exists", () => {
  const words = new Set(
    tables.flatMap(({ block, rows }) => rows.flatMap((r) => [r.keyword, `${block} ${r.keyword}`])),
  );
  assert.deepEqual(
    Object.keys(samples).filter((key) => !words.has(key)),
    [],
  );
});
