/**
 * What an advert from another router means to a Backup and to an Active Router.
 * Decides who yields; adverts that fail the checks of `packet.ts` only leave a complaint and a count.
 */
import { compareIpAddress, type IpAddress } from "../base/address.ts";
import { after, type Instant, type Micros, microsFromCentiseconds } from "../base/units.ts";
import type { RejectReason } from "./admission.ts";
import type { Advertisement } from "./packet.ts";
import {
  type ActiveState,
  type BackupState,
  type Counter,
  type Memory,
  ownPriority,
  type Rival,
  type Step,
  type VrrpEffect,
  type VrrpEvent,
  type VrrpParams,
} from "./state.ts";
import { complainOnce, downAt, log, nextAdvert, skewAt, stay, yieldTo } from "./transition.ts";

type Rejected = Extract<VrrpEvent, { kind: "advertRejected" }>;

/** Which statistic a refusal counts in; keepalived counts strangers' adverts as received. */
const rejectCounters: Readonly<Record<RejectReason, Counter | undefined>> = {
  protocol: "authtypeMismatch",
  length: "packetLenErr",
  "hop-limit": "ipTtlErr",
  version: "versionErr",
  "auth-type-invalid": "invalidAuthtype",
  "auth-type-mismatch": "authtypeMismatch",
  "auth-failure": "authFailure",
  interval: "advertIntervalErr",
  type: "invalidTypeRcvd",
  "total-length": "packetLenErr",
  checksum: "chksumErr",
  transport: "addrListErr",
  "interval-zero": "advertIntervalErr",
  "no-addresses": "addrListErr",
  owner: undefined,
  stranger: "advertRcvd",
  "peer-hop-limit": "advertRcvd",
  "ah-spi": "authFailure",
  "ah-replay": "authFailure",
  "ah-value": "authFailure",
  "hmac-missing": "authExtMissing",
  "hmac-malformed": "authExtMalformed",
  "hmac-stale": "authExtStale",
  "hmac-unknown-key": "authExtUnknownKey",
  "hmac-invalid": "authExtInvalidHmac",
  "hmac-replay": "authExtReplay",
};

/** A datagram that was not believed: no timer moves. */
export function rejectAdvert(p: VrrpParams, s: BackupState | ActiveState, e: Rejected): Step {
  const { from, received, expected } = e;
  const fields = { instance: p.name, from, received, expected };
  const line =
    e.reason === "checksum"
      ? log("rejected-checksum", { ...fields, version: p.version })
      : log(`rejected-${e.reason}`, fields);
  const { memory, effects } = complainOnce(s, e.reason, line);
  const counter = rejectCounters[e.reason];
  return stay(memory, counter === undefined ? effects : [{ kind: "count", counter }, ...effects]);
}

/**
 * The checks that only complain: our list of addresses against theirs, and version 3's interval. A
 * deliberate break of RFC 3768 §7.1, which lets a router drop such adverts: keepalived accepts them.
 */
function compareWithOurs<M extends Memory>(
  p: VrrpParams,
  m: M,
  advert: Advertisement,
  from: IpAddress,
  compareAddresses: boolean,
): { readonly memory: M; readonly effects: readonly VrrpEffect[] } {
  // Nearly every advert ends here, thousands of times a second where there are hundreds of routers.
  if (advert.interval === p.advertInterval && (!compareAddresses || sameList(advert.addresses, p.addresses)))
    return { memory: m, effects: nothing };
  const effects: VrrpEffect[] = [];
  let memory = m;
  const complain = (line: { readonly memory: M; readonly effects: readonly VrrpEffect[] }) => {
    memory = line.memory;
    effects.push(...line.effects);
  };
  if (advert.interval !== p.advertInterval) {
    const fields = { instance: p.name, from, received: advert.interval, expected: p.advertInterval };
    complain(complainOnce(memory, "interval-differs", log("interval-differs", fields)));
  }
  if (!compareAddresses) return { memory, effects };
  if (advert.addresses.length !== p.addresses.length) {
    effects.push({ kind: "count", counter: "addrListErr" });
    const fields = {
      instance: p.name,
      from,
      received: advert.addresses.length,
      expected: p.addresses.length,
    };
    complain(complainOnce(memory, "address-count", log("address-count", fields)));
    return { memory, effects };
  }
  const missing = p.addresses.find((a) => !advert.addresses.includes(a));
  if (missing !== undefined) {
    effects.push({ kind: "count", counter: "addrListErr" });
    const fields = { instance: p.name, from, address: missing, virtualRouterId: p.virtualRouterId };
    complain(complainOnce(memory, "address-missing", log("address-missing", fields)));
  }
  return { memory, effects };
}

const nothing: readonly VrrpEffect[] = [];

/** Also in the same order, as adverts of one configuration have them. */
function sameList(a: readonly IpAddress[], b: readonly IpAddress[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/**
 * A Backup hears an advert: from a router that resigns, from one it obeys, or from one it may replace.
 *
 * @see RFC 9568 §6.4.2
 */
export function hearAsBackup(
  p: VrrpParams,
  before: BackupState,
  now: Instant,
  advert: Advertisement,
  from: IpAddress,
): Step {
  const effects: VrrpEffect[] = [{ kind: "count", counter: "advertRcvd" }];
  const known = before.peer?.address === from;
  const compared = compareWithOurs(p, before, advert, from, !(p.skipCheckAdvAddr && known));
  effects.push(...compared.effects);
  let s = compared.memory;

  if (advert.priority === 0) {
    effects.push(
      { kind: "count", counter: "priZeroRcvd" },
      log("backup-priority-zero", { instance: p.name, from }),
    );
    return stay({ ...s, activeDownAt: skewAt(p, s.activeAdverInterval, now) }, effects);
  }

  // The other owner left, or lost its rank: ours returns.
  if (s.yielding && (advert.priority !== 255 || (s.peer !== undefined && !known)))
    s = { ...s, yielding: false };

  const own = ownPriority(p, s);
  const delayed = p.preemptDelay > 0 && (s.preemptAt === undefined || now < s.preemptAt);
  const same = known && before.peer?.priority === advert.priority;
  const peer = same ? before.peer : { address: from, priority: advert.priority };

  if (p.preemptMode && advert.priority < own && !delayed) {
    const fields = { instance: p.name, from, priority: advert.priority, ours: own };
    effects.push(log("advert-discarded", fields));
    return stay({ ...s, peer }, effects);
  }

  const preempt = runPreemptDelay(p, s, now, advert.priority >= own);
  effects.push(...preempt.effects);
  const interval = p.version === 3 ? advert.interval : s.activeAdverInterval;
  if (interval !== s.activeAdverInterval)
    effects.push(log("interval-learned", { instance: p.name, was: s.activeAdverInterval, now: interval }));
  return stay(
    {
      name: "backup",
      // without a wish to be active, which is taken back
      yielding: s.yielding,
      peer,
      activeAdverInterval: interval,
      activeDownAt: downAt(p, interval, now),
      preemptAt: preempt.preemptAt,
      // A good advert from a new Active Router: its faults, if any, are worth a new line.
      complained: known ? s.complained : newlyComplained(before, s),
    },
    effects,
  );
}

/** Keeps only what this very advert was complained about. */
function newlyComplained(before: BackupState, now: BackupState): BackupState["complained"] {
  return now.complained.filter((c) => !before.complained.includes(c));
}

/** preempt_delay starts with the first lower advert and ends with one we would obey anyway. */
function runPreemptDelay(
  p: VrrpParams,
  s: BackupState,
  now: Instant,
  obey: boolean,
): { readonly preemptAt: Instant | undefined; readonly effects: readonly VrrpEffect[] } {
  if (p.preemptDelay <= 0) return { preemptAt: undefined, effects: [] };
  if (obey) {
    const line = log("preempt-delay-stopped", { instance: p.name });
    return { preemptAt: undefined, effects: s.preemptAt === undefined ? [] : [line] };
  }
  if (s.preemptAt !== undefined) return { preemptAt: s.preemptAt, effects: [] };
  return {
    preemptAt: after(now, p.preemptDelay),
    effects: [log("preempt-delay-started", { instance: p.name, micros: p.preemptDelay })],
  };
}

/**
 * The Active Router hears another one: it yields to a better one and shows itself to a worse one.
 *
 * @see RFC 9568 §6.4.3
 */
export function hearAsActive(
  p: VrrpParams,
  before: ActiveState,
  now: Instant,
  advert: Advertisement,
  from: IpAddress,
): Step {
  const effects: VrrpEffect[] = [{ kind: "count", counter: "advertRcvd" }];
  const compared = compareWithOurs(p, before, advert, from, true);
  effects.push(...compared.effects);
  let s = compared.memory;

  if (advert.priority === 0) {
    effects.push(
      { kind: "count", counter: "priZeroRcvd" },
      log("master-priority-zero", { instance: p.name, from }),
      { kind: "sendAdvert", priority: ownPriority(p, s) },
    );
    return stay({ ...s, adverAt: nextAdvert(p, now) }, effects);
  }

  const tie = p.sourceAddress === undefined ? 1 : compareIpAddress(from, p.sourceAddress);
  if (advert.priority === 255 && ownPriority(p, s) === 255 && tie !== 0) {
    const other = facedWithOwner(p, s, now, advert, from, tie);
    s = other.state;
    effects.push(...other.effects);
  }

  const own = ownPriority(p, s);
  const better = advert.priority - own || tie;
  const fields = { instance: p.name, from, priority: advert.priority, ours: own };

  if (better === 0) {
    const once = complainOnce(s, "own-address", log("advert-own-address", { instance: p.name, from }));
    return stay(once.memory, [...effects, ...once.effects]);
  }
  if (better > 0) {
    effects.push(log(advert.priority > own ? "advert-higher-priority" : "advert-higher-address", fields));
    if (p.higherPrioSendAdvert) effects.push({ kind: "sendAdvert", priority: own });
    const m = p.version === 3 ? { ...s, activeAdverInterval: advert.interval } : s;
    const step = yieldTo(p, m, now, { address: from, priority: advert.priority });
    return { state: step.state, effects: [...effects, ...step.effects] };
  }

  effects.push(log("advert-lower-priority", { ...fields, forcing: !p.lowerPrioNoAdvert }));
  if (!p.lowerPrioNoAdvert) {
    effects.push({ kind: "sendAdvert", priority: own });
    s = { ...s, adverAt: nextAdvert(p, now) };
  }
  if (p.announceOnLowerPriority) effects.push({ kind: "announce", round: "lowerPriority" });
  effects.push({ kind: "publishEvent", event: "lowerPriorityHeard", priority: own });
  return stay(s, effects);
}

/**
 * Two routers are configured as owner. The one with the lower address yields as usual; the other one is
 * patient for two adverts and 1.2 intervals, then steps back to 254 rather than fight for ever.
 */
function facedWithOwner(
  p: VrrpParams,
  s: ActiveState,
  now: Instant,
  advert: Advertisement,
  from: IpAddress,
  tie: number,
): { readonly state: ActiveState; readonly effects: readonly VrrpEffect[] } {
  if (tie > 0) {
    const once = complainOnce(s, "two-owners", log("two-owners", { instance: p.name, from }));
    return { state: once.memory, effects: once.effects };
  }
  if (s.rival === undefined) {
    const rival: Rival = { kind: "warned", advertsLeft: 2, interval: advert.interval };
    return { state: { ...s, rival }, effects: [log("two-owners", { instance: p.name, from })] };
  }
  if (s.rival.kind === "watched" && now < s.rival.until) {
    return {
      state: { ...s, rival: undefined, yielding: true },
      effects: [log("two-owners-yield", { instance: p.name, from })],
    };
  }
  return { state: s, effects: [] };
}

/** After each own advert: patience runs out step by step. */
export function watchRival(p: VrrpParams, rival: Rival | undefined, now: Instant): Rival | undefined {
  if (rival?.kind !== "warned") return rival;
  if (rival.advertsLeft > 1) return { ...rival, advertsLeft: rival.advertsLeft - 1 };
  const longer = Math.max(microsFromCentiseconds(p.advertInterval), microsFromCentiseconds(rival.interval));
  return { kind: "watched", until: after(now, Math.floor((longer * 12) / 10) as Micros) };
}
