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

/** What the wire does to one advert: how long it takes, several times if it doubles it, undefined if it is lost. */
export type Wire = (from: string, to: string, now: Instant) => Micros | readonly Micros[] | undefined;

/** Hears of every step; instead of the trace where there are millions. */
export type Observer = (
  router: string,
  before: VrrpState,
  event: VrrpEvent,
  step: { readonly state: VrrpState; readonly effects: readonly VrrpEffect[] },
  now: Instant,
) => void;

interface SimulatedRouter {
  readonly id: string;
  params: VrrpParams;
  state: VrrpState;
  /** what reached a process that stands still: it waits in its sockets */
  held: VrrpEvent[] | undefined;
}

interface Pending {
  readonly at: Instant;
  readonly order: number;
  readonly router: SimulatedRouter | undefined;
  readonly event: VrrpEvent | (() => void);
}

/** A binary heap by time, then by order of entry. */
class Agenda {
  readonly #heap: Pending[] = [];

  get first(): Pending | undefined {
    return this.#heap[0];
  }

  add(entry: Pending): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Pending;
      if (!comesBefore(entry, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  }

  take(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      const right = heap[child + 1];
      if (right !== undefined && comesBefore(right, heap[child] as Pending)) child++;
      const below = heap[child] as Pending;
      if (!comesBefore(below, last)) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
  }
}

function comesBefore(a: Pending, b: Pending): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

export class Simulation {
  readonly trace: Moment[] = [];
  readonly #routers = new Map<string, SimulatedRouter>();
  readonly #wire: Wire;
  readonly #observer: Observer | undefined;
  readonly #agenda = new Agenda();
  #order = 0;
  #now = 0 as Instant;

  /** @param observer gets every step; without one the trace is kept */
  constructor(routers: Readonly<Record<string, VrrpParams>>, wire: Wire, observer?: Observer) {
    for (const [id, params] of Object.entries(routers))
      this.#routers.set(id, { id, params, state: initialState, held: undefined });
    this.#wire = wire;
    this.#observer = observer;
  }

  /** Something happens to a router from outside. */
  at(at: number, router: string, event: VrrpEvent): void {
    this.#push(at as Instant, this.#find(router), event);
  }

  /** Something happens to the world. */
  do(at: number, what: () => void): void {
    this.#push(at as Instant, undefined, what);
  }

  /** The process stands still: nothing is sent, what arrives waits. */
  freeze(router: string): void {
    this.#find(router).held ??= [];
  }

  /** It goes on, and hears what waited before it looks at its deadlines. */
  thaw(router: string): void {
    const target = this.#find(router);
    const waiting = target.held ?? [];
    target.held = undefined;
    for (const event of waiting) this.#step(target, event);
  }

  /** The process is gone, and with it what it knew; `boot` starts another. */
  crash(router: string): void {
    const target = this.#find(router);
    target.held = undefined;
    target.state = { name: "stopped" };
  }

  boot(router: string): void {
    const target = this.#find(router);
    target.held = undefined;
    target.state = initialState;
    this.#step(target, { kind: "startup" });
  }

  /** Runs everything that happens up to and including `until`. */
  run(until: number): void {
    for (;;) {
      const next = this.#next();
      if (next === undefined || next.at > until) break;
      this.#now = next.at;
      const { router, event } = next;
      if (typeof event === "function") event();
      else if (router?.held !== undefined) router.held.push(event);
      else if (router !== undefined) this.#step(router, event);
    }
    this.#now = until as Instant;
  }

  actives(): readonly string[] {
    return [...this.#routers.values()].filter((r) => r.state.name === "active").map((r) => r.id);
  }

  state(router: string): VrrpState | undefined {
    return this.#routers.get(router)?.state;
  }

  #find(router: string): SimulatedRouter {
    const target = this.#routers.get(router);
    if (target === undefined) throw new Error(`no router ${router}`);
    return target;
  }

  /** The earliest of what was scheduled and what a router waits for; the former first when both are due. */
  #next(): Omit<Pending, "order"> | undefined {
    const scheduled = this.#agenda.first;
    let at = scheduled?.at;
    let waiting: SimulatedRouter | undefined;
    for (const router of this.#routers.values()) {
      const due = router.held === undefined ? nextDeadline(router.state) : undefined;
      if (due === undefined || (at !== undefined && due >= at)) continue;
      // a process that stood still is late; the clock never goes back
      at = due;
      waiting = router;
    }
    if (waiting !== undefined && at !== undefined)
      return { at: Math.max(at, this.#now) as Instant, router: waiting, event: { kind: "deadline" } };
    this.#agenda.take();
    return scheduled;
  }

  #push(at: Instant, router: SimulatedRouter | undefined, event: Pending["event"]): void {
    this.#agenda.add({ at, order: this.#order++, router, event });
  }

  #step(router: SimulatedRouter, event: VrrpEvent): void {
    const before = router.state;
    const done = step(router.params, before, this.#now, event);
    const { state, effects } = done;
    router.state = state;
    if (event.kind === "paramsChanged") router.params = event.params;
    if (this.#observer === undefined)
      this.trace.push({ at: this.#now, router: router.id, in: event, out: effects, state });
    else this.#observer(router.id, before, event, done, this.#now);
    for (const effect of effects) if (effect.kind === "sendAdvert") this.#send(router, effect.priority);
  }

  #send(sender: SimulatedRouter, priority: number): void {
    const { version, virtualRouterId, advertInterval: interval, addresses } = sender.params;
    const from = sender.params.sourceAddress as IpAddress;
    const advert = { version, virtualRouterId, priority, interval, addresses };
    for (const receiver of this.#routers.values()) {
      if (receiver === sender) continue;
      const delays = this.#wire(sender.id, receiver.id, this.#now);
      if (delays === undefined) continue;
      const event = { kind: "advertReceived", advert, from } as const;
      if (typeof delays === "number") this.#push(after(this.#now, delays), receiver, event);
      else for (const delay of delays) this.#push(after(this.#now, delay), receiver, event);
    }
  }
}
