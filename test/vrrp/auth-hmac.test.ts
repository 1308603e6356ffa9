/**
 * The trailer of `auth_hmac`. Its values were computed with openssl dgst -sha256 -mac HMAC over the bytes
 * that stand in the comments.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { IpAddress } from "../../src/base/address.ts";
import type { Seconds } from "../../src/base/units.ts";
import { type HmacRules, HmacSession } from "../../src/vrrp/auth-hmac.ts";
import { key32, mac } from "./secrets.ts";

const ip = (text: string): IpAddress => text as IpAddress;
const hex = (text: string): Buffer => Buffer.from(text, "hex");
const shown = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

const rules: HmacRules = {
  keys: new Map([
    [7, key32],
    [8, new Uint8Array(32).fill(0x55)],
  ]),
  activeKey: 7,
  timeWindow: 5 as Seconds,
  antiReplay: "time",
  mode: "enforce",
  peers: undefined,
};
const session = (more: Partial<HmacRules> = {}): HmacSession => new HmacSession(mac, { ...rules, ...more });

/** 0x67740000 seconds and a half */
const NOW = 1_735_655_424_500_000;
const SECOND = 1_000_000;
const a = ip("10.9.0.1");
const pdu = hex("3133640100649abc0a090064");
/** Stamp of NOW plus seconds, in the form of a trailer's bytes 4 to 11. */
const stamp = (trailer: Uint8Array): string => shown(trailer.subarray(4, 12));
const verdict = (s: HmacSession, trailer: Uint8Array | undefined, now = NOW, from = a, message = pdu) =>
  s.verify(message, trailer, from, now)?.reason ?? "believed";

describe("the trailer's bytes", () => {
  test("version 3 over IPv4; the checksum of the advert does not count", () => {
    // 04033300 0a090001 0*12 | 3133640100640000 0a090064 | 010700006774000080000000 | 0*16
    const expected = "010700006774000080000000a6c782de403297bb1f00c678a80e0827";
    assert.equal(shown(session().sign(pdu, a, NOW)), expected);
    assert.equal(shown(session().sign(hex("31336401006400000a090064"), a, NOW)), expected);
  });

  test("version 2 over IPv4: the eight bytes of authentication data count", () => {
    // 04023300 0a090001 0*12 | 2133640100010000 0a090064 0*8 | 010700006774000080000000 | 0*16
    const message = hex("21336401000165ee0a0900640000000000000000");
    const trailer = session().sign(message, a, NOW);
    assert.equal(shown(trailer), "010700006774000080000000e8e1fe77432d682805ee8bff6b56867c");
  });

  test("version 3 over IPv6", () => {
    // 06033300 fe80::1 | 3133640100640000 fe80::100 | 010700006774000080000000 | 0*16
    const message = hex("3133640100640000fe800000000000000000000000000100");
    const trailer = session().sign(message, ip("fe80::1"), NOW);
    assert.equal(shown(trailer), "0107000067740000800000003d85c2075c6e564b310724fe3f8c2fde");
  });
});

describe("what is signed", () => {
  test("only with the active key, and not in mode receive-only", () => {
    assert.equal(session().signs, true);
    assert.equal(session({ mode: "permissive" }).signs, true);
    assert.equal(session({ mode: "receive-only" }).signs, false);
    assert.equal(session({ activeKey: 9 }).signs, false);
  });

  test("the sequence is the clock, or one more than the last when the clock stands or goes back a little", () => {
    const s = session();
    const stamps = [NOW, NOW, NOW - 3 * SECOND, NOW + SECOND].map((now) => stamp(s.sign(pdu, a, now)));
    assert.deepEqual(stamps, [
      "6774000080000000",
      "6774000080000001",
      "6774000080000002",
      "6774000180000000",
    ]);
  });

  test("a clock that went back more than the window: restarted in time mode, never in monotonic mode", () => {
    const timed = session();
    timed.sign(pdu, a, NOW);
    assert.equal(stamp(timed.sign(pdu, a, NOW - 6 * SECOND)), "6773fffa80000000");
    const monotonic = session({ antiReplay: "monotonic" });
    monotonic.sign(pdu, a, NOW);
    assert.equal(stamp(monotonic.sign(pdu, a, NOW - 86_400 * SECOND)), "6774000080000001");
  });

  test("a full counter carries into the fraction", () => {
    const s = session({ antiReplay: "monotonic" });
    for (let i = 0; i < 65_536; i++) s.sign(Uint8Array.of(), a, NOW);
    assert.equal(stamp(s.sign(pdu, a, NOW)), "6774000080010000");
  });
});

describe("what is believed", () => {
  test("an advert without a trailer: not in mode enforce", () => {
    assert.equal(verdict(session(), undefined), "hmac-missing");
    assert.equal(verdict(session({ mode: "permissive" }), undefined), "believed");
    assert.equal(verdict(session({ mode: "receive-only" }), undefined), "believed");
  });

  test("a trailer that is there is verified in every mode", () => {
    for (const mode of ["enforce", "permissive", "receive-only"] as const) {
      const good = session().sign(pdu, a, NOW);
      assert.equal(verdict(session({ mode }), good), "believed", mode);
      good[27] = (good[27] ?? 0) ^ 1;
      assert.equal(verdict(session({ mode }), good), "hmac-invalid", mode);
    }
  });

  test("any bit of advert, sender or trailer that changes is noticed", () => {
    const good = session().sign(pdu, a, NOW);
    for (let bit = 0; bit < pdu.length * 8; bit++) {
      const changed = Buffer.from(pdu);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const isChecksum = bit >> 4 === 3;
      assert.equal(verdict(session(), good, NOW, a, changed), isChecksum ? "believed" : "hmac-invalid");
    }
    for (let bit = 0; bit < good.length * 8; bit++) {
      const changed = Buffer.from(good);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.notEqual(verdict(session(), changed), "believed", `bit ${bit}`);
    }
    assert.equal(verdict(session(), good, NOW, ip("10.9.0.3")), "hmac-invalid");
  });

  test("the checks come in keepalived's order: malformed, stale, unknown key, invalid, replay", () => {
    const s = session();
    const trailer = session().sign(pdu, a, NOW);
    assert.equal(verdict(s, trailer), "believed");
    assert.equal(verdict(s, trailer), "hmac-replay");
    trailer[20] = (trailer[20] ?? 0) ^ 1;
    assert.equal(verdict(s, trailer), "hmac-invalid");
    trailer[1] = 99;
    assert.equal(verdict(s, trailer), "hmac-unknown-key");
    assert.equal(verdict(s, trailer, NOW + 6 * SECOND), "hmac-stale");
    trailer[3] = 1;
    assert.equal(verdict(s, trailer, NOW + 6 * SECOND), "hmac-malformed");
    trailer[3] = 0;
    trailer[0] = 2;
    assert.equal(verdict(s, trailer), "hmac-malformed");
  });

  test("keys rotate: any known key verifies", () => {
    const old = session({ activeKey: 8 }).sign(pdu, a, NOW);
    assert.equal(verdict(session(), old), "believed");
  });

  test("the window counts whole seconds in both directions, in time mode only", () => {
    const trailer = session().sign(pdu, a, NOW);
    for (const off of [-5, 5]) assert.equal(verdict(session(), trailer, NOW + off * SECOND), "believed");
    for (const off of [-6, 6]) assert.equal(verdict(session(), trailer, NOW + off * SECOND), "hmac-stale");
    const monotonic = session({ antiReplay: "monotonic" });
    assert.equal(verdict(monotonic, trailer, NOW + 1e12), "believed");
  });

  test("a sender whose clock stepped back more than the window is believed again in time mode, not in monotonic mode", () => {
    const early = NOW - 100 * SECOND;
    for (const [antiReplay, expected] of [
      ["time", "believed"],
      ["monotonic", "hmac-replay"],
    ] as const) {
      const receiver = session({ antiReplay });
      assert.equal(verdict(receiver, session().sign(pdu, a, NOW)), "believed");
      assert.equal(verdict(receiver, session().sign(pdu, a, early), early), expected);
    }
  });

  test("each sender has a mark of its own; with multicast the four heard last", () => {
    const sign = (n: number): Uint8Array => session().sign(pdu, ip(`10.9.0.${n}`), NOW);
    const hear = (s: HmacSession, n: number): string => verdict(s, sign(n), NOW, ip(`10.9.0.${n}`));
    const s = session();
    for (const n of [1, 2, 3, 4]) assert.equal(hear(s, n), "believed");
    for (const n of [1, 2, 3, 4]) assert.equal(hear(s, n), "hmac-replay");
    assert.equal(hear(s, 5), "believed");
    assert.equal(hear(s, 2), "hmac-replay");
    assert.equal(hear(s, 1), "believed", "the fifth took the place of the first");
    const peers = session({ peers: 6 });
    for (const n of [1, 2, 3, 4, 5, 6]) assert.equal(hear(peers, n), "believed");
    for (const n of [1, 2, 3, 4, 5, 6]) assert.equal(hear(peers, n), "hmac-replay");
  });

  test("clocks that are more than half a window apart are worth a warning", () => {
    const receiver = session();
    const at = (seconds: number): number => {
      assert.equal(verdict(receiver, session().sign(pdu, a, NOW + seconds * SECOND)), "believed");
      return receiver.skew;
    };
    assert.deepEqual([0, 2, 3, 4].map(at), [0, 0, 3, 4]);
    assert.equal(
      verdict(receiver, session().sign(pdu, ip("10.9.0.2"), NOW - 3 * SECOND), NOW, ip("10.9.0.2")),
      "believed",
    );
    assert.equal(receiver.skew, -3);
  });
});
