/**
 * Netlink attributes (struct nlattr, linux/netlink.h) as bytes: type, length, value, padded to four.
 * Decides lengths and padding; never knows a family, a socket or what a type means. Host byte order
 * is little-endian on every machine this daemon is built for.
 */

/** Set in the type of an attribute that holds attributes. */
export const NLA_F_NESTED = 0x8000;

const NLA_TYPE_MASK = 0x3fff;

/** One attribute as it stood in the message. */
export interface Attribute {
  /** without the NLA_F_NESTED and NLA_F_NET_BYTEORDER bits */
  readonly type: number;
  /** a view, not a copy */
  readonly payload: Buffer;
}

/** Iterates complete attributes; ends silently at the first one that does not fit. */
export function* attributes(bytes: Uint8Array, offset = 0): Generator<Attribute, void> {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = offset; at + 4 <= all.length; ) {
    const length = all.readUInt16LE(at);
    if (length < 4 || at + length > all.length) return;
    yield { type: all.readUInt16LE(at + 2) & NLA_TYPE_MASK, payload: all.subarray(at + 4, at + length) };
    at += padded(length);
  }
}

/**
 * All attributes of a run, without looking into nested ones.
 *
 * @returns undefined when one does not fit or bytes are left over, so that the caller never takes the
 *   first half of a damaged message for a whole one
 */
export function readAttributes(bytes: Uint8Array, offset = 0): readonly Attribute[] | undefined {
  const out: Attribute[] = [];
  let end = offset;
  for (const a of attributes(bytes, offset)) {
    out.push(a);
    end += padded(4 + a.payload.length);
  }
  // the padding of the last attribute may be missing
  return end >= bytes.length ? out : undefined;
}

/** Builds a message body in a buffer that grows: family header first, attributes behind it. */
export class AttributeWriter {
  #buffer = Buffer.alloc(256);
  #length = 0;

  /** @param header fixed bytes before the first attribute; a multiple of four */
  constructor(header?: Uint8Array) {
    if (header === undefined) return;
    this.#reserve(header.length);
    this.#buffer.set(header);
  }

  u8(type: number, value: number): this {
    const at = this.#open(type, 1);
    this.#buffer.writeUInt8(value, at);
    return this;
  }

  /** host byte order */
  u16(type: number, value: number): this {
    const at = this.#open(type, 2);
    this.#buffer.writeUInt16LE(value, at);
    return this;
  }

  /** network byte order, as ports are */
  u16be(type: number, value: number): this {
    const at = this.#open(type, 2);
    this.#buffer.writeUInt16BE(value, at);
    return this;
  }

  /** host byte order */
  u32(type: number, value: number): this {
    const at = this.#open(type, 4);
    this.#buffer.writeUInt32LE(value, at);
    return this;
  }

  /** host byte order */
  u64(type: number, value: bigint): this {
    const at = this.#open(type, 8);
    this.#buffer.writeBigUInt64LE(value, at);
    return this;
  }

  /** UTF-8 with terminating NUL */
  string(type: number, value: string): this {
    const at = this.#open(type, Buffer.byteLength(value) + 1);
    this.#buffer.write(value, at);
    return this;
  }

  bytes(type: number, value: Uint8Array): this {
    const at = this.#open(type, value.length);
    this.#buffer.set(value, at);
    return this;
  }

  /** An attribute that holds attributes; sets NLA_F_NESTED. */
  nested(type: number, fill: (writer: this) => void): this {
    const start = this.#open(type | NLA_F_NESTED, 0) - 4;
    fill(this);
    this.#buffer.writeUInt16LE(this.#length - start, start);
    return this;
  }

  /** A copy of what was written. */
  finish(): Buffer {
    return Buffer.from(this.#buffer.subarray(0, this.#length));
  }

  /** @returns where the payload starts; may replace the buffer. The padding is zero because the buffer is. */
  #open(type: number, payload: number): number {
    const at = this.#length;
    this.#reserve(padded(4 + payload));
    this.#buffer.writeUInt16LE(4 + payload, at);
    this.#buffer.writeUInt16LE(type, at + 2);
    return at + 4;
  }

  #reserve(bytes: number): void {
    this.#length += bytes;
    if (this.#length <= this.#buffer.length) return;
    const bigger = Buffer.alloc(Math.max(this.#length, 2 * this.#buffer.length));
    bigger.set(this.#buffer);
    this.#buffer = bigger;
  }
}

function padded(length: number): number {
  return (length + 3) & ~3;
}
