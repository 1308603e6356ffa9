/**
 * Which addresses, routes and rules an instance sets while it is active, and which the static blocks set
 * for as long as the process runs. Decides what the words of the configuration mean for the kernel; where
 * interfaces are enters as an argument.
 */
import type { Family } from "../base/address.ts";
import type { ConfigModel, VirtualAddress, VrrpInstanceConfig } from "../config/model.ts";
import type { RouteConfig, RuleConfig } from "../config/model-vrrp.ts";
import type { KernelAddress, KernelObject, KernelRoute } from "../net/kernel-objects.ts";
import { ownInterface, type PlacedInstance } from "./devices.ts";

/** What has to be known about interfaces. */
export interface Interfaces {
  linkByName(name: string): { readonly index: number; readonly vrfTable?: number | undefined } | undefined;
}

/** The blocks that stand outside of instances. */
export interface StaticObjects {
  readonly addresses: readonly VirtualAddress[];
  readonly routes: readonly RouteConfig[];
  readonly rules: readonly RuleConfig[];
}

/** A part of the configuration whose interface does not exist now. */
export interface Waiting {
  readonly what: string;
  readonly interface: string;
  readonly where: string;
}

export interface Desired {
  readonly objects: readonly KernelObject[];
  readonly waiting: readonly Waiting[];
}

const RT_TABLE_MAIN = 254;

/** First the addresses that adverts carry, then the excluded ones. */
export function allAddresses(c: VrrpInstanceConfig): readonly VirtualAddress[] {
  return [...c.virtualIpaddress, ...c.virtualIpaddressExcluded];
}

export function staticObjects(model: ConfigModel): StaticObjects {
  return {
    addresses: model.staticAddresses ?? [],
    routes: model.staticRoutes ?? [],
    rules: model.staticRules ?? [],
  };
}

/** The interface that an address is put on. */
export function deviceOf(c: PlacedInstance, v: VirtualAddress): string {
  return v.dev ?? ownInterface(c);
}

/** Everything an instance sets, in the order in which it is set. */
export function instanceObjects(c: VrrpInstanceConfig, interfaces: Interfaces): Desired {
  const found = new Finder(interfaces);
  for (const v of c.virtualIpaddress) found.address(v, deviceOf(c, v), false);
  for (const v of c.virtualIpaddressExcluded) found.address(v, deviceOf(c, v), true);
  for (const route of c.virtualRoutes ?? []) found.route(route);
  for (const rule of c.virtualRules ?? []) found.rule(rule);
  return found;
}

/** Everything the static blocks set, in that order. */
export function desiredStatics(s: StaticObjects, interfaces: Interfaces): Desired {
  const found = new Finder(interfaces);
  for (const v of s.addresses) found.address(v, v.dev ?? "", false);
  for (const route of s.routes) found.route(route);
  for (const rule of s.rules) found.rule(rule);
  return found;
}

class Finder implements Desired {
  readonly objects: KernelObject[] = [];
  readonly waiting: Waiting[] = [];
  readonly #interfaces: Interfaces;

  constructor(interfaces: Interfaces) {
    this.#interfaces = interfaces;
  }

  address(v: VirtualAddress, dev: string, excluded: boolean): void {
    const ifindex = this.#index(dev, v.address, v.where);
    if (ifindex === null || ifindex === undefined) return;
    this.objects.push({ kind: "address", excluded, address: kernelAddress(v, ifindex) });
  }

  route(route: RouteConfig): void {
    const what = `${route.destination.address}/${route.destination.prefixLength}`;
    const oif = this.#index(route.dev, what, route.where);
    const hops = route.nexthops.map((hop) => this.#index(hop.dev, what, route.where));
    const table = this.#table(route, what);
    if (oif === null || table === null || hops.includes(null)) return;
    this.objects.push({
      kind: "route",
      route: { route, table, oif, hops: hops.map((hop) => hop ?? undefined) } satisfies KernelRoute,
    });
  }

  /** Rules name interfaces; the kernel keeps the names and waits by itself. */
  rule(rule: RuleConfig): void {
    this.objects.push({ kind: "rule", rule });
  }

  #table(route: RouteConfig, what: string): number | null {
    if (route.table !== undefined) return route.table;
    if (route.vrf === undefined) return RT_TABLE_MAIN;
    const table = this.#interfaces.linkByName(route.vrf)?.vrfTable;
    if (table !== undefined) return table;
    this.waiting.push({ what, interface: route.vrf, where: route.where });
    return null;
  }

  /** @returns undefined when no interface is named, null when it does not exist (noted) */
  #index(name: string | undefined, what: string, where: string): number | undefined | null {
    if (name === undefined) return undefined;
    const index = this.#interfaces.linkByName(name)?.index;
    if (index !== undefined) return index;
    this.waiting.push({ what, interface: name, where });
    return null;
  }
}

function kernelAddress(v: VirtualAddress, ifindex: number): KernelAddress {
  return {
    ifindex,
    address: v.address,
    prefixLength: v.peer?.prefixLength ?? v.prefixLength,
    scope: v.scope,
    ...(v.peer === undefined ? {} : { peer: v.peer.address }),
    ...(v.label === undefined ? {} : { label: v.label }),
    ...(v.broadcast === undefined ? {} : { broadcast: v.broadcast }),
    ...(v.addressFlags === undefined ? {} : { addressFlags: v.addressFlags }),
    ...(v.preferredLft === undefined ? {} : { preferredLft: v.preferredLft }),
  };
}

/** Whether losing an object to somebody else matters to its instance. */
export function isTracked(c: VrrpInstanceConfig, o: KernelObject): boolean {
  switch (o.kind) {
    case "address":
      return !allAddresses(c).some((v) => v.noTrack && v.address === o.address.address);
    case "route":
      return !o.route.route.noTrack;
    case "rule":
      return !o.rule.noTrack;
  }
}

/** How logs call an object; the words are those of ip(8). */
export function describeObject(o: KernelObject, nameOf: (ifindex: number) => string): string {
  switch (o.kind) {
    case "address":
      return `${o.address.address}/${o.address.prefixLength} dev ${nameOf(o.address.ifindex)}`;
    case "route": {
      const { destination, via, dev, table } = o.route.route;
      return words([
        `${destination.address}/${destination.prefixLength}`,
        via === undefined ? "" : `via ${via}`,
        dev === undefined ? "" : `dev ${dev}`,
        table === undefined ? "" : `table ${table}`,
      ]);
    }
    case "rule": {
      const { from, to, preference, action } = o.rule;
      return words([
        from === undefined ? "" : `from ${from.address}/${from.prefixLength}`,
        to === undefined ? "" : `to ${to.address}/${to.prefixLength}`,
        `priority ${preference}`,
        action.kind === "table" ? `lookup ${action.table}` : action.kind,
      ]);
    }
  }
}

function words(parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join(" ");
}

/** Where in the file an object stands. */
export function whereOf(o: KernelObject, addresses: readonly VirtualAddress[], otherwise: string): string {
  switch (o.kind) {
    case "address":
      return addresses.find((v) => v.address === o.address.address)?.where ?? otherwise;
    case "route":
      return o.route.route.where;
    case "rule":
      return o.rule.where;
  }
}

/** Interfaces that an instance's routes and rules need, unless they are not tracked. */
export function trackedByObjects(c: VrrpInstanceConfig): readonly string[] {
  return [
    ...(c.virtualRoutes ?? []).flatMap(routeInterfaces),
    ...(c.virtualRules ?? []).flatMap(ruleInterfaces),
  ];
}

function routeInterfaces(r: RouteConfig): readonly string[] {
  if (r.noTrack) return [];
  return [r.dev, ...r.nexthops.map((hop) => hop.dev)].filter((name) => name !== undefined);
}

function ruleInterfaces(r: RuleConfig): readonly string[] {
  return r.noTrack ? [] : [r.iif, r.oif].filter((name) => name !== undefined);
}

/** Interfaces whose return brings back what the kernel dropped with them. */
export function staticInterfaces(s: StaticObjects): readonly string[] {
  const routes = s.routes.flatMap((r) => [r.dev, r.vrf, ...r.nexthops.map((hop) => hop.dev)]);
  return [...s.addresses.map((v) => v.dev), ...routes].filter((name) => name !== undefined);
}

/** keepalived watches static entries only when they are tracked; here they are always put back. */
export function watchedGroups(
  instances: readonly VrrpInstanceConfig[],
  s: StaticObjects,
): {
  readonly routes: ReadonlySet<Family>;
  readonly rules: ReadonlySet<Family>;
} {
  const routes = [...instances.flatMap((c) => c.virtualRoutes ?? []).filter((r) => !r.noTrack), ...s.routes];
  const rules = [...instances.flatMap((c) => c.virtualRules ?? []).filter((r) => !r.noTrack), ...s.rules];
  return { routes: new Set(routes.map((r) => r.family)), rules: new Set(rules.map((r) => r.family)) };
}
