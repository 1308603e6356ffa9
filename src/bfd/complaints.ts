/**
 * Keeps complaints about received packets readable: each reason once a minute for each sender. Decides what is
 * said; somebody who sends garbage must not fill the log. Pure.
 */
import { after, type Instant, seconds } from "../base/units.ts";

const WINDOW = seconds(60);
/** Senders can be invented: so many different complaints a minute, then none. */
const MOST = 20;

export interface Admission {
  /** whether the complaint is made */
  readonly say: boolean;
  /** complaints of the minute before that were not made */
  readonly suppressed: number;
}

export class Complaints {
  #until = 0 as Instant;
  readonly #said = new Set<string>();
  #suppressed = 0;

  admit(reason: string, sender: string, now: Instant): Admission {
    const suppressed = this.#renew(now);
    const key = `${reason} ${sender}`;
    const say = !this.#said.has(key) && this.#said.size < MOST;
    if (say) this.#said.add(key);
    else this.#suppressed++;
    return { say, suppressed };
  }

  #renew(now: Instant): number {
    if (now < this.#until) return 0;
    this.#until = after(now, WINDOW);
    this.#said.clear();
    const suppressed = this.#suppressed;
    this.#suppressed = 0;
    return suppressed;
  }
}
