/**
 * One virtual router's state machine: what an advert, a deadline, a fault or a new configuration leads to.
 * Decides; never sends, sets, waits or logs by itself: all of that leaves as effects, in the order in which
 * they must happen. Time enters as an argument; deadlines are part of the state, so that a wake-up that
 * comes too early or too late is harmless.
 *
 * RFC 9568 §6.4 (RFC 3768 §6.4 where version 2 differs), plus keepalived's FAULT.
 */
import { assertNever } from "../base/errors.ts";
import { after, between, type Instant } from "../base/units.ts";
import { hearAsActive, hearAsBackup, rejectAdvert, watchRival } from "./reception.ts";
import {
  type ActiveState,
  type BackupState,
  type FaultCause,
  type FaultState,
  ownPriority,
  type Step,
  type VrrpEffect,
  type VrrpEvent,
  type VrrpParams,
  type VrrpState,
} from "./state.ts";
import {
  backupState,
  complainOnce,
  deepenFault,
  downAt,
  firstDeadline,
  followGroup,
  leaveFault,
  log,
  loseAddress,
  nextAdvert,
  remove,
  start,
  stay,
  stepBack,
  stop,
  toActive,
  toFault,
} from "./transition.ts";

/**
 * @param p the parameters in force; after a `paramsChanged` event the caller uses that event's
 * @param now never before the `now` of an earlier step
 */
export function step(p: VrrpParams, s: VrrpState, now: Instant, e: VrrpEvent): Step {
  return p.quietUntil !== undefined && now < p.quietUntil
    ? whenQuiet(p, s, now, p.quietUntil, e)
    : whenAwake(p, s, now, e);
}

/** During the startup delay nobody is heard, and timers begin at its end. */
function whenQuiet(p: VrrpParams, s: VrrpState, now: Instant, end: Instant, e: VrrpEvent): Step {
  if (e.kind === "advertReceived" || e.kind === "advertRejected") return stay(s);
  if (s.name !== "backup" || e.kind !== "paramsChanged") return whenAwake(p, s, end, e);
  const done = whenAwake(p, s, end, e);
  const from = Math.max(now, e.params.quietUntil ?? now) as Instant;
  return { ...done, state: backupState({ ...s, yielding: false }, firstDeadline(e.params, from)) };
}

function whenAwake(p: VrrpParams, s: VrrpState, now: Instant, e: VrrpEvent): Step {
  switch (s.name) {
    case "initialize":
      return whenInitializing(p, s.causes, now, e);
    case "backup":
      return whenBackup(p, s, now, e);
    case "active":
      return whenActive(p, s, now, e);
    case "fault":
      return whenFaulty(p, s, now, e);
    case "stopped":
      return stay(s);
    default:
      return assertNever(s);
  }
}

function whenInitializing(p: VrrpParams, causes: readonly FaultCause[], now: Instant, e: VrrpEvent): Step {
  const s: VrrpState = { name: "initialize", causes };
  switch (e.kind) {
    case "startup":
      return start(p, causes, now);
    case "faultRaised":
      return stay({ name: "initialize", causes: withCause(causes, e.cause) });
    case "faultCleared":
      return stay({ name: "initialize", causes: causes.filter((c) => c !== e.cause) });
    case "shutdown":
      return stop(p, s, e.release);
    case "removed":
      return remove(p, s);
    case "deadline":
    case "advertReceived":
    case "advertRejected":
    case "addressLost":
    case "groupDirected":
    case "paramsChanged":
    case "effectFailed":
      return stay(s);
    default:
      return assertNever(e);
  }
}

function whenBackup(p: VrrpParams, s: BackupState, now: Instant, e: VrrpEvent): Step {
  switch (e.kind) {
    case "deadline": {
      if (now < s.activeDownAt) return stay(s);
      if (p.group !== undefined) return askGroup(p, s, now);
      const taken = toActive(p, "backup", s, now, "timeout");
      return {
        state: taken.state,
        effects: [log("advert-timeout", { instance: p.name }), ...taken.effects],
      };
    }
    case "advertReceived":
      return hearAsBackup(p, s, now, e.advert, e.from);
    case "advertRejected":
      return rejectAdvert(p, s, e);
    case "faultRaised":
      return toFault(p, s, e.cause);
    case "groupDirected":
      return e.to === "active" ? toActive(p, "backup", s, now, "group") : stay(s);
    case "paramsChanged":
      return adjustBackup(p, e.params, s);
    case "effectFailed":
      return complainAboutSending(p, s, e.errno, e.reason);
    case "shutdown":
      return stop(p, s, e.release);
    case "removed":
      return remove(p, s);
    case "startup":
    case "faultCleared":
    case "addressLost":
      return stay(s);
    default:
      return assertNever(e);
  }
}

function whenActive(p: VrrpParams, s: ActiveState, now: Instant, e: VrrpEvent): Step {
  switch (e.kind) {
    case "deadline":
      return onActiveDeadline(p, s, now);
    case "advertReceived":
      return hearAsActive(p, s, now, e.advert, e.from);
    case "advertRejected":
      return rejectAdvert(p, s, e);
    case "faultRaised":
      return toFault(p, s, e.cause);
    case "groupDirected":
      return e.to === "backup" ? followGroup(p, s, now) : stay(s);
    case "addressLost":
      return loseAddress(p, s, now);
    case "paramsChanged":
      return adjustActive(p, e.params, s, now, e.addresses);
    case "effectFailed":
      return complainAboutSending(p, s, e.errno, e.reason);
    case "shutdown":
      return stop(p, s, e.release);
    case "removed":
      return remove(p, s);
    case "startup":
    case "faultCleared":
      return stay(s);
    default:
      return assertNever(e);
  }
}

function whenFaulty(p: VrrpParams, s: FaultState, now: Instant, e: VrrpEvent): Step {
  switch (e.kind) {
    case "faultRaised":
      return deepenFault(p, s, withCause(s.causes, e.cause));
    case "faultCleared": {
      const left = s.causes.filter((c) => c !== e.cause);
      return left.length > 0 ? stay({ ...s, causes: left }) : leaveFault(p, now);
    }
    case "shutdown":
      return stop(p, s, e.release);
    case "removed":
      return remove(p, s);
    case "paramsChanged":
      return stay(s, priorityChange(p, e.params, false));
    case "startup":
    case "deadline":
    case "advertReceived":
    case "advertRejected":
    case "addressLost":
    case "groupDirected":
    case "effectFailed":
      return stay(s);
    default:
      return assertNever(e);
  }
}

/** The timer starts anew; an advert that is accepted meanwhile takes the wish back. */
function askGroup(p: VrrpParams, s: BackupState, now: Instant): Step {
  return stay({ ...s, wantsActive: true, activeDownAt: downAt(p, s.activeAdverInterval, now) }, [
    log("advert-timeout", { instance: p.name }),
  ]);
}

function withCause(causes: readonly FaultCause[], cause: FaultCause): readonly FaultCause[] {
  return causes.includes(cause) ? causes : [...causes, cause];
}

/**
 * The next advert is due one interval after the previous deadline, not after now, so that adverts do not
 * drift; a router that slept does not send the missed ones.
 */
function onActiveDeadline(p: VrrpParams, before: ActiveState, now: Instant): Step {
  const effects: VrrpEffect[] = [];
  let s = before;
  if (s.rival?.kind === "watched" && now >= s.rival.until) {
    s = { ...s, rival: undefined };
    effects.push(log("two-owners-ended", { instance: p.name }));
  }
  if (now < s.adverAt) return stay(s, effects);
  if (hasBeenReplaced(p, s, now)) return stepBack(p, s, now);
  effects.push({ kind: "sendAdvert", priority: ownPriority(p, s) });
  const planned = nextAdvert(p, s.adverAt);
  const adverAt = planned > now ? planned : nextAdvert(p, now);
  return stay({ ...s, adverAt, rival: watchRival(p, s.rival, now) }, effects);
}

/**
 * `timer_expired_backup`: whether we slept so long that a router of that priority has taken over by now.
 * Three adverts are what it waits for, whatever down_timer_adverts says.
 */
function hasBeenReplaced(p: VrrpParams, s: ActiveState, now: Instant): boolean {
  if (p.timerExpiredBackup === undefined) return false;
  const rival = {
    ...p,
    basePriority: p.timerExpiredBackup,
    priority: p.timerExpiredBackup,
    downTimerAdverts: 2,
  };
  return now > downAt(rival, p.advertInterval, s.adverAt);
}

/** A changed priority or interval moves the pending deadline by the difference; it does not restart it. */
function adjustBackup(p: VrrpParams, next: VrrpParams, s: BackupState): Step {
  const origin = 0 as Instant;
  const interval = next.version === 2 ? next.advertInterval : s.activeAdverInterval;
  const shift = between(downAt(p, s.activeAdverInterval, origin), downAt(next, interval, origin));
  const yielding = s.yielding && next.basePriority === 255;
  return stay({ ...s, activeAdverInterval: interval, activeDownAt: after(s.activeDownAt, shift), yielding }, [
    ...priorityChange(p, next, s.yielding),
    ...priorityPublished(p, next, s.yielding),
  ]);
}

function priorityPublished(p: VrrpParams, next: VrrpParams, yielding: boolean): readonly VrrpEffect[] {
  const priority = ownPriority(next, { yielding });
  if (priority === ownPriority(p, { yielding })) return [];
  return [{ kind: "publishEvent", event: "priorityChanged", priority }];
}

function adjustActive(
  p: VrrpParams,
  next: VrrpParams,
  s: ActiveState,
  now: Instant,
  addresses: "same" | "changed" | "added",
): Step {
  const effects = [...priorityChange(p, next, s.yielding)];
  if (addresses !== "same") effects.push({ kind: "setOwned", owned: true });
  if (addresses === "added") effects.push({ kind: "announce", round: "added" });
  effects.push(...priorityPublished(p, next, s.yielding));
  const soonest = nextAdvert(next, now);
  return stay(
    {
      ...s,
      activeAdverInterval: next.advertInterval,
      adverAt: Math.min(soonest, s.adverAt) as Instant,
      yielding: s.yielding && next.basePriority === 255,
    },
    effects,
  );
}

function priorityChange(p: VrrpParams, next: VrrpParams, yielding: boolean): readonly VrrpEffect[] {
  const was = ownPriority(p, { yielding });
  const now = ownPriority(next, { yielding });
  // A reload that gives another priority is the operator's own doing and needs no line.
  if (was === now || p.basePriority !== next.basePriority) return [];
  return [log("priority-changed", { instance: next.name, was, now })];
}

function complainAboutSending(
  p: VrrpParams,
  s: BackupState | ActiveState,
  errno: number,
  reason: string,
): Step {
  const line = log("advert-failed", { instance: p.name, errno, reason });
  const { memory, effects } = complainOnce(s, "send-failed", line);
  return stay(memory, effects);
}
