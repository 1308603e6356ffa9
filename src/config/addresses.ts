/** The lines of `virtual_ipaddress` and its like: ADDR[/LEN] with option words. */
import { addressOptions } from "../../grammar/keywords/vrrp.ts";
import type { Statement } from "../../grammar/parser.ts";
import { bytesOf, familyOf, formatIpAddress, type IpAddress, parseIpAddress } from "../base/address.ts";
import type { VirtualAddress } from "./model.ts";
import { parseInteger } from "./numbers.ts";
import type { Reporter } from "./reporter.ts";
import { readInterfaceName } from "./words.ts";

const options: ReadonlyMap<string, (typeof addressOptions)[number]> = new Map(
  addressOptions.flatMap((row) => [row.keyword, ...(row.aliases ?? [])].map((word) => [word, row] as const)),
);

/** rtnetlink scope numbers by name (`/etc/iproute2/rt_scopes`) */
const scopes: ReadonlyMap<string, number> = new Map([
  ["global", 0],
  ["universe", 0],
  ["site", 200],
  ["link", 253],
  ["host", 254],
  ["nowhere", 255],
]);

/** @returns undefined when the line is dropped (reported) */
export function readVirtualAddress(reporter: Reporter, line: Statement): VirtualAddress | undefined {
  const text = line.words[0] ?? "";
  const slash = text.indexOf("/");
  const address = parseIpAddress(slash < 0 ? text : text.slice(0, slash));
  const most = address?.includes(":") === true ? 128 : 32;
  if (address === undefined) {
    reporter.word(
      "address-invalid",
      line,
      0,
      `"${text}" is not an address and this line is ignored; write an address like 192.0.2.1/24`,
    );
    return undefined;
  }
  let prefixLength = most;
  if (slash >= 0 && slash < text.length - 1) {
    const result = parseInteger(text.slice(slash + 1), 0, most);
    if (result.ok) prefixLength = result.value;
    else
      reporter.word(
        "prefix-invalid",
        line,
        0,
        `the prefix length of ${text} is not valid, ${most} is taken; write 0 to ${most}`,
      );
  }
  const result: { -readonly [K in keyof VirtualAddress]: VirtualAddress[K] } = {
    where: reporter.where(line),
    address,
    prefixLength,
    dev: undefined,
    label: undefined,
    broadcast: undefined,
    scope: 0,
    noTrack: false,
  };
  for (let i = 1; i < line.words.length; i++) {
    const word = line.words[i] as string;
    const option = options.get(word);
    if (option === undefined) {
      reporter.word(
        "option-unknown",
        line,
        i,
        `unknown option "${word}" of address ${text}, ignored; write one address a line`,
      );
      continue;
    }
    if (option.effect === "parsed")
      reporter.once(
        "no-effect-yet",
        line,
        `address/${option.keyword}`,
        `address option ${word} has no effect yet`,
      );
    if (option.argument === "none") {
      if (option.keyword === "no_track") result.noTrack = true;
      continue;
    }
    const value = line.words[++i];
    if (value === undefined) {
      reporter.word(
        "option-without-value",
        line,
        i - 1,
        `${word} needs a value; write: ${word} ${option.argument}`,
      );
      break;
    }
    if (option.argument === "interface") result.dev = readInterfaceName(reporter, line, i);
    else if (option.argument === "label") {
      if (value.length > 15) {
        reporter.word(
          "label-too-long",
          line,
          i,
          `address label "${value}" is longer than 15 characters and ${text} is ignored; shorten it`,
        );
        return undefined;
      }
      result.label = value;
    } else if (option.argument === "broadcast")
      result.broadcast = readBroadcast(reporter, line, i, address, prefixLength);
    else if (option.argument === "scope") result.scope = readScope(reporter, line, i, address);
  }
  return result;
}

function readScope(reporter: Reporter, line: Statement, word: number, address: IpAddress): number {
  const text = line.words[word] ?? "";
  const named = scopes.get(text);
  const number = parseInteger(text, 0, 255);
  const scope = named ?? (number.ok ? number.value : undefined);
  if (scope !== undefined && familyOf(address) === "ipv4") return scope;
  const why =
    scope === undefined
      ? `"${text}" is no scope, global is taken; write ${[...scopes.keys()].join(", ")} or 0 to 255`
      : `scope has no meaning for the IPv6 address ${address} and is ignored; remove it`;
  reporter.word("scope-invalid", line, word, why);
  return 0;
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
