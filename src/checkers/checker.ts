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
export type ProbeReady = (event: {
  readonly error: boolean;
  /** the error is one of TLS */
  readonly handshake?: boolean;
}) => void;

/** A destination with its socket options, prepared once per checker. */
export interface ProbeTarget {
  readonly connect: ConnectConfig;
}

/** `icmp`: echo requests through a datagram socket, whose identifier is the kernel's business. */
export type Transport = "tcp" | "udp" | "icmp";

/** Running MD5. */
export interface ProbeDigest {
  update(data: Uint8Array): void;
  /** lower-case hexadecimal */
  hex(): string;
}

/** Non-blocking sockets and a digest, the only things that probes need from outside. */
export interface ProbeIo {
  prepare(connect: ConnectConfig, transport?: Transport): ProbeTarget;
  /**
   * Opens a socket with the target's binding, mark and interface and connects it, or starts to.
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
  /**
   * An error that a router or the server has sent back about a datagram.
   *
   * @returns whether it was "destination unreachable"; undefined when none waits
   */
  receiveRefusal(socket: ProbeSocket): { readonly unreachable: boolean } | undefined;
  /** Ends the watch, too. */
  close(socket: ProbeSocket): void;
  digest(): ProbeDigest;
}

/** Sockets with TLS on them: ready for writing when the handshake is done. One for each checker. */
export interface SecureProbeIo extends ProbeIo {
  /** SNI of the next connection; undefined: none */
  serverName: string | undefined;
  /** whether connections end with close_notify */
  courteous: boolean;
}

/** Why a TCP check failed. `unreachable`: connect() itself was refused, no packet left. */
export type TcpFailure = "refused" | "timeout" | "unreachable";

/** Why an HTTP check failed, in the order in which these things can happen. */
export type HttpFailure =
  | "network-unreachable"
  | "connect-timeout"
  | "connect-failed"
  | "handshake"
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

/** `send`: nothing left this machine. `answer`: something else than the answer came back. */
export type PingFailure = "send" | "timeout" | "answer";

export type PingOutcome =
  | { readonly kind: "success" }
  | { readonly kind: "failure"; readonly reason: PingFailure }
  | LocalFailure;

/** `mismatch`: the reply is not as the file wants it. */
export type UdpFailure = "send" | "unreachable" | "timeout" | "mismatch";

export type UdpOutcome =
  | { readonly kind: "success" }
  | { readonly kind: "failure"; readonly reason: UdpFailure }
  | LocalFailure;

/** The reason is keepalived's text. */
export type DnsOutcome =
  | { readonly kind: "success" }
  | { readonly kind: "failure"; readonly reason: string }
  | LocalFailure;

/** Where an SMTP dialogue ended. */
export type SmtpFailure =
  | "network-unreachable"
  | "connect-failed"
  | "connect-timeout"
  | "read-timeout"
  | "read-failed"
  | "greeting"
  | "helo";

/** `overflows`: how often more arrived than a line may hold */
export type SmtpOutcome =
  | { readonly kind: "success"; readonly overflows: number }
  | { readonly kind: "failure"; readonly reason: SmtpFailure; readonly overflows: number }
  | LocalFailure;

/** How a script ended. */
export type MiscOutcome =
  | { readonly kind: "success"; readonly status: number }
  | {
      readonly kind: "failure";
      readonly reason: "status" | "signal" | "timeout";
      /** exit status or number of the signal */
      readonly number: number;
    }
  /** it could not be run: says nothing about the server */
  | { readonly kind: "notRun"; readonly code: string };

/** What a script runner says. */
export type ScriptEnded =
  | { readonly kind: "exited"; readonly status: number }
  | { readonly kind: "signalled"; readonly signal: number }
  | { readonly kind: "timedOut" }
  /** errno name */
  | { readonly kind: "failed"; readonly code: string };

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
