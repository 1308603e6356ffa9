/**
 * The words behind a keyword to one checked value, as the keyword's row says. What is not valid is
 * reported here, on the word itself, and yields no value.
 */

import type { KeywordRow } from "../../grammar/keywords/row.ts";
import type { Statement } from "../../grammar/parser.ts";
import { assertNever } from "../base/errors.ts";
import {
  type ForwardingValue,
  type HexValue,
  type OptionsValue,
  readForwarding,
  readHex,
  readOptions,
} from "./arguments-options.ts";
import { isMulticast, parseDuration, parseInteger, prefixLengthOfMask } from "./numbers.ts";
import type { Reporter } from "./reporter.ts";
import { requote, requoteScript } from "./requote.ts";
import { syntaxOf } from "./syntax.ts";
import {
  commentBehind,
  type Endpoint,
  readEndpoint,
  readHostAddress,
  readInteger,
  readInterfaceName,
  reportNumber,
} from "./words.ts";

export interface HostPort {
  readonly kind: "host";
  readonly host: string;
  readonly port: number;
}

/** A script as written; users and paths are looked up when the model is built. */
export interface ScriptText {
  readonly kind: "script";
  readonly command: string;
  readonly statement: Statement;
}

/** A contribution to the priority, as the object that is tracked gives it. */
export interface Weighted {
  readonly kind: "weight";
  readonly weight: number;
  readonly reverse: boolean;
}

export interface Netmask {
  readonly kind: "netmask";
  readonly family: "ipv4" | "ipv6";
  readonly length: number;
}

export interface StatusRange {
  readonly from: number;
  readonly to: number;
}

export type Value =
  | string
  | number
  | boolean
  | Endpoint
  | HostPort
  | ScriptText
  | Weighted
  | Netmask
  | ForwardingValue
  | OptionsValue
  | HexValue
  | readonly StatusRange[]
  | readonly number[]
  | readonly Statement[]
  | readonly string[];

const schedulers: ReadonlySet<string> = new Set(
  "rr wrr lc wlc lblc sh mh dh fo ovf lblcr sed nq twos consh".split(" "),
);
const trueWords: ReadonlySet<string> = new Set(["true", "on", "yes"]);
const falseWords: ReadonlySet<string> = new Set(["false", "off", "no"]);

/**
 * @returns undefined when the line is to be dropped (reported); the row's fallback where it has one
 */
export function readValue(reporter: Reporter, row: KeywordRow, statement: Statement): Value | undefined {
  const { argument } = row;
  const { words } = statement;
  const first = words[1];
  if (first === undefined) return readBare(reporter, row, statement);
  switch (argument.kind) {
    case "none":
      noMoreThan(reporter, row, statement, 1);
      return true;
    case "boolean": {
      noMoreThan(reporter, row, statement, 2);
      if (trueWords.has(first)) return true;
      if (falseWords.has(first)) return false;
      reporter.word(
        "boolean-invalid",
        statement,
        1,
        `${words[0]} takes a yes or no, not "${first}"; write true or false`,
      );
      return undefined;
    }
    case "integer": {
      noMoreThan(reporter, row, statement, 2);
      const unit = argument.unit === undefined ? "" : ` ${unitNames[argument.unit]}`;
      if (argument.clamp === true) return readClamped(reporter, statement, argument.min, argument.max);
      const value = readInteger(reporter, statement, 1, words[0] as string, argument.min, argument.max, unit);
      return value ?? numberFallback(row);
    }
    case "duration": {
      noMoreThan(reporter, row, statement, 2);
      const result = parseDuration(first, argument.min, argument.max);
      const scale = argument.unit === "ms" ? 1000 : 1;
      if (!result.ok) {
        reportNumber(
          reporter,
          statement,
          1,
          words[0] as string,
          result.reason,
          argument.min,
          argument.max,
          argument.unit === "ms" ? " milliseconds" : " seconds",
        );
        return numberFallback(row);
      }
      if (result.rounded)
        reporter.word(
          "too-many-decimals",
          statement,
          1,
          `${words[0]} ${first} has more than six decimals and is rounded to ${result.value / 1_000_000}`,
        );
      return result.value / scale;
    }
    case "weight":
      return readWeight(reporter, statement, argument.most);
    case "word": {
      noMoreThan(reporter, row, statement, 2);
      const wanted = argument.ignoreCase === true ? first.toUpperCase() : first;
      const known = argument.words.find(
        (w) => (argument.ignoreCase === true ? w.toUpperCase() : w) === wanted,
      );
      if (known !== undefined) return known;
      const instead = typeof row.fallback === "string" ? ` (${row.fallback} is assumed)` : "";
      reporter.word(
        "word-invalid",
        statement,
        1,
        `${words[0]} cannot be "${first}"${instead}; write ${argument.words.join(" or ")}`,
      );
      return row.fallback;
    }
    case "string": {
      if (argument.escaped === true) {
        const quoted = requote(reporter, statement);
        if (quoted !== undefined) noMoreThan(reporter, row, quoted, 2);
        return quoted?.words[1];
      }
      noMoreThan(reporter, row, statement, 2);
      if (argument.max === undefined || first.length <= argument.max) return first;
      const cut = first.slice(0, argument.max);
      reporter.word(
        "string-too-long",
        statement,
        1,
        `${words[0]} is cut to ${argument.max} characters, ${cut}`,
      );
      return cut;
    }
    case "interface":
      noMoreThan(reporter, row, statement, 2);
      return readInterfaceName(reporter, statement, 1);
    case "address": {
      noMoreThan(reporter, row, statement, 2);
      const address = readHostAddress(reporter, statement, 1, words[0] as string);
      if (address === undefined || argument.multicast !== true || isMulticast(address)) return address;
      reporter.word(
        "not-multicast",
        statement,
        1,
        `${words[0]} needs a multicast address, ${address} is not one`,
      );
      return undefined;
    }
    case "endpoint":
      noMoreThan(reporter, row, statement, 3);
      return readEndpoint(reporter, statement, 1, words[0] as string);
    case "host": {
      noMoreThan(reporter, row, statement, 3);
      const port = words.length > 2 ? readInteger(reporter, statement, 2, "port", 1, 65535) : argument.port;
      return port === undefined ? undefined : { kind: "host", host: first, port };
    }
    case "script": {
      const script = requoteScript(reporter, statement);
      if (script === undefined) return undefined;
      noMoreThan(reporter, row, script, 4);
      return { kind: "script", command: script.words[1] ?? "", statement: script };
    }
    case "user":
      noMoreThan(reporter, row, statement, 3);
      return [statement];
    case "netmask":
      noMoreThan(reporter, row, statement, 2);
      return readNetmask(reporter, statement);
    case "statusCodes":
      return readStatusCodes(reporter, statement);
    case "digest":
      noMoreThan(reporter, row, statement, 2);
      if (/^[0-9a-fA-F]{32}$/.test(first)) return first.toLowerCase();
      reporter.word(
        "digest-invalid",
        statement,
        1,
        `digest is 32 hexadecimal digits, this has ${first.length} characters; take the output of genhash`,
      );
      return undefined;
    case "scheduler": {
      noMoreThan(reporter, row, statement, 2);
      if (schedulers.has(first)) return first;
      const all = [...schedulers].join(", ");
      reporter.word(
        "scheduler-unknown",
        statement,
        1,
        `no scheduler is called "${first}"; write one of ${all}`,
      );
      return undefined;
    }
    case "forwarding":
      return readForwarding(reporter, statement, argument.options);
    case "options":
      return readOptions(reporter, statement, argument);
    case "hex":
      return readHex(reporter, row, statement, argument.wildcards);
    case "fifo":
      noMoreThan(reporter, row, statement, 4);
      return [statement];
    case "cpus":
      return readCpus(reporter, statement);
    case "words":
      return words.slice(1);
    case "list":
    case "block":
      return undefined;
    default:
      return assertNever(argument);
  }
}

const unitNames = { s: "seconds", us: "microseconds", bytes: "bytes" } as const;

/** A keyword without anything behind it. */
function readBare(reporter: Reporter, row: KeywordRow, statement: Statement): Value | undefined {
  const { argument } = row;
  switch (argument.kind) {
    case "none":
    case "boolean":
      return true;
    case "integer":
      if (argument.bare !== undefined) return argument.bare;
      break;
    case "word":
    case "string":
      if (argument.optional === true) return "";
      break;
    case "hex":
      if (argument.optional === true) return true;
      break;
    case "words":
      if (argument.least === 0) return [];
      break;
    case "script":
      if (argument.optional === true) return { kind: "script", command: "", statement };
      break;
    default:
  }
  const keyword = statement.words[0];
  if (row.lenient === true)
    reporter.word(
      "missing-value",
      statement,
      1,
      `${keyword} stands alone and is ignored; write its value behind it`,
    );
  else
    reporter.word(
      "missing-parameter",
      statement,
      1,
      `${keyword} lacks its parameter${commentBehind(reporter, statement)}, which ends the reading of the configuration; write: ${keyword} ${syntaxOf(row)}`,
    );
  return undefined;
}

function noMoreThan(reporter: Reporter, row: KeywordRow, statement: Statement, count: number): void {
  if (statement.words.length <= count) return;
  const shown = row.secret === true ? "what follows" : `"${statement.words[count]}"`;
  reporter.word(
    "extra-parameter",
    statement,
    count,
    `${shown} is ignored: ${statement.words[0]} takes ${count === 1 ? "nothing" : `at most ${count - 1} word${count > 2 ? "s" : ""}`}; remove it or quote the whole value`,
  );
}

/** A number beyond the range becomes the nearest one in it. */
function readClamped(reporter: Reporter, statement: Statement, min: number, max: number): number | undefined {
  const [keyword = "", text = ""] = statement.words;
  const anything = parseInteger(text, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  if (!anything.ok) return readInteger(reporter, statement, 1, keyword, min, max);
  const value = Math.min(max, Math.max(min, anything.value));
  if (value !== anything.value)
    reporter.word(
      "number-corrected",
      statement,
      1,
      `${keyword} ${anything.value} is out of range, ${value} is taken; write ${min} to ${max}`,
    );
  return value;
}

function numberFallback(row: KeywordRow): number | undefined {
  return typeof row.fallback === "number" ? row.fallback : undefined;
}

/** N [reverse]; without a valid number the line is dropped. */
function readWeight(reporter: Reporter, statement: Statement, most: number): Weighted | undefined {
  const [keyword = ""] = statement.words;
  const weight = readInteger(reporter, statement, 1, keyword, -most, most);
  if (weight === undefined) return undefined;
  const reverse = statement.words[2] === "reverse";
  const count = reverse ? 3 : 2;
  if (statement.words.length > count)
    reporter.word(
      "option-unknown",
      statement,
      count,
      `"${statement.words[count]}" is ignored: only reverse may follow a weight; remove it`,
    );
  return { kind: "weight", weight, reverse };
}

function readNetmask(reporter: Reporter, statement: Statement): Netmask | undefined {
  const text = statement.words[1] ?? "";
  if (text.includes(".")) {
    const length = prefixLengthOfMask(text);
    if (length !== undefined) return { kind: "netmask", family: "ipv4", length };
  } else {
    const result = parseInteger(text, 1, 128);
    if (result.ok) return { kind: "netmask", family: "ipv6", length: result.value };
  }
  reporter.word(
    "netmask-invalid",
    statement,
    1,
    `"${text}" is no mask; write an IPv4 mask like 255.255.255.0 or an IPv6 prefix length, 1 to 128`,
  );
  return undefined;
}

function readStatusCodes(reporter: Reporter, statement: Statement): readonly StatusRange[] {
  const ranges: StatusRange[] = [];
  for (let i = 1; i < statement.words.length; i++) {
    const text = statement.words[i] as string;
    const match = /^([0-9]{3})(?:-([0-9]{3}))?$/.exec(text);
    const from = Number(match?.[1] ?? 0);
    const to = Number(match?.[2] ?? match?.[1] ?? 0);
    if (from >= 100 && to <= 599 && from <= to) ranges.push({ from, to });
    else
      reporter.word(
        "status-code-invalid",
        statement,
        i,
        `"${text}" is no HTTP status code; write 100 to 599 or a range like 200-299`,
      );
  }
  return ranges;
}

function readCpus(reporter: Reporter, statement: Statement): readonly number[] | undefined {
  const cpus: number[] = [];
  for (let i = 1; i < statement.words.length; i++) {
    const cpu = readInteger(reporter, statement, i, "CPU", 0, 1023);
    if (cpu === undefined) return undefined;
    cpus.push(cpu);
  }
  return cpus;
}
