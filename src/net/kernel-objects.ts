/**
 * What this daemon sets in the kernel besides links: addresses, routes and rules, as plain data. Types
 * only, so that those who decide what is wanted and those who speak to the kernel share them.
 */
import type { Family, IpAddress } from "../base/address.ts";
import type { Prefix, RouteConfig, RuleAction, RuleConfig } from "../config/model-vrrp.ts";

/** An address on an interface, as the kernel knows it. */
export interface KernelAddress {
  readonly ifindex: number;
  /** the local address, on point-to-point links too */
  readonly address: IpAddress;
  /** that of the peer when there is one */
  readonly prefixLength: number;
  readonly peer?: IpAddress;
  /** IPv4 only, at most 15 bytes; the name of the interface unless somebody gave another */
  readonly label?: string;
  readonly broadcast?: IpAddress;
  /** 0 global, 200 site, 253 link, 254 host; the kernel chooses by itself for IPv6 */
  readonly scope: number;
  /** words of the file: home, -nodad, mngtmpaddr, noprefixroute, autojoin */
  readonly addressFlags?: readonly string[];
  /** seconds; undefined: 0 for an IPv6 /128, so that it is never chosen as a source, else for ever */
  readonly preferredLft?: number | "forever";
}

/** A configured route with its names looked up. */
export interface KernelRoute {
  readonly route: RouteConfig;
  /** RT_TABLE_* or another number */
  readonly table: number;
  /** undefined: the kernel finds it by the gateway */
  readonly oif: number | undefined;
  /** for each of `route.nexthops` */
  readonly hops: readonly (number | undefined)[];
}

/** The fields of a kernel message that tell routes apart. */
export interface RouteIdentity {
  readonly family: Family;
  /** as in ip-route(8) */
  readonly type: string;
  readonly destination: IpAddress;
  readonly prefixLength: number;
  readonly table: number;
  readonly tos: number;
  readonly metric: number;
  /** undefined: directly, or by several hops */
  readonly gateway: IpAddress | undefined;
}

/** The fields of a kernel message that tell rules apart. */
export interface RuleIdentity {
  readonly family: Family;
  readonly preference: number;
  readonly invert: boolean;
  readonly from: Prefix | undefined;
  readonly to: Prefix | undefined;
  readonly action: RuleAction["kind"];
  /** 0 when the action is another than looking into a table */
  readonly table: number;
  readonly fwmark: number;
  readonly iif: string | undefined;
  readonly oif: string | undefined;
}

export type KernelObject =
  /** `excluded`: adverts do not carry it; it is set after those that are carried */
  | { readonly kind: "address"; readonly address: KernelAddress; readonly excluded: boolean }
  | { readonly kind: "route"; readonly route: KernelRoute }
  | { readonly kind: "rule"; readonly rule: RuleConfig };

export interface ObjectOperation {
  readonly action: "add" | "delete";
  readonly object: KernelObject;
}

/** What the firewall keeps away from virtual addresses, and where it sends membership reports. */
export interface FirewallContent {
  /** addresses that accept no traffic, with the interface they are on */
  readonly refused: readonly {
    readonly address: IpAddress;
    readonly ifindex: number;
    readonly ifname: string;
  }[];
  readonly diverted: readonly DivertedVmac[];
}

/** A VMAC whose IGMP or MLD reports shall leave by its parent. */
export interface DivertedVmac {
  readonly ifindex: number;
  readonly parent: number;
  readonly family: Family;
}
