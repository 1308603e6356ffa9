/**
 * The part of `global_defs` and of the file's root keywords that only some deployments use. The builder
 * fills in all of it; the fields are optional so that a configuration made by hand needs none.
 */
import type { IpAddress } from "../base/address.ts";
import type { Micros, Seconds } from "../base/units.ts";
import type { ScriptRef } from "./model.ts";

/** A FIFO that receives events, and who may read it. */
export interface FifoConfig {
  readonly path: string;
  readonly uid: number;
  readonly gid: number;
}

export interface LvsTimeouts {
  /** undefined: the kernel's value stays; 0 to 2678400 */
  readonly tcp: Seconds | undefined;
  readonly tcpfin: Seconds | undefined;
  readonly udp: Seconds | undefined;
}

/** `lvs_sync_daemon`: the kernel's connection synchronisation. */
export interface LvsSyncDaemon {
  readonly interface: string;
  /** vrrp_instance whose state selects master or backup; undefined: both roles permanently */
  readonly instance: string | undefined;
  /** 0-255; undefined: the VRID of `instance`, or 0 */
  readonly id: number | undefined;
  /** 1-65507 bytes */
  readonly maxlen: number | undefined;
  readonly port: number | undefined;
  /** 1-255 */
  readonly ttl: number | undefined;
  readonly group: IpAddress | undefined;
}

export interface NftablesConfig {
  readonly table: string;
  /** of the base chains, default -1 */
  readonly priority: number;
}

export interface NftablesIpvsConfig extends NftablesConfig {
  /** first fwmark that is given away, default 1000 */
  readonly startFwmark: number;
}

/** SO_RCVBUF of a netlink socket; `size` undefined or 0: the kernel's default. */
export interface ReceiveBuffer {
  /** bytes */
  readonly size: number | undefined;
  readonly force: boolean;
}

export interface SnmpConfig {
  /** net-snmp transport, e.g. `unix:/var/agentx/master` */
  readonly socket: string | undefined;
  readonly traps: boolean;
  readonly vrrp: boolean;
  readonly rfc2787: boolean;
  readonly rfc6527: boolean;
  readonly checker: boolean;
  /** 0.001 to 30 s, default 5 s */
  readonly virtualServerInterval: Micros;
  readonly realServerInterval: Micros;
}

export interface DbusConfig {
  readonly enabled: boolean;
  readonly serviceName: string;
  readonly noInterfaceName: string | undefined;
}

/** `reload_check_config`, and the dialect's `test_config_before_reload`, `reload_check_log_path`, `reload_enable_rollback`. */
export interface ReloadConfig {
  /** the new configuration is tested before the running one is left */
  readonly check: boolean;
  readonly checkLog: string | undefined;
  readonly rollback: boolean;
  readonly timeFile: string | undefined;
  readonly repeat: boolean;
  /** marker file; "" is the default path */
  readonly markerFile: string | undefined;
}

/** `vrrp_garp_extra_if` */
export interface GarpExtraInterfaces {
  /** also interfaces of addresses that are not on a VMAC */
  readonly all: boolean;
  readonly interval: Seconds;
}

export interface GlobalExtras {
  readonly useSymlinkPaths?: boolean | undefined;
  readonly setSupplementaryGroups?: boolean | undefined;
  readonly startupScript?: ScriptRef | undefined;
  readonly startupScriptTimeout?: Seconds | undefined;
  readonly shutdownScript?: ScriptRef | undefined;
  readonly shutdownScriptTimeout?: Seconds | undefined;
  /** -1 to 99: ceiling of automatic real-time priority raises; 0 off, -1 off and silent */
  readonly maxAutoPriority?: number | undefined;
  readonly minAutoPriorityDelay?: Micros | undefined;
  /** undefined: interfaces must exist */
  readonly dynamicInterfaces?: "yes" | "allow_if_changes" | undefined;
  readonly noEmailFaults?: boolean | undefined;
  readonly noCheckerEmails?: boolean | undefined;
  readonly defaultInterface?: string | undefined;
  readonly disableLocalIgmp?: boolean | undefined;
  readonly v3ChecksumAsV2?: boolean | undefined;
  readonly lvsTimeouts?: LvsTimeouts | undefined;
  readonly lvsSyncDaemon?: LvsSyncDaemon | undefined;
  readonly vrrpMcastGroup6?: IpAddress | undefined;
  readonly garpExtraInterfaces?: GarpExtraInterfaces | undefined;
  readonly minGarp?: boolean | undefined;
  /** least pause between two unsolicited neighbour advertisements on one interface */
  readonly gnaInterval?: Micros | undefined;
  readonly vrrpStrict?: boolean | undefined;
  readonly vrrpCheckUnicastSrc?: boolean | undefined;
  readonly vrrpNotifyPriorityChanges?: boolean | undefined;
  readonly vrrpOwnerIgnoreAdverts?: boolean | undefined;
  readonly logUnknownVrids?: boolean | undefined;
  readonly vmacPrefix?: string | undefined;
  readonly vmacAddrPrefix?: string | undefined;
  readonly vrrpStartupDelay?: Micros | undefined;
  readonly vrrpDelayAfterBoot?: Micros | undefined;
  /** bytes, or what the buffer is sized for */
  readonly vrrpRxBufsPolicy?: number | "mtu" | "advert" | undefined;
  readonly vrrpRxBufsMultiplier?: number | undefined;
  /** chains of `vrrp_iptables`; "" is none */
  readonly vrrpIptables?: { readonly input: string; readonly output: string } | undefined;
  /** undefined: not given; empty: no ipsets */
  readonly vrrpIpsets?: readonly string[] | undefined;
  readonly nftables?: NftablesConfig | undefined;
  readonly nftablesIfindex?: boolean | undefined;
  readonly nftablesIpvs?: NftablesIpvsConfig | undefined;
  readonly nftablesCounters?: boolean | undefined;
  readonly notifyFifo?: FifoConfig | undefined;
  readonly notifyFifoScript?: ScriptRef | undefined;
  readonly vrrpNotifyFifo?: FifoConfig | undefined;
  readonly vrrpNotifyFifoScript?: ScriptRef | undefined;
  readonly lvsNotifyFifo?: FifoConfig | undefined;
  readonly lvsNotifyFifoScript?: ScriptRef | undefined;
  readonly fifoWriteVrrpStatesOnReload?: boolean | undefined;
  readonly noSwap?: { readonly vrrp: boolean; readonly checker: boolean; readonly bfd: boolean } | undefined;
  readonly bfdProcess?: BfdScheduling | undefined;
  readonly snmp?: SnmpConfig | undefined;
  readonly dbus?: DbusConfig | undefined;
  readonly receiveBuffers?:
    | {
        readonly vrrpCommand: ReceiveBuffer;
        readonly vrrpMonitor: ReceiveBuffer;
        readonly lvsCommand: ReceiveBuffer;
        readonly lvsMonitor: ReceiveBuffer;
        readonly processMonitor: ReceiveBuffer;
      }
    | undefined;
  /** file creation mask, default 0177 */
  readonly umask?: number | undefined;
  readonly randomSeed?: number | undefined;
  readonly reload?: ReloadConfig | undefined;
  readonly configSaveDir?: string | undefined;
  readonly tmpConfigDirectory?: string | undefined;
  readonly dataUseInstance?: boolean | undefined;
  readonly jsonVersion?: 1 | 2 | undefined;
  readonly iprouteUsrDir?: string | undefined;
  readonly iprouteEtcDir?: string | undefined;
  readonly stateDumpFile?: string | undefined;
  readonly statsDumpFile?: string | undefined;
  readonly jsonDumpFile?: string | undefined;
  // root keywords
  readonly linkbeatUsePolling?: boolean | undefined;
  readonly netNamespace?: string | undefined;
  /** "" is the namespace of process 1 */
  readonly netNamespaceIpvs?: string | undefined;
  readonly namespaceWithIpsets?: boolean | undefined;
  readonly usePidDir?: boolean | undefined;
  readonly instance?: string | undefined;
}

/** The BFD child's scheduling, as `SchedulingConfig`. */
export interface BfdScheduling {
  readonly priority: number | undefined;
  readonly rtPriority: number | undefined;
  readonly rlimitRttime: Micros;
  readonly cpuAffinity: readonly number[];
}
