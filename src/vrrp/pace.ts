/**
 * A queue of what is to be announced, round-robin and not faster than an interval allows. Keeps how often
 * each entry still waits; never sends.
 */
import { after, type Instant, type Micros } from "../base/units.ts";

/** A pause between two portions of a queue without an interval: adverts go in between. */
const BREATH = 1_000 as Micros;

interface Entry<T> {
  target: T;
  times: number;
}

export class PacedQueue<T> {
  readonly #waiting = new Map<string, Entry<T>>();
  #nextAt = 0 as Instant;

  /**
   * Adds `times` turns of an entry; one that already waits does not get more than the larger of both counts.
   *
   * @param key tells entries apart
   */
  add(key: string, target: T, times: number): void {
    const known = this.#waiting.get(key);
    if (known === undefined) this.#waiting.set(key, { target, times });
    else {
      known.target = target;
      known.times = Math.max(known.times, times);
    }
  }

  /** Forgets what is no longer to be announced. */
  remove(key: string): void {
    this.#waiting.delete(key);
  }

  /**
   * Takes what may go now. Without an interval that is everything, in whole rounds over all entries, as far
   * as `most` allows; with one it is a single entry.
   */
  take(interval: Micros, now: Instant, most: number): readonly T[] {
    if (now < this.#nextAt) return [];
    if (most <= 0) this.#nextAt = after(now, BREATH);
    const limit = interval > 0 ? Math.min(1, most) : most;
    const taken: T[] = [];
    // What is put back is met again at the end: that makes the rounds.
    for (const [key, entry] of this.#waiting) {
      if (taken.length >= limit) break;
      taken.push(entry.target);
      this.#waiting.delete(key);
      if (--entry.times > 0) this.#waiting.set(key, entry);
    }
    if (taken.length > 0) this.#nextAt = after(now, interval > 0 ? interval : BREATH);
    if (this.#waiting.size === 0 && interval <= 0) this.#nextAt = 0 as Instant;
    return taken;
  }

  /** When {@link take} has something to give; undefined when nothing waits. */
  next(): Instant | undefined {
    return this.#waiting.size === 0 ? undefined : this.#nextAt;
  }
}
