/**
 * The checks of every kind: a probe, made when it is first needed, with the rule that judges it. Decides
 * which belong together; when a check runs is checker-task.ts's business.
 */
import { DaemonError } from "../base/errors.ts";
import type { Micros } from "../base/units.ts";
import type {
  CheckerCommon,
  CheckerConfig,
  CheckerPace,
  HttpCheckConfig,
  ProbingCheckerConfig,
  TcpCheckConfig,
} from "../config/model.ts";
import type { MiscCheckConfig, SslCheckConfig } from "../config/model-lvs.ts";
import type {
  HttpOutcome,
  LocalFailure,
  MiscOutcome,
  ProbeIo,
  ScriptEnded,
  SecureProbeIo,
  SmtpOutcome,
} from "./checker.ts";
import { DatagramProbe, type Question } from "./datagram.ts";
import { dnsQuestion } from "./dns.ts";
import { HttpProbe } from "./http.ts";
import { miscOutcome } from "./misc.ts";
import { pingQuestion } from "./ping.ts";
import { SmtpProbe } from "./smtp.ts";
import { TcpProbe } from "./tcp.ts";
import { udpQuestion } from "./udp.ts";
import {
  adoptState,
  type CheckerState,
  type HttpCheckerState,
  initialHttpState,
  initialState,
  judgeHttp,
  type Names,
  type Verdict,
} from "./verdict.ts";
import { addedWeight, adoptMiscState, initialMiscState, judgeMisc, type MiscState } from "./verdict-misc.ts";
import { judgeDns, judgePing, judgeTcp, judgeUdp } from "./verdict-plain.ts";
import {
  initialSignalState,
  judgeSignal,
  type Signal,
  type SignalCheckConfig,
  type SignalState,
} from "./verdict-signal.ts";
import { adoptSmtpState, initialSmtpState, judgeSmtp } from "./verdict-smtp.ts";

/** What a check found out, as far as everybody understands it. */
export type CheckOutcome =
  | { readonly kind: "success" }
  | { readonly kind: "failure"; readonly reason: string }
  | LocalFailure
  /** a script that could not be run; errno name */
  | { readonly kind: "notRun"; readonly code: string };

export interface Check {
  state: CheckerState;
  /** what it adds to the weight of its server; undefined: nothing ever */
  readonly added?: number;
  start(): void;
  /** The deadline of the running check has come. */
  expire(): void;
  /** Gives up without a result. */
  close(): void;
}

/** Whose check it is: knows where it belongs, has what probes need, takes judged results. */
export interface CheckOwner {
  readonly io: ProbeIo;
  readonly place: Names & {
    /** configured weight of the real server */
    readonly weight: number;
  };
  /** in [0, 1) */
  readonly random: () => number;
  /** What was told last about the checker's file or session. */
  signalOf(config: SignalCheckConfig): Signal | undefined;
  /** New sockets with TLS. Never rejects. */
  openTls(): Promise<SecureProbeIo>;
  /** The running check has all of its time again. */
  extend(): void;
  /** @returns how it ended; never rejects */
  runScript(config: MiscCheckConfig): Promise<ScriptEnded>;
  /** Ends the script that runs. */
  endScript(): void;
  /** @returns the check's state from now on */
  settle<S extends CheckerState>(outcome: CheckOutcome, verdict: Verdict<S>): S;
}

/** How long a check of this kind may take. A script is ended by its runner; the rest is for its last moments. */
export function timeLimit(config: ProbingCheckerConfig): Micros {
  return config.kind === "MISC_CHECK" ? ((config.timeout + SCRIPT_END) as Micros) : config.connect.timeout;
}

const SCRIPT_END = 10_000_000;

/** @param known what the same check of the previous configuration remembers */
export function makeCheck(config: CheckerConfig, owner: CheckOwner, known: Check | undefined): Check {
  const plain = (pace: CheckerPace): CheckerState =>
    known === undefined ? initialState(pace) : adoptState(pace, known.state);
  switch (config.kind) {
    case "TCP_CHECK":
      return new TcpCheck(config, owner, plain(config));
    case "HTTP_GET":
      return new HttpCheck(
        config,
        owner,
        known instanceof HttpCheck ? adoptState(config, known.state) : initialHttpState(config),
      );
    case "SSL_GET":
      return new SslCheck(
        config,
        owner,
        known instanceof SslCheck ? adoptState(config, known.state) : initialHttpState(config),
      );
    case "PING_CHECK":
      return new ProbedCheck(
        owner,
        plain(config),
        asking(owner, config, pingQuestion(config.connect.address)),
        (s, o) => judgePing(config, s, o, owner.place),
      );
    case "UDP_CHECK":
      return new ProbedCheck(owner, plain(config), asking(owner, config, udpQuestion(config)), (s, o) =>
        judgeUdp(config, s, o, owner.place),
      );
    case "DNS_CHECK":
      return new ProbedCheck(
        owner,
        plain(config),
        asking(owner, config, dnsQuestion(config, owner.random)),
        (s, o) => judgeDns(config, s, o, owner.place),
      );
    case "SMTP_CHECK":
      return new ProbedCheck(
        owner,
        known === undefined ? initialSmtpState(config) : adoptSmtpState(config, known.state),
        (done: (outcome: SmtpOutcome) => void) => new SmtpProbe(owner.io, config, () => owner.extend(), done),
        (s, o) => judgeSmtp(config, s, o, owner.place),
      );
    case "FILE_CHECK":
    case "BFD_CHECK":
      return new SignalCheck(
        config,
        owner,
        known instanceof SignalCheck ? known.state : initialSignalState(config, owner.signalOf(config)),
      );
    case "MISC_CHECK":
      return new MiscCheck(
        config,
        owner,
        known instanceof MiscCheck ? adoptMiscState(config, known.state) : initialMiscState(config),
      );
  }
}

/** HTTP over TLS; the latter is loaded with the first check. */
class SslCheck implements Check {
  state: HttpCheckerState;
  readonly #config: SslCheckConfig;
  readonly #owner: CheckOwner;
  #io: SecureProbeIo | undefined;
  #probe: HttpProbe | undefined;
  /** waits for TLS to be loaded */
  #waiting = false;

  constructor(config: SslCheckConfig, owner: CheckOwner, state: HttpCheckerState) {
    this.#config = config;
    this.#owner = owner;
    this.state = state;
  }

  start(): void {
    this.#waiting = true;
    if (this.#io !== undefined) this.#go(this.#io);
    else
      void this.#owner.openTls().then((io) => {
        this.#io ??= io;
        if (this.#waiting) this.#go(this.#io);
      });
  }

  expire(): void {
    if (this.#probe !== undefined && !this.#waiting) this.#probe.expire();
    else this.#settle({ kind: "local", error: new DaemonError("tls", 11, "EAGAIN") });
  }

  close(): void {
    this.#waiting = false;
    this.#probe?.close();
  }

  #go(io: SecureProbeIo): void {
    this.#waiting = false;
    const config = this.#config;
    const url = config.urls[this.state.url];
    io.serverName = config.enableSni ? (config.sniName ?? url?.virtualhost) : undefined;
    io.courteous = url?.tlsCompliant ?? config.tlsCompliant;
    this.#probe ??= new HttpProbe(io, config, (outcome) => this.#settle(outcome));
    this.#probe.start(this.state.url);
  }

  #settle(outcome: HttpOutcome): void {
    this.#waiting = false;
    const owner = this.#owner;
    this.state = owner.settle(outcome, judgeHttp(this.#config, this.state, outcome, owner.place));
  }
}

interface Probe {
  start(): void;
  expire(): void;
  close(): void;
}

function asking<O>(
  { io }: CheckOwner,
  { connect }: CheckerCommon,
  question: Question<O>,
): (done: (outcome: O | LocalFailure) => void) => Probe {
  return (done) => new DatagramProbe(io, connect, question, done);
}

/** A check whose probe needs no further arguments. */
class ProbedCheck<O extends CheckOutcome> implements Check {
  state: CheckerState;
  readonly #make: () => Probe;
  #probe: Probe | undefined;

  constructor(
    owner: CheckOwner,
    state: CheckerState,
    make: (done: (outcome: O) => void) => Probe,
    judge: (state: CheckerState, outcome: O) => Verdict<CheckerState>,
  ) {
    this.state = state;
    this.#make = () =>
      make((outcome) => {
        this.state = owner.settle(outcome, judge(this.state, outcome));
      });
  }

  start(): void {
    this.#probe ??= this.#make();
    this.#probe.start();
  }

  expire(): void {
    this.#probe?.expire();
  }

  close(): void {
    this.#probe?.close();
  }
}

/** Nothing is asked: `start` judges what was told last. */
class SignalCheck implements Check {
  state: SignalState;
  readonly #config: SignalCheckConfig;
  readonly #owner: CheckOwner;

  constructor(config: SignalCheckConfig, owner: CheckOwner, state: SignalState) {
    this.#config = config;
    this.#owner = owner;
    this.state = state;
  }

  get added(): number {
    return this.state.added;
  }

  start(): void {
    const owner = this.#owner;
    const signal = owner.signalOf(this.#config);
    const verdict = signal && judgeSignal(this.#config, this.state, signal, owner.place);
    if (verdict === undefined) return;
    const outcome: CheckOutcome = verdict.state.up
      ? { kind: "success" }
      : { kind: "failure", reason: "down" };
    this.state = owner.settle(outcome, verdict);
  }

  expire(): void {}

  close(): void {}
}

/** A script instead of a probe. */
class MiscCheck implements Check {
  state: MiscState;
  readonly #config: MiscCheckConfig;
  readonly #owner: CheckOwner;
  /** counts the runs, so that a late answer is known; odd while one runs */
  #run = 0;

  constructor(config: MiscCheckConfig, owner: CheckOwner, state: MiscState) {
    this.#config = config;
    this.#owner = owner;
    this.state = state;
  }

  get added(): number {
    return addedWeight(this.#config, this.state.status, this.#owner.place.weight);
  }

  start(): void {
    const run = ++this.#run;
    void this.#owner.runScript(this.#config).then((ended) => {
      if (run === this.#run) this.#settle(miscOutcome(this.#config, ended));
    });
  }

  expire(): void {
    this.#settle({ kind: "failure", reason: "timeout", number: 0 });
  }

  close(): void {
    if (this.#run % 2 === 1) this.#owner.endScript();
    this.#run += this.#run % 2;
  }

  #settle(outcome: MiscOutcome): void {
    this.#run++;
    const { place } = this.#owner;
    this.state = this.#owner.settle(outcome, judgeMisc(this.#config, this.state, outcome, place));
  }
}

class TcpCheck implements Check {
  state: CheckerState;
  readonly #config: TcpCheckConfig;
  readonly #owner: CheckOwner;
  #probe: TcpProbe | undefined;

  constructor(config: TcpCheckConfig, owner: CheckOwner, state: CheckerState) {
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
  readonly #owner: CheckOwner;
  #probe: HttpProbe | undefined;

  constructor(config: HttpCheckConfig, owner: CheckOwner, state: HttpCheckerState) {
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
