/**
 * The option words of one line (`dev eth0 metric 5`) to values, as an option table says. Reports what is
 * no option, lacks its value or has an invalid one; what becomes of the line then is the caller's
 * decision.
 */

import type { OptionRow, OptionTable } from "../../grammar/keywords/row.ts";
import { nearestOf } from "../../grammar/keywords/table.ts";
import type { Statement } from "../../grammar/parser.ts";
import { familyOf, type IpAddress, parseIpAddress } from "../base/address.ts";
import { InternalError } from "../base/errors.ts";
import type { IprouteNames } from "./iproute-names.ts";
import type { NumberRange, Prefix } from "./model-vrrp.ts";
import { parseDuration, parseInteger } from "./numbers.ts";
import type { Reporter } from "./reporter.ts";

export type OptionValue = boolean | number | string | Prefix | NumberRange | Mark;

export interface Mark {
  readonly value: number;
  readonly mask: number;
}

export interface OptionContext {
  readonly reporter: Reporter;
  readonly names: IprouteNames;
}

/** An option table whose words can be found. */
export class OptionWords {
  readonly item: string;
  readonly #byWord = new Map<string, OptionRow>();
  readonly #deprecated = new Set<string>();

  constructor(table: OptionTable) {
    this.item = table.item;
    for (const row of table.rows) {
      for (const word of [row.keyword, ...(row.aliases ?? []), ...(row.deprecated ?? [])])
        this.#byWord.set(word, row);
      for (const word of row.deprecated ?? []) this.#deprecated.add(word);
    }
  }

  row(word: string): OptionRow | undefined {
    return this.#byWord.get(word);
  }

  isDeprecated(word: string): boolean {
    return this.#deprecated.has(word);
  }

  /** ` (did you mean X?)`, or nothing */
  hint(word: string): string {
    const near = nearestOf(this.#byWord.keys(), word);
    return near === undefined ? "" : `; did you mean ${near}?`;
  }
}

/** What a line's options are worth, by keyword. */
export class OptionValues {
  readonly #values = new Map<string, { readonly value: OptionValue; readonly word: number }>();
  readonly locks: string[] = [];

  set(keyword: string, value: OptionValue, word: number): void {
    this.#values.set(keyword, { value, word });
  }

  delete(keyword: string): void {
    this.#values.delete(keyword);
  }

  has(keyword: string): boolean {
    return this.#values.has(keyword);
  }

  /** index of the option's word in its line */
  wordOf(keyword: string): number {
    return this.#values.get(keyword)?.word ?? 0;
  }

  flag(keyword: string): boolean {
    return this.#values.has(keyword);
  }

  number(keyword: string): number | undefined {
    const value = this.#values.get(keyword)?.value;
    return value === undefined || typeof value === "number" ? value : mismatch(keyword);
  }

  text(keyword: string): string | undefined {
    const value = this.#values.get(keyword)?.value;
    return value === undefined || typeof value === "string" ? value : mismatch(keyword);
  }

  address(keyword: string): IpAddress | undefined {
    return this.text(keyword) as IpAddress | undefined;
  }

  prefix(keyword: string): Prefix | undefined {
    const value = this.#values.get(keyword)?.value;
    if (value === undefined) return undefined;
    return typeof value === "object" && "prefixLength" in value ? value : mismatch(keyword);
  }

  range(keyword: string): NumberRange | undefined {
    const value = this.#values.get(keyword)?.value;
    if (value === undefined) return undefined;
    return typeof value === "object" && "from" in value ? value : mismatch(keyword);
  }

  mark(keyword: string): Mark | undefined {
    const value = this.#values.get(keyword)?.value;
    if (value === undefined) return undefined;
    return typeof value === "object" && "mask" in value ? value : mismatch(keyword);
  }
}

function mismatch(keyword: string): never {
  throw new InternalError(`the row of option ${keyword} and its reader disagree about the kind of value`);
}

export interface ReadOption {
  /** false: reported, the option has no value */
  readonly ok: boolean;
  /** index of the first word behind the option */
  readonly next: number;
}

/**
 * One option with its value.
 *
 * @param at index of the option's word; it stands in `row`
 */
export function readOption(
  context: OptionContext,
  line: Statement,
  at: number,
  row: OptionRow,
  values: OptionValues,
): ReadOption {
  const { reporter } = context;
  if (row.argument === "none") {
    values.set(row.keyword, true, at);
    return { ok: true, next: at + 1 };
  }
  let word = at + 1;
  if (row.lock === true && line.words[word] === "lock") {
    values.locks.push(row.keyword);
    word++;
  }
  if (row.argument === "gateway" && /^(inet6?|to)$/.test(line.words[word] ?? "")) word++;
  if (line.words[word] === undefined) {
    reporter.word(
      "missing-parameter",
      line,
      word,
      `${line.words[at]} lacks its value, which ends the reading of the configuration; write: ${line.words[at]} ${optionSyntax(row)}`,
    );
    return { ok: false, next: word };
  }
  const value = readOptionValue(context, line, word, row);
  if (value === undefined) return { ok: false, next: word + 1 };
  values.set(row.keyword, value, at);
  return { ok: true, next: word + 1 };
}

/** How an option's value is written, for messages and help. */
export function optionSyntax(row: OptionRow): string {
  if (row.syntax !== undefined) return row.syntax;
  const lock = row.lock === true ? "[lock] " : "";
  const range = `${row.min ?? 0}..${row.max ?? 0}`;
  switch (row.argument) {
    case "none":
      return "";
    case "interface":
      return "INTERFACE";
    case "broadcast":
      return "ADDR|+|-";
    case "label":
      return "LABEL";
    case "address":
      return "ADDR";
    case "prefix":
      return "ADDR[/LEN]";
    case "gateway":
      return "[inet|inet6] ADDR";
    case "integer":
      return lock + range;
    case "time":
      return `${lock}MILLISECONDS|NUMBERs|NUMBERms`;
    case "id":
      return `${range}|NAME`;
    case "realms":
      return "[SRC/]DST";
    case "mark":
      return "VALUE[/MASK]";
    case "range":
      return "START-END";
    case "choice":
      return (row.words ?? []).join("|");
    case "item":
      return "…";
    case "word":
      return `${lock}WORD`;
  }
}

function readOptionValue(
  context: OptionContext,
  line: Statement,
  word: number,
  row: OptionRow,
): OptionValue | undefined {
  const { reporter, names } = context;
  const text = line.words[word] ?? "";
  const value = plainValue(names, text, row);
  if (value !== undefined) return value;
  const known = row.names === undefined ? [] : names.known(row.names).slice(0, 8);
  const instead = optionSyntax(row) + (known.length === 0 ? "" : ` (${known.join(", ")})`);
  reporter.word("option-invalid", line, word, `${row.keyword} cannot be "${text}"; write ${instead}`);
  return undefined;
}

/** The value of one word, undefined when it has none. */
function plainValue(names: IprouteNames, text: string, row: OptionRow): OptionValue | undefined {
  const min = row.min ?? 0;
  const max = row.max ?? 4_294_967_295;
  switch (row.argument) {
    case "integer": {
      const result = parseInteger(text, min, max);
      return result.ok ? result.value : undefined;
    }
    case "id": {
      const number = row.names === undefined ? undefined : names.number(row.names, text);
      return number === undefined || number < min || number > max ? undefined : number;
    }
    case "time":
      return milliseconds(text);
    case "address":
    case "gateway":
      return parseIpAddress(text);
    case "prefix":
      return readPrefix(text);
    case "interface":
      return Buffer.byteLength(text) <= 15 ? text : undefined;
    case "choice":
      return row.words?.includes(text) === true ? text : undefined;
    case "realms":
      return readRealms(names, text);
    case "mark": {
      const match = /^(0x[0-9a-f]{1,8}|[0-9]{1,10})(?:\/(0x[0-9a-f]{1,8}|[0-9]{1,10}))?$/i.exec(text);
      if (match === null) return undefined;
      const mark = { value: Number(match[1]), mask: match[2] === undefined ? max : Number(match[2]) };
      return mark.value <= max && mark.mask <= max ? mark : undefined;
    }
    case "range": {
      const match = /^([0-9]{1,10})-([0-9]{1,10})$/.exec(text);
      if (match === null) return undefined;
      const range = { from: Number(match[1]), to: Number(match[2]) };
      return range.from >= min && range.to <= max && range.from <= range.to ? range : undefined;
    }
    default:
      return text;
  }
}

/** The kernel takes at most this for round trip times. */
const LONGEST_TIME = 960_000;

/** Milliseconds; a number alone is milliseconds, `s` and `ms` may stand behind it. */
function milliseconds(text: string): number | undefined {
  const match = /^([0-9]+(?:\.[0-9]+)?)(s|ms)?$/.exec(text);
  if (match === null) return undefined;
  const result = parseDuration(match[1] ?? "", 0, 4_294_967);
  if (!result.ok) return undefined;
  const value = Math.round(match[2] === "s" ? result.value / 1000 : result.value / 1_000_000);
  return value <= LONGEST_TIME ? value : undefined;
}

/** ADDR[/LEN], `default`, `any`, `all` for all of IPv4 and `default6` for all of IPv6. */
export function readPrefix(text: string): Prefix | undefined {
  if (/^(default|any|all)$/.test(text))
    return { address: parseIpAddress("0.0.0.0") as IpAddress, prefixLength: 0 };
  if (text === "default6") return { address: parseIpAddress("::") as IpAddress, prefixLength: 0 };
  const slash = text.indexOf("/");
  const address = parseIpAddress(slash < 0 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  const most = familyOf(address) === "ipv6" ? 128 : 32;
  if (slash < 0) return { address, prefixLength: most };
  const length = parseInteger(text.slice(slash + 1), 0, most);
  return length.ok ? { address, prefixLength: length.value } : undefined;
}

function readRealms(names: IprouteNames, text: string): NumberRange | undefined {
  const parts = text.split("/");
  if (parts.length > 2) return undefined;
  const numbers = parts.map((part) => names.number("rt_realms", part));
  const [first, second] = numbers;
  if (numbers.some((n) => n === undefined || n > 65_535) || first === undefined) return undefined;
  return second === undefined ? { from: 0, to: first } : { from: first, to: second };
}
