/**
 * One HTTP_GET check of one URL: connect, send the request, read the answer until the server
 * closes, under one deadline for all of it. Redirects are answers like any other. The body may be
 * of any size: it is counted and digested as it comes. Never decides what a result means for the
 * server.
 */
import { DaemonError } from "../base/errors.ts";
import type { HttpCheckConfig, UrlConfig } from "../config/model.ts";
import {
  type HttpFacts,
  type HttpFailure,
  type HttpOutcome,
  isRemoteTrouble,
  type ProbeIo,
  type ProbeSocket,
  type ProbeTarget,
  type ProbeWatch,
} from "./checker.ts";
import { httpRequest } from "./http-request.ts";
import { HttpResponseReader } from "./http-response.ts";

/** One wake-up reads at most this much, so that a fast sender cannot hold the process. */
const BYTES_PER_TURN = 1 << 20;
const CHUNK = new Uint8Array(64 << 10);

export class HttpProbe {
  readonly #io: ProbeIo;
  readonly #target: ProbeTarget;
  readonly #urls: readonly UrlConfig[];
  readonly #requests: readonly Uint8Array[];
  readonly #done: (outcome: HttpOutcome) => void;
  readonly #writable = (): void => this.#send();
  readonly #readable = (): void => this.#receive();
  readonly #reader = new HttpResponseReader();
  #url: UrlConfig | undefined;
  #request: Uint8Array | undefined;
  #socket: ProbeSocket | undefined;
  #watch: ProbeWatch | undefined;
  #connected = false;

  /** @param done called once per `start`, possibly before `start` returns, unless `close` came first */
  constructor(io: ProbeIo, config: HttpCheckConfig, done: (outcome: HttpOutcome) => void) {
    this.#io = io;
    this.#target = io.prepare(config.connect);
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
      this.#socket = this.#io.connect(this.#target);
      this.#watch = this.#io.watch(this.#socket, "write", this.#writable);
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
    if (!this.#connected) return this.#fail("connect-timeout");
    this.#fail(this.#reader.begun ? "body-timeout" : "header-timeout");
  }

  /** Gives up without a result. */
  close(): void {
    this.#watch?.close();
    this.#watch = undefined;
    if (this.#socket !== undefined) this.#io.close(this.#socket);
    this.#socket = undefined;
  }

  #send(): void {
    const socket = this.#socket;
    if (socket === undefined || this.#request === undefined) return;
    if (this.#io.error(socket) !== 0) return this.#fail("connect-failed");
    this.#connected = true;
    try {
      if (!this.#io.send(socket, this.#request)) return;
      this.#watch?.close();
      this.#watch = this.#io.watch(socket, "read", this.#readable);
    } catch (error) {
      if (!(error instanceof DaemonError)) throw error;
      this.#fail("read-error");
    }
  }

  #receive(): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    try {
      for (let budget = BYTES_PER_TURN; budget > 0; ) {
        const n = this.#io.receive(socket, CHUNK);
        if (n === undefined) return;
        if (n === 0) return this.#judge();
        budget -= n;
        if (!this.#reader.push(CHUNK.subarray(0, n))) return this.#fail("no-data");
      }
    } catch (error) {
      if (!(error instanceof DaemonError)) throw error;
      this.#fail("read-error");
    }
  }

  /** The server has closed: header, status, digest, in this order. */
  #judge(): void {
    const response = this.#reader.facts();
    const url = this.#url;
    if (response === undefined || url === undefined) return this.#fail("no-data");
    if (!url.statusCode.some((r) => response.status >= r.from && response.status <= r.to))
      return this.#fail("status", response);
    if (url.digest !== undefined && response.digest !== url.digest) return this.#fail("digest", response);
    this.close();
    this.#done({ kind: "success", response });
  }

  #fail(reason: HttpFailure, response?: HttpFacts): void {
    this.close();
    this.#done({ kind: "failure", reason, response });
  }
}

/** keepalived calls every refusal of connect() that is the network's an unreachable network. */
function unreachable(error: DaemonError): HttpFailure {
  return error.code === "ECONNREFUSED" ? "connect-failed" : "network-unreachable";
}
