/**
 * What the tables know of one keyword, in words: how it is written, unit, range, default, an example.
 * `--explain`, `--keywords` and the generated reference all show this; nothing here is a second table.
 */
import { samples } from "../../grammar/keywords/examples.ts";
import type { Argument, KeywordRow } from "../../grammar/keywords/row.ts";
import { tables } from "../../grammar/keywords/table.ts";
import { assertNever } from "../base/errors.ts";
import { syntaxOf } from "./syntax.ts";

export interface KeywordFacts {
  /** the block's table; `(root)` is the file itself */
  readonly block: string;
  readonly row: KeywordRow;
  /** the argument as the reference writes it, empty without one */
  readonly syntax: string;
  /** what a number counts */
  readonly unit: string | undefined;
  readonly range: string | undefined;
  /** keyword and value as one would write them */
  readonly example: string;
}

/** Every row of every table, in the order of the tables. */
export function allKeywords(): readonly KeywordFacts[] {
  return tables.flatMap(({ block, rows }) => rows.map((row) => factsOf(block, row)));
}

/** The blocks in which a word means something, also as an alias or an old name. */
export function keywordsNamed(word: string): readonly KeywordFacts[] {
  return tables.flatMap(({ block, rows }) =>
    rows.filter((row) => spellingsOf(row).includes(word)).map((row) => factsOf(block, row)),
  );
}

/** The keyword and everything else that is read as it. */
export function spellingsOf(row: KeywordRow): readonly string[] {
  return [row.keyword, ...(row.aliases ?? []), ...(row.deprecated ?? [])];
}

function factsOf(block: string, row: KeywordRow): KeywordFacts {
  const { argument } = row;
  return {
    block,
    row,
    syntax: syntaxOf(row),
    unit: unitOf(argument),
    range: rangeOf(argument),
    example: exampleOf(block, row),
  };
}

const units = { s: "seconds", us: "microseconds", ms: "milliseconds", bytes: "bytes" } as const;

function unitOf(argument: Argument): string | undefined {
  if (argument.kind === "duration") return argument.unit === undefined ? units.s : units[argument.unit];
  if (argument.kind === "integer" && argument.unit !== undefined) return units[argument.unit];
  return undefined;
}

function rangeOf(argument: Argument): string | undefined {
  switch (argument.kind) {
    case "integer":
    case "duration":
      return `${argument.min}-${argument.max}`;
    case "weight":
      return `${-argument.most}-${argument.most}`;
    case "string":
      return argument.max === undefined ? undefined : `at most ${argument.max} characters`;
    default:
      return undefined;
  }
}

function exampleOf(block: string, row: KeywordRow): string {
  const sample = samples[`${block} ${row.keyword}`] ?? samples[row.keyword] ?? sampleOf(row);
  return sample === "" ? row.keyword : `${row.keyword} ${sample}`;
}

function sampleOf({ argument, default: text, keyword }: KeywordRow): string {
  switch (argument.kind) {
    case "none":
      return "";
    case "boolean":
      return "true";
    case "integer":
    case "duration": {
      const usual = /^\d+(\.\d+)?$/.test(text ?? "") ? Number(text) : 5;
      return String(Math.min(argument.max, Math.max(argument.min, usual)));
    }
    case "weight":
      return "-20";
    case "word":
      return argument.words[0] ?? "";
    case "string":
      return "text";
    case "interface":
      return "eth0";
    case "address":
      return argument.multicast === true ? "224.0.0.100" : "192.0.2.1";
    case "endpoint":
      return "192.0.2.20 80";
    case "host":
      return `mail.example.org ${argument.port}`;
    case "script":
      return `/etc/keepalived/${keyword}.sh`;
    case "user":
      return "nobody";
    case "netmask":
      return "255.255.255.0";
    case "statusCodes":
      return "200-299 301";
    case "digest":
      return "9b3a0c85a887a256d6939da88aabd8cd";
    case "scheduler":
      return "wlc";
    case "forwarding":
      return "DR";
    case "cpus":
      return "0 1";
    case "options":
      return argument.head === "interface" ? "eth0" : "";
    case "hex":
      return "48656c6c6f";
    case "fifo":
      return "/run/keepalived.fifo";
    case "words":
      return argument.least === 0 ? "" : "text";
    case "list":
      return argument.items === "addresses"
        ? "{ 192.0.2.10/24 }"
        : argument.items === "interfaces"
          ? "{ eth1 }"
          : "{ text }";
    case "block":
      return blockSamples[argument.head];
    default:
      return assertNever(argument);
  }
}

const blockSamples = {
  none: "{ … }",
  name: "NAME { … }",
  virtualServer: "192.0.2.10 80 { … }",
  endpoint: "192.0.2.11 80 { … }",
} as const;
