/**
 * TLS for probes: the same sockets and calls as NativeProbeIo, with a TLS session of node:tls on each
 * connection. A connection is ready for writing when the handshake is done. Certificates of servers are
 * never verified, as in keepalived: a check asks whether the service works, not who it is.
 */
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { Duplex } from "node:stream";
import {
  connect as connectTls,
  createSecureContext,
  type SecureContext,
  type SecureContextOptions,
  type TLSSocket,
} from "node:tls";
import { DaemonError } from "../base/errors.ts";
import type {
  ProbeDigest,
  ProbeIo,
  ProbeReady,
  ProbeSocket,
  ProbeTarget,
  SecureProbeIo,
} from "../checkers/checker.ts";
import type { ConnectConfig } from "../config/model.ts";
import type { SslConfig } from "../config/model-lvs.ts";

/** What is read at once; the rest waits for the next turn of the loop. */
const CHUNK = 64 << 10;
/** How long a courteous end may take, in milliseconds. */
const FAREWELL_MS = 1000;
/** asm-generic/errno.h, for what the TLS library reports */
const EAGAIN = 11;
const EPROTO = 71;

/** The connection below a session; its number may be another connection's once it is closed. */
interface Link {
  readonly stream: Duplex;
  closed: boolean;
}

interface Session {
  readonly link: Link;
  readonly tls: TLSSocket;
  ready: ProbeReady;
  decrypted: Buffer[];
  ended: boolean;
  failed: DaemonError | undefined;
  secured: boolean;
}

export class TlsProbeIo implements SecureProbeIo {
  serverName: string | undefined;
  courteous = false;
  readonly #io: ProbeIo;
  readonly #credentials: SecureContext;
  readonly #sessions = new Map<ProbeSocket, Session>();

  constructor(io: ProbeIo, credentials: SecureContext) {
    this.#io = io;
    this.#credentials = credentials;
  }

  prepare(connect: ConnectConfig): ProbeTarget {
    return this.#io.prepare(connect);
  }

  connect(target: ProbeTarget): ProbeSocket {
    return this.#io.connect(target);
  }

  watch(socket: ProbeSocket, interest: "read" | "write", ready: ProbeReady): void {
    const session = this.#sessions.get(socket);
    if (session !== undefined) {
      session.ready = ready;
      return;
    }
    this.#io.watch(socket, interest, ({ error }) => {
      if (error) ready({ error });
      else this.#secure(socket, ready);
    });
  }

  send(socket: ProbeSocket, data: Uint8Array): boolean {
    this.#sessions.get(socket)?.tls.write(data);
    return true;
  }

  receive(socket: ProbeSocket, into: Uint8Array): number | undefined {
    const session = this.#sessions.get(socket);
    if (session === undefined) return 0;
    const first = session.decrypted.shift();
    if (first !== undefined) {
      const part = first.subarray(0, into.length);
      into.set(part);
      if (part.length < first.length) session.decrypted.unshift(first.subarray(part.length));
      return part.length;
    }
    if (session.failed !== undefined) throw session.failed;
    return session.ended ? 0 : undefined;
  }

  receiveRefusal(socket: ProbeSocket): { readonly unreachable: boolean } | undefined {
    return this.#io.receiveRefusal(socket);
  }

  close(socket: ProbeSocket): void {
    const session = this.#sessions.get(socket);
    this.#sessions.delete(socket);
    if (session === undefined) {
      this.#io.close(socket);
      return;
    }
    const close = (): void => {
      if (session.link.closed) return;
      session.link.closed = true;
      clearTimeout(timer);
      this.#io.close(socket);
      session.tls.destroy();
    };
    let timer: NodeJS.Timeout | undefined;
    if (!this.courteous || !session.secured) {
      close();
      return;
    }
    // close_notify goes out before the connection does
    timer = setTimeout(close, FAREWELL_MS);
    session.tls.once("close", close);
    session.tls.end(close);
  }

  digest(): ProbeDigest {
    return this.#io.digest();
  }

  #secure(socket: ProbeSocket, ready: ProbeReady): void {
    const io = this.#io;
    const link = linkOver(io, socket);
    const tls = connectTls({
      socket: link.stream,
      secureContext: this.#credentials,
      rejectUnauthorized: false,
      ...(isName(this.serverName) ? { servername: this.serverName } : {}),
    });
    const session: Session = {
      link,
      tls,
      ready,
      decrypted: [],
      ended: false,
      failed: undefined,
      secured: false,
    };
    this.#sessions.set(socket, session);
    io.watch(socket, "read", () => feed(io, socket, link));
    const isCurrent = (): boolean => this.#sessions.get(socket) === session;
    tls.on("secureConnect", () => {
      session.secured = true;
      if (isCurrent()) session.ready({ error: false });
    });
    tls.on("data", (data: Buffer) => {
      if (!isCurrent()) return;
      session.decrypted.push(data);
      session.ready({ error: false });
    });
    const over = (error?: Error): void => {
      if (!isCurrent() || session.ended) return;
      session.ended = true;
      if (error !== undefined) session.failed = asDaemonError(error);
      session.ready({
        error: !session.secured,
        handshake: !session.secured && error !== undefined && isProtocolError(error),
      });
    };
    tls.on("error", over);
    tls.on("end", () => over());
    tls.on("close", () => over());
  }
}

/** RFC 6066 §3: an address is no server name. */
function isName(text: string | undefined): text is string {
  return text !== undefined && isIP(text) === 0;
}

/** Encrypted bytes on their way from the connection to the TLS session. */
function feed(io: ProbeIo, socket: ProbeSocket, { stream, closed }: Link): void {
  // At its end a connection stays readable until it is closed.
  if (closed || stream.readableEnded || stream.destroyed) return;
  const chunk = Buffer.allocUnsafe(CHUNK);
  try {
    const n = io.receive(socket, chunk);
    if (n !== undefined) stream.push(n === 0 ? null : chunk.subarray(0, n));
  } catch (error) {
    if (!(error instanceof DaemonError)) throw error;
    stream.destroy(error);
  }
}

/** The connection as node:tls wants it. What a check sends fits into an empty queue of the kernel. */
function linkOver(io: ProbeIo, socket: ProbeSocket): Link {
  const stream = new Duplex({
    read: () => {},
    write: (chunk: Buffer, _, done) => {
      try {
        if (link.closed) done();
        else done(io.send(socket, chunk) ? null : new DaemonError("send", EAGAIN, "EAGAIN"));
      } catch (error) {
        if (!(error instanceof DaemonError)) throw error;
        done(error);
      }
    },
  });
  const link: Link = { stream, closed: false };
  return link;
}

function asDaemonError(error: Error & { readonly code?: string }): DaemonError {
  return error instanceof DaemonError ? error : new DaemonError("tls", EPROTO, error.code ?? "EPROTO");
}

/** Whether the TLS library, not the network, has ended the connection. */
function isProtocolError(error: Error & { readonly code?: string }): boolean {
  return error.code?.startsWith("ERR_SSL_") === true;
}

/**
 * What SSL_GET shows to servers.
 *
 * @param refused called for each file that cannot be used; the others are
 */
export function credentials(
  ssl: SslConfig | undefined,
  refused: (what: "ca" | "certificate" | "key", error: string) => void,
): SecureContext {
  const read = (what: "ca" | "certificate" | "key"): Buffer | undefined => {
    const path = ssl?.[what];
    if (path === undefined) return undefined;
    try {
      return readFileSync(path);
    } catch (error) {
      refused(what, (error as NodeJS.ErrnoException).code ?? "EIO");
      return undefined;
    }
  };
  const options = { ca: read("ca"), cert: read("certificate"), key: read("key"), passphrase: ssl?.password };
  try {
    return createSecureContext(given(options));
  } catch (error) {
    refused("key", (error as NodeJS.ErrnoException).code ?? "EIO");
    return createSecureContext();
  }
}

/** node:tls takes an absent option, but not an undefined one. */
function given(options: Readonly<Record<string, Buffer | string | undefined>>): SecureContextOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
