/**
 * The effective configuration: defaults filled in, inheritance resolved, fix-ups applied. Plain
 * readonly data without behaviour, so that it travels between processes and compares structurally.
 * Field names are keepalived's keywords in camelCase. `where` is the place of a block's head
 * ("keepalived.conf:12") for messages that arise late; comparisons ignore it.
 */
import type { Family, IpAddress } from "../base/address.ts";
import type { Centiseconds, Micros, Seconds } from "../base/units.ts";
import type { GlobalExtras } from "./model-global.ts";
import type {
  BfdCheckConfig,
  DnsCheckConfig,
  FileCheckConfig,
  LocalAddressGroupConfig,
  LvsVxlanConfig,
  MiscCheckConfig,
  PingCheckConfig,
  RegexConfig,
  ServiceDialect,
  SmtpCheckConfig,
  SslCheckConfig,
  SslConfig,
  TunnelConfig,
  UdpCheckConfig,
  VirtualServerGroupConfig,
  VxlanDestination,
} from "./model-lvs.ts";
import type { InstanceExtras, VrrpSections } from "./model-vrrp.ts";

export type { BfdInstanceConfig } from "./model-vrrp.ts";

export interface ConfigModel extends Partial<VrrpSections> {
  readonly global: GlobalDefs;
  readonly vrrpInstances: readonly VrrpInstanceConfig[];
  readonly virtualServers: readonly VirtualServerConfig[];
  readonly virtualServerGroups?: readonly VirtualServerGroupConfig[] | undefined;
  readonly localAddressGroups?: readonly LocalAddressGroupConfig[] | undefined;
  readonly ssl?: SslConfig | undefined;
  readonly lvsVxlan?: LvsVxlanConfig | undefined;
}

/** A script with its arguments, split and unquoted, and whom it runs as. */
export interface ScriptRef {
  readonly argv: readonly string[];
  readonly uid: number;
  readonly gid: number;
  /** supplementary groups; undefined: none, or those of this process for a script that runs as it */
  readonly groups?: readonly number[];
}

export interface GlobalDefs extends GlobalExtras {
  readonly routerId: string;
  readonly enableScriptSecurity: boolean;
  /** user and group name given by `script_user`, else the default of keepalived.conf(5) */
  readonly scriptUser: { readonly uid: number; readonly gid: number };
  readonly vrrpVersion: 2 | 3;
  readonly notificationEmail: readonly string[];
  readonly notificationEmailFrom: string;
  readonly smtpServer: { readonly host: string; readonly port: number } | undefined;
  readonly smtpHeloName: string;
  readonly smtpConnectTimeout: Micros;
  readonly smtpAlert: boolean | undefined;
  readonly smtpAlertVrrp: boolean | undefined;
  readonly smtpAlertChecker: boolean | undefined;
  readonly childWaitTime: Micros;
  readonly lvsFlush: boolean;
  /** whether and what is flushed at stop: `lvs_flush_on_stop` */
  readonly lvsFlushOnStop: "no" | "vs" | "all";
  readonly processNames: {
    readonly parent: string;
    readonly vrrp: string;
    readonly checker: string;
    readonly bfd?: string | undefined;
  };
  readonly vrrpProcess: SchedulingConfig;
  readonly checkerProcess: SchedulingConfig;
  /** 224.0.0.18 unless `vrrp_mcast_group4` says otherwise */
  readonly vrrpMcastGroup4: IpAddress;
}

/** `vrrp_priority`, `vrrp_rt_priority`, `vrrp_rlimit_rttime`, `vrrp_cpu_affinity` and the checkers' twins. */
export interface SchedulingConfig {
  /** nice value, -20 to 19 */
  readonly priority: number | undefined;
  /** SCHED_RR priority, 1 to 99 */
  readonly rtPriority: number | undefined;
  readonly rlimitRttime: Micros;
  readonly cpuAffinity: readonly number[];
}

export interface VrrpInstanceConfig extends Partial<InstanceExtras> {
  readonly where: string;
  readonly name: string;
  readonly family: Family;
  readonly version: 2 | 3;
  /** the state the operator asked for; never by itself a reason to take over at once */
  readonly state: "MASTER" | "BACKUP";
  /** empty: none, which only unicast instances may have */
  readonly interface: string;
  /** 1-255 */
  readonly virtualRouterId: number;
  /** 1-255; 255 is the address owner */
  readonly priority: number;
  readonly advertInt: Centiseconds;
  /** at most 8 bytes of `password` count; AH is for IPv4 only */
  readonly authentication: { readonly type: "PASS" | "AH"; readonly password: string } | undefined;
  readonly virtualIpaddress: readonly VirtualAddress[];
  readonly virtualIpaddressExcluded: readonly VirtualAddress[];
  readonly nopreempt: boolean;
  /** 0 when not configured */
  readonly preemptDelay: Micros;
  readonly mcastSrcIp: IpAddress | undefined;
  readonly dontTrackPrimary: boolean;
  readonly skipCheckAdvAddr: boolean;
  readonly trackInterface: readonly TrackedInterface[];
  readonly garp: GarpConfig;
  readonly lowerPrioNoAdvert: boolean;
  readonly higherPrioSendAdvert: boolean;
  /** down_timer_adverts, 1-100, default 3 */
  readonly downTimerAdverts: number;
  readonly notify: VrrpNotify;
  readonly smtpAlert: boolean;
}

export interface VrrpNotify {
  readonly master: ScriptRef | undefined;
  readonly backup: ScriptRef | undefined;
  readonly fault: ScriptRef | undefined;
  readonly stop: ScriptRef | undefined;
  /** gets INSTANCE, name, state and priority appended */
  readonly any: ScriptRef | undefined;
}

export interface TrackedInterface {
  readonly interface: string;
  /** 0: failure is a fault; else -253..253 */
  readonly weight: number;
  readonly reverse: boolean;
}

export interface GarpConfig {
  /** garp_master_delay: before the second burst; 0 means none. Default 5 s */
  readonly masterDelay: Micros;
  /** garp_master_repeat, default 5 */
  readonly masterRepeat: number;
  /** garp_master_refresh, 0 means none (the default) */
  readonly masterRefresh: Micros;
  /** garp_master_refresh_repeat, default 1 */
  readonly masterRefreshRepeat: number;
  /** garp_lower_prio_delay and garp_lower_prio_repeat */
  readonly lowerPrioDelay: Micros;
  readonly lowerPrioRepeat: number;
  /** garp_interval: least pause between two gratuitous ARPs on one interface, 0 for none */
  readonly interval: Micros;
}

export interface VirtualAddress {
  readonly where: string;
  readonly address: IpAddress;
  readonly prefixLength: number;
  /** undefined: the instance's interface */
  readonly dev: string | undefined;
  readonly label: string | undefined;
  readonly broadcast: IpAddress | undefined;
  /** rtnetlink scope number, 0 is global */
  readonly scope: number;
  readonly noTrack: boolean;
  readonly peer?: { readonly address: IpAddress; readonly prefixLength: number } | undefined;
  /** IFA_F_* by the words of the file: home, -nodad, mngtmpaddr, noprefixroute, autojoin */
  readonly addressFlags?: readonly string[] | undefined;
  /** seconds; undefined: 0 for an IPv6 /128, else for ever */
  readonly preferredLft?: Seconds | "forever" | undefined;
  /** static addresses only */
  readonly trackGroup?: string | undefined;
  /** the address gets a VMAC of its own */
  readonly useVmac?: boolean | undefined;
}

export type Protocol = "tcp" | "udp" | "sctp";
/**
 * `lb_kind`: NAT, DR, TUN in the kernel's words, and FNAT of the EulerOS dialect. Linux has no full NAT:
 * the kernel gets masquerade for it, and a message says that sources are not translated yet.
 */
export type Forwarding = "masquerade" | "direct" | "tunnel" | "fullNat";

/** What makes a virtual server the same one after a reload. */
export type VirtualServerTarget =
  | {
      readonly kind: "address";
      readonly address: IpAddress;
      readonly port: number;
      readonly protocol: Protocol;
    }
  | { readonly kind: "fwmark"; readonly mark: number; readonly family: Family }
  | {
      readonly kind: "group";
      readonly name: string;
      /** without meaning for a group of marks only */
      readonly protocol: Protocol;
      /** of its marks that name none; undefined for a group without marks */
      readonly family?: Family | undefined;
    };

export interface VirtualServerConfig {
  readonly where: string;
  readonly target: VirtualServerTarget;
  readonly delayLoop: Micros;
  /** `lb_algo`: the kernel's scheduler name */
  readonly scheduler: string;
  /** IP_VS_SVC_F_SCHED1.. and one-packet flags */
  readonly flags: number;
  /** undefined: not persistent */
  readonly persistenceTimeout: Seconds | undefined;
  readonly persistenceEngine: string | undefined;
  /** IPv4 netmask as prefix length, or IPv6 prefix length; 32 or 128 by default */
  readonly persistencePrefixLength: number;
  readonly quorum: number;
  readonly hysteresis: number;
  readonly quorumUp: ScriptRef | undefined;
  readonly quorumDown: ScriptRef | undefined;
  /** log and run the down notifications at stop */
  readonly omega: boolean;
  /** checkers run only while the service's address is on this host */
  readonly haSuspend?: boolean | undefined;
  readonly snmpName?: string | undefined;
  /** undefined: the file uses none of these keywords */
  readonly dialect?: ServiceDialect | undefined;
  readonly rsInitNotifies: boolean;
  readonly smtpAlert: boolean;
  readonly sorryServer: SorryServerConfig | undefined;
  readonly realServers: readonly RealServerConfig[];
}

export interface SorryServerConfig {
  readonly where: string;
  readonly address: IpAddress;
  readonly port: number;
  readonly forwarding: Forwarding;
  /** undefined: ipip without options */
  readonly tunnel?: TunnelConfig | undefined;
  readonly inhibit: boolean;
}

export interface RealServerConfig {
  readonly where: string;
  readonly address: IpAddress;
  readonly port: number;
  readonly weight: number;
  readonly forwarding: Forwarding;
  /** undefined: ipip without options */
  readonly tunnel?: TunnelConfig | undefined;
  readonly vxlan?: VxlanDestination | undefined;
  readonly snmpName?: string | undefined;
  readonly inhibitOnFailure: boolean;
  readonly upperThreshold: number;
  readonly lowerThreshold: number;
  readonly notifyUp: ScriptRef | undefined;
  readonly notifyDown: ScriptRef | undefined;
  readonly smtpAlert: boolean;
  readonly checkers: readonly CheckerConfig[];
}

/** What all checkers that have a clock share, after inheritance from checker, real server and virtual server. */
export interface CheckerPace {
  readonly where: string;
  readonly alpha: boolean;
  readonly delayLoop: Micros;
  readonly retry: number;
  readonly delayBeforeRetry: Micros;
  readonly warmup: Micros;
  readonly logAllFailures: boolean;
}

/** What all checkers share that connect. */
export interface CheckerCommon extends CheckerPace {
  readonly connect: ConnectConfig;
}

export interface ConnectConfig {
  /** the real server's unless `connect_ip` is given */
  readonly address: IpAddress;
  /** the real server's unless `connect_port` is given */
  readonly port: number;
  readonly timeout: Micros;
  readonly bindto: IpAddress | undefined;
  readonly bindPort: number | undefined;
  readonly bindIf: string | undefined;
  readonly fwmark: number | undefined;
}

/** Checkers that ask at intervals. */
export type ProbingCheckerConfig =
  | TcpCheckConfig
  | HttpCheckConfig
  | SslCheckConfig
  | UdpCheckConfig
  | DnsCheckConfig
  | SmtpCheckConfig
  | PingCheckConfig
  | MiscCheckConfig;

export type CheckerConfig = ProbingCheckerConfig | FileCheckConfig | BfdCheckConfig;

export interface TcpCheckConfig extends CheckerCommon {
  readonly kind: "TCP_CHECK";
}

export interface HttpCheckConfig extends WebCheckCommon {
  readonly kind: "HTTP_GET";
}

/** What HTTP_GET and SSL_GET share. */
export interface WebCheckCommon extends CheckerCommon {
  readonly httpProtocol: "1.0" | "1.0C" | "1.1" | "1.1K";
  readonly fastRecovery: boolean;
  readonly urls: readonly UrlConfig[];
}

export interface UrlConfig {
  readonly path: string;
  /** inclusive ranges; 200-299 when the file gives none */
  readonly statusCode: readonly { readonly from: number; readonly to: number }[];
  /** lower-case hex MD5 of the body, undefined when not checked */
  readonly digest: string | undefined;
  /** Host header after inheritance from url, checker, real and virtual server; undefined: address:port */
  readonly virtualhost: string | undefined;
  /** undefined when not checked; without effect yet */
  readonly regex?: RegexConfig | undefined;
  /** SSL_GET only: undefined as the checker */
  readonly tlsCompliant?: boolean | undefined;
}
