/**
 * Hears from the kernel which processes begin and end (CONFIG_PROC_EVENTS). Decides nothing about them.
 *
 * The kernel speaks in the first network namespace only, and only to those who see all processes.
 *
 * @see linux/cn_proc.h, linux/connector.h
 */
import { DaemonError } from "../base/errors.ts";
import {
  AF_NETLINK,
  ECONNREFUSED,
  ENOBUFS,
  NETLINK_CONNECTOR,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SOCK_DGRAM,
  SOL_SOCKET,
} from "./constants.ts";
import type { Fd, Native, Poll } from "./native-api.ts";
import { netlinkAddress } from "./sockaddr.ts";

export type ProcessEvent =
  /** `child` begins as a copy of `parent` */
  | { readonly kind: "fork"; readonly parent: number; readonly child: number }
  /** another program, or another name */
  | { readonly kind: "exec" | "comm"; readonly pid: number }
  | { readonly kind: "exit"; readonly pid: number }
  /** the kernel has answered: events will come */
  | { readonly kind: "listening" }
  /** events were dropped: look at all processes again */
  | { readonly kind: "lost" };

const HEADER = 16;
const CN_HEADER = 20;
const CN_IDX_PROC = 1;
const CN_VAL_PROC = 1;
const PROC_CN_MCAST_LISTEN = 1;
const NLMSG_DONE = 3;
const WHAT = { none: 0, fork: 1, exec: 2, comm: 0x200, exit: 0x8000_0000 } as const;
/** cpu and time stand between `what` and the event's own data */
const EVENT_DATA = 16;
const SLOT = 256;
const DEFAULT_RECEIVE_BUFFER = 1024 * 1024;
/** Receive calls a turn of the loop: a storm of forks must not starve timers. */
const READS_PER_TURN = 16;

export class ProcConnector {
  readonly #native: Native;
  readonly #fd: Fd;
  readonly #poll: Poll;
  readonly #onEvent: (event: ProcessEvent) => void;
  readonly #buffer = Buffer.alloc(64 * SLOT);
  #closed = false;
  /** messages were lost, which is not reported yet */
  #lost = false;

  /**
   * @param receiveBuffer bytes, 1 MiB by default
   * @throws DaemonError ECONNREFUSED outside the first network namespace, EPERM without the right to listen
   */
  constructor(native: Native, onEvent: (event: ProcessEvent) => void, receiveBuffer?: number) {
    this.#native = native;
    this.#onEvent = onEvent;
    this.#fd = open(native, receiveBuffer || DEFAULT_RECEIVE_BUFFER);
    this.#poll = native.poll(this.#fd, "read", () => this.#read());
  }

  close(): void {
    this.#closed = true;
    this.#poll.close();
    this.#native.close(this.#fd);
  }

  #read(): void {
    for (let reads = 0; reads < READS_PER_TURN && !this.#closed; reads++) {
      let length: number | undefined;
      try {
        length = this.#native.receiveNetlink(this.#fd, this.#buffer, SLOT);
      } catch (e) {
        if (!(e instanceof DaemonError) || e.errno !== ENOBUFS) throw e;
        this.#lost = true;
        continue;
      }
      if (length === undefined) {
        // while something waited the kernel may have dropped more, without another word
        if (this.#lost) this.#onEvent({ kind: "lost" });
        this.#lost = false;
        return;
      }
      for (const event of decodeProcessEvents(this.#buffer.subarray(0, length))) {
        if (this.#closed) return;
        this.#onEvent(event);
      }
    }
  }
}

/**
 * Listens in this network namespace, or else in that of process 1, where the kernel speaks.
 *
 * @throws DaemonError when neither can be listened to
 */
function open(native: Native, receiveBuffer: number): Fd {
  try {
    return listen(native, receiveBuffer);
  } catch (e) {
    if (!(e instanceof DaemonError) || e.errno !== ECONNREFUSED) throw e;
  }
  const here = native.open("/proc/self/ns/net", 0, 0);
  try {
    native.enterNamespace("/proc/1/ns/net");
    try {
      return listen(native, receiveBuffer);
    } finally {
      native.enterNamespace(`/proc/self/fd/${here}`);
    }
  } finally {
    native.close(here);
  }
}

function listen(native: Native, receiveBuffer: number): Fd {
  const fd = native.socket(AF_NETLINK, SOCK_DGRAM, NETLINK_CONNECTOR);
  try {
    native.bind(fd, netlinkAddress(0, CN_IDX_PROC));
    grow(native, fd, receiveBuffer);
    native.send(fd, listenRequest(), netlinkAddress(0, 0));
    return fd;
  } catch (e) {
    native.close(fd);
    throw e;
  }
}

function grow(native: Native, fd: Fd, bytes: number): void {
  try {
    native.setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes);
  } catch (e) {
    if (!(e instanceof DaemonError)) throw e;
    native.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, bytes);
  }
}

function listenRequest(): Buffer {
  const b = Buffer.alloc(HEADER + CN_HEADER + 4);
  b.writeUInt32LE(b.length, 0);
  b.writeUInt16LE(NLMSG_DONE, 4);
  b.writeUInt32LE(CN_IDX_PROC, HEADER);
  b.writeUInt32LE(CN_VAL_PROC, HEADER + 4);
  b.writeUInt16LE(4, HEADER + 16);
  b.writeUInt32LE(PROC_CN_MCAST_LISTEN, HEADER + CN_HEADER);
  return b;
}

/**
 * Threads are left out: they neither begin nor end a process.
 *
 * @param bytes netlink messages one behind the other; what is cut short or not understood is skipped
 */
export function decodeProcessEvents(bytes: Buffer): readonly ProcessEvent[] {
  const events: ProcessEvent[] = [];
  for (let at = 0; at + HEADER + CN_HEADER + EVENT_DATA <= bytes.length; ) {
    const length = bytes.readUInt32LE(at);
    if (length < HEADER || at + length > bytes.length) break;
    const event = decodeEvent(bytes.subarray(at + HEADER + CN_HEADER, at + length));
    if (event !== undefined) events.push(event);
    at += (length + 3) & ~3;
  }
  return events;
}

function decodeEvent(b: Buffer): ProcessEvent | undefined {
  if (b.length < EVENT_DATA + 16) return undefined;
  const data = (i: number): number => b.readUInt32LE(EVENT_DATA + 4 * i);
  switch (b.readUInt32LE(0)) {
    case WHAT.none:
      return data(0) === 0 ? { kind: "listening" } : undefined;
    case WHAT.fork:
      return data(2) === data(3) ? { kind: "fork", parent: data(1), child: data(3) } : undefined;
    case WHAT.exec:
      return { kind: "exec", pid: data(1) };
    case WHAT.comm:
      return data(0) === data(1) ? { kind: "comm", pid: data(1) } : undefined;
    case WHAT.exit:
      return data(0) === data(1) ? { kind: "exit", pid: data(1) } : undefined;
    default:
      return undefined;
  }
}
