/**
 * The timing of an instance: intervals, preemption, gratuitous ARPs, answers to other routers' adverts;
 * with what strict mode makes of them (vrrp-behaviour 13).
 */
import { type Centiseconds, type Micros, seconds } from "../base/units.ts";
import { atLeastOne, type Inherited } from "./build-global.ts";
import type { Draft } from "./draft.ts";
import type { GarpConfig } from "./model.ts";
import { parseDuration } from "./numbers.ts";
import type { Reporter } from "./reporter.ts";

/** What the functions here need to know of the instance. */
export interface Standing {
  readonly name: string;
  readonly strict: boolean;
  readonly state: "MASTER" | "BACKUP";
  readonly priority: number;
}

/** A keyword that strict mode overrules. */
export function reportStrict(
  reporter: Reporter,
  draft: Draft,
  keyword: string,
  name: string,
  consequence: string,
): void {
  reporter.word(
    "strict-mode",
    draft.statementOf(keyword),
    0,
    `strict mode of ${name} does not allow this ${keyword}: ${consequence}; remove it, or strict_mode`,
  );
}

export function readPreemption(
  reporter: Reporter,
  draft: Draft,
  { name, strict, state, priority }: Standing,
): { readonly nopreempt: boolean; readonly preemptDelay: Micros } {
  const none = 0 as Micros;
  let nopreempt = draft.has("nopreempt") && !isBefore(draft, "nopreempt", "preempt");
  if (nopreempt && (priority === 255 || state === "MASTER")) {
    const why = priority === 255 ? "with priority 255" : "with state MASTER";
    reporter.word(
      "nopreempt-cleared",
      draft.statementOf("nopreempt"),
      0,
      `nopreempt of ${name} has no effect ${why} and is cleared; write state BACKUP${priority === 255 ? " and a lower priority" : ""}`,
    );
    nopreempt = false;
  }
  let preemptDelay = (draft.number("preempt_delay") ?? none) as Micros;
  if (preemptDelay > 0 && (state === "MASTER" || nopreempt)) {
    reporter.word(
      "preempt-delay-cleared",
      draft.statementOf("preempt_delay"),
      0,
      `preempt_delay of ${name} has no effect with ${state === "MASTER" ? "state MASTER" : "nopreempt"} and is cleared; remove one of them`,
    );
    preemptDelay = none;
  }
  if (preemptDelay > 0 && strict) {
    reportStrict(reporter, draft, "preempt_delay", name, "it is cleared");
    preemptDelay = none;
  }
  return { nopreempt, preemptDelay };
}

/** `preempt` clears a `nopreempt` that stands before it. */
function isBefore(draft: Draft, first: string, second: string): boolean {
  const a = draft.cell(first);
  const b = draft.cell(second);
  return a !== undefined && b !== undefined && draft.cells.indexOf(a) < draft.cells.indexOf(b);
}

/** Version 2 counts whole seconds (RFC 3768 §5.3.7), version 3 hundredths up to 40.95 s (RFC 9568 §5.2.7). */
export function readAdvertInt(reporter: Reporter, draft: Draft, version: 2 | 3, name: string): Centiseconds {
  const micros = draft.number("advert_int") ?? 1_000_000;
  const unit = version === 2 ? 1_000_000 : 10_000;
  const most = version === 2 ? 255_000_000 : 40_950_000;
  const rounded = Math.min(most, Math.max(unit, Math.round(micros / unit) * unit));
  if (rounded !== micros)
    reporter.word(
      "advert-int-rounded",
      draft.statementOf("advert_int"),
      1,
      `version ${version} of ${name} advertises in ${version === 2 ? "whole seconds" : "hundredths of a second up to 40.95"}, ${micros / 1_000_000} becomes ${rounded / 1_000_000}; write ${rounded / 1_000_000}${version === 2 ? " or version 3" : ""}`,
    );
  return (rounded / 10_000) as Centiseconds;
}

export function readGarp(
  reporter: Reporter,
  draft: Draft,
  inherited: GarpConfig,
  { name, strict }: Standing,
): GarpConfig {
  const delay = (keyword: string): Micros | undefined => {
    const value = draft.number(keyword);
    return value === undefined ? undefined : seconds(value);
  };
  const lower = ["garp_lower_prio_delay", "garp_lower_prio_repeat"];
  for (const keyword of strict ? lower : [])
    if ((draft.number(keyword) ?? 0) > 0) reportStrict(reporter, draft, keyword, name, "it is 0");
  const lowerDelay = delay("garp_lower_prio_delay") ?? inherited.lowerPrioDelay;
  const lowerRepeat = draft.number("garp_lower_prio_repeat") ?? inherited.lowerPrioRepeat;
  return {
    masterDelay: delay("garp_master_delay") ?? inherited.masterDelay,
    masterRepeat: atLeastOne(draft, reporter, "garp_master_repeat") ?? inherited.masterRepeat,
    masterRefresh: delay("garp_master_refresh") ?? inherited.masterRefresh,
    masterRefreshRepeat:
      atLeastOne(draft, reporter, "garp_master_refresh_repeat") ?? inherited.masterRefreshRepeat,
    lowerPrioDelay: strict ? (0 as Micros) : lowerDelay,
    lowerPrioRepeat: strict ? 0 : lowerRepeat,
    interval: inherited.interval,
  };
}

/** `down_timer_adverts`: strict mode allows RFC 9568's 3 only. */
export function readDownTimerAdverts(
  reporter: Reporter,
  draft: Draft,
  inherited: Inherited,
  { name, strict }: Standing,
): number {
  const given = draft.number("down_timer_adverts");
  if (!strict) return given ?? inherited.downTimerAdverts;
  if (given !== undefined && given !== 3)
    reportStrict(reporter, draft, "down_timer_adverts", name, "it is 3");
  return 3;
}

/** A boolean that strict mode decides. */
export function readStrictFlag(
  reporter: Reporter,
  draft: Draft,
  keyword: string,
  inherited: boolean,
  { name, strict }: Standing,
  strictValue: boolean,
): boolean {
  const given = draft.flag(keyword);
  if (!strict) return given ?? inherited;
  if (given === !strictValue) reportStrict(reporter, draft, keyword, name, `it is ${strictValue}`);
  return strictValue;
}

/** Only an instance that does not preempt can lose to one that it did not hear of. */
export function readTimerExpiredBackup(
  reporter: Reporter,
  draft: Draft,
  nopreempt: boolean,
  name: string,
): number | undefined {
  const value = draft.number("timer_expired_backup");
  if (value === undefined || nopreempt) return value;
  reporter.word(
    "setting-cleared",
    draft.statementOf("timer_expired_backup"),
    0,
    `timer_expired_backup of ${name} has no effect without nopreempt and is cleared; add nopreempt or remove it`,
  );
  return undefined;
}

/** A day: longer than any switch remembers. */
const LONGEST_EXTRA_INTERVAL = 86_400;

/** `garp_extra_if [all] SECONDS`; undefined: not given, or not valid (reported) */
export function readGarpExtraIf(
  reporter: Reporter,
  draft: Draft,
): { readonly all: boolean; readonly interval: Micros } | undefined {
  const words = draft.words("garp_extra_if");
  if (words === undefined) return undefined;
  const all = words[0] === "all";
  const text = words[all ? 1 : 0];
  const result = text === undefined ? undefined : parseDuration(text, 0, LONGEST_EXTRA_INTERVAL);
  if (result?.ok === true) return { all, interval: result.value };
  reporter.word(
    text === undefined ? "missing-value" : "number-out-of-range",
    draft.statementOf("garp_extra_if"),
    all ? 2 : 1,
    `garp_extra_if needs an interval and is ignored; write: garp_extra_if [all] 0..${LONGEST_EXTRA_INTERVAL} (seconds)`,
  );
  return undefined;
}
