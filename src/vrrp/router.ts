/**
 * What the shell keeps about one virtual router besides the core's state, and how it is shown to others.
 * A record; it decides nothing.
 */
import type { IpAddress } from "../base/address.ts";
import type { Instant } from "../base/units.ts";
import type { FieldValue } from "../log/entry.ts";
import { type AnnounceSchedule, noAnnouncements } from "./announce.ts";
import type { PlacedInstance } from "./devices.ts";
import { instanceKey, instancePlace, paramsOf, trackersOf } from "./settings.ts";
import {
  type Counter,
  type FaultCause,
  initialState,
  ownPriority,
  type VrrpParams,
  type VrrpState,
} from "./state.ts";
import { type ObjectTracker, objectTrackersOf } from "./tracked-objects.ts";
import type { InterfaceTracker } from "./tracker.ts";
import { keepalivedState, keepalivedStateNumber } from "./vocabulary.ts";
import { Wire, type WireContext } from "./wire.ts";

/** One virtual router as the shell runs it. */
export interface Router {
  config: PlacedInstance;
  params: VrrpParams;
  readonly wire: Wire;
  trackers: readonly InterfaceTracker[];
  objects: readonly ObjectTracker[];
  state: VrrpState;
  schedule: AnnounceSchedule;
  /** causes that the machine has been told of */
  causes: ReadonlySet<FaultCause>;
  /** another instance has our VRID on our interface */
  duplicate: boolean;
  readonly counters: Record<Counter, number>;
  /** seconds since the epoch */
  lastTransition: number;
  lastAdvert: { readonly from: IpAddress; readonly priority: number; readonly at: Instant } | undefined;
}

function createRouter(config: PlacedInstance, context: WireContext): Router {
  return {
    config,
    params: paramsOf(config, config.priority, undefined),
    wire: new Wire(config, context),
    trackers: trackersOf(config),
    objects: objectTrackersOf(config),
    state: initialState,
    schedule: noAnnouncements,
    causes: new Set(),
    duplicate: false,
    counters: zeroCounters(),
    lastTransition: 0,
    lastAdvert: undefined,
  };
}

/** An instance with the configuration that it is about to get. */
export interface Planned {
  readonly router: Router;
  readonly config: PlacedInstance;
}

/**
 * Which instances a configuration keeps, adds and drops. Names do not count; two with one VRID in one
 * place are told apart by name.
 *
 * @param before by the keys that this function gave last time
 */
export function matchInstances(
  before: ReadonlyMap<string, Router>,
  instances: readonly PlacedInstance[],
  context: WireContext,
): {
  readonly routers: ReadonlyMap<string, Router>;
  readonly added: readonly Router[];
  readonly kept: readonly Planned[];
  readonly removed: readonly Router[];
  /** those that stay, in the order of the configuration */
  readonly planned: readonly Planned[];
} {
  const routers = new Map<string, Router>();
  const added: Router[] = [];
  const kept: Planned[] = [];
  const planned: Planned[] = [];
  for (const config of instances) {
    const shared = instanceKey(config);
    const key = routers.has(shared) ? `${shared} ${config.name}` : shared;
    const known = before.get(key);
    const router = known ?? createRouter(config, context);
    routers.set(key, router);
    planned.push({ router, config });
    if (known === undefined) added.push(router);
    else kept.push({ router, config });
  }
  const removed = [...before].flatMap(([key, router]) => (routers.has(key) ? [] : router));
  return { routers, added, kept, removed, planned };
}

/**
 * Routers that would take an earlier one's adverts for their own: one VRID on one wire.
 *
 * @param segmentOf the interface whose wire an interface is on: the lower one of a macvlan
 */
export function findDuplicates(
  planned: readonly Planned[],
  segmentOf: (name: string) => string,
): ReadonlySet<Router> {
  const sharing = new Map<string, readonly PlacedInstance[]>();
  const duplicates = new Set<Router>();
  for (const { router, config } of planned) {
    const place = instancePlace({ ...config, interface: segmentOf(config.interface) });
    const others = sharing.get(place) ?? [];
    sharing.set(place, [...others, config]);
    if (others.some((other) => meet(other, config))) duplicates.add(router);
  }
  return duplicates;
}

/** Unicast routers with one source and one VRID only meet when they have a peer in common. */
function meet(a: PlacedInstance, b: PlacedInstance): boolean {
  const peers = new Set(a.unicast?.peers.map(({ address }) => address));
  return a.unicast === undefined || (b.unicast?.peers ?? []).some(({ address }) => peers.has(address));
}

/** A reload gives a kept router its new words; what the machine knows stays. */
export function reconfigure(router: Router, config: PlacedInstance, context: WireContext): void {
  router.config = config;
  router.wire.configure(config, context);
  router.trackers = trackersOf(config);
  router.objects = objectTrackersOf(config);
}

function zeroCounters(): Record<Counter, number> {
  return {
    advertRcvd: 0,
    advertSent: 0,
    becomeMaster: 0,
    releaseMaster: 0,
    packetLenErr: 0,
    ipTtlErr: 0,
    invalidTypeRcvd: 0,
    advertIntervalErr: 0,
    addrListErr: 0,
    invalidAuthtype: 0,
    authtypeMismatch: 0,
    authFailure: 0,
    priZeroRcvd: 0,
    priZeroSent: 0,
    chksumErr: 0,
    versionErr: 0,
    authExtMissing: 0,
    authExtMalformed: 0,
    authExtUnknownKey: 0,
    authExtInvalidHmac: 0,
    authExtStale: 0,
    authExtReplay: 0,
  };
}

/** What dumps, status and metrics show of a router; plain data. */
export function snapshotOf(r: Router): FieldValue {
  const { config: c, params: p, state: s } = r;
  const peer = s.name === "backup" || s.name === "active" ? s.peer : undefined;
  return {
    name: c.name,
    state: keepalivedState(s.name),
    stateNumber: keepalivedStateNumber(s.name),
    configuredState: c.state,
    interface: c.interface,
    virtualRouterId: c.virtualRouterId,
    version: c.version,
    priority: c.priority,
    effectivePriority: s.name === "backup" || s.name === "active" ? ownPriority(p, s) : p.priority,
    advertIntervalCentiseconds: c.advertInt,
    sourceAddress: p.sourceAddress ?? null,
    vips: c.virtualIpaddress.map((v) => `${v.address}/${v.prefixLength}`),
    evips: c.virtualIpaddressExcluded.map((v) => `${v.address}/${v.prefixLength}`),
    faults: s.name === "fault" || s.name === "initialize" ? [...s.causes] : [],
    masterAddress: s.name === "active" ? (p.sourceAddress ?? null) : (peer?.address ?? null),
    masterPriority: s.name === "active" ? ownPriority(p, s) : (peer?.priority ?? null),
    lastTransition: r.lastTransition,
    lastAdvert:
      r.lastAdvert === undefined
        ? null
        : { from: r.lastAdvert.from, priority: r.lastAdvert.priority, atMicros: r.lastAdvert.at },
    counters: { ...r.counters },
  };
}
