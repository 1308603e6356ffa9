import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { IpAddress } from "../../src/base/address.ts";
import { type Datagram, parseIpv4Datagram } from "../../src/base/ip-packet.ts";
import type { Centiseconds } from "../../src/base/units.ts";
import { checkAdvert, type ReceiveRules, type RejectReason } from "../../src/vrrp/admission.ts";
import { internetChecksum } from "../../src/vrrp/checksum.ts";
import {
  type Advertisement,
  advertLength,
  encodeAdvert,
  passwordData,
  peekVirtualRouterId,
} from "../../src/vrrp/packet.ts";

const ip = (text: string): IpAddress => text as IpAddress;
const cs = (n: number): Centiseconds => n as Centiseconds;
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));

/** Captured from Debian's keepalived 2.2.7: auth_pass 11112222, three addresses. */
const PASS = bytes(
  "45c00030 00010000 ff70d080 0a090001 e0000012 21336403 010193b7 0a090064 0a090065 0a090066 31313131 32323232",
);
/** The same without authentication: the eight bytes are still there. */
const NONE = bytes(
  "45c0002c 00010000 ff70d084 0a090001 e0000012 21336402 000165ee 0a090064 0a090065 00000000 00000000",
);

/** Version 3, one address: the checksum covers a pseudo-header. */
const V3 = bytes("45c00020 00010000 ff70d090 0a090001 e0000012 31336401 00647561 0a090064");

const passAdvert: Advertisement = {
  version: 2,
  virtualRouterId: 51,
  priority: 100,
  interval: cs(100),
  addresses: [ip("10.9.0.100"), ip("10.9.0.101"), ip("10.9.0.102")],
};
const noneAdvert: Advertisement = { ...passAdvert, addresses: [ip("10.9.0.100"), ip("10.9.0.101")] };
const password = { type: "pass", data: passwordData("11112222") } as const;
const passRules: ReceiveRules = {
  version: 2,
  family: "ipv4",
  authentication: password,
  interval: cs(100),
  transport: "multicast",
  checksum: "verified",
};
const noneRules: ReceiveRules = { ...passRules, authentication: { type: "none" } };

function datagram(packet: Uint8Array): Datagram {
  const parsed = parseIpv4Datagram(packet);
  assert.ok(parsed);
  return parsed;
}

describe("adverts as keepalived writes them", () => {
  test("a version 2 advert with a password is byte for byte keepalived's", () => {
    assert.deepEqual(encodeAdvert(passAdvert, "ipv4", password, { kind: "message-only" }), PASS.subarray(20));
  });

  test("a version 2 advert without authentication is byte for byte keepalived's", () => {
    assert.deepEqual(
      encodeAdvert(noneAdvert, "ipv4", { type: "none" }, { kind: "message-only" }),
      NONE.subarray(20),
    );
  });

  test("captured adverts are believed and understood", () => {
    assert.deepEqual(checkAdvert(datagram(PASS), passRules), {
      ok: true,
      from: "10.9.0.1",
      oldChecksum: false,
      advert: passAdvert,
    });
    const none = checkAdvert(datagram(NONE), noneRules);
    assert.deepEqual(none.ok && none.advert, noneAdvert);
    assert.equal(peekVirtualRouterId(datagram(NONE)), 51);
  });

  test("a password counts with its first eight bytes and is padded with zeros", () => {
    assert.deepEqual(passwordData("123456789"), bytes("3132333435363738"));
    assert.deepEqual(passwordData("ab"), bytes("6162000000000000"));
  });

  test("lengths: authentication data only in version 2 over IPv4", () => {
    assert.equal(advertLength(2, "ipv4", 3), 28);
    assert.equal(advertLength(3, "ipv4", 3), 20);
    assert.equal(advertLength(2, "ipv6", 1), 24);
    assert.equal(advertLength(3, "ipv6", 2), 40);
  });

  test("the checksum of an odd number of bytes pads with zero (RFC 1071 §1)", () => {
    assert.equal(internetChecksum(bytes("0001f203f4f5f6f7")), 0x220d);
    assert.equal(internetChecksum(bytes("ff")), 0x00ff);
    assert.equal(internetChecksum(bytes("ffffffff")), 0);
  });
});

describe("version 3", () => {
  const v3Rules: ReceiveRules = {
    ...noneRules,
    version: 3,
  };
  const advert: Advertisement = { ...noneAdvert, version: 3, interval: cs(0xabc) };

  test("a version 3 advert is byte for byte keepalived's, and believed", () => {
    const seen: Advertisement = { ...noneAdvert, version: 3, addresses: [ip("10.9.0.100")] };
    const pseudo = { kind: "pseudo-header", source: ip("10.9.0.1"), destination: ip("224.0.0.18") } as const;
    assert.deepEqual(encodeAdvert(seen, "ipv4", { type: "none" }, pseudo), V3.subarray(20));
    const checked = checkAdvert(datagram(V3), v3Rules);
    assert.deepEqual(checked.ok && checked.advert, seen);
  });

  test("carries twelve bits of centiseconds and a pseudo-header checksum that binds the addresses", () => {
    const pdu = encodeAdvert(
      advert,
      "ipv4",
      { type: "none" },
      { kind: "pseudo-header", source: ip("10.9.0.1"), destination: ip("224.0.0.18") },
    );
    assert.equal(Buffer.from(pdu.subarray(0, 6)).toString("hex"), "313364020abc");
    const d: Datagram = { ...datagram(NONE), payload: pdu, totalLength: 36 };
    const checked = checkAdvert(d, v3Rules);
    assert.deepEqual(checked.ok && checked.advert, advert);
    const moved = checkAdvert({ ...d, source: ip("10.9.0.2") }, v3Rules);
    assert.equal(!moved.ok && moved.reason, "checksum");
    assert.equal(checkAdvert({ ...d, source: ip("10.9.0.2") }, { ...v3Rules, checksum: "any" }).ok, true);
  });

  test("an interval of zero is refused, since it would be learned (RFC 9568 §7.1)", () => {
    const pdu = encodeAdvert(
      { ...advert, interval: cs(0) },
      "ipv4",
      { type: "none" },
      { kind: "message-only" },
    );
    const d: Datagram = { ...datagram(NONE), payload: pdu, totalLength: 36 };
    const checked = checkAdvert(d, v3Rules);
    assert.equal(!checked.ok && checked.reason, "interval-zero");
  });

  test("over IPv6 the pseudo-header has 40 bytes and the kernel vouches for the sum", () => {
    const v6: Advertisement = { ...advert, addresses: [ip("fe80::1")] };
    const pdu = encodeAdvert(
      v6,
      "ipv6",
      { type: "none" },
      { kind: "pseudo-header", source: ip("fe80::2"), destination: ip("ff02::12") },
    );
    assert.equal(pdu.length, 24);
    const d: Datagram = {
      source: ip("fe80::2"),
      destination: ip("ff02::12"),
      hopLimit: 255,
      protocol: 112,
      header: new Uint8Array(),
      totalLength: undefined,
      payload: pdu,
    };
    const checked = checkAdvert(d, { ...v3Rules, family: "ipv6" });
    assert.deepEqual(checked.ok && checked.advert, v6);
  });
});

describe("damaged packets", () => {
  test("an advert truncated at any length is refused, never an exception", () => {
    for (let length = 0; length < PASS.length; length++) {
      const parsed = parseIpv4Datagram(PASS.subarray(0, length));
      if (length < 20) assert.equal(parsed, undefined, `length ${length}`);
      else {
        const checked = checkAdvert(datagram(PASS.subarray(0, length)), passRules);
        assert.equal(!checked.ok && checked.reason, "length", `length ${length}`);
      }
    }
  });

  test("every flipped bit of the advert is refused", () => {
    for (let bit = 20 * 8; bit < PASS.length * 8; bit++) {
      const packet = PASS.slice();
      packet[bit >> 3] = (packet[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
      assert.equal(checkAdvert(datagram(packet), passRules).ok, false, `bit ${bit}`);
    }
  });

  test("a flipped bit of the IP header is refused, or changes nothing but where it says to come from", () => {
    for (let bit = 0; bit < 20 * 8; bit++) {
      const packet = PASS.slice();
      packet[bit >> 3] = (packet[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
      const parsed = parseIpv4Datagram(packet);
      if (parsed === undefined) continue;
      const checked = checkAdvert(parsed, passRules);
      if (checked.ok) assert.deepEqual(checked.advert, passAdvert, `bit ${bit}`);
    }
  });

  test("Ethernet padding of a short packet is no error, other surplus is", () => {
    const one: Advertisement = { ...passAdvert, version: 3, addresses: [ip("10.9.0.100")] };
    const pdu = encodeAdvert(one, "ipv4", { type: "none" }, { kind: "message-only" });
    const rules: ReceiveRules = { ...noneRules, version: 3 };
    const padded = (surplus: number): Datagram => ({
      ...datagram(NONE),
      totalLength: 32,
      payload: new Uint8Array([...pdu, ...new Array<number>(surplus).fill(0)]),
    });
    for (const surplus of [0, 2, 6, 10, 14])
      assert.equal(checkAdvert(padded(surplus), rules).ok, true, `surplus ${surplus}`);
    for (const surplus of [1, 3, 4, 8, 18]) {
      const checked = checkAdvert(padded(surplus), rules);
      assert.equal(!checked.ok && checked.reason, "length", `surplus ${surplus}`);
    }
  });
});

describe("the order of the receive checks", () => {
  interface Parts {
    datagram: Datagram;
    pdu: Uint8Array;
    sealed: boolean;
  }
  /** One fault per check, in keepalived's order. */
  const faults: readonly { readonly reason: RejectReason; readonly damage: (p: Parts) => void }[] = [
    { reason: "protocol", damage: (p) => set(p, { protocol: 51 }) },
    {
      reason: "length",
      damage: (p) => {
        p.pdu = p.pdu.slice(0, p.pdu.length - 1);
      },
    },
    { reason: "hop-limit", damage: (p) => set(p, { hopLimit: 254 }) },
    {
      reason: "version",
      damage: (p) => {
        p.pdu = p.pdu.slice(0, p.pdu.length - 8);
        p.pdu[0] = 0x30 | ((p.pdu[0] ?? 0) & 15);
      },
    },
    { reason: "auth-type-invalid", damage: (p) => poke(p, 4, 3) },
    { reason: "auth-type-mismatch", damage: (p) => poke(p, 4, p.pdu[4] === 1 ? 0 : (p.pdu[4] ?? 0)) },
    { reason: "auth-failure", damage: (p) => poke(p, p.pdu.length - 1, 0x33) },
    { reason: "interval", damage: (p) => poke(p, 5, 2) },
    { reason: "type", damage: (p) => poke(p, 0, ((p.pdu[0] ?? 0) & 0xf0) | 2) },
    { reason: "total-length", damage: (p) => set(p, { totalLength: 52 }) },
    {
      reason: "checksum",
      damage: (p) => {
        p.sealed = false;
      },
    },
    { reason: "transport", damage: (p) => set(p, { destination: ip("10.9.0.2") }) },
  ];
  const set = (p: Parts, change: Partial<Datagram>): void => {
    p.datagram = { ...p.datagram, ...change };
  };
  const poke = (p: Parts, at: number, value: number): void => {
    p.pdu[at] = value;
  };
  const build = (damages: readonly ((p: Parts) => void)[]): Datagram => {
    const parts: Parts = { datagram: datagram(PASS), pdu: PASS.slice(20), sealed: true };
    for (const damage of damages) damage(parts);
    parts.pdu.fill(0, 6, 8);
    const sum = internetChecksum(parts.pdu) ^ (parts.sealed ? 0 : 0x0101);
    parts.pdu[6] = sum >> 8;
    parts.pdu[7] = sum & 255;
    return { ...parts.datagram, payload: parts.pdu };
  };

  test("each fault alone has its reason", () => {
    for (const { reason, damage } of faults) {
      const checked = checkAdvert(build([damage]), passRules);
      assert.equal(!checked.ok && checked.reason, reason);
    }
  });

  test("of any two faults the earlier check answers (keepalived's order)", () => {
    faults.forEach((first, i) => {
      for (const second of faults.slice(i + 1)) {
        const checked = checkAdvert(build([second.damage, first.damage]), passRules);
        assert.equal(!checked.ok && checked.reason, first.reason, `${first.reason} before ${second.reason}`);
      }
    });
  });
});
