/**
 * The rest of `global_defs` and the root keywords to `GlobalExtras`: what no instance and no server takes
 * a default from, and what only some deployments use.
 */
import type { IpAddress } from "../base/address.ts";
import { type Micros, type Seconds, seconds } from "../base/units.ts";
import type { Draft } from "./draft.ts";
import type { ConfigSystem } from "./load.ts";
import type { GlobalDefs } from "./model.ts";
import type {
  FifoConfig,
  GarpExtraInterfaces,
  GlobalExtras,
  LvsSyncDaemon,
  LvsTimeouts,
  NftablesConfig,
  NftablesIpvsConfig,
  ReceiveBuffer,
  ReloadConfig,
  SnmpConfig,
} from "./model-global.ts";
import { parseInteger } from "./numbers.ts";
import type { Reporter } from "./reporter.ts";
import { readIdentity, type Scripts } from "./scripts.ts";
import { readInteger } from "./words.ts";

export interface ExtrasContext {
  readonly reporter: Reporter;
  readonly system: ConfigSystem;
  readonly scripts: Scripts;
  readonly scriptUser: GlobalDefs["scriptUser"];
}

/** @param draft the `global_defs` block; all of them as one when there are several */
export function buildGlobalExtras(context: ExtrasContext, draft: Draft): GlobalExtras {
  const { reporter, scripts } = context;
  const script = (keyword: string) => scripts.resolve(draft.script(keyword));
  const flag = (keyword: string) => draft.flag(keyword) ?? false;
  const fifo = (keyword: string) => readFifo(context, draft, keyword);
  const dynamic = draft.text("dynamic_interfaces");
  return {
    useSymlinkPaths: flag("use_symlink_paths"),
    setSupplementaryGroups: flag("set_supplementary_groups"),
    startupScript: script("startup_script"),
    startupScriptTimeout: seconds10(draft, "startup_script_timeout"),
    shutdownScript: script("shutdown_script"),
    shutdownScriptTimeout: seconds10(draft, "shutdown_script_timeout"),
    maxAutoPriority: draft.number("max_auto_priority") ?? 0,
    minAutoPriorityDelay: (draft.number("min_auto_priority_delay") ?? 1_000_000) as Micros,
    dynamicInterfaces:
      dynamic === undefined ? undefined : dynamic === "allow_if_changes" ? "allow_if_changes" : "yes",
    noEmailFaults: flag("no_email_faults"),
    noCheckerEmails: flag("no_checker_emails"),
    defaultInterface: draft.text("default_interface"),
    disableLocalIgmp: flag("disable_local_igmp"),
    v3ChecksumAsV2: flag("v3_checksum_as_v2"),
    lvsTimeouts: readTimeouts(draft),
    lvsSyncDaemon: readSyncDaemon(draft),
    vrrpMcastGroup6: readMulticast6(reporter, draft),
    garpExtraInterfaces: readGarpExtra(reporter, draft),
    minGarp: flag("vrrp_min_garp"),
    gnaInterval: duration(draft, "vrrp_gna_interval") ?? (0 as Micros),
    vrrpStrict: flag("vrrp_strict"),
    vrrpCheckUnicastSrc: flag("vrrp_check_unicast_src"),
    vrrpNotifyPriorityChanges: flag("vrrp_notify_priority_changes"),
    vrrpOwnerIgnoreAdverts: flag("vrrp_owner_ignore_adverts"),
    logUnknownVrids: flag("log_unknown_vrids"),
    vmacPrefix: draft.text("vmac_prefix") ?? "vrrp",
    vmacAddrPrefix: draft.text("vmac_addr_prefix") ?? draft.text("vmac_prefix") ?? "vrrp",
    vrrpStartupDelay: duration(draft, "vrrp_startup_delay") ?? (0 as Micros),
    vrrpDelayAfterBoot: duration(draft, "vrrp_delay_after_boot") ?? (0 as Micros),
    vrrpRxBufsPolicy: readBufferPolicy(reporter, draft),
    vrrpRxBufsMultiplier: draft.number("vrrp_rx_bufs_multiplier") ?? 3,
    vrrpIptables: readIptables(draft),
    vrrpIpsets: draft.words("vrrp_ipsets"),
    nftables: readNftables(reporter, draft),
    nftablesIfindex: flag("nftables_ifindex"),
    nftablesIpvs: readNftablesIpvs(reporter, draft),
    nftablesCounters: flag("nftables_counters"),
    notifyFifo: fifo("notify_fifo"),
    notifyFifoScript: script("notify_fifo_script"),
    vrrpNotifyFifo: fifo("vrrp_notify_fifo"),
    vrrpNotifyFifoScript: script("vrrp_notify_fifo_script"),
    lvsNotifyFifo: fifo("lvs_notify_fifo"),
    lvsNotifyFifoScript: script("lvs_notify_fifo_script"),
    fifoWriteVrrpStatesOnReload: flag("fifo_write_vrrp_states_on_reload"),
    noSwap: {
      vrrp: flag("vrrp_no_swap"),
      checker: flag("checker_no_swap"),
      bfd: flag("bfd_no_swap"),
    },
    bfdProcess: {
      priority: draft.number("bfd_priority"),
      rtPriority: draft.number("bfd_rt_priority"),
      rlimitRttime: (draft.number("bfd_rlimit_rttime") ?? 10_000) as Micros,
      cpuAffinity: draft.numbers("bfd_cpu_affinity") ?? [],
    },
    snmp: readSnmp(draft),
    dbus: {
      enabled: flag("enable_dbus"),
      serviceName: draft.text("dbus_service_name") ?? "org.keepalived.Vrrp1",
      noInterfaceName: draft.text("dbus_no_interface_name"),
    },
    receiveBuffers: {
      vrrpCommand: readBuffer(draft, "vrrp_netlink_cmd"),
      vrrpMonitor: readBuffer(draft, "vrrp_netlink_monitor"),
      lvsCommand: readBuffer(draft, "lvs_netlink_cmd"),
      lvsMonitor: readBuffer(draft, "lvs_netlink_monitor"),
      processMonitor: readBuffer(draft, "process_monitor"),
    },
    umask: readUmask(reporter, draft),
    randomSeed: draft.number("random_seed"),
    reload: readReload(reporter, draft),
    configSaveDir: draft.text("config_save_dir"),
    tmpConfigDirectory: draft.text("tmp_config_directory"),
    dataUseInstance: flag("data_use_instance"),
    jsonVersion: draft.number("json_version") === 2 ? 2 : 1,
    iprouteUsrDir: draft.text("iproute_usr_dir"),
    iprouteEtcDir: draft.text("iproute_etc_dir"),
    stateDumpFile: draft.text("state_dump_file"),
    statsDumpFile: draft.text("stats_dump_file"),
    jsonDumpFile: draft.text("json_dump_file"),
  };
}

/** @param root the file's own keywords, outside every block */
export function buildRootExtras(root: Draft): GlobalExtras {
  return {
    linkbeatUsePolling: root.has("linkbeat_use_polling"),
    netNamespace: root.text("net_namespace"),
    netNamespaceIpvs: root.text("net_namespace_ipvs"),
    namespaceWithIpsets: root.has("namespace_with_ipsets"),
    // A namespace and an instance name imply the directory (keepalived.conf(5)).
    usePidDir: root.has("use_pid_dir") || root.has("net_namespace") || root.has("instance"),
    instance: root.text("instance"),
  };
}

function duration(draft: Draft, keyword: string): Micros | undefined {
  return draft.number(keyword) as Micros | undefined;
}

function seconds10(draft: Draft, keyword: string): Seconds {
  return (draft.number(keyword) ?? 10) as Seconds;
}

function readTimeouts(draft: Draft): LvsTimeouts | undefined {
  const values = draft.options("lvs_timeouts")?.values;
  if (values === undefined) return undefined;
  const timeout = (word: string) => values.get(word) as Seconds | undefined;
  return { tcp: timeout("tcp"), tcpfin: timeout("tcpfin"), udp: timeout("udp") };
}

function readSyncDaemon(draft: Draft): LvsSyncDaemon | undefined {
  const options = draft.options("lvs_sync_daemon");
  if (options?.head === undefined) return undefined;
  const { values } = options;
  const number = (word: string) => values.get(word) as number | undefined;
  return {
    interface: options.head,
    instance: values.get("inst") as string | undefined,
    id: number("id"),
    maxlen: number("maxlen"),
    port: number("port"),
    ttl: number("ttl"),
    group: values.get("group") as IpAddress | undefined,
  };
}

function readMulticast6(reporter: Reporter, draft: Draft): IpAddress {
  const standard = "ff02::12" as IpAddress;
  const address = draft.text("vrrp_mcast_group6") as IpAddress | undefined;
  if (address === undefined) return standard;
  const statement = draft.statementOf("vrrp_mcast_group6");
  if (!address.includes(":")) {
    reporter.word(
      "address-family",
      statement,
      1,
      `${address} is IPv4 and ${standard} stays; write vrrp_mcast_group4, or an IPv6 address`,
    );
    return standard;
  }
  if (!/^ff[0-9a-f]2:/.test(address))
    reporter.word(
      "not-link-local",
      statement,
      1,
      `${address} is not a link-local multicast address and could leave the link; write one of ff02::/16`,
    );
  return address;
}

function readGarpExtra(reporter: Reporter, draft: Draft): GarpExtraInterfaces | undefined {
  const cell = draft.cell("vrrp_garp_extra_if");
  if (cell === undefined) return undefined;
  const { statement } = cell;
  const all = statement.words[1] === "all";
  const word = all ? 2 : 1;
  const interval = readInteger(reporter, statement, word, "vrrp_garp_extra_if", 1, 86_400, " seconds");
  return interval === undefined ? undefined : { all, interval: interval as Seconds };
}

/** A number wins over MTU, and MTU over ADVERT. */
function readBufferPolicy(reporter: Reporter, draft: Draft): number | "mtu" | "advert" | undefined {
  const cell = draft.cell("vrrp_rx_bufs_policy");
  if (cell === undefined) return undefined;
  let policy: "mtu" | "advert" | undefined;
  const words = new Set(cell.statement.words.map((word) => word.toUpperCase()));
  if (words.has("MTU") && words.has("ADVERT"))
    reporter.word(
      "policy-conflict",
      cell.statement,
      1,
      "vrrp_rx_bufs_policy cannot be MTU and ADVERT together, ADVERT is ignored; write one of them",
    );
  for (const [index, word] of cell.statement.words.entries()) {
    if (index === 0) continue;
    const upper = word.toUpperCase();
    const number = parseInteger(word, 1, 4_294_967_295);
    if (number.ok) return number.value;
    if (upper === "MTU") policy = "mtu";
    else if (upper === "ADVERT") policy ??= "advert";
    else
      reporter.word(
        "word-invalid",
        cell.statement,
        index,
        `vrrp_rx_bufs_policy cannot be "${word}"; write MTU or ADVERT or a number of bytes`,
      );
  }
  return policy;
}

function readIptables(draft: Draft): GlobalExtras["vrrpIptables"] {
  const chains = draft.words("vrrp_iptables");
  if (chains === undefined) return undefined;
  return chains.length === 0
    ? { input: "INPUT", output: "OUTPUT" }
    : { input: chains[0] ?? "", output: chains[1] ?? "" };
}

function readNftables(reporter: Reporter, draft: Draft): NftablesConfig | undefined {
  const table = draft.text("nftables");
  // What asks for iptables gets nftables.
  const old = draft.cell("vrrp_iptables") ?? draft.cell("vrrp_ipsets");
  if (old !== undefined)
    reporter.word(
      "iptables-replaced",
      old.statement,
      0,
      `${old.row.keyword} is not supported and nftables is used instead; write: nftables`,
    );
  if (table === undefined && old === undefined) return undefined;
  return {
    table: table === undefined || table === "" ? "keepalived" : table,
    priority: behind(reporter, draft, "nftables_priority", "nftables") ?? -1,
  };
}

function readNftablesIpvs(reporter: Reporter, draft: Draft): NftablesIpvsConfig | undefined {
  const table = draft.text("nftables_ipvs");
  if (table === undefined) return undefined;
  return {
    table: table === "" ? "keepalived_ipvs" : table,
    priority: behind(reporter, draft, "nftables_ipvs_priority", "nftables_ipvs") ?? -1,
    startFwmark: behind(reporter, draft, "nftables_ipvs_start_fwmark", "nftables_ipvs") ?? 1000,
  };
}

/** A number that counts only behind another keyword, which sets it back to its default. */
function behind(reporter: Reporter, draft: Draft, keyword: string, first: string): number | undefined {
  const cell = draft.cell(keyword);
  const before = draft.cell(first);
  if (cell === undefined || before === undefined) return draft.number(keyword);
  if (draft.cells.indexOf(before) < draft.cells.indexOf(cell)) return draft.number(keyword);
  reporter.word(
    "value-reset",
    cell.statement,
    0,
    `${first} further down sets ${keyword} back to its default; write ${first} first`,
  );
  return undefined;
}

function readFifo(context: ExtrasContext, draft: Draft, keyword: string): FifoConfig | undefined {
  const statement = draft.cell(keyword)?.statement;
  const path = statement?.words[1];
  if (statement === undefined || path === undefined) return undefined;
  if (statement.words.length < 3) return { path, ...context.scriptUser };
  const identity = readIdentity(context.system, statement, 2);
  if (identity.kind === "known") return { path, uid: identity.uid, gid: identity.gid };
  context.reporter.word(
    "user-unknown",
    statement,
    identity.word,
    `there is no ${identity.what} "${statement.words[identity.word]}"; this FIFO is not made`,
  );
  return undefined;
}

function readSnmp(draft: Draft): SnmpConfig {
  const flag = (keyword: string) => draft.has(keyword);
  const services = duration(draft, "snmp_vs_stats_update_interval") ?? seconds(5);
  return {
    socket: draft.text("snmp_socket"),
    traps: flag("enable_traps"),
    vrrp: flag("enable_snmp_vrrp"),
    rfc2787: flag("enable_snmp_rfc") || flag("enable_snmp_rfcv2"),
    rfc6527: flag("enable_snmp_rfc") || flag("enable_snmp_rfcv3"),
    checker: flag("enable_snmp_checker"),
    virtualServerInterval: services,
    realServerInterval: duration(draft, "snmp_rs_stats_update_interval") ?? services,
  };
}

/** @param socket `vrrp_netlink_cmd` for `vrrp_netlink_cmd_rcv_bufs` and `vrrp_netlink_cmd_rcv_bufs_force` */
function readBuffer(draft: Draft, socket: string): ReceiveBuffer {
  const size = draft.number(`${socket}_rcv_bufs`);
  return {
    size: size === 0 ? undefined : size,
    force: draft.flag(`${socket}_rcv_bufs_force`) ?? false,
  };
}

const permissionBits: ReadonlyMap<string, number> = new Map(
  (
    [
      ["USR", 6],
      ["GRP", 3],
      ["OTH", 0],
    ] as const
  ).flatMap(([who, shift]) => [
    [`IR${who}`, 4 << shift],
    [`IW${who}`, 2 << shift],
    [`IX${who}`, 1 << shift],
    [`IRWX${who.slice(0, 1)}`, 7 << shift],
  ]),
);

/** A number as in C (0177, 0x7f, 127) or names of bits joined by `|`. */
function readUmask(reporter: Reporter, draft: Draft): number {
  const standard = 0o177;
  const cell = draft.cell("umask");
  if (cell === undefined) return standard;
  const text = cell.statement.words.slice(1).join("");
  const octal = /^0([0-7]*)$/.exec(text);
  const number =
    octal === null
      ? /^(0x[0-9a-fA-F]+|[1-9][0-9]*)$/.test(text)
        ? Number(text)
        : -1
      : Number.parseInt(`0${octal[1]}`, 8);
  if (number >= 0 && number <= 0o777) return number;
  let mask = 0;
  for (const name of text.split("|")) {
    const bit = permissionBits.get(name);
    if (bit === undefined) {
      reporter.word(
        "umask-invalid",
        cell.statement,
        1,
        `"${text}" is no umask and 0177 stays; write an octal number up to 0777, or names like IXUSR|IRWXG|IRWXO`,
      );
      return standard;
    }
    mask |= bit;
  }
  return mask;
}

function readReload(reporter: Reporter, draft: Draft): ReloadConfig {
  const log = draft.text("reload_check_config");
  let timeFile = draft.text("reload_time_file");
  if (timeFile !== undefined && !timeFile.startsWith("/")) {
    reporter.word(
      "path-not-absolute",
      draft.statementOf("reload_time_file"),
      1,
      `reload_time_file ${timeFile} is ignored: the path must be absolute; begin it with /`,
    );
    timeFile = undefined;
  }
  return {
    check: log !== undefined || (draft.flag("test_config_before_reload") ?? false),
    checkLog: log === undefined || log === "" ? draft.text("reload_check_log_path") : log,
    rollback: draft.flag("reload_enable_rollback") ?? false,
    timeFile,
    repeat: draft.has("reload_repeat"),
    markerFile: draft.text("reload_file"),
  };
}
