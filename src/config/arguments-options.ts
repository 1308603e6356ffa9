/**
 * Arguments that are made of several parts: option words with values in any order, tunnel options,
 * binary data. What is not valid is reported here, on the word itself.
 */
import type { Argument, InlineOption, KeywordRow } from "../../grammar/keywords/row.ts";
import type { Statement } from "../../grammar/parser.ts";
import { assertNever } from "../base/errors.ts";
import type { Forwarding } from "./model.ts";
import type { ReplyPattern, TunnelConfig } from "./model-lvs.ts";
import { isMulticast } from "./numbers.ts";
import type { Reporter } from "./reporter.ts";
import { readAddress, readInteger, readInterfaceName } from "./words.ts";

/** The options of a line, by their words; `true` for a word that stands alone. */
export interface OptionsValue {
  readonly kind: "options";
  /** the interface in front of them, where the keyword has one */
  readonly head: string | undefined;
  readonly values: ReadonlyMap<string, string | number | true>;
}

/** `lvs_method` with what follows it. */
export interface ForwardingValue {
  readonly kind: "forwarding";
  readonly method: Forwarding;
  /** undefined: ipip without options */
  readonly tunnel: TunnelConfig | undefined;
}

/** Binary data; `pattern` has mask 0 where any digit will do. */
export interface HexValue extends ReplyPattern {
  readonly kind: "hex";
}

const plain = new Map<string, ForwardingValue>(
  (
    [
      ["NAT", "masquerade"],
      ["DR", "direct"],
      ["TUN", "tunnel"],
      ["FNAT", "fullNat"],
    ] as const
  ).map(([word, method]) => [word, { kind: "forwarding", method, tunnel: undefined }]),
);

/** @returns undefined when the line is to be dropped (reported) */
export function readForwarding(
  reporter: Reporter,
  statement: Statement,
  options: readonly InlineOption[],
): ForwardingValue | undefined {
  const [keyword, text = "", option] = statement.words;
  const value = plain.get(text);
  if (value === undefined) {
    const upper = text.toUpperCase();
    const instead = plain.has(upper) ? `; write ${upper} in capitals` : "; write NAT, DR or TUN";
    reporter.word("forwarding-unknown", statement, 1, `${keyword} does not know "${text}"${instead}`);
    return undefined;
  }
  if (value.method === "fullNat")
    reporter.once(
      "no-effect-yet",
      statement,
      "FNAT",
      "FNAT does not replace source addresses yet and works as NAT: the real servers must send their answers through this host",
    );
  if (option === undefined) return value;
  if (value.method === "tunnel") {
    return { ...value, tunnel: readTunnel(reporter, statement, options) };
  }
  reporter.word("option-unknown", statement, 2, `"${option}" is ignored: ${text} takes no options`);
  return value;
}

/** @returns undefined where the options do not fit together: it is a tunnel all the same, ipip */
function readTunnel(
  reporter: Reporter,
  statement: Statement,
  options: readonly InlineOption[],
): TunnelConfig | undefined {
  const { values } = readOptionWords(reporter, statement, 2, options);
  const type = (values.get("type") ?? "ipip") as TunnelConfig["type"];
  const port = (values.get("port") ?? 0) as number;
  const checksum = values.has("remcsum") ? "remcsum" : values.has("csum") ? "csum" : "none";
  if (type === "gue" && port === 0) {
    reporter.word(
      "tunnel-invalid",
      statement,
      1,
      "TUN type gue needs a UDP port and ipip is used; write: type gue port 6080",
    );
    return undefined;
  }
  if (type !== "gue" && port !== 0) {
    reporter.word(
      "tunnel-invalid",
      statement,
      1,
      `TUN type ${type} has no port and ipip is used; remove it or write type gue`,
    );
    return undefined;
  }
  if ((type === "ipip" && checksum !== "none") || (type === "gre" && checksum === "remcsum")) {
    reporter.word(
      "tunnel-invalid",
      statement,
      1,
      `TUN type ${type} has no ${checksum} and ipip is used; remove it`,
    );
    return undefined;
  }
  if (type !== "ipip")
    reporter.once("no-effect-yet", statement, "TUN type", "tunnel options have no effect yet; ipip is used");
  return { type, port, checksum };
}

/** Options behind `head` or behind the keyword; a repeated one counts the last time. */
export function readOptions(
  reporter: Reporter,
  statement: Statement,
  argument: Extract<Argument, { kind: "options" }>,
): OptionsValue | undefined {
  if (argument.head === undefined) {
    const { values } = readOptionWords(reporter, statement, 1, argument.options);
    return values.size === 0 ? undefined : { kind: "options", head: undefined, values };
  }
  const head = readInterfaceName(reporter, statement, 1);
  if (head === undefined) return undefined;
  const { values } = readOptionWords(reporter, statement, 2, argument.options, argument.positional ?? []);
  return { kind: "options", head, values };
}

function readOptionWords(
  reporter: Reporter,
  statement: Statement,
  from: number,
  options: readonly InlineOption[],
  positional: readonly string[] = [],
): { readonly values: ReadonlyMap<string, string | number | true> } {
  const values = new Map<string, string | number | true>();
  let next = from;
  for (const name of positional) {
    const option = options.find((o) => o.keyword === name);
    const word = statement.words[next];
    if (option === undefined || word === undefined || options.some((o) => o.keyword === word)) break;
    const value = readOptionValue(reporter, statement, next, option);
    if (value !== undefined) values.set(name, value);
    next++;
  }
  while (next < statement.words.length) {
    const word = statement.words[next] as string;
    const option = options.find((o) => o.keyword === word);
    if (option === undefined) {
      reporter.word(
        "option-unknown",
        statement,
        next,
        `${statement.words[0]} has no option "${word}", it is ignored; it knows ${options.map((o) => o.keyword).join(", ")}`,
      );
      next++;
    } else if (option.argument.kind === "none") {
      values.set(word, true);
      next++;
    } else if (next + 1 >= statement.words.length) {
      reporter.word("option-without-value", statement, next, `${word} lacks its value and is ignored`);
      next++;
    } else {
      const value = readOptionValue(reporter, statement, next + 1, option);
      if (value !== undefined) values.set(word, value);
      next += 2;
    }
  }
  return { values };
}

function readOptionValue(
  reporter: Reporter,
  statement: Statement,
  word: number,
  { keyword, argument }: InlineOption,
): string | number | undefined {
  const text = statement.words[word] ?? "";
  switch (argument.kind) {
    case "none":
      return undefined;
    case "integer":
      return readInteger(reporter, statement, word, keyword, argument.min, argument.max);
    case "string":
      return text;
    case "word":
      if (argument.words.includes(text)) return text;
      reporter.word(
        "word-invalid",
        statement,
        word,
        `${keyword} cannot be "${text}"; write ${argument.words.join(" or ")}`,
      );
      return undefined;
    case "address": {
      const address = readAddress(reporter, statement, word, keyword);
      if (address === undefined || argument.multicast !== true || isMulticast(address)) return address;
      reporter.word(
        "not-multicast",
        statement,
        word,
        `${keyword} needs a multicast address, ${address} is not one`,
      );
      return undefined;
    }
    default:
      return assertNever(argument);
  }
}

/**
 * Hexadecimal bytes: digits in pairs, a lone digit where a blank or the end follows. All words of the line
 * belong together.
 */
export function readHex(
  reporter: Reporter,
  row: KeywordRow,
  statement: Statement,
  wildcards: boolean,
): HexValue | undefined {
  let bytes = "";
  let mask = "";
  for (const [index, word] of statement.words.entries()) {
    if (index === 0) continue;
    for (const group of word.split(/[ \t]+/)) {
      if (group === "") continue;
      if (!(wildcards ? /^[0-9a-fA-FxX]+$/ : /^[0-9a-fA-F]+$/).test(group)) {
        reporter.word(
          "hex-invalid",
          statement,
          index,
          `${row.keyword} takes hexadecimal digits${wildcards ? " and x for any digit" : ""}, not "${group}"; write for example: ${row.keyword} 0a1b 2c`,
        );
        return undefined;
      }
      const digits = group.length % 2 === 0 ? group : `${group.slice(0, -1)}0${group.slice(-1)}`;
      for (const digit of digits) {
        const isAny = digit === "x" || digit === "X";
        bytes += isAny ? "0" : digit.toLowerCase();
        mask += isAny ? "0" : "f";
      }
    }
  }
  return { kind: "hex", bytes, mask };
}
