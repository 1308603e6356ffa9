/**
 * Whether to believe an arriving advert: the checks of RFC 9568 §7.1 and RFC 3768 §7.1 in the order in
 * which keepalived makes them. Never decides what a believed advert leads to. Bad bytes are values with a
 * reason, never exceptions.
 */
import type { Family, IpAddress } from "../base/address.ts";
import { type Datagram, isMulticast } from "../base/ip-packet.ts";
import type { Centiseconds } from "../base/units.ts";
import { TRAILER_LENGTH } from "./auth-hmac.ts";
import {
  type Advertisement,
  AH_LENGTH,
  AUTH_TYPE,
  AUTHENTICATION_LENGTH,
  type Authentication,
  addressesOf,
  advertChecksum,
  advertLength,
  HOP_LIMIT,
  intervalOf,
  PROTOCOL_AH,
  PROTOCOL_VRRP,
  sameBytes,
  TYPE_ADVERTISEMENT,
} from "./packet.ts";

/** A router that unicast adverts may come from. */
export interface Peer {
  readonly address: IpAddress;
  /** the range in which TTL or hop limit must be, 0-255 */
  readonly minTtl: number;
  readonly maxTtl: number;
}

/** What one virtual router asks of the adverts it believes. */
export interface ReceiveRules {
  readonly version: 2 | 3;
  readonly family: Family;
  readonly authentication: Authentication;
  /** our own interval; version 2 refuses any other, version 3 only mentions it */
  readonly interval: Centiseconds;
  readonly transport: "multicast" | "unicast";
  /** `any`: keepalived's reading of v3_checksum_as_v2, over IPv4 */
  readonly checksum: "verified" | "any";
  /**
   * Version 3 unicast over IPv4: the group that keepalived before 1.3.7 had in the pseudo-header's place of
   * the destination; undefined: that is no excuse
   */
  readonly oldChecksumGroup?: IpAddress | undefined;
  /** an owner that hears nobody */
  readonly ignoresAll?: boolean | undefined;
  /** those who may speak to us; undefined: everybody */
  readonly peers?: readonly Peer[] | undefined;
  /** verifies an authentication header; present with authentication of that type */
  readonly verifyHeader?: ((datagram: Datagram) => Failure | undefined) | undefined;
  /** decides about the trailer of `auth_hmac`, or that there is none; undefined: an advert may have none */
  readonly verifyTrailer?:
    | ((pdu: Uint8Array, trailer: Uint8Array | undefined, source: IpAddress) => Failure | undefined)
    | undefined;
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
  | "interval-zero"
  | "no-addresses"
  | "owner"
  | "stranger"
  | "peer-hop-limit"
  | "ah-spi"
  | "ah-replay"
  | "ah-value"
  | "hmac-missing"
  | "hmac-malformed"
  | "hmac-stale"
  | "hmac-unknown-key"
  | "hmac-invalid"
  | "hmac-replay";

/** `expected` and `received` are numbers of what the reason names. */
export interface Failure {
  readonly reason: RejectReason;
  readonly expected: number;
  readonly received: number;
}

/** The outcome of the checks. */
export type CheckedAdvert =
  | {
      readonly ok: true;
      readonly advert: Advertisement;
      readonly from: IpAddress;
      /** the checksum verified only in keepalived's old unicast form */
      readonly oldChecksum: boolean;
    }
  | (Failure & { readonly ok: false; readonly from: IpAddress });

/**
 * Decides whether to believe a datagram; the first failure is the answer.
 *
 * @see RFC 9568 §7.1, RFC 3768 §7.1
 */
export function checkAdvert(datagram: Datagram, rules: ReceiveRules): CheckedAdvert {
  const before = datagram.protocol === PROTOCOL_AH ? AH_LENGTH : 0;
  const pdu = datagram.payload.subarray(before);
  const failure = findFailure(datagram, pdu, rules);
  if (failure !== undefined) return { ok: false, from: datagram.source, ...failure };
  const sum = checkSum(datagram, ownPart(pdu, rules), rules);
  if (sum.failure !== undefined) return { ok: false, from: datagram.source, ...sum.failure };
  const stranger = checkSender(datagram, rules);
  if (stranger !== undefined) return { ok: false, from: datagram.source, ...stranger };
  return {
    ok: true,
    from: datagram.source,
    oldChecksum: sum.old,
    advert: {
      version: rules.version,
      virtualRouterId: pdu[1] ?? 0,
      priority: pdu[2] ?? 0,
      interval: intervalOf(pdu, rules.version),
      addresses: addressesOf(pdu, rules.family),
    },
  };
}

function no(reason: RejectReason, received: number, expected: number): Failure {
  return { reason, received, expected };
}

/** The PDU without padding. */
function ownPart(pdu: Uint8Array, { version, family }: ReceiveRules): Uint8Array {
  return pdu.subarray(0, advertLength(version, family, pdu[3] ?? 0));
}

/** Everything up to the checksum. */
function findFailure(datagram: Datagram, pdu: Uint8Array, rules: ReceiveRules): Failure | undefined {
  const protocol = rules.authentication.type === "ah" ? PROTOCOL_AH : PROTOCOL_VRRP;
  if (datagram.protocol !== protocol) return no("protocol", datagram.protocol, protocol);

  const version = (pdu[0] ?? 0) >> 4;
  const headers = datagram.header.length + datagram.payload.length - pdu.length;
  // The sender's version decides the length, so that a foreign version is called that and not a bad length.
  const length = advertLength(version === 2 ? 2 : 3, rules.family, pdu[3] ?? 0);
  const trailer =
    rules.verifyTrailer !== undefined && pdu.length === length + TRAILER_LENGTH
      ? pdu.subarray(length)
      : undefined;
  if (trailer === undefined && !fits(headers, pdu.length, length))
    return no("length", headers + pdu.length, headers + length);

  if (rules.transport === "multicast" && datagram.hopLimit !== HOP_LIMIT)
    return no("hop-limit", datagram.hopLimit, HOP_LIMIT);

  if (version !== rules.version) return no("version", version, rules.version);

  const unsigned = rules.verifyTrailer?.(pdu.subarray(0, length), trailer, datagram.source);
  if (unsigned !== undefined) return unsigned;

  if (rules.version === 2) {
    const failure = checkVersion2(datagram, ownPart(pdu, rules), rules);
    if (failure !== undefined) return failure;
  }

  const type = (pdu[0] ?? 0) & 0x0f;
  if (type !== TYPE_ADVERTISEMENT) return no("type", type, TYPE_ADVERTISEMENT);

  const { totalLength, header, payload } = datagram;
  if (totalLength !== undefined && !fits(0, header.length + payload.length, totalLength))
    return no("total-length", header.length + payload.length, totalLength);

  // RFC 9568 errata 8301: a learned interval of zero would let our down timer fire for ever.
  if (intervalOf(pdu, rules.version) === 0) return no("interval-zero", 0, rules.interval);
  // RFC 9568 §5.2.5; in version 2 keepalived's no_virtual_ipaddress makes such adverts.
  if (rules.version === 3 && pdu[3] === 0) return no("no-addresses", 0, 1);
  return undefined;
}

/** Authentication and interval, which only version 2 insists on. */
function checkVersion2(datagram: Datagram, pdu: Uint8Array, rules: ReceiveRules): Failure | undefined {
  const type = pdu[4] ?? 0;
  const expected = AUTH_TYPE[rules.authentication.type];
  if (type > AUTH_TYPE.ah) return no("auth-type-invalid", type, expected);
  if (type !== expected) return no("auth-type-mismatch", type, expected);
  if (rules.authentication.type === "pass" && rules.family === "ipv4") {
    const data = pdu.subarray(pdu.length - AUTHENTICATION_LENGTH);
    if (!sameBytes(data, rules.authentication.data)) return no("auth-failure", type, expected);
  }
  const header = rules.verifyHeader?.(datagram);
  if (header !== undefined) return header;
  // RFC 3768 §7.1: an advert with another interval MUST be discarded.
  const interval = intervalOf(pdu, 2);
  if (interval !== rules.interval) return no("interval", interval, rules.interval);
  return undefined;
}

/**
 * Over IPv6 the kernel has verified the sum (IPV6_CHECKSUM). Version 3 over IPv4 has two readings of what it
 * covers, and both are believed: RFC 9568 §5.2.8 says the message, everybody since RFC 5798 adds a
 * pseudo-header.
 */
function checkSum(
  { source, destination }: Datagram,
  pdu: Uint8Array,
  rules: ReceiveRules,
): { readonly failure: Failure | undefined; readonly old: boolean } {
  const good = { failure: undefined, old: false };
  if (rules.family === "ipv6" || rules.checksum === "any") return good;
  const plain = advertChecksum(pdu, { kind: "message-only" });
  if (plain === 0) return good;
  if (rules.version === 2) return { failure: no("checksum", plain, 0), old: false };
  const sum = advertChecksum(pdu, { kind: "pseudo-header", source, destination });
  if (sum === 0) return good;
  const group = rules.oldChecksumGroup;
  const old =
    group !== undefined && advertChecksum(pdu, { kind: "pseudo-header", source, destination: group }) === 0;
  return old ? { failure: undefined, old } : { failure: no("checksum", sum, 0), old };
}

/** Whom it is for and whom it is from. */
function checkSender(datagram: Datagram, rules: ReceiveRules): Failure | undefined {
  const multicast = isMulticast(datagram.destination);
  if (multicast !== (rules.transport === "multicast"))
    return no("transport", multicast ? 1 : 0, multicast ? 0 : 1);
  if (rules.ignoresAll === true) return no("owner", 0, 0);
  if (rules.peers === undefined) return undefined;
  const peer = rules.peers.find(({ address }) => address === datagram.source);
  if (peer === undefined) return no("stranger", 0, 0);
  const { hopLimit } = datagram;
  if (hopLimit < peer.minTtl) return no("peer-hop-limit", hopLimit, peer.minTtl);
  if (hopLimit > peer.maxTtl) return no("peer-hop-limit", hopLimit, peer.maxTtl);
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

/** Payload of the shortest Ethernet frame; short packets may arrive padded up to it. */
const ETHERNET_MINIMUM = 46;
