/**
 * Two sessions on a bad wire under a virtual clock, and one among packets from nowhere: whatever happens, nobody
 * spins, nobody says more than the intervals allow, and once the wire is well both are Up for good.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { after, type Instant, type Micros, millis, seconds } from "../../src/base/units.ts";
import { type ControlPacket, decodePacket, encodePacket, STATES } from "../../src/bfd/packet.ts";
import { stepSession } from "../../src/bfd/session.ts";
import {
  newSession,
  nextDeadline,
  type Session,
  type SessionEffect,
  type SessionEvent,
  type SessionParams,
} from "../../src/bfd/session-state.ts";
import { Dice } from "../config/fuzz.ts";

const RUNS = 150;

class Speaker {
  params: SessionParams;
  session: Session;
  readonly #dice: Dice;
  /** what listeners were told, in order */
  readonly told: boolean[] = [];
  sent: ControlPacket[] = [];

  constructor(params: SessionParams, discriminator: number, dice: Dice) {
    this.params = params;
    this.session = newSession(params, discriminator);
    this.#dice = dice;
  }

  /** @returns the packets that go out */
  hear(event: SessionEvent, now: Instant): readonly ControlPacket[] {
    const random = () => this.#dice.below(1000) / 1000;
    const { session, effects } = stepSession(this.params, this.session, now, event, random);
    if (event.kind === "paramsChanged") this.params = event.params;
    this.session = session;
    const due = nextDeadline(session);
    if (event.kind === "deadline" && due !== undefined)
      assert.ok(due > now, `a deadline at ${due} after one at ${now}: the loop would spin`);
    for (const e of effects) if (e.kind === "notify") this.told.push(e.up);
    const packets = effects.flatMap((e: SessionEffect) => (e.kind === "send" ? [e.packet] : []));
    assert.ok(packets.length <= 1, "one event, two packets");
    for (const packet of packets) {
      assert.deepEqual(decodePacket(encodePacket(packet)), { ok: true, packet });
      assert.ok(
        packet.state === "Up" || packet.desiredMinTx >= 1_000_000,
        "quick while not Up (RFC 5880 §6.8.3)",
      );
    }
    this.sent.push(...packets);
    return packets;
  }
}

function anyParams(dice: Dice, name: string): SessionParams {
  return {
    name,
    minTx: millis(dice.pick([10, 50, 300, 1000, 3000])),
    idleTx: millis(dice.pick([1000, 2000])),
    minRx: millis(dice.pick([10, 50, 300, 1000])),
    detectMultiplier: 3 + dice.below(4),
    passive: false,
  };
}

/** Runs both until `end`, with a wire that loses and delays by chance. */
function run(pair: readonly [Speaker, Speaker], wire: Wire, from: Instant, end: Instant): void {
  let now = from;
  for (;;) {
    const dues = pair.flatMap((s, i) => {
      const at = nextDeadline(s.session);
      return at === undefined ? [] : [{ at: Math.max(at, now) as Instant, i }];
    });
    const [packet] = wire.waiting.toSorted((a, b) => a.at - b.at);
    const [due] = dues.toSorted((a, b) => a.at - b.at);
    const packetFirst = packet !== undefined && (due === undefined || packet.at <= due.at);
    const at = packetFirst ? packet.at : due?.at;
    if (at === undefined || at > end) return;
    now = at;
    if (packetFirst) {
      wire.waiting.splice(wire.waiting.indexOf(packet), 1);
      wire.carry(packet.to, pair[packet.to].hear({ kind: "received", packet: packet.packet }, now), now);
    } else if (due !== undefined) {
      const i = due.i === 0 ? 0 : 1;
      wire.carry(i, pair[i].hear({ kind: "deadline" }, now), now);
    }
  }
}

class Wire {
  readonly waiting: { readonly at: Instant; readonly to: 0 | 1; readonly packet: ControlPacket }[] = [];
  readonly #dice: Dice;
  /** per cent */
  loss = 0;

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  carry(sender: 0 | 1, packets: readonly ControlPacket[], now: Instant): void {
    for (const packet of packets) {
      if (this.#dice.below(100) < this.loss) continue;
      const delay = this.#dice.below(3000) as Micros;
      this.waiting.push({ at: after(now, delay), to: sender === 0 ? 1 : 0, packet });
    }
  }
}

describe("two sessions under a virtual clock", () => {
  test(`${RUNS} wires that lose packets, heal, and carry reloads end with both Up and quiet listeners`, () => {
    for (let seed = 1; seed <= RUNS; seed++) {
      const dice = new Dice(seed);
      const pair = [
        new Speaker(anyParams(dice, "a"), 1, dice),
        new Speaker({ ...anyParams(dice, "b"), passive: dice.below(3) === 0 }, 2, dice),
      ] as const;
      const wire = new Wire(dice);
      let now = 0 as Instant;
      for (const i of [0, 1] as const) wire.carry(i, pair[i].hear({ kind: "enabled" }, now), now);
      // bad times
      for (let round = 0; round < 6; round++) {
        wire.loss = dice.pick([0, 30, 70, 100]);
        const end = after(now, seconds(1 + dice.below(8)));
        run(pair, wire, now, end);
        now = end;
        const i = dice.pick([0, 1] as const);
        const event: SessionEvent = dice.pick([
          { kind: "paramsChanged", params: { ...anyParams(dice, "x"), passive: pair[i].params.passive } },
          { kind: "disabled" },
          { kind: "enabled" },
        ] as const);
        wire.carry(i, pair[i].hear(event, now), now);
        if (event.kind === "disabled") wire.carry(i, pair[i].hear({ kind: "enabled" }, now), now);
      }
      // good times: the longest detection time, then a handshake and a poll sequence
      wire.loss = 0;
      run(pair, wire, now, after(now, seconds(60)));
      now = after(now, seconds(60));
      for (const [i, s] of pair.entries()) {
        const text = `seed ${seed}, ${i}: ${JSON.stringify(s.session)}`;
        assert.equal(s.session.state, "Up", text);
        assert.equal(s.session.polling, false, text);
        assert.equal(s.told.at(-1), true, text);
        s.sent = [];
      }
      const told = pair.map((s) => s.told.length);
      const span = seconds(20);
      run(pair, wire, now, after(now, span));
      for (const [i, s] of pair.entries()) {
        assert.equal(s.told.length, told[i], `seed ${seed}: a calm wire, and listeners were told something`);
        const other = pair[1 - i]?.params.minRx ?? 0;
        const interval = Math.max(s.params.minTx, other);
        const least = Math.floor(span / interval);
        const most = Math.ceil(span / (0.75 * interval));
        assert.ok(
          s.sent.length >= least && s.sent.length <= most,
          `seed ${seed}: ${s.sent.length} packets in 20 s at ${interval} µs (RFC 5880 §6.8.7)`,
        );
      }
    }
  });

  test("packets from nowhere never make a session spin, answer twice, or throw", () => {
    const dice = new Dice(5880);
    const speaker = new Speaker(anyParams(dice, "a"), 1, dice);
    let now = 0 as Instant;
    speaker.hear({ kind: "enabled" }, now);
    const intervals = [0, 1, 10_000, 1_000_000, 0xffff_ffff].map((n) => n as Micros);
    for (let i = 0; i < 50_000; i++) {
      now = after(now, dice.below(200_000) as Micros);
      const event = dice.pick<SessionEvent>([
        { kind: "deadline" },
        { kind: "deadline" },
        {
          kind: "received",
          packet: {
            state: dice.pick(STATES),
            diagnostic: dice.below(9),
            poll: dice.below(2) === 0,
            final: dice.below(2) === 0,
            demand: dice.below(2) === 0,
            detectMultiplier: 1 + dice.below(255),
            myDiscriminator: 1 + dice.below(5),
            yourDiscriminator: dice.below(2),
            desiredMinTx: dice.pick(intervals),
            requiredMinRx: dice.pick(intervals),
          },
        },
        { kind: "paramsChanged", params: { ...anyParams(dice, "x"), passive: dice.below(2) === 0 } },
        { kind: dice.pick(["disabled", "enabled", "enabled"] as const) },
      ]);
      speaker.hear(event, now);
    }
    assert.ok(speaker.told.length > 100, "nothing happened");
    for (const [i, up] of speaker.told.entries())
      if (i > 0 && !up) assert.equal(speaker.told[i - 1], true, "down was told twice");
  });
});
