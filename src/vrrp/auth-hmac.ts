/**
 * keepalived's `auth_hmac`: a trailer of 28 bytes behind an advert of any version and family. Decides its
 * bytes, the sequence of what we sign and whether a received one counts. Keeps the last sequence sent and
 * the last one heard from each sender; wall time enters as an argument.
 *
 *     | type 1 | key id | reserved 0, 2 | UTC seconds, 4 | 1/65536 s, 2 | counter, 2 | value, 16 |
 *
 * The value is the first half of HMAC-SHA-256 over {4|6, version, VRID, 0, source in 16 bytes}, the advert
 * with its checksum as zero, and the trailer with its value as zero.
 */
import { bytesOf, familyOf, type IpAddress } from "../base/address.ts";
import type { Seconds } from "../base/units.ts";
import type { Failure } from "./admission.ts";
import type { Mac } from "./authentication-header.ts";
import { sameBytes } from "./packet.ts";

/** Length in bytes of the trailer. */
export const TRAILER_LENGTH = 28;
const TYPE_HMAC_SHA256 = 1;
const VALUE = 12;
const VALUE_LENGTH = 16;
/** Senders that are remembered with multicast, where anybody may speak. */
const SENDERS = 4;

/** `auth_hmac` with its keys as bytes. */
export interface HmacRules {
  /** by id */
  readonly keys: ReadonlyMap<number, Uint8Array>;
  readonly activeKey: number;
  readonly timeWindow: Seconds;
  readonly antiReplay: "time" | "monotonic";
  readonly mode: "enforce" | "permissive" | "receive-only";
  /** how many senders are remembered: all peers with unicast, else undefined */
  readonly peers: number | undefined;
}

/** 64 bits: seconds, fraction and counter. They compare as RFC 1982 says. */
type Sequence = bigint;

/** @param wallMicros microseconds since the epoch */
function clockSequence(wallMicros: number): Sequence {
  const seconds = BigInt(Math.floor(wallMicros / 1_000_000));
  const fraction = BigInt(Math.floor(((wallMicros % 1_000_000) * 65_536) / 1_000_000));
  return BigInt.asUintN(64, (seconds << 32n) | (fraction << 16n));
}

/** Whether `a` comes after `b`, RFC 1982 §3.2. */
function isAfter(a: Sequence, b: Sequence): boolean {
  return a !== b && BigInt.asUintN(64, a - b) < 1n << 63n;
}

/** Seconds from `b` to `a`, negative when `a` is earlier. */
function ahead(a: Sequence, b: Sequence): number {
  return Number(BigInt.asIntN(32, (a >> 32n) - (b >> 32n)));
}

export class HmacSession {
  readonly #mac: Mac;
  readonly #rules: HmacRules;
  #sent: Sequence | undefined;
  /** the last sequence of each sender, least recently heard first */
  readonly #marks = new Map<IpAddress, Sequence>();
  /** seconds between the clocks at the last good advert */
  #skew = 0;

  constructor(mac: Mac, rules: HmacRules) {
    this.#mac = mac;
    this.#rules = rules;
  }

  /** Whether these are the rules of this session, which then can go on. */
  follows(rules: HmacRules): boolean {
    return plain(rules) === plain(this.#rules);
  }

  /** Whether our adverts carry a trailer. */
  get signs(): boolean {
    return this.#rules.mode !== "receive-only" && this.#rules.keys.has(this.#rules.activeKey);
  }

  /** How far the last good sender's clock is ahead in seconds, when that is more than half the window; else 0. */
  get skew(): number {
    return this.#skew;
  }

  /**
   * The trailer of the next advert.
   *
   * @param wallMicros microseconds since the epoch
   */
  sign(pdu: Uint8Array, source: IpAddress, wallMicros: number): Uint8Array {
    const { activeKey, keys } = this.#rules;
    const sequence = this.#next(clockSequence(wallMicros));
    this.#sent = sequence;
    const trailer = Buffer.alloc(TRAILER_LENGTH);
    trailer[0] = TYPE_HMAC_SHA256;
    trailer[1] = activeKey;
    trailer.writeBigUInt64BE(sequence, 4);
    const key = keys.get(activeKey) ?? new Uint8Array();
    trailer.set(this.#value(key, pdu, source, trailer), VALUE);
    return trailer;
  }

  /**
   * Decides about the trailer of an advert; a good one moves the sender's mark.
   *
   * @param trailer undefined: the advert has none
   */
  verify(
    pdu: Uint8Array,
    trailer: Uint8Array | undefined,
    source: IpAddress,
    wallMicros: number,
  ): Failure | undefined {
    const { keys, mode, timeWindow, antiReplay } = this.#rules;
    if (trailer === undefined) return mode === "enforce" ? no("hmac-missing", 0, 0) : undefined;
    const bytes = Buffer.from(trailer);
    if (bytes[0] !== TYPE_HMAC_SHA256 || bytes.readUInt16BE(2) !== 0)
      return no("hmac-malformed", bytes[0] ?? 0, TYPE_HMAC_SHA256);
    const sequence = bytes.readBigUInt64BE(4);
    const now = clockSequence(wallMicros);
    const skew = ahead(sequence, now);
    const timed = antiReplay === "time";
    if (timed && Math.abs(skew) > timeWindow) return no("hmac-stale", skew, timeWindow);
    const id = bytes[1] ?? 0;
    const key = keys.get(id);
    if (key === undefined) return no("hmac-unknown-key", id, this.#rules.activeKey);
    if (!sameBytes(bytes.subarray(VALUE), this.#value(key, pdu, source, bytes)))
      return no("hmac-invalid", id, id);
    const mark = this.#marks.get(source);
    const counts = mark !== undefined && !(timed && Math.abs(ahead(mark, now)) > timeWindow);
    if (counts && !isAfter(sequence, mark)) return no("hmac-replay", 0, 0);
    this.#remember(source, sequence);
    this.#skew = timed && Math.abs(skew) > timeWindow / 2 ? skew : 0;
    return undefined;
  }

  /** The clock, unless it stands or went back: then one more than the last, within the window. */
  #next(clock: Sequence): Sequence {
    const { antiReplay, timeWindow } = this.#rules;
    if (this.#sent === undefined || isAfter(clock, this.#sent)) return clock;
    if (antiReplay === "time" && ahead(this.#sent, clock) > timeWindow) return clock;
    return BigInt.asUintN(64, this.#sent + 1n);
  }

  #remember(source: IpAddress, sequence: Sequence): void {
    this.#marks.delete(source);
    this.#marks.set(source, sequence);
    const [oldest] = this.#marks.keys();
    if (this.#marks.size > (this.#rules.peers ?? SENDERS) && oldest !== undefined) this.#marks.delete(oldest);
  }

  #value(key: Uint8Array, pdu: Uint8Array, source: IpAddress, trailer: Uint8Array): Uint8Array {
    const head = new Uint8Array(20);
    head[0] = familyOf(source) === "ipv4" ? 4 : 6;
    head[1] = (pdu[0] ?? 0) >> 4;
    head[2] = pdu[1] ?? 0;
    head.set(bytesOf(source), 4);
    const message = Uint8Array.from(pdu);
    message.fill(0, 6, 8);
    const tail = new Uint8Array(TRAILER_LENGTH);
    tail.set(trailer.subarray(0, VALUE));
    return this.#mac("sha256", key, head, message, tail).subarray(0, VALUE_LENGTH);
  }
}

function plain(rules: HmacRules): string {
  const keys = [...rules.keys].map(([id, key]) => [id, ...key]);
  return JSON.stringify({ ...rules, keys });
}

function no(reason: Failure["reason"], received: number, expected: number): Failure {
  return { reason, received, expected };
}
