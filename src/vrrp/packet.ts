/**
 * The VRRP advertisement on the wire, versions 2 and 3: how it is written and where its parts are. Decides
 * bytes; whether to believe an arriving one is `admission.ts`'s to say.
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
import type { Datagram } from "../base/ip-packet.ts";
import type { Centiseconds } from "../base/units.ts";
import { internetChecksum } from "./checksum.ts";

/** IANA protocol number of VRRP, RFC 9568 §5.1.1.4. */
export const PROTOCOL_VRRP = 112;
/** IANA protocol number of the IP authentication header, RFC 2402 §2. */
export const PROTOCOL_AH = 51;
/** What a multicast advert must arrive with, RFC 9568 §5.1.1.3. */
export const HOP_LIMIT = 255;
export const TYPE_ADVERTISEMENT = 1;
/** Length in bytes of the part before the addresses. */
export const HEADER_LENGTH = 8;
/** Length in bytes of version 2's authentication data. */
export const AUTHENTICATION_LENGTH = 8;
/** Length in bytes of an authentication header with 96 bits of HMAC-MD5, RFC 2403 §2. */
export const AH_LENGTH = 24;
/** Values of version 2's Auth Type, RFC 2338 §5.3.6. */
export const AUTH_TYPE: { readonly none: 0; readonly pass: 1; readonly ah: 2 } = { none: 0, pass: 1, ah: 2 };

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

/** Version 2 over IPv4: nothing, the 8 bytes of a simple password, or a header in front (RFC 2338 §5.3.6). */
export type Authentication =
  | { readonly type: "none" | "ah" }
  | { readonly type: "pass"; readonly data: Uint8Array };

/**
 * What the checksum covers. RFC 3768 says the message; RFC 5798 practice and keepalived add a
 * pseudo-header in version 3; RFC 9568 §5.2.8 says the message again for IPv4. Over IPv6 the kernel
 * writes and verifies it (`kernel`), always with the pseudo-header.
 */
export type ChecksumMode =
  | { readonly kind: "message-only" | "kernel" }
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
    out[4] = AUTH_TYPE[authentication.type];
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

/** The checksum over a PDU; 0 when the PDU carries its correct one, or when it is the kernel's business. */
export function advertChecksum(pdu: Uint8Array, mode: ChecksumMode): number {
  if (mode.kind === "pseudo-header")
    return internetChecksum(pseudoHeader(mode.source, mode.destination, pdu.length), pdu);
  return mode.kind === "kernel" ? 0 : internetChecksum(pdu);
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

/**
 * Which virtual router a datagram is for, so that its rules can be found; undefined when too short, or
 * when it carries something else behind an authentication header.
 */
export function peekVirtualRouterId({ protocol, payload }: Datagram): number | undefined {
  const at = protocol === PROTOCOL_AH ? AH_LENGTH : 0;
  if (at > 0 && payload[0] !== PROTOCOL_VRRP) return undefined;
  return payload.length < at + HEADER_LENGTH ? undefined : payload[at + 1];
}

/** The interval field of a PDU of this version. */
export function intervalOf(pdu: Uint8Array, version: 2 | 3): Centiseconds {
  const value = version === 2 ? (pdu[5] ?? 0) * 100 : (((pdu[4] ?? 0) & 0x0f) << 8) | (pdu[5] ?? 0);
  return value as Centiseconds;
}

/** The addresses of a PDU that is long enough for its count. */
export function addressesOf(pdu: Uint8Array, family: Family): IpAddress[] {
  const size = family === "ipv4" ? 4 : 16;
  const out: IpAddress[] = [];
  for (let i = 0; i < (pdu[3] ?? 0); i++) {
    const at = HEADER_LENGTH + i * size;
    out.push(formatIpAddress(pdu.subarray(at, at + size)));
  }
  return out;
}

/** Takes the same time wherever the difference is, so that a secret cannot be guessed byte by byte. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}
