/**
 * A line from one child past the parent to another, for news that must not wait while the parent is busy.
 * Keeps order; where the reader is slow, only the latest word about each subject waits. Knows nothing of what
 * is said.
 */
import { DaemonError } from "../base/errors.ts";
import type { Fd, Native, Poll } from "../net/native-api.ts";

/** SOCK_SEQPACKET of sys/socket.h: one message a packet, and a full queue is an answer, no waiting. */
const SEQPACKET = 5;
const ROOM = 4_096;
/** Messages a turn of the loop. */
const PER_TURN = 64;

/** Both ends of a line; the parent holds them as long as it lives, so that either child can begin anew. */
export interface Line {
  readonly reader: Fd;
  readonly writer: Fd;
}

/** @throws DaemonError */
export function openLine(native: Native): Line {
  const [reader, writer] = native.socketpair(SEQPACKET);
  return { reader, writer };
}

export class NoticeSender<T> {
  readonly #native: Native;
  readonly #fd: Fd;
  /** by subject, in the order in which they became due */
  readonly #waiting = new Map<string, T>();
  #poll: Poll | undefined;

  constructor(native: Native, fd: Fd) {
    this.#native = native;
    this.#fd = fd;
  }

  /** @throws DaemonError when there is no such line */
  send(subject: string, notice: T): void {
    this.#waiting.delete(subject);
    this.#waiting.set(subject, notice);
    if (this.#poll === undefined) this.#flush();
  }

  #flush(): void {
    for (const [subject, notice] of this.#waiting) {
      if (!this.#native.send(this.#fd, Buffer.from(JSON.stringify(notice)))) {
        this.#poll ??= this.#native.poll(this.#fd, "write", () => this.#flush());
        return;
      }
      this.#waiting.delete(subject);
    }
    this.#poll?.close();
    this.#poll = undefined;
  }
}

/**
 * Hears what comes over a line.
 *
 * @param failed the line is broken, which only happens when the parent is gone
 */
export function receiveNotices<T>(
  native: Native,
  fd: Fd,
  heard: (notice: T) => void,
  failed: (error: DaemonError) => void,
): Poll {
  const room = Buffer.allocUnsafe(ROOM);
  const poll = native.poll(fd, "read", () => {
    try {
      for (let n = 0; n < PER_TURN; n++) {
        const received = native.receive(fd, room);
        if (received === undefined) return;
        // nobody writes any more
        if (received.length === 0) return poll.close();
        heard(JSON.parse(room.toString("utf8", 0, received.length)) as T);
      }
    } catch (e) {
      if (!(e instanceof DaemonError)) throw e;
      poll.close();
      failed(e);
    }
  });
  return poll;
}
