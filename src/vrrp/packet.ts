/**
 * The VRRP advertisement on the wire, versions 2 and 3, and the checks an arriving one must pass.
 * Decides whether a datagram is an advert we may believe, in the order keepalived checks; never decides
 * what to do about it. Bad bytes are values with a reason, never exceptions.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-------+-------+---------------+---------------+---------------+
 *     |Version|  Type | Virtual Rtr ID|   Priority    | Address count |
 *     +-------+-------+---------------+---------------+---------------+
 *  v2 |   Auth Type   |   Adver Int   |           Checksum            |   RFC 3768 §5.1, seconds
 *  v3 |(rsvd)|    Max Adver Int      |           Checksum            |   RFC 9568 §5.1, hundredths
 *     +-------------------------------+-------------------------------+
 *     |  addresses, 4 or 16 bytes each; v2 over IPv4: then 8 bytes of authentication data
 */
import { bytesOf, type Family, familyOf, formatIpAddress, type IpAddress } from "../base/address.ts";
import type { Centiseconds } from "../base/units.ts";
import { internetChecksum } from "./checksum.ts";

/** IANA protocol number of VRRP, RFC 9568 §5.1.1.4. */
export const PROTOCOL_VRRP = 112;
/** What a multicast advert must arrive with, RFC 9568 §5.1.1.3. */
export const HOP_LIMIT = 255;
const TYPE_ADVERTISEMENT = 1;
const HEADER_LENGTH = 8;
const AUTHENTICATION_LENGTH = 8;
const AUTH_NONE = 0;
const AUTH_PASS = 1;
const AUTH_AH = 2;
/** Payload of the shortest Ethernet frame; short packets may arrive padded up to it. */
const ETHERNET_MINIMUM = 46;

/** An advertisement as both sides understand it. */
export interface Advertisement {
  readonly version: 2 | 3;
  /** 1-255 */
  readonly virtualRouterId: number;
  /** 255 owner, 1-254, 0: the sender stops being the Active Router */
  readonly priority: number;
  /** Adver_Int or Max_Advertise_Interval; whole seconds in version 2, at most 40.95 s in version 3 */
  readonly interval: Centiseconds;
  readonly addresses: readonly IpAddress[];
}

/** Version 2 over IPv4: nothing, or the 8 bytes of a simple password (RFC 2338 §5.3.6). */
export type Authentication = { readonly type: "none" } | { readonly type: "pass"; readonly data: Uint8Array };

/**
 * What the checksum covers. RFC 3768 says the message; RFC 5798 practice and keepalived add a
 * pseudo-header in version 3; RFC 9568 §5.2.8 says the message again for IPv4.
 */
export type ChecksumMode =
  | { readonly kind: "message-only" }
  | { readonly kind: "pseudo-header"; readonly source: IpAddress; readonly destination: IpAddress };

/** @param password up to 8 bytes of UTF-8 count; shorter ones are padded with zeros */
export function passwordData(password: string): Uint8Array {
  const data = new Uint8Array(AUTHENTICATION_LENGTH);
  data.set(new TextEncoder().encode(password).subarray(0, AUTHENTICATION_LENGTH));
  return data;
}

/** @returns the length in bytes of the PDU that {@link encodeAdvert} makes */
export function advertLength(version: 2 | 3, family: Family, addresses: number): number {
  const trailer = version === 2 && family === "ipv4" ? AUTHENTICATION_LENGTH : 0;
  return HEADER_LENGTH + addresses * (family === "ipv4" ? 4 : 16) + trailer;
}

/**
 * @param family of the carrying header; version 2 over IPv6 has a type but no authentication data
 * @param authentication ignored in version 3
 */
export function encodeAdvert(
  advert: Advertisement,
  family: Family,
  authentication: Authentication,
  checksum: ChecksumMode,
): Uint8Array {
  const out = new Uint8Array(advertLength(advert.version, family, advert.addresses.length));
  out[0] = (advert.version << 4) | TYPE_ADVERTISEMENT;
  out[1] = advert.virtualRouterId;
  out[2] = advert.priority;
  out[3] = advert.addresses.length;
  if (advert.version === 2) {
    out[4] = authentication.type === "pass" ? AUTH_PASS : AUTH_NONE;
    out[5] = Math.round(advert.interval / 100);
  } else {
    out[4] = (advert.interval >> 8) & 0x0f;
    out[5] = advert.interval & 0xff;
  }
  let at = HEADER_LENGTH;
  for (const address of advert.addresses) {
    const bytes = bytesOf(address);
    out.set(bytes, at);
    at += bytes.length;
  }
  if (advert.version === 2 && family === "ipv4" && authentication.type === "pass") {
    out.set(authentication.data.subarray(0, AUTHENTICATION_LENGTH), at);
  }
  const sum = advertChecksum(out, checksum);
  out[6] = sum >> 8;
  out[7] = sum & 0xff;
  return out;
}

/** The checksum over a PDU; 0 when the PDU carries its correct one. */
function advertChecksum(pdu: Uint8Array, mode: ChecksumMode): number {
  if (mode.kind === "message-only") return internetChecksum(pdu);
  return internetChecksum(pseudoHeader(mode.source, mode.destination, pdu.length), pdu);
}

/** RFC 793 §3.1 for IPv4, RFC 8200 §8.1 for IPv6. */
function pseudoHeader(source: IpAddress, destination: IpAddress, length: number): Uint8Array {
  const from = bytesOf(source);
  const to = bytesOf(destination);
  const tail =
    familyOf(source) === "ipv4"
      ? [0, PROTOCOL_VRRP, length >> 8, length & 0xff]
      : [0, 0, length >> 8, length & 0xff, 0, 0, 0, PROTOCOL_VRRP];
  const out = new Uint8Array(from.length + to.length + tail.length);
  out.set(from);
  out.set(to, from.length);
  out.set(tail, from.length + to.length);
  return out;
}

/** A datagram without its IP header, whichever way the socket told us the header's fields. */
export interface Datagram {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** TTL or hop limit */
  readonly hopLimit: number;
  readonly protocol: number;
  /** bytes of the IP header that were received; 0 where the kernel strips it (IPv6) */
  readonly headerLength: number;
  /** IPv4 total length as the header states it; undefined over IPv6 */
  readonly totalLength: number | undefined;
  readonly payload: Uint8Array;
}

/** @returns undefined when these bytes do not even hold an IPv4 header */
export function parseIpv4Datagram(packet: Uint8Array): Datagram | undefined {
  const first = packet[0];
  if (first === undefined || first >> 4 !== 4) return undefined;
  const headerLength = (first & 0x0f) * 4;
  if (headerLength < 20 || packet.length < headerLength) return undefined;
  return {
    source: formatIpAddress(packet.subarray(12, 16)),
    destination: formatIpAddress(packet.subarray(16, 20)),
    hopLimit: packet[8] ?? 0,
    protocol: packet[9] ?? 0,
    headerLength,
    totalLength: ((packet[2] ?? 0) << 8) | (packet[3] ?? 0),
    payload: packet.subarray(headerLength),
  };
}

/** Which virtual router a datagram is for, so that its rules can be found; undefined when too short. */
export function peekVirtualRouterId(datagram: Datagram): number | undefined {
  return datagram.payload.length < HEADER_LENGTH ? undefined : datagram.payload[1];
}

/** What one virtual router asks of the adverts it believes. */
export interface ReceiveRules {
  readonly version: 2 | 3;
  readonly family: Family;
  readonly authentication: Authentication;
  /** our own interval; version 2 refuses any other, version 3 only mentions it */
  readonly interval: Centiseconds;
  readonly transport: "multicast" | "unicast";
  /** `any`: keepalived's reading of v3_checksum_as_v2 */
  readonly checksum: "pseudo-header" | "message-only" | "any";
}

/** Why an advert was not believed. Each reason is logged once and counted. */
export type RejectReason =
  | "protocol"
  | "length"
  | "hop-limit"
  | "version"
  | "auth-type-invalid"
  | "auth-type-mismatch"
  | "auth-failure"
  | "interval"
  | "type"
  | "total-length"
  | "checksum"
  | "transport"
  | "interval-zero";

/** The outcome of the checks. `expected` and `received` are numbers of what the reason names. */
export type CheckedAdvert =
  | {
      readonly ok: true;
      readonly advert: Advertisement;
      readonly from: IpAddress;
      /** version 3 only: the sender's interval differs from ours */
      readonly intervalDiffers: boolean;
    }
  | {
      readonly ok: false;
      readonly reason: RejectReason;
      readonly from: IpAddress;
      readonly expected: number;
      readonly received: number;
    };

/**
 * Decides whether to believe a datagram, in keepalived's order; the first failure is the answer.
 *
 * @see RFC 9568 §7.1, RFC 3768 §7.1
 */
export function checkAdvert(datagram: Datagram, rules: ReceiveRules): CheckedAdvert {
  const pdu = datagram.payload;
  const no = (reason: RejectReason, received: number, expected: number): CheckedAdvert => ({
    ok: false,
    reason,
    from: datagram.source,
    expected,
    received,
  });

  if (datagram.protocol !== PROTOCOL_VRRP) return no("protocol", datagram.protocol, PROTOCOL_VRRP);

  const count = pdu[3] ?? 0;
  const version = (pdu[0] ?? 0) >> 4;
  // The sender's version decides the length, so that a foreign version is called that and not a bad length.
  const length = advertLength(version === 2 ? 2 : 3, rules.family, count);
  if (pdu.length < HEADER_LENGTH || !fits(datagram.headerLength, pdu.length, length))
    return no("length", datagram.headerLength + pdu.length, datagram.headerLength + length);

  if (rules.transport === "multicast" && datagram.hopLimit !== HOP_LIMIT)
    return no("hop-limit", datagram.hopLimit, HOP_LIMIT);

  if (version !== rules.version) return no("version", version, rules.version);

  if (rules.version === 2) {
    const failure = checkVersion2(pdu, length, rules);
    if (failure !== undefined) return no(failure.reason, failure.received, failure.expected);
  }

  const type = (pdu[0] ?? 0) & 0x0f;
  if (type !== TYPE_ADVERTISEMENT) return no("type", type, TYPE_ADVERTISEMENT);

  const { totalLength, headerLength } = datagram;
  if (totalLength !== undefined && !fits(0, headerLength + pdu.length, totalLength))
    return no("total-length", headerLength + pdu.length, totalLength);

  const interval = intervalOf(pdu, rules.version);
  // RFC 9568 errata 8301: a learned interval of zero would let our down timer fire for ever.
  if (interval === 0) return no("interval-zero", 0, rules.interval);

  // The kernel has verified the sum over IPv6 (IPV6_CHECKSUM).
  if (rules.family === "ipv4" && rules.checksum !== "any") {
    const sum = advertChecksum(pdu.subarray(0, length), checksumMode(datagram, rules));
    if (sum !== 0) return no("checksum", sum, 0);
  }

  const multicast = isMulticast(datagram.destination);
  if (multicast !== (rules.transport === "multicast"))
    return no("transport", multicast ? 1 : 0, multicast ? 0 : 1);

  return {
    ok: true,
    from: datagram.source,
    intervalDiffers: interval !== rules.interval,
    advert: {
      version: rules.version,
      virtualRouterId: pdu[1] ?? 0,
      priority: pdu[2] ?? 0,
      interval,
      addresses: addressesOf(pdu, count, rules.family),
    },
  };
}

/** Authentication and interval, which only version 2 insists on. */
function checkVersion2(
  pdu: Uint8Array,
  length: number,
  rules: ReceiveRules,
): { reason: RejectReason; received: number; expected: number } | undefined {
  const type = pdu[4] ?? 0;
  const expected = rules.authentication.type === "pass" ? AUTH_PASS : AUTH_NONE;
  if (type > AUTH_AH) return { reason: "auth-type-invalid", received: type, expected };
  if (type !== expected) return { reason: "auth-type-mismatch", received: type, expected };
  if (rules.authentication.type === "pass" && rules.family === "ipv4") {
    const data = pdu.subarray(length - AUTHENTICATION_LENGTH, length);
    if (!sameBytes(data, rules.authentication.data))
      return { reason: "auth-failure", received: type, expected };
  }
  // RFC 3768 §7.1: an advert with another interval MUST be discarded.
  const interval = intervalOf(pdu, 2);
  if (interval !== rules.interval)
    return { reason: "interval", received: interval, expected: rules.interval };
  return undefined;
}

/** Equal, or longer by what Ethernet (VLAN tag or not) pads short frames with. */
function fits(headerLength: number, received: number, expected: number): boolean {
  const surplus = received - expected;
  if (surplus === 0) return true;
  return (
    surplus > 0 &&
    surplus % 4 === 2 &&
    headerLength + expected < ETHERNET_MINIMUM &&
    headerLength + received <= ETHERNET_MINIMUM
  );
}

function intervalOf(pdu: Uint8Array, version: 2 | 3): Centiseconds {
  const value = version === 2 ? (pdu[5] ?? 0) * 100 : (((pdu[4] ?? 0) & 0x0f) << 8) | (pdu[5] ?? 0);
  return value as Centiseconds;
}

function checksumMode(datagram: Datagram, rules: ReceiveRules): ChecksumMode {
  return rules.version === 2 || rules.checksum === "message-only"
    ? { kind: "message-only" }
    : { kind: "pseudo-header", source: datagram.source, destination: datagram.destination };
}

function addressesOf(pdu: Uint8Array, count: number, family: Family): IpAddress[] {
  const size = family === "ipv4" ? 4 : 16;
  const out: IpAddress[] = [];
  for (let i = 0; i < count; i++) {
    const at = HEADER_LENGTH + i * size;
    out.push(formatIpAddress(pdu.subarray(at, at + size)));
  }
  return out;
}

/** 224.0.0.0/4 or ff00::/8. */
function isMulticast(address: IpAddress): boolean {
  const first = bytesOf(address)[0] ?? 0;
  return familyOf(address) === "ipv4" ? first >> 4 === 0xe : first === 0xff;
}

/** Takes the same time wherever the difference is, so that a password cannot be guessed byte by byte. */
function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}
