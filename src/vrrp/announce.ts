/**
 * Gratuitous ARP: what the frame looks like, when bursts are due after a take-over, and how they are paced
 * on an interface with garp_interval. Decides when and what; never sends.
 *
 * @see vrrp_instance garp_* in keepalived.conf(5); RFC 826, RFC 9568 §6.4.2
 */
import { bytesOf, type IpAddress } from "../base/address.ts";
import { after, type Instant, type Micros } from "../base/units.ts";

const ETHERTYPE_ARP = 0x0806;
const ETHERTYPE_IPV4 = 0x0800;
const ARPHRD_ETHER = 1;
const OPERATION_REQUEST = 1;

/**
 * An Ethernet frame that makes neighbours and switches learn where an address lives: an ARP request
 * from the address, about itself. The target hardware address is broadcast, as keepalived has it.
 *
 * @param mac 6 bytes, of the interface that holds the address
 * @param address IPv4
 */
export function gratuitousArp(mac: Uint8Array, address: IpAddress): Uint8Array {
  const frame = new Uint8Array(42);
  const view = new DataView(frame.buffer);
  const ip = bytesOf(address);
  frame.fill(0xff, 0, 6);
  frame.set(mac, 6);
  view.setUint16(12, ETHERTYPE_ARP);
  view.setUint16(14, ARPHRD_ETHER);
  view.setUint16(16, ETHERTYPE_IPV4);
  frame[18] = 6;
  frame[19] = 4;
  view.setUint16(20, OPERATION_REQUEST);
  frame.set(mac, 22);
  frame.set(ip, 28);
  frame.fill(0xff, 32, 38);
  frame.set(ip, 38);
  return frame;
}

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
}

/** Bursts that are still to come; empty while the addresses are not ours. */
export interface AnnounceSchedule {
  readonly secondAt: Instant | undefined;
  readonly refreshAt: Instant | undefined;
  readonly lowerPrioAt: Instant | undefined;
}

export const noAnnouncements: AnnounceSchedule = {
  secondAt: undefined,
  refreshAt: undefined,
  lowerPrioAt: undefined,
};

/** How many rounds over all addresses to send now, and what is due later. */
export interface Announcement {
  readonly schedule: AnnounceSchedule;
  readonly rounds: number;
}

/** A take-over: a burst now, a second one after the delay, refreshes from delay + refresh on. */
export function announceTakeover(t: AnnounceTimes, now: Instant): Announcement {
  return {
    rounds: t.masterRepeat,
    schedule: {
      secondAt: t.masterDelay > 0 ? after(now, t.masterDelay) : undefined,
      refreshAt: t.masterRefresh > 0 ? after(now, (t.masterDelay + t.masterRefresh) as Micros) : undefined,
      lowerPrioAt: undefined,
    },
  };
}

/** Somebody worse believed to be active: neighbours may have learned from it. */
export function announceLowerPriority(
  t: AnnounceTimes,
  schedule: AnnounceSchedule,
  now: Instant,
): Announcement {
  const lowerPrioAt = t.lowerPrioDelay > 0 ? after(now, t.lowerPrioDelay) : undefined;
  return { rounds: t.lowerPrioRepeat, schedule: { ...schedule, lowerPrioAt } };
}

export function nextAnnouncement(s: AnnounceSchedule): Instant | undefined {
  return earliest(earliest(s.secondAt, s.refreshAt), s.lowerPrioAt);
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
      refreshAt: due(s.refreshAt) ? followingRefresh(t, s.refreshAt, now) : s.refreshAt,
    },
  };
}

function followingRefresh(t: AnnounceTimes, at: Instant, now: Instant): Instant | undefined {
  if (t.masterRefresh <= 0) return undefined;
  const planned = after(at, t.masterRefresh);
  return planned > now ? planned : after(now, t.masterRefresh);
}

/** One address to announce; `key` tells addresses on one interface apart. */
export interface PacedTarget<K> {
  readonly key: K;
  readonly times: number;
}

/** The queue of one interface: how often each address still waits, and when the next frame may go. */
export interface Pace<K> {
  readonly waiting: readonly PacedTarget<K>[];
  readonly nextAt: Instant;
}

export function idlePace<K>(): Pace<K> {
  return { waiting: [], nextAt: 0 as Instant };
}

/**
 * Queues `rounds` frames for each key. A key that already waits is not sent more often than the larger
 * of both counts.
 */
export function enqueue<K>(pace: Pace<K>, keys: readonly K[], rounds: number): Pace<K> {
  const waiting = new Map(pace.waiting.map((t) => [t.key, t.times]));
  for (const key of keys) waiting.set(key, Math.max(waiting.get(key) ?? 0, rounds));
  return { ...pace, waiting: [...waiting].map(([key, times]) => ({ key, times })) };
}

/** Forgets keys that are no longer ours. */
export function withdraw<K>(pace: Pace<K>, gone: (key: K) => boolean): Pace<K> {
  return { ...pace, waiting: pace.waiting.filter((t) => !gone(t.key)) };
}

/**
 * Takes what may go now, round-robin. Without an interval that is everything, in whole rounds over all
 * addresses; with one it is a single frame.
 */
export function release<K>(
  pace: Pace<K>,
  interval: Micros,
  now: Instant,
): { readonly pace: Pace<K>; readonly frames: readonly K[] } {
  if (pace.waiting.length === 0 || now < pace.nextAt) return { pace, frames: [] };
  if (interval <= 0) {
    const frames: K[] = [];
    const most = Math.max(...pace.waiting.map((t) => t.times));
    for (let round = 0; round < most; round++)
      for (const t of pace.waiting) if (t.times > round) frames.push(t.key);
    return { pace: { ...pace, waiting: [] }, frames };
  }
  const [first, ...rest] = pace.waiting;
  if (first === undefined) return { pace, frames: [] };
  const again = first.times > 1 ? [{ key: first.key, times: first.times - 1 }] : [];
  return {
    pace: { waiting: [...rest, ...again], nextAt: after(now, interval) },
    frames: [first.key],
  };
}

/** When {@link release} has something to give; undefined when nothing waits. */
export function nextRelease<K>(pace: Pace<K>): Instant | undefined {
  return pace.waiting.length === 0 ? undefined : pace.nextAt;
}

function earliest(a: Instant | undefined, b: Instant | undefined): Instant | undefined {
  if (a === undefined) return b;
  if (b === undefined) return a;
  return a < b ? a : b;
}
