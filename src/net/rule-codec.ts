/**
 * Routing policy rules as rtnetlink messages. Decides how a configured rule becomes a kernel message and
 * which fields of a kernel message tell rules apart; never decides which rules are wanted.
 *
 * @see ip-rule(8), linux/fib_rules.h
 */
import { bytesOf, formatIpAddress } from "../base/address.ts";
import { AttributeWriter, attributes } from "../base/attributes.ts";
import type { NumberRange, Prefix, RuleAction, RuleConfig } from "../config/model-vrrp.ts";
import { AF_INET, AF_INET6, NLM_F_CREATE, NLM_F_EXCL } from "./constants.ts";
import type { RuleIdentity } from "./kernel-objects.ts";
import type { NetlinkRequest } from "./netlink.ts";
import { bigEndian64, flowOf } from "./route-codec.ts";
import {
  FIB_RULE_INVERT,
  FR_ACT_BLACKHOLE,
  FR_ACT_GOTO,
  FR_ACT_NOP,
  FR_ACT_PROHIBIT,
  FR_ACT_TO_TBL,
  FR_ACT_UNREACHABLE,
  FRA_DPORT_RANGE,
  FRA_DST,
  FRA_FLOW,
  FRA_FWMARK,
  FRA_FWMASK,
  FRA_GOTO,
  FRA_IIFNAME,
  FRA_IP_PROTO,
  FRA_L3MDEV,
  FRA_OIFNAME,
  FRA_PRIORITY,
  FRA_PROTOCOL,
  FRA_SPORT_RANGE,
  FRA_SRC,
  FRA_SUPPRESS_IFGROUP,
  FRA_SUPPRESS_PREFIXLEN,
  FRA_TABLE,
  FRA_TUN_ID,
  FRA_UID_RANGE,
  RT_TABLE_COMPAT,
  RTM_DELRULE,
  RTM_NEWRULE,
} from "./route-constants.ts";

/** sizeof struct fib_rule_hdr */
const HEADER = 12;

const actionNumbers: Readonly<Record<RuleAction["kind"], number>> = {
  table: FR_ACT_TO_TBL,
  goto: FR_ACT_GOTO,
  nop: FR_ACT_NOP,
  blackhole: FR_ACT_BLACKHOLE,
  unreachable: FR_ACT_UNREACHABLE,
  prohibit: FR_ACT_PROHIBIT,
  l3mdev: FR_ACT_TO_TBL,
};

const actionWords: ReadonlyMap<number, RuleAction["kind"]> = new Map(
  Object.entries(actionNumbers).flatMap(([word, number]) =>
    word === "l3mdev" ? [] : [[number, word as RuleAction["kind"]]],
  ),
);

/** RTM_NEWRULE or RTM_DELRULE. Adding what is there already is refused with EEXIST. */
export function ruleRequest(kind: "add" | "delete", rule: RuleConfig): NetlinkRequest {
  const { action } = rule;
  const table = action.kind === "table" ? action.table : 0;
  const header = Buffer.alloc(HEADER);
  header[0] = rule.family === "ipv6" ? AF_INET6 : AF_INET;
  header[1] = rule.to?.prefixLength ?? 0;
  header[2] = rule.from?.prefixLength ?? 0;
  header[3] = rule.tos;
  header[4] = table < 256 ? table : RT_TABLE_COMPAT;
  header[7] = actionNumbers[action.kind];
  header.writeUInt32LE(rule.invert ? FIB_RULE_INVERT : 0, 8);
  const out = new AttributeWriter(header);
  const u32 = (type: number, value: number | undefined): void => {
    if (value !== undefined) out.u32(type, value);
  };
  if (rule.to !== undefined && rule.to.prefixLength > 0) out.bytes(FRA_DST, bytesOf(rule.to.address));
  if (rule.from !== undefined && rule.from.prefixLength > 0) out.bytes(FRA_SRC, bytesOf(rule.from.address));
  u32(FRA_PRIORITY, rule.preference);
  if (table >= 256) out.u32(FRA_TABLE, table);
  if (action.kind === "goto") out.u32(FRA_GOTO, action.preference);
  if (action.kind === "l3mdev") out.u8(FRA_L3MDEV, 1);
  u32(FRA_FWMARK, rule.fwmark?.value);
  u32(FRA_FWMASK, rule.fwmark?.mask);
  if (rule.realms !== undefined) out.u32(FRA_FLOW, flowOf(rule.realms));
  u32(FRA_SUPPRESS_PREFIXLEN, rule.suppressPrefixlength);
  u32(FRA_SUPPRESS_IFGROUP, rule.suppressIfgroup);
  if (rule.iif !== undefined) out.string(FRA_IIFNAME, rule.iif);
  if (rule.oif !== undefined) out.string(FRA_OIFNAME, rule.oif);
  if (rule.tunnelId !== undefined) out.bytes(FRA_TUN_ID, bigEndian64(rule.tunnelId));
  if (rule.uidrange !== undefined) out.bytes(FRA_UID_RANGE, range32(rule.uidrange));
  out.u8(FRA_PROTOCOL, rule.protocol);
  if (rule.ipproto !== undefined) out.u8(FRA_IP_PROTO, rule.ipproto);
  if (rule.sport !== undefined) out.bytes(FRA_SPORT_RANGE, range16(rule.sport));
  if (rule.dport !== undefined) out.bytes(FRA_DPORT_RANGE, range16(rule.dport));
  return {
    type: kind === "add" ? RTM_NEWRULE : RTM_DELRULE,
    flags: kind === "add" ? NLM_F_CREATE | NLM_F_EXCL : 0,
    body: out.finish(),
    name: kind === "add" ? "RTM_NEWRULE" : "RTM_DELRULE",
  };
}

/** struct fib_rule_uid_range */
function range32({ from, to }: NumberRange): Buffer {
  const out = Buffer.alloc(8);
  out.writeUInt32LE(from, 0);
  out.writeUInt32LE(to, 4);
  return out;
}

/** struct fib_rule_port_range */
function range16({ from, to }: NumberRange): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt16LE(from, 0);
  out.writeUInt16LE(to, 2);
  return out;
}

/** A body of RTM_NEWRULE or RTM_DELRULE. @returns undefined for other families and damage */
export function decodeRule(body: Buffer): RuleIdentity | undefined {
  if (body.length < HEADER) return undefined;
  const size = body[0] === AF_INET ? 4 : body[0] === AF_INET6 ? 16 : 0;
  if (size === 0) return undefined;
  let table = body[4] ?? 0;
  let [preference, fwmark, l3mdev] = [0, 0, false];
  let [from, to]: (Prefix | undefined)[] = [];
  let [iif, oif]: (string | undefined)[] = [];
  for (const { type, payload } of attributes(body, HEADER)) {
    const number = payload.length === 4 ? payload.readUInt32LE(0) : 0;
    if (type === FRA_PRIORITY) preference = number;
    else if (type === FRA_TABLE) table = number;
    else if (type === FRA_FWMARK) fwmark = number;
    else if (type === FRA_L3MDEV) l3mdev = payload[0] === 1;
    else if (type === FRA_IIFNAME) iif = payload.toString("utf8").replace(/\0.*/s, "");
    else if (type === FRA_OIFNAME) oif = payload.toString("utf8").replace(/\0.*/s, "");
    else if (type === FRA_SRC && payload.length === size)
      from = { address: formatIpAddress(payload), prefixLength: body[2] ?? 0 };
    else if (type === FRA_DST && payload.length === size)
      to = { address: formatIpAddress(payload), prefixLength: body[1] ?? 0 };
  }
  const action = l3mdev ? "l3mdev" : (actionWords.get(body[7] ?? 0) ?? "nop");
  return {
    family: size === 4 ? "ipv4" : "ipv6",
    preference,
    invert: (body.readUInt32LE(8) & FIB_RULE_INVERT) !== 0,
    from,
    to,
    action,
    table: action === "table" ? table : 0,
    fwmark,
    iif,
    oif,
  };
}
