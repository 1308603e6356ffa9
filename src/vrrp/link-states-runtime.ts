/**
 * The shell around interface states: what the kernel or the driver says, believed once it lasted. Owns a
 * timer for the delays and one for polling; decides nothing about routers.
 */
import type { Clock } from "../base/clock.ts";
import { after, type Instant, type Micros, seconds } from "../base/units.ts";
import type { LinkbeatInterface } from "../config/model-vrrp.ts";
import type { VrrpLogFields } from "../log/catalogue/vrrp.ts";
import { IFF_UP } from "../net/constants.ts";
import { type BeatMethod, LinkBeat } from "../net/link-beat.ts";
import type { Native, NativeTimer } from "../net/native-api.ts";
import type { Link } from "../net/rtnetlink.ts";
import { Alarm } from "./alarm.ts";
import { type Delays, judge } from "./debounce.ts";
import type { InterfaceLogWriter } from "./device-keeper.ts";

/** What states are made of and who hears of them. */
export interface LinkStatesHost {
  readonly native: Native;
  readonly clock: Clock;
  linkByName(name: string): Link | undefined;
  delaysOf(name: string): Delays;
  /** what routers believe of a watched interface; undefined: nobody watches it */
  told(name: string): boolean | undefined;
  /** a state is believed from now on @returns whether it is another one than before */
  believe(name: string, up: boolean): boolean;
  /** a state came to be believed by itself, after a delay or a poll */
  changed(name: string): void;
  reported(fields: VrrpLogFields["interface-state"] & { readonly polled: boolean }): void;
  readonly log: InterfaceLogWriter;
}

interface Beat {
  readonly wanted: BeatMethod | undefined;
  method: BeatMethod | undefined;
  up: boolean | undefined;
}

const POLL_INTERVAL: Micros = seconds(1);

export class LinkStates {
  readonly #host: LinkStatesHost;
  readonly #alarm: Alarm<string>;
  readonly #waiting = new Set<string>();
  readonly #beats = new Map<string, Beat>();
  #linkBeat: LinkBeat | undefined;
  #pollTimer: NativeTimer | undefined;

  constructor(host: LinkStatesHost) {
    this.#host = host;
    this.#alarm = new Alarm(
      (expired) => host.native.timer(expired),
      host.clock,
      (now) => this.#onTimer(now),
    );
  }

  /** Which interfaces are polled from now on, instead of believing the kernel. */
  poll(interfaces: readonly LinkbeatInterface[]): void {
    const { log } = this.#host;
    const before = new Map(this.#beats);
    this.#beats.clear();
    for (const { interface: name, method: wanted } of interfaces) {
      const kind = this.#host.linkByName(name)?.kind;
      if (kind === "macvlan" || kind === "ipvlan") log("linkbeat-off", { interface: name });
      else if (!this.#beats.has(name)) {
        const known = before.get(name);
        this.#beats.set(
          name,
          known !== undefined && known.wanted === wanted
            ? known
            : { wanted, method: undefined, up: undefined },
        );
      }
    }
    if (this.#beats.size === 0) {
      this.#stopPolling();
      return;
    }
    this.#linkBeat ??= new LinkBeat(this.#host.native);
    for (const [name, beat] of this.#beats) this.#ask(name, beat);
    this.#pollTimer ??= this.#host.native.timer(() => this.#onPoll());
    this.#pollTimer.set(after(this.#host.clock.now(), POLL_INTERVAL));
  }

  /** Whether a link is up now: what the driver says where it is polled, else the kernel. */
  isUp(link: Link): boolean {
    const polled = this.#beats.get(link.name)?.up;
    return polled === undefined ? link.up : polled && (link.flags & IFF_UP) !== 0;
  }

  /** Looks at a watched interface again. */
  observe(name: string): void {
    const { told, linkByName, delaysOf, clock } = this.#host;
    const before = told(name);
    if (before === undefined) return;
    const link = linkByName(name);
    const up = link !== undefined && this.isUp(link);
    // What does not exist will not come back in time.
    const delays = link === undefined ? { down: 0 as Micros, up: 0 as Micros } : delaysOf(name);
    const waiting = this.#waiting.has(name) && link !== undefined;
    const verdict = judge(before, up, waiting, delays);
    if (verdict.kind === "same" && waiting) return;
    if (verdict.kind === "wait") {
      this.#waiting.add(name);
      this.#alarm.set(name, after(clock.now(), verdict.delay));
      this.#alarm.arm(undefined);
      return;
    }
    this.#waiting.delete(name);
    this.#alarm.set(name, undefined);
    if (verdict.kind === "believe") this.#believe(name, up);
  }

  close(): void {
    this.#alarm.close();
    this.#stopPolling();
  }

  #believe(name: string, up: boolean): void {
    if (!this.#host.believe(name, up)) return;
    this.#host.reported({ interface: name, up, polled: this.#beats.has(name) });
  }

  #onTimer(now: Instant): void {
    for (let name = this.#alarm.takeDue(now); name !== undefined; name = this.#alarm.takeDue(now)) {
      this.#waiting.delete(name);
      const link = this.#host.linkByName(name);
      this.#believe(name, link !== undefined && this.isUp(link));
      this.#host.changed(name);
    }
    this.#alarm.arm(undefined);
  }

  #onPoll(): void {
    for (const [name, beat] of this.#beats) {
      const before = beat.up;
      this.#ask(name, beat);
      if (beat.up === before) continue;
      this.observe(name);
      this.#host.changed(name);
    }
    this.#pollTimer?.set(after(this.#host.clock.now(), POLL_INTERVAL));
  }

  #ask(name: string, beat: Beat): void {
    const { wanted } = beat;
    if (beat.method === undefined) {
      beat.method = this.#linkBeat?.method(name, wanted);
      const { method } = beat;
      if (method !== undefined && wanted !== undefined && method !== wanted)
        this.#host.log("linkbeat-method", { interface: name, wanted, method });
    }
    beat.up = beat.method === undefined ? undefined : this.#linkBeat?.probe(name, beat.method);
    // Another interface of that name may come with another driver.
    if (beat.up === undefined) beat.method = undefined;
  }

  #stopPolling(): void {
    this.#pollTimer?.close();
    this.#pollTimer = undefined;
    this.#linkBeat?.close();
    this.#linkBeat = undefined;
  }
}
