/**
 * Receive statistics of a backup, one packet of each kind. The numbers are what Debian's keepalived 2.2.7
 * showed for the same packets (SIGUSR2), but for what is noted.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { IpAddress } from "../../src/base/address.ts";
import { type Datagram, ipv4Packet, parseIpv4Datagram } from "../../src/base/ip-packet.ts";
import type { Centiseconds, Instant } from "../../src/base/units.ts";
import { internetChecksum } from "../../src/vrrp/checksum.ts";
import { step } from "../../src/vrrp/instance.ts";
import { type Authentication, encodeAdvert, passwordData } from "../../src/vrrp/packet.ts";
import { initialState, type VrrpEvent } from "../../src/vrrp/state.ts";
import { noSecrets, standardGroups, Wire } from "../../src/vrrp/wire.ts";
import { instance } from "./model.ts";
import { params } from "./params.ts";

const ip = (text: string): IpAddress => text as IpAddress;
const source = ip("10.9.0.3");
const destination = ip("224.0.0.18");
const addresses = [ip("10.9.0.100"), ip("10.9.0.101")];
const password: Authentication = { type: "pass", data: passwordData("secret") };

interface Sent {
  readonly priority?: number;
  readonly interval?: number;
  readonly addresses?: readonly IpAddress[];
  readonly authentication?: Authentication;
  readonly hopLimit?: number;
  /** bytes that are changed before the checksum is made right again */
  readonly bytes?: Readonly<Record<number, number>>;
  readonly cut?: number;
  readonly badChecksum?: boolean;
}

function datagram(sent: Sent): Datagram {
  const { priority = 200, interval = 100, authentication = password } = sent;
  const advert = {
    version: 2 as const,
    virtualRouterId: 51,
    priority,
    interval: interval as Centiseconds,
    addresses: sent.addresses ?? addresses,
  };
  const pdu = encodeAdvert(advert, "ipv4", authentication, { kind: "message-only" });
  for (const [at, value] of Object.entries(sent.bytes ?? {})) pdu[Number(at)] = value;
  pdu.fill(0, 6, 8);
  const sum = internetChecksum(pdu) ^ (sent.badChecksum === true ? 1 : 0);
  pdu.set([sum >> 8, sum & 255], 6);
  const payload = pdu.subarray(0, pdu.length - (sent.cut ?? 0));
  const hopLimit = sent.hopLimit ?? 255;
  const parsed = parseIpv4Datagram(
    ipv4Packet({ id: 1, hopLimit, protocol: 112, source, destination, payload }),
  );
  assert.ok(parsed);
  return parsed;
}

test("each packet counts where keepalived counts it", () => {
  const wire = new Wire(instance({ authentication: { type: "PASS", password: "secret" } }), {
    groups: standardGroups,
    secrets: noSecrets,
  });
  const p = params({ addresses });
  let { state } = step(p, initialState, 0 as Instant, { kind: "startup" });
  const counted: Record<string, number> = {};
  const packets: readonly Sent[] = [
    {},
    {},
    { hopLimit: 254 },
    { bytes: { 0: 0x31 } },
    { bytes: { 0: 0x22 } },
    { interval: 200 },
    { badChecksum: true },
    { cut: 1 },
    { addresses: [ip("10.9.0.100"), ip("10.9.0.109")] },
    { addresses: [ip("10.9.0.100")] },
    { priority: 0 },
    {},
    { authentication: { type: "none" } },
    { bytes: { 4: 9 } },
    { bytes: { 19: 0x70 } },
  ];
  packets.forEach((sent, i) => {
    const { checked } = wire.check(datagram(sent));
    const event: VrrpEvent = checked.ok
      ? { kind: "advertReceived", advert: checked.advert, from: checked.from }
      : { kind: "advertRejected", ...checked };
    const done = step(p, state, (i * 1000) as Instant, event);
    state = done.state;
    for (const e of done.effects) if (e.kind === "count") counted[e.counter] = (counted[e.counter] ?? 0) + 1;
  });
  assert.deepEqual(counted, {
    // 5 in 2.2.7, which drops an advert with another number of addresses; 2.4.3 obeys it
    advertRcvd: 6,
    packetLenErr: 2,
    ipTtlErr: 1,
    invalidTypeRcvd: 1,
    addrListErr: 2,
    invalidAuthtype: 1,
    authtypeMismatch: 1,
    authFailure: 1,
    priZeroRcvd: 1,
    // 0 in keepalived, which never counts it
    advertIntervalErr: 1,
    // in none of the statistics that keepalived shows
    chksumErr: 1,
  });
});
