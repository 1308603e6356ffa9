/**
 * The vocabulary that probes, verdicts and the shell share: what a check may find out, and the
 * sockets that a probe receives. Probes never open a socket themselves, so a test can hand them
 * anything, and the fast path (one epoll for all) is the shell's business.
 */
import type { DaemonError } from "../base/errors.ts";
import type { ConnectConfig } from "../config/model.ts";

/** A socket given out by `ProbeIo`. */
export type ProbeSocket = number & { readonly __probeSocket: true };

/** Called while a watched socket is readable or writable; `error`: it carries an error, too. */
export type ProbeReady = (event: { readonly error: boolean }) => void;

/** A destination with its socket options, prepared once per checker. */
export interface ProbeTarget {
  readonly connect: ConnectConfig;
}

/** Running MD5. */
export interface ProbeDigest {
  update(data: Uint8Array): void;
  /** lower-case hexadecimal */
  hex(): string;
}

/** Non-blocking TCP sockets and a digest, the only things that probes need from outside. */
export interface ProbeIo {
  prepare(connect: ConnectConfig): ProbeTarget;
  /**
   * Opens a socket with the target's binding, mark and interface and starts to connect it.
   *
   * @throws DaemonError of socket, setsockopt, bind or connect; nothing stays open
   */
  connect(target: ProbeTarget): ProbeSocket;
  /** Calls `ready` while the socket is ready for this, instead of what it was watched for before. */
  watch(socket: ProbeSocket, interest: "read" | "write", ready: ProbeReady): void;
  /** @returns false when nothing could be sent now. @throws DaemonError */
  send(socket: ProbeSocket, data: Uint8Array): boolean;
  /** @returns the number of bytes, 0 at the end, undefined when nothing waits. @throws DaemonError */
  receive(socket: ProbeSocket, into: Uint8Array): number | undefined;
  /** Ends the watch, too. */
  close(socket: ProbeSocket): void;
  digest(): ProbeDigest;
}

/** Why a TCP check failed. `unreachable`: connect() itself was refused, no packet left. */
export type TcpFailure = "refused" | "timeout" | "unreachable";

/** Why an HTTP check failed, in the order in which these things can happen. */
export type HttpFailure =
  | "network-unreachable"
  | "connect-timeout"
  | "connect-failed"
  | "header-timeout"
  | "body-timeout"
  | "read-error"
  | "no-data"
  | "status"
  | "digest";

/** The socket could not even be made: says nothing about the server. */
export interface LocalFailure {
  readonly kind: "local";
  readonly error: DaemonError;
}

export type TcpOutcome =
  | { readonly kind: "success" }
  | { readonly kind: "failure"; readonly reason: TcpFailure }
  | LocalFailure;

export type HttpOutcome =
  | { readonly kind: "success"; readonly response: HttpFacts }
  | { readonly kind: "failure"; readonly reason: HttpFailure; readonly response: HttpFacts | undefined }
  | LocalFailure;

/** What a complete response looked like. */
export interface HttpFacts {
  readonly status: number;
  /** Content-Length, undefined when there was none */
  readonly declared: number | undefined;
  /** bytes of the body that arrived */
  readonly received: number;
  /** MD5 of the body, computed only when the URL asks for it */
  readonly digest: string | undefined;
}

/**
 * Errors of connect() that speak about the server or the way to it and therefore count as a failed
 * check. All others are troubles of this machine and leave the server's state alone.
 */
const REMOTE_TROUBLE: ReadonlySet<string> = new Set([
  "ENETUNREACH",
  "EHOSTUNREACH",
  "ECONNREFUSED",
  "EHOSTDOWN",
  "ENETDOWN",
  "ECONNRESET",
  "ECONNABORTED",
  "ETIMEDOUT",
]);

/** Whether an error met while connecting counts against the server. */
export function isRemoteTrouble(error: DaemonError): boolean {
  return error.syscall === "connect" && REMOTE_TROUBLE.has(error.code);
}
