/**
 * How a virtual router changes its state: what happens on the way, in which order. Decides the order of
 * effects (it is contract); never decides whether to go.
 */
import type { IpAddress } from "../base/address.ts";
import {
  after,
  between,
  type Centiseconds,
  type Instant,
  type Micros,
  microsFromCentiseconds,
} from "../base/units.ts";
import type { VrrpLogFields, VrrpLogId } from "../log/catalogue/vrrp.ts";
import {
  type ActiveState,
  type BackupState,
  type Complaint,
  type FaultCause,
  type FaultState,
  type LogEffect,
  type Memory,
  ownPriority,
  type Step,
  type TransitionReason,
  type VrrpEffect,
  type VrrpParams,
  type VrrpState,
} from "./state.ts";
import { activeDownInterval, skewTime } from "./timers.ts";
import type { StateName } from "./vocabulary.ts";

/** A log effect; the type ties the fields to the id. */
export function log<K extends VrrpLogId>(id: K, fields: VrrpLogFields[K]): LogEffect {
  return { kind: "log", id, fields } as LogEffect;
}

export function stay(state: VrrpState, effects: readonly VrrpEffect[] = []): Step {
  return { state, effects };
}

/** The memory of a router that has heard nobody. */
export function freshMemory(p: VrrpParams): Memory {
  return { activeAdverInterval: p.advertInterval, peer: undefined, complained: [], yielding: false };
}

/** An owner's timers count 255 even while it yields. */
function timerPriority(p: VrrpParams): number {
  return p.basePriority === 255 ? 255 : p.priority;
}

/** Active_Down_Interval with what we know now. */
export function downAt(p: VrrpParams, interval: Centiseconds, now: Instant): Instant {
  return after(now, activeDownInterval({ ...timerInputs(p), activeAdverInterval: interval }));
}

/** Skew_Time alone: the wait of a router that knows nobody is active. */
export function skewAt(p: VrrpParams, interval: Centiseconds, now: Instant): Instant {
  return after(now, skewTime({ ...timerInputs(p), activeAdverInterval: interval }));
}

function timerInputs(p: VrrpParams): { version: 2 | 3; priority: number; downTimerAdverts: number } {
  return { version: p.version, priority: timerPriority(p), downTimerAdverts: p.downTimerAdverts };
}

/** One advert interval after `from`. */
export function nextAdvert(p: VrrpParams, from: Instant): Instant {
  return after(from, microsFromCentiseconds(p.advertInterval));
}

/** Adds a complaint to those already made; the line is written only the first time. */
export function complainOnce<M extends Memory>(
  m: M,
  complaint: Complaint,
  line: VrrpEffect,
): { readonly memory: M; readonly effects: readonly VrrpEffect[] } {
  if (m.complained.includes(complaint)) return { memory: m, effects: [] };
  return { memory: { ...m, complained: [...m.complained, complaint] }, effects: [line] };
}

function published(from: StateName, to: StateName, reason: TransitionReason, priority: number): VrrpEffect {
  return { kind: "publishTransition", from, to, reason, priority };
}

/** An advert that says we stop. keepalived counts and mentions it. */
function resign(p: VrrpParams): readonly VrrpEffect[] {
  return [
    { kind: "sendAdvert", priority: 0 },
    { kind: "count", counter: "priZeroSent" },
    log("sent-priority-zero", { instance: p.name }),
  ];
}

/**
 * Takes over. The advert goes out before any address is set, so that other backups stay down.
 *
 * @see RFC 9568 §6.4.2
 */
export function toActive(
  p: VrrpParams,
  from: StateName,
  m: Memory,
  now: Instant,
  reason: TransitionReason,
): Step {
  const state: ActiveState = {
    name: "active",
    activeAdverInterval: p.advertInterval,
    peer: m.peer,
    complained: [],
    yielding: false,
    adverAt: nextAdvert(p, now),
    rival: undefined,
  };
  return {
    state,
    effects: [
      { kind: "sendAdvert", priority: ownPriority(p, m) },
      log("entering-master", { instance: p.name }),
      { kind: "count", counter: "becomeMaster" },
      { kind: "setOwned", owned: true },
      { kind: "announce", round: "takeover" },
      published(from, "active", reason, ownPriority(p, state)),
    ],
  };
}

/** Where a router waits: for the full interval, or for the skew only. */
export function backupState(m: Memory, activeDownAt: Instant): BackupState {
  const { activeAdverInterval, peer, yielding } = m;
  return {
    name: "backup",
    activeAdverInterval,
    peer,
    yielding,
    complained: [],
    activeDownAt,
    preemptAt: undefined,
  };
}

/** From active to backup, whatever the reason. @param resignation what the others are told, if anything */
function giveUp(
  p: VrrpParams,
  state: BackupState,
  reason: TransitionReason,
  resignation: readonly VrrpEffect[] = [],
): Step {
  return {
    state,
    effects: [
      log("entering-backup", { instance: p.name, init: false }),
      ...resignation,
      { kind: "setOwned", owned: false },
      { kind: "count", counter: "releaseMaster" },
      published("active", "backup", reason, ownPriority(p, state)),
    ],
  };
}

/** Gives up being active for a better router. No priority 0: the better one is there already. */
export function yieldTo(
  p: VrrpParams,
  m: Memory,
  now: Instant,
  peer: { readonly address: IpAddress; readonly priority: number },
): Step {
  const state = backupState({ ...m, peer }, downAt(p, m.activeAdverInterval, now));
  return giveUp(p, state, "higherPriority");
}

/**
 * Somebody deleted one of our addresses: resign, and try again after the skew so that all addresses are
 * set anew, here or elsewhere.
 */
export function loseAddress(p: VrrpParams, m: Memory, now: Instant): Step {
  const state = backupState(m, skewAt(p, m.activeAdverInterval, now));
  return giveUp(p, state, "addressLost", resign(p));
}

/** We slept, and somebody has replaced us: as if we had heard it. No priority 0, it would only disturb. */
export function stepBack(p: VrrpParams, m: ActiveState, now: Instant): Step {
  const state = backupState(m, downAt(p, m.activeAdverInterval, now));
  const late = log("timer-expired", { instance: p.name, micros: between(m.adverAt, now) });
  const { effects } = giveUp(p, state, "stalled");
  return { state, effects: [late, ...effects] };
}

/** The group left active: nobody resigns, its better router is there already. */
export function followGroup(p: VrrpParams, m: Memory, now: Instant): Step {
  const state = backupState(m, downAt(p, m.activeAdverInterval, now));
  return giveUp(p, state, "group");
}

/** A cause appeared while we took part. An active router resigns first, in case the wire still works. */
export function toFault(p: VrrpParams, s: BackupState | ActiveState, cause: FaultCause): Step {
  const release: readonly VrrpEffect[] =
    s.name === "active"
      ? [...resign(p), { kind: "setOwned", owned: false }, { kind: "count", counter: "releaseMaster" }]
      : [];
  return {
    state: { name: "fault", causes: [cause] },
    effects: [
      log("entering-fault", { instance: p.name, init: false }),
      ...release,
      published(s.name, "fault", "fault", ownPriority(p, s)),
    ],
  };
}

/** One more cause. The first that is more than a report not yet made ends the silence. */
export function deepenFault(p: VrrpParams, s: FaultState, causes: readonly FaultCause[]): Step {
  if (s.silent === undefined || causes.every(isPending)) return stay({ ...s, causes });
  return {
    state: { name: "fault", causes },
    effects: [
      log("entering-fault", { instance: p.name, init: false }),
      published("initialize", "fault", "fault", ownPriority(p, { yielding: false })),
    ],
  };
}

/** Waiting for a first report is no news for anybody. */
export function isPending(cause: FaultCause): boolean {
  return cause.startsWith("pending:");
}

/** An owner takes over as soon as it may. */
export function firstDeadline(p: VrrpParams, from: Instant): Instant {
  return p.basePriority === 255 ? after(from, 1 as Micros) : downAt(p, p.advertInterval, from);
}

/** The first step of a life. An owner goes the ordinary way with a timer that is due at once. */
export function start(p: VrrpParams, causes: readonly FaultCause[], now: Instant): Step {
  const init = true;
  if (causes.length > 0 && causes.every(isPending)) return stay({ name: "fault", causes, silent: true });
  if (causes.length > 0) {
    const why: VrrpEffect[] = [];
    if (causes.includes("interface-down"))
      why.push(log("fault-interface-down", { instance: p.name, interface: p.interface }));
    else if (causes.includes("no-source-address"))
      why.push(log("fault-no-source-address", { instance: p.name }));
    return {
      state: { name: "fault", causes },
      effects: [
        ...why,
        log("entering-fault", { instance: p.name, init }),
        published("initialize", "fault", "startup", ownPriority(p, { yielding: false })),
      ],
    };
  }
  const m = freshMemory(p);
  return {
    state: backupState(m, firstDeadline(p, now)),
    effects: [
      log("entering-backup", { instance: p.name, init }),
      published("initialize", "backup", "startup", ownPriority(p, m)),
    ],
  };
}

/** The last cause is gone: start again with what we know now, which is nothing about others. */
export function leaveFault(p: VrrpParams, now: Instant): Step {
  const m = freshMemory(p);
  const quiet = p.quietUntil !== undefined && now <= p.quietUntil;
  const announced: readonly VrrpEffect[] =
    p.announcesSource === true && !quiet ? [{ kind: "announce", round: "source" }] : [];
  if (p.basePriority === 255 && p.group !== "mixed" && !quiet) {
    const taken = toActive(p, "fault", m, now, "faultCleared");
    return { state: taken.state, effects: [...announced, ...taken.effects] };
  }
  const state = backupState(m, quiet ? firstDeadline(p, now) : downAt(p, p.advertInterval, now));
  return {
    state,
    effects: [
      log("entering-backup", { instance: p.name, init: false }),
      ...announced,
      published("fault", "backup", "faultCleared", ownPriority(p, m)),
    ],
  };
}

/** The end: everybody hears that we stop, and nothing of ours stays unless the operator wants that. */
export function stop(p: VrrpParams, s: VrrpState, release: boolean): Step {
  const effects: VrrpEffect[] = [];
  if (s.name === "active" && release) effects.push(...resign(p), { kind: "setOwned", owned: false });
  effects.push(published(s.name, "stopped", "shutdown", priorityOf(p, s)));
  return { state: { name: "stopped" }, effects };
}

/** The configuration dropped this instance: as at the end, but scripts hear FAULT, once, or DELETED. */
export function remove(p: VrrpParams, s: VrrpState): Step {
  const effects: VrrpEffect[] = [];
  if (s.name === "active") effects.push(...resign(p), { kind: "setOwned", owned: false });
  if (p.reportsDeletion === true) effects.push(published(s.name, "deleted", "removed", priorityOf(p, s)));
  else if (s.name !== "fault" && s.name !== "stopped")
    effects.push(published(s.name, "fault", "removed", priorityOf(p, s)));
  return { state: { name: "stopped" }, effects };
}

function priorityOf(p: VrrpParams, s: VrrpState): number {
  return ownPriority(p, s.name === "backup" || s.name === "active" ? s : { yielding: false });
}
