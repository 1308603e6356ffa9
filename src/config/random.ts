/** Numbers for `${_RANDOM}`: the same seed gives the same configuration, on every machine. */
export class Random {
  #state: number;

  /** @param seed 0 to 4294967295 */
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** An integer from `min` to `max`, both included; mulberry32 is even enough for spreading timers. */
  between(min: number, max: number): number {
    this.#state = (this.#state + 0x6d2b_79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    const fraction = ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
    return min + Math.floor(fraction * (max - min + 1));
  }
}
