/**
 * The rule of SMTP_CHECK: every round of checks has all its retries, the first one and those of a server
 * that is down included. Pure.
 */
import type { SmtpCheckConfig } from "../config/model-lvs.ts";
import type { CheckerSentence } from "../log/catalogue/checkers.ts";
import type { SmtpFailure, SmtpOutcome } from "./checker.ts";
import { type CheckerState, type Names, said, type Verdict } from "./verdict.ts";

export function initialSmtpState({ alpha }: SmtpCheckConfig): CheckerState {
  return { up: !alpha, hasRun: false, retries: 0 };
}

export function adoptSmtpState({ retry }: SmtpCheckConfig, old: CheckerState): CheckerState {
  return { ...old, retries: Math.min(old.retries, retry) };
}

export function judgeSmtp(
  config: SmtpCheckConfig,
  state: CheckerState,
  outcome: SmtpOutcome,
  names: Names,
): Verdict<CheckerState> {
  const { realServer } = names;
  if (outcome.kind === "local")
    return said(state, [{ id: "smtp-rescheduled", fields: { realServer } }], config.delayLoop);
  const server = `[${config.connect.address}]:${config.connect.port}`;
  const sentences: CheckerSentence[] = [];
  if (outcome.overflows > 0) sentences.push({ id: "smtp-overflow", fields: { server } });
  if (outcome.kind === "success") {
    if (!state.up || !state.hasRun) sentences.push({ id: "smtp-success", fields: { realServer } });
    return {
      report: state.up ? undefined : "up",
      sentences,
      delay: config.delayLoop,
      state: { up: true, hasRun: true, retries: 0 },
      refused: { up: false, hasRun: true, retries: 0 },
    };
  }
  const sentence = { id: SENTENCE[outcome.reason], fields: { server, realServer } } as const;
  if (state.retries < config.retry) {
    if (state.up && config.logAllFailures) sentences.push(sentence);
    const next = { ...state, retries: state.retries + 1 };
    return { report: undefined, sentences, delay: config.delayBeforeRetry, state: next, refused: next };
  }
  const news = state.up || !state.hasRun;
  if (news) sentences.push(sentence);
  return {
    report: !news ? undefined : state.up ? "down" : "stillDown",
    sentences,
    delay: config.delayLoop,
    state: { up: false, hasRun: true, retries: 0 },
    refused: { ...state, hasRun: true, retries: 0 },
  };
}

const SENTENCE = {
  "network-unreachable": "smtp-network-unreachable",
  "connect-failed": "smtp-connect-failed",
  "connect-timeout": "smtp-connect-timeout",
  "read-timeout": "smtp-read-timeout",
  "read-failed": "smtp-read-failed",
  greeting: "smtp-bad-greeting",
  helo: "smtp-bad-helo",
} as const satisfies Record<SmtpFailure, string>;
