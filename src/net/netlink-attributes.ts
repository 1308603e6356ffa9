/**
 * Netlink attributes (struct nlattr, linux/netlink.h): a reader that never looks outside its bytes and a
 * writer that grows. Decides lengths and padding; never knows what an attribute means.
 */
import { InternalError } from "../base/errors.ts";

export interface Attribute {
  /** without the NLA_F_NESTED and NLA_F_NET_BYTEORDER bits */
  readonly type: number;
  /** a view, not a copy */
  readonly payload: Buffer;
}

/** Iterates complete attributes; ends silently at the first one that does not fit. */
export function* attributes(bytes: Uint8Array, offset = 0): Generator<Attribute> {
  throw new InternalError(`not yet ${bytes.length} ${offset}`);
}

/** Builds a message body: family header first, attributes behind it. */
export class AttributeWriter {
  /** @param header fixed bytes before the first attribute */
  constructor(header?: Uint8Array) {
    void header;
  }
  u8(type: number, value: number): this {
    return this.bytes(type, Uint8Array.of(value));
  }
  /** host byte order */
  u16(type: number, value: number): this {
    return this.u8(type, value);
  }
  /** network byte order, as ports are */
  u16be(type: number, value: number): this {
    return this.u8(type, value);
  }
  /** host byte order */
  u32(type: number, value: number): this {
    return this.u8(type, value);
  }
  /** with terminating NUL */
  string(type: number, value: string): this {
    return this.bytes(type, Buffer.from(value));
  }
  bytes(type: number, value: Uint8Array): this {
    throw new InternalError(`not yet ${type} ${value.length}`);
  }
  /** An attribute that holds attributes; sets NLA_F_NESTED. */
  nested(type: number, fill: (writer: this) => void): this {
    fill(this);
    return this.u8(type, 0);
  }
  /** A copy of what was written. */
  finish(): Buffer {
    return Buffer.alloc(0);
  }
}
