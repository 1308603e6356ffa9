/**
 * Replays the recorded steps in cases/*.jsonl. First line: what the case is about, the RFC clauses, the
 * parameters, and for cases with several routers their stimuli; then one line per step.
 * UPDATE_CASES=1 writes what the machine does now: read the difference before you commit it.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, test } from "node:test";
import type { Instant, Micros } from "../../src/base/units.ts";
import { step } from "../../src/vrrp/instance.ts";
import { initialState, type VrrpEvent, type VrrpParams, type VrrpState } from "../../src/vrrp/state.ts";
import { params } from "./params.ts";
import { Simulation } from "./simulation.ts";

interface Head {
  readonly about: string;
  readonly rfc: readonly string[];
  /** differences from params.ts; one router */
  readonly params?: Partial<VrrpParams>;
  /** several routers */
  readonly routers?: Readonly<Record<string, Partial<VrrpParams>>>;
  /** microseconds that an advert takes */
  readonly delay?: number;
  /** intervals during which nothing reaches or leaves a router */
  readonly cut?: readonly { readonly router: string; readonly from: number; readonly to: number }[];
  readonly stimuli?: readonly { readonly at: number; readonly router: string; readonly in: VrrpEvent }[];
  readonly until?: number;
}
interface Line {
  readonly at: number;
  readonly in: VrrpEvent;
}

const directory = join(import.meta.dirname, "cases");
const update = process.env["UPDATE_CASES"] === "1";
/** What JSON keeps: undefined members vanish. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

function replayOne(head: Head, lines: readonly Line[]): readonly unknown[] {
  let p = params(head.params);
  let state: VrrpState = initialState;
  return lines.map((line) => {
    const event = fill(line.in, p);
    const done = step(p, state, line.at as Instant, event);
    state = done.state;
    if (event.kind === "paramsChanged") p = event.params;
    return { at: line.at, in: line.in, out: done.effects, state };
  });
}

/** Case files name only the parameters that change. */
function fill(event: VrrpEvent, p: VrrpParams): VrrpEvent {
  return event.kind === "paramsChanged" ? { ...event, params: { ...p, ...event.params } } : event;
}

function replayMany(head: Head): readonly unknown[] {
  const all = Object.entries(head.routers ?? {}).map(([id, p]) => [id, params(p)] as const);
  const cut = (router: string, now: number): boolean =>
    (head.cut ?? []).some((c) => c.router === router && now >= c.from && now < c.to);
  const sim = new Simulation(Object.fromEntries(all), (from, to, now) =>
    cut(from, now) || cut(to, now) ? undefined : ((head.delay ?? 100) as Micros),
  );
  for (const s of head.stimuli ?? []) sim.at(s.at, s.router, s.in);
  sim.run(head.until ?? 0);
  // Adverts that change nothing but a deadline would bury what the case is about.
  return sim.trace.filter((m) => m.out.some((e) => e.kind !== "count" && e.kind !== "sendAdvert"));
}

describe("recorded cases", () => {
  for (const file of readdirSync(directory).sort()) {
    const path = join(directory, file);
    const [first = "{}", ...rest] = readFileSync(path, "utf8").trimEnd().split("\n");
    const head = JSON.parse(first) as Head;
    test(`${basename(file, ".jsonl")}: ${head.about}`, () => {
      const recorded = rest.map((line) => JSON.parse(line) as Line);
      const now = head.routers === undefined ? replayOne(head, recorded) : replayMany(head);
      if (update) writeFileSync(path, `${[first, ...now.map((m) => JSON.stringify(m))].join("\n")}\n`);
      else assert.deepEqual(plain(now), recorded);
    });
  }
});
