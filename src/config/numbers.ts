/** Numbers and addresses as keepalived.conf writes them. Pure: text in, value or the reason out. */
import { type IpAddress, parseIpAddress } from "../base/address.ts";
import type { Micros } from "../base/units.ts";

export type NumberResult =
  | { readonly ok: true; readonly value: number }
  | { readonly ok: false; readonly reason: "invalid" | "range" };

const invalid: NumberResult = { ok: false, reason: "invalid" };
const outOfRange: NumberResult = { ok: false, reason: "range" };

/** A decimal integer; a sign only where negative values make sense. Quotes may hold blanks before it. */
export function parseInteger(text: string, min: number, max: number): NumberResult {
  if (!/^\s*[+-]?[0-9]{1,20}$/.test(text)) return invalid;
  const value = Number(text);
  return value < min || value > max ? outOfRange : { ok: true, value };
}

export type DurationResult =
  | { readonly ok: true; readonly value: Micros; readonly rounded: boolean }
  | { readonly ok: false; readonly reason: "invalid" | "range" };

/**
 * Seconds with up to six decimals; more are rounded, which the caller should say.
 *
 * @param min seconds
 * @param max seconds
 */
export function parseDuration(text: string, min: number, max: number): DurationResult {
  // Nearly all are short whole numbers: no need to take them apart.
  const seconds = /^[0-9]{1,6}$/.test(text) ? Number(text) : -1;
  if (seconds >= min && seconds >= 0 && seconds <= max)
    return { ok: true, value: (seconds * 1_000_000) as Micros, rounded: false };
  const match = /^\s*([+-]?)([0-9]{0,12})(?:\.([0-9]*))?$/.exec(text);
  const whole = match?.[2] ?? "";
  const fraction = match?.[3] ?? "";
  if (match === null || (whole === "" && fraction === "")) return { ok: false, reason: "invalid" };
  const value = Math.round(Number(`${match[1]}${whole || "0"}.${fraction || "0"}`) * 1_000_000);
  if (value < Math.round(min * 1_000_000) || value > Math.round(max * 1_000_000))
    return { ok: false, reason: "range" };
  return { ok: true, value: value as Micros, rounded: fraction.length > 6 };
}

/** @returns the number of leading one bits, or undefined when the text is no contiguous IPv4 mask */
export function prefixLengthOfMask(text: string): number | undefined {
  const address = parseIpAddress(text);
  if (address === undefined || address.includes(":")) return undefined;
  let bits = 0;
  for (const octet of address.split(".")) bits = bits * 256 + Number(octet);
  const inverted = 0xffff_ffff - bits;
  return Number.isInteger(Math.log2(inverted + 1)) ? 32 - Math.log2(inverted + 1) : undefined;
}

/** Whether an address is multicast: 224.0.0.0/4 or ff00::/8. */
export function isMulticast(address: IpAddress): boolean {
  if (address.includes(":")) return /^ff[0-9a-f]{2}:/.test(address);
  const first = Number(address.slice(0, address.indexOf(".")));
  return first >= 224 && first <= 239;
}

/** Whether an address is an IPv6 link-local one (fe80::/10). */
export function isLinkLocal(address: IpAddress): boolean {
  return /^fe[89ab][0-9a-f]:/.test(address);
}
