/** Any number of routers on a bad wire: whatever happened, once the wire is good one of them is active. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { IpAddress } from "../../src/base/address.ts";
import type { Centiseconds, Instant, Micros } from "../../src/base/units.ts";
import type { VrrpEvent, VrrpParams } from "../../src/vrrp/state.ts";
import { params } from "./params.ts";
import { Simulation } from "./simulation.ts";

const SECOND = 1_000_000;
const STORM = 20 * SECOND;
/** Two adverts of two owners' patience, 1.2 intervals, a full wait: 12 s at most, and some room. */
const CALM = STORM + 20 * SECOND;
const END = CALM + 10 * SECOND;

interface Plan {
  readonly priorities: readonly number[];
  readonly nopreempt: readonly boolean[];
  readonly preemptDelay: number;
  readonly version: 2 | 3;
  readonly seed: number;
  readonly loss: number;
  readonly faults: readonly { readonly router: number; readonly at: number; readonly for: number }[];
}

const plan: fc.Arbitrary<Plan> = fc.integer({ min: 2, max: 10 }).chain((n) =>
  fc.record({
    priorities: fc.array(fc.constantFrom(1, 90, 90, 100, 100, 150, 254, 255), { minLength: n, maxLength: n }),
    nopreempt: fc.array(fc.boolean(), { minLength: n, maxLength: n }),
    preemptDelay: fc.constantFrom(0, 0, 3 * SECOND),
    version: fc.constantFrom(2, 3),
    seed: fc.integer({ min: 1, max: 0x7fffffff }),
    loss: fc.double({ min: 0, max: 0.9, noNaN: true }),
    faults: fc.array(
      fc.record({
        router: fc.integer({ min: 0, max: n - 1 }),
        at: fc.integer({ min: 0, max: STORM / 2 }),
        for: fc.integer({ min: 1, max: STORM / 2 }),
      }),
      { maxLength: 5 },
    ),
  }),
);

/** xorshift32, so that a failing run can be run again. */
function random(seed: number): () => number {
  let x = seed;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) / 0x1_0000_0000;
  };
}

function simulate(p: Plan): { sim: Simulation; routers: Record<string, VrrpParams> } {
  const chance = random(p.seed);
  const routers: Record<string, VrrpParams> = {};
  p.priorities.forEach((priority, i) => {
    routers[`r${i}`] = params({
      version: p.version,
      priority,
      advertInterval: 100 as Centiseconds,
      sourceAddress: `10.9.0.${i + 1}` as IpAddress,
      preemptMode: priority === 255 || p.nopreempt[i] !== true,
      preemptDelay: (priority === 255 || p.nopreempt[i] === true ? 0 : p.preemptDelay) as Micros,
    });
  });
  const sim = new Simulation(routers, (_from, _to, now: Instant) => {
    if (now >= STORM) return 1_000 as Micros;
    return chance() < p.loss ? undefined : (Math.floor(chance() * 200_000) as Micros);
  });
  for (const id of Object.keys(routers)) sim.at(0, id, { kind: "startup" });
  for (const f of p.faults) {
    const cause = { cause: "interface-down" } as const;
    const raise: VrrpEvent = { kind: "faultRaised", ...cause };
    sim.at(f.at, `r${f.router}`, raise);
    sim.at(f.at + f.for, `r${f.router}`, { kind: "faultCleared", ...cause });
  }
  return { sim, routers };
}

describe("election", () => {
  test("after any storm exactly one router is active, and it stays (RFC 9568 §6.4)", () => {
    fc.assert(
      fc.property(plan, (p) => {
        const { sim } = simulate(p);
        sim.run(CALM);
        const winner = sim.actives();
        assert.equal(winner.length, 1, `active: ${winner}`);
        const before = sim.trace.length;
        sim.run(END);
        assert.deepEqual(sim.actives(), winner);
        const changes = sim.trace.slice(before).filter((m) => m.out.some((e) => e.kind === "setOwned"));
        assert.deepEqual(changes, []);
      }),
      { numRuns: 300 },
    );
  });

  test("where all may preempt, nobody with a lower priority is active in the end", () => {
    fc.assert(
      fc.property(plan, (p) => {
        const { sim, routers } = simulate({ ...p, nopreempt: [], preemptDelay: 0 });
        sim.run(CALM);
        const best = Math.max(...p.priorities);
        assert.deepEqual(
          sim.actives().map((id) => routers[id]?.basePriority),
          [best],
        );
      }),
      { numRuns: 200 },
    );
  });

  test("on a good wire two routers never hold the addresses longer than one advert takes", () => {
    fc.assert(
      fc.property(plan, (p) => {
        const { sim } = simulate({ ...p, priorities: p.priorities.map((x) => Math.min(x, 254)) });
        sim.run(STORM + SECOND + 1_000);
        const since = sim.trace.length;
        sim.run(END);
        const active = new Set(sim.actives());
        let together = 0;
        let from: number | undefined;
        // Backwards in time: undo each transition.
        for (const m of sim.trace.slice(since).reverse()) {
          for (const e of m.out) {
            if (e.kind !== "publishTransition") continue;
            if (e.from === "active") active.add(m.router);
            if (e.to === "active") active.delete(m.router);
          }
          if (active.size > 1) from ??= m.at;
          else if (from !== undefined) {
            together = Math.max(together, from - m.at);
            from = undefined;
          }
        }
        assert.ok(together <= 1_000, `${together} µs`);
      }),
      { numRuns: 200 },
    );
  });
});
