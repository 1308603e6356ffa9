/**
 * All deadlines of a process in one binary heap: an item has at most one, setting it again moves
 * it. Ten thousand of them cost one timer. Knows no clock; the caller says what is due.
 */
import type { Instant } from "./units.ts";

/** An item that can stand in the heap. The two fields belong to the heap. */
export interface Deadline {
  /** when it is due; meaningless while `slot` is -1 */
  at: Instant;
  /** place in the heap, -1 when it has no deadline */
  slot: number;
}

export class Deadlines<T extends Deadline> {
  readonly #heap: T[] = [];

  /** The earliest deadline, or undefined when there is none. */
  get next(): Instant | undefined {
    return this.#heap[0]?.at;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** Gives the item this deadline, instead of the one it may have. */
  set(item: T, at: Instant): void {
    const earlier = item.slot >= 0 && at < item.at;
    item.at = at;
    if (item.slot < 0) {
      item.slot = this.#heap.length;
      this.#heap.push(item);
      this.#up(item);
    } else if (earlier) this.#up(item);
    else this.#down(item);
  }

  clear(item: T): void {
    if (item.slot < 0) return;
    const last = this.#heap.pop() as T;
    const slot = item.slot;
    item.slot = -1;
    if (last === item) return;
    last.slot = slot;
    this.#heap[slot] = last;
    this.#up(last);
    this.#down(last);
  }

  /** Takes out and returns the earliest item that is due, or undefined. */
  takeDue(now: Instant): T | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.at > now) return undefined;
    this.clear(first);
    return first;
  }

  #up(item: T): void {
    let slot = item.slot;
    while (slot > 0) {
      const above = (slot - 1) >> 1;
      const parent = this.#heap[above] as T;
      if (parent.at <= item.at) break;
      this.#heap[slot] = parent;
      parent.slot = slot;
      slot = above;
    }
    this.#heap[slot] = item;
    item.slot = slot;
  }

  #down(item: T): void {
    const n = this.#heap.length;
    let slot = item.slot;
    for (;;) {
      let below = 2 * slot + 1;
      if (below >= n) break;
      let child = this.#heap[below] as T;
      const right = below + 1 < n ? (this.#heap[below + 1] as T) : undefined;
      if (right !== undefined && right.at < child.at) {
        child = right;
        below++;
      }
      if (child.at >= item.at) break;
      this.#heap[slot] = child;
      child.slot = slot;
      slot = below;
    }
    this.#heap[slot] = item;
    item.slot = slot;
  }
}
