/** What a reload does to the wire and to the kernel: nothing, unless the configuration says otherwise. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Daemon } from "../lab/daemon.ts";
import { until } from "../lab/shell.ts";
import { Tap } from "../lab/tap.ts";
import { Wire } from "../lab/wire.ts";

const INTERVAL_MS = 500;
const WINDOW_MS = 5_000;

interface Block {
  readonly name: string;
  readonly id: number;
  readonly vips: readonly string[];
  readonly priority?: number;
}

function configuration(...blocks: readonly Block[]): string {
  return blocks
    .map(
      ({ name, id, vips, priority = 100 }) => `vrrp_instance ${name} {
    state BACKUP
    version 3
    interface eth0
    virtual_router_id ${id}
    priority ${priority}
    advert_int ${INTERVAL_MS / 1000}
    garp_master_delay 0
    virtual_ipaddress {
${vips.map((v) => `        ${v}`).join("\n")}
    }
}
`,
    )
    .join("");
}

const one = { name: "VI_1", id: 51, vips: ["10.9.0.100", "10.9.0.101"] };
const two = { name: "VI_2", id: 52, vips: ["10.9.0.110"] };

describe("a reload", { concurrency: 1 }, () => {
  let wire: Wire;
  let daemon: Daemon;
  let tap: Tap;
  let monitor: ChildProcess;
  let kernel = "";

  before(async () => {
    wire = await Wire.build();
    tap = await Tap.start(wire.inside("r2", []), "eth0");
    const namespace = wire.namespace("r1");
    monitor = spawn("ip", ["-n", namespace, "-o", "monitor", "link", "address", "route", "rule"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    monitor.stdout?.on("data", (data: Buffer) => {
      kernel += data.toString();
    });
    daemon = new Daemon(wire, "r1", "ours", ["-P"]);
  });
  after(async () => {
    await daemon?.stop("SIGKILL");
    tap?.stop();
    monitor?.kill("SIGKILL");
    await wire?.remove();
  });
  beforeEach(async () => {
    await daemon.start(configuration(one, two));
    await until("both instances are master", () => holds("10.9.0.101", "10.9.0.110"));
    await sleep(2 * INTERVAL_MS);
  });
  afterEach(async () => {
    await daemon.stop();
  });

  const holds = async (...addresses: readonly string[]): Promise<boolean> => {
    const lines = await wire.snapshot("r1");
    return addresses.every((a) => lines.some((line) => line.startsWith(`addr eth0 inet ${a}/`)));
  };
  /** Reloads, and lets some adverts pass before, in between and after. */
  const reload = async (text: string, times = 1): Promise<void> => {
    tap.clear();
    kernel = "";
    for (let i = 0; i < times; i++) {
      await sleep(WINDOW_MS / (times + 1));
      const from = daemon.log().length;
      daemon.reload(text);
      await until("the reload is done", () => daemon.log().slice(from).includes("Reload complete"));
    }
    await sleep(WINDOW_MS / (times + 1));
  };
  const advertsOf = (id: number) => tap.adverts().filter((a) => a.virtualRouterId === id);
  /** As many adverts as intervals; a busy machine may send one late, but sends no other. */
  const evenly = (id: number): void => {
    const times = advertsOf(id).map(({ at }) => at / 1000);
    const intervals = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / INTERVAL_MS;
    assert.ok(times.length >= 5, `only ${times.length} adverts`);
    assert.ok(times.length - 1 - intervals < 1, `${times.length} adverts in ${intervals} intervals`);
    assert.ok(intervals - (times.length - 1) < 1, `${times.length} adverts in ${intervals} intervals`);
  };
  const changes = (): readonly string[] => kernel.split("\n").filter((line) => line !== "");

  test("that changes nothing sends nothing, touches no kernel object and loses no advert", async () => {
    await reload(configuration(one, two), 6);
    evenly(51);
    evenly(52);
    assert.deepEqual(new Set(tap.adverts().map((a) => a.priority)), new Set([100]));
    assert.deepEqual(tap.gratuitousArps(), []);
    assert.deepEqual(changes(), []);
  });

  test("that only moves and renames blocks is one that changes nothing", async () => {
    await reload(`\n! a comment\n${configuration({ ...two, name: "renamed" }, one)}`);
    evenly(51);
    evenly(52);
    assert.deepEqual(tap.gratuitousArps(), []);
    assert.deepEqual(changes(), []);
  });

  test("moves an address between two masters at once, without taking it off the interface", async () => {
    const [kept = "", moved = ""] = one.vips;
    await reload(configuration({ ...one, vips: [kept] }, { ...two, vips: [...two.vips, moved] }));
    evenly(51);
    evenly(52);
    assert.deepEqual(advertsOf(51).at(-1)?.addresses, [kept]);
    assert.deepEqual(advertsOf(52).at(-1)?.addresses, [...two.vips, moved]);
    assert.ok(await holds(kept, moved));
    assert.deepEqual(
      changes().filter((line) => line.startsWith("Deleted")),
      [],
    );
    assert.ok(tap.gratuitousArps().includes(moved), "neighbours are told");
  });

  test("takes one address away and brings another, and leaves the rest alone", async () => {
    const [kept = "", gone = ""] = one.vips;
    await reload(configuration({ ...one, vips: [kept, "10.9.0.102"] }, two));
    evenly(51);
    evenly(52);
    assert.ok(await holds(kept, "10.9.0.102", "10.9.0.110"));
    assert.ok(!(await holds(gone)));
    const addresses = changes().filter((line) => line.includes(" inet "));
    assert.equal(addresses.length, 2, addresses.join("\n"));
    assert.ok(tap.gratuitousArps().includes("10.9.0.102"));
  });

  test("resigns for an instance that is gone and elects one that is new, and the third notices nothing", async () => {
    await reload(configuration(one, { name: "VI_3", id: 53, vips: two.vips }));
    evenly(51);
    const last = advertsOf(52).at(-1);
    assert.equal(last?.priority, 0);
    await until("the new instance is master", () => advertsOf(53).some((a) => a.priority === 100));
    assert.ok(await holds(...two.vips));
  });

  test("leaves a backup where it is, and keeps its sockets", async () => {
    const better = new Daemon(wire, "r2", "ours", ["-P"]);
    await better.start(configuration({ ...one, priority: 200 }, { ...two, priority: 200 }));
    try {
      await until(
        "nothing is held",
        async () => !(await holds("10.9.0.100")) && !(await holds("10.9.0.110")),
      );
      const sockets = async () =>
        (await wire.run("r1", ["cat", "/proc/net/raw"]))
          .split("\n")
          .map((line) => line.trim().split(/\s+/)[9])
          .sort();
      const before = await sockets();
      const from = daemon.log().length;
      await reload(configuration(one, two), 3);
      assert.deepEqual(await sockets(), before);
      assert.doesNotMatch(daemon.log().slice(from), /MASTER/);
      assert.deepEqual(new Set(tap.adverts().map((a) => a.priority)), new Set([200]));
      assert.deepEqual(changes(), []);
    } finally {
      await better.stop("SIGKILL");
    }
  });

  test("changes the priority without an advert too many or too few", async () => {
    await reload(configuration({ ...one, priority: 120 }, two));
    evenly(51);
    assert.equal(advertsOf(51).at(-1)?.priority, 120);
    assert.deepEqual(tap.gratuitousArps(), []);
    assert.deepEqual(changes(), []);
  });
});
