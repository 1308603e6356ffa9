/**
 * What the probes that send one datagram and wait for another share: their socket, their end, and whose
 * fault an error is. Never opens sockets itself and never decides what an answer means.
 */
import { DaemonError } from "../base/errors.ts";
import type { ConnectConfig } from "../config/model.ts";
import type { LocalFailure, ProbeIo, ProbeReady, ProbeSocket, ProbeTarget, Transport } from "./checker.ts";

/** One kind of question. */
export interface Question<O> {
  readonly transport: Transport;
  /** what is sent; a new one per check */
  ask(): Uint8Array;
  /** @returns undefined to wait on */
  judge(answer: Uint8Array): O | undefined;
  /** The socket reports an error. @returns undefined when it carries none */
  refused?(io: ProbeIo, socket: ProbeSocket): O | undefined;
  /** The time is over. */
  silence(): O;
  /** Making the socket, sending or receiving failed. */
  failed(error: DaemonError): O;
  /** @param into room for an answer; what is longer arrives cut off */
  readonly into: Uint8Array;
}

/** Datagrams a turn of the loop: a flood must not starve the other checks. */
const PER_TURN = 16;

/** One object per checker, used for every check. The deadline is the caller's: it calls `expire`. */
export class DatagramProbe<O> {
  readonly #io: ProbeIo;
  readonly #connect: ConnectConfig;
  readonly #question: Question<O>;
  readonly #done: (outcome: O | LocalFailure) => void;
  readonly #ready: ProbeReady = ({ error }) => this.#onReady(error);
  #target: ProbeTarget | undefined;
  #socket: ProbeSocket | undefined;

  /** @param done called once per `start`, possibly before `start` returns, unless `close` came first */
  constructor(
    io: ProbeIo,
    connect: ConnectConfig,
    question: Question<O>,
    done: (outcome: O | LocalFailure) => void,
  ) {
    this.#io = io;
    this.#connect = connect;
    this.#question = question;
    this.#done = done;
  }

  start(): void {
    const question = this.#question;
    try {
      this.#target ??= this.#io.prepare(this.#connect, question.transport);
      const socket = this.#io.connect(this.#target);
      this.#socket = socket;
      this.#io.send(socket, question.ask());
      this.#io.watch(socket, "read", this.#ready);
    } catch (error) {
      if (!(error instanceof DaemonError)) throw error;
      this.#finish(error.syscall === "socket" ? { kind: "local", error } : question.failed(error));
    }
  }

  expire(): void {
    this.#finish(this.#question.silence());
  }

  /** Gives up without a result. */
  close(): void {
    if (this.#socket !== undefined) this.#io.close(this.#socket);
    this.#socket = undefined;
  }

  #finish(outcome: O | LocalFailure): void {
    this.close();
    this.#done(outcome);
  }

  #onReady(error: boolean): void {
    const outcome = this.#hear(error);
    if (outcome !== undefined) this.#finish(outcome);
  }

  /** @returns undefined while the check goes on */
  #hear(hasError: boolean): O | undefined {
    const socket = this.#socket;
    if (socket === undefined) return undefined;
    const { into, judge, refused, failed } = this.#question;
    try {
      const refusal = hasError ? refused?.(this.#io, socket) : undefined;
      if (refusal !== undefined) return refusal;
      for (let n = 0; n < PER_TURN; n++) {
        const length = this.#io.receive(socket, into);
        if (length === undefined) return undefined;
        const outcome = judge(into.subarray(0, length));
        if (outcome !== undefined) return outcome;
      }
      return undefined;
    } catch (error) {
      if (!(error instanceof DaemonError)) throw error;
      return failed(error);
    }
  }
}
