/**
 * The fault catalogue: what a pair must survive, each fault with the time nobody may be master and the
 * time two may be. Bounds are the protocol's; a busy machine gets a fixed allowance on top.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Period } from "../lab/owner-watch.ts";
import { attempt, run, until } from "../lab/shell.ts";
import { Tap } from "../lab/tap.ts";
import { ROUTERS } from "../lab/wire.ts";
import { BOUND, configuration, Field, INTERVAL, VIP } from "./vrrp-faults.ts";

const AT_ONCE = 6;
/** For a machine that does other things too; the table shows what it really took. */
const ALLOWANCE_MS = 2_000;
/** A machine whose timers were late gets that time again for each of some steps one after the other. */
const LATE_STEPS = 4;

/** How long nobody and how long two may be master, ms. */
interface Bound {
  readonly outage: number;
  readonly overlap: number;
}

const NOTHING: Bound = { outage: 0, overlap: 0 };
const table = new Map<string, { readonly period: Period; readonly bound: Bound }>();

/** @param play makes the fault, waits for its end; returns what happened from which moment on counts */
function fault(
  name: string,
  bound: Bound,
  play: (field: Field) => Promise<Period>,
  more?: string,
  head?: string,
): void {
  test(name, async () => {
    const field = await Field.open(more, head);
    try {
      const period = await play(field);
      table.set(name, { period, bound });
      const allowed = ALLOWANCE_MS + LATE_STEPS * field.lateness.worst;
      assert.ok(period.outage <= bound.outage + allowed, `nobody was master for ${period.outage} ms`);
      assert.ok(period.overlap <= bound.overlap + allowed, `two were master for ${period.overlap} ms`);
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : error}\n${field.logs()}`, { cause: error });
    } finally {
      await field.close();
    }
  });
}

function render(): string {
  const width = Math.max(...[...table.keys()].map((name) => name.length));
  const cell = (n: number): string => n.toFixed(0).padStart(9);
  const head = `${"milliseconds".padEnd(width)}   nobody (bound)   two (bound)`;
  const lines = [...table].map(([name, { period, bound }]) => {
    const nobody = `${cell(period.outage)} ${`(${bound.outage.toFixed(0)})`.padEnd(7)}`;
    return `${name.padEnd(width)}${nobody}${cell(period.overlap)} (${bound.overlap.toFixed(0)})`;
  });
  return [head, ...lines].join("\n");
}

describe("faults", { concurrency: AT_ONCE }, () => {
  after(() => {
    if (table.size > 0) process.stdout.write(`${render()}\n`);
  });

  fault("kill -9 of the VRRP process", { outage: BOUND.r2, overlap: BOUND.r1 }, async (f) => {
    const at = Date.now();
    process.kill(f.vrrp("r1"), "SIGKILL");
    f.watch.bury("r1", at, [VIP]);
    await f.owns("r2");
    const { outage } = f.since(at);
    // the parent starts another one, which removes what the dead one left, and takes over again
    await until("the leftovers are gone", () => f.watch.buriedUntil("r1"));
    await f.owns("r1");
    return { ...f.since(at), outage };
  });

  fault("kill -9 of the parent", { outage: BOUND.r2 - 3 * INTERVAL, overlap: INTERVAL }, async (f) => {
    const at = Date.now();
    f.daemons.r1.signal("SIGKILL");
    await f.owns("r2");
    assert.ok(!(await f.wire.snapshot("r1")).some((line) => line.includes(VIP)));
    await f.daemons.r1.stop("SIGKILL");
    await until("no process is left", async () => (await f.daemons.r1.processes()).length === 0);
    return f.since(at);
  });

  fault("kill -9 of everything, stale pid files", { outage: BOUND.r2, overlap: INTERVAL }, async (f) => {
    const at = await f.daemons.r1.kill();
    f.watch.bury("r1", at, [VIP]);
    await f.owns("r2");
    await f.daemons.r1.start();
    await f.owns("r1");
    return f.since(at);
  });

  fault("the master stands still for 3 s (SIGSTOP)", { outage: BOUND.r2, overlap: INTERVAL }, async (f) => {
    const at = Date.now();
    await f.signalAll("r1", "SIGSTOP");
    f.watch.bury("r1", at, [VIP]);
    await f.holds("r2");
    const { outage } = f.since(at);
    await sleep(3_000 - (Date.now() - at));
    const thawed = Date.now();
    await f.signalAll("r1", "SIGCONT");
    await until("r2 yields to the one that woke up", () => f.watch.count("r2", [VIP]) === 0);
    const overlap = f.watch.lastLoss("r2", [VIP]) - thawed;
    await sleep(3 * INTERVAL);
    await until("r2 has yielded for good", () => f.watch.count("r2", [VIP]) === 0);
    assert.ok((await f.wire.snapshot("r1")).some((line) => line.includes(VIP)));
    return { outage, overlap, moves: 0 };
  });

  fault("the backup stands still for 3 s", NOTHING, async (f) => {
    const at = Date.now();
    await f.signalAll("r2", "SIGSTOP");
    await sleep(3_000);
    await f.signalAll("r2", "SIGCONT");
    await sleep(2 * BOUND.r2);
    f.undisturbed(at, "it hears what waited before it decides");
    return f.since(at);
  });

  fault("the master's loop is blocked for 2 s", { outage: BOUND.r2, overlap: INTERVAL }, async (f) => {
    const at = Date.now();
    process.kill(f.vrrp("r1"), "SIGSTOP");
    f.watch.bury("r1", at, [VIP]);
    await f.holds("r2");
    const { outage } = f.since(at);
    await sleep(Math.max(0, 2_000 - (Date.now() - at)));
    const thawed = Date.now();
    process.kill(f.vrrp("r1"), "SIGCONT");
    await until("r2 yields", () => f.watch.count("r2", [VIP]) === 0);
    return { outage, overlap: f.watch.lastLoss("r2", [VIP]) - thawed, moves: 0 };
  });

  fault("the link flaps five times", { outage: BOUND.r1 + 1_000, overlap: INTERVAL + 1_000 }, async (f) => {
    const at = Date.now();
    for (let i = 0; i < 5; i++) {
      await f.wire.cable("r1", "down");
      await sleep(150);
      await f.wire.cable("r1", "up");
      await sleep(150);
    }
    await sleep(BOUND.r2);
    await f.owns("r1");
    await sleep(2 * INTERVAL);
    await f.owns("r1");
    return f.since(at);
  });

  fault(
    "the network splits, and heals",
    { outage: 0, overlap: INTERVAL },
    async (f) => {
      await f.relay.set({ blocked: ["forth", "back"] });
      await f.holds("r2");
      await f.holds("r1");
      const tap = await Tap.start(f.wire.inside("r2", []), "eth0");
      const healed = Date.now();
      await f.relay.set({});
      await f.owns("r1");
      await until("the winner tells the neighbours", () => tap.gratuitousArps().includes(VIP));
      tap.stop();
      return f.since(healed);
    },
    // Without it the winner does not learn that there were two when its advert is the first to cross.
    "higher_prio_send_advert true",
  );

  fault("only the way to the backup is cut", { outage: 0, overlap: INTERVAL }, async (f) => {
    await f.relay.set({ blocked: ["forth"] });
    await f.holds("r2");
    await f.daemons.r1.says(
      "Received advert from 10.9.0.2 with lower priority 100, ours 150, forcing new election",
    );
    const healed = Date.now();
    await f.relay.set({});
    await f.owns("r1");
    return f.since(healed);
  });

  fault("only the way from the backup is cut", NOTHING, async (f) => {
    const at = Date.now();
    await f.relay.set({ blocked: ["back"] });
    await sleep(2 * BOUND.r2);
    f.undisturbed(at);
    await f.relay.set({});
    await sleep(2 * INTERVAL);
    return f.since(at);
  });

  fault(
    "a third is lost, a third doubled, 200 ms of delay",
    { outage: 0, overlap: 3 * INTERVAL },
    async (f) => {
      const at = Date.now();
      await f.relay.set({ loss: 0.3, double: 0.3, delay: 200 });
      await sleep(12_000);
      await f.relay.set({});
      await f.owns("r1");
      return f.since(at);
    },
  );

  fault("receive buffer overrun of the netlink monitor", NOTHING, async (f) => {
    const batch = join(f.wire.directory, "flood");
    const verbs = ["add", "del"];
    const line = (i: number): string => `addr ${verbs[i % 2]} 198.51.100.1/32 dev eth1`;
    writeFileSync(batch, `${Array.from({ length: 6_000 }, (_, i) => line(i)).join("\n")}\n`);
    const at = Date.now();
    process.kill(f.vrrp("r1"), "SIGSTOP");
    await run(["ip", "-n", f.wire.namespace("r1"), "-batch", batch]);
    const stood = Date.now() - at;
    process.kill(f.vrrp("r1"), "SIGCONT");
    await f.daemons.r1.says(/overrun/i);
    await f.owns("r1");
    // what happens afterwards is still seen
    await f.wire.ip("r1", `addr del ${VIP}/32 dev eth0`);
    await f.daemons.r1.says(/removed/);
    await f.owns("r1");
    const period = f.since(at);
    return stood < BOUND.r2 ? period : { ...period, outage: 0, overlap: 0 };
  });

  fault("somebody removes the address", { outage: BOUND.r2 - 3 * INTERVAL, overlap: INTERVAL }, async (f) => {
    const at = Date.now();
    await f.wire.ip("r1", `addr del ${VIP}/32 dev eth0`);
    await f.daemons.r1.says(/removed/);
    await f.owns("r1");
    return f.since(at);
  });

  fault("both restart at once", { outage: BOUND.r2, overlap: INTERVAL }, async (f) => {
    const from = { r1: f.daemons.r1.log().length, r2: f.daemons.r2.log().length };
    await Promise.all([f.daemons.r1.stop(), f.daemons.r2.stop()]);
    await Promise.all([f.daemons.r1.start(), f.daemons.r2.start()]);
    // how long processes take to start is not the protocol's business
    await Promise.all(ROUTERS.map((r) => f.daemons[r].says("Entering BACKUP STATE (init)", from[r])));
    const at = Date.now();
    await f.owns("r1");
    await sleep(3 * INTERVAL);
    await f.owns("r1");
    return f.since(at);
  });

  fault("a second daemon is started", NOTHING, async (f) => {
    const at = Date.now();
    const second = await f.daemons.r1.startSecond();
    assert.match(second.stderr, /already running/);
    f.undisturbed(at, "it does not touch the address");
    return f.since(at);
  });

  fault("a hundred SIGHUP a second, then SIGTERM", NOTHING, async (f) => {
    const at = Date.now();
    for (let i = 0; i < 200; i++) {
      f.daemons.r1.signal("SIGHUP");
      await sleep(10);
    }
    await f.owns("r1");
    const period = f.since(at);
    f.undisturbed(at);
    f.daemons.r1.signal("SIGHUP");
    assert.equal(await f.daemons.r1.stop(), 0);
    await f.owns("r2");
    await f.daemons.r2.says("priority 0");
    return period;
  });

  fault("a stranger with our VRID and other addresses", { outage: 0, overlap: 0 }, async (f) => {
    const at = Date.now();
    const from = f.daemons.r2.log().length;
    f.daemons.r1.reload(configuration("r1").replace(VIP, `${VIP}\n        10.9.0.177`));
    const complaint = "(VI_1) expected 1 VIPs but received 2";
    await f.daemons.r2.says(complaint, from);
    await sleep(6 * INTERVAL);
    assert.equal(f.daemons.r2.log().split(complaint).length, 2, "once, not with every advert");
    f.undisturbed(at);
    return f.since(at);
  });

  fault(
    "no process can be forked for scripts",
    { outage: BOUND.r2 - 3 * INTERVAL, overlap: INTERVAL },
    async (f) => {
      // Who becomes a user that has too many processes already cannot execute anything: EAGAIN.
      const [file = "", ...args] = f.wire.inside("r1", ["setpriv", "--reuid=nobody", "sleep", "60"]);
      spawn(file, args, { stdio: "ignore" });
      for (const pid of await f.daemons.r1.processes())
        await attempt(["prlimit", `--pid=${pid}`, "--nproc=0:0"]);
      const at = Date.now();
      const from = f.daemons.r1.log().length;
      await f.wire.ip("r1", `addr del ${VIP}/32 dev eth0`);
      await f.daemons.r1.says(/Entering BACKUP STATE/, from);
      await f.owns("r1");
      await sleep(3 * INTERVAL);
      await f.owns("r1");
      await f.daemons.r1.says(/\/bin\/true.*EAGAIN|EAGAIN.*\/bin\/true/, from);
      return f.since(at);
    },
    'notify "/bin/true"',
    "global_defs {\n    script_user nobody\n}",
  );

  const hanging =
    'notify_master "/bin/sh -c \'while :; do echo flood; done\'"\n    notify "/nonexistent/script"';
  fault(
    "a script floods and never ends, another is missing",
    NOTHING,
    async (f) => {
      const at = Date.now();
      const tap = await Tap.start(f.wire.inside("r2", []), "eth0");
      await sleep(4_000);
      const times = tap.adverts().map((a) => a.at / 1_000);
      tap.stop();
      const gaps = times.slice(1).map((t, i) => t - (times[i] ?? t));
      assert.ok(Math.max(...gaps) < 1.9 * INTERVAL + f.lateness.worst, `a gap of ${Math.max(...gaps)} ms`);
      f.undisturbed(at);
      const period = f.since(at);
      assert.equal(await f.daemons.r1.stop(), 0);
      assert.deepEqual(await f.daemons.r1.processes(), [], "the script is gone too");
      return period;
    },
    hanging,
    "global_defs {\n    script_user root\n}",
  );
});
