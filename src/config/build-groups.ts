/**
 * Named sets of addresses: `virtual_server_group` and `local_address_group`, and whether the services
 * that name them can use them.
 */
import type { Statement } from "../../grammar/parser.ts";
import {
  bytesOf,
  type Family,
  familyOf,
  formatIpAddress,
  type IpAddress,
  parseIpAddress,
} from "../base/address.ts";
import type { Cell, Draft } from "./draft.ts";
import type {
  GroupEntry,
  LocalAddress,
  LocalAddressGroupConfig,
  VirtualServerGroupConfig,
} from "./model-lvs.ts";
import { parseInteger } from "./numbers.ts";
import { reportAtEnd } from "./report-at-end.ts";
import type { Reporter } from "./reporter.ts";
import { readInteger, readInterfaceName } from "./words.ts";

/** A range holds at most what the last part of an IPv6 address can count. */
const MOST_ADDRESSES = 65_536;

interface AddressRange {
  readonly first: IpAddress;
  readonly count: number;
}

/** Groups by name; of two equal names the first counts. */
export function buildServerGroups(reporter: Reporter, root: Draft): readonly VirtualServerGroupConfig[] {
  return namedLists(reporter, root, "virtual_server_group", (name, { statement, value }) => {
    const lines = value as readonly Statement[];
    const entries = lines.flatMap((line) => readEntry(reporter, line) ?? []);
    if (isAmbiguous(entries)) {
      reportAtEnd(
        reporter,
        "group-ambiguous",
        { statement },
        `virtual_server_group ${name} has IPv4, IPv6 and a fwmark that could be either, and is ignored; write inet or inet6 behind the fwmark`,
      );
      return undefined;
    }
    if (entries.length > 0) return { where: reporter.where(statement), name, entries };
    reportAtEnd(
      reporter,
      "server-group-empty",
      { statement },
      `virtual_server_group ${name} has no usable entries and is ignored; write addresses or fwmarks between its braces`,
    );
    return undefined;
  });
}

export function buildLocalAddressGroups(reporter: Reporter, root: Draft): readonly LocalAddressGroupConfig[] {
  return namedLists(reporter, root, "local_address_group", (name, { statement, value }) => {
    const lines = value as readonly Statement[];
    const addresses = lines.flatMap((line) => readLocalAddress(reporter, line) ?? []);
    if (addresses.length > 0) return { where: reporter.where(statement), name, addresses };
    reportAtEnd(
      reporter,
      "server-group-empty",
      { statement },
      `local_address_group ${name} has no usable addresses and is ignored; write addresses between its braces`,
    );
    return undefined;
  });
}

function namedLists<T>(
  reporter: Reporter,
  root: Draft,
  keyword: string,
  build: (name: string, cell: Cell) => T | undefined,
): readonly T[] {
  const groups = new Map<string, { readonly group: T; readonly statement: Statement }>();
  for (const cell of root.cells) {
    if (cell.row.keyword !== keyword) continue;
    const name = cell.statement.words[1] ?? "";
    const before = groups.get(name);
    if (before !== undefined) {
      reporter.word(
        "group-duplicate",
        cell.statement,
        1,
        `a ${keyword} ${name} exists already and this one is ignored; give it another name`,
        [reporter.firstDefinedAt(before.statement)],
      );
      continue;
    }
    const group = build(name, cell);
    if (group !== undefined) groups.set(name, { group, statement: cell.statement });
  }
  return [...groups.values()].map(({ group }) => group);
}

/** Both families of addresses, and a mark that names none. */
function isAmbiguous(entries: readonly GroupEntry[]): boolean {
  const families = new Set(entries.flatMap((e) => (e.kind === "addresses" ? [familyOf(e.first)] : [])));
  return families.size === 2 && entries.some((e) => e.kind === "fwmark" && e.family === undefined);
}

function readEntry(reporter: Reporter, line: Statement): GroupEntry | undefined {
  const where = reporter.where(line);
  const [first = "", second] = line.words;
  if (first === "fwmark") return readMark(reporter, line, where);
  const range = readRange(reporter, line, first);
  if (range === undefined) return undefined;
  const port = second === undefined || second === "0" ? 0 : readInteger(reporter, line, 1, "port", 1, 65_535);
  return port === undefined ? undefined : { kind: "addresses", where, ...range, port };
}

function readMark(reporter: Reporter, line: Statement, where: string): GroupEntry | undefined {
  if (line.words.length < 2) {
    reporter.word(
      "missing-parameter",
      line,
      1,
      "fwmark lacks its number, which ends the reading of the configuration; write: fwmark MARK [inet|inet6]",
    );
    return undefined;
  }
  const mark = readInteger(reporter, line, 1, "fwmark", 0, 4_294_967_295);
  if (mark === undefined) return undefined;
  const word = line.words[2];
  const families: Readonly<Record<string, Family>> = { inet: "ipv4", inet6: "ipv6" };
  const family = word === undefined ? undefined : families[word];
  if (word !== undefined && family === undefined) {
    reporter.word("word-invalid", line, 2, `the family of a fwmark cannot be "${word}"; write inet or inet6`);
    return undefined;
  }
  return { kind: "fwmark", where, mark, family };
}

/** ADDR, ADDR-LASTPART, ADDR-ADDR or ADDR/LEN. */
function readRange(reporter: Reporter, line: Statement, text: string): AddressRange | undefined {
  const wrong = (why: string): undefined => {
    reporter.word(
      "group-address-invalid",
      line,
      0,
      `${why}, this line is ignored; write for example 192.0.2.1-9`,
    );
    return undefined;
  };
  const slash = text.indexOf("/");
  if (slash > 0) return readPrefix(text.slice(0, slash), text.slice(slash + 1), text, wrong);
  const dash = text.indexOf("-");
  const first = parseIpAddress(dash < 0 ? text : text.slice(0, dash));
  if (first === undefined) return wrong(`"${text}" is no address and no range`);
  if (dash < 0) return { first, count: 1 };
  const end = text.slice(dash + 1);
  const isShort = familyOf(first) === "ipv4" ? !end.includes(".") : !end.includes(":");
  const last = isShort ? withLastPart(first, end) : parseIpAddress(end);
  if (last === undefined || familyOf(last) !== familyOf(first))
    return wrong(`the range ${text} has no valid end`);
  if (prefixOf(first) !== prefixOf(last))
    return wrong(
      `the range ${text} may differ in the last ${familyOf(first) === "ipv4" ? "octet" : "16 bits"} only`,
    );
  const count = lastPart(last) - lastPart(first) + 1;
  return count > 1 ? { first, count } : wrong(`the range ${text} does not end behind its beginning`);
}

function readPrefix(
  address: string,
  length: string,
  text: string,
  wrong: (why: string) => undefined,
): AddressRange | undefined {
  const parsed = parseIpAddress(address);
  if (parsed === undefined) return wrong(`"${text}" is no network`);
  const bits = familyOf(parsed) === "ipv4" ? 32 : 128;
  const prefix = parseInteger(length, 1, bits);
  if (!prefix.ok) return wrong(`/${length} is no prefix length`);
  const host = bits - prefix.value;
  if (2 ** host > MOST_ADDRESSES) return wrong(`${text} has more than ${MOST_ADDRESSES} addresses`);
  const bytes = bytesOf(parsed);
  for (let bit = prefix.value; bit < bits; bit++)
    bytes[bit >> 3] = (bytes[bit >> 3] as number) & ~(128 >> (bit & 7));
  return { first: formatIpAddress(bytes), count: 2 ** host };
}

/** The last octet of an IPv4 address, the last 16 bits of an IPv6 one. */
function lastPart(address: IpAddress): number {
  const bytes = bytesOf(address);
  const low = bytes.at(-1) ?? 0;
  return bytes.length === 4 ? low : (bytes.at(-2) ?? 0) * 256 + low;
}

function prefixOf(address: IpAddress): string {
  const bytes = bytesOf(address);
  return bytes.subarray(0, bytes.length === 4 ? 3 : 14).join(" ");
}

function withLastPart(address: IpAddress, text: string): IpAddress | undefined {
  const bytes = bytesOf(address);
  if (bytes.length === 4) {
    const octet = parseInteger(text, 0, 255);
    if (!octet.ok) return undefined;
    bytes[3] = octet.value;
  } else {
    if (!/^[0-9a-fA-F]{1,4}$/.test(text)) return undefined;
    const part = Number.parseInt(text, 16);
    bytes[14] = part >> 8;
    bytes[15] = part & 255;
  }
  return formatIpAddress(bytes);
}

function readLocalAddress(reporter: Reporter, line: Statement): LocalAddress | undefined {
  const range = readRange(reporter, line, line.words[0] ?? "");
  if (range === undefined) return undefined;
  const named = line.words.length > 1 ? readInterfaceName(reporter, line, 1) : undefined;
  return { ...range, interface: named };
}
