/**
 * The IPVS attributes of `linux/ip_vs.h` as tables, and the one encoder and the one decoder that read
 * them. Decides where a field stands and how its bytes look; never what a service is (`codec.ts`).
 *
 * Rows stand in the order in which they are written: the order of ipvsadm, so that captures compare.
 */
import { type AttributeWriter, NLA_F_NESTED, readAttributes } from "../base/attributes.ts";
import { InternalError } from "../base/errors.ts";

/** IPVS_GENL_NAME */
export const IPVS_FAMILY = "IPVS";
/** IPVS_GENL_VERSION */
export const IPVS_VERSION = 1;

/** enum of the commands; the value is `cmd` of the generic netlink header */
export const COMMAND = {
  IPVS_CMD_NEW_SERVICE: 1,
  IPVS_CMD_SET_SERVICE: 2,
  IPVS_CMD_DEL_SERVICE: 3,
  IPVS_CMD_GET_SERVICE: 4,
  IPVS_CMD_NEW_DEST: 5,
  IPVS_CMD_SET_DEST: 6,
  IPVS_CMD_DEL_DEST: 7,
  IPVS_CMD_GET_DEST: 8,
  IPVS_CMD_NEW_DAEMON: 9,
  IPVS_CMD_DEL_DAEMON: 10,
  IPVS_CMD_GET_DAEMON: 11,
  IPVS_CMD_SET_INFO: 14,
  IPVS_CMD_GET_INFO: 15,
  IPVS_CMD_FLUSH: 17,
} as const;
export type Command = (typeof COMMAND)[keyof typeof COMMAND];

/** IP_VS_SVC_F_*: the flags of a service */
export const SERVICE_FLAG = {
  IP_VS_SVC_F_PERSISTENT: 0x01,
  IP_VS_SVC_F_HASHED: 0x02,
  IP_VS_SVC_F_ONEPACKET: 0x04,
  IP_VS_SVC_F_SCHED1: 0x08,
  IP_VS_SVC_F_SCHED2: 0x10,
  IP_VS_SVC_F_SCHED3: 0x20,
} as const;

/** IP_VS_CONN_F_FWD_MASK: the bits of FWD_METHOD that are the method */
export const FORWARD_MASK = 0x07;

/**
 * How a payload becomes a value: `be16` is network order, `string` ends at its NUL, `address` is the
 * 16-byte union nf_inet_addr, `flags` is struct ip_vs_flags, `nested` stays bytes until its own table
 * is applied.
 */
export type AttributeKind = "u8" | "u16" | "u32" | "u64" | "be16" | "string" | "address" | "flags" | "nested";

export interface AttributeRow {
  /** name in the header */
  readonly c: string;
  readonly id: number;
  readonly kind: AttributeKind;
}
export type Schema = Readonly<Record<string, AttributeRow>>;

/** struct ip_vs_flags: the bits under `mask` are set to those of `flags`, the others stay */
export interface FlagsValue {
  readonly flags: number;
  readonly mask: number;
}

interface ValueOf {
  u8: number;
  u16: number;
  u32: number;
  u64: bigint;
  be16: number;
  string: string;
  address: Uint8Array;
  flags: FlagsValue;
  nested: Uint8Array;
}

/** An attribute that the table does not know, kept so that decode and encode lose nothing. */
export interface UnknownAttribute {
  readonly id: number;
  readonly payload: Uint8Array;
}

/** What a message says, by field; an absent attribute is an absent field. */
export type Values<S extends Schema> = { -readonly [K in keyof S]?: ValueOf[S[K]["kind"]] };

/** The result of reading bytes from outside. */
export type Decoded<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false;
      readonly reason: DecodeFailure;
      /** which attribute, by its C name where there is one */
      readonly detail: string;
    };
export type DecodeFailure = "malformed" | "wrong-size" | "missing" | "unsupported";

/** First level of every message but the reply to GET_INFO. */
export const IPVS_CMD_ATTR = {
  service: { c: "IPVS_CMD_ATTR_SERVICE", id: 1, kind: "nested" },
  destination: { c: "IPVS_CMD_ATTR_DEST", id: 2, kind: "nested" },
  daemon: { c: "IPVS_CMD_ATTR_DAEMON", id: 3, kind: "nested" },
  timeoutTcp: { c: "IPVS_CMD_ATTR_TIMEOUT_TCP", id: 4, kind: "u32" },
  timeoutTcpFin: { c: "IPVS_CMD_ATTR_TIMEOUT_TCP_FIN", id: 5, kind: "u32" },
  timeoutUdp: { c: "IPVS_CMD_ATTR_TIMEOUT_UDP", id: 6, kind: "u32" },
} as const;

export const IPVS_SVC_ATTR = {
  family: { c: "IPVS_SVC_ATTR_AF", id: 1, kind: "u16" },
  protocol: { c: "IPVS_SVC_ATTR_PROTOCOL", id: 2, kind: "u16" },
  address: { c: "IPVS_SVC_ATTR_ADDR", id: 3, kind: "address" },
  port: { c: "IPVS_SVC_ATTR_PORT", id: 4, kind: "be16" },
  fwmark: { c: "IPVS_SVC_ATTR_FWMARK", id: 5, kind: "u32" },
  scheduler: { c: "IPVS_SVC_ATTR_SCHED_NAME", id: 6, kind: "string" },
  persistenceEngine: { c: "IPVS_SVC_ATTR_PE_NAME", id: 11, kind: "string" },
  flags: { c: "IPVS_SVC_ATTR_FLAGS", id: 7, kind: "flags" },
  timeout: { c: "IPVS_SVC_ATTR_TIMEOUT", id: 8, kind: "u32" },
  netmask: { c: "IPVS_SVC_ATTR_NETMASK", id: 9, kind: "u32" },
  stats: { c: "IPVS_SVC_ATTR_STATS", id: 10, kind: "nested" },
  stats64: { c: "IPVS_SVC_ATTR_STATS64", id: 12, kind: "nested" },
} as const;

export const IPVS_DEST_ATTR = {
  family: { c: "IPVS_DEST_ATTR_ADDR_FAMILY", id: 11, kind: "u16" },
  address: { c: "IPVS_DEST_ATTR_ADDR", id: 1, kind: "address" },
  port: { c: "IPVS_DEST_ATTR_PORT", id: 2, kind: "be16" },
  forwarding: { c: "IPVS_DEST_ATTR_FWD_METHOD", id: 3, kind: "u32" },
  weight: { c: "IPVS_DEST_ATTR_WEIGHT", id: 4, kind: "u32" },
  tunnelType: { c: "IPVS_DEST_ATTR_TUN_TYPE", id: 13, kind: "u8" },
  tunnelPort: { c: "IPVS_DEST_ATTR_TUN_PORT", id: 14, kind: "be16" },
  tunnelFlags: { c: "IPVS_DEST_ATTR_TUN_FLAGS", id: 15, kind: "u16" },
  upperThreshold: { c: "IPVS_DEST_ATTR_U_THRESH", id: 5, kind: "u32" },
  lowerThreshold: { c: "IPVS_DEST_ATTR_L_THRESH", id: 6, kind: "u32" },
  activeConnections: { c: "IPVS_DEST_ATTR_ACTIVE_CONNS", id: 7, kind: "u32" },
  inactiveConnections: { c: "IPVS_DEST_ATTR_INACT_CONNS", id: 8, kind: "u32" },
  persistentConnections: { c: "IPVS_DEST_ATTR_PERSIST_CONNS", id: 9, kind: "u32" },
  stats: { c: "IPVS_DEST_ATTR_STATS", id: 10, kind: "nested" },
  stats64: { c: "IPVS_DEST_ATTR_STATS64", id: 12, kind: "nested" },
} as const;

/** Inside IPVS_*_ATTR_STATS64; the older IPVS_*_ATTR_STATS has the same ids with 32-bit values but bytes. */
export const IPVS_STATS64_ATTR = {
  connections: { c: "IPVS_STATS_ATTR_CONNS", id: 1, kind: "u64" },
  inPackets: { c: "IPVS_STATS_ATTR_INPKTS", id: 2, kind: "u64" },
  outPackets: { c: "IPVS_STATS_ATTR_OUTPKTS", id: 3, kind: "u64" },
  inBytes: { c: "IPVS_STATS_ATTR_INBYTES", id: 4, kind: "u64" },
  outBytes: { c: "IPVS_STATS_ATTR_OUTBYTES", id: 5, kind: "u64" },
  connectionRate: { c: "IPVS_STATS_ATTR_CPS", id: 6, kind: "u64" },
  inPacketRate: { c: "IPVS_STATS_ATTR_INPPS", id: 7, kind: "u64" },
  outPacketRate: { c: "IPVS_STATS_ATTR_OUTPPS", id: 8, kind: "u64" },
  inByteRate: { c: "IPVS_STATS_ATTR_INBPS", id: 9, kind: "u64" },
  outByteRate: { c: "IPVS_STATS_ATTR_OUTBPS", id: 10, kind: "u64" },
} as const;

/** First level of the reply to GET_INFO. */
export const IPVS_INFO_ATTR = {
  version: { c: "IPVS_INFO_ATTR_VERSION", id: 1, kind: "u32" },
  connectionTableSize: { c: "IPVS_INFO_ATTR_CONN_TAB_SIZE", id: 2, kind: "u32" },
} as const;

/** Writes the fields that are present, in the order of the table, then what was unknown when it was read. */
export function encodeValues<S extends Schema>(
  schema: S,
  values: Values<S>,
  writer: AttributeWriter,
  unknown: readonly UnknownAttribute[] = [],
): void {
  const bag: Readonly<Record<string, unknown>> = values;
  for (const { field, row } of indexOf(schema).rows) {
    const value = bag[field];
    if (value !== undefined) writeValue(writer, row, value);
  }
  for (const { id, payload } of unknown) writer.bytes(id, payload);
}

/** Reads one level. Repeated attributes: the last one wins, as in the kernel's own parser. */
export function decodeValues<S extends Schema>(
  schema: S,
  bytes: Uint8Array,
  offset = 0,
): Decoded<{ readonly fields: Values<S>; readonly unknown: readonly UnknownAttribute[] }> {
  const attributes = readAttributes(bytes, offset);
  if (attributes === undefined) return { ok: false, reason: "malformed", detail: "attribute length" };
  const { byId } = indexOf(schema);
  const fields: Record<string, unknown> = {};
  const unknown: UnknownAttribute[] = [];
  for (const { type, payload } of attributes) {
    const known = byId[type];
    if (known === undefined) {
      unknown.push({ id: type, payload });
      continue;
    }
    const value = readValue(known.row.kind, payload);
    if (value === undefined) return { ok: false, reason: "wrong-size", detail: known.row.c };
    fields[known.field] = value;
  }
  return { ok: true, value: { fields: fields as Values<S>, unknown } };
}

interface Row {
  readonly field: string;
  readonly row: AttributeRow;
}
interface SchemaIndex {
  readonly rows: readonly Row[];
  readonly byId: readonly (Row | undefined)[];
}
const indexes = new WeakMap<Schema, SchemaIndex>();

function indexOf(schema: Schema): SchemaIndex {
  let index = indexes.get(schema);
  if (index === undefined) {
    const rows = Object.entries(schema).map(([field, row]) => ({ field, row }));
    const byId: Row[] = [];
    for (const row of rows) byId[row.row.id] = row;
    index = { rows, byId };
    indexes.set(schema, index);
  }
  return index;
}

function writeValue(writer: AttributeWriter, row: AttributeRow, value: unknown): void {
  const { id, kind } = row;
  if (typeof value === "number") {
    if (kind === "u8") writer.u8(id, value);
    else if (kind === "u16") writer.u16(id, value);
    else if (kind === "u32") writer.u32(id, value);
    else if (kind === "be16") writer.u16be(id, value);
    else throw mismatch(row);
  } else if (typeof value === "bigint" && kind === "u64") writer.u64(id, value);
  else if (typeof value === "string" && kind === "string") writer.string(id, value);
  else if (value instanceof Uint8Array && kind === "address") writer.bytes(id, union(value));
  else if (value instanceof Uint8Array && kind === "nested") writer.bytes(id | NLA_F_NESTED, value);
  else if (isFlags(value) && kind === "flags") writer.bytes(id, structFlags(value));
  else throw mismatch(row);
}

/** @returns undefined when the payload is too short; a longer one is a newer kernel's and its head is read */
function readValue(kind: AttributeKind, payload: Buffer): ValueOf[AttributeKind] | undefined {
  const size = payload.length;
  switch (kind) {
    case "u8":
      return size < 1 ? undefined : payload.readUInt8(0);
    case "u16":
      return size < 2 ? undefined : payload.readUInt16LE(0);
    case "u32":
      return size < 4 ? undefined : payload.readUInt32LE(0);
    case "u64":
      return size < 8 ? undefined : payload.readBigUInt64LE(0);
    case "be16":
      return size < 2 ? undefined : payload.readUInt16BE(0);
    case "address":
      return size < 16 ? undefined : payload.subarray(0, 16);
    case "flags":
      return size < 8 ? undefined : { flags: payload.readUInt32LE(0), mask: payload.readUInt32LE(4) };
    case "string": {
      const nul = payload.indexOf(0);
      return payload.toString("latin1", 0, nul < 0 ? size : nul);
    }
    case "nested":
      return payload;
  }
}

/** 4 or 16 bytes as union nf_inet_addr, the rest zero. */
function union(address: Uint8Array): Uint8Array {
  const out = new Uint8Array(16);
  out.set(address);
  return out;
}

function structFlags(value: FlagsValue): Uint8Array {
  const out = new DataView(new ArrayBuffer(8));
  out.setUint32(0, value.flags, true);
  out.setUint32(4, value.mask, true);
  return new Uint8Array(out.buffer);
}

function isFlags(value: unknown): value is FlagsValue {
  return typeof value === "object" && value !== null && "flags" in value && "mask" in value;
}

function mismatch(row: AttributeRow): InternalError {
  return new InternalError(`${row.c} cannot carry this value`);
}
