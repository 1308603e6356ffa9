/**
 * The startup delay: `vrrp_startup_delay` since the start of this process or `vrrp_delay_after_boot` since
 * that of the machine, whichever ends later. Says until when routers keep quiet; never holds them itself.
 */
import type { Clock } from "../base/clock.ts";
import { after, between, type Instant, type Micros } from "../base/units.ts";
import type { GlobalDefs } from "../config/model.ts";
import type { Native, NativeTimer } from "../net/native-api.ts";
import type { LogWriter } from "./turn.ts";

type Delays = Pick<GlobalDefs, "vrrpStartupDelay" | "vrrpDelayAfterBoot">;

export class StartupDelay {
  readonly #native: Pick<Native, "timer">;
  readonly #clock: Clock;
  readonly #log: LogWriter;
  readonly #started: Instant;
  #timer: NativeTimer | undefined;
  #until: Instant | undefined;
  #over = false;

  constructor(native: Pick<Native, "timer">, clock: Clock, log: LogWriter) {
    this.#native = native;
    this.#clock = clock;
    this.#log = log;
    this.#started = clock.now();
  }

  /** The end of the delay; undefined when there is none, or no more. */
  get until(): Instant | undefined {
    return this.#until;
  }

  /** A configuration begins. One that comes during the delay moves its end; afterwards there is none. */
  configure(delays: Delays): void {
    if (this.#over) return;
    const now = this.#clock.now();
    const end = endOfDelay(this.#started, delays);
    if (end === undefined || end <= now) {
      this.#finish();
      return;
    }
    if (this.#until === undefined) this.#log("startup-delayed", { micros: between(now, end) });
    this.#until = end;
    this.#timer ??= this.#native.timer(() => this.#finish());
    this.#timer.set(end);
  }

  close(): void {
    this.#timer?.close();
    this.#timer = undefined;
  }

  #finish(): void {
    this.close();
    if (this.#until !== undefined) this.#log("startup-completed", {});
    this.#until = undefined;
    this.#over = true;
  }
}

/** CLOCK_MONOTONIC counts from the start of the machine. @returns undefined: no delay is configured */
function endOfDelay(
  started: Instant,
  { vrrpStartupDelay = 0 as Micros, vrrpDelayAfterBoot = 0 as Micros }: Delays,
): Instant | undefined {
  if (vrrpStartupDelay <= 0 && vrrpDelayAfterBoot <= 0) return undefined;
  return Math.max(after(started, vrrpStartupDelay), vrrpDelayAfterBoot) as Instant;
}
