/** Any bytes at all through the decoders: nothing throws, and nothing is believed that was not sent. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { formatIpAddress, type IpAddress } from "../../src/base/address.ts";
import { type Datagram, ipv4Packet, parseIpv4Datagram } from "../../src/base/ip-packet.ts";
import type { Centiseconds, Instant, Seconds } from "../../src/base/units.ts";
import type { VrrpInstanceConfig } from "../../src/config/model.ts";
import { step } from "../../src/vrrp/instance.ts";
import { peekVirtualRouterId } from "../../src/vrrp/packet.ts";
import { initialState } from "../../src/vrrp/state.ts";
import { standardGroups, Wire } from "../../src/vrrp/wire.ts";
import { instance } from "./model.ts";
import { params } from "./params.ts";
import { key32, secretsOf } from "./secrets.ts";

const ip = (text: string): IpAddress => text as IpAddress;
const limit: { readonly numRuns: number; readonly interruptAfterTimeLimit: number } = {
  numRuns: 3000,
  interruptAfterTimeLimit: 2000,
};
const secrets = secretsOf(new Map([[7, key32]]), { micros: 1_735_655_424_500_000 });
const authHmac = {
  keys: [{ id: 7, key: { kind: "hex", hex: "" } }],
  activeKey: 7,
  timeWindow: 5 as Seconds,
  antiReplay: "time",
  mode: "enforce",
} as const;
const peers = [{ where: "", address: ip("10.9.0.1"), minTtl: 1, maxTtl: 255 }];
const unicast = { source: undefined, peers, checkSource: true, faultNoPeer: false, ttl: undefined };

const kinds: Readonly<Record<string, Partial<VrrpInstanceConfig>>> = {
  "version 2": {},
  "version 2 PASS": { authentication: { type: "PASS", password: "secret" } },
  "version 2 AH": { authentication: { type: "AH", password: "secret" } },
  "version 2 AH unicast": { authentication: { type: "AH", password: "secret" }, unicast },
  "version 2 IPv6": { family: "ipv6" },
  "version 3": { version: 3 },
  "version 3 unicast": { version: 3, unicast },
  "version 3 IPv6": { version: 3, family: "ipv6" },
  "version 2 HMAC": { authHmac },
  "version 3 HMAC": { version: 3, authHmac },
  "version 3 HMAC permissive": { version: 3, authHmac: { ...authHmac, mode: "permissive" } },
  "version 3 HMAC IPv6": { version: 3, family: "ipv6", authHmac },
};
const wire = (kind: string): Wire => new Wire(instance(kinds[kind]), { groups: standardGroups, secrets });
const isSix = (kind: string): boolean => kinds[kind]?.family === "ipv6";
const protocolOf = (kind: string): number => wire(kind).listening(ip("10.9.0.2"))?.protocol ?? 0;

/** An advert of this kind as it arrives. */
function genuine(kind: string, priority: number): Datagram {
  const c = kinds[kind];
  const source = ip(isSix(kind) ? "fe80::1" : "10.9.0.1");
  const p = params({ version: c?.version ?? 2, addresses: [ip(isSix(kind) ? "fe80::100" : "10.9.0.100")] });
  const [sent] = wire(kind).adverts(p, priority, source);
  assert.ok(sent);
  const destination = c?.unicast === undefined ? sent.destination : ip("10.9.0.2");
  if (isSix(kind)) return over6(sent.payload, source, destination);
  // What unicast peers send to us was summed for us.
  const own = c?.unicast === undefined ? sent : { ...sent, destination };
  const packet = ipv4Packet({ ...own, id: 1, protocol: protocolOf(kind) });
  sent.seal?.(packet);
  return over4(packet);
}

function over4(packet: Uint8Array): Datagram {
  const datagram = parseIpv4Datagram(packet);
  assert.ok(datagram);
  return datagram;
}

function over6(payload: Uint8Array, source: IpAddress, destination: IpAddress): Datagram {
  const header = new Uint8Array();
  return { source, destination, hopLimit: 255, protocol: 112, header, totalLength: undefined, payload };
}

/** Whole IPv4 packets, from noise to nearly right ones; payloads over IPv6. */
const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 80 }),
  fc.uint8Array({ minLength: 20, maxLength: 120 }).map((b) => {
    b[0] = 0x45;
    b[9] = 112;
    if (b.length > 20) b[20] = 0x31;
    if (b.length > 23) b[23] = (b.length - 28) >> 2;
    return b;
  }),
);
const anyKind = fc.constantFrom(...Object.keys(kinds));

describe("bytes from anybody", () => {
  test("are an answer, never an exception, and the machine survives the answer", () => {
    fc.assert(
      fc.property(anyKind, anyBytes, fc.boolean(), (kind, bytes, isAh) => {
        const datagram = isSix(kind) ? over6(bytes, ip("fe80::2"), ip("ff02::12")) : parseIpv4Datagram(bytes);
        if (datagram === undefined) return;
        const seen = isAh ? { ...datagram, protocol: 51 } : datagram;
        peekVirtualRouterId(seen);
        const { checked } = wire(kind).check(seen);
        const p = params({ version: kinds[kind]?.version ?? 2 });
        const { state } = step(p, initialState, 0 as Instant, { kind: "startup" });
        const event = checked.ok
          ? ({ kind: "advertReceived", advert: checked.advert, from: checked.from } as const)
          : ({ kind: "advertRejected", ...checked } as const);
        step(p, state, 1 as Instant, event);
        // Nobody guesses a password or a digest.
        const isGuarded = /PASS|AH|HMAC$|HMAC IPv6/.test(kind);
        if (isGuarded) assert.equal(checked.ok, false);
      }),
      limit,
    );
  });

  test("cut short anywhere, a genuine advert is refused", () => {
    for (const kind of Object.keys(kinds)) {
      const whole = genuine(kind, 100);
      if (kinds[kind]?.unicast === undefined || kind.includes("AH"))
        assert.equal(wire(kind).check(whole).checked.ok, true, kind);
      for (let length = 0; length < whole.payload.length; length++) {
        const cut = { ...whole, payload: whole.payload.subarray(0, length), totalLength: whole.totalLength };
        // Without its trailer an unsigned advert is left, which permissive mode takes.
        if (kind === "version 3 HMAC permissive" && length === 12) continue;
        assert.equal(wire(kind).check(cut).checked.ok, false, `${kind} ${length}`);
      }
    }
  });

  test("a signed advert that was changed anywhere is not believed", () => {
    const signed = Object.keys(kinds).filter((kind) => /AH|HMAC/.test(kind));
    const changes = fc.array(fc.tuple(fc.nat({ max: 200 }), fc.integer({ min: 1, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(fc.constantFrom(...signed), changes, (kind, list) => {
        const whole = genuine(kind, 100);
        const payload = Uint8Array.from(whole.payload);
        for (const [at, value] of list) {
          const i = at % payload.length;
          payload[i] = (payload[i] ?? 0) ^ value;
        }
        if (Buffer.compare(payload, whole.payload) === 0) return;
        const { checked } = wire(kind).check({ ...whole, payload });
        if (!checked.ok) return;
        // Over IPv6 the kernel has judged the checksum, which nothing else covers.
        const sum = Uint8Array.from(payload);
        sum.set(whole.payload.subarray(6, 8), 6);
        assert.deepEqual([isSix(kind), Buffer.compare(sum, whole.payload)], [true, 0]);
      }),
      limit,
    );
  });

  test("what one of us writes, the other one reads, for all fields", () => {
    const advert = fc.record({
      version: fc.constantFrom<2 | 3>(2, 3),
      isSix: fc.boolean(),
      virtualRouterId: fc.integer({ min: 1, max: 255 }),
      priority: fc.integer({ min: 0, max: 255 }),
      interval: fc.integer({ min: 1, max: 255 }),
      count: fc.integer({ min: 1, max: 80 }),
      seed: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    });
    fc.assert(
      fc.property(advert, ({ version, isSix, virtualRouterId, priority, interval, count, seed }) => {
        const addresses = Array.from({ length: count }, (_, i) => {
          const bytes = Uint8Array.from(isSix ? seed : seed.subarray(0, 4));
          bytes[bytes.length - 1] = i;
          return formatIpAddress(bytes);
        });
        const advertInterval = (version === 2 ? interval * 100 : interval * 16) as Centiseconds;
        const w = new Wire(
          instance({ version, family: isSix ? "ipv6" : "ipv4", advertInt: advertInterval }),
          { groups: standardGroups, secrets },
        );
        const source = ip(isSix ? "fe80::1" : "10.9.0.1");
        const p = params({ version, virtualRouterId, advertInterval, addresses });
        const [sent] = w.adverts(p, priority, source);
        assert.ok(sent);
        const datagram = isSix
          ? over6(sent.payload, source, sent.destination)
          : over4(ipv4Packet({ ...sent, id: 1, protocol: 112 }));
        const { checked } = w.check(datagram);
        assert.deepEqual(checked, {
          ok: true,
          from: source,
          oldChecksum: false,
          advert: { version, virtualRouterId, priority, interval: advertInterval, addresses },
        });
      }),
      { ...limit, numRuns: 500 },
    );
  });
});
