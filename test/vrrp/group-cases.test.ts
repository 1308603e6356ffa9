/**
 * Replays the recorded steps of sync groups in group-cases/*.jsonl: the members' machines, and the group
 * that directs them. First line: what the case is about, the members; then one line per event with
 * everything that followed from it. UPDATE_CASES=1 writes what happens now: read the difference.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, test } from "node:test";
import type { Instant } from "../../src/base/units.ts";
import type { SyncGroupConfig } from "../../src/config/model-vrrp.ts";
import { SyncGroups } from "../../src/vrrp/groups.ts";
import { step } from "../../src/vrrp/instance.ts";
import {
  initialState,
  type VrrpEffect,
  type VrrpEvent,
  type VrrpParams,
  type VrrpState,
} from "../../src/vrrp/state.ts";
import { mattersToGroup } from "../../src/vrrp/sync-group.ts";
import { params } from "./params.ts";

interface Head {
  readonly about: string;
  readonly members: Readonly<Record<string, Partial<VrrpParams>>>;
}
type Control = { readonly kind: "settle" } | { readonly kind: "hold" };
interface Line {
  readonly at: number;
  /** absent: what was held back is taken up */
  readonly member?: string;
  readonly in: VrrpEvent | Control;
}
interface Member {
  readonly config: { readonly name: string; readonly priority: number };
  params: VrrpParams;
  state: VrrpState;
}

const directory = join(import.meta.dirname, "group-cases");
const update = process.env["UPDATE_CASES"] === "1";
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

function summary(effect: VrrpEffect): string | undefined {
  switch (effect.kind) {
    case "sendAdvert":
      return `advert ${effect.priority}`;
    case "publishTransition":
      return `${effect.from} to ${effect.to} (${effect.reason})`;
    case "setOwned":
      return effect.owned ? "own" : "release";
    default:
      return undefined;
  }
}

function replay(head: Head, lines: readonly Line[]): readonly unknown[] {
  let now = 0 as Instant;
  let out: string[] = [];
  const members = new Map<string, Member>();
  for (const [name, p] of Object.entries(head.members)) {
    const all = params({ name, ...p });
    members.set(name, {
      config: { name, priority: all.basePriority },
      params: all,
      state: initialState,
    });
  }
  const dispatch = (m: Member, event: VrrpEvent): void => {
    const before = m.state;
    const done = step(m.params, before, now, event);
    m.state = done.state;
    for (const effect of done.effects) {
      const text = summary(effect);
      if (text !== undefined) out.push(`${m.config.name}: ${text}`);
    }
    if (mattersToGroup(before, m.state)) groups.changed(m);
  };
  const groups: SyncGroups<Member> = new SyncGroups<Member>({
    log: (id, fields) => out.push(`${id} ${JSON.stringify(fields)}`),
    dispatch,
    publish: (group, to) => out.push(`group ${group.name} is ${to}`),
  });
  const config = { name: "G", members: [...members.keys()] } as unknown as SyncGroupConfig;
  groups.hold();
  groups.rebuild(
    [config],
    [...members.values()].map((router) => ({ router, config: router.config })),
  );
  for (const m of members.values()) m.params = { ...m.params, group: groups.modeOf(m) };
  return lines.map((line) => {
    now = line.at as Instant;
    out = [];
    const member = members.get(line.member ?? "");
    const event = line.in;
    if (event.kind === "settle") groups.settle();
    else if (event.kind === "hold") groups.hold();
    else if (member !== undefined) dispatch(member, event);
    else throw new Error(`no member ${line.member}`);
    const state = Object.fromEntries(
      [...members].map(([name, m]) => [
        name,
        m.state.name === "fault" ? `fault: ${m.state.causes.join(", ")}` : m.state.name,
      ]),
    );
    return { ...line, out, state: { ...state, group: groups.states()[0]?.state } };
  });
}

describe("recorded group cases", () => {
  for (const file of readdirSync(directory).sort()) {
    const path = join(directory, file);
    const [first = "{}", ...rest] = readFileSync(path, "utf8").trimEnd().split("\n");
    const head = JSON.parse(first) as Head;
    test(`${basename(file, ".jsonl")}: ${head.about}`, () => {
      const recorded = rest.map((line) => JSON.parse(line) as Line);
      const now = replay(head, recorded);
      if (update) writeFileSync(path, `${[first, ...now.map((m) => JSON.stringify(m))].join("\n")}\n`);
      else assert.deepEqual(plain(now), recorded);
    });
  }
});
