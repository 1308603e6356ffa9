/**
 * The dump of a configuration reads as the same model: for every case and sample file, for each keyword
 * by itself, and for random blocks made from the tables.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import type { KeywordRow } from "../../grammar/keywords/row.ts";
import { dumpConfig } from "../../src/config/dump.ts";
import { allKeywords, type KeywordFacts } from "../../src/config/explain-keyword.ts";
import { type LoadResult, loadConfig } from "../../src/config/load.ts";
import { fakeSystem } from "./fake-system.ts";
import { corpora, readVerdicts } from "./verdicts.ts";

const interfaces = { interfaces: new Set(["lo", "eth0", "eth1"]) };

function load(text: string): LoadResult {
  const [main = "", ...others] = text.split(/^--- /m);
  const files: Record<string, string> = { "main.conf": main };
  for (const other of others) {
    const end = other.indexOf("\n");
    files[other.slice(0, end)] = other.slice(end + 1);
  }
  return loadConfig("main.conf", fakeSystem(files, interfaces), { keepBlocks: true });
}

/** The model without the places, which a dump changes. */
function withoutPlaces(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, v) => (key === "where" ? undefined : typeof v === "bigint" ? `${v}n` : v)),
  );
}

/** The first places at which two models differ. */
function differences(a: unknown, b: unknown, path: string): readonly string[] {
  if (typeof a === "object" && a !== null && typeof b === "object" && b !== null) {
    const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
    return [...keys].flatMap((key) =>
      differences(Reflect.get(a, key), Reflect.get(b, key), `${path}.${key}`),
    );
  }
  return a === b ? [] : [`${path}: ${shown(a)} became ${shown(b)}`];
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? "undefined").slice(0, 200);
}

/** @returns the dump */
function assertSame(text: string): string {
  const first = load(text);
  if (first.model === undefined) return "";
  const dump = dumpConfig(first, { secrets: true });
  const second = load(dump);
  const found = differences(withoutPlaces(first.model), withoutPlaces(second.model), "model");
  assert.deepEqual(
    found.slice(0, 5),
    [],
    process.env["VERBOSE"] === undefined ? undefined : `${text}\n${dump}`,
  );
  const codes = new Set(first.diagnostics.map((d) => d.code));
  const fresh = second.diagnostics.filter((d) => !codes.has(d.code) && d.severity !== "note");
  assert.deepEqual(
    fresh.map((d) => `${d.code}: ${d.message}`),
    [],
  );
  return dump;
}

const directory: URL = new URL("cases/", import.meta.url);
for (const name of readdirSync(directory)) {
  const cases = readFileSync(new URL(name, directory), "utf8").split(/^={3,}\n/m);
  test(`${name}: every case`, () => {
    for (const part of cases) {
      const [input = ""] = part.split(/^==>\n/m);
      assertSame(input.replace(/^# .*\n\n?/, ""));
    }
  });
}

for (const corpus of corpora) {
  for (const { file } of readVerdicts(corpus))
    test(`${file} reads the same when dumped`, () => {
      assertSame(readFileSync(new URL(file, corpus.configs), "utf8"));
    });
}

/** The configurations of all cases, as lines. */
const texts: readonly (readonly string[])[] = readdirSync(directory).flatMap((name) =>
  readFileSync(new URL(name, directory), "utf8")
    .split(/^={3,}\n/m)
    .map(
      (part) =>
        (part.split(/^==>\n/m)[0] ?? "")
          .replace(/^# .*\n\n?/, "")
          .split(/^--- /m)[0]
          ?.split("\n") ?? [],
    ),
);

test("cases with lines lost, doubled or taken from each other read the same when dumped", () => {
  const index = fc.nat({ max: 10_000 });
  const mutation = fc.tuple(fc.constantFrom("lose", "double", "take", "shorten"), index, index, index);
  fc.assert(
    fc.property(index, fc.array(mutation, { minLength: 1, maxLength: 4 }), (which, mutations) => {
      const lines = [...(texts[which % texts.length] ?? [])];
      for (const [kind, a, b, c] of mutations) {
        const at = a % (lines.length + 1);
        const line = lines[at] ?? "";
        const donor = texts[b % texts.length] ?? [];
        if (kind === "lose") lines.splice(at, 1);
        else if (kind === "double") lines.splice(at, 0, line);
        else if (kind === "take") lines.splice(at, 0, donor[c % (donor.length + 1)] ?? "");
        else lines[at] = line.slice(0, c % (line.length + 1)) + line.slice((c % (line.length + 1)) + 1);
      }
      assertSame(lines.join("\n"));
    }),
    { seed: 20_261_121, numRuns: 1500 },
  );
});

test("passwords are masked, and nothing else", () => {
  const dump = dumpConfig(
    load(
      "vrrp_instance V1 {\n interface eth0\n virtual_router_id 51\n virtual_ipaddress { 192.0.2.1 }\n authentication {\n auth_type PASS\n auth_pass geheim\n }\n}\n",
    ),
    { secrets: false },
  );
  assert.ok(dump.includes("\n        auth_pass ********\n"), dump);
  assert.ok(!dump.includes("geheim"), dump);
});

test("defaults, inherited values and corrections are written out", () => {
  const dump = assertSame(`global_defs { vrrp_garp_master_delay 7 }
vrrp_instance V1 { 
  interface eth0
  virtual_router_id 51
  state MASTER
  nopreempt
  version 2
  advert_int 2.4
  virtual_ipaddress { 192.0.2.1/24 }
}
virtual_server 192.0.2.10 80 {
  delay_loop 5
  lvs_method DR
  protocol TCP
  quorum 9
  real_server 192.0.2.11 8080 { TCP_CHECK { retry 2 } }
}
`);
  for (const line of ["priority 255", "advert_int 2", "garp_master_delay 7", "quorum 1", "lvs_sched wlc"])
    assert.ok(dump.includes(`\n    ${line}\n`), `${line} in ${dump}`);
  assert.ok(dump.includes("\n    real_server 192.0.2.11 80 {\n"), dump);
  assert.ok(dump.includes("\n            delay_loop 5\n"), dump);
  assert.ok(dump.includes("\n            retry 2\n"), dump);
  assert.ok(!dump.includes("nopreempt"), dump);
});

/** Any value that the row allows, as one would write it. */
function anyValue(row: KeywordRow, example: string): fc.Arbitrary<string> {
  const { argument } = row;
  switch (argument.kind) {
    case "boolean":
      return fc.constantFrom("", "true", "false", "on", "no");
    case "integer":
      return fc.integer({ min: argument.min, max: argument.max }).map(String);
    case "duration":
      return fc
        .integer({ min: Math.ceil(argument.min * 1000), max: Math.floor(argument.max * 1000) })
        .map((n) => String(n / 1000));
    case "word":
      return fc.constantFrom(...argument.words);
    default:
      return fc.constant(example.slice(row.keyword.length).replace("/etc/keepalived/", "/bin/true #"));
  }
}

/** Some lines of a block, in any order. */
function linesOf(block: string): fc.Arbitrary<string> {
  const rows = allKeywords().filter(
    (facts) => facts.block === block && facts.row.argument.kind !== "block" && !needed.has(facts.row.keyword),
  );
  return fc
    .uniqueArray(fc.constantFrom(...rows), { selector: (facts) => facts.row.keyword, maxLength: 12 })
    .chain((some) =>
      fc.tuple(...some.map(({ row, example }) => anyValue(row, example).map((v) => `${row.keyword} ${v}\n`))),
    )
    .map((lines) => lines.join(""));
}

/** Given by hand, so that the block exists at all; or what leaves the namespace of the test. */
const needed: ReadonlySet<string> = new Set(["interface", "virtual_router_id", "virtual_ipaddress", "path"]);

const instance = (name: string, vrid: number): fc.Arbitrary<string> =>
  fc
    .tuple(linesOf("vrrp_instance"), linesOf("authentication"), fc.boolean())
    .map(
      ([lines, auth, hasAuth]) =>
        `vrrp_instance ${name} {\ninterface eth0\nvirtual_router_id ${vrid}\n${lines}${hasAuth ? `authentication {\n${auth}}\n` : ""}virtual_ipaddress {\n192.0.2.${vrid}/24\n}\n}\n`,
    );

const checker: fc.Arbitrary<string> = fc
  .constantFrom("TCP_CHECK", "HTTP_GET", "MISC_CHECK", "SMTP_CHECK", "DNS_CHECK", "UDP_CHECK", "PING_CHECK")
  .chain((kind) =>
    fc
      .tuple(linesOf(kind), linesOf("url"))
      .map(
        ([lines, url]) => `${kind} {\n${lines}${kind === "HTTP_GET" ? `url {\npath /\n${url}}\n` : ""}}\n`,
      ),
  );

const server: fc.Arbitrary<string> = fc
  .tuple(linesOf("virtual_server"), fc.array(fc.tuple(linesOf("real_server"), checker), { maxLength: 3 }))
  .map(
    ([lines, servers]) =>
      `virtual_server 192.0.2.100 80 {\n${lines}${servers.map(([l, c], i) => `real_server 192.0.2.${i + 1} 80 {\n${l}${c}}\n`).join("")}}\n`,
  );

test("random configurations made from the tables read the same when dumped", () => {
  fc.assert(
    fc.property(linesOf("global_defs"), instance("V1", 1), instance("V2", 2), server, (global, a, b, vs) => {
      assertSame(`global_defs {\n${global}}\n${a}${b}${vs}`);
    }),
    { seed: 20_261_120, numRuns: 400 },
  );
});

for (const { block } of allKeywords().filter((facts, i, all) => all[i - 1]?.block !== facts.block))
  test(`every keyword of ${block} by itself`, () => {
    for (const facts of allKeywords())
      if (facts.block === block && facts.row.argument.kind !== "block") assertSame(inContext(facts));
  });

/** What an example by itself cannot have: the thing that it refers to. */
const references: ReadonlySet<string> = new Set([
  "checker-target-unknown",
  "group-member-unknown",
  "hmac-disabled",
  "keyword-order",
  "script-missing",
  "track-unknown",
]);

test("every keyword's example is right", () => {
  const wrong: string[] = [];
  for (const facts of allKeywords()) {
    if (facts.row.argument.kind === "block") continue;
    const { diagnostics, sources } = load(inContext(facts));
    for (const { code, severity, span } of diagnostics)
      if ((severity === "error" || severity === "fatal") && !references.has(code) && span !== undefined)
        if (sources.lineText(span.source, span.start).trim().startsWith(facts.row.keyword))
          wrong.push(`${facts.block}: ${facts.example}: ${code}`);
  }
  assert.deepEqual(wrong, []);
});

/** A keyword's example in a configuration in which its block can exist. */
function inContext({ block, example }: KeywordFacts): string {
  const instances =
    "vrrp_instance V9 {\ninterface eth1\nvirtual_router_id 9\nvirtual_ipaddress {\n192.0.2.9\n}\n";
  const service = "virtual_server 192.0.2.10 80 {\nprotocol TCP\n";
  const real = `${service}real_server 192.0.2.11 80 {\n`;
  if (block === "(root)") return `${example}\n`;
  if (["global_defs", "SSL", "LVS_VXLAN_PARAM"].includes(block)) return `${block} {\n${example}\n}\n`;
  if (block === "vrrp_instance") return `${instances}${example}\n}\n`;
  if (block === "authentication" || block === "auth_hmac")
    return `${instances}${block} {\n${example}\n}\n}\n`;
  if (block === "virtual_server") return `${service}${example}\nreal_server 192.0.2.11 80 {\n}\n}\n`;
  if (block === "real_server") return `${real}${example}\n}\n}\n`;
  if (block === "url") return `${real}HTTP_GET {\nurl {\npath /x\n${example}\n}\n}\n}\n}\n`;
  if (block === "ssl_url") return `${real}SSL_GET {\nurl {\npath /x\n${example}\n}\n}\n}\n}\n`;
  if (block === "host") return `${real}SMTP_CHECK {\nhost {\n${example}\n}\n}\n}\n}\n`;
  if (/^[A-Z]/.test(block)) return `${real}${block} {\n${example}\n}\n}\n}\n`;
  return `${block} NAME {\n${example}\n}\n`;
}
