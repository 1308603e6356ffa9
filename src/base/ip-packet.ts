/**
 * Datagrams with what their IP header says, and the IPv4 header as bytes (RFC 791 §3.1). Decides layout;
 * never what a payload means.
 */
import { bytesOf, familyOf, formatIpAddress, type IpAddress } from "./address.ts";

/** A datagram without its IP header, whichever way the socket told us the header's fields. */
export interface Datagram {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** TTL or hop limit */
  readonly hopLimit: number;
  readonly protocol: number;
  /** the IPv4 header as received; empty where the kernel strips it (IPv6) */
  readonly header: Uint8Array;
  /** IPv4 total length as the header states it; undefined over IPv6 */
  readonly totalLength: number | undefined;
  readonly payload: Uint8Array;
}

/** @returns undefined when these bytes do not even hold an IPv4 header */
export function parseIpv4Datagram(packet: Uint8Array): Datagram | undefined {
  const first = packet[0];
  if (first === undefined || first >> 4 !== 4) return undefined;
  const headerLength = (first & 0x0f) * 4;
  if (headerLength < IPV4_HEADER || packet.length < headerLength) return undefined;
  return {
    source: ipv4At(packet, 12),
    destination: ipv4At(packet, 16),
    hopLimit: packet[8] ?? 0,
    protocol: packet[9] ?? 0,
    header: packet.subarray(0, headerLength),
    totalLength: ((packet[2] ?? 0) << 8) | (packet[3] ?? 0),
    payload: packet.subarray(headerLength),
  };
}

/** Addresses that were read lately: routers hear the same few thousands of times. */
const known = new Map<number, IpAddress>();
/** A stranger who makes up senders must not fill the memory. */
const KNOWN_LIMIT = 1_024;

function ipv4At(packet: Uint8Array, at: number): IpAddress {
  const [a, b, c, d] = [packet[at] ?? 0, packet[at + 1] ?? 0, packet[at + 2] ?? 0, packet[at + 3] ?? 0];
  const key = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  const found = known.get(key);
  if (found !== undefined) return found;
  const address = formatIpAddress(packet.subarray(at, at + 4));
  if (known.size >= KNOWN_LIMIT) known.clear();
  known.set(key, address);
  return address;
}

/** Length in bytes of an IPv4 header without options. */
export const IPV4_HEADER = 20;
/** Internetwork control, RFC 791 precedence 6 */
const TOS = 0xc0;

/**
 * An IPv4 packet: TOS 0xC0, no fragment bits. The header checksum is left to the kernel (raw(7),
 * IP_HDRINCL).
 *
 * @param p.id 1-65535; the kernel would replace 0
 * @param p.hopLimit the TTL, 0-255
 */
export function ipv4Packet(p: {
  readonly id: number;
  readonly hopLimit: number;
  readonly protocol: number;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly payload: Uint8Array;
}): Buffer {
  const out = Buffer.alloc(IPV4_HEADER + p.payload.length);
  out[0] = 0x45;
  out[1] = TOS;
  out.writeUInt16BE(out.length, 2);
  out.writeUInt16BE(p.id, 4);
  out[8] = p.hopLimit;
  out[9] = p.protocol;
  out.set(bytesOf(p.source), 12);
  out.set(bytesOf(p.destination), 16);
  out.set(p.payload, IPV4_HEADER);
  return out;
}

/** 224.0.0.0/4 or ff00::/8. */
export function isMulticast(address: IpAddress): boolean {
  const first = bytesOf(address)[0] ?? 0;
  return familyOf(address) === "ipv4" ? first >> 4 === 0xe : first === 0xff;
}
