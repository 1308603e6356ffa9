/** Our VRRP child alone on a real kernel: interfaces and addresses come and go under it. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { instance, modelOf, vip } from "./model.ts";
import { allowed, Lan, until } from "./namespaces.ts";

const skip = allowed ? false : "needs root";
const OWN = "10.9.0.1/24 scope global eth0";
const VIP = "10.9.0.100/32 scope global eth0";
const model = modelOf(instance({ priority: 254 }));

describe("on a real kernel", { concurrency: 8, skip }, () => {
  test("an interface without an address is a fault until it has one, and again when it loses it", async () => {
    const lan = new Lan("c", 1);
    after(() => lan.remove());
    lan.ip(1, "addr flush dev eth0");
    const daemon = lan.ours(1, model);
    await until("fault", () => daemon.log.includes("Entering FAULT STATE (init)"));
    assert.deepEqual(daemon.lines(/VI_1\): /), ["(VI_1): entering FAULT state (src address not configured)"]);
    lan.ip(1, "addr add 10.9.0.1/24 dev eth0");
    await until("active", () => lan.holds(1, "10.9.0.100"));
    lan.ip(1, "addr del 10.9.0.1/24 dev eth0");
    await until("released", () => lan.addresses(1).length === 0);
    await until("said so", () => daemon.lines(/Entering FAULT STATE$/).length === 1);
  });

  test("a link that goes down and an interface that vanishes are faults that heal", async () => {
    const lan = new Lan("d", 1);
    after(() => lan.remove());
    const daemon = lan.ours(1, model);
    await until("active", () => lan.holds(1, "10.9.0.100"));
    lan.ip(1, "link set eth0 down");
    await until("released", () => !lan.holds(1, "10.9.0.100"));
    lan.ip(1, "link set eth0 up");
    await until("active again", () => lan.holds(1, "10.9.0.100"));
    lan.ip(1, "link del eth0");
    await until("second fault", () => daemon.lines(/Entering FAULT STATE/).length === 2);
    lan.plug(1);
    await until("active on the new interface", () => lan.holds(1, "10.9.0.100"));
    await until("all is said", () => daemon.lines(/Entering MASTER/).length === 3);
    assert.deepEqual(daemon.lines(/^Netlink reports|^Interface/), [
      "Netlink reports eth0 down",
      "Netlink reports eth0 up",
      "Netlink reports eth0 down",
      "Interface eth0 deleted",
      "Interface eth0 added",
      "Netlink reports eth0 up",
    ]);
  });

  test("an address deleted by somebody else: resign, and set all again after the skew", async () => {
    const lan = new Lan("e", 1);
    after(() => lan.remove());
    const daemon = lan.ours(1, model);
    await until("active", () => lan.holds(1, "10.9.0.100"));
    lan.ip(1, "addr del 10.9.0.100/32 dev eth0");
    await until(
      "set again",
      () => daemon.lines(/Entering MASTER/).length === 2 && lan.holds(1, "10.9.0.100"),
    );
    await until("announced", () => daemon.lines(/queueing/).length === 2);
    assert.deepEqual(daemon.lines(/VI_1|reflector/).slice(-8), [
      "Netlink reflector reports IP 10.9.0.100 removed from eth0",
      "(VI_1) Entering BACKUP STATE",
      "(VI_1) sent 0 priority",
      "(VI_1) removing VIPs.",
      "(VI_1) Receive advertisement timeout",
      "(VI_1) Entering MASTER STATE",
      "(VI_1) setting VIPs.",
      "(VI_1) Sending/queueing gratuitous ARPs on eth0 for 10.9.0.100",
    ]);
  });

  test("a reload changes addresses in place, also when the kernel drops secondaries with their primary", async () => {
    const lan = new Lan("f", 1);
    after(() => lan.remove());
    const three = ["10.8.0.1/24", "10.8.0.2/24", "10.8.0.3/24"];
    const withVips = (vips: readonly string[]) =>
      modelOf(instance({ priority: 254, virtualIpaddress: vips.map((v) => vip(v)) }));
    const daemon = lan.ours(1, withVips(three));
    await until("active", () => lan.holds(1, "10.8.0.3"));
    lan.configure(1, withVips(["10.8.0.2/24", "10.8.0.3/24", "10.7.0.1"]));
    daemon.signal("SIGHUP");
    await until("reloaded", () => daemon.log.includes("reloaded: vrrp instances: 1 changed"));
    assert.deepEqual(lan.addresses(1), [
      OWN,
      "10.7.0.1/32 scope global eth0",
      "10.8.0.2/24 scope global eth0",
      "10.8.0.3/24 scope global secondary eth0",
    ]);
    daemon.signal("SIGHUP");
    await until("nothing to do", () => daemon.log.endsWith("reloaded: \n"));
    assert.deepEqual(daemon.lines(/Entering/), [
      "(VI_1) Entering BACKUP STATE (init)",
      "(VI_1) Entering MASTER STATE",
    ]);
    lan.configure(1, modelOf());
    daemon.signal("SIGHUP");
    await until("dropped", () => daemon.log.includes("1 removed"));
    assert.deepEqual(lan.addresses(1), [OWN]);
  });

  test("what a killed predecessor left is removed at the start; -V leaves it at the end", async () => {
    const lan = new Lan("g", 1);
    after(() => lan.remove());
    const killed = lan.ours(1, model);
    await until("active", () => lan.holds(1, "10.9.0.100"));
    await killed.stop("SIGKILL");
    assert.deepEqual(lan.addresses(1), [OWN, VIP]);
    const next = lan.ours(1, model, "-V");
    await until("started", () => next.log.includes("(init)"));
    assert.deepEqual(lan.addresses(1), [OWN]);
    await until("active", () => lan.holds(1, "10.9.0.100"));
    await next.stop();
    assert.deepEqual(lan.addresses(1), [OWN, VIP]);
    assert.deepEqual(next.lines(/sent 0/), []);
  });

  test("two routers cut apart and joined again end with one owner", async () => {
    const lan = new Lan("h", 2);
    after(() => lan.remove());
    const low = lan.ours(2, modelOf(instance({ priority: 253 })));
    lan.ours(1, model);
    await until("the better one is active", () => lan.holds(1, "10.9.0.100"));
    lan.cut(1, true);
    await until("both are active", () => lan.holds(2, "10.9.0.100"));
    lan.cut(1, false);
    await until("the other one yields", () => !lan.holds(2, "10.9.0.100"));
    assert.equal(lan.holds(1, "10.9.0.100"), true);
    const line = "(VI_1) Master received advert from 10.9.0.1 with higher priority 254, ours 253";
    await until("it says why", () => low.log.includes(line));
  });

  test("notify scripts hear each state in order, first the one of the state, then the one for all", async () => {
    const lan = new Lan("i", 1);
    after(() => lan.remove());
    const heard = join(lan.directory, "heard");
    const script = join(lan.directory, "notify.sh");
    writeFileSync(script, `#!/bin/sh\necho "$@" >> ${heard}\n`, { mode: 0o755 });
    const run = (...args: readonly string[]) => ({ argv: [script, ...args], uid: 0, gid: 0 });
    const notify = {
      master: run("now", "master"),
      backup: undefined,
      fault: run("now", "fault"),
      stop: run("now", "stopped"),
      any: run(),
    };
    const daemon = lan.ours(1, modelOf(instance({ priority: 254, notify })));
    await until("active", () => lan.holds(1, "10.9.0.100"));
    lan.ip(1, "link set eth0 down");
    await until("fault", () => daemon.lines(/Entering FAULT/).length === 1);
    await daemon.stop();
    assert.deepEqual(readFileSync(heard, "utf8").trimEnd().split("\n"), [
      "INSTANCE VI_1 BACKUP 254",
      "now master",
      "INSTANCE VI_1 MASTER 254",
      "now fault",
      "INSTANCE VI_1 FAULT 254",
      "now stopped",
      "INSTANCE VI_1 STOP 254",
    ]);
  });

  test("a tracked interface lowers the priority, or is a fault without a weight", async () => {
    const lan = new Lan("j", 1);
    after(() => lan.remove());
    for (const name of ["t1", "t2"]) {
      lan.ip(1, `link add ${name} type veth peer name ${name}p`);
      lan.ip(1, `link set ${name}p up`);
      lan.ip(1, `link set ${name} up`);
    }
    const trackInterface = [
      { interface: "t1", weight: -20, reverse: false },
      { interface: "t2", weight: 0, reverse: false },
    ];
    const daemon = lan.ours(1, modelOf(instance({ priority: 200, trackInterface })));
    await until("active", () => lan.holds(1, "10.9.0.100"));
    lan.ip(1, "link set t1 down");
    await until("lower", () => daemon.log.includes("(VI_1) Changing effective priority from 200 to 180"));
    lan.ip(1, "link set t2 down");
    await until("fault", () => daemon.log.includes("(VI_1) Entering FAULT STATE"));
    await until("released", () => !lan.holds(1, "10.9.0.100"));
    lan.ip(1, "link set t2 up");
    await until("healed", () => daemon.lines(/Entering BACKUP STATE$/).length === 1);
  });

  test("a backup that slept past its deadline hears what waited before it decides", async () => {
    const lan = new Lan("k", 2);
    after(() => lan.remove());
    lan.ours(1, model);
    await until("active", () => lan.holds(1, "10.9.0.100"));
    const backup = lan.ours(2, modelOf(instance({ priority: 253 })));
    await until("standing by", () => backup.log.includes("(init)"));
    backup.signal("SIGSTOP");
    // First the deadline passes in silence, then an advert comes: both wait when it wakes up.
    lan.cut(1, true);
    await sleep(3_500);
    lan.cut(1, false);
    const sent = lan.counter(1, "advertSent");
    await until("two adverts wait", () => lan.counter(1, "advertSent") > sent + 1);
    const heard = lan.counter(2, "advertRcvd");
    backup.signal("SIGCONT");
    await until("it has heard them", () => lan.counter(2, "advertRcvd") > heard + 1);
    assert.deepEqual(backup.lines(/Entering/), ["(VI_1) Entering BACKUP STATE (init)"]);
  });
});
