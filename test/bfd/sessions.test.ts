/** Our sessions with each other over real sockets, one hop and two. */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { millis } from "../../src/base/units.ts";
import { until } from "../lab/shell.ts";
import { Row, session } from "./net.ts";

/** A row that goes with its test. */
async function rowFor(t: TestContext): Promise<Row> {
  const row = await Row.build();
  t.after(() => row.remove());
  return row;
}

describe("two systems of ours", { concurrency: 2 }, () => {
  for (const [family, one, two] of [
    ["IPv4", "10.8.0.1", "10.8.0.2"],
    ["IPv6", "fd08::1", "fd08::2"],
  ] as const) {
    test(`come up over ${family} at the intervals agreed, and see each other die and return`, async (t) => {
      const row = await rowFor(t);
      const a = row.ours(1, session(two, one));
      const b = row.ours(2, session(one, undefined, { minTx: millis(200) }));
      await a.is("Up");
      await b.is("Up");
      await until("they have agreed", async () => {
        const [mine, other] = [await a.look(), await b.look()];
        return mine?.polling === false && other?.polling === false;
      });
      assert.deepEqual(a.told.slice(0, 2), ["peer down", "peer up"]);
      const { sourcePort: port, interval, detectionTime } = (await a.look()) ?? {};
      assert.ok(port && port >= 49_152 && port <= 65_535, `source port ${port} (RFC 5881 §4)`);
      assert.deepEqual([interval, detectionTime], [100_000, 2_000_000]);
      await b.stop("SIGKILL");
      await a.is("Down");
      assert.equal((await a.look())?.diagnostic, 1);
      assert.equal(a.told.at(-1), "peer down");
      assert.match(a.lines(/Expired/)[0] ?? "", /^\(peer\) Expired after 2000 ms \(\d+ usec overdue\)$/);
      const again = row.ours(2, session(one, undefined));
      await again.is("Up");
      await a.is("Up");
      assert.equal(a.told.at(-1), "peer up");
    });
  }

  test("a stop is silent, and the other's detection time alarms whoever tracks it, as does a cut wire", async (t) => {
    const row = await rowFor(t);
    const a = row.ours(1, session("10.8.0.2", undefined));
    const b = row.ours(2, session("10.8.0.1", undefined));
    await a.is("Up");
    await b.is("Up");
    await b.stop();
    await a.says("Entering Down state");
    assert.deepEqual(a.lines(/Down state/), [
      "(peer) Entering Down state (Local diagnostic - Control Detection Time Expired, Remote diagnostic - No Diagnostic)",
    ]);
    await until("a has told it", () => a.told.length === 3);
    assert.deepEqual(a.told, ["peer down", "peer up", "peer down"]);
    const again = row.ours(2, session("10.8.0.1", undefined));
    await again.is("Up");
    await until("a has told it", () => a.told.length === 4);
    await row.ip(2, "link set eth0 down");
    await a.is("Down");
    await again.is("Down");
    assert.deepEqual(a.told, ["peer down", "peer up", "peer down", "peer up", "peer down"]);
    await row.ip(2, "link set eth0 up");
    await a.is("Up");
    await again.is("Up");
  });

  test("a reload keeps session, port and discriminator, and polls for new intervals", async (t) => {
    const row = await rowFor(t);
    const a = row.ours(1, session("10.8.0.2", "10.8.0.1"));
    const b = row.ours(2, session("10.8.0.1", "10.8.0.2"));
    await a.is("Up");
    await b.is("Up");
    const before = await a.look();
    await a.reload(
      session("10.8.0.2", "10.8.0.1", { minTx: millis(300), minRx: millis(400), multiplier: 12 }),
    );
    await until("the other has agreed", async () => (await a.look())?.interval === 300_000);
    const other = await b.look();
    assert.deepEqual([other?.interval, other?.detectionTime], [400_000, 3_600_000]);
    const after = await a.look();
    assert.equal(after?.sourcePort, before?.sourcePort);
    assert.equal(after?.localDiscriminator, before?.localDiscriminator);
    assert.equal(after?.state, "Up");
    assert.deepEqual(b.lines(/Entering Down/), []);
    assert.deepEqual(a.told, ["peer down", "peer up", "peer up"]);
  });

  test("a session that leaves the configuration falls silent and the others go on", async (t) => {
    const row = await rowFor(t);
    const stays = session("fd08::2", undefined, { name: "stays" });
    const a = row.ours(1, session("10.8.0.2", undefined), stays);
    const b = row.ours(2, session("10.8.0.1", undefined), session("fd08::1", undefined, { name: "stays" }));
    await a.is("Up");
    await a.is("Up", "stays");
    await b.is("Up", "stays");
    await a.reload(stays);
    assert.match(a.output, /reloaded \{"added":0,"removed":1,"changed":0\}/);
    await b.is("Down");
    assert.match(b.lines(/Entering Down/)[0] ?? "", /Local diagnostic - Control Detection Time Expired/);
    assert.equal((await b.look("stays"))?.state, "Up");
    await until("b has told it", () => b.told.at(-1) === "peer down");
  });

  test("passive systems wait for the other to speak (RFC 5880 §6.1)", async (t) => {
    const row = await rowFor(t);
    const passive = (neighbor: string) => session(neighbor, undefined, { passive: true });
    const a = row.ours(1, passive("10.8.0.2"));
    const b = row.ours(2, passive("10.8.0.1"));
    await a.says("told");
    await b.says("told");
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assert.deepEqual([(await a.look())?.remote, (await b.look())?.remote], [null, null]);
    await b.reload(session("10.8.0.1", undefined));
    await a.is("Up");
    await b.is("Up");
  });

  test("one hop too many is dropped, unless the configuration allows it (RFC 5881 §5, RFC 5883)", async (t) => {
    const row = await rowFor(t);
    const near = (neighbor: string, minTtl: number) => session(neighbor, undefined, { minTtl });
    const a = row.ours(1, near("10.9.0.3", 255));
    const b = row.ours(3, near("10.8.0.1", 255));
    await a.says("Packet ttl(254) < 255 - discarding");
    await b.says("Packet ttl(254) < 255 - discarding");
    assert.deepEqual([(await a.look())?.remote, (await b.look())?.remote], [null, null]);
    await a.reload(near("10.9.0.3", 254));
    await b.reload(near("10.8.0.1", 254));
    await a.is("Up");
    await b.is("Up");
    assert.equal(a.lines(/discarding/).length, 1, "a complaint was repeated");
  });

  test("multihop sessions live on their own port beside single-hop ones", async (t) => {
    const row = await rowFor(t);
    const far = { name: "far", multihop: true, minTtl: 254 };
    const a = row.ours(1, session("10.9.0.3", "10.8.0.1", far), session("10.8.0.2", "10.8.0.1"));
    const b = row.ours(2, session("10.8.0.1", "10.8.0.2"));
    const c = row.ours(3, session("10.8.0.1", undefined, far));
    await a.is("Up", "far");
    await a.is("Up");
    await b.is("Up");
    await c.is("Up", "far");
    const listening = (await row.inside(3, ["cat", "/proc/net/udp6"])).match(/:(12B0|0EC8) /g);
    assert.deepEqual(listening, [":12B0 "], "only 4784 is open where only multihop sessions are");
  });

  test("a session without its source address is down until the address is there and somebody speaks", async (t) => {
    const row = await rowFor(t);
    const a = row.ours(1, session("10.8.0.2", "10.8.0.77"));
    await a.says("Unable to open output socket, disabling instance");
    assert.deepEqual(a.lines(/^\(peer\)/), [
      "(peer) bind() error (EADDRNOTAVAIL)",
      "(peer) Unable to open output socket, disabling instance",
      "(peer) Entering AdminDown state",
    ]);
    await a.is("AdminDown");
    await row.ip(1, "addr add 10.8.0.77/24 dev eth0");
    const b = row.ours(2, session("10.8.0.77", "10.8.0.2"));
    await a.is("Up");
    await b.is("Up");
    assert.deepEqual(a.told, ["peer down", "peer up"]);
  });

  test("a source address that goes is said once, and the session falls by itself", async (t) => {
    const row = await rowFor(t);
    const a = row.ours(1, session("10.8.0.2", "10.8.0.1"));
    const b = row.ours(2, session("10.8.0.1", "10.8.0.2"));
    await a.is("Up");
    await b.is("Up");
    await row.ip(1, "addr del 10.8.0.1/24 dev eth0");
    await b.is("Down");
    await a.is("Down");
    await a.says("Error sending packet");
    assert.equal(a.lines(/Error sending packet/).length, 1);
    await row.ip(1, "addr add 10.8.0.1/24 dev eth0");
    await a.is("Up");
    await b.is("Up");
  });

  test("without a socket to hear with the process gives up; with one of two it goes on", async (t) => {
    const row = await rowFor(t);
    const first = row.ours(1, session("10.8.0.2", undefined));
    await first.says("told");
    const second = row.ours(1, session("10.8.0.9", undefined));
    await until("its end", () => second.ended);
    assert.equal(second.status, 1);
    assert.deepEqual(second.lines(/./), [
      "bind() error EADDRINUSE on UDP port 3784",
      "Unable to open listening socket",
    ]);
    const third = row.ours(
      1,
      session("10.8.0.9", undefined),
      session("10.8.0.2", undefined, { multihop: true, name: "far" }),
    );
    await third.says("told far down");
    assert.equal(third.ended, false);
  });

  test("garbage is complained about once a minute and harms nobody", async (t) => {
    const row = await rowFor(t);
    const a = row.ours(1, session("10.8.0.2", undefined));
    const b = row.ours(2, session("10.8.0.1", undefined));
    await a.is("Up");
    const script = `
      const { randomBytes } = require("node:crypto");
      const socket = require("node:dgram").createSocket("udp4");
      const good = Buffer.from("20c003180000000700000000000186a0000186a000000000", "hex");
      socket.bind(() => {
        socket.setTTL(255);
        const send = (bytes) => new Promise((done) => socket.send(bytes, 3784, "10.8.0.1", done));
        (async () => {
          for (let i = 0; i < 200; i++) {
            await send(good.subarray(0, i % 24));
            await send(randomBytes(24));
            await send(Buffer.concat([good.subarray(0, 8), randomBytes(4), good.subarray(12)]));
          }
          socket.close();
        })();
      });
    `;
    await row.inside(2, [process.execPath, "-e", script]);
    await a.says("session is not found");
    assert.equal(a.lines(/Packet is too small/).length, 1);
    assert.ok(a.lines(/Packet|Discarding/).length < 50, "complaints are not bounded");
    assert.deepEqual(a.told, ["peer down", "peer up"]);
    assert.equal(b.lines(/Entering Down/).length, 0);
  });
});
