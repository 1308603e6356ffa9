/**
 * The rule that most checkers share: failures are forgiven one by one up to `retry`, the next one takes
 * the server down, one success brings it back. Pure; what is said about it is each kind's own.
 */
import type { CheckerPace, TcpCheckConfig } from "../config/model.ts";
import type { DnsCheckConfig, PingCheckConfig, UdpCheckConfig } from "../config/model-lvs.ts";
import type { CheckerSentence } from "../log/catalogue/checkers.ts";
import type { DnsOutcome, PingOutcome, TcpOutcome, UdpOutcome } from "./checker.ts";
import { type CheckerState, type Names, quiet, said, type Verdict } from "./verdict.ts";

type Said = CheckerSentence | undefined;

/** The sentences of one kind of checker. */
interface Words {
  /** the server answers, at first or again; undefined: nothing is said */
  success(): Said;
  /**
   * One failure of a checker that is up.
   *
   * @param decisive whether it takes the server down
   */
  each(decisive: boolean): Said;
  /** @param retries that were forgiven before, 0 at first */
  final(retries: number): Said;
  rescheduled(): CheckerSentence;
}

type Kind = "success" | "failure" | "local";

function judge(config: CheckerPace, state: CheckerState, kind: Kind, words: Words): Verdict<CheckerState> {
  if (kind === "local") return said(state, [words.rescheduled()], config.delayLoop);
  if (kind === "success") {
    const news = !state.up || !state.hasRun;
    return {
      report: state.up ? undefined : "up",
      sentences: news ? list(words.success()) : [],
      delay: config.delayLoop,
      state: state.up && state.hasRun && state.retries === 0 ? state : { up: true, hasRun: true, retries: 0 },
      refused: { up: false, hasRun: true, retries: 0 },
    };
  }
  if (!state.up && state.hasRun) return quiet(state, config.delayLoop);
  const decisive = !state.up || state.retries >= config.retry;
  const sentences = state.up && config.logAllFailures ? list(words.each(decisive)) : [];
  if (!decisive) {
    const next = { ...state, hasRun: true, retries: state.retries + 1 };
    return { report: undefined, sentences, delay: config.delayBeforeRetry, state: next, refused: next };
  }
  return {
    report: state.up ? "down" : "stillDown",
    sentences: [...sentences, ...list(words.final(state.hasRun ? config.retry : 0))],
    delay: config.delayLoop,
    state: { up: false, hasRun: true, retries: 0 },
    refused: { up: true, hasRun: true, retries: config.retry },
  };
}

function list(sentence: Said): readonly CheckerSentence[] {
  return sentence === undefined ? [] : [sentence];
}

export function judgeTcp(
  config: TcpCheckConfig,
  state: CheckerState,
  outcome: TcpOutcome,
  names: Names,
): Verdict<CheckerState> {
  const reason = outcome.kind === "failure" ? outcome.reason : undefined;
  return judge(config, state, outcome.kind, {
    success: () => ({ id: "tcp-success", fields: { realServer: names.realServer } }),
    each: () =>
      reason === "unreachable"
        ? undefined
        : {
            id: reason === "timeout" ? "tcp-timeout" : "tcp-failed",
            fields: { realServer: names.realServer },
          },
    final: (retries) => ({ id: "tcp-check-failed", fields: { realServer: names.realServer, retries } }),
    rescheduled: () => ({ id: "tcp-rescheduled", fields: { realServer: names.realServer } }),
  });
}

export function judgePing(
  config: PingCheckConfig,
  state: CheckerState,
  outcome: PingOutcome,
  names: Names,
): Verdict<CheckerState> {
  const { realServer, virtualServer } = names;
  const reason = outcome.kind === "failure" ? outcome.reason : undefined;
  const verdict = judge(config, state, outcome.kind, {
    success: () => ({ id: "icmp-success", fields: { realServer } }),
    each: () =>
      reason === "timeout"
        ? { id: "icmp-timeout", fields: { realServer } }
        : reason === "answer"
          ? { id: "icmp-failed", fields: { realServer, virtualServer } }
          : undefined,
    final: (retries) => ({ id: "icmp-check-failed", fields: { realServer, virtualServer, retries } }),
    rescheduled: () => ({ id: "icmp-rescheduled", fields: { realServer } }),
  });
  if (reason !== "send" || (!state.up && state.hasRun)) return verdict;
  return {
    ...verdict,
    sentences: [{ id: "icmp-send-failed", fields: { realServer } }, ...verdict.sentences],
  };
}

export function judgeUdp(
  config: UdpCheckConfig,
  state: CheckerState,
  outcome: UdpOutcome,
  names: Names,
): Verdict<CheckerState> {
  const { realServer } = names;
  const reason = outcome.kind === "failure" ? outcome.reason : undefined;
  return judge(config, state, outcome.kind, {
    success: () => ({ id: "udp-success", fields: { realServer } }),
    each: () => ({ id: reason === "mismatch" ? "udp-mismatch" : "udp-failed", fields: { realServer } }),
    final: (retries) => ({ id: "udp-check-failed", fields: { realServer, retries } }),
    rescheduled: () => ({ id: "udp-rescheduled", fields: { realServer } }),
  });
}

/** A DNS check that decides says why, and nothing besides. */
export function judgeDns(
  config: DnsCheckConfig,
  state: CheckerState,
  outcome: DnsOutcome,
  names: Names,
): Verdict<CheckerState> {
  const { realServer } = names;
  const reason = outcome.kind === "failure" ? outcome.reason : "";
  return judge(config, state, outcome.kind, {
    success: () => undefined,
    each: (decisive) =>
      decisive ? undefined : { id: "dns-failed", fields: { realServer, reason, retries: 0 } },
    final: (retries) => ({ id: "dns-failed", fields: { realServer, reason, retries } }),
    rescheduled: () => ({ id: "dns-rescheduled", fields: { realServer } }),
  });
}
