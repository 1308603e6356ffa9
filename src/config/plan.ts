/**
 * The difference between the running and the next configuration, by key; pure. `where` never counts.
 * It is for people and for deciding whom to tell; children compute their own work from the new model.
 */
import type { ConfigModel, VirtualServerTarget } from "./model.ts";

export interface Change {
  readonly kind: "added" | "removed" | "changed";
  /** e.g. `vrrp_instance VI_1`, `virtual_server 10.0.0.1:80/tcp`, `… real_server 10.0.0.2:80` */
  readonly what: string;
  /** changed fields, dotted, in model order; empty unless `changed` */
  readonly fields: readonly string[];
}

export interface ReloadPlan {
  readonly global: readonly string[];
  readonly vrrpInstances: readonly Change[];
  readonly virtualServers: readonly Change[];
  readonly realServers: readonly Change[];
}

export declare function planReload(running: ConfigModel, next: ConfigModel): ReloadPlan;
/** @returns one line, for example `1 real server changed (weight)`, or `nothing changed` */
export declare function summarisePlan(plan: ReloadPlan): string;
/** The key by which a virtual server is the same one after a reload, e.g. `10.0.0.1:80/tcp`, `fwmark 7/ipv4`. */
export declare function virtualServerKey(target: VirtualServerTarget): string;
