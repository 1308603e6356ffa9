/**
 * One checker at work: its probe, its deadline, its memory. Starts a check when its deadline comes,
 * gives it up when the deadline comes during the check, and hands the judged result on. Never
 * decides about the real server; that is the listener's.
 */

import type { Deadline } from "../base/deadlines.ts";
import { after, type Instant } from "../base/units.ts";
import type {
  CheckerConfig,
  HttpCheckConfig,
  RealServerConfig,
  TcpCheckConfig,
  VirtualServerTarget,
} from "../config/model.ts";
import { destinationKey } from "../ipvs/model.ts";
import type { CheckerSentence } from "../log/catalogue/checkers.ts";
import type { HttpOutcome, ProbeIo, TcpOutcome } from "./checker.ts";
import { HttpProbe } from "./http.ts";
import { realServerName, virtualServerName } from "./names.ts";
import { nextCheckAt } from "./schedule.ts";
import { TcpProbe } from "./tcp.ts";
import {
  adoptState,
  type CheckerState,
  type HttpCheckerState,
  initialHttpState,
  initialState,
  judgeHttp,
  judgeTcp,
  type Report,
  type Verdict,
} from "./verdict.ts";

/** What a checker needs from its process. */
export interface CheckerHost {
  readonly io: ProbeIo;
  now(): Instant;
  log(sentence: CheckerSentence): void;
  /** Gives the task this deadline instead of its present one. */
  wake(task: CheckerTask, at: Instant): void;
  /** @returns whether the pool and the kernel took the transition */
  report(task: CheckerTask, report: Report): boolean;
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

export class CheckerTask implements Deadline {
  at: Instant = 0 as Instant;
  slot = -1;
  readonly config: CheckerConfig;
  readonly place: CheckerPlace;
  last: LastResult | undefined;
  readonly #host: CheckerHost;
  readonly #check: TcpCheck | HttpCheck;
  #probing = false;
  /** errno of the last complaint about connect(), so that it is made once */
  #complained = 0;

  constructor(config: CheckerConfig, place: CheckerPlace, host: CheckerHost, old?: CheckerTask) {
    this.config = config;
    this.place = place;
    this.#host = host;
    this.#check = this.#makeCheck(old === undefined ? undefined : old.#check);
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
    if (this.#check instanceof TcpCheck) this.#check.state = { ...this.#check.state, up: true };
    else this.#check.state = { ...this.#check.state, up: true };
  }

  /** The deadline came: time for a check, or the end of one that takes too long. */
  due(now: Instant): void {
    if (this.#probing) {
      this.#check.expire();
      return;
    }
    this.#probing = true;
    this.#host.wake(this, after(now, this.config.connect.timeout));
    this.#check.start();
  }

  /** Ends a running check without a result. */
  close(): void {
    this.#probing = false;
    this.#check.close();
  }

  /** @param known what the same check of the previous configuration remembers */
  #makeCheck(known: Check | undefined): TcpCheck | HttpCheck {
    const { config } = this;
    if (config.kind === "TCP_CHECK") {
      const state = known instanceof TcpCheck ? adoptState(config, known.state) : initialState(config);
      return new TcpCheck(config, this, state);
    }
    const state = known instanceof HttpCheck ? adoptState(config, known.state) : initialHttpState(config);
    return new HttpCheck(config, this, state);
  }

  get io(): ProbeIo {
    return this.#host.io;
  }

  /** Takes a judged result. @returns the check's state from now on */
  settle<S extends CheckerState>(outcome: TcpOutcome | HttpOutcome, verdict: Verdict<S>): S {
    this.#probing = false;
    const host = this.#host;
    const now = host.now();
    this.#remember(outcome, now);
    for (const sentence of verdict.sentences) host.log(sentence);
    const taken = verdict.report === undefined || host.report(this, verdict.report);
    host.wake(this, nextCheckAt(now, verdict.delay));
    return taken ? verdict.state : verdict.refused;
  }

  #remember(outcome: TcpOutcome | HttpOutcome, at: Instant): void {
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

/** A probe, made when it is first needed, with the rule that judges it. */
interface Check {
  state: CheckerState;
  start(): void;
  expire(): void;
  close(): void;
}

/** Whose check it is: knows where it belongs and takes its judged results. */
type Owner = Pick<CheckerTask, "io" | "place" | "settle">;

class TcpCheck implements Check {
  state: CheckerState;
  readonly #config: TcpCheckConfig;
  readonly #owner: Owner;
  #probe: TcpProbe | undefined;

  constructor(config: TcpCheckConfig, owner: Owner, state: CheckerState) {
    this.#config = config;
    this.#owner = owner;
    this.state = state;
  }

  start(): void {
    this.#probe ??= this.#makeProbe();
    this.#probe.start();
  }

  expire(): void {
    this.#probe?.expire();
  }

  close(): void {
    this.#probe?.close();
  }

  #makeProbe(): TcpProbe {
    const config = this.#config;
    const owner = this.#owner;
    return new TcpProbe(owner.io, config.connect, (outcome) => {
      this.state = owner.settle(outcome, judgeTcp(config, this.state, outcome, owner.place));
    });
  }
}

class HttpCheck implements Check {
  state: HttpCheckerState;
  readonly #config: HttpCheckConfig;
  readonly #owner: Owner;
  #probe: HttpProbe | undefined;

  constructor(config: HttpCheckConfig, owner: Owner, state: HttpCheckerState) {
    this.#config = config;
    this.#owner = owner;
    this.state = state;
  }

  start(): void {
    this.#probe ??= this.#makeProbe();
    this.#probe.start(this.state.url);
  }

  expire(): void {
    this.#probe?.expire();
  }

  close(): void {
    this.#probe?.close();
  }

  #makeProbe(): HttpProbe {
    const config = this.#config;
    const owner = this.#owner;
    return new HttpProbe(owner.io, config, (outcome) => {
      this.state = owner.settle(outcome, judgeHttp(config, this.state, outcome, owner.place));
    });
  }
}
