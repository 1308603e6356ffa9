import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { IpAddress } from "../../src/base/address.ts";
import { DaemonError } from "../../src/base/errors.ts";
import type { Instant, Micros } from "../../src/base/units.ts";
import {
  type AnnounceTimes,
  announceLowerPriority,
  announceRound,
  announceTakeover,
  dueAnnouncement,
  nextAnnouncement,
  noAnnouncements,
} from "../../src/vrrp/announce.ts";
import { type AnnounceLink, Announcer, type OutgoingFrame } from "../../src/vrrp/announcer.ts";
import { PacedQueue } from "../../src/vrrp/pace.ts";
import { modelFrom } from "./config-text.ts";

const at = (n: number): Instant => n as Instant;
const us = (n: number): Micros => n as Micros;
const S = 1_000_000;
const times: AnnounceTimes = {
  masterDelay: us(5 * S),
  masterRepeat: 5,
  masterRefresh: us(0),
  masterRefreshRepeat: 1,
  lowerPrioDelay: us(3 * S),
  lowerPrioRepeat: 2,
  extraInterval: us(0),
};

describe("the schedule", () => {
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

  test("vrrp_min_garp means one frame once, where the file says nothing else", () => {
    const garpOf = (more: string) => {
      const file = `global_defs {\n vrrp_min_garp\n ${more}\n}\nvrrp_instance V {\n interface eth0\n virtual_router_id 1\n virtual_ipaddress {\n 10.9.0.100\n }\n}`;
      const { masterRepeat, masterDelay, lowerPrioRepeat, lowerPrioDelay } =
        modelFrom(file).vrrpInstances[0]?.garp ?? times;
      return { masterRepeat, masterDelay, lowerPrioRepeat, lowerPrioDelay };
    };
    assert.deepEqual(garpOf(""), { masterRepeat: 1, masterDelay: 0, lowerPrioRepeat: 1, lowerPrioDelay: 0 });
    assert.deepEqual(garpOf("vrrp_garp_master_delay 2\n vrrp_garp_lower_prio_repeat 4"), {
      masterRepeat: 1,
      masterDelay: 2 * S,
      lowerPrioRepeat: 4,
      lowerPrioDelay: 2 * S,
    });
  });

  test("garp_master_delay 0 means one burst only", () => {
    assert.equal(
      nextAnnouncement(announceTakeover({ ...times, masterDelay: us(0) }, at(0)).schedule),
      undefined,
    );
  });

  test("further interfaces get theirs from delay plus interval on, and keep their beat", () => {
    const t = { ...times, extraInterval: us(10 * S) };
    let due = announceTakeover(t, at(0));
    assert.equal(due.extra, false);
    due = dueAnnouncement(t, due.schedule, at(5 * S));
    assert.deepEqual([due.extra, due.rounds, nextAnnouncement(due.schedule)], [false, 5, 15 * S]);
    due = dueAnnouncement(t, due.schedule, at(15 * S));
    assert.deepEqual([due.extra, due.rounds, nextAnnouncement(due.schedule)], [true, 0, 25 * S]);
  });

  test("a reload that brings addresses: one burst now, and what was planned stays", () => {
    const taken = announceTakeover(times, at(0));
    const added = announceRound("added", times, taken.schedule, at(1 * S));
    assert.equal(added.rounds, 5);
    assert.deepEqual(added.schedule, taken.schedule);
    const refreshing = { ...times, masterRefresh: us(60 * S) };
    const first = announceRound("added", refreshing, noAnnouncements, at(0));
    assert.equal(nextAnnouncement(first.schedule), 60 * S);
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

describe("the queue", () => {
  const filled = (...adds: readonly [string, number][]): PacedQueue<string> => {
    const queue = new PacedQueue<string>();
    for (const [key, times] of adds) queue.add(key, key, times);
    return queue;
  };

  test("without an interval everything goes at once, round by round over the addresses", () => {
    const queue = filled(["a", 2], ["b", 2]);
    assert.deepEqual(queue.take(us(0), at(7), 100), ["a", "b", "a", "b"]);
    assert.equal(queue.next(), undefined);
  });

  test("a turn takes no more than it may, and the rounds go on a millisecond later", () => {
    const queue = filled(["a", 2], ["b", 2], ["c", 1]);
    assert.deepEqual(queue.take(us(0), at(7), 2), ["a", "b"]);
    assert.equal(queue.next(), 1007);
    assert.deepEqual(queue.take(us(0), at(1006), 2), []);
    assert.deepEqual(queue.take(us(0), at(1007), 2), ["c", "a"]);
    assert.deepEqual(queue.take(us(0), at(2007), 2), ["b"]);
  });

  test("with an interval one frame goes, then the next address", () => {
    const queue = filled(["a", 2], ["b", 2]);
    const sent: [number, string][] = [];
    for (let now = 0; now <= 50; now += 5)
      for (const f of queue.take(us(10), at(now), 100)) sent.push([now, f]);
    assert.deepEqual(sent, [
      [0, "a"],
      [10, "b"],
      [20, "a"],
      [30, "b"],
    ]);
    queue.add("c", "c", 1);
    assert.equal(queue.next(), 40, "the interval also holds for what comes later");
  });

  test("what waits already is not counted twice, and what is no longer ours is forgotten", () => {
    const queue = filled(["a", 3], ["b", 3], ["a", 2]);
    queue.remove("b");
    assert.deepEqual(queue.take(us(0), at(0), 100), ["a", "a", "a"]);
  });
});

describe("announcer", () => {
  const a = "10.0.0.1" as IpAddress;
  const b = "10.0.0.2" as IpAddress;
  const c = "2001:db8::1" as IpAddress;
  const mac = Uint8Array.of(2, 0, 0, 0, 0, 1);
  const link: AnnounceLink = { index: 2, name: "eth0", mac, flags: 0x1043, wire: "eth0" };
  const other = { ...link, index: 3, name: "eth1", wire: "eth1" };
  const record = (send: (frames: readonly OutgoingFrame[]) => number) => {
    const lines: string[] = [];
    const announcer = new Announcer(
      { send },
      {
        sent: (name, address) => lines.push(`${name} ${address}`),
        failed: (name, address, error) => lines.push(`${name} ${address} ${error?.code ?? "full"}`),
        forwards: () => false,
      },
    );
    return { announcer, lines };
  };
  const all = (frames: readonly OutgoingFrame[]): number => frames.length;

  test("a queue that takes only part gets the rest, and is left alone when it takes nothing", () => {
    const room = [1, 2, 0];
    const { announcer, lines } = record(() => room.shift() ?? 0);
    announcer.offer(link, [a, b], 2);
    announcer.flush(at(0));
    assert.deepEqual(lines, ["eth0 10.0.0.1", "eth0 10.0.0.2", "eth0 10.0.0.1", "eth0 10.0.0.2 full"]);
    announcer.flush(at(1));
    assert.equal(lines.length, 4);
  });

  test("an interface that is down costs one line per burst and holds up no other", () => {
    const { announcer, lines } = record((frames) => {
      if (frames[0]?.ifindex === 2) throw new DaemonError("sendmmsg", 100, "ENETDOWN");
      return 1;
    });
    const groups = [{ where: "x:1", garpInterval: us(0), gnaInterval: us(0), interfaces: ["eth0", "eth1"] }];
    announcer.configure({ garpInterval: us(0), gnaInterval: us(0), groups });
    announcer.offer(link, [a], 3);
    announcer.offer(other, [b], 2);
    announcer.flush(at(0));
    assert.deepEqual(lines, ["eth0 10.0.0.1 ENETDOWN", "eth1 10.0.0.2", "eth1 10.0.0.2"]);
  });

  test("an interface without a known kind of address, or without ARP, is not announced on", () => {
    const { announcer, lines } = record(all);
    announcer.offer({ ...link, mac: new Uint8Array() }, [a], 5);
    announcer.offer({ ...link, mac: new Uint8Array(20) }, [a], 5);
    announcer.offer({ ...link, flags: 0x10c3 }, [a, c], 5);
    announcer.flush(at(0));
    assert.deepEqual(lines, []);
  });

  test("withdrawn addresses are not announced any more", () => {
    const { announcer, lines } = record(all);
    announcer.offer(link, [a, b, c], 1);
    announcer.withdraw(2, [a, c]);
    announcer.flush(at(0));
    assert.deepEqual(lines, ["eth0 10.0.0.2"]);
    assert.equal(announcer.next(), undefined);
  });

  test("both kinds have a pace of their own, and VMACs share that of their wire", () => {
    const { announcer, lines } = record(all);
    announcer.configure({ garpInterval: us(10), gnaInterval: us(30), groups: [] });
    announcer.offer(link, [a], 2);
    announcer.offer({ ...link, index: 9, name: "vrrp.51" }, [b, c], 1);
    const sent: [number, string][] = [];
    for (let now = 0; now < 60; now += 10) {
      announcer.flush(at(now));
      for (const line of lines.splice(0)) sent.push([now, line]);
    }
    assert.deepEqual(sent, [
      [0, "eth0 10.0.0.1"],
      [0, "vrrp.51 2001:db8::1"],
      [10, "vrrp.51 10.0.0.2"],
      [20, "eth0 10.0.0.1"],
    ]);
  });

  test("a garp_group limits its interfaces together", () => {
    const { announcer, lines } = record(all);
    const groups = [{ where: "x:1", garpInterval: us(10), gnaInterval: us(0), interfaces: ["eth0", "eth1"] }];
    announcer.configure({ garpInterval: us(0), gnaInterval: us(0), groups });
    announcer.offer(link, [a], 1);
    announcer.offer(other, [b, c], 1);
    announcer.flush(at(0));
    assert.deepEqual(lines, ["eth0 10.0.0.1", "eth1 2001:db8::1"]);
    assert.equal(announcer.next(), 10);
  });

  test("five hundred addresses leave in portions, so that adverts go in between", () => {
    const { announcer, lines } = record(all);
    const many = Array.from({ length: 500 }, (_, i) => `10.1.${i >> 8}.${i & 255}` as IpAddress);
    announcer.offer(link, many, 5);
    announcer.flush(at(0));
    assert.equal(lines.length, 256);
    assert.equal(announcer.next(), 1000);
    for (let now = 1000; announcer.next() !== undefined; now += 1000) announcer.flush(at(now));
    assert.equal(lines.length, 2500);
  });
});
