/**
 * The BFD control packet: bytes to fields and back, with the checks that need nothing but the packet itself.
 * Decides what is malformed; never which session a packet belongs to.
 *
 * ```text
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * |Vers |  Diag   |Sta|P|F|C|A|D|M|  Detect Mult  |    Length     |
 * |                       My Discriminator                        |
 * |                      Your Discriminator                       |
 * |                    Desired Min TX Interval                    |
 * |                   Required Min RX Interval                    |
 * |                 Required Min Echo RX Interval                 |
 * ```
 *
 * @see RFC 5880 §4.1
 */
import type { Micros } from "../base/units.ts";

/** The states in the order of their numbers on the wire. */
export const STATES = ["AdminDown", "Down", "Init", "Up"] as const;
export type StateName = (typeof STATES)[number];

/** Why a session left its last state, by the numbers of RFC 5880 §4.1; those that something here sets. */
export const DIAGNOSTIC = {
  none: 0,
  detectionTimeExpired: 1,
  neighborSignaledDown: 3,
  administrativelyDown: 7,
} as const;
const LAST_DIAGNOSTIC = 8;

export const PACKET_LENGTH = 24;
const VERSION = 1;
const POLL = 0x20;
const FINAL = 0x10;
const AUTHENTICATION = 0x04;
const DEMAND = 0x02;
const MULTIPOINT = 0x01;

export interface ControlPacket {
  readonly state: StateName;
  /** 0-8 */
  readonly diagnostic: number;
  readonly poll: boolean;
  readonly final: boolean;
  /** the sender wants silence while both are Up */
  readonly demand: boolean;
  /** 1-255 */
  readonly detectMultiplier: number;
  /** never 0 */
  readonly myDiscriminator: number;
  /** 0: the sender does not know the other's */
  readonly yourDiscriminator: number;
  readonly desiredMinTx: Micros;
  /** 0: the sender wants no periodic packets at all */
  readonly requiredMinRx: Micros;
}

/** What is wrong with a packet; `value` is the field that is. */
export type Malformed =
  | { readonly code: "too-small"; readonly value: number }
  | { readonly code: "length-mismatch"; readonly value: number; readonly length: number }
  | { readonly code: "version"; readonly value: number }
  | { readonly code: "multiplier-zero" }
  | { readonly code: "multipoint" }
  | { readonly code: "my-discriminator-zero" }
  | { readonly code: "your-discriminator-zero" }
  | { readonly code: "poll-and-final" }
  | { readonly code: "diagnostic"; readonly value: number }
  | { readonly code: "authenticated" };

export type DecodedPacket =
  | { readonly ok: true; readonly packet: ControlPacket }
  | { readonly ok: false; readonly malformed: Malformed };

/** @returns {@link PACKET_LENGTH} bytes: no authentication, no echo, independent of nothing (C clear) */
export function encodePacket(p: ControlPacket): Uint8Array {
  const out = Buffer.alloc(PACKET_LENGTH);
  out[0] = (VERSION << 5) | p.diagnostic;
  const flags = (p.poll ? POLL : 0) | (p.final ? FINAL : 0) | (p.demand ? DEMAND : 0);
  out[1] = (STATES.indexOf(p.state) << 6) | flags;
  out[2] = p.detectMultiplier;
  out[3] = PACKET_LENGTH;
  out.writeUInt32BE(p.myDiscriminator, 4);
  out.writeUInt32BE(p.yourDiscriminator, 8);
  out.writeUInt32BE(p.desiredMinTx, 12);
  out.writeUInt32BE(p.requiredMinRx, 16);
  return out;
}

/**
 * Reads a datagram, in the order of RFC 5880 §6.8.6. Beyond the RFC, and as keepalived does, refuses a length
 * field that is not the datagram's, P together with F, and diagnostics that are not assigned.
 */
export function decodePacket(bytes: Uint8Array): DecodedPacket {
  if (bytes.length < PACKET_LENGTH) return refused({ code: "too-small", value: bytes.length });
  const b = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const first = b.readUInt8(0);
  const flags = b.readUInt8(1);
  const version = first >> 5;
  if (version !== VERSION) return refused({ code: "version", value: version });
  const length = b.readUInt8(3);
  if (length !== bytes.length)
    return refused({ code: "length-mismatch", value: length, length: bytes.length });
  const packet: ControlPacket = {
    state: STATES[flags >> 6] ?? "AdminDown",
    diagnostic: first & 0x1f,
    poll: (flags & POLL) !== 0,
    final: (flags & FINAL) !== 0,
    demand: (flags & DEMAND) !== 0,
    detectMultiplier: b.readUInt8(2),
    myDiscriminator: b.readUInt32BE(4),
    yourDiscriminator: b.readUInt32BE(8),
    desiredMinTx: b.readUInt32BE(12) as Micros,
    requiredMinRx: b.readUInt32BE(16) as Micros,
  };
  const malformed = check(packet, flags);
  return malformed === undefined ? { ok: true, packet } : refused(malformed);
}

function refused(malformed: Malformed): DecodedPacket {
  return { ok: false, malformed };
}

function check(p: ControlPacket, flags: number): Malformed | undefined {
  if (p.detectMultiplier === 0) return { code: "multiplier-zero" };
  if ((flags & MULTIPOINT) !== 0) return { code: "multipoint" };
  if (p.myDiscriminator === 0) return { code: "my-discriminator-zero" };
  if (p.yourDiscriminator === 0 && (p.state === "Init" || p.state === "Up"))
    return { code: "your-discriminator-zero" };
  if (p.poll && p.final) return { code: "poll-and-final" };
  if (p.diagnostic > LAST_DIAGNOSTIC) return { code: "diagnostic", value: p.diagnostic };
  if ((flags & AUTHENTICATION) !== 0) return { code: "authenticated" };
  return undefined;
}
