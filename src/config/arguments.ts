/**
 * The words behind a keyword to one checked value, as the keyword's row says. What is not valid is
 * reported here, on the word itself, and yields no value.
 */

import type { KeywordRow } from "../../grammar/keywords/row.ts";
import type { Statement } from "../../grammar/parser.ts";
import { type IpAddress, parseIpAddress } from "../base/address.ts";
import { assertNever } from "../base/errors.ts";
import type { Forwarding } from "./model.ts";
import { isMulticast, parseDuration, parseInteger, prefixLengthOfMask } from "./numbers.ts";
import type { Reporter } from "./reporter.ts";

/** ADDR [PORT]; port 0 when none is given */
export interface Endpoint {
  readonly kind: "endpoint";
  readonly address: IpAddress;
  readonly port: number;
}

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
  | Netmask
  | readonly StatusRange[]
  | readonly number[]
  | readonly Statement[]
  | readonly string[];

const schedulers: ReadonlySet<string> = new Set(
  "rr wrr lc wlc lblc sh mh dh fo ovf lblcr sed nq twos".split(" "),
);
const forwardings: ReadonlyMap<string, Forwarding> = new Map([
  ["NAT", "masquerade"],
  ["DR", "direct"],
  ["TUN", "tunnel"],
]);
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
      const value = readInteger(reporter, statement, 1, words[0] as string, argument.min, argument.max, unit);
      return value ?? numberFallback(row);
    }
    case "duration": {
      noMoreThan(reporter, row, statement, 2);
      const result = parseDuration(first, argument.min, argument.max);
      if (!result.ok) {
        reportNumber(
          reporter,
          statement,
          1,
          words[0] as string,
          result.reason,
          argument.min,
          argument.max,
          " seconds",
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
      return result.value;
    }
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
      const address = readAddress(reporter, statement, 1, words[0] as string);
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
    case "script":
      noMoreThan(reporter, row, statement, 4);
      return { kind: "script", command: first, statement };
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
      return readForwarding(reporter, statement);
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
    case "words":
      if (argument.least === 0) return [];
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
      `${keyword} lacks its parameter, which ends the reading of the configuration; write: ${keyword} ${syntaxOf(row)}`,
    );
  return undefined;
}

/** The argument of a row as the reference writes it. */
export function syntaxOf(row: KeywordRow): string {
  const { argument } = row;
  switch (argument.kind) {
    case "none":
      return "";
    case "boolean":
      return "[true|false]";
    case "integer": {
      const text = `${argument.min}..${argument.max}`;
      return argument.bare === undefined ? text : `[${text}]`;
    }
    case "duration":
      return "SECONDS";
    case "word":
      return argument.words.join("|");
    case "string":
      return "STRING";
    case "interface":
      return "INTERFACE";
    case "address":
      return "ADDRESS";
    case "endpoint":
      return "ADDRESS [PORT]";
    case "host":
      return "HOST [PORT]";
    case "script":
      return "SCRIPT [USER [GROUP]]";
    case "user":
      return "USER [GROUP]";
    case "netmask":
      return "MASK";
    case "statusCodes":
      return "CODE[-CODE]…";
    case "digest":
      return "MD5";
    case "scheduler":
      return "SCHEDULER";
    case "forwarding":
      return "NAT|DR|TUN";
    case "cpus":
      return "CPU…";
    case "words":
      return "…";
    case "list":
    case "block":
      return "{ … }";
    default:
      return assertNever(argument);
  }
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

function numberFallback(row: KeywordRow): number | undefined {
  return typeof row.fallback === "number" ? row.fallback : undefined;
}

/** A number at a place of a statement; reported when it is none or out of range. */
export function readInteger(
  reporter: Reporter,
  statement: Statement,
  word: number,
  name: string,
  min: number,
  max: number,
  unit = "",
): number | undefined {
  const result = parseInteger(statement.words[word] ?? "", min, max);
  if (result.ok) return result.value;
  reportNumber(reporter, statement, word, name, result.reason, min, max, unit);
  return undefined;
}

function reportNumber(
  reporter: Reporter,
  statement: Statement,
  word: number,
  name: string,
  reason: "invalid" | "range",
  min: number,
  max: number,
  unit: string,
): void {
  const got = statement.words[word] ?? "";
  if (reason === "invalid")
    reporter.word(
      "number-invalid",
      statement,
      word,
      `${name} needs a number, "${got}" is none; write ${min} to ${max}${unit}`,
    );
  else
    reporter.word(
      "number-out-of-range",
      statement,
      word,
      `${name} ${got} is out of range; write ${min} to ${max}${unit}`,
    );
}

/** An interface name at a place of a statement: what Linux accepts, 15 bytes at most. */
export function readInterfaceName(
  reporter: Reporter,
  statement: Statement,
  word: number,
): string | undefined {
  const name = statement.words[word] ?? "";
  if (Buffer.byteLength(name) <= 15) return name;
  reporter.word(
    "interface-name-too-long",
    statement,
    word,
    `interface name "${name}" is longer than the 15 characters that Linux allows and is ignored`,
  );
  return undefined;
}

export function readAddress(
  reporter: Reporter,
  statement: Statement,
  word: number,
  name: string,
): IpAddress | undefined {
  const text = statement.words[word] ?? "";
  const address = parseIpAddress(text);
  if (address === undefined)
    reporter.word("address-invalid", statement, word, `${name}: "${text}" is not an IPv4 or IPv6 address`);
  return address;
}

/** ADDR [PORT], from a place of a statement on. */
export function readEndpoint(
  reporter: Reporter,
  statement: Statement,
  word: number,
  name: string,
): Endpoint | undefined {
  const address = readAddress(reporter, statement, word, name);
  if (address === undefined) return undefined;
  const text = statement.words[word + 1];
  if (text === undefined || text === "0") return { kind: "endpoint", address, port: 0 };
  const port = readInteger(reporter, statement, word + 1, `${name} port`, 1, 65535);
  return port === undefined ? undefined : { kind: "endpoint", address, port };
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

function readForwarding(reporter: Reporter, statement: Statement): Forwarding | undefined {
  const [keyword, text = ""] = statement.words;
  const forwarding = forwardings.get(text);
  if (forwarding === undefined) {
    const upper = text.toUpperCase();
    const instead = forwardings.has(upper) ? `; write ${upper} in capitals` : "; write NAT, DR or TUN";
    reporter.word("forwarding-unknown", statement, 1, `${keyword} does not know "${text}"${instead}`);
    return undefined;
  }
  if (statement.words.length > 2) {
    if (forwarding === "tunnel" && statement.words[2] === "type" && statement.words[3] === "ipip")
      return forwarding;
    if (forwarding === "tunnel")
      reporter.once(
        "no-effect-yet",
        statement,
        "TUN type",
        "tunnel options have no effect yet; ipip is used",
      );
    else
      reporter.word(
        "extra-parameter",
        statement,
        2,
        `"${statement.words[2]}" is ignored: ${text} takes no options`,
      );
  }
  return forwarding;
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
