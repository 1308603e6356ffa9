/**
 * One HTTP_GET check of one URL: connect, send the request, read the answer until the server
 * closes, under one deadline for all of it. Redirects are answers like any other. The body may be
 * of any size: it is counted and digested as it comes. Never decides what a result means for the
 * server.
 */
import { DaemonError } from "../base/errors.ts";
import type { ConnectConfig, UrlConfig, WebCheckCommon } from "../config/model.ts";
import {
  type HttpFacts,
  type HttpFailure,
  type HttpOutcome,
  isRemoteTrouble,
  type ProbeIo,
  type ProbeReady,
  type ProbeSocket,
  type ProbeTarget,
} from "./checker.ts";
import { httpRequest } from "./http-request.ts";
import { HttpResponseReader } from "./http-response.ts";

/** One wake-up reads at most this much, so that a fast sender cannot hold the process. */
const BYTES_PER_TURN = 1 << 20;
const CHUNK = new Uint8Array(64 << 10);

export class HttpProbe {
  readonly #io: ProbeIo;
  readonly #connect: ConnectConfig;
  #target: ProbeTarget | undefined;
  readonly #urls: readonly UrlConfig[];
  readonly #requests: readonly Uint8Array[];
  readonly #done: (outcome: HttpOutcome) => void;
  readonly #writable: ProbeReady = ({ error, handshake }) => this.#onWritable(error, handshake === true);
  readonly #readable: ProbeReady = (): void => this.#onReadable();
  readonly #reader = new HttpResponseReader();
  #url: UrlConfig | undefined;
  #request: Uint8Array | undefined;
  #socket: ProbeSocket | undefined;
  #connected = false;

  /** @param done called once per `start`, possibly before `start` returns, unless `close` came first */
  constructor(io: ProbeIo, config: WebCheckCommon, done: (outcome: HttpOutcome) => void) {
    this.#io = io;
    this.#connect = config.connect;
    this.#urls = config.urls;
    this.#requests = config.urls.map((url) => httpRequest(config, url));
    this.#done = done;
  }

  /** @param url index of the URL to ask for */
  start(url: number): void {
    this.#url = this.#urls[url];
    this.#request = this.#requests[url];
    this.#connected = false;
    this.#reader.reset(this.#url?.digest === undefined ? undefined : this.#io.digest());
    try {
      this.#target ??= this.#io.prepare(this.#connect);
      this.#socket = this.#io.connect(this.#target);
      this.#io.watch(this.#socket, "write", this.#writable);
    } catch (error) {
      if (!(error instanceof DaemonError)) throw error;
      this.close();
      if (isRemoteTrouble(error))
        this.#done({ kind: "failure", reason: unreachable(error), response: undefined });
      else this.#done({ kind: "local", error });
    }
  }

  /** The time for the whole check is over. */
  expire(): void {
    if (!this.#connected) this.#finish(failure("connect-timeout"));
    else this.#finish(failure(this.#reader.begun ? "body-timeout" : "header-timeout"));
  }

  /** Gives up without a result. */
  close(): void {
    if (this.#socket !== undefined) this.#io.close(this.#socket);
    this.#socket = undefined;
  }

  #finish(outcome: HttpOutcome): void {
    this.close();
    this.#done(outcome);
  }

  #onWritable(failed: boolean, handshake: boolean): void {
    const reason = handshake ? "handshake" : "connect-failed";
    const outcome = failed && !this.#connected ? failure(reason) : this.#send();
    if (outcome !== undefined) this.#finish(outcome);
  }

  #onReadable(): void {
    const outcome = this.#receive();
    if (outcome !== undefined) this.#finish(outcome);
  }

  /** @returns undefined while the check goes on */
  #send(): HttpOutcome | undefined {
    const socket = this.#socket;
    if (socket === undefined || this.#request === undefined) return undefined;
    this.#connected = true;
    try {
      if (!this.#io.send(socket, this.#request)) return undefined;
      this.#io.watch(socket, "read", this.#readable);
      return undefined;
    } catch (error) {
      if (!(error instanceof DaemonError)) throw error;
      return failure("read-error");
    }
  }

  /** @returns undefined while the check goes on */
  #receive(): HttpOutcome | undefined {
    const socket = this.#socket;
    if (socket === undefined) return undefined;
    try {
      for (let budget = BYTES_PER_TURN; budget > 0; ) {
        const n = this.#io.receive(socket, CHUNK);
        if (n === undefined) return undefined;
        if (n === 0) return this.#judge();
        budget -= n;
        if (!this.#reader.push(CHUNK.subarray(0, n))) return failure("no-data");
      }
      return undefined;
    } catch (error) {
      if (!(error instanceof DaemonError)) throw error;
      return failure("read-error");
    }
  }

  /** The server has closed: header, status, digest, in this order. */
  #judge(): HttpOutcome {
    const response = this.#reader.facts();
    const url = this.#url;
    if (response === undefined || url === undefined) return failure("no-data");
    if (!url.statusCode.some((r) => response.status >= r.from && response.status <= r.to))
      return failure("status", response);
    if (url.digest !== undefined && response.digest !== url.digest) return failure("digest", response);
    return { kind: "success", response };
  }
}

function failure(reason: HttpFailure, response?: HttpFacts): HttpOutcome {
  return { kind: "failure", reason, response };
}

/** keepalived calls every refusal of connect() that is the network's an unreachable network. */
function unreachable(error: DaemonError): HttpFailure {
  return error.code === "ECONNREFUSED" ? "connect-failed" : "network-unreachable";
}
