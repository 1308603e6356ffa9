/**
 * One timer for the deadlines of all routers. Decides when to wake up and whether the process slept past
 * it; never what is due then.
 */
import type { Clock } from "../base/clock.ts";
import { type Instant, type Micros, millis } from "../base/units.ts";
import { DeadlineQueue } from "./deadlines.ts";

/**
 * Deadlines of one tick are served by one wake-up: hundreds of adverts a few microseconds apart cost one
 * timer call. A divisor of every advert interval, so that it makes no jitter.
 */
const TICK: Micros = 250 as Micros;
/** A wake-up later than this comes from a process that slept. */
const LATE: Micros = millis(20);

/** The part of `NativeTimer` (src/net/native-api.ts) that is needed here. */
export interface AlarmTimer {
  set(at: Instant): void;
  close(): void;
}

export class Alarm<K> {
  readonly #queue = new DeadlineQueue<K>();
  readonly #timer: AlarmTimer;
  #armedAt: Instant | undefined;
  #closed = false;

  /** @param wake comes at or after a deadline; `late` by more than an ordinary turn of the loop */
  constructor(
    timer: (expired: () => void) => AlarmTimer,
    clock: Clock,
    wake: (now: Instant, late: boolean) => void,
  ) {
    this.#timer = timer(() => {
      const now = clock.now();
      const late = this.#armedAt !== undefined && now - this.#armedAt > LATE;
      this.#armedAt = undefined;
      wake(now, late);
    });
  }

  /** Sets, moves or (undefined) removes the deadline of a key; {@link arm} puts it in force. */
  set(key: K, at: Instant | undefined): void {
    this.#queue.set(key, at);
  }

  /** Takes the earliest key whose deadline is not after `now`. */
  takeDue(now: Instant): K | undefined {
    return this.#queue.takeDue(now);
  }

  /** @param also another deadline than those of keys */
  arm(also: Instant | undefined): void {
    const next = this.#queue.next();
    const soonest = next === undefined || (also !== undefined && also < next) ? also : next;
    if (soonest === undefined || this.#closed) return;
    const at = (Math.ceil(soonest / TICK) * TICK) as Instant;
    // A timer that fires too early costs one look; setting it anew with every advert costs a system call.
    if (this.#armedAt !== undefined && this.#armedAt <= at) return;
    this.#armedAt = at;
    this.#timer.set(at);
  }

  close(): void {
    this.#closed = true;
    this.#timer.close();
  }
}
