/** The addresses of an instance: those that adverts list, and those that only move with it. */
import type { Statement } from "../../grammar/parser.ts";
import { type Family, familyOf } from "../base/address.ts";
import { readVirtualAddress } from "./addresses.ts";
import { reportStrict } from "./build-vrrp-timing.ts";
import type { Draft } from "./draft.ts";
import { checkInterface, type InterfaceContext } from "./interfaces.ts";
import type { VirtualAddress } from "./model.ts";
import type { OptionContext } from "./option-words.ts";
import type { Reporter } from "./reporter.ts";

/** RFC 9568 §5.2.5: the count has eight bits. */
const MOST_COUNTED = 255;
/** Ethernet's, of an interface that is not known. */
const MTU = 1500;
/** bytes: VRRP header, its authentication data, and the trailer of `auth_hmac` */
const VRRP_BYTES = 8;
const AUTH_BYTES = 8;
const HMAC_BYTES = 28;

/** The most addresses that an advertisement has room for. @param mtu of the interface, in bytes */
export function mostAddresses(family: Family, version: 2 | 3, isSigned: boolean, mtu: number = MTU): number {
  const trailer = (version === 2 && family === "ipv4" ? AUTH_BYTES : 0) + (isSigned ? HMAC_BYTES : 0);
  const headers = family === "ipv6" ? 40 : 20;
  const room = mtu - headers - VRRP_BYTES - trailer;
  return Math.max(0, Math.min(MOST_COUNTED, Math.floor(room / (family === "ipv6" ? 16 : 4))));
}

export interface AddressLine {
  readonly config: VirtualAddress;
  readonly line: Statement;
}

export function readAddresses(
  context: OptionContext & InterfaceContext,
  draft: Draft,
  keyword: string,
): readonly AddressLine[] {
  const seen = new Map<string, Statement>();
  const result: AddressLine[] = [];
  for (const line of draft.lines(keyword)) {
    const address = readVirtualAddress(context, line);
    if (address === undefined) continue;
    const key = `${address.address} ${address.dev ?? ""}`;
    const before = seen.get(key);
    if (before !== undefined) {
      context.reporter.word(
        "vip-duplicate",
        line,
        0,
        `${address.address} is listed twice; remove one of them`,
        [context.reporter.firstDefinedAt(before)],
      );
      continue;
    }
    seen.set(key, line);
    if (address.dev !== undefined) checkInterface(context, line, line.words.indexOf("dev") + 1);
    result.push({ config: address, line });
  }
  return result;
}

export function ofFamily(
  reporter: Reporter,
  draft: Draft,
  addresses: readonly AddressLine[],
  family: Family,
  most: number,
): readonly VirtualAddress[] {
  if (addresses.length > most)
    reporter.word(
      "vip-excess",
      draft.statementOf("virtual_ipaddress"),
      0,
      `an advertisement has room for ${most} addresses, the other ${addresses.length - most} are taken as excluded; move them to virtual_ipaddress_excluded`,
    );
  const result: VirtualAddress[] = [];
  for (const { config, line } of addresses) {
    if (familyOf(config.address) === family) result.push(config);
    else
      reporter.word(
        "address-family",
        line,
        0,
        `${config.address} is not of the family of the first address (${family}) and is ignored; put it into an instance of its own or into virtual_ipaddress_excluded`,
      );
  }
  return result;
}

export function requireAddresses(
  { reporter }: OptionContext,
  draft: Draft,
  addresses: readonly VirtualAddress[],
  version: 2 | 3,
  strict: boolean,
  name: string,
): void {
  if (strict && draft.has("no_virtual_ipaddress"))
    reportStrict(reporter, draft, "no_virtual_ipaddress", name, "it is cleared");
  if (addresses.length > 0 || (draft.has("no_virtual_ipaddress") && !strict)) return;
  const isRequired = version === 3 || strict;
  const why = version === 3 ? ", which version 3 requires" : strict ? ", which strict mode requires" : "";
  reporter.word(
    isRequired ? "vip-required" : "vip-missing",
    draft.statement,
    0,
    `vrrp_instance ${name} has no virtual address${why}; write: virtual_ipaddress { ADDRESS/LENGTH }`,
  );
}
