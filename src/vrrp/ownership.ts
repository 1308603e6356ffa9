/**
 * Which addresses, routes and rules must be added and deleted so that the kernel holds exactly what an
 * owner should have. Compares what is wanted with what is there; never talks to the kernel, and running it
 * twice does nothing the second time.
 */
import { familyOf } from "../base/address.ts";
import type { Prefix, RuleConfig } from "../config/model-vrrp.ts";
import type {
  KernelAddress,
  KernelObject,
  KernelRoute,
  ObjectOperation,
  RouteIdentity,
  RuleIdentity,
} from "../net/kernel-objects.ts";

export type OwnedAddress = KernelAddress;

/** What the kernel tells addresses apart by. */
export function addressKey(a: Pick<OwnedAddress, "ifindex" | "address" | "prefixLength">): string {
  return `${a.ifindex} ${a.address}/${a.prefixLength}`;
}

/** Metric that the kernel gives an IPv6 route without one. */
const DEFAULT_METRIC_6 = 1024;

/** What tells a route from others, in reports as in what we set. */
export function routeKey(r: RouteIdentity): string {
  const metric = r.family === "ipv6" && r.metric === 0 ? DEFAULT_METRIC_6 : r.metric;
  return `route ${r.type} ${r.destination}/${r.prefixLength} via ${r.gateway ?? "-"} table ${r.table} tos ${r.tos} metric ${metric}`;
}

/** What tells a rule from others, in reports as in what we set. */
export function ruleKey(r: RuleIdentity): string {
  return `rule ${r.family} ${r.preference}: ${r.invert ? "not " : ""}${[
    textOf(r.from),
    textOf(r.to),
    r.iif ?? "",
    r.oif ?? "",
    r.fwmark,
    r.action,
    r.table,
  ].join(" ")}`;
}

function textOf(prefix: Prefix | undefined): string {
  return prefix === undefined ? "-" : `${prefix.address}/${prefix.prefixLength}`;
}

/** How the kernel will report a route of ours. */
function routeIdentity({ route: r, table }: KernelRoute): RouteIdentity {
  return {
    family: r.family,
    type: r.type,
    destination: r.destination.address,
    prefixLength: r.destination.prefixLength,
    table,
    tos: r.tos,
    metric: r.metric,
    gateway: r.via ?? (r.nexthops.length === 1 ? r.nexthops[0]?.via : undefined),
  };
}

/** How the kernel will report a rule of ours: a prefix of length 0 selects everything and is not kept. */
function ruleIdentity(r: RuleConfig): RuleIdentity {
  return {
    family: r.family,
    preference: r.preference,
    invert: r.invert,
    from: r.from?.prefixLength === 0 ? undefined : r.from,
    to: r.to?.prefixLength === 0 ? undefined : r.to,
    action: r.action.kind,
    table: r.action.kind === "table" ? r.action.table : 0,
    fwmark: r.fwmark?.value ?? 0,
    iif: r.iif,
    oif: r.oif,
  };
}

/** What the kernel tells objects apart by. */
export function objectKey(o: KernelObject): string {
  switch (o.kind) {
    case "address":
      return addressKey(o.address);
    case "route":
      return routeKey(routeIdentity(o.route));
    case "rule":
      return ruleKey(ruleIdentity(o.rule));
  }
}

/**
 * The order in which kinds are set: addresses before the routes that may use them as a source, routes
 * before the rules that lead to them. They are removed rules first, then routes, addresses, and last those
 * that adverts do not carry, as keepalived does.
 */
export function phaseOf({ action, object }: ObjectOperation): number {
  switch (object.kind) {
    case "address":
      return action === "add" ? Number(object.excluded) : 2 + Number(object.excluded);
    case "route":
      return action === "add" ? 2 : 1;
    case "rule":
      return action === "add" ? 3 : 0;
  }
}

/**
 * Deletions first, in reverse order of `actual`, so that secondary addresses go before their primary;
 * then additions in the order of `desired`, which decides what becomes primary. The caller sorts by
 * {@link phaseOf}.
 *
 * @param actual what is there and is ours to delete
 * @param desired what should be there; of two entries with one key the first counts
 */
export function diffObjects(
  actual: readonly KernelObject[],
  desired: readonly KernelObject[],
): ObjectOperation[] {
  const wanted = new Map<string, KernelObject>();
  for (const d of desired) {
    const key = objectKey(d);
    if (!wanted.has(key)) wanted.set(key, d);
  }
  const kept = new Set<string>();
  const operations: ObjectOperation[] = [];
  for (const object of actual.toReversed()) {
    const key = objectKey(object);
    const d = wanted.get(key);
    if (d !== undefined && isAsWanted(object, d)) kept.add(key);
    else operations.push({ action: "delete", object });
  }
  for (const [key, object] of wanted) if (!kept.has(key)) operations.push({ action: "add", object });
  return operations;
}

/** Whether an object is there with everything that is wanted of it. */
export function isAsWanted(actual: KernelObject, desired: KernelObject): boolean {
  if (actual.kind === "address" && desired.kind === "address")
    return sameAddress(actual.address, desired.address);
  if (actual === desired) return true;
  return propertiesOf(actual) === propertiesOf(desired);
}

/** A label or broadcast that the configuration does not name may be whatever the kernel chose. */
function sameAddress(actual: KernelAddress, desired: KernelAddress): boolean {
  return (
    actual.scope === desired.scope &&
    actual.peer === desired.peer &&
    actual.preferredLft === desired.preferredLft &&
    (actual.addressFlags ?? []).join() === (desired.addressFlags ?? []).join() &&
    (desired.label === undefined || desired.label === actual.label) &&
    (desired.broadcast === undefined || desired.broadcast === actual.broadcast)
  );
}

/** Words of the file that the kernel never sees. */
const OURS_ALONE = new Set(["where", "noTrack", "trackGroup"]);

function propertiesOf(o: KernelObject): string {
  return JSON.stringify(o, (name, value: unknown) => (OURS_ALONE.has(name) ? undefined : value));
}

/** Interfaces that an object needs, as far as the configuration names them. */
export function interfacesOf(o: KernelObject): readonly number[] {
  if (o.kind === "address") return [o.address.ifindex];
  return o.kind === "rule" ? [] : [o.route.oif, ...o.route.hops].filter((ifindex) => ifindex !== undefined);
}

/** Whether an object needs this interface. */
export function isOn(o: KernelObject, ifindex: number): boolean {
  return interfacesOf(o).includes(ifindex);
}

/**
 * Whether deleting an address can take other objects along: an IPv4 primary its secondaries, any address
 * the routes that use it as their source or that led through its network.
 */
export function takesAlong({ action, object }: ObjectOperation): "addresses" | "routes" | undefined {
  if (action === "add" || object.kind !== "address") return undefined;
  const { address, prefixLength } = object.address;
  return familyOf(address) === "ipv4" && prefixLength < 32 ? "addresses" : "routes";
}
