/**
 * A queue before a reader that may be slow: lines go out at once while the reader keeps up, wait while
 * it does not, and are counted and dropped once too many wait. It never blocks and never throws.
 */

/** `full`: try again when the reader has read; `broken`: the way is gone, try again after a while */
export type SendResult = "sent" | "full" | "broken";

/** Chunks of one or more lines that wait for a slow reader before further ones are dropped. */
export const QUEUE_LIMIT = 1000;

export interface WriterPort {
  send(chunk: Buffer): SendResult;
  /** Calls `retry` once when sending can be tried again. */
  wait(reason: "full" | "broken", retry: () => void): void;
  /** The queue is empty again after `lines` were dropped. */
  recovered(lines: number): void;
}

export class BoundedWriter {
  readonly #port: WriterPort;
  #queue: Buffer[] = [];
  #head = 0;
  #lost = 0;

  constructor(port: WriterPort) {
    this.#port = port;
  }

  /** @param lines how many lines the chunk has */
  write(chunk: Buffer, lines = 1): void {
    if (this.#queue.length - this.#head >= QUEUE_LIMIT) {
      this.#lost += lines;
      return;
    }
    if (this.#queue.length > this.#head) {
      this.#queue.push(chunk);
      return;
    }
    const result = this.#port.send(chunk);
    if (result === "sent") return;
    this.#queue.push(chunk);
    this.#port.wait(result, this.#retry);
  }

  /** One attempt to empty the queue. @returns how many lines still wait */
  flush(): number {
    for (; this.#head < this.#queue.length; this.#head++) {
      const result = this.#port.send(this.#queue[this.#head] as Buffer);
      if (result !== "sent") return this.#compact();
    }
    this.#queue = [];
    this.#head = 0;
    return 0;
  }

  readonly #retry = (): void => {
    for (; this.#head < this.#queue.length; this.#head++) {
      const result = this.#port.send(this.#queue[this.#head] as Buffer);
      if (result !== "sent") {
        this.#compact();
        this.#port.wait(result, this.#retry);
        return;
      }
    }
    this.#queue = [];
    this.#head = 0;
    const lost = this.#lost;
    this.#lost = 0;
    if (lost > 0) this.#port.recovered(lost);
  };

  #compact(): number {
    this.#queue = this.#queue.slice(this.#head);
    this.#head = 0;
    return this.#queue.length;
  }
}
