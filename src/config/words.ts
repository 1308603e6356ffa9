/** Single words of a statement to values: numbers, names, addresses. Reports on the word what is not valid. */
import type { Statement } from "../../grammar/parser.ts";
import { type IpAddress, parseIpAddress } from "../base/address.ts";
import { parseInteger } from "./numbers.ts";
import type { Reporter } from "./reporter.ts";

/** ADDR [PORT]; port 0 when none is given */
export interface Endpoint {
  readonly kind: "endpoint";
  readonly address: IpAddress;
  readonly port: number;
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

/** @param reason why the word is no good */
export function reportNumber(
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

/** A prefix length behind the address is ignored, with a hint. */
export function readHostAddress(
  reporter: Reporter,
  statement: Statement,
  word: number,
  name: string,
): IpAddress | undefined {
  const match = /^(.*)\/[0-9]{1,3}$/.exec(statement.words[word] ?? "");
  const address = match === null ? undefined : parseIpAddress(match[1] ?? "");
  if (address === undefined) return readAddress(reporter, statement, word, name);
  reporter.word(
    "extra-parameter",
    statement,
    word,
    `${name} takes an address without prefix length, which is ignored; write ${address}`,
  );
  return address;
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

/**
 * A value that begins with # or ! is a comment, which its author rarely meant.
 *
 * @returns words for a message about a value that is missing; empty when nothing stands there
 */
export function commentBehind(reporter: Reporter, { source, start }: Statement): string {
  const behind = /^\S+[ \t]+([#!])\S/.exec(reporter.sources.get(source).text.slice(start, start + 200));
  return behind === null ? "" : ` (${behind[1]} begins a comment unless in double quotes)`;
}
