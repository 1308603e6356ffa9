/**
 * What links and addresses mean for one virtual router: where it listens, where its adverts come from,
 * which priority it has and what keeps it from taking part. Decides from a view; never looks itself.
 */
import { familyOf, type IpAddress } from "../base/address.ts";
import type { PlacedInstance } from "./devices.ts";
import type { OwnedAddress } from "./ownership.ts";
import type { FaultCause } from "./state.ts";
import type { ObjectsTracked } from "./tracked-objects.ts";
import { evaluateTrackers, type InterfaceTracker } from "./tracker.ts";

/** The part of a link that matters here; `Link` of src/net/rtnetlink.ts. */
export interface SeenLink {
  readonly index: number;
  readonly name: string;
  /** IFF_* of linux/if.h */
  readonly flags: number;
  readonly up: boolean;
}

/** The machine as last seen; `InterfaceMonitor` of src/net/monitor.ts. */
export interface Surroundings {
  linkByName(name: string): SeenLink | undefined;
  addresses(): readonly OwnedAddress[];
}

/** What was found for one router. */
export interface Survey {
  /** the interface that adverts use, 0 and empty for any; undefined while it does not exist */
  readonly place: { readonly ifindex: number; readonly ifname: string } | undefined;
  readonly source: IpAddress | undefined;
  readonly priority: number;
  readonly causes: ReadonlySet<FaultCause>;
}

const IFF_LOOPBACK = 0x8;
const IFF_MULTICAST = 0x1000;
/** RT_SCOPE_LINK of linux/rtnetlink.h: adverts over IPv6 come from such an address, RFC 9568 §5.1.2.1 */
const SCOPE_LINK = 253;
/** RT_SCOPE_HOST of linux/rtnetlink.h: such an address never leaves the machine */
const SCOPE_HOST = 254;

/**
 * @param virtual addresses of all routers: never a source, they come and go
 * @param current the source in use, which stays while it exists: others know us by it
 */
export function survey(
  c: PlacedInstance,
  trackers: readonly InterfaceTracker[],
  seen: Surroundings,
  virtual: ReadonlySet<IpAddress>,
  current: IpAddress | undefined,
  objects?: ObjectsTracked,
): Survey {
  const name = c.interface === "" ? (c.vrf ?? "") : c.interface;
  const link = seen.linkByName(name);
  const tracked = evaluateTrackers(
    c.priority,
    trackers,
    (name) => seen.linkByName(name)?.up ?? false,
    objects,
  );
  const own = c.placement === undefined ? link : seen.linkByName(c.placement.device);
  const source = sourceOf(c, seen, virtual, current);
  const causes = new Set<FaultCause>(tracked.faults);
  const missing = name !== "" && (link === undefined || own === undefined);
  const isUp = name === "" || (link?.up === true && own?.up === true);
  if (missing || !(isUp || c.dontTrackPrimary)) causes.add("interface-down");
  if (source === undefined) causes.add("no-source-address");
  if (link !== undefined && !isFit(c, link.flags)) causes.add("configuration");
  if (c.unicast?.peers.length === 0 || c.deviceTakenBy !== undefined) causes.add("configuration");
  const wire = c.placement === undefined ? link : seen.linkByName(c.placement.wire);
  const place = missing || wire === undefined ? undefined : { ifindex: wire.index, ifname: wire.name };
  return {
    place: name === "" ? { ifindex: 0, ifname: "" } : place,
    source,
    priority: tracked.priority,
    causes,
  };
}

/** The configured source, else the first address of the interface that is nobody's virtual one. */
function sourceOf(
  c: PlacedInstance,
  seen: Surroundings,
  virtual: ReadonlySet<IpAddress>,
  current: IpAddress | undefined,
): IpAddress | undefined {
  const link = seen.linkByName(c.placement?.source ?? (c.interface === "" ? (c.vrf ?? "") : c.interface));
  const configured = c.mcastSrcIp;
  if (configured !== undefined) {
    const missing = (): boolean =>
      !seen
        .addresses()
        .some((a) => a.address === configured && (c.interface === "" || a.ifindex === link?.index));
    return c.trackSrcIp === true && missing() ? undefined : configured;
  }
  if (link === undefined) return undefined;
  const candidates = seen
    .addresses()
    .filter(
      (a) =>
        a.ifindex === link.index &&
        familyOf(a.address) === c.family &&
        (c.family === "ipv4" ? a.scope < SCOPE_HOST : a.scope === SCOPE_LINK) &&
        !virtual.has(a.address),
    );
  return candidates.find((a) => a.address === current)?.address ?? candidates[0]?.address;
}

/** The loopback interface reaches nobody, and a group needs an interface that can multicast. */
function isFit(c: PlacedInstance, flags: number): boolean {
  if (c.interface !== "" && (flags & IFF_LOOPBACK) !== 0) return false;
  return c.unicast !== undefined || (flags & IFF_MULTICAST) !== 0;
}
