/**
 * From configuration to what one virtual router works with: parameters, receive rules, trackers, addresses.
 * Decides what the words of a vrrp_instance mean; never looks at the machine, which enters as arguments.
 */
import type { IpAddress } from "../base/address.ts";
import type { Micros } from "../base/units.ts";
import type { ConfigModel, VirtualAddress, VrrpInstanceConfig } from "../config/model.ts";
import type { AnnounceTimes } from "./announce.ts";
import { ownInterface, type PlacedInstance } from "./devices.ts";
import { allAddresses, deviceOf, trackedByObjects } from "./objects.ts";
import type { VrrpParams } from "./state.ts";
import type { InterfaceTracker } from "./tracker.ts";

/**
 * What makes an instance the same one after a reload; its name may change.
 *
 * @see vrrp-behaviour 15: VRID, family, configured interface, the group or the unicast source, and whether
 * it has interfaces of its own
 */
export function instanceKey(c: VrrpInstanceConfig): string {
  const words = [c.vmac && "vmac", c.ipvlan && "ipvlan", c.useVmacAddr === true && "vmac-addr"];
  const how = words.filter((word) => typeof word === "string").join(" ");
  return `${instancePlace(c)} ${how}`.trimEnd();
}

/** Where an instance is heard and as what: two in one place hear each other. */
export function instancePlace(c: VrrpInstanceConfig): string {
  const where = c.unicast === undefined ? (c.mcastDstIp ?? "") : `unicast ${c.mcastSrcIp ?? ""}`;
  return `${c.family} ${c.virtualRouterId} ${c.interface} ${where}`.trimEnd();
}

/**
 * @param priority after the trackers
 * @param sourceAddress undefined when the interface has none
 */
export function paramsOf(
  c: VrrpInstanceConfig,
  priority: number,
  sourceAddress: IpAddress | undefined,
): VrrpParams {
  return {
    name: c.name,
    interface: c.interface,
    version: c.version,
    virtualRouterId: c.virtualRouterId,
    basePriority: c.priority,
    priority,
    advertInterval: c.advertInt,
    downTimerAdverts: c.downTimerAdverts,
    sourceAddress,
    addresses: c.virtualIpaddress.map((v) => v.address),
    preemptMode: !c.nopreempt,
    preemptDelay: c.preemptDelay,
    skipCheckAdvAddr: c.skipCheckAdvAddr,
    lowerPrioNoAdvert: c.lowerPrioNoAdvert,
    higherPrioSendAdvert: c.higherPrioSendAdvert,
    announceOnLowerPriority: c.garp.lowerPrioRepeat > 0,
    reportsDeletion: c.notifyDeleted?.report,
    announcesSource: c.unicast !== undefined,
    timerExpiredBackup: c.timerExpiredBackup,
  };
}

/** Interfaces to watch: those configured, and those of addresses that are not marked no_track. */
export function trackersOf(c: PlacedInstance): readonly InterfaceTracker[] {
  const trackers = new Map<string, InterfaceTracker>();
  for (const v of allAddresses(c)) {
    const dev = deviceOf(c, v);
    if (v.noTrack || dev === c.interface || dev === ownInterface(c)) continue;
    trackers.set(dev, { interface: dev, weight: 0, reverse: false });
  }
  for (const dev of trackedByObjects(c))
    if (dev !== c.interface) trackers.set(dev, { interface: dev, weight: 0, reverse: false });
  for (const t of c.trackInterface) {
    if (t.interface !== c.interface) trackers.set(t.interface, t);
  }
  return [...trackers.values()];
}

export function announceTimesOf(c: VrrpInstanceConfig): AnnounceTimes {
  return { ...c.garp, extraInterval: c.garpExtraIf?.interval ?? (0 as Micros) };
}

/** What a reload did to what an instance sets; `added` when there are addresses to announce. */
export function addressChange(
  was: VrrpInstanceConfig,
  now: VrrpInstanceConfig,
): "same" | "changed" | "added" {
  const before = new Set(allAddresses(was).map((v) => identity(was, v)));
  const after = allAddresses(now).map((v) => identity(now, v));
  if (after.some((v) => !before.has(v))) return "added";
  const same = before.size === new Set(after).size && otherObjects(was) === otherObjects(now);
  return same ? "same" : "changed";
}

/** Routes, rules and whether traffic is accepted, comparable. */
function otherObjects({ virtualRoutes = [], virtualRules = [], accept = true }: VrrpInstanceConfig): string {
  return withoutPlaces([virtualRoutes, virtualRules, accept]);
}

/** Addresses that a reload takes away, with the interface they are on. */
export function leavingAddresses(
  was: VrrpInstanceConfig,
  now: VrrpInstanceConfig,
): readonly { readonly address: IpAddress; readonly prefixLength: number; readonly interface: string }[] {
  const staying = new Set(allAddresses(now).map((v) => identity(now, v)));
  return allAddresses(was)
    .filter((v) => !staying.has(identity(was, v)))
    .map((v) => ({ address: v.address, prefixLength: v.prefixLength, interface: deviceOf(was, v) }));
}

function identity(c: VrrpInstanceConfig, v: VirtualAddress): string {
  return withoutPlaces([deviceOf(c, v), { ...v, dev: undefined, noTrack: false }]);
}

/** Whether a reload changed nothing of an instance; where its block stands in the file is no difference. */
export function sameInstance(a: VrrpInstanceConfig, b: VrrpInstanceConfig): boolean {
  return withoutPlaces(a) === withoutPlaces(b);
}

/** Whether a router's machine has nothing new to hear. */
export function sameParams(a: VrrpParams, b: VrrpParams): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function withoutPlaces(part: unknown): string {
  return JSON.stringify(part, (name, value: unknown) => (name === "where" ? undefined : value));
}

/**
 * The instances, with what `track_group` adds: they track the interfaces of the group's static entries.
 *
 * @see keepalived.conf(5) "track_group"
 */
export function withTrackGroups(model: ConfigModel): readonly VrrpInstanceConfig[] {
  const { trackGroups = [], staticAddresses = [], staticRoutes = [], staticRules = [] } = model;
  if (trackGroups.length === 0) return model.vrrpInstances;
  const entries = [
    ...[...staticAddresses, ...staticRoutes].map(({ trackGroup, dev }) => ({ trackGroup, dev })),
    ...staticRules.map(({ trackGroup, iif: dev }) => ({ trackGroup, dev })),
  ];
  const devices = new Map<string, Set<string>>();
  for (const group of trackGroups)
    for (const member of group.members)
      for (const { trackGroup, dev } of entries)
        if (trackGroup === group.name && dev !== undefined)
          devices.set(member, (devices.get(member) ?? new Set()).add(dev));
  return model.vrrpInstances.map((c) => {
    const tracked = new Set(c.trackInterface.map((t) => t.interface));
    const more = [...(devices.get(c.name) ?? [])].filter((dev) => !tracked.has(dev));
    if (more.length === 0) return c;
    const added = more.map((dev) => ({ interface: dev, weight: 0, reverse: false }));
    return { ...c, trackInterface: [...c.trackInterface, ...added] };
  });
}
