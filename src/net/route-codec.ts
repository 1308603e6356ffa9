/**
 * Routes as rtnetlink messages. Decides how a configured route becomes a kernel message and which fields
 * of a kernel message tell routes apart; never decides which routes are wanted.
 *
 * @see rtnetlink(7), ip-route(8)
 */
import { bytesOf, formatIpAddress, type IpAddress } from "../base/address.ts";
import { AttributeWriter, attributes } from "../base/attributes.ts";
import type { EncapConfig, RouteConfig } from "../config/model-vrrp.ts";
import { AF_INET, AF_INET6, NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL } from "./constants.ts";
import type { KernelRoute, RouteIdentity } from "./kernel-objects.ts";
import type { NetlinkRequest } from "./netlink.ts";
import {
  ILA_ATTR_LOCATOR,
  LWTUNNEL_ENCAP_ILA,
  LWTUNNEL_ENCAP_IP,
  LWTUNNEL_ENCAP_IP6,
  LWTUNNEL_ENCAP_MPLS,
  LWTUNNEL_IP_DST,
  LWTUNNEL_IP_FLAGS,
  LWTUNNEL_IP_ID,
  LWTUNNEL_IP_SRC,
  LWTUNNEL_IP_TOS,
  LWTUNNEL_IP_TTL,
  MPLS_IPTUNNEL_DST,
  RT_SCOPE_HOST,
  RT_SCOPE_LINK,
  RT_SCOPE_NOWHERE,
  RT_SCOPE_UNIVERSE,
  RT_TABLE_COMPAT,
  RTA_DST,
  RTA_ENCAP,
  RTA_ENCAP_TYPE,
  RTA_EXPIRES,
  RTA_FLOW,
  RTA_GATEWAY,
  RTA_METRICS,
  RTA_MULTIPATH,
  RTA_OIF,
  RTA_PREF,
  RTA_PREFSRC,
  RTA_PRIORITY,
  RTA_SRC,
  RTA_TABLE,
  RTA_TTL_PROPAGATE,
  RTAX_FEATURE_ECN,
  RTAX_LOCK,
  RTM_DELROUTE,
  RTM_F_CLONED,
  RTM_NEWROUTE,
  RTN_UNICAST,
  RTNH_F_ONLINK,
  routeMetricNumbers,
  routeTypeNumbers,
} from "./route-constants.ts";

const routeTypeWords: ReadonlyMap<number, string> = new Map(
  [...routeTypeNumbers].map(([word, number]) => [number, word]),
);

/** sizeof struct rtmsg */
const HEADER = 12;

/** RTM_NEWROUTE or RTM_DELROUTE; the latter with no more than identifies the route. */
export function routeRequest(
  kind: "add" | "delete",
  { route, table, oif, hops }: KernelRoute,
): NetlinkRequest {
  const adding = kind === "add";
  const header = Buffer.alloc(HEADER);
  header[0] = route.family === "ipv6" ? AF_INET6 : AF_INET;
  header[1] = route.destination.prefixLength;
  header[2] = route.from?.prefixLength ?? 0;
  header[3] = route.tos;
  header[4] = table < 256 ? table : RT_TABLE_COMPAT;
  header[5] = route.protocol;
  header[6] = adding ? scopeOf(route) : RT_SCOPE_NOWHERE;
  header[7] = routeTypeNumbers.get(route.type) ?? RTN_UNICAST;
  header.writeUInt32LE(route.onlink ? RTNH_F_ONLINK : 0, 8);
  const out = new AttributeWriter(header);
  if (route.destination.prefixLength > 0) out.bytes(RTA_DST, bytesOf(route.destination.address));
  if (table >= 256) out.u32(RTA_TABLE, table);
  if (route.from !== undefined) out.bytes(RTA_SRC, bytesOf(route.from.address));
  if (oif !== undefined) out.u32(RTA_OIF, oif);
  if (route.via !== undefined) out.bytes(RTA_GATEWAY, bytesOf(route.via));
  if (route.metric !== 0) out.u32(RTA_PRIORITY, route.metric);
  if (adding) writeProperties(out, route);
  if (route.nexthops.length > 0) out.bytes(RTA_MULTIPATH, multipath(route, hops, adding));
  return {
    type: adding ? RTM_NEWROUTE : RTM_DELROUTE,
    flags: adding ? operationFlags(route.operation) : 0,
    body: out.finish(),
    name: adding ? "RTM_NEWROUTE" : "RTM_DELROUTE",
  };
}

/** `prepend` puts an IPv4 route before its equals; the kernel's default. */
function operationFlags(operation: RouteConfig["operation"]): number {
  switch (operation) {
    case "add":
      return NLM_F_CREATE | NLM_F_EXCL;
    case "append":
      return NLM_F_CREATE | NLM_F_APPEND;
    case "prepend":
      return NLM_F_CREATE;
  }
}

/** keepalived's default, unlike that of ip-route(8); types that the kernel refuses with it get what fits them. */
function scopeOf(route: RouteConfig): number {
  if (route.family === "ipv6") return RT_SCOPE_UNIVERSE;
  if (route.scope !== undefined) return route.scope;
  switch (route.type) {
    case "local":
    case "nat":
      return RT_SCOPE_HOST;
    case "broadcast":
    case "multicast":
    case "anycast":
      return RT_SCOPE_LINK;
    default:
      return RT_SCOPE_UNIVERSE;
  }
}

function writeProperties(out: AttributeWriter, route: RouteConfig): void {
  if (route.source !== undefined) out.bytes(RTA_PREFSRC, bytesOf(route.source));
  writeMetrics(out, route);
  if (route.realms !== undefined) out.u32(RTA_FLOW, flowOf(route.realms));
  if (route.expires !== undefined) out.u32(RTA_EXPIRES, route.expires);
  if (route.pref !== undefined) out.u8(RTA_PREF, route.pref);
  if (route.ttlPropagate !== undefined) out.u8(RTA_TTL_PROPAGATE, route.ttlPropagate ? 1 : 0);
  if (route.encap !== undefined) writeEncap(out, route.encap);
}

function writeMetrics(out: AttributeWriter, { metrics, locks }: RouteConfig): void {
  const known = Object.entries(metrics).flatMap(([word, value]) => {
    const row = routeMetricNumbers.get(word);
    return row === undefined ? [] : { word, value, ...row };
  });
  if (known.length === 0) return;
  let locked = 0;
  for (const word of locks) locked |= 1 << (routeMetricNumbers.get(word)?.type ?? 0);
  out.nested(RTA_METRICS, (nest) => {
    for (const { word, type, value, factor } of known.toSorted((a, b) => a.type - b.type)) {
      if (word === "features") nest.u32(type, RTAX_FEATURE_ECN);
      else if (typeof value === "string") nest.string(type, value);
      else nest.u32(type, (value * factor) >>> 0);
    }
    if (locked > 1) nest.u32(RTAX_LOCK, locked & ~1);
  });
}

/** Realms as the kernel has them: source in the upper half. */
export function flowOf(realms: { readonly from: number; readonly to: number }): number {
  return ((realms.from << 16) | realms.to) >>> 0;
}

/** struct rtnexthop with its attributes, one behind the other. */
function multipath(route: RouteConfig, hops: readonly (number | undefined)[], adding: boolean): Buffer {
  const parts = route.nexthops.map((hop, i) => {
    const header = Buffer.alloc(8);
    header[2] = hop.onlink ? RTNH_F_ONLINK : 0;
    header[3] = hop.weight - 1;
    header.writeInt32LE(hops[i] ?? 0, 4);
    const out = new AttributeWriter(header);
    if (hop.via !== undefined) out.bytes(RTA_GATEWAY, bytesOf(hop.via));
    if (adding && hop.realms !== undefined) out.u32(RTA_FLOW, flowOf(hop.realms));
    if (adding && hop.encap !== undefined) writeEncap(out, hop.encap);
    const body = out.finish();
    body.writeUInt16LE(body.length, 0);
    return body;
  });
  return Buffer.concat(parts);
}

function writeEncap(out: AttributeWriter, encap: EncapConfig): void {
  switch (encap.kind) {
    case "mpls":
      out.u16(RTA_ENCAP_TYPE, LWTUNNEL_ENCAP_MPLS);
      out.nested(RTA_ENCAP, (nest) => nest.bytes(MPLS_IPTUNNEL_DST, labelStack(encap.labels)));
      return;
    case "ila":
      out.u16(RTA_ENCAP_TYPE, LWTUNNEL_ENCAP_ILA);
      out.nested(RTA_ENCAP, (nest) => nest.bytes(ILA_ATTR_LOCATOR, Buffer.from(encap.locator, "hex")));
      return;
    case "ip":
    case "ip6":
      out.u16(RTA_ENCAP_TYPE, encap.kind === "ip" ? LWTUNNEL_ENCAP_IP : LWTUNNEL_ENCAP_IP6);
      out.nested(RTA_ENCAP, (nest) => {
        if (encap.id !== undefined) nest.bytes(LWTUNNEL_IP_ID, bigEndian64(encap.id));
        if (encap.dst !== undefined) nest.bytes(LWTUNNEL_IP_DST, bytesOf(encap.dst));
        if (encap.src !== undefined) nest.bytes(LWTUNNEL_IP_SRC, bytesOf(encap.src));
        if (encap.tos !== undefined) nest.u8(LWTUNNEL_IP_TOS, encap.tos);
        if (encap.ttl !== undefined) nest.u8(LWTUNNEL_IP_TTL, encap.ttl);
        if (encap.flags !== undefined) nest.u16be(LWTUNNEL_IP_FLAGS, encap.flags);
      });
  }
}

/** RFC 3032 §2.1: label, class 0, bottom of stack on the last, TTL 0. */
function labelStack(labels: readonly number[]): Buffer {
  const out = Buffer.alloc(4 * labels.length);
  labels.forEach((label, i) => {
    out.writeUInt32BE(((label << 12) | (i === labels.length - 1 ? 0x100 : 0)) >>> 0, 4 * i);
  });
  return out;
}

/** @param decimal 0 to 2^64 - 1 */
export function bigEndian64(decimal: string): Buffer {
  const out = Buffer.alloc(8);
  out.writeBigUInt64BE(BigInt.asUintN(64, BigInt(decimal)));
  return out;
}

/** RTPROT_*: who set the route of this body of RTM_NEWROUTE or RTM_DELROUTE. */
export function routeProtocol(body: Buffer): number {
  return body[5] ?? 0;
}

/** A body of RTM_NEWROUTE or RTM_DELROUTE. @returns undefined for cloned routes, other families, damage */
export function decodeRoute(body: Buffer): RouteIdentity | undefined {
  if (body.length < HEADER || (body.readUInt32LE(8) & RTM_F_CLONED) !== 0) return undefined;
  const size = body[0] === AF_INET ? 4 : body[0] === AF_INET6 ? 16 : 0;
  if (size === 0) return undefined;
  let destination = new Uint8Array(size);
  let gateway: IpAddress | undefined;
  let table = body[4] ?? 0;
  let metric = 0;
  for (const { type, payload } of attributes(body, HEADER)) {
    if (type === RTA_DST && payload.length === size) destination = Uint8Array.from(payload);
    else if (type === RTA_GATEWAY && payload.length === size) gateway = formatIpAddress(payload);
    else if (type === RTA_TABLE && payload.length === 4) table = payload.readUInt32LE(0);
    else if (type === RTA_PRIORITY && payload.length === 4) metric = payload.readUInt32LE(0);
  }
  return {
    family: size === 4 ? "ipv4" : "ipv6",
    type: routeTypeWords.get(body[7] ?? 0) ?? `${body[7]}`,
    destination: formatIpAddress(destination),
    prefixLength: body[1] ?? 0,
    table,
    tos: body[3] ?? 0,
    metric,
    gateway,
  };
}
