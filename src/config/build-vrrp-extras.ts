/**
 * The rarer settings of a `vrrp_instance`: VMACs, routes and rules, acceptance, notifications of a special
 * kind; with what strict mode makes of them (vrrp-behaviour 13).
 */
import type { Family, IpAddress } from "../base/address.ts";
import { seconds } from "../base/units.ts";
import type { Inherited } from "./build-global.ts";
import { readRoute } from "./build-route.ts";
import { type RuleContext, readRule } from "./build-rule.ts";
import { readDestination, readIpvlan, readVmac, readXmitBase } from "./build-vrrp-network.ts";
import { readGarpExtraIf, readTimerExpiredBackup, reportStrict, type Standing } from "./build-vrrp-timing.ts";
import type { Draft } from "./draft.ts";
import { checkInterface, type InterfaceContext } from "./interfaces.ts";
import type { IprouteNames } from "./iproute-names.ts";
import type { ConfigSystem } from "./load.ts";
import type { GlobalDefs } from "./model.ts";
import type { InstanceExtras, UnicastConfig, VmacConfig } from "./model-vrrp.ts";
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

/** What the rarer settings depend on. */
export interface Facts extends Standing {
  readonly family: Family;
  readonly version: 2 | 3;
  readonly unicast: UnicastConfig | undefined;
  readonly source: IpAddress | undefined;
  readonly vrid: number;
  readonly nopreempt: boolean;
}

type ReadElsewhere = "trackScripts" | "trackFiles" | "trackProcesses" | "trackBfd" | "authHmac";

/** The rarer settings. */
export function readExtras(
  context: VrrpContext,
  draft: Draft,
  facts: Facts,
): Omit<InstanceExtras, ReadElsewhere> {
  const { reporter, scripts, global } = context;
  const { name, strict, family, unicast } = facts;
  const vmac = strictVmac(context, draft, withInterface(context, draft, facts), facts);
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
      unicast,
    ),
    unicast,
    vrf: readVrf(context, draft, unicast, name),
    mcastDstIp: readDestination(reporter, draft, family, unicast, standardGroup(global, family)),
    trackSrcIp: readTrackSource(context, draft, facts.source, name),
    virtualRoutes: draft.lines("virtual_routes").flatMap((line) => readRoute(rules, line) ?? []),
    virtualRules: draft.lines("virtual_rules").flatMap((line) => readRule(rules, line) ?? []),
    promoteSecondaries: draft.has("promote_secondaries"),
    vipRestore: draft.has("vip_restore"),
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

function standardGroup(
  { vrrpMcastGroup4, vrrpMcastGroup6 }: GlobalDefs,
  family: Family,
): IpAddress | undefined {
  return family === "ipv4" ? vrrpMcastGroup4 : vrrpMcastGroup6;
}

function globalExtraIf({ garpExtraInterfaces }: GlobalDefs): InstanceExtras["garpExtraIf"] {
  if (garpExtraInterfaces === undefined) return undefined;
  return { all: garpExtraInterfaces.all, interval: seconds(garpExtraInterfaces.interval) };
}

function readVmacOf(context: VrrpContext, draft: Draft, { vrid, name }: Facts): VmacConfig | undefined {
  return readVmac(context, draft, vrid, (vmac, statement) => context.shared.claimVmac(vmac, name, statement));
}

/** A VMAC lies on the instance's interface: without one there is none. */
function withInterface(context: VrrpContext, draft: Draft, facts: Facts): VmacConfig | undefined {
  const vmac = readVmacOf(context, draft, facts);
  if (vmac === undefined || draft.has("interface")) return vmac;
  context.reporter.word(
    "setting-cleared",
    draft.statementOf("use_vmac"),
    0,
    `use_vmac of ${facts.name} needs an interface and is ignored; write: interface NAME`,
  );
  return undefined;
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
  unicast: UnicastConfig | undefined,
): boolean {
  // Unicast cannot do without, whatever strict says.
  if (!strict || !base || unicast !== undefined || !draft.has("vmac_xmit_base")) return base;
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

function readTrackSource(
  { reporter }: VrrpContext,
  draft: Draft,
  source: IpAddress | undefined,
  name: string,
): boolean {
  if (!draft.has("track_src_ip")) return false;
  if (source !== undefined) return true;
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
  if (given !== false) return given ?? (facts.strict || (global.vrrpOwnerIgnoreAdverts ?? false));
  reporter.word(
    "setting-forced",
    draft.statementOf("owner_ignore_adverts"),
    1,
    `owner_ignore_adverts false of the owner ${facts.name} is taken as true; remove it`,
  );
  return true;
}

function ruleContext(context: VrrpContext): RuleContext {
  return {
    ...context,
    trackGroups: undefined,
    checkInterface: (line, word) => checkInterface(context, line, word),
    rulesWithoutPreference: context.shared.rulesWithoutPreference,
  };
}
