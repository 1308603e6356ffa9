/**
 * The parts of the VRRP side's configuration that only some deployments use: groups, trackers, static
 * entries, routes, rules and the rarer settings of an instance. The builder fills in all of it; the
 * fields are optional in `ConfigModel` and `VrrpInstanceConfig`, so that a configuration made by hand
 * needs none.
 */
import type { Family, IpAddress } from "../base/address.ts";
import type { Micros, Seconds } from "../base/units.ts";
import type { ScriptRef, TrackedInterface, VirtualAddress } from "./model.ts";

/** The top-level blocks of the VRRP side besides `vrrp_instance`. */
export interface VrrpSections {
  readonly syncGroups: readonly SyncGroupConfig[];
  readonly trackScripts: readonly TrackScriptConfig[];
  readonly trackFiles: readonly TrackFileConfig[];
  readonly trackProcesses: readonly TrackProcessConfig[];
  readonly trackGroups: readonly TrackGroupConfig[];
  readonly bfdInstances: readonly BfdInstanceConfig[];
  readonly garpGroups: readonly GarpGroupConfig[];
  readonly staticAddresses: readonly VirtualAddress[];
  readonly staticRoutes: readonly RouteConfig[];
  readonly staticRules: readonly RuleConfig[];
  readonly interfaceDelays: readonly InterfaceDelay[];
  readonly linkbeatInterfaces: readonly LinkbeatInterface[];
}

/** The rarer settings of a `vrrp_instance`. */
export interface InstanceExtras {
  /** undefined: runs on the interface itself */
  readonly vmac: VmacConfig | undefined;
  readonly ipvlan: IpvlanConfig | undefined;
  readonly useVmacAddr: boolean;
  /** adverts go through the parent interface */
  readonly vmacXmitBase: boolean;
  /** source address, peers; undefined: multicast */
  readonly unicast: UnicastConfig | undefined;
  /** interface-less unicast instances only */
  readonly vrf: string | undefined;
  /** undefined: the global group, named or not */
  readonly mcastDstIp: IpAddress | undefined;
  readonly trackSrcIp: boolean;
  readonly trackScripts: readonly TrackedObject[];
  readonly trackFiles: readonly TrackedObject[];
  readonly trackProcesses: readonly TrackedObject[];
  readonly trackBfd: readonly TrackedObject[];
  readonly virtualRoutes: readonly RouteConfig[];
  readonly virtualRules: readonly RuleConfig[];
  readonly promoteSecondaries: boolean;
  /** what somebody else deletes is put back at once */
  readonly vipRestore: boolean;
  readonly linkbeatUsePolling: boolean;
  readonly v3ChecksumAsV2: boolean;
  /** undefined: detect peers that use it */
  readonly oldUnicastChecksum: "always" | "never" | undefined;
  /** traffic to the virtual addresses is accepted */
  readonly accept: boolean;
  readonly strictMode: boolean;
  readonly noVirtualIpaddress: boolean;
  /** 0-4, kept only */
  readonly debug: number;
  /** `report`: DELETED is reported when a reload removes the instance, else FAULT */
  readonly notifyDeleted: { readonly report: boolean; readonly script: ScriptRef | undefined };
  readonly notifyMasterRxLowerPri: ScriptRef | undefined;
  readonly notifyPriorityChanges: boolean;
  /** 1-254: priority a rival is assumed to have after a stall; undefined: off */
  readonly timerExpiredBackup: number | undefined;
  /** undefined: none; `all`: also interfaces that are no VMACs of ours */
  readonly garpExtraIf: { readonly all: boolean; readonly interval: Micros } | undefined;
  readonly ownerIgnoreAdverts: boolean;
  /** bytes */
  readonly kernelRxBufSize: number | undefined;
  readonly authHmac: AuthHmacConfig | undefined;
  readonly lvsSyncDaemonInterface: string | undefined;
}

export interface VmacConfig {
  /** undefined: made from prefix and VRID */
  readonly name: string | undefined;
  /** lower-case, colons; undefined: the virtual router MAC of RFC 9568 §7.3 */
  readonly mac: string | undefined;
  readonly netlinkNotifyMsg: boolean;
  /** link group; undefined: the parent's */
  readonly group: number | undefined;
}

export interface IpvlanConfig {
  readonly name: string | undefined;
  readonly address: { readonly address: IpAddress; readonly prefixLength: number } | undefined;
  readonly mode: "bridge" | "private" | "vepa";
  readonly group: number | undefined;
}

export interface UnicastConfig {
  readonly source: IpAddress | undefined;
  readonly peers: readonly UnicastPeer[];
  readonly checkSource: boolean;
  readonly faultNoPeer: boolean;
  /** 0-255; undefined: 255 for IPv4, the kernel's for IPv6 */
  readonly ttl: number | undefined;
}

export interface UnicastPeer {
  readonly where: string;
  readonly address: IpAddress;
  /** 0-255 */
  readonly minTtl: number;
  readonly maxTtl: number;
}

export interface AuthHmacConfig {
  /** in order of the file; secret */
  readonly keys: readonly { readonly id: number; readonly key: HmacKeySource }[];
  readonly activeKey: number;
  readonly timeWindow: Seconds;
  readonly antiReplay: "time" | "monotonic";
  readonly mode: "enforce" | "permissive" | "receive-only";
}

/** Where a key comes from: hexadecimal bytes, or a file that holds them. */
export type HmacKeySource =
  | { readonly kind: "hex"; readonly hex: string }
  | { readonly kind: "file"; readonly path: string };

/** Something that is tracked, by name, with the weight that counts here. */
export interface TrackedObject {
  readonly name: string;
  /** 0: failure is a fault (of a file: any value but 0); else -254..254 */
  readonly weight: number;
  readonly reverse: boolean;
}

export interface SyncGroupConfig {
  readonly where: string;
  readonly name: string;
  /** names of instances that exist */
  readonly members: readonly string[];
  readonly trackInterface: readonly TrackedInterface[];
  readonly trackScripts: readonly TrackedObject[];
  readonly trackFiles: readonly TrackedObject[];
  readonly trackProcesses: readonly TrackedObject[];
  readonly trackBfd: readonly TrackedObject[];
  readonly notify: {
    readonly master: ScriptRef | undefined;
    readonly backup: ScriptRef | undefined;
    readonly fault: ScriptRef | undefined;
    readonly stop: ScriptRef | undefined;
    /** gets GROUP, name, state and 0 appended */
    readonly any: ScriptRef | undefined;
  };
  readonly smtpAlert: boolean;
  /** weighted trackers of members count */
  readonly trackingWeight: boolean;
  /** undefined: the members' own setting */
  readonly notifyPriorityChanges: boolean | undefined;
}

export interface TrackScriptConfig {
  readonly where: string;
  readonly name: string;
  /** `shell`: a redirection test like `</dev/tcp/127.0.0.1/80`, for the shell */
  readonly script: ScriptRef | { readonly shell: string; readonly uid: number; readonly gid: number };
  readonly interval: Micros;
  readonly timeout: Micros;
  readonly weight: number;
  readonly reverse: boolean;
  readonly rise: number;
  readonly fall: number;
  /** it counts as failed until it has succeeded */
  readonly initFail: boolean;
}

export interface TrackFileConfig {
  readonly where: string;
  readonly name: string;
  readonly file: string;
  readonly weight: number;
  readonly reverse: boolean;
  /** undefined: the file is not written */
  readonly initFile: { readonly value: number; readonly overwrite: boolean } | undefined;
}

export interface TrackProcessConfig {
  readonly where: string;
  readonly name: string;
  readonly process: string;
  readonly parameters: readonly string[];
  readonly match: "exact" | "partial" | "initial";
  /** the command line is compared, not only the command's name */
  readonly fullCommand: boolean;
  readonly weight: number;
  readonly reverse: boolean;
  readonly quorum: number;
  /** undefined: no limit */
  readonly quorumMax: number | undefined;
  readonly terminateDelay: Micros;
  readonly forkDelay: Micros;
}

export interface TrackGroupConfig {
  readonly where: string;
  readonly name: string;
  readonly members: readonly string[];
}

export interface BfdInstanceConfig {
  readonly where: string;
  readonly name: string;
  readonly neighbor: IpAddress;
  readonly source: IpAddress | undefined;
  readonly minRx: Micros;
  readonly minTx: Micros;
  readonly idleTx: Micros;
  readonly multiplier: number;
  readonly passive: boolean;
  /** sent */
  readonly ttl: number;
  /** the least that a received packet may have; 0: not checked */
  readonly minTtl: number;
  readonly multihop: boolean;
  readonly weight: number;
  readonly reverse: boolean;
  /** which processes hear of it */
  readonly vrrp: boolean;
  readonly checker: boolean;
}

export interface GarpGroupConfig {
  readonly where: string;
  /** 0: no limit */
  readonly garpInterval: Micros;
  readonly gnaInterval: Micros;
  readonly interfaces: readonly string[];
}

export interface InterfaceDelay {
  readonly interface: string;
  readonly down: Micros;
  readonly up: Micros;
}

export interface LinkbeatInterface {
  readonly interface: string;
  /** undefined: the first one that works */
  readonly method: "MII" | "ETHTOOL" | "IOCTL" | undefined;
}

export interface Prefix {
  readonly address: IpAddress;
  readonly prefixLength: number;
}

export interface RouteConfig {
  readonly where: string;
  readonly family: Family;
  readonly type: string;
  readonly destination: Prefix;
  readonly via: IpAddress | undefined;
  readonly source: IpAddress | undefined;
  readonly from: Prefix | undefined;
  readonly dev: string | undefined;
  readonly onlink: boolean;
  readonly encap: EncapConfig | undefined;
  /** undefined: main, or the VRF's */
  readonly table: number | undefined;
  readonly vrf: string | undefined;
  readonly protocol: number;
  /** rtnetlink scope number; undefined: what fits the type */
  readonly scope: number | undefined;
  readonly tos: number;
  readonly metric: number;
  readonly expires: Seconds | undefined;
  /** RTAX attributes by the word of the file; times in milliseconds */
  readonly metrics: Readonly<Record<string, number | string>>;
  /** words of `metrics` that path discovery must not change */
  readonly locks: readonly string[];
  readonly realms: { readonly from: number; readonly to: number } | undefined;
  readonly pref: number | undefined;
  readonly ttlPropagate: boolean | undefined;
  readonly operation: "add" | "append" | "prepend";
  readonly nexthops: readonly NexthopConfig[];
  readonly noTrack: boolean;
  readonly trackGroup: string | undefined;
}

export interface NexthopConfig {
  readonly via: IpAddress | undefined;
  readonly dev: string | undefined;
  /** 1-256 */
  readonly weight: number;
  readonly onlink: boolean;
  readonly encap: EncapConfig | undefined;
  readonly realms: { readonly from: number; readonly to: number } | undefined;
}

export type EncapConfig =
  | {
      readonly kind: "ip" | "ip6";
      /** decimal, 64 bits */
      readonly id: string | undefined;
      readonly dst: IpAddress | undefined;
      readonly src: IpAddress | undefined;
      readonly tos: number | undefined;
      readonly ttl: number | undefined;
      readonly flags: number | undefined;
    }
  | { readonly kind: "mpls"; readonly labels: readonly number[] }
  /** 16 hexadecimal digits */
  | { readonly kind: "ila"; readonly locator: string };

export type RuleAction =
  | { readonly kind: "table"; readonly table: number }
  | { readonly kind: "goto"; readonly preference: number }
  | { readonly kind: "nop" | "blackhole" | "unreachable" | "prohibit" | "l3mdev" };

export interface RuleConfig {
  readonly where: string;
  readonly family: Family;
  readonly invert: boolean;
  readonly from: Prefix | undefined;
  readonly to: Prefix | undefined;
  readonly preference: number;
  readonly action: RuleAction;
  readonly tos: number;
  readonly fwmark: { readonly value: number; readonly mask: number } | undefined;
  readonly realms: { readonly from: number; readonly to: number } | undefined;
  readonly suppressPrefixlength: number | undefined;
  readonly suppressIfgroup: number | undefined;
  readonly iif: string | undefined;
  readonly oif: string | undefined;
  /** decimal, 64 bits */
  readonly tunnelId: string | undefined;
  readonly uidrange: NumberRange | undefined;
  readonly protocol: number;
  readonly ipproto: number | undefined;
  readonly sport: NumberRange | undefined;
  readonly dport: NumberRange | undefined;
  readonly noTrack: boolean;
  readonly trackGroup: string | undefined;
}

export interface NumberRange {
  readonly from: number;
  readonly to: number;
}
