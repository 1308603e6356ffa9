/**
 * The parts of the LVS model that go beyond plain services: groups, tunnels, the EulerOS dialect, and
 * most checkers.
 */
import type { Family, IpAddress } from "../base/address.ts";
import type { Micros, Seconds } from "../base/units.ts";
import type { CheckerCommon, CheckerPace, ScriptRef, WebCheckCommon } from "./model.ts";

/** `lvs_method TUN type … [port …] [nocsum|csum|remcsum]` */
export interface TunnelConfig {
  readonly type: "ipip" | "gue" | "gre";
  /** UDP port of gue, 0 for the others */
  readonly port: number;
  readonly checksum: "none" | "csum" | "remcsum";
}

/** Addresses or a mark of a `virtual_server_group`. */
export type GroupEntry =
  | {
      readonly kind: "addresses";
      readonly where: string;
      readonly first: IpAddress;
      /** how many consecutive addresses, 1 to 65536 */
      readonly count: number;
      /** 0: every port */
      readonly port: number;
    }
  | {
      readonly kind: "fwmark";
      readonly where: string;
      readonly mark: number;
      /** undefined: that of the real servers */
      readonly family: Family | undefined;
    };

export interface VirtualServerGroupConfig {
  readonly where: string;
  readonly name: string;
  readonly entries: readonly GroupEntry[];
}

/** `local_address_group`: the source addresses of full NAT. */
export interface LocalAddressGroupConfig {
  readonly where: string;
  readonly name: string;
  readonly addresses: readonly LocalAddress[];
}

export interface LocalAddress {
  readonly first: IpAddress;
  /** 1 to 254 */
  readonly count: number;
  /** interface that shall carry them, where the dialect names one */
  readonly interface: string | undefined;
}

/** `SSL`: what SSL_GET shows to servers. */
export interface SslConfig {
  readonly where: string;
  /** never shown */
  readonly password: string | undefined;
  readonly ca: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
}

/** `LVS_VXLAN_PARAM`: this director's end of the VXLAN tunnels. */
export interface LvsVxlanConfig {
  readonly where: string;
  readonly id: number | undefined;
  readonly localVtep: IpAddress | undefined;
}

/** A network of clients. */
export interface ClientNetwork {
  readonly address: IpAddress;
  /** 1 to 32 */
  readonly prefixLength: number;
}

/** EulerOS and Alibaba keywords of a virtual server. */
export interface ServiceDialect {
  /** `laddr_group_name` */
  readonly localAddressGroup: string | undefined;
  /** interface that carries the service's address while the quorum holds */
  readonly vipBindDev: string | undefined;
  /** undefined: no draining; 0: until the connections end by themselves; up to 3600 */
  readonly tcpDrainingTimeout: Seconds | undefined;
  /** new connections per second, 0 is off; counts only with an interval */
  readonly flowControlCps: number;
  /** seconds over which cps is counted, 0 is off */
  readonly flowControlInterval: Seconds;
  /** simultaneous connections, 0 is off */
  readonly flowControlPc: number;
  /** undefined: everybody may connect; wins over `clientExclude` */
  readonly clientAllow: readonly ClientNetwork[] | undefined;
  readonly clientExclude: readonly ClientNetwork[] | undefined;
  /** no checker runs, all servers are up */
  readonly checkerOff: boolean;
  /** servers of one address share one checker */
  readonly checkerMerge: boolean;
}

/** EulerOS keywords of a real server behind a VXLAN. */
export interface VxlanDestination {
  /** undefined: none, or not completely given */
  readonly mac: string | undefined;
  /** VXLAN network identifier, 0 to 16777215 */
  readonly vni: number | undefined;
  readonly vtep: { readonly address: IpAddress; readonly port: number } | undefined;
  /** undefined: as the virtual server */
  readonly forwarding: "NATinVXLAN" | "FNATinVXLAN" | "FNAT" | "NAT" | undefined;
}

/** What SSL_GET has beyond HTTP_GET. */
export interface SslCheckConfig extends WebCheckCommon {
  readonly kind: "SSL_GET";
  readonly enableSni: boolean;
  /** undefined: the virtualhost */
  readonly sniName: string | undefined;
  readonly tlsCompliant: boolean;
}

/** Bytes that a reply must have; `mask` 0 marks bits that may be anything. */
export interface ReplyPattern {
  /** hexadecimal, two digits a byte */
  readonly bytes: string;
  readonly mask: string;
}

export interface UdpCheckConfig extends CheckerCommon {
  readonly kind: "UDP_CHECK";
  /** hexadecimal; undefined: the built-in filler */
  readonly payload: string | undefined;
  readonly requireReply: boolean;
  readonly replyPattern: ReplyPattern | undefined;
  readonly minReplyLength: number;
  readonly maxReplyLength: number;
  /** the dialect asks by ICMP first unless `ping_check_off` is given; false for keepalived's own UDP_CHECK */
  readonly pingCheckOff: boolean;
}

export interface DnsCheckConfig extends CheckerCommon {
  readonly kind: "DNS_CHECK";
  readonly type: "A" | "NS" | "CNAME" | "SOA" | "MX" | "TXT" | "AAAA" | "RRSIG" | "DNSKEY";
  /** "." is the root */
  readonly name: string;
}

export interface SmtpCheckConfig extends CheckerCommon {
  readonly kind: "SMTP_CHECK";
  readonly heloName: string;
}

export interface PingCheckConfig extends CheckerCommon {
  readonly kind: "PING_CHECK";
}

export interface MiscCheckConfig extends CheckerPace {
  readonly kind: "MISC_CHECK";
  readonly script: ScriptRef;
  readonly timeout: Micros;
  /** exit status 2 to 255 sets the weight to status - 2 */
  readonly dynamic: boolean;
}

export interface FileCheckConfig {
  readonly kind: "FILE_CHECK";
  readonly where: string;
  readonly trackFile: string;
  /** undefined: that of the track_file */
  readonly weight: number | undefined;
  readonly reverse: boolean | undefined;
}

export interface BfdCheckConfig {
  readonly kind: "BFD_CHECK";
  readonly where: string;
  /** of a bfd_instance */
  readonly name: string;
  readonly alpha: boolean;
}

/** What a body must contain, or must not; PCRE2's options by keepalived's names. */
export interface RegexConfig {
  readonly pattern: string;
  /** the check fails when it is found */
  readonly inverted: boolean;
  /** option words, in order, without repetition */
  readonly options: readonly string[];
  /** earliest and latest start of a match in bytes; undefined: unlimited */
  readonly minOffset: number;
  readonly maxOffset: number | undefined;
  readonly stack: { readonly start: number; readonly max: number } | undefined;
}
