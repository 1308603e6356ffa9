/** The lines of `virtual_ipaddress` and its like: ADDR[/LEN] with option words. */
import { addressItem } from "../../grammar/keywords/address.ts";
import type { Statement } from "../../grammar/parser.ts";
import { bytesOf, familyOf, formatIpAddress, type IpAddress, parseIpAddress } from "../base/address.ts";
import type { Seconds } from "../base/units.ts";
import type { VirtualAddress } from "./model.ts";
import type { Prefix } from "./model-vrrp.ts";
import { parseInteger } from "./numbers.ts";
import { type OptionContext, OptionValues, OptionWords, optionSyntax, readOption } from "./option-words.ts";
import type { Reporter } from "./reporter.ts";
import { readInterfaceName } from "./words.ts";

const options: OptionWords = new OptionWords(addressItem);

/** Options whose validity depends on the address: taken here, not by the table. */
const special: ReadonlySet<string> = new Set(["dev", "scope", "brd", "label", "preferred_lft", "peer"]);
const flags: readonly string[] = ["home", "-nodad", "mngtmpaddr", "noprefixroute", "autojoin"];

type Writable = { -readonly [K in keyof VirtualAddress]: VirtualAddress[K] };

/**
 * @param place which words make sense: `track_group` only in a static list, `use_vmac` only in the others
 * @returns undefined when the line is dropped (reported)
 */
export function readVirtualAddress(
  context: OptionContext,
  line: Statement,
  place: "static" | "virtual" = "virtual",
): VirtualAddress | undefined {
  const { reporter } = context;
  const text = line.words[0] ?? "";
  const prefix = readAddressWord(reporter, line, 0);
  if (prefix === undefined) return undefined;
  const result: Writable = {
    where: reporter.where(line),
    ...prefix,
    dev: undefined,
    label: undefined,
    broadcast: undefined,
    scope: 0,
    noTrack: false,
  };
  const values = new OptionValues();
  for (let i = 1; i < line.words.length; ) {
    const word = line.words[i] as string;
    const option = options.row(word);
    if (option === undefined) {
      reporter.word(
        "option-unknown",
        line,
        i,
        `unknown option "${word}" of address ${text}, ignored${options.hint(word) || "; write one address a line"}`,
      );
      i++;
      continue;
    }
    if (option.keyword === (place === "static" ? "use_vmac" : "track_group")) {
      reporter.word(
        "option-unknown",
        line,
        i,
        `${word} is for ${place === "static" ? "virtual" : "static"} addresses only and is ignored; remove it`,
      );
      i += option.argument === "none" ? 1 : 2;
      continue;
    }
    if (option.effect === "parsed")
      reporter.once(
        "no-effect-yet",
        line,
        `address/${option.keyword}`,
        `address option ${word} has no effect yet`,
      );
    if (!special.has(option.keyword)) {
      i = readOption(context, line, i, option, values).next;
      continue;
    }
    const value = line.words[i + 1];
    if (value === undefined) {
      reporter.word(
        "option-without-value",
        line,
        i,
        `${word} needs a value; write: ${word} ${optionSyntax(option)}`,
      );
      break;
    }
    if (option.keyword === "label" && value.length > 15) {
      reporter.word(
        "label-too-long",
        line,
        i + 1,
        `address label "${value}" is longer than 15 characters and ${text} is ignored; shorten it`,
      );
      return undefined;
    }
    readSpecial(context, line, i, option.keyword, result);
    i += 2;
  }
  result.noTrack = values.flag("no_track");
  applyRarer(reporter, line, values, result);
  return result;
}

function readAddressWord(reporter: Reporter, line: Statement, word: number): Prefix | undefined {
  const text = line.words[word] ?? "";
  const slash = text.indexOf("/");
  const address = parseIpAddress(slash < 0 ? text : text.slice(0, slash));
  const most = address?.includes(":") === true ? 128 : 32;
  if (address === undefined) {
    reporter.word(
      "address-invalid",
      line,
      word,
      `"${text}" is not an address and ${word === 0 ? "this line" : `${line.words[word - 1]}`} is ignored; write an address like 192.0.2.1/24`,
    );
    return undefined;
  }
  if (slash < 0 || slash === text.length - 1) return { address, prefixLength: most };
  const length = parseInteger(text.slice(slash + 1), 0, most);
  if (length.ok) return { address, prefixLength: length.value };
  reporter.word(
    "prefix-invalid",
    line,
    word,
    `the prefix length of ${text} is not valid, ${most} is taken; write 0 to ${most}`,
  );
  return { address, prefixLength: most };
}

/** @param at index of the option's word; a value follows it */
function readSpecial(
  context: OptionContext,
  line: Statement,
  at: number,
  keyword: string,
  result: Writable,
): void {
  const { reporter } = context;
  const value = line.words[at + 1] as string;
  if (keyword === "dev") result.dev = readInterfaceName(reporter, line, at + 1);
  else if (keyword === "label") result.label = value;
  else if (keyword === "brd")
    result.broadcast = readBroadcast(reporter, line, at + 1, result.address, result.prefixLength);
  else if (keyword === "scope") result.scope = readScope(context, line, at + 1, result.address);
  else if (keyword === "peer") result.peer = readPeer(reporter, line, at + 1, result.address);
  else result.preferredLft = readLifetime(reporter, line, at + 1);
}

/** What the rarer options mean together. Fields that nobody gave stay absent. */
function applyRarer(reporter: Reporter, line: Statement, values: OptionValues, result: Writable): void {
  const given = flags.filter((flag) => values.has(flag));
  if (given.length > 0) result.addressFlags = given;
  if (values.has("use_vmac")) result.useVmac = true;
  if (values.has("track_group")) result.trackGroup = values.text("track_group");
  if (result.peer === undefined) return;
  const most = familyOf(result.address) === "ipv6" ? 128 : 32;
  if (result.prefixLength !== most) {
    reporter.word(
      "prefix-invalid",
      line,
      0,
      `${result.address} has a peer, so that its own prefix length is ignored; write it behind the peer`,
    );
    result.prefixLength = most;
  }
  if (result.broadcast === undefined) return;
  reporter.word(
    "setting-cleared",
    line,
    0,
    `${result.address} has a peer and so no broadcast address; remove brd`,
  );
  result.broadcast = undefined;
}

function readScope(context: OptionContext, line: Statement, word: number, address: IpAddress): number {
  const text = line.words[word] ?? "";
  const number = context.names.number("rt_scopes", text);
  const scope = number !== undefined && number <= 255 ? number : undefined;
  if (scope !== undefined && familyOf(address) === "ipv4") return scope;
  const why =
    scope === undefined
      ? `"${text}" is no scope, global is taken; write ${context.names.known("rt_scopes").join(", ")} or 0 to 255`
      : `scope has no meaning for the IPv6 address ${address} and is ignored; remove it`;
  context.reporter.word("scope-invalid", line, word, why);
  return 0;
}

function readPeer(reporter: Reporter, line: Statement, word: number, address: IpAddress): Prefix | undefined {
  const peer = readAddressWord(reporter, line, word);
  if (peer === undefined || familyOf(peer.address) === familyOf(address)) return peer;
  reporter.word(
    "address-family",
    line,
    word,
    `peer ${peer.address} is not of the family of ${address} and is ignored; write an ${familyOf(address)} address`,
  );
  return undefined;
}

function readLifetime(reporter: Reporter, line: Statement, word: number): Seconds | "forever" | undefined {
  const text = line.words[word] ?? "";
  if (text === "forever") return "forever";
  const result = parseInteger(text, 0, 4_294_967_295);
  if (result.ok) return result.value as Seconds;
  reporter.word(
    "option-invalid",
    line,
    word,
    `preferred_lft cannot be "${text}"; write seconds, 0 to 4294967295, or forever`,
  );
  return undefined;
}

function readBroadcast(
  reporter: Reporter,
  line: Statement,
  word: number,
  address: IpAddress,
  prefixLength: number,
): IpAddress | undefined {
  const text = line.words[word] ?? "";
  if (familyOf(address) === "ipv6") {
    reporter.word("address-family", line, word, `${address} is IPv6, which has no broadcast; remove brd`);
    return undefined;
  }
  if (text === "+" || text === "-") {
    const bytes = bytesOf(address);
    for (let bit = prefixLength; bit < 32; bit++) {
      const mask = 128 >> (bit & 7);
      const byte = bytes[bit >> 3] as number;
      bytes[bit >> 3] = text === "+" ? byte | mask : byte & ~mask;
    }
    return formatIpAddress(bytes);
  }
  const broadcast = parseIpAddress(text);
  if (broadcast !== undefined && familyOf(broadcast) === "ipv4") return broadcast;
  reporter.word(
    "address-invalid",
    line,
    word,
    `"${text}" is no broadcast address; write an IPv4 address, + or -`,
  );
  return undefined;
}
