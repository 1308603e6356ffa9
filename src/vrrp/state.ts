/**
 * The nouns of one virtual router: its parameters, states, events and effects, all plain data.
 * Decides nothing; `instance.ts` says which event leads where.
 */
import type { IpAddress } from "../base/address.ts";
import type { Centiseconds, Instant, Micros } from "../base/units.ts";
import type { VrrpLogFields, VrrpLogId } from "../log/catalogue/vrrp.ts";
import type { RejectReason } from "./admission.ts";
import type { Advertisement } from "./packet.ts";
import type { StateName } from "./vocabulary.ts";

/** What the configuration and the trackers say about a virtual router at this moment. */
export interface VrrpParams {
  readonly name: string;
  readonly interface: string;
  readonly version: 2 | 3;
  readonly virtualRouterId: number;
  /** as configured, 1-255; 255 is the address owner */
  readonly basePriority: number;
  /** after the trackers, 1-254, or 255 for the owner */
  readonly priority: number;
  readonly advertInterval: Centiseconds;
  readonly downTimerAdverts: number;
  /** what our adverts come from and ties are decided by; undefined only in FAULT */
  readonly sourceAddress: IpAddress | undefined;
  /** in the order in which adverts carry them */
  readonly addresses: readonly IpAddress[];
  readonly preemptMode: boolean;
  /** 0: none */
  readonly preemptDelay: Micros;
  readonly skipCheckAdvAddr: boolean;
  readonly lowerPrioNoAdvert: boolean;
  readonly higherPrioSendAdvert: boolean;
  /** a lower advert makes us announce our addresses again */
  readonly announceOnLowerPriority: boolean;
  /** unicast: leaving FAULT, peers are told where our source address is */
  readonly announcesSource?: boolean | undefined;
  /** 1-254: a rival of this priority that may have taken over while we slept; undefined: we do not ask */
  readonly timerExpiredBackup?: number | undefined;
  /** the startup delay: until then nobody is heard and no timer runs */
  readonly quietUntil?: Instant | undefined;
  /** in a sync group: active only when the group says so; `owners` when all its members are owners */
  readonly group?: "owners" | "mixed" | undefined;
  /** a reload that drops the instance is told as DELETED, not as FAULT */
  readonly reportsDeletion?: boolean | undefined;
}

/** Why a router cannot take part. The same cause twice is one cause; all must clear. */
export type FaultCause =
  | "interface-down"
  | "no-source-address"
  | "duplicate-vrid"
  /** loopback, or no multicast */
  | "configuration"
  | "socket-failed"
  | `tracked:${string}`
  /** something tracked has not reported yet: FAULT, but nobody is told */
  | `pending:${string}`
  /** another member of the sync group is in fault */
  | "group";

/** What was complained about since the state last changed: each once. */
export type Complaint =
  | RejectReason
  | "interval-differs"
  | "address-count"
  | "address-missing"
  | "own-address"
  | "send-failed"
  | "two-owners";

/** What outlives a change between backup and active. */
export interface Memory {
  /** learned from the Active Router in version 3, our own in version 2 */
  readonly activeAdverInterval: Centiseconds;
  /** who was heard last as Active Router */
  readonly peer: { readonly address: IpAddress; readonly priority: number } | undefined;
  readonly complained: readonly Complaint[];
  /** an owner that steps back to 254 because another owner insists */
  readonly yielding: boolean;
}

/** Another owner with a lower address: first two adverts of patience, then a last deadline. */
export type Rival =
  | { readonly kind: "warned"; readonly advertsLeft: number; readonly interval: Centiseconds }
  | { readonly kind: "watched"; readonly until: Instant };

export type BackupState = Memory & {
  readonly name: "backup";
  readonly activeDownAt: Instant;
  /** end of preempt_delay; undefined when it is not running and has not run */
  readonly preemptAt: Instant | undefined;
  /** the timer expired, but the sync group has to agree */
  readonly wantsActive?: true;
};
export type ActiveState = Memory & {
  readonly name: "active";
  readonly adverAt: Instant;
  readonly rival: Rival | undefined;
};
/** `silent`: nothing but `pending` causes so far */
export interface FaultState {
  readonly name: "fault";
  readonly causes: readonly FaultCause[];
  readonly silent?: true;
}
export type VrrpState =
  | { readonly name: "initialize"; readonly causes: readonly FaultCause[] }
  | BackupState
  | ActiveState
  | FaultState
  | { readonly name: "stopped" };

export type VrrpEvent =
  | { readonly kind: "startup" }
  | { readonly kind: "deadline" }
  | { readonly kind: "advertReceived"; readonly advert: Advertisement; readonly from: IpAddress }
  | {
      readonly kind: "advertRejected";
      readonly reason: RejectReason;
      readonly from: IpAddress;
      readonly received: number;
      readonly expected: number;
    }
  | { readonly kind: "faultRaised" | "faultCleared"; readonly cause: FaultCause }
  /** all members of the sync group change together */
  | { readonly kind: "groupDirected"; readonly to: "active" | "backup" }
  /** one of our addresses was taken away by somebody else */
  | { readonly kind: "addressLost" }
  /** `params` replace the current ones; `addresses` says what a reload did to those we must set */
  | {
      readonly kind: "paramsChanged";
      readonly params: VrrpParams;
      readonly addresses: "same" | "changed" | "added";
    }
  /** `release: false` is --dont-release-vrrp */
  | { readonly kind: "shutdown"; readonly release: boolean }
  /** a reload dropped this instance */
  | { readonly kind: "removed" }
  | {
      readonly kind: "effectFailed";
      readonly effect: "sendAdvert";
      readonly errno: number;
      readonly reason: string;
    };

/** Receive and transition statistics, named as the counters of the stats dump. */
export type Counter =
  | "advertRcvd"
  | "becomeMaster"
  | "releaseMaster"
  | "packetLenErr"
  | "ipTtlErr"
  | "invalidTypeRcvd"
  | "advertIntervalErr"
  | "addrListErr"
  | "invalidAuthtype"
  | "authtypeMismatch"
  | "authFailure"
  | "priZeroRcvd"
  | "priZeroSent"
  | "advertSent"
  | "chksumErr"
  | "versionErr"
  | "authExtMissing"
  | "authExtMalformed"
  | "authExtUnknownKey"
  | "authExtInvalidHmac"
  | "authExtStale"
  | "authExtReplay";

/** A line to write; the sentence is in the catalogue. */
export type LogEffect = {
  readonly [K in VrrpLogId]: { readonly kind: "log"; readonly id: K; readonly fields: VrrpLogFields[K] };
}[VrrpLogId];

export type TransitionReason =
  | "startup"
  | "timeout"
  | "higherPriority"
  | "fault"
  | "faultCleared"
  | "addressLost"
  | "stalled"
  | "group"
  | "shutdown"
  | "removed";

export interface Transition {
  readonly kind: "publishTransition";
  readonly from: StateName;
  readonly to: StateName;
  readonly reason: TransitionReason;
  /** the effective priority that notify scripts are told */
  readonly priority: number;
}

/**
 * Gratuitous ARPs and neighbour advertisements: `takeover` starts the whole schedule, `lowerPriority` one
 * burst now and one later, `added` one burst.
 */
export type AnnounceRound = "takeover" | "lowerPriority" | "added";

/** Plain data, so that a step can be recorded. The order in a list is contract. */
export type VrrpEffect =
  | { readonly kind: "sendAdvert"; readonly priority: number }
  /** the addresses: all of them on their interfaces, or none */
  | { readonly kind: "setOwned"; readonly owned: boolean }
  /** `source`: the address that adverts come from, once */
  | { readonly kind: "announce"; readonly round: AnnounceRound | "source" }
  | Transition
  /** what is no change of state, but wanted by notifications */
  | {
      readonly kind: "publishEvent";
      readonly event: "priorityChanged" | "lowerPriorityHeard";
      readonly priority: number;
    }
  | { readonly kind: "count"; readonly counter: Counter }
  | LogEffect;

export interface Step {
  readonly state: VrrpState;
  readonly effects: readonly VrrpEffect[];
}

/** Where every instance begins. */
export const initialState: VrrpState = { name: "initialize", causes: [] };

/** When the shell must send a `deadline` event; undefined: nothing to wait for. */
export function nextDeadline(s: VrrpState): Instant | undefined {
  if (s.name === "backup") return s.activeDownAt;
  if (s.name !== "active") return undefined;
  return s.rival?.kind === "watched" && s.rival.until < s.adverAt ? s.rival.until : s.adverAt;
}

/** What we compare and send: an owner that yields counts as 254. */
export function ownPriority(p: VrrpParams, m: Pick<Memory, "yielding">): number {
  if (p.basePriority !== 255) return p.priority;
  return m.yielding ? 254 : 255;
}
