/**
 * The IP authentication header in front of a version 2 advert over IPv4 (RFC 2338 §5.3.6.3, RFC 2402 §2):
 * 96 bits of HMAC-MD5 (RFC 2403) keyed with the password. Decides its bytes and whether an arriving one
 * counts. Keeps one sequence number for both directions, as keepalived does: who takes over goes on where
 * the other one stopped.
 *
 *     | next header 112 | length 4 | reserved, 2 | SPI: source address, 4 | sequence, 4 | value, 12 |
 */
import { bytesOf } from "../base/address.ts";
import { type Datagram, IPV4_HEADER } from "../base/ip-packet.ts";
import type { Failure } from "./admission.ts";
import { AH_LENGTH, PROTOCOL_VRRP, sameBytes } from "./packet.ts";

/** RFC 2104 over one or more byte ranges. */
export type Mac = (
  algorithm: "md5" | "sha256",
  key: Uint8Array,
  ...parts: readonly Uint8Array[]
) => Uint8Array;

/** 32-bit words of the header, less two, RFC 2402 §2.2 */
const PAYLOAD_LENGTH = 4;
const SPI = 4;
const SEQUENCE = 8;
const VALUE = 12;
const VALUE_LENGTH = 12;
const LAST_SEQUENCE = 0xffff_ffff;

export class AuthenticationHeader {
  readonly #mac: Mac;
  #key: Uint8Array;
  /** the highest number that was sent or believed */
  #sequence = 0;

  constructor(mac: Mac, key: Uint8Array) {
    this.#mac = mac;
    this.#key = key;
  }

  /** A reload gives another password; the sequence goes on. */
  rekey(key: Uint8Array): void {
    this.#key = key;
  }

  /** Counts up; every copy of one advert has the same number. */
  next(): number {
    this.#sequence = this.#sequence === LAST_SEQUENCE ? 1 : this.#sequence + 1;
    return this.#sequence;
  }

  /** @returns header and advert; the value is still zero, since it depends on the IP header too */
  wrap(pdu: Uint8Array, source: Uint8Array, sequence: number): Uint8Array {
    const out = Buffer.alloc(AH_LENGTH + pdu.length);
    out[0] = PROTOCOL_VRRP;
    out[1] = PAYLOAD_LENGTH;
    out.set(source, SPI);
    out.writeUInt32BE(sequence, SEQUENCE);
    out.set(pdu, AH_LENGTH);
    return out;
  }

  /** Writes the value into a whole IPv4 packet that has none yet. @param multicast its TTL counts */
  seal(packet: Buffer, multicast: boolean): void {
    const header = packet.subarray(0, IPV4_HEADER);
    packet.set(this.#value(header, packet.subarray(IPV4_HEADER), multicast), IPV4_HEADER + VALUE);
  }

  /** Checks a datagram whose payload is long enough for the header. A good one moves the sequence. */
  verify(datagram: Datagram, multicast: boolean): Failure | undefined {
    const received = Buffer.from(datagram.payload);
    const spi = received.readUInt32BE(SPI);
    const source = Buffer.from(bytesOf(datagram.source)).readUInt32BE();
    if (spi !== source) return { reason: "ah-spi", received: spi, expected: source };
    const sequence = received.readUInt32BE(SEQUENCE);
    if (sequence <= this.#sequence)
      return { reason: "ah-replay", received: sequence, expected: this.#sequence };
    const value = Buffer.from(received.subarray(VALUE, VALUE + VALUE_LENGTH));
    received.fill(0, VALUE, VALUE + VALUE_LENGTH);
    if (!sameBytes(value, this.#value(datagram.header, received, multicast)))
      return { reason: "ah-value", received: 0, expected: 0 };
    this.#sequence = sequence;
    return undefined;
  }

  /** Fields that routers may change on the way count as zero, RFC 2402 §3.3.3.1; keepalived counts a group's TTL. */
  #value(header: Uint8Array, payload: Uint8Array, multicast: boolean): Uint8Array {
    const fixed = Uint8Array.from(header);
    fixed[1] = 0;
    fixed.fill(0, 6, 8);
    if (!multicast) fixed[8] = 0;
    fixed.fill(0, 10, 12);
    return this.#mac("md5", this.#key, fixed, payload).subarray(0, VALUE_LENGTH);
  }
}
