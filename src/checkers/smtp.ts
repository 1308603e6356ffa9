/**
 * One SMTP_CHECK: greeting, HELO, QUIT, and the first line of each reply. Used for every check; the
 * deadline is the caller's, which gives each step all of the time. Never opens sockets itself and never
 * decides what a result means.
 *
 * @see RFC 5321 §4.2
 */
import { DaemonError } from "../base/errors.ts";
import type { SmtpCheckConfig } from "../config/model-lvs.ts";
import {
  isRemoteTrouble,
  type ProbeIo,
  type ProbeReady,
  type ProbeSocket,
  type ProbeTarget,
  type SmtpFailure,
  type SmtpOutcome,
} from "./checker.ts";

/** A longer line is thrown away as far as it has come. */
const LINE = 512;
/** A server that never ends its line is not listened to for longer than this, in bytes. */
const ENOUGH = 1 << 16;
const LF = 10;

type Step = "connect" | "greeting" | "helo" | "quit";

export class SmtpProbe {
  readonly #io: ProbeIo;
  readonly #config: SmtpCheckConfig;
  readonly #extend: () => void;
  readonly #done: (outcome: SmtpOutcome) => void;
  readonly #writable: ProbeReady = ({ error }) => this.#connected(error);
  readonly #readable: ProbeReady = () => this.#hear();
  readonly #line = Buffer.alloc(LINE);
  #target: ProbeTarget | undefined;
  #socket: ProbeSocket | undefined;
  #step: Step = "connect";
  #length = 0;
  #heard = 0;
  #overflows = 0;

  /**
   * @param extend called when a step is done: the next one has all of the time
   * @param done called once per `start`, possibly before `start` returns, unless `close` came first
   */
  constructor(
    io: ProbeIo,
    config: SmtpCheckConfig,
    extend: () => void,
    done: (outcome: SmtpOutcome) => void,
  ) {
    this.#io = io;
    this.#config = config;
    this.#extend = extend;
    this.#done = done;
  }

  start(): void {
    this.#step = "connect";
    this.#length = 0;
    this.#heard = 0;
    this.#overflows = 0;
    try {
      this.#target ??= this.#io.prepare(this.#config.connect);
      this.#socket = this.#io.connect(this.#target);
      this.#io.watch(this.#socket, "write", this.#writable);
    } catch (error) {
      if (!(error instanceof DaemonError)) throw error;
      if (isRemoteTrouble(error))
        this.#fail(error.code === "ECONNREFUSED" ? "connect-failed" : "network-unreachable");
      else this.#finish({ kind: "local", error });
    }
  }

  expire(): void {
    this.#fail(this.#step === "connect" ? "connect-timeout" : "read-timeout");
  }

  /** Gives up without a result. */
  close(): void {
    if (this.#socket !== undefined) this.#io.close(this.#socket);
    this.#socket = undefined;
  }

  #finish(outcome: SmtpOutcome): void {
    this.close();
    this.#done(outcome);
  }

  #fail(reason: SmtpFailure): void {
    this.#finish({ kind: "failure", reason, overflows: this.#overflows });
  }

  #connected(failed: boolean): void {
    if (this.#socket === undefined) return;
    if (failed) this.#fail("connect-failed");
    else {
      this.#io.watch(this.#socket, "read", this.#readable);
      this.#next("greeting");
    }
  }

  #next(step: Step): void {
    this.#step = step;
    this.#extend();
  }

  #hear(): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    try {
      const n = this.#io.receive(socket, this.#line.subarray(this.#length));
      if (n === undefined) return;
      this.#heard += n;
      if (n === 0 || this.#heard > ENOUGH) this.#fail("read-failed");
      else this.#grow(n);
    } catch (error) {
      if (!(error instanceof DaemonError)) throw error;
      this.#fail("read-failed");
    }
  }

  #grow(n: number): void {
    this.#length += n;
    const end = this.#line.subarray(0, this.#length).indexOf(LF);
    if (end >= 0) {
      const line = this.#line.toString("latin1", 0, end).replace(/\r$/, "");
      this.#length = 0;
      this.#answer(line);
    } else if (this.#length === LINE) {
      this.#length = 0;
      this.#overflows++;
    }
  }

  /** @param line first of a reply; more lines of it are not asked for, and a reply of several is none */
  #answer(line: string): void {
    const code = /^\d{3}(?= |$)/.exec(line)?.[0];
    switch (this.#step) {
      case "greeting":
        if (code !== "220") this.#fail("greeting");
        else this.#say(`HELO ${this.#config.heloName}\r\n`, "helo");
        return;
      case "helo":
        if (code !== "250") this.#fail("helo");
        else this.#say("QUIT\r\n", "quit");
        return;
      case "quit":
      case "connect":
        this.#finish({ kind: "success", overflows: this.#overflows });
        return;
    }
  }

  /** A few bytes into an empty queue: what could not be sent is found out by the deadline. */
  #say(text: string, step: Step): void {
    if (this.#socket === undefined) return;
    this.#io.send(this.#socket, Buffer.from(text));
    this.#next(step);
  }
}
