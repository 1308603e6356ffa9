/**
 * One `vrrp_instance` to its model: defaults, the settings it takes from `global_defs`, and the
 * corrections of keepalived (vrrp-behaviour 3 and 14). Never looks at other instances (validate.ts does).
 */
import type { Statement } from "../../grammar/parser.ts";
import { type Family, familyOf, type IpAddress } from "../base/address.ts";
import { type Centiseconds, type Micros, seconds } from "../base/units.ts";
import { readVirtualAddress } from "./addresses.ts";
import { readAuthentication } from "./authentication.ts";
import { atLeastOne, type Inherited } from "./build-global.ts";
import type { Draft } from "./draft.ts";
import type {
  GarpConfig,
  GlobalDefs,
  TrackedInterface,
  VirtualAddress,
  VrrpInstanceConfig,
} from "./model.ts";
import type { Reporter } from "./reporter.ts";
import type { Scripts } from "./scripts.ts";
import { readInteger, readInterfaceName } from "./words.ts";

export interface VrrpContext {
  readonly reporter: Reporter;
  readonly scripts: Scripts;
  readonly global: GlobalDefs;
  readonly inherited: Inherited;
  /** undefined: unknown, names are not checked */
  readonly interfaces: ReadonlySet<string> | undefined;
}

/** The most addresses that an advertisement has room for. */
const MOST_ADDRESSES = 255;

/** @returns undefined when the instance cannot exist (reported) */
export function buildInstance(context: VrrpContext, draft: Draft): VrrpInstanceConfig | undefined {
  const { reporter, inherited } = context;
  const name = draft.head.kind === "name" ? draft.head.name : "";
  const addresses = readAddresses(context, draft, "virtual_ipaddress");
  const excluded = readAddresses(context, draft, "virtual_ipaddress_excluded");
  const family: Family = addresses[0] === undefined ? "ipv4" : familyOf(addresses[0].config.address);
  const version = readVersion(context, draft, family);
  const virtual = ofFamily(reporter, draft, addresses, family);
  const priorityGiven = draft.number("priority");
  const state =
    draft.text("state") === "MASTER" || (!draft.has("state") && priorityGiven === 255) ? "MASTER" : "BACKUP";
  const priority = priorityGiven ?? (state === "MASTER" ? 255 : 100);
  const vrid = draft.number("virtual_router_id");
  const iface = readInterface(context, draft, name);
  requireAddresses(context, draft, virtual, version, name);
  const { nopreempt, preemptDelay } = readPreemption(reporter, draft, state, priority, name);
  const authentication = readAuthentication(reporter, draft, version, name);
  const advertInt = readAdvertInt(reporter, draft, version, name);
  if (vrid === undefined)
    reporter.word(
      "vrid-missing",
      draft.statement,
      0,
      `vrrp_instance ${name} has no virtual_router_id; write: virtual_router_id 1..255`,
    );
  const trackInterface = readTracked(context, draft, iface, name);
  if (vrid === undefined || iface === undefined) return undefined;
  const scripts = context.scripts;
  return {
    where: reporter.where(draft.statement),
    name,
    family,
    version,
    state,
    interface: iface,
    virtualRouterId: vrid,
    priority,
    advertInt,
    authentication,
    virtualIpaddress: virtual.slice(0, MOST_ADDRESSES),
    virtualIpaddressExcluded: [...excluded.map((a) => a.config), ...virtual.slice(MOST_ADDRESSES)],
    nopreempt,
    preemptDelay,
    mcastSrcIp: readSource(reporter, draft, family),
    dontTrackPrimary: draft.flag("dont_track_primary") ?? false,
    // Any boolean switches it on, even false: keepalived's operators rely on the keyword alone.
    skipCheckAdvAddr: draft.has("skip_check_adv_addr") || inherited.skipCheckAdvAddr,
    trackInterface,
    garp: readGarp(reporter, draft, inherited.garp),
    lowerPrioNoAdvert: draft.flag("lower_prio_no_advert") ?? inherited.lowerPrioNoAdvert,
    higherPrioSendAdvert: draft.flag("higher_prio_send_advert") ?? inherited.higherPrioSendAdvert,
    downTimerAdverts: draft.number("down_timer_adverts") ?? inherited.downTimerAdverts,
    notify: {
      master: scripts.resolve(draft.script("notify_master")),
      backup: scripts.resolve(draft.script("notify_backup")),
      fault: scripts.resolve(draft.script("notify_fault")),
      stop: scripts.resolve(draft.script("notify_stop")),
      any: scripts.resolve(draft.script("notify")),
    },
    smtpAlert: draft.flag("smtp_alert") ?? context.global.smtpAlertVrrp ?? context.global.smtpAlert ?? false,
  };
}

interface AddressLine {
  readonly config: VirtualAddress;
  readonly line: Statement;
}

function readAddresses(context: VrrpContext, draft: Draft, keyword: string): readonly AddressLine[] {
  const seen = new Map<string, Statement>();
  const result: AddressLine[] = [];
  for (const line of draft.lines(keyword)) {
    const address = readVirtualAddress(context.reporter, line);
    if (address === undefined) continue;
    const key = `${address.address} ${address.dev ?? ""}`;
    const before = seen.get(key);
    if (before !== undefined) {
      context.reporter.word(
        "vip-duplicate",
        line,
        0,
        `${address.address} is listed twice; remove one of them`,
        [context.reporter.firstDefinedAt(before)],
      );
      continue;
    }
    seen.set(key, line);
    if (address.dev !== undefined) checkInterface(context, line, line.words.indexOf("dev") + 1);
    result.push({ config: address, line });
  }
  return result;
}

function ofFamily(
  reporter: Reporter,
  draft: Draft,
  addresses: readonly AddressLine[],
  family: Family,
): readonly VirtualAddress[] {
  if (addresses.length > MOST_ADDRESSES)
    reporter.word(
      "vip-excess",
      draft.statementOf("virtual_ipaddress"),
      0,
      `an advertisement has room for ${MOST_ADDRESSES} addresses, the other ${addresses.length - MOST_ADDRESSES} are taken as excluded; move them to virtual_ipaddress_excluded`,
    );
  const result: VirtualAddress[] = [];
  for (const { config, line } of addresses) {
    if (familyOf(config.address) === family) result.push(config);
    else
      reporter.word(
        "address-family",
        line,
        0,
        `${config.address} is not of the family of the first address (${family}) and is ignored; put it into an instance of its own or into virtual_ipaddress_excluded`,
      );
  }
  return result;
}

function readVersion(context: VrrpContext, draft: Draft, family: Family): 2 | 3 {
  const given = draft.number("version");
  if (given !== undefined) return given === 3 ? 3 : 2;
  return family === "ipv6" ? 3 : context.global.vrrpVersion;
}

function readInterface(context: VrrpContext, draft: Draft, name: string): string | undefined {
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
  if (cell === undefined || value === undefined || value === "lo") {
    reporter.word(
      "interface-missing",
      draft.statement,
      0,
      `vrrp_instance ${name} has no usable interface; write: interface NAME`,
    );
    return undefined;
  }
  checkInterface(context, cell.statement, 1);
  return value;
}

/** An interface that must exist when the daemon starts. */
function checkInterface(context: VrrpContext, statement: Statement, word: number): void {
  const name = statement.words[word];
  if (name === undefined || context.interfaces === undefined || context.interfaces.has(name)) return;
  const known = [...context.interfaces].filter((n) => n !== "lo").slice(0, 6);
  const instead = known.length === 0 ? "create it first" : `this machine has ${known.join(", ")}`;
  context.reporter.word("interface-unknown", statement, word, `there is no interface "${name}"; ${instead}`);
}

function requireAddresses(
  context: VrrpContext,
  draft: Draft,
  addresses: readonly VirtualAddress[],
  version: 2 | 3,
  name: string,
): void {
  if (addresses.length > 0 || draft.has("no_virtual_ipaddress")) return;
  context.reporter.word(
    version === 3 ? "vip-required" : "vip-missing",
    draft.statement,
    0,
    `vrrp_instance ${name} has no virtual address${version === 3 ? ", which version 3 requires" : ""}; write: virtual_ipaddress { ADDRESS/LENGTH }`,
  );
}

function readPreemption(
  reporter: Reporter,
  draft: Draft,
  state: "MASTER" | "BACKUP",
  priority: number,
  name: string,
): { readonly nopreempt: boolean; readonly preemptDelay: Micros } {
  const none = 0 as Micros;
  let nopreempt = draft.has("nopreempt") && !isBefore(draft, "nopreempt", "preempt");
  if (nopreempt && (priority === 255 || state === "MASTER")) {
    const why = priority === 255 ? "with priority 255" : "with state MASTER";
    reporter.word(
      "nopreempt-cleared",
      draft.statementOf("nopreempt"),
      0,
      `nopreempt of ${name} has no effect ${why} and is cleared; write state BACKUP${priority === 255 ? " and a lower priority" : ""}`,
    );
    nopreempt = false;
  }
  let preemptDelay = (draft.number("preempt_delay") ?? none) as Micros;
  if (preemptDelay > 0 && (state === "MASTER" || nopreempt)) {
    reporter.word(
      "preempt-delay-cleared",
      draft.statementOf("preempt_delay"),
      0,
      `preempt_delay of ${name} has no effect with ${state === "MASTER" ? "state MASTER" : "nopreempt"} and is cleared; remove one of them`,
    );
    preemptDelay = none;
  }
  return { nopreempt, preemptDelay };
}

/** `preempt` clears a `nopreempt` that stands before it. */
function isBefore(draft: Draft, first: string, second: string): boolean {
  const a = draft.cell(first);
  const b = draft.cell(second);
  return a !== undefined && b !== undefined && draft.cells.indexOf(a) < draft.cells.indexOf(b);
}

/** Version 2 counts whole seconds (RFC 3768 §5.3.7), version 3 hundredths up to 40.95 s (RFC 9568 §5.2.7). */
function readAdvertInt(reporter: Reporter, draft: Draft, version: 2 | 3, name: string): Centiseconds {
  const micros = draft.number("advert_int") ?? 1_000_000;
  const unit = version === 2 ? 1_000_000 : 10_000;
  const most = version === 2 ? 255_000_000 : 40_950_000;
  const rounded = Math.min(most, Math.max(unit, Math.round(micros / unit) * unit));
  if (rounded !== micros)
    reporter.word(
      "advert-int-rounded",
      draft.statementOf("advert_int"),
      1,
      `version ${version} of ${name} advertises in ${version === 2 ? "whole seconds" : "hundredths of a second up to 40.95"}, ${micros / 1_000_000} becomes ${rounded / 1_000_000}; write ${rounded / 1_000_000}${version === 2 ? " or version 3" : ""}`,
    );
  return (rounded / 10_000) as Centiseconds;
}

function readSource(reporter: Reporter, draft: Draft, family: Family): IpAddress | undefined {
  const source = draft.text("mcast_src_ip") as IpAddress | undefined;
  if (source === undefined || familyOf(source) === family) return source;
  reporter.word(
    "address-family",
    draft.statementOf("mcast_src_ip"),
    1,
    `mcast_src_ip ${source} is not of the instance's family (${family}) and is ignored; write an ${family} address`,
  );
  return undefined;
}

function readTracked(
  context: VrrpContext,
  draft: Draft,
  own: string | undefined,
  instance: string,
): readonly TrackedInterface[] {
  const { reporter } = context;
  const result: TrackedInterface[] = [];
  for (const line of draft.lines("track_interface")) {
    const name = readInterfaceName(reporter, line, 0);
    if (name === undefined) continue;
    if (name === own) {
      reporter.word(
        "track-own-interface",
        line,
        0,
        `${name} is the interface of ${instance} itself, which is always tracked; remove it here`,
      );
      continue;
    }
    checkInterface(context, line, 0);
    let weight = 0;
    let reverse = false;
    for (let i = 1; i < line.words.length; i++) {
      const word = line.words[i] as string;
      if (word === "reverse") reverse = true;
      else if (word === "weight") {
        const value = readInteger(reporter, line, ++i, "weight", -254, 254) ?? 0;
        weight = Math.max(-253, Math.min(253, value));
        if (weight !== value)
          reporter.word(
            "number-corrected",
            line,
            i,
            `weight ${value} would be an owner's; ${weight} is taken`,
          );
      } else
        reporter.word(
          "option-unknown",
          line,
          i,
          `unknown option "${word}", ignored; write: ${name} weight -253..253`,
        );
    }
    result.push({ interface: name, weight, reverse });
  }
  return result;
}

function readGarp(reporter: Reporter, draft: Draft, inherited: GarpConfig): GarpConfig {
  const delay = (keyword: string): Micros | undefined => {
    const value = draft.number(keyword);
    return value === undefined ? undefined : seconds(value);
  };
  return {
    masterDelay: delay("garp_master_delay") ?? inherited.masterDelay,
    masterRepeat: atLeastOne(draft, reporter, "garp_master_repeat") ?? inherited.masterRepeat,
    masterRefresh: delay("garp_master_refresh") ?? inherited.masterRefresh,
    masterRefreshRepeat:
      atLeastOne(draft, reporter, "garp_master_refresh_repeat") ?? inherited.masterRefreshRepeat,
    lowerPrioDelay: delay("garp_lower_prio_delay") ?? inherited.lowerPrioDelay,
    lowerPrioRepeat: draft.number("garp_lower_prio_repeat") ?? inherited.lowerPrioRepeat,
    interval: inherited.interval,
  };
}
