/** `global_defs` and the root keywords to `GlobalDefs`, and what other blocks inherit from them. */
import type { IpAddress } from "../base/address.ts";
import { type Micros, seconds } from "../base/units.ts";
import type { HostPort } from "./arguments.ts";
import type { Draft } from "./draft.ts";
import type { ConfigSystem } from "./load.ts";
import type { GarpConfig, GlobalDefs, SchedulingConfig } from "./model.ts";
import { reportAtEnd } from "./report-at-end.ts";
import type { Reporter } from "./reporter.ts";
import { type Identity, identityOf, readIdentity } from "./scripts.ts";

/** Defaults that instances and servers take from `global_defs` and that the model does not carry. */
export interface Inherited {
  readonly garp: GarpConfig;
  readonly downTimerAdverts: number;
  readonly lowerPrioNoAdvert: boolean;
  readonly higherPrioSendAdvert: boolean;
  readonly skipCheckAdvAddr: boolean;
  readonly rsInitNotifies: boolean;
  readonly logAllFailures: boolean;
  /** undefined: `enable_script_security` without a user for scripts */
  readonly scriptUser: Identity | undefined;
}

/** @param global the `global_defs` block; all of them as one when there are several */
export function buildGlobal(
  global: Draft,
  system: ConfigSystem,
  reporter: Reporter,
): { readonly global: GlobalDefs; readonly inherited: Inherited } {
  const security = global.flag("enable_script_security") ?? false;
  const scriptUser = readScriptUser(global, system, reporter, security);
  const smtpServer = readSmtpServer(global, reporter);
  const names = global.flag("process_names") ?? false;
  const parent = global.text("process_name") ?? "keepalived";
  const result: GlobalDefs = {
    routerId: global.text("router_id") ?? system.hostname,
    enableScriptSecurity: security,
    scriptUser: { uid: (scriptUser ?? system.self).uid, gid: (scriptUser ?? system.self).gid },
    vrrpVersion: global.number("vrrp_version") === 3 ? 3 : 2,
    notificationEmail: readRecipients(global, reporter),
    notificationEmailFrom: global.text("notification_email_from") ?? `${system.self.name}@${system.hostname}`,
    smtpServer: smtpServer === undefined ? undefined : { host: smtpServer.host, port: smtpServer.port },
    smtpHeloName: global.text("smtp_helo_name") ?? system.hostname,
    smtpConnectTimeout: seconds(atLeastOne(global, reporter, "smtp_connect_timeout") ?? 30),
    smtpAlert: global.flag("smtp_alert"),
    smtpAlertVrrp: global.flag("smtp_alert_vrrp"),
    smtpAlertChecker: global.flag("smtp_alert_checker"),
    childWaitTime: seconds(5),
    lvsFlush: global.flag("lvs_flush") ?? false,
    lvsFlushOnStop: global.has("lvs_flush_on_stop")
      ? global.text("lvs_flush_on_stop") === "VS"
        ? "vs"
        : "all"
      : "no",
    processNames: {
      parent,
      vrrp: global.text("vrrp_process_name") ?? (names ? "keepalived_vrrp" : parent),
      checker: global.text("checker_process_name") ?? (names ? "keepalived_lvs" : parent),
      bfd: global.text("bfd_process_name") ?? (names ? "keepalived_bfd" : parent),
    },
    vrrpProcess: scheduling(global, "vrrp"),
    checkerProcess: scheduling(global, "checker"),
    vrrpMcastGroup4: (global.text("vrrp_mcast_group4") ?? "224.0.0.18") as IpAddress,
  };
  return { global: result, inherited: inheritedFrom(global, reporter, scriptUser) };
}

/** Names are looked up when a mail is sent: a configuration does not depend on what DNS says today. */
function readSmtpServer(global: Draft, reporter: Reporter): HostPort | undefined {
  const server = global.host("smtp_server");
  if (server === undefined || /^[A-Za-z0-9._:-]+$/.test(server.host)) return server;
  reporter.word(
    "host-invalid",
    global.statementOf("smtp_server"),
    1,
    `"${server.host}" is no host name and no address, there will be no mail; write: smtp_server HOST [PORT]`,
  );
  return undefined;
}

/** `child_wait_time` stands outside `global_defs`, anywhere in the file. */
export function childWaitTimeOf(root: Draft): Micros {
  return seconds(root.number("child_wait_time") ?? 5);
}

function inheritedFrom(global: Draft, reporter: Reporter, scriptUser: Identity | undefined): Inherited {
  // One frame, once, where the file says nothing else.
  const least = global.flag("vrrp_min_garp") === true;
  const masterDelay = seconds(global.number("vrrp_garp_master_delay") ?? (least ? 0 : 5));
  const masterRepeat = atLeastOne(global, reporter, "vrrp_garp_master_repeat") ?? (least ? 1 : 5);
  const lowerDelay = global.number("vrrp_garp_lower_prio_delay");
  return {
    garp: {
      masterDelay,
      masterRepeat,
      masterRefresh: seconds(global.number("vrrp_garp_master_refresh") ?? 0),
      masterRefreshRepeat: atLeastOne(global, reporter, "vrrp_garp_master_refresh_repeat") ?? 1,
      lowerPrioDelay: lowerDelay === undefined ? masterDelay : seconds(lowerDelay),
      lowerPrioRepeat: global.number("vrrp_garp_lower_prio_repeat") ?? masterRepeat,
      interval: seconds((global.number("vrrp_garp_interval") ?? 0) / 1_000_000),
    },
    downTimerAdverts: global.number("vrrp_down_timer_adverts") ?? 3,
    lowerPrioNoAdvert: global.flag("vrrp_lower_prio_no_advert") ?? false,
    higherPrioSendAdvert: global.flag("vrrp_higher_prio_send_advert") ?? false,
    skipCheckAdvAddr: global.flag("vrrp_skip_check_adv_addr") ?? false,
    rsInitNotifies: global.flag("rs_init_notifies") ?? false,
    logAllFailures: global.flag("checker_log_all_failures") ?? false,
    scriptUser,
  };
}

/** A repeat count: 0 is corrected to 1 with a message, as keepalived does. */
export function atLeastOne(draft: Draft, reporter: Reporter, keyword: string): number | undefined {
  const value = draft.number(keyword);
  if (value !== 0) return value;
  reporter.word(
    "number-corrected",
    draft.statementOf(keyword),
    1,
    `${keyword} is at least 1; 1 is taken instead of 0`,
  );
  return 1;
}

/** `script_user`, else the user keepalived_script, else (without script security) this process. */
function readScriptUser(
  global: Draft,
  system: ConfigSystem,
  reporter: Reporter,
  security: boolean,
): Identity | undefined {
  const cell = global.cell("script_user");
  if (cell !== undefined) {
    const identity = readIdentity(system, cell.statement, 1);
    if (identity.kind === "known") return identityOf(identity);
    reporter.word(
      "script-user-unknown",
      cell.statement,
      identity.word,
      `there is no ${identity.what} "${cell.statement.words[identity.word]}", so that scripts without a user of their own do not run; create it or name another`,
    );
    // Not the default user: with more rights than were meant, a script could do harm.
    return undefined;
  }
  const known = system.user("keepalived_script");
  if (known !== undefined) return known;
  return security ? undefined : { uid: system.self.uid, gid: system.self.gid };
}

function readRecipients(global: Draft, reporter: Reporter): readonly string[] {
  const recipients: string[] = [];
  for (const cell of global.cells) {
    if (cell.row.keyword !== "notification_email") continue;
    const before = recipients.length;
    for (const line of global.lines("notification_email"))
      for (const word of line.words) recipients.push(word);
    if (recipients.length === before)
      reportAtEnd(
        reporter,
        "empty-list",
        cell,
        "notification_email is empty; write addresses between the braces",
      );
    break;
  }
  return recipients;
}

function scheduling(global: Draft, process: "vrrp" | "checker"): SchedulingConfig {
  return {
    priority: global.number(`${process}_priority`),
    rtPriority: global.number(`${process}_rt_priority`),
    rlimitRttime: seconds((global.number(`${process}_rlimit_rttime`) ?? 10_000) / 1_000_000),
    cpuAffinity: global.numbers(`${process}_cpu_affinity`) ?? [],
  };
}
