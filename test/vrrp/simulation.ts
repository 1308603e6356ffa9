/**
 * Several routers on one wire under a virtual clock: what one sends, the others hear, as far as the wire
 * carries it. Everything that happens is kept, so that a run can be recorded as a case.
 */
import type { IpAddress } from "../../src/base/address.ts";
import { after, type Instant, type Micros } from "../../src/base/units.ts";
import { step } from "../../src/vrrp/instance.ts";
import {
  initialState,
  nextDeadline,
  type VrrpEffect,
  type VrrpEvent,
  type VrrpParams,
  type VrrpState,
} from "../../src/vrrp/state.ts";

/** One step of one router, as case files have it. */
export interface Moment {
  readonly at: number;
  readonly router: string;
  readonly in: VrrpEvent;
  readonly out: readonly VrrpEffect[];
  readonly state: VrrpState;
}

/** What the wire does to one advert: how long it takes, or undefined when it is lost. */
export type Wire = (from: string, to: string, now: Instant) => Micros | undefined;

interface SimulatedRouter {
  readonly id: string;
  params: VrrpParams;
  state: VrrpState;
}

interface Pending {
  readonly at: Instant;
  readonly order: number;
  readonly router: SimulatedRouter;
  readonly event: VrrpEvent;
}

export class Simulation {
  readonly trace: Moment[] = [];
  readonly #routers = new Map<string, SimulatedRouter>();
  readonly #wire: Wire;
  #queue: Pending[] = [];
  #order = 0;
  #now = 0 as Instant;

  constructor(routers: Readonly<Record<string, VrrpParams>>, wire: Wire) {
    for (const [id, params] of Object.entries(routers))
      this.#routers.set(id, { id, params, state: initialState });
    this.#wire = wire;
  }

  /** Something happens to a router from outside. */
  at(at: number, router: string, event: VrrpEvent): void {
    const target = this.#routers.get(router);
    if (target === undefined) throw new Error(`no router ${router}`);
    this.#push(at as Instant, target, event);
  }

  /** Runs everything that happens up to and including `until`. */
  run(until: number): void {
    for (;;) {
      const next = this.#next();
      if (next === undefined || next.at > until) break;
      this.#now = next.at;
      this.#step(next.router, next.event);
    }
    this.#now = until as Instant;
  }

  actives(): readonly string[] {
    return [...this.#routers.values()].filter((r) => r.state.name === "active").map((r) => r.id);
  }

  state(router: string): VrrpState | undefined {
    return this.#routers.get(router)?.state;
  }

  /** The earliest of what was scheduled and what a router waits for; the former first when both are due. */
  #next(): { at: Instant; router: SimulatedRouter; event: VrrpEvent } | undefined {
    let best: { at: Instant; router: SimulatedRouter; event: VrrpEvent } | undefined;
    const scheduled = this.#queue[0];
    if (scheduled !== undefined) best = scheduled;
    for (const router of this.#routers.values()) {
      const at = nextDeadline(router.state);
      if (at !== undefined && (best === undefined || at < best.at))
        best = { at, router, event: { kind: "deadline" } };
    }
    if (best === scheduled) this.#queue.shift();
    return best;
  }

  #push(at: Instant, router: SimulatedRouter, event: VrrpEvent): void {
    this.#queue.push({ at, order: this.#order++, router, event });
    this.#queue.sort((a, b) => a.at - b.at || a.order - b.order);
  }

  #step(router: SimulatedRouter, event: VrrpEvent): void {
    const { state, effects } = step(router.params, router.state, this.#now, event);
    router.state = state;
    if (event.kind === "paramsChanged") router.params = event.params;
    this.trace.push({ at: this.#now, router: router.id, in: event, out: effects, state });
    for (const effect of effects) if (effect.kind === "sendAdvert") this.#send(router, effect.priority);
  }

  #send(sender: SimulatedRouter, priority: number): void {
    const { version, virtualRouterId, advertInterval: interval, addresses } = sender.params;
    const from = sender.params.sourceAddress as IpAddress;
    const advert = { version, virtualRouterId, priority, interval, addresses };
    for (const receiver of this.#routers.values()) {
      if (receiver === sender) continue;
      const delay = this.#wire(sender.id, receiver.id, this.#now);
      if (delay !== undefined)
        this.#push(after(this.#now, delay), receiver, { kind: "advertReceived", advert, from });
    }
  }
}
