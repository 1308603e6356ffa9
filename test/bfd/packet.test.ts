/** The codec against captures of keepalived 2.2.7, every check with what passes and what does not, and noise. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Micros } from "../../src/base/units.ts";
import { type ControlPacket, decodePacket, encodePacket } from "../../src/bfd/packet.ts";

const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(" ", ""), "hex");
const down: ControlPacket = {
  state: "Down",
  diagnostic: 0,
  poll: false,
  final: false,
  demand: false,
  detectMultiplier: 3,
  myDiscriminator: 0x1c27e569,
  yourDiscriminator: 0,
  desiredMinTx: 1_000_000 as Micros,
  requiredMinRx: 100_000 as Micros,
};
/** Captured from keepalived 2.2.7 on Debian. */
const captured: readonly (readonly [string, ControlPacket])[] = [
  ["2040 0318 1c27e569 00000000 000f4240 000186a0 00000000", down],
  [
    "20e0 0318 1c27e569 d30964a3 000186a0 000186a0 00000000",
    { ...down, state: "Up", poll: true, yourDiscriminator: 0xd30964a3, desiredMinTx: 100_000 as Micros },
  ],
  [
    "20d0 0318 d30964a3 1c27e569 000186a0 000186a0 00000000",
    {
      ...down,
      state: "Up",
      final: true,
      myDiscriminator: 0xd30964a3,
      yourDiscriminator: 0x1c27e569,
      desiredMinTx: 100_000 as Micros,
    },
  ],
];

describe("a control packet", () => {
  for (const [bytes, packet] of captured) {
    test(`${packet.state}${packet.poll ? " with P" : ""}${packet.final ? " with F" : ""} reads and is written as keepalived writes it (RFC 5880 §4.1)`, () => {
      assert.deepEqual(decodePacket(hex(bytes)), { ok: true, packet });
      assert.equal(Buffer.from(encodePacket(packet)).toString("hex"), bytes.replaceAll(" ", ""));
    });
  }

  test("reads and writes every state, diagnostic and flag", () => {
    for (const [i, state] of (["AdminDown", "Down", "Init", "Up"] as const).entries())
      for (let diagnostic = 0; diagnostic <= 8; diagnostic++)
        for (const flag of [0, 0x20, 0x10, 0x02]) {
          const bytes = hex("2040 ff18 00000001 ffffffff ffffffff 00000000 00000000");
          bytes[0] = 0x20 | diagnostic;
          bytes[1] = (i << 6) | flag;
          const packet: ControlPacket = {
            state,
            diagnostic,
            poll: flag === 0x20,
            final: flag === 0x10,
            demand: flag === 0x02,
            detectMultiplier: 255,
            myDiscriminator: 1,
            yourDiscriminator: 0xffff_ffff,
            desiredMinTx: 0xffff_ffff as Micros,
            requiredMinRx: 0 as Micros,
          };
          assert.deepEqual(decodePacket(bytes), { ok: true, packet });
          assert.deepEqual(encodePacket(packet), bytes);
        }
  });

  /** A good Up packet, one byte different. */
  const but = (at: number, value: number): Uint8Array => {
    const bytes = hex("20c0 0318 00000007 00000001 000186a0 000186a0 00000000");
    bytes[at] = value;
    return bytes;
  };
  const refusals: readonly (readonly [string, Uint8Array, object])[] = [
    ["version 0 (RFC 5880 §6.8.6)", but(0, 0x00), { code: "version", value: 0 }],
    ["version 2 (RFC 5880 §6.8.6)", but(0, 0x40), { code: "version", value: 2 }],
    ["a length below 24 (RFC 5880 §6.8.6)", but(3, 23), { code: "length-mismatch", value: 23, length: 24 }],
    [
      "a length beyond the datagram (RFC 5880 §6.8.6)",
      but(3, 25),
      { code: "length-mismatch", value: 25, length: 24 },
    ],
    ["a multiplier of 0 (RFC 5880 §6.8.6)", but(2, 0), { code: "multiplier-zero" }],
    ["the multipoint bit (RFC 5880 §6.8.6)", but(1, 0xc1), { code: "multipoint" }],
    ["My Discriminator 0 (RFC 5880 §6.8.6)", but(7, 0), { code: "my-discriminator-zero" }],
    ["Your Discriminator 0 in Up (RFC 5880 §6.8.6)", but(11, 0), { code: "your-discriminator-zero" }],
    ["P together with F (RFC 5880 §6.5)", but(1, 0xf0), { code: "poll-and-final" }],
    ["a diagnostic that nobody assigned", but(0, 0x29), { code: "diagnostic", value: 9 }],
    ["the A bit, as no authentication is in use (RFC 5880 §6.8.6)", but(1, 0xc4), { code: "authenticated" }],
  ];
  for (const [what, bytes, malformed] of refusals)
    test(`is refused for ${what}`, () => assert.deepEqual(decodePacket(bytes), { ok: false, malformed }));

  test("may lack Your Discriminator in Down and AdminDown only (RFC 5880 §6.8.6)", () => {
    const taken = [0x00, 0x40, 0x80, 0xc0].map((state) => {
      const bytes = but(1, state);
      bytes[11] = 0;
      return decodePacket(bytes).ok;
    });
    assert.deepEqual(taken, [true, true, false, false]);
  });

  test("may be independent of the control plane (C), which changes nothing", () =>
    assert.deepEqual(decodePacket(but(1, 0xc8)), decodePacket(but(1, 0xc0))));

  test("is refused at every length but its own", () => {
    const whole = but(1, 0xc0);
    for (let n = 0; n < 24; n++)
      assert.deepEqual(decodePacket(whole.subarray(0, n)), {
        ok: false,
        malformed: { code: "too-small", value: n },
      });
    for (const extra of [1, 2, 8, 1000])
      assert.deepEqual(decodePacket(Buffer.concat([whole, Buffer.alloc(extra)])), {
        ok: false,
        malformed: { code: "length-mismatch", value: 24, length: 24 + extra },
      });
  });

  test("of random bytes is read or refused, and what is read is written as it was", () => {
    let seed = 20_261_120;
    const random = (): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return seed >>> 16;
    };
    let read = 0;
    for (let i = 0; i < 20_000; i++) {
      const bytes = Buffer.alloc(random() % 3 === 0 ? random() % 64 : 24);
      for (let at = 0; at < bytes.length; at++) bytes[at] = random();
      if (i % 2 === 0 && bytes.length === 24) {
        bytes[0] = 0x20 | (random() % 9);
        bytes[3] = 24;
      }
      const decoded = decodePacket(bytes);
      if (!decoded.ok) continue;
      read++;
      const again = Buffer.from(encodePacket(decoded.packet));
      bytes[1] = (bytes[1] ?? 0) & ~0x08;
      bytes.fill(0, 20);
      assert.deepEqual(again, bytes);
    }
    assert.ok(read > 500, `only ${read} were read`);
  });
});
