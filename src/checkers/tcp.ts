/**
 * One TCP_CHECK: a connect, nothing sent, nothing read. One object per checker, used for every
 * check, so that a check allocates nothing but its socket. The deadline is the caller's: it calls
 * `expire`. Never opens sockets itself and never decides what a result means.
 */
import { DaemonError } from "../base/errors.ts";
import type { ConnectConfig } from "../config/model.ts";
import {
  isRemoteTrouble,
  type ProbeIo,
  type ProbeReady,
  type ProbeSocket,
  type ProbeTarget,
  type TcpOutcome,
} from "./checker.ts";

const SUCCESS: TcpOutcome = { kind: "success" };
const REFUSED: TcpOutcome = { kind: "failure", reason: "refused" };
const TIMEOUT: TcpOutcome = { kind: "failure", reason: "timeout" };
const UNREACHABLE: TcpOutcome = { kind: "failure", reason: "unreachable" };

export class TcpProbe {
  readonly #io: ProbeIo;
  readonly #connect: ConnectConfig;
  /** made with the first check: thousands at once would delay the start */
  #target: ProbeTarget | undefined;
  readonly #done: (outcome: TcpOutcome) => void;
  readonly #ready: ProbeReady = (event) => this.#connected(event.error);
  #socket: ProbeSocket | undefined;

  /** @param done called once per `start`, possibly before `start` returns, unless `close` came first */
  constructor(io: ProbeIo, connect: ConnectConfig, done: (outcome: TcpOutcome) => void) {
    this.#io = io;
    this.#connect = connect;
    this.#done = done;
  }

  start(): void {
    try {
      this.#target ??= this.#io.prepare(this.#connect);
      this.#socket = this.#io.connect(this.#target);
      this.#io.watch(this.#socket, "write", this.#ready);
    } catch (error) {
      if (!(error instanceof DaemonError)) throw error;
      this.close();
      this.#done(isRemoteTrouble(error) ? UNREACHABLE : { kind: "local", error });
    }
  }

  /** The time for connecting is over. */
  expire(): void {
    this.close();
    this.#done(TIMEOUT);
  }

  /** Gives up without a result. */
  close(): void {
    if (this.#socket !== undefined) this.#io.close(this.#socket);
    this.#socket = undefined;
  }

  #connected(failed: boolean): void {
    if (this.#socket === undefined) return;
    this.close();
    this.#done(failed ? REFUSED : SUCCESS);
  }
}
