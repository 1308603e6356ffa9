/**
 * How busy the machine is, as a timer of this process feels it: a bound on what daemons take can then allow
 * for a machine that stood still, and stays a bound on one that did not.
 */
import { performance } from "node:perf_hooks";

const TICK_MS = 20;

/** Measures from its making on. */
export class Lateness {
  readonly #timer: NodeJS.Timeout;
  #last = performance.now();
  #worst = 0;

  constructor() {
    this.#timer = setInterval(() => this.#note(), TICK_MS);
    this.#timer.unref();
  }

  /** The longest that a tick was late so far, ms. */
  get worst(): number {
    return Math.max(this.#worst, performance.now() - this.#last - TICK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #note(): void {
    this.#worst = this.worst;
    this.#last = performance.now();
  }
}
