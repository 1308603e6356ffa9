/**
 * What the shell keeps about one virtual router besides the core's state, and how it is shown to others.
 * A record; it decides nothing.
 */
import type { IpAddress } from "../base/address.ts";
import type { Instant } from "../base/units.ts";
import type { VrrpInstanceConfig } from "../config/model.ts";
import type { FieldValue } from "../log/entry.ts";
import { type AnnounceSchedule, noAnnouncements } from "./announce.ts";
import type { Authentication, ReceiveRules } from "./packet.ts";
import { authenticationOf, instanceKey, paramsOf, receiveRulesOf, trackersOf } from "./settings.ts";
import {
  type Counter,
  type FaultCause,
  initialState,
  ownPriority,
  type VrrpParams,
  type VrrpState,
} from "./state.ts";
import type { InterfaceTracker } from "./tracker.ts";
import { keepalivedState, keepalivedStateNumber } from "./vocabulary.ts";

/** One virtual router as the shell runs it. */
export interface Router {
  readonly key: string;
  config: VrrpInstanceConfig;
  params: VrrpParams;
  rules: ReceiveRules;
  authentication: Authentication;
  trackers: readonly InterfaceTracker[];
  state: VrrpState;
  schedule: AnnounceSchedule;
  /** causes that the machine has been told of */
  causes: ReadonlySet<FaultCause>;
  /** another instance has our VRID on our interface */
  duplicate: boolean;
  /** index of the interface, undefined while it does not exist */
  ifindex: number | undefined;
  readonly counters: Record<Counter, number>;
  /** seconds since the epoch */
  lastTransition: number;
  lastAdvert: { readonly from: IpAddress; readonly priority: number; readonly at: Instant } | undefined;
}

export function createRouter(config: VrrpInstanceConfig): Router {
  return {
    key: instanceKey(config),
    config,
    params: paramsOf(config, config.priority, undefined),
    rules: receiveRulesOf(config),
    authentication: authenticationOf(config),
    trackers: trackersOf(config),
    state: initialState,
    schedule: noAnnouncements,
    causes: new Set(),
    duplicate: false,
    ifindex: undefined,
    counters: zeroCounters(),
    lastTransition: 0,
    lastAdvert: undefined,
  };
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
