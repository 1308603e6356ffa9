/**
 * Two routers with the same sync group, random faults of members and random cuts of single wires under a
 * virtual clock. At no moment are some members of a group active and others not; when all is well again,
 * one router has them all and the other one none.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { IpAddress } from "../../src/base/address.ts";
import type { Centiseconds, Instant } from "../../src/base/units.ts";
import type { SyncGroupConfig } from "../../src/config/model-vrrp.ts";
import { SyncGroups } from "../../src/vrrp/groups.ts";
import { step } from "../../src/vrrp/instance.ts";
import {
  type FaultCause,
  initialState,
  nextDeadline,
  type VrrpEvent,
  type VrrpParams,
  type VrrpState,
} from "../../src/vrrp/state.ts";
import { mattersToGroup } from "../../src/vrrp/sync-group.ts";
import { params } from "./params.ts";

const MEMBERS = ["A", "B", "C"] as const;
const ROUNDS = 60;
const SECOND = 1_000_000;
const causes: readonly FaultCause[] = ["interface-down", "tracked:script:chk"];

interface Member {
  readonly config: { readonly name: string; readonly priority: number };
  readonly node: number;
  params: VrrpParams;
  state: VrrpState;
  readonly faults: Set<FaultCause>;
}

/** A small generator of numbers, so that a run can be told by its seed. */
function numbers(seed: number): (below: number) => number {
  let s = seed;
  return (below) => {
    s = (Math.imul(s, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((s / 2 ** 32) * below);
  };
}

class World {
  now = 0 as Instant;
  readonly members: Member[] = [];
  readonly cut = new Set<string>();
  readonly #groups: SyncGroups<Member>[] = [];
  #wire: { readonly at: number; readonly to: Member; readonly event: VrrpEvent }[] = [];

  constructor(priorities: readonly [number, number]) {
    for (const [node, priority] of priorities.entries()) {
      const mine = MEMBERS.map((name, i): Member => {
        const sourceAddress = `10.${i}.0.${node + 1}` as IpAddress;
        const all = params({ name, priority, sourceAddress, version: 3, advertInterval: 10 as Centiseconds });
        return { config: { name, priority }, node, params: all, state: initialState, faults: new Set() };
      });
      const groups: SyncGroups<Member> = new SyncGroups<Member>({
        log: () => {},
        dispatch: (member, event) => this.dispatch(member, event),
        publish: () => {},
      });
      this.#groups[node] = groups;
      this.members.push(...mine);
      groups.hold();
      const config = { name: "G", members: [...MEMBERS] } as unknown as SyncGroupConfig;
      groups.rebuild(
        [config],
        mine.map((router) => ({ router, config: router.config })),
      );
      for (const m of mine) m.params = { ...m.params, group: groups.modeOf(m) };
      groups.settle();
      for (const m of mine) this.dispatch(m, { kind: "startup" });
    }
  }

  dispatch(m: Member, event: VrrpEvent): void {
    const before = m.state;
    const { state, effects } = step(m.params, before, this.now, event);
    m.state = state;
    for (const effect of effects) if (effect.kind === "sendAdvert") this.#send(m, effect.priority);
    if (mattersToGroup(before, state)) this.#groups[m.node]?.changed(m);
  }

  run(until: number): void {
    for (;;) {
      const due = this.members
        .map((m) => ({ m, at: nextDeadline(m.state) ?? Number.POSITIVE_INFINITY }))
        .reduce((a, b) => (b.at < a.at ? b : a));
      const heard = this.#wire[0];
      if (heard !== undefined && heard.at <= due.at && heard.at <= until) {
        this.#wire.shift();
        this.now = heard.at as Instant;
        const { name } = heard.to.state;
        if (name === "backup" || name === "active") this.dispatch(heard.to, heard.event);
      } else if (due.at <= until) {
        this.now = Math.max(this.now, due.at) as Instant;
        this.dispatch(due.m, { kind: "deadline" });
      } else break;
      this.check();
    }
    this.now = until as Instant;
  }

  /** All or none, on either router. */
  check(): void {
    for (const node of [0, 1]) {
      const active = this.#activesOf(node);
      assert.ok(
        active === 0 || active === MEMBERS.length,
        `router ${node} is active for ${active} at ${this.now}`,
      );
    }
  }

  #activesOf(node: number): number {
    return this.members.filter((m) => m.node === node && m.state.name === "active").length;
  }

  actives(): readonly number[] {
    return [0, 1].map((node) => this.#activesOf(node));
  }

  #send(m: Member, priority: number): void {
    if (this.cut.has(m.config.name)) return;
    const to = this.members.find((other) => other.node !== m.node && other.config.name === m.config.name);
    if (to === undefined) return;
    const { version, virtualRouterId, advertInterval: interval, addresses, sourceAddress } = m.params;
    const advert = { version, virtualRouterId, priority, interval, addresses };
    const event: VrrpEvent = { kind: "advertReceived", advert, from: sourceAddress as IpAddress };
    this.#wire.push({ at: this.now + 200, to, event });
    this.#wire.sort((a, b) => a.at - b.at);
  }
}

function play(seed: number): void {
  const next = numbers(seed);
  const world = new World([100 + 50 * next(2), 120]);
  let at = SECOND;
  for (let round = 0; round < ROUNDS; round++) {
    world.run(at);
    const m = world.members[next(world.members.length)] as Member;
    const cause = causes[next(causes.length)] as FaultCause;
    const kind = next(5);
    if (kind < 2 && !m.faults.has(cause)) {
      m.faults.add(cause);
      world.dispatch(m, { kind: "faultRaised", cause });
    } else if (kind < 3 && m.faults.delete(cause)) world.dispatch(m, { kind: "faultCleared", cause });
    else if (kind === 3) world.cut.add(m.config.name);
    else world.cut.delete(m.config.name);
    world.check();
    at += next(800_000);
  }
  world.cut.clear();
  for (const m of world.members)
    for (const cause of m.faults) world.dispatch(m, { kind: "faultCleared", cause });
  world.run(at + 5 * SECOND);
  const better = (world.members[0]?.params.priority ?? 0) > 120 ? [3, 0] : [0, 3];
  assert.deepEqual(world.actives(), better);
}

test("groups of two routers are active as a whole, and in the end on the better one", () => {
  for (let seed = 1; seed <= 1_000; seed++) {
    try {
      play(seed);
    } catch (error) {
      throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
    }
  }
});
