/** Our sessions with Debian's keepalived and with FRR's bfdd. */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { until } from "../lab/shell.ts";
import { Bfdd } from "./frr.ts";
import { Row, session } from "./net.ts";

async function rowFor(t: TestContext): Promise<Row> {
  const row = await Row.build();
  t.after(() => row.remove());
  return row;
}

/** What nobody should have to say. */
const complaints = /Discarding|discarding|Packet|sendto|[Ee]rror (?!Echo)/;

const theirs = (neighbor: string, source: string, more = ""): string => `
bfd_instance peer {
    neighbor_ip ${neighbor}
    source_ip ${source}
    min_rx 100
    min_tx 100
    multiplier 10
    ${more}
}
`;

describe("with Debian's keepalived", { concurrency: 2 }, () => {
  for (const [family, one, two] of [
    ["IPv4", "10.8.0.1", "10.8.0.2"],
    ["IPv6", "fd08::1", "fd08::2"],
  ] as const) {
    for (const first of ["ours", "theirs"] as const)
      test(`a session over ${family} comes up, ${first} being first, and both see the other die`, async (t) => {
        const row = await rowFor(t);
        const start = {
          ours: () => row.ours(1, session(two, one)),
          theirs: () => row.debian(2, theirs(one, two)),
        };
        const early = start[first]();
        await early.says(first === "ours" ? "told" : "Startup complete");
        const late = start[first === "ours" ? "theirs" : "ours"]();
        const [ours, debian] = first === "ours" ? [early, late] : [late, early];
        await ours.is("Up");
        await debian.says("(peer) Entering Up state");
        await until("they have agreed", async () => (await ours.look())?.polling === false);
        const { interval, detectionTime } = (await ours.look()) ?? {};
        assert.deepEqual([interval, detectionTime], [100_000, 1_000_000]);
        assert.deepEqual([...ours.lines(complaints), ...debian.lines(complaints)], []);

        await debian.stop();
        await ours.is("Down");
        assert.deepEqual(ours.told, ["peer down", "peer up", "peer down"]);
        const again = row.debian(2, theirs(one, two));
        await ours.is("Up");
        await again.says("(peer) Entering Up state");
        await ours.stop("SIGKILL");
        await again.says(
          "(peer) Entering Down state (Local diagnostic - Control Detection Time Expired, Remote diagnostic - No Diagnostic)",
        );
        const anew = row.ours(1, session(two, one));
        await anew.is("Up");
        await again.says("(peer) Entering Up state", 2);
      });
  }

  test("our stop is silent: it finds out by its detection time and tells those who track the session", async (t) => {
    const row = await rowFor(t);
    const ours = row.ours(1, session("10.8.0.2", "10.8.0.1"));
    const debian = row.debian(2, theirs("10.8.0.1", "10.8.0.2"));
    await ours.is("Up");
    await debian.says("Starting poll sequence");
    await ours.stop();
    await debian.says(
      "(peer) Entering Down state (Local diagnostic - Control Detection Time Expired, Remote diagnostic - No Diagnostic)",
    );
  });

  test("either may be passive", async (t) => {
    const row = await rowFor(t);
    const ours = row.ours(1, session("10.8.0.2", "10.8.0.1"));
    await row.debian(2, theirs("10.8.0.1", "10.8.0.2", "passive")).says("(peer) Entering Up state");
    await ours.is("Up");
    const turned = await rowFor(t);
    const passive = turned.ours(1, session("10.8.0.2", "10.8.0.1", { passive: true }));
    await turned.debian(2, theirs("10.8.0.1", "10.8.0.2")).says("(peer) Entering Up state");
    await passive.is("Up");
  });
});

describe("with FRR's bfdd", () => {
  const peers = `
 peer 10.8.0.1 local-address 10.8.0.2 interface eth0
  receive-interval 100
  transmit-interval 100
  detect-multiplier 10
 !
 peer fd08::1 local-address fd08::2
  receive-interval 150
  transmit-interval 150
  detect-multiplier 10
 !`;
  const ours = [
    session("10.8.0.2", "10.8.0.1"),
    session("fd08::2", "fd08::1", { name: "six", multiplier: 8 }),
  ] as const;

  test("sessions over both families come up with the intervals of both, and end either way", async (t) => {
    const row = await rowFor(t);
    const frr = await Bfdd.start(row, 2, peers);
    const a = row.ours(1, ...ours);
    await a.is("Up");
    await a.is("Up", "six");
    await frr.is("up", "10.8.0.1");
    await frr.is("up", "fd08::1");
    await until("they have agreed", async () => (await a.look("six"))?.interval === 150_000);
    const six = await a.look("six");
    assert.deepEqual([six?.interval, six?.detectionTime], [150_000, 1_500_000]);
    const seen = await frr.peer("fd08::1");
    assert.deepEqual([seen?.["remote-transmit-interval"], seen?.["remote-detect-multiplier"]], [100, 8]);
    assert.deepEqual(a.lines(complaints), []);

    // an end on purpose, theirs
    await frr.configure("peer fd08::1 local-address fd08::2", "shutdown");
    await a.is("Down", "six");
    assert.equal((await a.look("six"))?.diagnostic, 3);
    assert.deepEqual(
      a.told.filter((line) => line.startsWith("six")),
      ["six down", "six up"],
    );
    await frr.configure("peer fd08::1 local-address fd08::2", "no shutdown");
    await a.is("Up", "six");

    // other intervals while up
    await frr.configure(
      "peer fd08::1 local-address fd08::2",
      "receive-interval 400",
      "transmit-interval 500",
    );
    await until("ours follows", async () => {
      const s = await a.look("six");
      return s?.interval === 400_000 && s.detectionTime === 5_000_000;
    });
    assert.equal((await a.look("six"))?.state, "Up");

    // an end on purpose, ours
    await a.stop();
    await frr.is("down", "10.8.0.1");
    assert.equal((await frr.peer("10.8.0.1"))?.diagnostic, "control detection time expired");

    // a death, ours and theirs
    const again = row.ours(1, ...ours);
    await again.is("Up");
    await frr.is("up", "10.8.0.1");
    await again.stop("SIGKILL");
    await frr.is("down", "10.8.0.1");
    assert.equal((await frr.peer("10.8.0.1"))?.diagnostic, "control detection time expired");
    const third = row.ours(1, ...ours);
    await third.is("Up");
    await frr.kill();
    await third.is("Down");
    assert.match(
      third.lines(/^\(peer\).*Down/)[0] ?? "",
      /Local diagnostic - Control Detection Time Expired/,
    );
  });

  test("a session over two hops comes up", async (t) => {
    const row = await rowFor(t);
    const frr = await Bfdd.start(
      row,
      3,
      " peer 10.8.0.1 multihop local-address 10.9.0.3\n  receive-interval 100\n  transmit-interval 100\n !",
    );
    const a = row.ours(1, session("10.9.0.3", "10.8.0.1", { multihop: true, minTtl: 254 }));
    await a.is("Up");
    await frr.is("up", "10.8.0.1");
    assert.deepEqual(a.lines(complaints), []);
  });

  test("a passive FRR is spoken to, and a passive session of ours answers", async (t) => {
    const row = await rowFor(t);
    const frr = await Bfdd.start(row, 2, `${peers.replace("detect-multiplier 10", "passive-mode")}`);
    const a = row.ours(
      1,
      session("10.8.0.2", "10.8.0.1"),
      session("fd08::2", "fd08::1", { name: "six", passive: true }),
    );
    await a.is("Up");
    await a.is("Up", "six");
    await frr.is("up", "10.8.0.1");
    await frr.is("up", "fd08::1");
  });
});
