/** The keyword tables themselves: unique words, blocks that exist, fields that the model has. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import type { KeywordRow } from "../../grammar/keywords/row.ts";
import { blockNamed, homesOf, nearestWord, tables } from "../../grammar/keywords/table.ts";

/** Pairs of block and keyword of keepalived 2.4.3: `cut -f1 keywords.tsv | sort | uniq -c`. */
const pairsOf: Readonly<Record<string, number>> = {
  "(root)": 25,
  global_defs: 140,
  track_group: 1,
  vrrp_sync_group: 15,
  garp_group: 4,
  vrrp_instance: 70,
  authentication: 2,
  auth_hmac: 5,
  vrrp_script: 8,
  vrrp_track_process: 9,
  track_file: 3,
  vrrp_track_file: 3,
  bfd_instance: 15,
  SSL: 4,
  virtual_server: 39,
  real_server: 26,
  HTTP_GET: 20,
  url: 10,
  SSL_GET: 21,
  ssl_url: 11,
  TCP_CHECK: 13,
  UDP_CHECK: 17,
  DNS_CHECK: 15,
  SMTP_CHECK: 15,
  host: 13,
  PING_CHECK: 13,
  MISC_CHECK: 10,
  FILE_CHECK: 2,
  BFD_CHECK: 2,
};

/** Words of ours inside keepalived's blocks. */
const ours: Readonly<Record<string, readonly string[]>> = {
  vrrp_instance: ["vip_restore"],
  TCP_CHECK: ["nb_get_retry"],
  UDP_CHECK: ["nb_get_retry"],
};

test("keepalived's 531 pairs of block and keyword, each once, and what EulerOS has besides", () => {
  const counts: Record<string, number> = {};
  const dialect: string[] = [];
  for (const { block, rows } of tables) {
    const wordsOf = (row: KeywordRow): readonly string[] => [
      row.keyword,
      ...(row.aliases ?? []),
      ...(row.deprecated ?? []),
      ...(row.former ?? []),
    ];
    const words = rows.flatMap(wordsOf);
    assert.equal(new Set(words).size, words.length, block);
    const theirs = rows.filter((row) => row.since !== "EulerOS").flatMap(wordsOf);
    dialect.push(...rows.filter((row) => row.since === "EulerOS").flatMap(wordsOf));
    const pairs = theirs.filter((word) => ours[block]?.includes(word) !== true).length;
    if (pairs > 0) counts[block] = pairs;
  }
  assert.deepEqual(counts, pairsOf);
  assert.equal(
    Object.values(counts).reduce((sum, count) => sum + count),
    531,
  );
  assert.deepEqual(dialect.sort(), [
    "LVS_VXLAN_PARAM",
    "checker_merge",
    "checker_off",
    "client_ipaddr_allow",
    "client_ipaddr_exclude",
    "dest_lb_kind",
    "flow_control_cps",
    "flow_control_interval",
    "flow_control_pc",
    "id",
    "laddr_group_name",
    "local_address_group",
    "local_vtepaddr",
    "mac",
    "ping_check_off",
    "reload_check_log_path",
    "reload_enable_rollback",
    "tcp_draining_timeout",
    "test_config_before_reload",
    "vip_bind_dev",
    "vni",
    "vtepaddr",
    "vteppaddr",
  ]);
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
