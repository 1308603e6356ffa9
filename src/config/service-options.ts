/** Options of a virtual server that depend on each other: scheduler flags, persistence, quorum. */
import type { Seconds } from "../base/units.ts";
import type { Draft } from "./draft.ts";
import type { RealServerConfig, VirtualServerTarget } from "./model.ts";
import type { Reporter } from "./reporter.ts";

/** IP_VS_SVC_F_* of linux/ip_vs.h */
const ONE_PACKET = 0x04;
const schedulerFlags: readonly (readonly [string, number, string | undefined])[] = [
  ["flag-1", 0x08, undefined],
  ["flag-2", 0x10, undefined],
  ["flag-3", 0x20, undefined],
  ["sh-fallback", 0x08, "sh"],
  ["sh-port", 0x10, "sh"],
  ["mh-fallback", 0x08, "mh"],
  ["mh-port", 0x10, "mh"],
];

/** Whether `first` stands before `second`; reported when not. */
export function inOrder(reporter: Reporter, draft: Draft, first: string, second: string): boolean {
  const a = draft.cell(first);
  const b = draft.cell(second);
  if (a !== undefined && b !== undefined && draft.cells.indexOf(a) < draft.cells.indexOf(b)) return true;
  reporter.word(
    "keyword-order",
    draft.statementOf(second),
    0,
    `${second} needs a fitting ${first} before it; write ${first} first`,
  );
  return false;
}

/** IP_VS_SVC_F_* bits; what does not fit is left out and reported. */
export function readFlags(
  reporter: Reporter,
  draft: Draft,
  target: VirtualServerTarget,
  title: string,
): number {
  let flags = 0;
  for (const [keyword, bit, scheduler] of schedulerFlags) {
    if (!draft.has(keyword)) continue;
    if (scheduler === undefined) flags |= bit;
    else if (draft.text("lvs_sched") !== scheduler)
      reporter.word(
        "keyword-order",
        draft.statementOf(keyword),
        0,
        `${keyword} belongs to the scheduler ${scheduler} and is ignored; write lvs_sched ${scheduler} before it`,
      );
    else if (inOrder(reporter, draft, "lvs_sched", keyword)) flags |= bit;
  }
  if (draft.has("hashed") && draft.text("lvs_sched") !== "sh")
    reporter.word(
      "hashed-ignored",
      draft.statementOf("hashed"),
      0,
      "hashed has a meaning only for the scheduler sh, and does nothing there either; remove it",
    );
  if (!draft.has("ops")) return flags;
  if (target.kind === "fwmark" || target.protocol === "udp") return flags | ONE_PACKET;
  reporter.word(
    "one-packet-cleared",
    draft.statementOf("ops"),
    0,
    `ops works with UDP only and is cleared for ${title}; remove it`,
  );
  return flags;
}

/**
 * @param takesEveryPort the service has no port of its own
 * @returns undefined: not persistent
 */
export function readPersistence(
  reporter: Reporter,
  draft: Draft,
  takesEveryPort: boolean,
  title: string,
): Seconds | undefined {
  const timeout = draft.number("persistence_timeout");
  if (timeout !== undefined) return timeout as Seconds;
  if (draft.has("persistence_granularity")) return 360 as Seconds;
  if (!takesEveryPort) return undefined;
  reporter.word(
    "persistence-implied",
    draft.statement,
    0,
    `${title} takes every port, which needs persistence, and gets persistence_timeout 360; write it, or a port`,
  );
  return 360 as Seconds;
}

/** Both are reduced to what the weights allow (reported). */
export function readQuorum(
  reporter: Reporter,
  draft: Draft,
  servers: readonly RealServerConfig[],
  title: string,
): { readonly quorum: number; readonly hysteresis: number } {
  const most = servers.reduce((sum, server) => sum + server.weight, 0);
  let quorum = draft.number("quorum") ?? 1;
  if (quorum > most) {
    reporter.word(
      "quorum-reduced",
      draft.statementOf("quorum"),
      1,
      `quorum ${quorum} of ${title} can never be reached, its servers weigh ${most} together and quorum becomes ${most}; write at most ${most}`,
    );
    quorum = most;
  }
  let hysteresis = draft.number("hysteresis") ?? 0;
  if (hysteresis > 0 && hysteresis >= quorum) {
    const reduced = Math.max(0, quorum - 1);
    reporter.word(
      "hysteresis-reduced",
      draft.statementOf("hysteresis"),
      1,
      `hysteresis ${hysteresis} of ${title} must be below its quorum and becomes ${reduced}; write at most ${reduced}`,
    );
    hysteresis = reduced;
  }
  return { quorum, hysteresis };
}
