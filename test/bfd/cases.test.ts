/**
 * Replays the recorded steps in cases/*.jsonl. First line: what the case is about, the RFC clauses, the
 * parameters; then one line per step. Lines to the log are left out unless the case asks for them, packets
 * and remote systems name only what differs from the usual.
 * UPDATE_CASES=1 writes what the session does now: read the difference before you commit it.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, test } from "node:test";
import type { Instant, Micros } from "../../src/base/units.ts";
import type { ControlPacket } from "../../src/bfd/packet.ts";
import { stepSession } from "../../src/bfd/session.ts";
import {
  newSession,
  nextDeadline,
  type Session,
  type SessionEffect,
  type SessionEvent,
  type SessionParams,
} from "../../src/bfd/session-state.ts";
import { bfdLine } from "../../src/log/catalogue/bfd.ts";

interface Head {
  readonly about: string;
  readonly rfc: readonly string[];
  readonly params?: Partial<SessionParams>;
  /** 0 to 1 for every draw; 0.4 shortens intervals by 16 % */
  readonly chance?: number;
  /** also say what is logged */
  readonly log?: true;
}
type Input =
  | { readonly hear: Partial<ControlPacket> }
  | { readonly change: Partial<SessionParams> }
  | "enabled"
  | "disabled"
  | "deadline";
interface Line {
  readonly at: number;
  readonly in: Input;
}

const directory = join(import.meta.dirname, "cases");
const update = process.env["UPDATE_CASES"] === "1";

const usualParams: SessionParams = {
  name: "peer",
  minTx: 100_000 as Micros,
  idleTx: 1_000_000 as Micros,
  minRx: 100_000 as Micros,
  detectMultiplier: 3,
  passive: false,
};
const usualPacket: ControlPacket = {
  state: "Down",
  diagnostic: 0,
  poll: false,
  final: false,
  demand: false,
  detectMultiplier: 3,
  myDiscriminator: 7,
  yourDiscriminator: 1,
  desiredMinTx: 1_000_000 as Micros,
  requiredMinRx: 100_000 as Micros,
};

function eventOf(input: Input, params: SessionParams): SessionEvent {
  if (typeof input === "string") return { kind: input };
  if ("hear" in input) return { kind: "received", packet: { ...usualPacket, ...input.hear } };
  return { kind: "paramsChanged", params: { ...params, ...input.change } };
}

/** `Up diag=0 your=7 tx=100000 rx=100000 mult=3 P` */
function packetText(p: ControlPacket): string {
  const flags = `${p.poll ? " P" : ""}${p.final ? " F" : ""}${p.demand ? " D" : ""}`;
  return `${p.state} diag=${p.diagnostic} my=${p.myDiscriminator} your=${p.yourDiscriminator} tx=${p.desiredMinTx} rx=${p.requiredMinRx} mult=${p.detectMultiplier}${flags}`;
}

function effectText(effect: SessionEffect): string {
  switch (effect.kind) {
    case "send":
      return `send ${packetText(effect.packet)}`;
    case "notify":
      return `notify ${effect.up ? "up" : "down"}`;
    case "log":
      return `log ${bfdLine(effect.sentence).text}`;
  }
}

function stateText(s: Session): string {
  const remote = s.remote === undefined ? "nobody" : `${s.remote.state}/${s.remote.discriminator}`;
  return `${s.state} diag=${s.diagnostic} remote=${remote} transmit=${s.transmitAt ?? "-"} detect=${s.detectAt ?? "-"} next=${nextDeadline(s) ?? "-"}${s.polling ? " polling" : ""}${s.toldUp ? " told" : ""}`;
}

function replay(head: Head, lines: readonly Line[]): readonly object[] {
  let params: SessionParams = { ...usualParams, ...head.params };
  let session = newSession(params, 1);
  return lines.map((line) => {
    const event = eventOf(line.in, params);
    const done = stepSession(params, session, line.at as Instant, event, () => head.chance ?? 0);
    if (event.kind === "paramsChanged") params = event.params;
    session = done.session;
    const out = done.effects.filter((e) => e.kind !== "log" || head.log === true).map(effectText);
    return { at: line.at, in: line.in, out, state: stateText(session) };
  });
}

describe("recorded sessions", () => {
  for (const file of readdirSync(directory).sort()) {
    const path = join(directory, file);
    const [first = "{}", ...rest] = readFileSync(path, "utf8").trimEnd().split("\n");
    const head = JSON.parse(first) as Head;
    test(`${basename(file, ".jsonl")}: ${head.about}`, () => {
      const recorded = rest.map((line) => JSON.parse(line) as Line);
      const now = replay(head, recorded);
      if (update) writeFileSync(path, `${[first, ...now.map((m) => JSON.stringify(m))].join("\n")}\n`);
      else assert.deepEqual(now, recorded);
    });
  }
});
