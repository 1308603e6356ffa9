/**
 * When addresses are announced after a take-over: a burst at once, a second one, refreshes, and those for
 * interfaces besides the instance's own. Decides when and how often; never what is sent.
 *
 * @see vrrp_instance garp_* in keepalived.conf(5); RFC 9568 §6.4.2
 */
import { after, type Instant, type Micros } from "../base/units.ts";
import type { AnnounceRound } from "./state.ts";

/** The garp_* words of one instance; durations of 0 mean never. */
export interface AnnounceTimes {
  /** before the second burst */
  readonly masterDelay: Micros;
  readonly masterRepeat: number;
  /** between refreshes */
  readonly masterRefresh: Micros;
  readonly masterRefreshRepeat: number;
  readonly lowerPrioDelay: Micros;
  readonly lowerPrioRepeat: number;
  /** garp_extra_if: between announcements on further interfaces */
  readonly extraInterval: Micros;
}

/** Bursts that are still to come; empty while the addresses are not ours. */
export interface AnnounceSchedule {
  readonly secondAt: Instant | undefined;
  readonly refreshAt: Instant | undefined;
  readonly lowerPrioAt: Instant | undefined;
  readonly extraAt: Instant | undefined;
}

export const noAnnouncements: AnnounceSchedule = {
  secondAt: undefined,
  refreshAt: undefined,
  lowerPrioAt: undefined,
  extraAt: undefined,
};

/** How many rounds over all addresses to send now, and what is due later. */
export interface Announcement {
  readonly schedule: AnnounceSchedule;
  readonly rounds: number;
  /** also one frame on each further interface */
  readonly extra: boolean;
}

/** A take-over: a burst now, a second one after the delay, refreshes from delay + refresh on. */
export function announceTakeover(t: AnnounceTimes, now: Instant): Announcement {
  return {
    rounds: t.masterRepeat,
    schedule: {
      secondAt: t.masterDelay > 0 ? after(now, t.masterDelay) : undefined,
      refreshAt: t.masterRefresh > 0 ? after(now, (t.masterDelay + t.masterRefresh) as Micros) : undefined,
      lowerPrioAt: undefined,
      extraAt: t.extraInterval > 0 ? after(now, (t.masterDelay + t.extraInterval) as Micros) : undefined,
    },
    extra: false,
  };
}

/**
 * A reload brought addresses: one burst over all of them, as keepalived has it. What is due later stays, and
 * refreshes begin if there were none.
 */
function announceAdded(t: AnnounceTimes, schedule: AnnounceSchedule, now: Instant): Announcement {
  const first = t.masterRefresh > 0 ? after(now, t.masterRefresh) : undefined;
  const refreshAt = schedule.refreshAt ?? first;
  return { rounds: t.masterRepeat, schedule: { ...schedule, refreshAt }, extra: false };
}

/** Somebody worse believed to be active: neighbours may have learned from it. */
export function announceLowerPriority(
  t: AnnounceTimes,
  schedule: AnnounceSchedule,
  now: Instant,
): Announcement {
  const lowerPrioAt = t.lowerPrioDelay > 0 ? after(now, t.lowerPrioDelay) : undefined;
  return { rounds: t.lowerPrioRepeat, schedule: { ...schedule, lowerPrioAt }, extra: false };
}

/** What one of the machine's wishes leads to. */
export function announceRound(
  round: AnnounceRound,
  t: AnnounceTimes,
  schedule: AnnounceSchedule,
  now: Instant,
): Announcement {
  if (round === "takeover") return announceTakeover(t, now);
  return round === "added" ? announceAdded(t, schedule, now) : announceLowerPriority(t, schedule, now);
}

export function nextAnnouncement(s: AnnounceSchedule): Instant | undefined {
  return earliest(earliest(s.secondAt, s.refreshAt), earliest(s.lowerPrioAt, s.extraAt));
}

/** What is due at `now`; refreshes that were slept through are sent once. */
export function dueAnnouncement(t: AnnounceTimes, s: AnnounceSchedule, now: Instant): Announcement {
  const due = (at: Instant | undefined): at is Instant => at !== undefined && at <= now;
  let rounds = 0;
  if (due(s.secondAt)) rounds = t.masterRepeat;
  if (due(s.lowerPrioAt)) rounds = Math.max(rounds, t.lowerPrioRepeat);
  if (due(s.refreshAt)) rounds = Math.max(rounds, t.masterRefreshRepeat);
  return {
    rounds,
    schedule: {
      secondAt: due(s.secondAt) ? undefined : s.secondAt,
      lowerPrioAt: due(s.lowerPrioAt) ? undefined : s.lowerPrioAt,
      refreshAt: due(s.refreshAt) ? following(s.refreshAt, t.masterRefresh, now) : s.refreshAt,
      extraAt: due(s.extraAt) ? following(s.extraAt, t.extraInterval, now) : s.extraAt,
    },
    extra: due(s.extraAt),
  };
}

/** Turns that were slept through are not made up for. */
function following(at: Instant, interval: Micros, now: Instant): Instant | undefined {
  if (interval <= 0) return undefined;
  const planned = after(at, interval);
  return planned > now ? planned : after(now, interval);
}

function earliest(a: Instant | undefined, b: Instant | undefined): Instant | undefined {
  if (a === undefined) return b;
  if (b === undefined) return a;
  return a < b ? a : b;
}
