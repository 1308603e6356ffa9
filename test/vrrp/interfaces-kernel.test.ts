/** Interfaces that flap, are polled, come late, go, and change their names, under a running instance. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Centiseconds, type Micros, millis, seconds } from "../../src/base/units.ts";
import type { ConfigModel, VrrpInstanceConfig } from "../../src/config/model.ts";
import { Tap } from "../lab/tap.ts";
import { instance, modelOf, vip } from "./model.ts";
import { allowed, type Daemon, Lan, until } from "./namespaces.ts";

const skip = allowed ? false : "needs root";

async function start(name: string, model: ConfigModel): Promise<{ lan: Lan; daemon: Daemon }> {
  const lan = new Lan(name, 1);
  after(() => lan.remove());
  const daemon = lan.ours(1, model);
  await until("the address is set", () => lan.holds(1, "10.9.0.100"));
  return { lan, daemon };
}
/** So long that a busy machine makes a short outage no longer one. */
const DELAY_MS = 5_000;
const delays = (up: Micros) => [{ interface: "eth0", down: millis(DELAY_MS), up }];
/** An owner, active at once, whose interval allows such delays. */
const patient = (more: Partial<VrrpInstanceConfig> = {}): VrrpInstanceConfig =>
  instance({ ...more, priority: 255, advertInt: 300 as Centiseconds });
const story = (daemon: Daemon): string[] => daemon.lines(/reports|Entering|deleted|name has changed/);

describe("an interface", { skip, concurrency: 3 }, () => {
  test("with delays: a short outage is not noticed, a long one is when it has lasted", async () => {
    const { lan, daemon } = await start("d", { ...modelOf(patient()), interfaceDelays: delays(millis(500)) });
    lan.ip(0, "link set p1 down");
    await sleep(300);
    lan.ip(0, "link set p1 up");
    await sleep(DELAY_MS + 1_000);
    assert.equal(lan.holds(1, "10.9.0.100"), true);
    const before = performance.now();
    lan.ip(0, "link set p1 down");
    await until("it is noticed", () => daemon.log.includes("Netlink reports eth0 down"));
    assert.ok(performance.now() - before > DELAY_MS - 100);
    lan.ip(0, "link set p1 up");
    await until("it is active again", () => daemon.lines(/Entering MASTER/).length === 2);
    assert.deepEqual(story(daemon), [
      "(VI_1) Entering BACKUP STATE (init)",
      "(VI_1) Entering MASTER STATE",
      "Netlink reports eth0 down",
      "(VI_1) Entering FAULT STATE",
      "Netlink reports eth0 up",
      "(VI_1) Entering MASTER STATE",
    ]);
  });

  test("with delays longer than a backup waits has shorter ones, and the log says so", async () => {
    const interfaceDelays = [{ interface: "eth0", down: seconds(60), up: seconds(0) }];
    const { lan, daemon } = await start("l", { ...modelOf(instance()), interfaceDelays });
    assert.deepEqual(daemon.lines(/debounce/), [
      "VI_1: interface eth0 debounce timer(s) not less than 2 * advert_int - resetting",
    ]);
    lan.ip(0, "link set p1 down");
    await until("it is noticed", () => daemon.log.includes("Netlink reports eth0 down"));
  });

  test("with delays gives them to its VMAC", async () => {
    const vmac = { name: undefined, mac: undefined, netlinkNotifyMsg: false, group: undefined };
    const lan = new Lan("i", 1);
    after(() => lan.remove());
    const daemon = lan.ours(1, { ...modelOf(patient({ vmac })), interfaceDelays: delays(seconds(0)) });
    await until("it is active", () => daemon.log.includes("Entering MASTER"));
    lan.ip(0, "link set p1 down");
    await sleep(300);
    lan.ip(0, "link set p1 up");
    await sleep(DELAY_MS + 1_000);
    lan.ip(1, "link set vrrp.51 down");
    await sleep(300);
    lan.ip(1, "link set vrrp.51 up");
    await sleep(DELAY_MS + 1_000);
    assert.deepEqual(daemon.lines(/reports|FAULT/), []);
    lan.ip(0, "link set p1 down");
    await until("it is noticed", () => daemon.log.includes("Entering FAULT"));
    assert.deepEqual(daemon.lines(/reports/).toSorted(), [
      "Netlink reports eth0 down",
      "Netlink reports vrrp.51 down",
    ]);
  });

  test("that is polled: the driver is asked, by the way that it knows", async () => {
    const linkbeatInterfaces = [{ interface: "eth0", method: "MII" as const }];
    const { lan, daemon } = await start("b", { ...modelOf(instance()), linkbeatInterfaces });
    lan.ip(0, "link set p1 down");
    await until("it is noticed", () => daemon.log.includes("Entering FAULT"));
    lan.ip(0, "link set p1 up");
    await until("it is active again", () => daemon.lines(/Entering MASTER/).length === 2);
    assert.deepEqual(daemon.lines(/linkbeat type/), [
      "(eth0): Configured linkbeat type MII not supported, using ETHTOOL",
    ]);
    assert.deepEqual(daemon.lines(/reports/), ["Linkbeat reports eth0 down", "Linkbeat reports eth0 up"]);
  });

  test("that comes late, goes and returns, and has another name for a while", async () => {
    const lan = new Lan("n", 1);
    after(() => lan.remove());
    lan.ip(1, "link del eth0");
    const daemon = lan.ours(1, modelOf(instance()));
    await until("it waits", () => daemon.log.includes("Entering FAULT STATE (init)"));
    lan.plug(1);
    await until("the address is set", () => lan.holds(1, "10.9.0.100"));
    lan.ip(1, "link set eth0 name lan0");
    await until("it has no address under another name", () => !lan.ip(1, "addr show").includes("10.9.0.100"));
    lan.ip(1, "link set lan0 name eth0");
    await until("it is active again", () => lan.holds(1, "10.9.0.100"));
    lan.ip(1, "link del eth0");
    await until("it is missed", () => daemon.log.includes("Interface eth0 deleted"));
    lan.plug(1);
    await until("it is active once more", () => lan.holds(1, "10.9.0.100"));
    await until("the log is there", () => daemon.lines(/Entering MASTER/).length === 3);
    assert.deepEqual(
      story(daemon).filter((line) => !line.includes("reports")),
      [
        "(VI_1) Entering FAULT STATE (init)",
        "(VI_1) Entering BACKUP STATE",
        "(VI_1) Entering MASTER STATE",
        "Interface name has changed from eth0 to lan0",
        "(VI_1) Entering FAULT STATE",
        "Interface name has changed from lan0 to eth0",
        "(VI_1) Entering BACKUP STATE",
        "(VI_1) Entering MASTER STATE",
        "(VI_1) Entering FAULT STATE",
        "Interface eth0 deleted",
        "(VI_1) Entering BACKUP STATE",
        "(VI_1) Entering MASTER STATE",
      ],
    );
  });

  test("with another MTU or MAC goes on, and the new MAC is announced", async () => {
    // Without the second burst, which would announce any MAC.
    const { garp } = instance();
    const { lan, daemon } = await start(
      "m",
      modelOf(instance({ garp: { ...garp, masterDelay: seconds(0) } })),
    );
    const tap = await Tap.start(lan.inside(0), "br0");
    after(() => tap.stop());
    lan.ip(1, "link set eth0 mtu 1400");
    lan.ip(1, "link set eth0 address 02:00:00:00:00:77");
    const announced = (): boolean =>
      tap.frames.some(
        (f) => f.bytes.toString("hex", 6, 12) === "020000000077" && f.bytes.readUInt16BE(12) === 0x0806,
      );
    await until("the MAC is announced", announced);
    await sleep(1_500);
    assert.equal(lan.holds(1, "10.9.0.100"), true);
    assert.equal(daemon.lines(/Entering MASTER/).length, 1);
  });

  test("that returns as another kind on another parent is used again: allow_if_changes", async () => {
    const lan = new Lan("c", 1);
    after(() => lan.remove());
    const make = (line: string): void => {
      lan.ip(1, `link add ${line}`);
      lan.ip(1, "addr add 10.9.0.7/24 dev up0");
      lan.ip(1, "link set up0 up");
    };
    make("link eth0 up0 type macvlan mode bridge");
    const model = modelOf(
      instance({ interface: "up0" }),
      instance({ name: "VI_2", virtualIpaddress: [vip("10.9.0.200")] }),
    );
    const changing = {
      ...model,
      global: { ...model.global, dynamicInterfaces: "allow_if_changes" as const },
    };
    const holds = (): boolean => lan.ip(1, "-o addr show").includes(" 10.9.0.100/32");
    // Both have VRID 51 on the wire of eth0 today, which is a mistake unless up0 may lie elsewhere tomorrow.
    const daemon = lan.ours(1, model);
    await until("the first is active", holds);
    assert.equal(lan.holds(1, "10.9.0.200"), false);
    lan.configure(1, changing);
    daemon.signal("SIGHUP");
    await until("both are active", () => holds() && lan.holds(1, "10.9.0.200"));
    lan.ip(1, "link del up0");
    await until("it is missed", () => daemon.lines(/VI_1\) Entering FAULT/).length === 1);
    make("name up0 type veth peer name other0");
    lan.ip(1, "link set other0 up");
    await until("it is active again", holds);
    assert.equal(lan.holds(1, "10.9.0.200"), true);
  });

  test("that is not tracked may be down: dont_track_primary", async () => {
    const { lan, daemon } = await start("t", modelOf(instance({ dontTrackPrimary: true })));
    lan.ip(0, "link set p1 down");
    await until("it is noticed", () => daemon.log.includes("Netlink reports eth0 down"));
    assert.equal(daemon.lines(/FAULT/).length, 0);
    assert.equal(lan.holds(1, "10.9.0.100"), true);
  });

  test("that is tracked with a weight changes the priority", async () => {
    const trackInterface = [{ interface: "lo", weight: 20, reverse: false }];
    const { lan, daemon } = await start("w", modelOf(instance({ trackInterface })));
    lan.ip(1, "link set lo down");
    await until("the priority falls", () => daemon.log.includes("from 120 to 100"));
    lan.ip(1, "link set lo up");
    await until("the priority rises", () => daemon.log.includes("from 100 to 120"));
    assert.equal(daemon.lines(/FAULT/).length, 0);
  });
});
