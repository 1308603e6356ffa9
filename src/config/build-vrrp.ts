/**
 * One `vrrp_instance` to its model: defaults, the settings it takes from `global_defs`, and the
 * corrections of keepalived (vrrp-behaviour 3, 13 and 14). Never looks at other instances: groups do that
 * (build-sync-group.ts), and validate.ts.
 */
import type { Family } from "../base/address.ts";
import { seconds } from "../base/units.ts";
import { readAuthHmac } from "./auth-hmac.ts";
import { readAuthentication } from "./authentication.ts";
import type { Inherited } from "./build-global.ts";
import { readRoute } from "./build-route.ts";
import { type RuleContext, readRule } from "./build-rule.ts";
import { MOST_ADDRESSES, ofFamily, readAddresses, requireAddresses } from "./build-vrrp-addresses.ts";
import {
  readDestination,
  readFamily,
  readIpvlan,
  readOwnAddress,
  readUnicast,
  readVmac,
  readXmitBase,
} from "./build-vrrp-network.ts";
import {
  readAdvertInt,
  readDownTimerAdverts,
  readGarp,
  readGarpExtraIf,
  readPreemption,
  readStrictFlag,
  readTimerExpiredBackup,
  reportStrict,
  type Standing,
} from "./build-vrrp-timing.ts";
import { readTracking, withoutWeights } from "./build-vrrp-tracking.ts";
import type { Draft } from "./draft.ts";
import { checkInterface, type InterfaceContext } from "./interfaces.ts";
import type { IprouteNames } from "./iproute-names.ts";
import type { ConfigSystem } from "./load.ts";
import type { GlobalDefs, VirtualAddress, VrrpInstanceConfig } from "./model.ts";
import type { InstanceExtras, UnicastConfig, VmacConfig } from "./model-vrrp.ts";
import { isLinkLocal } from "./numbers.ts";
import type { Scripts } from "./scripts.ts";
import type { Shared } from "./shared.ts";
import type { Trackables } from "./tracked.ts";

export interface VrrpContext extends InterfaceContext {
  readonly scripts: Scripts;
  readonly system: ConfigSystem;
  readonly names: IprouteNames;
  readonly global: GlobalDefs;
  readonly inherited: Inherited;
  readonly trackables: Trackables;
  readonly shared: Shared;
}

/** @returns undefined when the instance cannot exist (reported) */
export function buildInstance(context: VrrpContext, draft: Draft): VrrpInstanceConfig | undefined {
  const { reporter, inherited, global, scripts } = context;
  const name = draft.head.kind === "name" ? draft.head.name : "";
  const strict = draft.flag("strict_mode") ?? global.vrrpStrict ?? false;
  const addresses = readAddresses(context, draft, "virtual_ipaddress");
  const excluded = readAddresses(context, draft, "virtual_ipaddress_excluded");
  const family = readFamily(draft);
  const version = readVersion(context, draft, family, strict, name);
  const virtual = ofFamily(reporter, draft, addresses, family);
  const standing = readStanding(context, draft, strict, name);
  const { priority } = standing;
  const isOwner = priority === 255;
  const vrid = draft.number("virtual_router_id");
  const unicast = readUnicast(context, draft, family, name, global.vrrpCheckUnicastSrc ?? false);
  if (unicast !== undefined && strict)
    reporter.word(
      "strict-unicast",
      draft.statementOf("unicast_peer"),
      0,
      `strict mode of ${name} does not allow unicast where multicast works; remove unicast_peer, or strict_mode`,
    );
  const iface = readInterface(context, draft, name, unicast);
  requireAddresses(context, draft, virtual, version, strict, name);
  checkFirstAddress(context, draft, virtual, family, standing);
  const { nopreempt, preemptDelay } = readPreemption(reporter, draft, standing);
  const advertInt = readAdvertInt(reporter, draft, version, name);
  const authHmac = readAuthHmac(reporter, context.system, draft, { name, strict, advertInt });
  const auth = readAuthentication(reporter, draft, {
    version,
    family,
    name,
    strict,
    isSigned: authHmac !== undefined,
  });
  if (vrid === undefined)
    reporter.word(
      "vrid-missing",
      draft.statement,
      0,
      `vrrp_instance ${name} has no virtual_router_id; write: virtual_router_id 1..255`,
    );
  const source =
    readOwnAddress(reporter, draft, "mcast_src_ip", family) ??
    readOwnAddress(reporter, draft, "unicast_src_ip", family);
  const tracking = readTracking(context, draft, iface, name);
  const mayCount = isOwner
    ? withoutWeights(reporter, context.trackables, tracking, name, "is the address owner", draft.statement)
    : tracking;
  const extras = readExtras(context, draft, {
    ...standing,
    family,
    unicast,
    vrid: vrid ?? 0,
    nopreempt,
    version,
  });
  if (vrid === undefined || iface === undefined) return undefined;
  return {
    where: reporter.where(draft.statement),
    name,
    family,
    version,
    state: stateWithAh(context, draft, auth.ah, standing),
    interface: iface,
    virtualRouterId: vrid,
    priority,
    advertInt,
    authentication: auth.pass,
    virtualIpaddress: virtual.slice(0, MOST_ADDRESSES),
    virtualIpaddressExcluded: [...excluded.map((a) => a.config), ...virtual.slice(MOST_ADDRESSES)],
    nopreempt,
    preemptDelay,
    mcastSrcIp: source,
    dontTrackPrimary: draft.flag("dont_track_primary") ?? false,
    // Any boolean switches it on, even false: keepalived's operators rely on the keyword alone.
    skipCheckAdvAddr: draft.has("skip_check_adv_addr") || inherited.skipCheckAdvAddr,
    garp: readGarp(reporter, draft, inherited.garp, standing),
    lowerPrioNoAdvert: readStrictFlag(
      reporter,
      draft,
      "lower_prio_no_advert",
      inherited.lowerPrioNoAdvert,
      standing,
      true,
    ),
    higherPrioSendAdvert: readStrictFlag(
      reporter,
      draft,
      "higher_prio_send_advert",
      inherited.higherPrioSendAdvert,
      standing,
      false,
    ),
    downTimerAdverts: readDownTimerAdverts(reporter, draft, inherited, standing),
    notify: {
      master: scripts.resolve(draft.script("notify_master")),
      backup: scripts.resolve(draft.script("notify_backup")),
      fault: scripts.resolve(draft.script("notify_fault")),
      stop: scripts.resolve(draft.script("notify_stop")),
      any: scripts.resolve(draft.script("notify")),
    },
    smtpAlert: draft.flag("smtp_alert") ?? global.smtpAlertVrrp ?? global.smtpAlert ?? false,
    ...mayCount,
    ...extras,
    authHmac,
    authAh: auth.ah,
  };
}

function readVersion(
  context: VrrpContext,
  draft: Draft,
  family: Family,
  strict: boolean,
  name: string,
): 2 | 3 {
  const given = draft.number("version");
  const isWrong = given === 2 && family === "ipv6" && (strict || draft.has("native_ipv6"));
  if (isWrong) reportStrict(context.reporter, draft, "version", name, "IPv6 has version 3");
  if (given !== undefined) return given === 3 || isWrong ? 3 : 2;
  return family === "ipv6" ? 3 : context.global.vrrpVersion;
}

/** State and priority, which give each other's defaults. */
function readStanding(context: VrrpContext, draft: Draft, strict: boolean, name: string): Standing {
  const given = draft.number("priority");
  const state =
    draft.text("state") === "MASTER" || (!draft.has("state") && given === 255) ? "MASTER" : "BACKUP";
  const priority = given ?? (state === "MASTER" ? 255 : 100);
  const fitting = priority === 255 ? "MASTER" : "BACKUP";
  if (!strict || state === fitting) return { name, strict, state, priority };
  context.reporter.word(
    "state-corrected",
    draft.statementOf("state"),
    0,
    `strict mode of ${name}: only the address owner (priority 255) starts as MASTER, state is ${fitting}; write state ${fitting}`,
  );
  return { name, strict, state: fitting, priority };
}

/** Everybody with AH starts as BACKUP: its sequence numbers have to be learnt first. */
function stateWithAh(
  { reporter }: VrrpContext,
  draft: Draft,
  ah: string | undefined,
  { name, state, priority }: Standing,
): "MASTER" | "BACKUP" {
  if (ah === undefined || state === "BACKUP" || priority === 255) return state;
  reporter.word(
    "state-corrected",
    draft.statementOf("state"),
    0,
    `with auth_type AH ${name} cannot start as MASTER, state is BACKUP; write state BACKUP`,
  );
  return "BACKUP";
}

function checkFirstAddress(
  { reporter }: VrrpContext,
  draft: Draft,
  addresses: readonly VirtualAddress[],
  family: Family,
  { name, strict }: Standing,
): void {
  const [first] = addresses;
  if (!strict || family === "ipv4" || first === undefined || isLinkLocal(first.address)) return;
  reportStrict(reporter, draft, "virtual_ipaddress", name, "the first IPv6 address must be link-local");
}

/** @returns empty: none, and none needed; undefined: it lacks (reported) */
function readInterface(
  context: VrrpContext,
  draft: Draft,
  name: string,
  unicast: UnicastConfig | undefined,
): string | undefined {
  const { reporter } = context;
  const cell = draft.cell("interface");
  const value = draft.text("interface");
  if (cell !== undefined && value === "lo")
    reporter.word(
      "interface-loopback",
      cell.statement,
      1,
      "lo is a loopback interface, which no other router hears; write the interface towards the others",
    );
  if (cell === undefined && unicast?.source !== undefined) return "";
  if (cell === undefined || value === undefined || value === "lo") {
    reporter.word(
      "interface-missing",
      draft.statement,
      0,
      `vrrp_instance ${name} has no usable interface; write: interface NAME${unicast === undefined ? "" : ", or unicast_src_ip ADDR"}`,
    );
    return undefined;
  }
  checkInterface(context, cell.statement, 1);
  return value;
}

interface Facts extends Standing {
  readonly family: Family;
  readonly version: 2 | 3;
  readonly unicast: UnicastConfig | undefined;
  readonly vrid: number;
  readonly nopreempt: boolean;
}

type ReadElsewhere = "trackScripts" | "trackFiles" | "trackProcesses" | "trackBfd" | "authHmac" | "authAh";

/** The rarer settings. */
function readExtras(context: VrrpContext, draft: Draft, facts: Facts): Omit<InstanceExtras, ReadElsewhere> {
  const { reporter, scripts, global } = context;
  const { name, strict, family, unicast } = facts;
  const vmac = strictVmac(context, draft, readVmacOf(context, draft, facts), facts);
  const ipvlan = readIpvlan(context, draft, family, name);
  const hasVmac = vmac !== undefined || ipvlan !== undefined;
  const rules = ruleContext(context);
  return {
    vmac,
    ipvlan,
    useVmacAddr: draft.has("use_vmac_addr"),
    vmacXmitBase: strictXmitBase(
      context,
      draft,
      readXmitBase(reporter, draft, name, hasVmac, unicast),
      facts,
    ),
    unicast,
    vrf: readVrf(context, draft, unicast, name),
    mcastDstIp: readDestination(reporter, draft, family, unicast),
    trackSrcIp: readTrackSource(context, draft, name),
    virtualRoutes: draft.lines("virtual_routes").flatMap((line) => readRoute(rules, line) ?? []),
    virtualRules: draft.lines("virtual_rules").flatMap((line) => readRule(rules, line) ?? []),
    promoteSecondaries: draft.has("promote_secondaries"),
    linkbeatUsePolling: draft.has("linkbeat_use_polling"),
    v3ChecksumAsV2: draft.flag("v3_checksum_as_v2") ?? global.v3ChecksumAsV2 ?? false,
    oldUnicastChecksum: !draft.has("old_unicast_checksum")
      ? undefined
      : draft.text("old_unicast_checksum") === "never"
        ? "never"
        : "always",
    accept: readAccept(context, draft, facts),
    strictMode: strict,
    noVirtualIpaddress: draft.has("no_virtual_ipaddress") && !strict,
    debug: draft.number("debug") ?? 0,
    notifyDeleted: {
      report: draft.has("notify_deleted"),
      script: draft.script("notify_deleted")?.command
        ? scripts.resolve(draft.script("notify_deleted"))
        : undefined,
    },
    notifyMasterRxLowerPri: scripts.resolve(draft.script("notify_master_rx_lower_pri")),
    notifyPriorityChanges: draft.flag("notify_priority_changes") ?? global.vrrpNotifyPriorityChanges ?? false,
    timerExpiredBackup: readTimerExpiredBackup(reporter, draft, facts.nopreempt, name),
    garpExtraIf: readGarpExtraIf(reporter, draft) ?? globalExtraIf(global),
    ownerIgnoreAdverts: readOwnerIgnores(context, draft, facts),
    kernelRxBufSize: draft.number("kernel_rx_buf_size"),
    lvsSyncDaemonInterface: context.shared.claimSyncDaemon(draft, name),
  };
}

function globalExtraIf({ garpExtraInterfaces }: GlobalDefs): InstanceExtras["garpExtraIf"] {
  if (garpExtraInterfaces === undefined) return undefined;
  return { all: garpExtraInterfaces.all, interval: seconds(garpExtraInterfaces.interval) };
}

function readVmacOf(context: VrrpContext, draft: Draft, { vrid, name }: Facts): VmacConfig | undefined {
  return readVmac(context, draft, vrid, (vmac, statement) => context.shared.claimVmac(vmac, name, statement));
}

function strictVmac(
  { reporter }: VrrpContext,
  draft: Draft,
  vmac: VmacConfig | undefined,
  { name, strict }: Facts,
): VmacConfig | undefined {
  if (!strict || vmac?.mac === undefined) return vmac;
  reportStrict(reporter, draft, "use_vmac", name, "its MAC address is the virtual router's");
  return { ...vmac, mac: undefined };
}

function strictXmitBase(
  { reporter }: VrrpContext,
  draft: Draft,
  base: boolean,
  { name, strict }: Facts,
): boolean {
  if (!strict || !base || !draft.has("vmac_xmit_base")) return base;
  reportStrict(reporter, draft, "vmac_xmit_base", name, "adverts go out with the virtual MAC");
  return false;
}

function readVrf(
  context: VrrpContext,
  draft: Draft,
  unicast: UnicastConfig | undefined,
  name: string,
): string | undefined {
  const vrf = draft.text("vrf");
  if (vrf === undefined) return undefined;
  if (unicast !== undefined && !draft.has("interface")) {
    checkInterface(context, draft.statementOf("vrf"), 1);
    return vrf;
  }
  const why = draft.has("interface") ? "goes without interface only" : "is for unicast only";
  context.reporter.word(
    "setting-cleared",
    draft.statementOf("vrf"),
    0,
    `vrf of ${name} ${why} and is ignored; remove it`,
  );
  return undefined;
}

function readTrackSource({ reporter }: VrrpContext, draft: Draft, name: string): boolean {
  if (!draft.has("track_src_ip")) return false;
  if (draft.has("mcast_src_ip") || draft.has("unicast_src_ip")) return true;
  reporter.word(
    "setting-cleared",
    draft.statementOf("track_src_ip"),
    0,
    `track_src_ip of ${name} needs mcast_src_ip or unicast_src_ip and is cleared; write one of them`,
  );
  return false;
}

/** RFC 9568 §6.1: Accept_Mode is off unless the router owns the address. */
function readAccept({ reporter }: VrrpContext, draft: Draft, facts: Facts): boolean {
  const { strict, priority, version, name } = facts;
  if (draft.has("no_accept")) return false;
  if (!strict || priority === 255) return true;
  if (!draft.has("accept")) return false;
  if (version === 3) return true;
  reportStrict(reporter, draft, "accept", name, "version 2 knows no accept mode but the owner's");
  return false;
}

/** An owner hears nobody once the keyword stands there, whatever it says: keepalived's way. */
function readOwnerIgnores({ reporter, global }: VrrpContext, draft: Draft, facts: Facts): boolean {
  const given = draft.flag("owner_ignore_adverts");
  if (facts.priority !== 255) return given ?? global.vrrpOwnerIgnoreAdverts ?? false;
  if (given !== false) return given ?? global.vrrpOwnerIgnoreAdverts ?? facts.strict;
  reporter.word(
    "setting-forced",
    draft.statementOf("owner_ignore_adverts"),
    1,
    `owner_ignore_adverts false of the owner ${facts.name} is taken as true; remove it`,
  );
  return true;
}

/** Rules without a preference count down from this, through the whole file. */
function ruleContext(context: VrrpContext): RuleContext {
  return {
    ...context,
    trackGroups: undefined,
    checkInterface: (line, word) => checkInterface(context, line, word),
    nextPreference: () => context.shared.nextPreference(),
  };
}
