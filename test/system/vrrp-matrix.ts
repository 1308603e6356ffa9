/**
 * One row of the interop matrix, played out: election, calm, and three ways to lose the master - it stops,
 * it is killed, its cable is pulled - each with the way back. Which configuration, and what it must lead
 * to, comes from the row; nothing here depends on it.
 */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { Daemon, type Make } from "../lab/daemon.ts";
import { OwnerWatch } from "../lab/owner-watch.ts";
import { until } from "../lab/shell.ts";
import { numberOf, otherRouter, ROUTERS, type Router, Wire } from "../lab/wire.ts";
import type { MatrixCase } from "./vrrp-matrix-cases.ts";

/** What was measured, all in ms; never asserted tightly, a machine may be busy. */
export interface MatrixTimes {
  readonly stop: number;
  readonly kill: number;
  readonly link: number;
  /** of the three ways back the longest */
  readonly back: number;
  /** from the start of a daemon that was killed until it has removed what it left behind */
  readonly clean: number;
  /** the longest time both held one address, without the loss of a link, of which the kernel tells late */
  readonly overlap: number;
}

/** Adverts of calm that are watched, and least time of it. */
const CALM_ADVERTS = 5;
const CALM_MS = 1_000;
const CALM_ATTEMPTS = 8;
/** How long both may hold an address: an advert interval, and what a busy machine needs to act on one. */
const OVERLAP_SLACK_MS = 4_000;

/** Words that no log of an ordinary course has. */
const complaints =
  /invalid|mismatch|wrong|expected|unexpected|not present|error|bogus|unknown|unable|cannot|can't|failed|ignor|warning|misconfig/i;
/** What Debian's daemon says about its own surroundings in every run. */
const surroundings =
  /script user|keepalived_script|SECURITY|shutdown|Cannot get dbus|non-existent|^Command line|Running on Linux/i;

/** The kernel reports a lost carrier up to a second late (net/core/link_watch.c); until then both are master. */
const LINK_EVENT_MS = 1_000;

type Disturbance = "stop" | "kill" | "link";

/** Plays the row with these makes. @throws AssertionError, or an Error that says what was waited for in vain */
export async function play(row: MatrixCase, makes: Readonly<Record<Router, Make>>): Promise<MatrixTimes> {
  const wire = await Wire.build();
  let daemons: Record<Router, Daemon> | undefined;
  let watch: OwnerWatch | undefined;
  try {
    watch = await OwnerWatch.start(wire);
    daemons = {
      r1: new Daemon(wire, "r1", makes.r1, ["-P"]),
      r2: new Daemon(wire, "r2", makes.r2, ["-P"]),
    };
    return await new Play(row, wire, watch, daemons).run();
  } catch (error) {
    const logs = ROUTERS.map((r) => `---- ${r} (${makes[r]})\n${daemons?.[r].log() ?? ""}`).join("\n");
    throw new Error(`${error instanceof Error ? error.message : error}\n${logs}`, { cause: error });
  } finally {
    for (const daemon of Object.values(daemons ?? {})) await daemon.stop("SIGKILL");
    watch?.stop();
    await wire.remove();
  }
}

class Play {
  readonly #row: MatrixCase;
  readonly #wire: Wire;
  readonly #watch: OwnerWatch;
  readonly #daemons: Readonly<Record<Router, Daemon>>;
  #master: Router = "r1";
  #bare: Record<Router, readonly string[]> = { r1: [], r2: [] };
  #back = 0;
  #clean = 0;

  constructor(row: MatrixCase, wire: Wire, watch: OwnerWatch, daemons: Readonly<Record<Router, Daemon>>) {
    this.#row = row;
    this.#wire = wire;
    this.#watch = watch;
    this.#daemons = daemons;
  }

  async run(): Promise<MatrixTimes> {
    for (const router of ROUTERS) {
      this.#bare[router] = await this.#wire.snapshot(router);
      this.#daemons[router].configure(this.#row.configuration(router));
    }
    await this.#daemons.r1.start();
    // without preemption the first one wins, so the better one is let win first
    if (this.#row.returns === false) await this.#owns("r1", "the first router is elected");
    await this.#daemons.r2.start();
    await this.#owns("r1", "the better router is elected");
    await this.#asConfigured();
    await this.#calm();
    const stop = await this.#lose("stop");
    const kill = await this.#lose("kill");
    const overlap = this.#watch.longestOverlap(this.#row.vips);
    const link = await this.#lose("link");
    await this.#asConfigured();
    const longest = this.#watch.longestOverlap(this.#row.vips);
    for (const router of ROUTERS) assert.equal(await this.#daemons[router].stop(), 0, `${router} ends well`);
    for (const router of ROUTERS) await this.#leavesNothing(router);
    this.#noComplaints();
    const limit = this.#row.interval + OVERLAP_SLACK_MS;
    assert.ok(overlap <= limit, `two masters for ${overlap} ms`);
    assert.ok(longest <= limit + LINK_EVENT_MS, `two masters for ${longest} ms after a link was lost`);
    return { stop, kill, link, back: this.#back, clean: this.#clean, overlap };
  }

  /** The master goes, the other one takes over, and the way back. @returns how long the take-over took */
  async #lose(disturbance: Disturbance): Promise<number> {
    const gone = this.#master;
    const other = otherRouter(gone);
    const { vips, returns = true } = this.#row;
    const at = await this.#disturb(disturbance, gone);
    await this.#owns(other, `${other} takes over when ${gone} goes by ${disturbance}`);
    const took = this.#watch.lastGain(other, vips) - at;
    if (disturbance === "stop") await this.#leavesNothing(gone);
    const again = Date.now();
    await this.#restore(disturbance, gone);
    if (disturbance === "kill") {
      // what the dead one left behind looks like a second master, until it has cleaned up
      const cleaned = await until(`${gone} cleans up`, () => this.#watch.buriedUntil(gone));
      this.#clean = cleaned - again;
    }
    if (returns) {
      await this.#owns(gone, `${gone} is back after ${disturbance}`);
      this.#back = Math.max(this.#back, this.#watch.lastGain(gone, vips) - again);
    } else {
      this.#master = other;
      await until(`${gone} has heard that ${other} is master`, () => this.#isBackupAgain(gone));
      await this.#calm();
    }
    return took;
  }

  #isBackupAgain(router: Router): boolean {
    const log = this.#daemons[router].log();
    return log.lastIndexOf("Entering BACKUP STATE") > log.lastIndexOf("Entering MASTER STATE");
  }

  /** @returns when it happened, wall clock ms */
  async #disturb(disturbance: Disturbance, router: Router): Promise<number> {
    const now = Date.now();
    if (disturbance === "stop") assert.equal(await this.#daemons[router].stop(), 0);
    else if (disturbance === "link") await this.#wire.cable(router, "down");
    else {
      const at = await this.#daemons[router].kill();
      this.#watch.bury(router, at, this.#row.vips);
      return at;
    }
    return now;
  }

  async #restore(disturbance: Disturbance, router: Router): Promise<void> {
    if (disturbance === "link") await this.#wire.cable(router, "up");
    else await this.#daemons[router].start();
  }

  #owns(router: Router, what: string): Promise<unknown> {
    return until(what, () => this.#watch.isOwner(router, this.#row.vips));
  }

  /** Nothing changes hands for some adverts. A machine that stands still for 100 ms gets another chance. */
  async #calm(): Promise<void> {
    const { vips, interval } = this.#row;
    let before = 0;
    for (let attempt = 0; attempt < CALM_ATTEMPTS; attempt++) {
      before = this.#watch.changes(vips);
      await sleep(Math.max(CALM_MS, CALM_ADVERTS * interval));
      if (this.#watch.changes(vips) === before && this.#watch.isOwner(this.#master, vips)) return;
    }
    assert.equal(this.#watch.changes(vips), before, "nothing changes hands while nothing happens");
    assert.ok(this.#watch.isOwner(this.#master, vips));
  }

  /** Both routers have in their kernels what the row says, and nothing else. */
  async #asConfigured(): Promise<void> {
    const { master, backup = [] } = this.#row;
    for (const router of ROUTERS) {
      const expected = router === this.#master ? master : backup;
      await this.#has(router, expected);
    }
  }

  async #leavesNothing(router: Router): Promise<void> {
    assert.deepEqual(await this.#daemons[router].processes(), [], `no process on ${router}`);
    for (const name of ["keepalived", "vrrp"] as const)
      assert.equal(this.#daemons[router].pidOf(name), undefined, `no ${name}.pid on ${router}`);
    await this.#has(router, []);
  }

  /** What was added to a router's kernel; it may still be on its way. */
  async #has(router: Router, expected: readonly string[]): Promise<void> {
    const wanted = expected.map((line) => line.replaceAll("%N", `${numberOf(router)}`)).sort();
    let added: readonly string[] = [];
    const same = async (): Promise<boolean> => {
      const bare = new Set(this.#bare[router]);
      const now = await this.#wire.snapshot(router);
      const missing = this.#bare[router].filter((line) => !now.includes(line)).map((line) => `lost: ${line}`);
      added = [...now.filter((line) => !bare.has(line)), ...missing];
      return added.join("\n") === wanted.join("\n");
    };
    await until(`the kernel of ${router}`, same, 30).catch(() => assert.deepEqual(added, wanted));
  }

  #noComplaints(): void {
    for (const router of ROUTERS) {
      const lines = this.#daemons[router]
        .log()
        .split("\n")
        .map((line) => line.replace(/^\w{3} \w{3} +\d+ [\d:]+ \d{4}: /, ""))
        .filter((line) => complaints.test(line) && !surroundings.test(line))
        .filter((line) => this.#row.tolerated?.test(line) !== true);
      assert.deepEqual(lines, [], `complaints of ${router}`);
    }
  }
}
