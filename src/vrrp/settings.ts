/**
 * From configuration to what one virtual router works with: parameters, receive rules, trackers, addresses.
 * Decides what the words of a vrrp_instance mean; never looks at the machine, which enters as arguments.
 */
import type { IpAddress } from "../base/address.ts";
import type { VirtualAddress, VrrpInstanceConfig } from "../config/model.ts";
import type { AnnounceTimes } from "./announce.ts";
import type { OwnedAddress } from "./ownership.ts";
import type { VrrpParams } from "./state.ts";
import type { InterfaceTracker } from "./tracker.ts";

/**
 * What makes an instance the same one after a reload; its name may change.
 *
 * @see vrrp-behaviour 15: VRID, family, configured interface, and the group or the unicast source
 */
export function instanceKey(c: VrrpInstanceConfig): string {
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
  };
}

/** Interfaces to watch: those configured, and those of addresses that are not marked no_track. */
export function trackersOf(c: VrrpInstanceConfig): readonly InterfaceTracker[] {
  const trackers = new Map<string, InterfaceTracker>();
  for (const v of allAddresses(c)) {
    const dev = v.dev ?? c.interface;
    if (v.noTrack || dev === c.interface) continue;
    trackers.set(dev, { interface: dev, weight: 0, reverse: false });
  }
  for (const t of c.trackInterface) {
    if (t.interface !== c.interface) trackers.set(t.interface, t);
  }
  return [...trackers.values()];
}

export function announceTimesOf(c: VrrpInstanceConfig): AnnounceTimes {
  return c.garp;
}

/** First the addresses that adverts carry, then the excluded ones. */
export function allAddresses(c: VrrpInstanceConfig): readonly VirtualAddress[] {
  return [...c.virtualIpaddress, ...c.virtualIpaddressExcluded];
}

/** @returns undefined while the address's interface does not exist */
export function ownedAddress(
  c: VrrpInstanceConfig,
  v: VirtualAddress,
  indexOf: (name: string) => number | undefined,
): OwnedAddress | undefined {
  const ifindex = indexOf(v.dev ?? c.interface);
  if (ifindex === undefined) return undefined;
  return {
    ifindex,
    address: v.address,
    prefixLength: v.prefixLength,
    scope: v.scope,
    ...(v.label === undefined ? {} : { label: v.label }),
    ...(v.broadcast === undefined ? {} : { broadcast: v.broadcast }),
  };
}

/** What a reload did to the addresses an instance sets. */
export function addressChange(
  was: VrrpInstanceConfig,
  now: VrrpInstanceConfig,
): "same" | "changed" | "added" {
  const before = new Set(allAddresses(was).map((v) => identity(was, v)));
  const after = allAddresses(now).map((v) => identity(now, v));
  if (after.some((v) => !before.has(v))) return "added";
  return before.size === new Set(after).size ? "same" : "changed";
}

/** Addresses that a reload takes away, with the interface they are on. */
export function leavingAddresses(
  was: VrrpInstanceConfig,
  now: VrrpInstanceConfig,
): readonly { readonly address: IpAddress; readonly prefixLength: number; readonly interface: string }[] {
  const staying = new Set(allAddresses(now).map((v) => identity(now, v)));
  return allAddresses(was)
    .filter((v) => !staying.has(identity(was, v)))
    .map((v) => ({ address: v.address, prefixLength: v.prefixLength, interface: v.dev ?? was.interface }));
}

function identity(c: VrrpInstanceConfig, v: VirtualAddress): string {
  return JSON.stringify([v.address, v.prefixLength, v.dev ?? c.interface, v.label, v.broadcast, v.scope]);
}

/** Whether a reload changed nothing of an instance; where its block stands in the file is no difference. */
export function sameInstance(a: VrrpInstanceConfig, b: VrrpInstanceConfig): boolean {
  const text = (c: VrrpInstanceConfig): string =>
    JSON.stringify(c, (name, value: unknown) => (name === "where" ? undefined : value));
  return text(a) === text(b);
}
