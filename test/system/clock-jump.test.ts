/**
 * The wall clock jumps by a day, forth and back: no timer may notice. Runs only in a guest, whose clock
 * belongs to the test.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Daemon } from "../lab/daemon.ts";
import { OwnerWatch } from "../lab/owner-watch.ts";
import { run, until } from "../lab/shell.ts";
import { ROUTERS, Wire } from "../lab/wire.ts";
import { configuration, INTERVAL, VIP } from "./vrrp-faults.ts";

/** Three adverts and the skew would be less than two seconds. */
const CALM_MS = 10 * INTERVAL;
const DAY_SECONDS = 86_400;

async function shiftClock(seconds: number): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  await run(["date", "-s", `@${now + seconds}`]);
  const reached = Math.floor(Date.now() / 1000);
  assert.ok(Math.abs(reached - now - seconds) < 60, "the clock obeys");
}

describe("a clock that jumps", { concurrency: 1 }, () => {
  let wire: Wire;
  let watch: OwnerWatch;
  let daemons: readonly Daemon[] = [];

  before(async () => {
    assert.match(
      readFileSync("/proc/cpuinfo", "utf8"),
      /User Mode Linux/,
      "this machine's clock is not ours",
    );
    wire = await Wire.build();
    watch = await OwnerWatch.start(wire);
    daemons = ROUTERS.map((router) => new Daemon(wire, router, "ours", ["-P"]));
    for (const [i, router] of ROUTERS.entries()) await daemons[i]?.start(configuration(router));
    await until("r1 is master", () => watch.isOwner("r1", [VIP]));
  });
  after(async () => {
    for (const daemon of daemons) await daemon.stop("SIGKILL");
    watch?.stop();
    await wire?.remove();
  });

  for (const [what, seconds] of [
    ["a day ahead", DAY_SECONDS],
    ["two days back", -2 * DAY_SECONDS],
  ] as const)
    test(`${what} changes nothing`, async () => {
      const before = watch.changes([VIP]);
      await shiftClock(seconds);
      await sleep(CALM_MS);
      assert.equal(watch.changes([VIP]), before);
      assert.ok(watch.isOwner("r1", [VIP]));
    });

  test("and the backup still takes over when the master stops", async () => {
    await daemons[0]?.stop();
    await until("r2 is master", () => watch.isOwner("r2", [VIP]));
  });
});
