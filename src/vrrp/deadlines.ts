/**
 * A queue of deadlines by key: one per process instead of one timer per instance. A binary heap whose
 * outdated entries are put right when they surface: a backup moves its deadline away with every advert,
 * which must cost nothing. Holds instants; never waits.
 */
import type { Instant } from "../base/units.ts";

interface Entry<K> {
  /** its place in the heap, never after `due` */
  at: Instant;
  due: Instant;
  readonly key: K;
}

export class DeadlineQueue<K> {
  readonly #current = new Map<K, Entry<K>>();
  readonly #heap: Entry<K>[] = [];

  /** Sets, moves or (undefined) removes the deadline of a key. */
  set(key: K, at: Instant | undefined): void {
    if (at === undefined) {
      this.#current.delete(key);
      return;
    }
    const known = this.#current.get(key);
    if (known !== undefined && at >= known.at) {
      known.due = at;
      return;
    }
    const entry = { at, due: at, key };
    this.#current.set(key, entry);
    this.#push(entry);
  }

  /** The earliest deadline, undefined when there is none. */
  next(): Instant | undefined {
    return this.#top()?.at;
  }

  /** Takes the earliest key whose deadline is not after `now`. */
  takeDue(now: Instant): K | undefined {
    const top = this.#top();
    if (top === undefined || top.at > now) return undefined;
    this.#pop();
    this.#current.delete(top.key);
    return top.key;
  }

  #top(): Entry<K> | undefined {
    for (;;) {
      const top = this.#heap[0];
      if (top === undefined) return undefined;
      const current = this.#current.get(top.key) === top;
      if (current && top.at === top.due) return top;
      this.#pop();
      if (!current) continue;
      top.at = top.due;
      this.#push(top);
    }
  }

  #push(entry: Entry<K>): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Entry<K>;
      if (above.at <= entry.at) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right !== undefined && right.at < (heap[child] as Entry<K>).at) child++;
      const below = heap[child] as Entry<K>;
      if (below.at >= last.at) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
  }
}
