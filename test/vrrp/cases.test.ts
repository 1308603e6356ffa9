/**
 * Replays the recorded steps in cases/*.jsonl. First line: what the case is about, the RFC clauses (with
 * `+` where it shows what a clause demands, `-` where it shows what a clause forbids; see clauses.ts), the
 * parameters, and for cases with several routers their stimuli; then one line per step. With `wire`, packets
 * go through the checks in front of the machine, and what it sends is recorded as bytes, too.
 * UPDATE_CASES=1 writes what the machine does now: read the difference before you commit it.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, test } from "node:test";
import type { IpAddress } from "../../src/base/address.ts";
import { type Datagram, ipv4Packet, parseIpv4Datagram } from "../../src/base/ip-packet.ts";
import type { Instant, Micros } from "../../src/base/units.ts";
import type { VrrpInstanceConfig } from "../../src/config/model.ts";
import { step } from "../../src/vrrp/instance.ts";
import { peekVirtualRouterId } from "../../src/vrrp/packet.ts";
import {
  initialState,
  type VrrpEffect,
  type VrrpEvent,
  type VrrpParams,
  type VrrpState,
} from "../../src/vrrp/state.ts";
import { noSecrets, standardGroups, Wire } from "../../src/vrrp/wire.ts";
import { instance } from "./model.ts";
import { params } from "./params.ts";
import { Simulation } from "./simulation.ts";

interface Head {
  readonly about: string;
  /** differences from model.ts, besides what the parameters say */
  readonly wire?: Partial<VrrpInstanceConfig>;
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
  readonly in: VrrpEvent | Packet;
}
/** What arrives on the wire: a PDU behind an IP header with these fields. */
interface Packet {
  readonly kind: "packet";
  readonly from: string;
  readonly to: string;
  /** 255 */
  readonly hops?: number;
  /** 112 */
  readonly protocol?: number;
  /** of the IPv4 header, when it lies */
  readonly totalLength?: number;
  readonly hex: string;
}

const directory = join(import.meta.dirname, "cases");
const update = process.env["UPDATE_CASES"] === "1";
/** What JSON keeps: undefined members vanish. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

function replayOne(head: Head, lines: readonly Line[]): readonly unknown[] {
  let p = params(head.params);
  let state: VrrpState = initialState;
  const wire = head.wire === undefined ? undefined : wireOf(head.wire, p);
  return lines.map((line) => {
    const event = line.in.kind === "packet" ? arrival(line.in, wire, p) : fill(line.in, p);
    if (event === undefined) return { at: line.at, in: line.in, ignored: true };
    const done = step(p, state, line.at as Instant, event);
    state = done.state;
    if (event.kind === "paramsChanged") p = event.params;
    const sent = wire === undefined ? [] : done.effects.flatMap((e) => sentBy(e, wire, p));
    return { at: line.at, in: line.in, out: done.effects, ...(sent.length > 0 && { sent }), state };
  });
}

function wireOf(more: Partial<VrrpInstanceConfig>, p: VrrpParams): Wire {
  const { version, basePriority: priority, advertInterval: advertInt, virtualRouterId } = p;
  const config = instance({ version, priority, advertInt, virtualRouterId, ...more });
  return new Wire(config, { groups: standardGroups, secrets: noSecrets });
}

/** What the sockets and the checks make of a packet; undefined: it is for no router here. */
function arrival(packet: Packet, wire: Wire | undefined, p: VrrpParams): VrrpEvent | undefined {
  assert.ok(wire, "a case with packets has a wire");
  const datagram = datagramOf(packet);
  if (peekVirtualRouterId(datagram) !== p.virtualRouterId) return undefined;
  const { checked } = wire.check(datagram);
  if (checked.ok) return { kind: "advertReceived", advert: checked.advert, from: checked.from };
  const { reason, from, received, expected } = checked;
  return { kind: "advertRejected", reason, from, received, expected };
}

function datagramOf({ from, to, hops = 255, protocol = 112, totalLength, hex }: Packet): Datagram {
  const payload = Buffer.from(hex.replaceAll(" ", ""), "hex");
  const [source, destination] = [from as IpAddress, to as IpAddress];
  if (from.includes(":"))
    return {
      source,
      destination,
      hopLimit: hops,
      protocol,
      header: Buffer.of(),
      totalLength: undefined,
      payload,
    };
  const packet = ipv4Packet({ id: 1, hopLimit: hops, protocol, source, destination, payload });
  if (totalLength !== undefined) packet.writeUInt16BE(totalLength, 2);
  const datagram = parseIpv4Datagram(packet);
  assert.ok(datagram);
  return datagram;
}

function sentBy(effect: VrrpEffect, wire: Wire, p: VrrpParams): string[] {
  if (effect.kind !== "sendAdvert" || p.sourceAddress === undefined) return [];
  const { protocol } = wire.listening(p.sourceAddress) ?? {};
  return wire
    .adverts(p, effect.priority, p.sourceAddress)
    .map(
      ({ source, destination, hopLimit, payload }) =>
        `${source} > ${destination} protocol ${protocol} hops ${hopLimit}: ${Buffer.from(payload).toString("hex")}`,
    );
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
