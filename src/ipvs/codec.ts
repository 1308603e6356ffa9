/**
 * Generic netlink bodies of the IPVS family: operations and questions become bytes, replies become
 * services, destinations and info. Pure; decides what a field means, the tables of `schema.ts` decide
 * where it stands. Input may be anything: a damaged reply is a result, never an exception.
 */
import { bytesOf, type Family, familyOf, formatIpAddress, type IpAddress } from "../base/address.ts";
import { AttributeWriter } from "../base/attributes.ts";
import { InternalError } from "../base/errors.ts";
import type { Seconds } from "../base/units.ts";
import type { Protocol } from "../config/model.ts";
import type {
  IpvsDestination,
  IpvsForwarding,
  IpvsOperation,
  IpvsService,
  ServiceIdentity,
} from "./model.ts";
import {
  COMMAND,
  type Command,
  type Decoded,
  type DecodeFailure,
  decodeValues,
  encodeValues,
  FORWARD_MASK,
  IPVS_CMD_ATTR,
  IPVS_DEST_ATTR,
  IPVS_INFO_ATTR,
  IPVS_SVC_ATTR,
  IPVS_VERSION,
  type Schema,
  SERVICE_FLAG,
  type Values,
} from "./schema.ts";

const { IP_VS_SVC_F_PERSISTENT, IP_VS_SVC_F_HASHED } = SERVICE_FLAG;
/** struct genlmsghdr before the first attribute */
const HEADER_BYTES = 4;
/** AF_INET, AF_INET6 */
const AF: Readonly<Record<Family, number>> = { ipv4: 2, ipv6: 10 };
/** IPPROTO_* */
const PROTOCOL: Readonly<Record<Protocol, number>> = { tcp: 6, udp: 17, sctp: 132 };
/** IP_VS_CONN_F_* under IP_VS_CONN_F_FWD_MASK */
const FORWARDING: Readonly<Record<IpvsForwarding, number>> = {
  masquerade: 0,
  local: 1,
  tunnel: 2,
  direct: 3,
  bypass: 4,
};
/** The command of each kind of operation, by its C name. */
export const OPERATION_COMMAND = {
  addService: "IPVS_CMD_NEW_SERVICE",
  editService: "IPVS_CMD_SET_SERVICE",
  deleteService: "IPVS_CMD_DEL_SERVICE",
  addDestination: "IPVS_CMD_NEW_DEST",
  editDestination: "IPVS_CMD_SET_DEST",
  deleteDestination: "IPVS_CMD_DEL_DEST",
} as const;

/** What GET_INFO says about the module. */
export interface IpvsInfo {
  /** `1.2.1` */
  readonly version: string;
  /** entries of the connection hash table */
  readonly connectionTableSize: number;
}

/**
 * The body of one operation. A service is written whole; where it only says which service is meant,
 * its identity is all the kernel asks for.
 */
export function encodeOperation(o: IpvsOperation): Buffer {
  const writer = messageOf(COMMAND[OPERATION_COMMAND[o.kind]]);
  switch (o.kind) {
    case "addService":
    case "editService":
      return service(writer, serviceValues(o.service)).finish();
    case "deleteService":
      return service(writer, identityValues(o.identity)).finish();
    case "addDestination":
    case "editDestination":
      service(writer, identityValues(o.service));
      return destination(writer, destinationValues(o.destination)).finish();
    case "deleteDestination":
      service(writer, identityValues(o.service));
      return destination(writer, endpointValues(o.destination)).finish();
  }
}

/** GET_SERVICE, to be sent as a dump: answers one service a message. */
export function encodeServiceDump(): Buffer {
  return messageOf(COMMAND.IPVS_CMD_GET_SERVICE).finish();
}

/** GET_DEST, to be sent as a dump: answers one destination a message, none if there is no such service. */
export function encodeDestinationDump(of: ServiceIdentity): Buffer {
  return service(messageOf(COMMAND.IPVS_CMD_GET_DEST), identityValues(of)).finish();
}

/** FLUSH: removes every service and destination of this network namespace. */
export function encodeFlush(): Buffer {
  return messageOf(COMMAND.IPVS_CMD_FLUSH).finish();
}

/** GET_INFO: answers one message. */
export function encodeInfoRequest(): Buffer {
  return messageOf(COMMAND.IPVS_CMD_GET_INFO).finish();
}

/** Reads one message of the GET_SERVICE dump. `unsupported`: a service that this daemon cannot have made. */
export function decodeService(body: Uint8Array): Decoded<IpvsService> {
  const nested = level(IPVS_CMD_ATTR, body, HEADER_BYTES);
  if (!nested.ok) return nested;
  if (nested.value.service === undefined) return missing("IPVS_CMD_ATTR_SERVICE");
  const read = level(IPVS_SVC_ATTR, nested.value.service);
  if (!read.ok) return read;
  const v = read.value;
  const identity = identityOf(v);
  if (!identity.ok) return identity;
  const family = v.family === AF.ipv6 ? "ipv6" : "ipv4";
  if (v.scheduler === undefined) return missing("IPVS_SVC_ATTR_SCHED_NAME");
  if (v.flags === undefined) return missing("IPVS_SVC_ATTR_FLAGS");
  if (v.timeout === undefined) return missing("IPVS_SVC_ATTR_TIMEOUT");
  if (v.netmask === undefined) return missing("IPVS_SVC_ATTR_NETMASK");
  const flags = v.flags.flags;
  return ok({
    identity: identity.value,
    scheduler: v.scheduler,
    flags: (flags & ~(IP_VS_SVC_F_PERSISTENT | IP_VS_SVC_F_HASHED)) >>> 0,
    persistenceTimeout: (flags & IP_VS_SVC_F_PERSISTENT) !== 0 ? (v.timeout as Seconds) : undefined,
    persistenceEngine: v.persistenceEngine,
    persistencePrefixLength: family === "ipv6" ? v.netmask : prefixLengthOf(v.netmask),
  });
}

/**
 * Reads one message of a GET_DEST dump.
 *
 * @param serviceFamily the destination's family where the kernel does not tell (before Linux 3.18)
 */
export function decodeDestination(body: Uint8Array, serviceFamily: Family): Decoded<IpvsDestination> {
  const nested = level(IPVS_CMD_ATTR, body, HEADER_BYTES);
  if (!nested.ok) return nested;
  if (nested.value.destination === undefined) return missing("IPVS_CMD_ATTR_DEST");
  const read = level(IPVS_DEST_ATTR, nested.value.destination);
  if (!read.ok) return read;
  const v = read.value;
  const family = v.family ?? AF[serviceFamily];
  if (!isFamily(family)) return unsupported(`IPVS_DEST_ATTR_ADDR_FAMILY ${family}`);
  if (v.address === undefined) return missing("IPVS_DEST_ATTR_ADDR");
  if (v.port === undefined) return missing("IPVS_DEST_ATTR_PORT");
  if (v.forwarding === undefined) return missing("IPVS_DEST_ATTR_FWD_METHOD");
  if (v.weight === undefined) return missing("IPVS_DEST_ATTR_WEIGHT");
  const forwarding = keyOf(FORWARDING, v.forwarding & FORWARD_MASK);
  if (forwarding === undefined) return unsupported(`IPVS_DEST_ATTR_FWD_METHOD ${v.forwarding}`);
  return ok({
    address: addressOf(family, v.address),
    port: v.port,
    forwarding,
    weight: v.weight,
    upperThreshold: v.upperThreshold ?? 0,
    lowerThreshold: v.lowerThreshold ?? 0,
  });
}

/** Reads the reply to GET_INFO. */
export function decodeInfo(body: Uint8Array): Decoded<IpvsInfo> {
  const read = level(IPVS_INFO_ATTR, body, HEADER_BYTES);
  if (!read.ok) return read;
  const { version, connectionTableSize } = read.value;
  if (version === undefined) return missing("IPVS_INFO_ATTR_VERSION");
  if (connectionTableSize === undefined) return missing("IPVS_INFO_ATTR_CONN_TAB_SIZE");
  // NVERSION of linux/ip_vs.h
  const text = `${(version >> 16) & 0xff}.${(version >> 8) & 0xff}.${version & 0xff}`;
  return ok({ version: text, connectionTableSize });
}

/** The family whose rules apply to a service: of its address, or of its mark. */
export function familyOfService(i: ServiceIdentity): Family {
  return i.kind === "fwmark" ? i.family : familyOf(i.address);
}

function messageOf(command: Command): AttributeWriter {
  return new AttributeWriter(Uint8Array.of(command, IPVS_VERSION, 0, 0));
}

function service(writer: AttributeWriter, values: Values<typeof IPVS_SVC_ATTR>): AttributeWriter {
  return writer.nested(IPVS_CMD_ATTR.service.id, (w) => encodeValues(IPVS_SVC_ATTR, values, w));
}

function destination(writer: AttributeWriter, values: Values<typeof IPVS_DEST_ATTR>): AttributeWriter {
  return writer.nested(IPVS_CMD_ATTR.destination.id, (w) => encodeValues(IPVS_DEST_ATTR, values, w));
}

function identityValues(i: ServiceIdentity): Values<typeof IPVS_SVC_ATTR> {
  const family = AF[familyOfService(i)];
  if (i.kind === "fwmark") return { family, fwmark: i.mark };
  return { family, protocol: PROTOCOL[i.protocol], address: bytesOf(i.address), port: i.port };
}

function serviceValues(s: IpvsService): Values<typeof IPVS_SVC_ATTR> {
  const persistent = s.persistenceTimeout === undefined ? 0 : IP_VS_SVC_F_PERSISTENT;
  const values: Values<typeof IPVS_SVC_ATTR> = {
    ...identityValues(s.identity),
    scheduler: s.scheduler,
    // a mask of all ones: an edit replaces the flags instead of adding to them
    flags: { flags: (s.flags | persistent) >>> 0, mask: 0xffffffff },
    timeout: s.persistenceTimeout ?? 0,
    netmask:
      familyOfService(s.identity) === "ipv6"
        ? s.persistencePrefixLength
        : netmaskOf(s.persistencePrefixLength),
  };
  if (s.persistenceEngine !== undefined) values.persistenceEngine = s.persistenceEngine;
  return values;
}

function endpointValues(d: {
  readonly address: IpAddress;
  readonly port: number;
}): Values<typeof IPVS_DEST_ATTR> {
  return { family: AF[familyOf(d.address)], address: bytesOf(d.address), port: d.port };
}

function destinationValues(d: IpvsDestination): Values<typeof IPVS_DEST_ATTR> {
  return {
    ...endpointValues(d),
    forwarding: FORWARDING[d.forwarding],
    weight: d.weight,
    upperThreshold: d.upperThreshold,
    lowerThreshold: d.lowerThreshold,
  };
}

function identityOf(v: Values<typeof IPVS_SVC_ATTR>): Decoded<ServiceIdentity> {
  const { family } = v;
  if (family === undefined) return missing("IPVS_SVC_ATTR_AF");
  if (!isFamily(family)) return unsupported(`IPVS_SVC_ATTR_AF ${family}`);
  if (v.fwmark !== undefined)
    return ok({ kind: "fwmark", mark: v.fwmark, family: family === AF.ipv6 ? "ipv6" : "ipv4" });
  if (v.protocol === undefined) return missing("IPVS_SVC_ATTR_PROTOCOL");
  if (v.address === undefined) return missing("IPVS_SVC_ATTR_ADDR");
  if (v.port === undefined) return missing("IPVS_SVC_ATTR_PORT");
  const protocol = keyOf(PROTOCOL, v.protocol);
  if (protocol === undefined) return unsupported(`IPVS_SVC_ATTR_PROTOCOL ${v.protocol}`);
  return ok({ kind: "address", protocol, address: addressOf(family, v.address), port: v.port });
}

function isFamily(af: number): boolean {
  return af === AF.ipv4 || af === AF.ipv6;
}

function addressOf(af: number, union: Uint8Array): IpAddress {
  return formatIpAddress(af === AF.ipv6 ? union : union.subarray(0, 4));
}

/** The kernel's netmask of an IPv4 service: network order, here read as the host's number. */
function netmaskOf(prefixLength: number): number {
  if (!(prefixLength >= 0 && prefixLength <= 32))
    throw new InternalError(`not an IPv4 prefix length: ${prefixLength}`);
  return swap32(prefixLength === 0 ? 0 : (-1 << (32 - prefixLength)) >>> 0);
}

/** @returns -1 for a mask with holes, which ipvsadm can set and no configuration of ours equals */
function prefixLengthOf(netmask: number): number {
  const mask = swap32(netmask);
  const length = Math.clz32(~mask);
  return mask === (length === 0 ? 0 : (-1 << (32 - length)) >>> 0) ? length : -1;
}

function swap32(n: number): number {
  return ((n << 24) | ((n & 0xff00) << 8) | ((n >>> 8) & 0xff00) | (n >>> 24)) >>> 0;
}

function keyOf<K extends string>(table: Readonly<Record<K, number>>, value: number): K | undefined {
  for (const key in table) if (table[key] === value) return key;
  return undefined;
}

function level<S extends Schema>(schema: S, bytes: Uint8Array, offset = 0): Decoded<Values<S>> {
  const read = decodeValues(schema, bytes, offset);
  return read.ok ? ok(read.value.fields) : read;
}

function ok<T>(value: T): Decoded<T> {
  return { ok: true, value };
}

function fail(reason: DecodeFailure, detail: string): Decoded<never> {
  return { ok: false, reason, detail };
}

function missing(name: string): Decoded<never> {
  return fail("missing", name);
}

function unsupported(detail: string): Decoded<never> {
  return fail("unsupported", detail);
}
