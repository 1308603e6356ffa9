/**
 * One `vrrp_instance` to its model: defaults, the settings it takes from `global_defs`, and the
 * corrections of keepalived (vrrp-behaviour 3, 13 and 14). Never looks at other instances: groups do that
 * (build-sync-group.ts), and validate.ts.
 */
import type { Family } from "../base/address.ts";
import { readAuthHmac } from "./auth-hmac.ts";
import { readAuthentication } from "./authentication.ts";
import { mostAddresses, ofFamily, readAddresses, requireAddresses } from "./build-vrrp-addresses.ts";
import { readExtras, type VrrpContext } from "./build-vrrp-extras.ts";
import { readFamily, readOwnAddress, readUnicast } from "./build-vrrp-network.ts";
import {
  readAdvertInt,
  readDownTimerAdverts,
  readGarp,
  readPreemption,
  readStrictFlag,
  reportStrict,
  type Standing,
} from "./build-vrrp-timing.ts";
import { readTracking, withoutWeights } from "./build-vrrp-tracking.ts";
import type { Draft } from "./draft.ts";
import { checkInterface } from "./interfaces.ts";
import type { VirtualAddress, VrrpInstanceConfig } from "./model.ts";
import type { UnicastConfig } from "./model-vrrp.ts";
import { isLinkLocal } from "./numbers.ts";

/** @returns undefined when the instance cannot exist (reported) */
export function buildInstance(context: VrrpContext, draft: Draft): VrrpInstanceConfig | undefined {
  const { reporter, inherited, global, scripts } = context;
  const name = draft.head.kind === "name" ? draft.head.name : "";
  const strict = draft.flag("strict_mode") ?? global.vrrpStrict ?? false;
  const addresses = readAddresses(context, draft, "virtual_ipaddress");
  const excluded = readAddresses(context, draft, "virtual_ipaddress_excluded");
  const family = readFamily(draft);
  const version = readVersion(context, draft, family, strict, name);
  const advertInt = readAdvertInt(reporter, draft, version, name);
  const authHmac = readAuthHmac(reporter, context.system, draft, { name, strict, advertInt });
  const most = mostAddresses(
    family,
    version,
    authHmac !== undefined,
    context.system.mtu?.(draft.text("interface") ?? ""),
  );
  const virtual = ofFamily(reporter, draft, addresses, family, most);
  const standing = readStanding(context, draft, strict, name);
  const { priority } = standing;
  const isOwner = priority === 255;
  const vrid = draft.number("virtual_router_id");
  const unicastSource = readOwnAddress(reporter, draft, "unicast_src_ip", family);
  const unicast = readUnicast(context, draft, {
    family,
    name,
    source: unicastSource,
    checksSource: global.vrrpCheckUnicastSrc ?? false,
  });
  const wire = draft.text("interface");
  if (unicast !== undefined && strict && wire !== undefined && context.system.multicast?.(wire) !== false)
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
  const source = readOwnAddress(reporter, draft, "mcast_src_ip", family) ?? unicastSource;
  const tracking = readTracking(context, draft, iface, name);
  const mayCount = isOwner
    ? withoutWeights(reporter, context.trackables, tracking, name, "is the address owner", draft.statement)
    : tracking;
  const extras = readExtras(context, draft, {
    ...standing,
    family,
    unicast,
    source,
    vrid: vrid ?? 0,
    nopreempt,
    version,
  });
  const config: VrrpInstanceConfig = {
    where: reporter.where(draft.statement),
    name,
    family,
    version,
    state: stateWithAh(context, draft, auth?.type === "AH", standing),
    interface: iface ?? "",
    virtualRouterId: vrid ?? 0,
    priority,
    advertInt,
    authentication: auth,
    virtualIpaddress: virtual.slice(0, most),
    virtualIpaddressExcluded: [...excluded.map((a) => a.config), ...virtual.slice(most)],
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
  };
  // Only now, so that everything else that is wrong has been said too.
  return vrid === undefined || iface === undefined ? undefined : config;
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
  if (isWrong && strict) reportStrict(context.reporter, draft, "version", name, "IPv6 has version 3");
  else if (isWrong)
    context.reporter.word(
      "setting-forced",
      draft.statementOf("version"),
      1,
      `native_ipv6 of ${name} means version 3, which is taken; write version 3`,
    );
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
  hasHeader: boolean,
  { name, state, priority }: Standing,
): "MASTER" | "BACKUP" {
  if (!hasHeader || state === "BACKUP" || priority === 255) return state;
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
