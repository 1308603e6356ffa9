/**
 * The typed face of the native shim: what the kernel offers and Node does not. Calls never block,
 * every descriptor is CLOEXEC and non-blocking, every failure is a `DaemonError` with errno, code
 * and system call. Only `native.ts` loads the binary; everything else receives this interface.
 */
import type { Instant } from "../base/units.ts";

/** An open descriptor owned by whoever opened it. */
export type Fd = number & { readonly __fd: true };

/** One received datagram. `control` holds the raw ancillary messages (cmsghdr sequence). */
export interface Received {
  /** bytes stored in the caller's buffer; may be less than the datagram when truncated */
  readonly length: number;
  /** raw sockaddr of the sender, empty when the kernel gave none */
  readonly from: Uint8Array;
  readonly control: readonly ControlMessage[];
  /** MSG_TRUNC or MSG_CTRUNC was set */
  readonly truncated: boolean;
}
export interface ControlMessage {
  readonly level: number;
  readonly type: number;
  readonly data: Uint8Array;
}

/** What a watched descriptor is ready for. `error` asks for SO_ERROR or a receive call, which say why. */
export interface Readiness {
  /** also at end of file and after a hang-up */
  readonly readable: boolean;
  readonly writable: boolean;
  readonly error: boolean;
}

/** Readiness of one descriptor; the callback runs on the event loop of this thread. */
export interface Poll {
  /**
   * Ends the watch. Does not close the descriptor. Idempotent.
   */
  close(): void;
}

export type Interest = "read" | "write" | "both";

export interface Native {
  /** socket(2) with SOCK_CLOEXEC | SOCK_NONBLOCK added */
  socket(domain: number, type: number, protocol: number): Fd;
  /** socketpair(2) of AF_UNIX, flags as for {@link socket} */
  socketpair(type: number): readonly [Fd, Fd];
  /** close(2), ends a watch of it too; throws EBADF for a descriptor that is not open */
  close(fd: Fd): void;
  /** @param address raw sockaddr, for example from `sockaddr.ts` */
  bind(fd: Fd, address: Uint8Array): void;
  /** @returns true when connected, false when in progress (EINPROGRESS) */
  connect(fd: Fd, address: Uint8Array): boolean;
  getsockname(fd: Fd): Uint8Array;
  /** an integer is passed as a C int */
  setsockopt(fd: Fd, level: number, option: number, value: number | Uint8Array): void;
  getsockoptInt(fd: Fd, level: number, option: number): number;
  /** @returns false when the send queue is full (EAGAIN) and nothing was sent */
  send(
    fd: Fd,
    data: Uint8Array,
    address?: Uint8Array,
    flags?: number,
    control?: readonly ControlMessage[],
  ): boolean;
  /**
   * sendmmsg(2), 64 messages a call.
   *
   * @returns how many messages went out. Fewer than all: the next one met EAGAIN or was refused; sending
   * the rest again tells which (a refusal of the first message throws).
   */
  sendBatch(fd: Fd, messages: readonly { data: Uint8Array; address?: Uint8Array }[]): number;
  /** @returns undefined when nothing waits (EAGAIN) */
  receive(fd: Fd, into: Uint8Array, flags?: number): Received | undefined;
  /**
   * Reads as many waiting datagrams as fit in one recvmmsg(2), without senders and control messages.
   *
   * @param into divided into slots of `slot` bytes, 64 at most; a longer datagram is cut to its slot
   * @param lengths of the stored datagrams; its size limits the slots too
   * @returns how many were stored, slot 0 first; undefined when nothing waits
   */
  receiveBatch(fd: Fd, into: Uint8Array, slot: number, lengths: Int32Array): number | undefined;
  /**
   * Reads as many waiting netlink datagrams as fit in one recvmmsg(2), drops those that the kernel did
   * not send (nl_pid is not 0) and packs the rest one behind the other, so that the result is one
   * sequence of aligned netlink messages. Throws ENOBUFS after a receive overrun and EMSGSIZE when a
   * datagram was longer than `slot`.
   *
   * @param slot bytes reserved per datagram, a multiple of 4; `into` is divided into such slots, 64 at most
   * @returns bytes packed into `into`, 0 when only strangers had sent; undefined when nothing waits
   */
  receiveNetlink(fd: Fd, into: Uint8Array, slot: number): number | undefined;
  /** read(2) and write(2) for pipes and FIFOs; undefined means EAGAIN */
  read(fd: Fd, into: Uint8Array): number | undefined;
  write(fd: Fd, data: Uint8Array): number | undefined;
  /**
   * Watches a descriptor, level-triggered: the callback comes again while the state lasts. After EPOLLERR
   * (netlink overrun, packet socket whose link went down) it gets `error: true`; the watch stays armed, the
   * caller receives until EAGAIN. What the callback throws becomes an uncaught exception. One watch per
   * descriptor: a second one throws EEXIST.
   */
  poll(fd: Fd, interest: Interest, ready: (event: Readiness) => void): Poll;
  /** A CLOCK_MONOTONIC timerfd, unarmed; keeps the process alive until it is closed. */
  timer(expired: () => void): NativeTimer;
  /** CLOCK_MONOTONIC in microseconds */
  now(): Instant;
  /**
   * Catches a signal by number, real-time signals included; runs on the event loop and does not keep the
   * process alive. One handler per signal.
   *
   * @returns the undo, idempotent
   */
  onSignal(signal: number, caught: () => void): () => void;
  /** prctl(PR_SET_PDEATHSIG) for the calling process */
  setParentDeathSignal(signal: number): void;
  /** prctl(PR_SET_NAME) for the main thread, at most 15 bytes */
  setThreadName(name: string): void;
  /** Scheduling of every thread of this process. `priority` is 1-99 for "rr", ignored for "other" */
  setScheduler(policy: "rr" | "other", priority: number): void;
  /** Nice value -20..19 of every thread of this process */
  setNice(nice: number): void;
  /** RLIMIT_RTTIME soft and hard limit in microseconds */
  setRealtimeLimit(softMicros: number, hardMicros: number): void;
  /** sched_setaffinity for every thread */
  setAffinity(cpus: readonly number[]): void;
  /** Raises the soft and hard limit of open files, as far as allowed. @returns the soft limit */
  raiseFileLimit(wanted: number): number;
  /** setns(2) of the calling thread into a network namespace by path, for example `/run/netns/a`; call before other threads use the network */
  enterNamespace(path: string): void;
  /** open(2) with O_CLOEXEC | O_NONBLOCK added */
  open(path: string, flags: number, mode: number): Fd;
  /** mkfifo(3) */
  mkfifo(path: string, mode: number): void;
  /** inotify_init1(2); events are read with `read` */
  inotifyOpen(): Fd;
  /**
   * inotify_add_watch(2).
   *
   * @param mask IN_* of linux/inotify.h
   * @returns the number that events of this directory or file carry
   */
  inotifyAdd(fd: Fd, path: string, mask: number): number;
  /** OFD write lock on the whole file. @returns false when another open file holds it */
  tryLock(fd: Fd): boolean;
  /** ftruncate(2) to zero, then the text as UTF-8 */
  replaceContents(fd: Fd, text: string): void;
  /**
   * ioctl(2) about an interface (netdevice(7)); what the kernel answers is written into `data`.
   *
   * @param place whether `data` is the part of struct ifreq behind the name (24 bytes at most), or what
   * ifr_data points to
   */
  interfaceRequest(
    fd: Fd,
    request: number,
    ifname: string,
    data: Uint8Array,
    place: "inside" | "pointer",
  ): void;
  /** if_nametoindex(3); 0 when there is no such interface */
  ifNameToIndex(name: string): number;
}

export interface NativeTimer {
  /**
   * Arms for an absolute instant, instead of what was set before; calls back once, at or after it. An instant
   * in the past fires at the next turn of the loop. Absolute instants make a chain of them never drift.
   */
  set(at: Instant): void;
  clear(): void;
  /** Idempotent; `set` and `clear` do nothing afterwards. */
  close(): void;
}
