import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { IpAddress } from "../../src/base/address.ts";
import { DaemonError } from "../../src/base/errors.ts";
import type { Instant, Micros } from "../../src/base/units.ts";
import {
  type AnnounceTimes,
  announceLowerPriority,
  announceTakeover,
  dueAnnouncement,
  enqueue,
  gratuitousArp,
  idlePace,
  nextAnnouncement,
  nextRelease,
  noAnnouncements,
  release,
  withdraw,
} from "../../src/vrrp/announce.ts";
import { Announcer } from "../../src/vrrp/announcer.ts";

const at = (n: number): Instant => n as Instant;
const us = (n: number): Micros => n as Micros;
const S = 1_000_000;
const mac = Uint8Array.of(0x22, 0xbc, 0x43, 0xea, 0xf5, 0x2f);
const times: AnnounceTimes = {
  masterDelay: us(5 * S),
  masterRepeat: 5,
  masterRefresh: us(0),
  masterRefreshRepeat: 1,
  lowerPrioDelay: us(3 * S),
  lowerPrioRepeat: 2,
};

describe("gratuitous ARP", () => {
  test("the frame is an ARP request about ourselves, to everybody, as keepalived sends it", () => {
    assert.equal(
      Buffer.from(gratuitousArp(mac, "10.9.0.100" as IpAddress)).toString("hex"),
      "ffffffffffff22bc43eaf52f0806000108000604000122bc43eaf52f0a090064ffffffffffff0a090064",
    );
  });

  test("a take-over: a burst now and one after garp_master_delay, no refresh by default", () => {
    const first = announceTakeover(times, at(10 * S));
    assert.equal(first.rounds, 5);
    assert.equal(nextAnnouncement(first.schedule), 15 * S);
    assert.equal(dueAnnouncement(times, first.schedule, at(15 * S - 1)).rounds, 0);
    const second = dueAnnouncement(times, first.schedule, at(15 * S));
    assert.equal(second.rounds, 5);
    assert.equal(nextAnnouncement(second.schedule), undefined);
  });

  test("refreshes begin at delay plus refresh, keep their beat, and are not made up for", () => {
    const t = { ...times, masterRefresh: us(60 * S), masterRefreshRepeat: 2 };
    let s = announceTakeover(t, at(0)).schedule;
    s = dueAnnouncement(t, s, at(5 * S)).schedule;
    assert.equal(nextAnnouncement(s), 65 * S);
    const late = dueAnnouncement(t, s, at(65 * S + 900));
    assert.equal(late.rounds, 2);
    assert.equal(nextAnnouncement(late.schedule), 125 * S);
    const slept = dueAnnouncement(t, late.schedule, at(1000 * S));
    assert.equal(slept.rounds, 2);
    assert.equal(nextAnnouncement(slept.schedule), 1060 * S);
  });

  test("garp_master_delay 0 means one burst only", () => {
    assert.equal(
      nextAnnouncement(announceTakeover({ ...times, masterDelay: us(0) }, at(0)).schedule),
      undefined,
    );
  });

  test("a lower advert: some now, the same later, without disturbing the rest", () => {
    const taken = announceTakeover(times, at(0));
    const lower = announceLowerPriority(times, taken.schedule, at(1 * S));
    assert.equal(lower.rounds, 2);
    assert.equal(nextAnnouncement(lower.schedule), 4 * S);
    const later = dueAnnouncement(times, lower.schedule, at(4 * S));
    assert.equal(later.rounds, 2);
    assert.equal(nextAnnouncement(later.schedule), 5 * S);
    assert.equal(
      nextAnnouncement(
        announceLowerPriority({ ...times, lowerPrioDelay: us(0) }, noAnnouncements, at(0)).schedule,
      ),
      undefined,
    );
  });
});

describe("pace", () => {
  test("without an interval everything goes at once, round by round over the addresses", () => {
    const { frames, pace } = release(enqueue(idlePace<string>(), ["a", "b"], 2), us(0), at(7));
    assert.deepEqual(frames, ["a", "b", "a", "b"]);
    assert.equal(nextRelease(pace), undefined);
  });

  test("with an interval one frame goes, then the next address", () => {
    let pace = enqueue(idlePace<string>(), ["a", "b"], 2);
    const sent: [number, string][] = [];
    for (let now = 0; now <= 50; now += 5) {
      const r = release(pace, us(10), at(now));
      pace = r.pace;
      for (const f of r.frames) sent.push([now, f]);
    }
    assert.deepEqual(sent, [
      [0, "a"],
      [10, "b"],
      [20, "a"],
      [30, "b"],
    ]);
  });

  test("what waits already is not counted twice, and what is no longer ours is forgotten", () => {
    const pace = enqueue(enqueue(idlePace<string>(), ["a", "b"], 3), ["a"], 2);
    assert.deepEqual(pace.waiting, [
      { key: "a", times: 3 },
      { key: "b", times: 3 },
    ]);
    assert.deepEqual(withdraw(pace, (k) => k === "a").waiting, [{ key: "b", times: 3 }]);
  });
});

describe("announcer", () => {
  const a = "10.0.0.1" as IpAddress;
  const b = "10.0.0.2" as IpAddress;
  const link = { index: 2, name: "eth0", mac };
  const record = (send: (frames: number) => number) => {
    const lines: string[] = [];
    const announcer = new Announcer(
      { send: (_ifindex, frames) => send(frames.length) },
      {
        sent: (name, address) => lines.push(`${name} ${address}`),
        failed: (name, address, error) => lines.push(`${name} ${address} ${error?.code ?? "full"}`),
      },
    );
    return { announcer, lines };
  };

  test("a queue that takes only part gets the rest, and is left alone when it takes nothing", () => {
    const room = [1, 2, 0];
    const { announcer, lines } = record(() => room.shift() ?? 0);
    announcer.offer(link, [a, b], 2, us(0));
    announcer.flush(at(0));
    assert.deepEqual(lines, ["eth0 10.0.0.1", "eth0 10.0.0.2", "eth0 10.0.0.1", "eth0 10.0.0.2 full"]);
    announcer.flush(at(1));
    assert.equal(lines.length, 4);
  });

  test("an interface that is down costs one line per burst", () => {
    const { announcer, lines } = record(() => {
      throw new DaemonError("sendmmsg", 100, "ENETDOWN");
    });
    announcer.offer(link, [a, b], 5, us(0));
    announcer.flush(at(0));
    assert.deepEqual(lines, ["eth0 10.0.0.1 ENETDOWN"]);
  });

  test("an interface without an Ethernet address is not announced on", () => {
    const { announcer, lines } = record((n) => n);
    announcer.offer({ ...link, mac: new Uint8Array() }, [a], 5, us(0));
    announcer.flush(at(0));
    assert.deepEqual(lines, []);
  });

  test("withdrawn addresses are not announced any more", () => {
    const { announcer, lines } = record((n) => n);
    announcer.offer(link, [a, b], 1, us(10));
    announcer.withdraw(2, new Set([a]));
    announcer.flush(at(0));
    assert.deepEqual(lines, ["eth0 10.0.0.2"]);
    assert.equal(announcer.next(), undefined);
  });
});
