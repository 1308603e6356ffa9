/**
 * One checker at work: its probe, its deadline, its memory. Starts a check when its deadline comes,
 * gives it up when the deadline comes during the check, and hands the judged result on. Never
 * decides about the real server; that is the listener's.
 */

import type { Deadline } from "../base/deadlines.ts";
import { after, type Instant, type Micros } from "../base/units.ts";
import type {
  CheckerConfig,
  ProbingCheckerConfig,
  RealServerConfig,
  ScriptRef,
  VirtualServerTarget,
} from "../config/model.ts";
import type { MiscCheckConfig } from "../config/model-lvs.ts";
import { destinationKey } from "../ipvs/model.ts";
import type { CheckerSentence } from "../log/catalogue/checkers.ts";
import type { ProbeIo, ScriptEnded, SecureProbeIo } from "./checker.ts";
import { type Check, type CheckOutcome, type CheckOwner, makeCheck, timeLimit } from "./checks.ts";
import { realServerName, virtualServerName } from "./names.ts";
import { nextCheckAt } from "./schedule.ts";
import type { CheckerState, Report, Verdict } from "./verdict.ts";
import { type Signal, type SignalCheckConfig, signalKey } from "./verdict-signal.ts";

/** What a checker needs from its process. */
export interface CheckerHost {
  readonly io: ProbeIo;
  now(): Instant;
  log(sentence: CheckerSentence): void;
  /** Gives the task this deadline instead of its present one. */
  wake(task: CheckerTask, at: Instant): void;
  /** @returns whether the pool and the kernel took the transition */
  report(task: CheckerTask, report: Report): boolean;
  /** What the task adds to its server's weight has changed. */
  weigh(task: CheckerTask, added: number, quiet: boolean): void;
  /** in [0, 1) */
  readonly random: () => number;
  /** by `signalKey` */
  readonly signals: ReadonlyMap<string, Signal>;
  /** New sockets with TLS. Never rejects. */
  openTls(): Promise<SecureProbeIo>;
  /** Runs a script elsewhere, after those before it in its queue. Never rejects. */
  runScript(script: ScriptRef, queue: string, timeout: Micros): Promise<ScriptEnded>;
  /** Ends the scripts of the queues that begin so. */
  endScripts(queue: string): void;
}

/** Where a checker belongs. Names are made when somebody asks: ten thousand checkers seldom do. */
export class CheckerPlace {
  /** index in the real server's `checkers` */
  readonly index: number;
  readonly #target: VirtualServerTarget;
  readonly #server: RealServerConfig;

  constructor(target: VirtualServerTarget, server: RealServerConfig, index: number) {
    this.index = index;
    this.#target = target;
    this.#server = server;
  }

  /** `destinationKey` of the real server */
  get server(): string {
    return destinationKey(this.#server);
  }

  /** configured weight of the real server */
  get weight(): number {
    return this.#server.weight;
  }

  get realServer(): string {
    return realServerName(this.#target, this.#server);
  }

  get virtualServer(): string {
    return virtualServerName(this.#target);
  }
}

/** The last result, for status displays. */
export interface LastResult {
  /** `success`, or the reason of the failure */
  readonly result: string;
  readonly at: Instant;
}

/** Nobody tells again what the kernel did not take. */
const SIGNAL_RETRY = 1_000_000 as Micros;

/** Whether a checker asks at intervals; the others are told. */
export function isProbing(config: CheckerConfig): config is ProbingCheckerConfig {
  return config.kind !== "FILE_CHECK" && config.kind !== "BFD_CHECK";
}

export class CheckerTask implements Deadline, CheckOwner {
  at: Instant = 0 as Instant;
  slot = -1;
  readonly config: CheckerConfig;
  readonly place: CheckerPlace;
  last: LastResult | undefined;
  readonly #host: CheckerHost;
  readonly #check: Check;
  #probing = false;
  #startedAt = 0 as Instant;
  /** errno of the last complaint about connect(), so that it is made once */
  #complained = 0;

  constructor(config: CheckerConfig, place: CheckerPlace, host: CheckerHost, old?: CheckerTask) {
    this.config = config;
    this.place = place;
    this.#host = host;
    this.#check = makeCheck(config, this, old === undefined ? undefined : old.#check);
    this.last = old?.last;
  }

  get state(): CheckerState {
    return this.#check.state;
  }

  /** Whether a check is running. */
  get probing(): boolean {
    return this.#probing;
  }

  /** An alpha checker that joins a server which already lives does not take it down. */
  assumeUp(): void {
    const check = this.#check;
    // What a file says is known, not assumed.
    if (check.state.hasRun) return;
    check.state = { ...check.state, up: true };
  }

  /** The deadline came: time for a check, or the end of one that takes too long. */
  due(now: Instant): void {
    if (!isProbing(this.config)) {
      this.#check.start();
      return;
    }
    if (this.#probing) {
      this.#check.expire();
      return;
    }
    this.#probing = true;
    this.#startedAt = now;
    this.#host.wake(this, after(now, timeLimit(this.config)));
    this.#check.start();
  }

  /** Ends a running check without a result. */
  close(): void {
    this.#probing = false;
    this.#check.close();
  }

  /** What this check adds to its server's weight. */
  get added(): number {
    return this.#check.added ?? 0;
  }

  signalOf(config: SignalCheckConfig): Signal | undefined {
    return this.#host.signals.get(signalKey(config));
  }

  openTls(): Promise<SecureProbeIo> {
    return this.#host.openTls();
  }

  extend(): void {
    if (this.#probing && isProbing(this.config))
      this.#host.wake(this, after(this.#host.now(), timeLimit(this.config)));
  }

  runScript({ script, timeout }: MiscCheckConfig): Promise<ScriptEnded> {
    return this.#host.runScript(script, this.#queue, timeout);
  }

  endScript(): void {
    this.#host.endScripts(this.#queue);
  }

  /** No queue's name begins like another's. */
  get #queue(): string {
    return `misc ${this.place.virtualServer} ${this.place.realServer} ${this.place.index}.`;
  }

  random = (): number => this.#host.random();

  get io(): ProbeIo {
    return this.#host.io;
  }

  /** Takes a judged result. @returns the check's state from now on */
  settle<S extends CheckerState>(outcome: CheckOutcome, verdict: Verdict<S>): S {
    this.#probing = false;
    const host = this.#host;
    const now = host.now();
    this.#remember(outcome, now);
    const { report, added } = verdict;
    const failed = report === "down" || report === "stillDown";
    if (added !== undefined && !failed) host.weigh(this, added, false);
    for (const sentence of verdict.sentences) host.log(sentence);
    const taken = report === undefined || host.report(this, report);
    if (added !== undefined && failed && taken) host.weigh(this, added, true);
    if (isProbing(this.config)) host.wake(this, this.#nextAt(now, verdict.delay));
    else if (!taken) host.wake(this, after(now, SIGNAL_RETRY));
    return taken ? verdict.state : verdict.refused;
  }

  /** Scripts are started at intervals, everything else rests between its checks. */
  #nextAt(now: Instant, delay: Micros): Instant {
    if (this.config.kind !== "MISC_CHECK") return nextCheckAt(now, delay);
    return Math.max(now, after(this.#startedAt, delay)) as Instant;
  }

  #remember(outcome: CheckOutcome, at: Instant): void {
    if (outcome.kind === "notRun") {
      this.last = { result: `not run: ${outcome.code}`, at };
      return;
    }
    if (outcome.kind !== "local") {
      this.#complained = 0;
      this.last = { result: outcome.kind === "success" ? "success" : outcome.reason, at };
      return;
    }
    const { syscall, errno, code } = outcome.error;
    this.last = { result: `${syscall} ${code}`, at };
    // keepalived repeats itself about bind, but not about connect.
    if (syscall === "connect" && this.#complained === errno) return;
    this.#complained = errno;
    this.#host.log({
      id: "probe-refused",
      fields: { realServer: this.place.realServer, call: syscall, errno, code },
    });
  }
}
