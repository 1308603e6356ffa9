/** The whole daemon with BFD: which processes run, and who hears of a session's end, how. */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { stays, until } from "../lab/shell.ts";
import { type Process, Row, session } from "./net.ts";

async function rowFor(t: TestContext): Promise<Row> {
  const row = await Row.build();
  t.after(() => row.remove());
  return row;
}

const bfd = (more = ""): string => `
bfd_instance peer {
    neighbor_ip 10.8.0.2
    source_ip 10.8.0.1
    min_rx 100
    min_tx 100
    multiplier 10
    ${more}
}
`;
const vrrp = (tracking: string): string => `
vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    priority 100
    ${tracking}
    virtual_ipaddress {
        10.8.0.100
    }
}
`;
const other = session("10.8.0.1", "10.8.0.2");

/** The words of VRRP about its state and its trackers, in order. */
const course = (daemon: Process) => daemon.lines(/\(VI_1\) (Entering|.*FAULT|.*priority)|VRRP_Instance/);

describe("the daemon", { concurrency: 2 }, () => {
  test("an instance that tracks a session is in fault until it is up, and again when it falls", async (t) => {
    const row = await rowFor(t);
    const daemon = row.daemon(1, bfd() + vrrp("track_bfd {\n peer\n }"));
    await daemon.says("(VI_1) Entering FAULT STATE (init)");
    const peer = row.ours(2, other);
    await daemon.says("VRRP_Instance(VI_1) Tracked BFD instance peer is UP");
    await daemon.says("(VI_1) Entering MASTER STATE");
    await peer.stop("SIGKILL");
    await daemon.says("Tracked BFD instance peer is DOWN");
    await daemon.says("(VI_1) Entering FAULT STATE\n");
    assert.deepEqual(daemon.lines(/VRRP_Instance/), [
      "VRRP_Instance(VI_1) Tracked BFD instance peer is UP",
      "VRRP_Instance(VI_1) Tracked BFD instance peer is DOWN",
    ]);
    assert.match(
      daemon.lines(/Received BFD event/).at(-1) ?? "",
      /^Received BFD event: instance peer is in state Down \(delivered in \d+ usec\)$/,
    );
    assert.ok(!(await row.ip(1, "addr show dev eth0")).includes("10.8.0.100"), course(daemon).join("\n"));
  });

  test("weights of bfd_instance and track_bfd count, and those that only checkers hear do not", async (t) => {
    // neighbours come when the instance has begun: what is up before that is no change
    const row = await rowFor(t);
    const daemon = row.daemon(1, bfd("weight 20") + vrrp("track_bfd {\n peer\n }"));
    await daemon.says("(VI_1) Entering BACKUP STATE");
    row.ours(2, other);
    await daemon.says("Changing effective priority from 100 to 120");
    const reversed = await rowFor(t);
    const second = reversed.daemon(1, bfd("weight 20") + vrrp("track_bfd {\n peer weight 30 reverse\n }"));
    await second.says("(VI_1) Entering BACKUP STATE");
    reversed.ours(2, other);
    await second.says("Changing effective priority from 100 to 70");
    const deaf = await rowFor(t);
    const third = deaf.daemon(1, bfd("checker") + vrrp("track_bfd {\n peer\n }"));
    await third.says("(VI_1) Entering FAULT STATE");
    deaf.ours(2, other);
    await third.says("(peer) Entering Up state");
    await stays("VRRP hears nothing", () => !third.output.includes("Received BFD event"), 1);
  });

  test("news passes a parent that does nothing", async (t) => {
    const row = await rowFor(t);
    const peer = row.ours(2, other);
    const daemon = row.daemon(1, bfd() + vrrp("track_bfd {\n peer\n }"));
    await daemon.says("(VI_1) Entering MASTER STATE");
    daemon.signal("SIGSTOP");
    await peer.stop("SIGKILL");
    await daemon.says("Tracked BFD instance peer is DOWN");
    await daemon.says("(VI_1) Entering FAULT STATE");
    daemon.signal("SIGCONT");
  });

  test("a VRRP process that begins anew is told, and a BFD process that begins anew finds its neighbour", async (t) => {
    const row = await rowFor(t);
    row.ours(2, other);
    const daemon = row.daemon(1, bfd() + vrrp("track_bfd {\n peer\n }"));
    await daemon.says("(VI_1) Entering MASTER STATE");
    process.kill(daemon.childPid("r") ?? 0, "SIGKILL");
    await daemon.says("VRRP child process(");
    await daemon.says("(VI_1) Entering MASTER STATE", 2);
    const killed = daemon.childPid("b") ?? 0;
    process.kill(killed, "SIGKILL");
    await daemon.says(`BFD child process(${killed}) died: Respawning`);
    await daemon.says("Tracked BFD instance peer is DOWN");
    await daemon.says("(VI_1) Entering MASTER STATE", 3);
  });

  test("the BFD process runs when there are sessions, from a reload on, and stops with the daemon", async (t) => {
    const row = await rowFor(t);
    row.ours(2, other);
    const daemon = row.daemon(1, vrrp(""));
    await daemon.says("Startup complete");
    assert.equal(daemon.childPid("b"), undefined);
    daemon.configure(bfd() + vrrp(""));
    await daemon.says("Reload complete");
    const pid = daemon.childPid("b");
    assert.ok(daemon.output.includes(`Starting BFD child process, pid=${pid}\n`));
    await daemon.says("Received BFD event: instance peer is in state Up");
    daemon.configure(bfd() + vrrp(""));
    await daemon.says("Reload complete", 2);
    assert.equal(daemon.childPid("b"), pid);
    assert.equal(daemon.lines(/Entering Down/).length, 0);
    daemon.configure(vrrp(""));
    await daemon.says("Reload complete", 3);
    await until("the process idles", () => daemon.childPid("b") === pid);
    await daemon.stop();
    assert.equal(daemon.status, 0);
    assert.equal(daemon.childPid("b"), undefined);
  });

  test("-B runs no BFD process", async (t) => {
    const row = await rowFor(t);
    const daemon = row.daemon(1, bfd() + vrrp("track_bfd {\n peer\n }"), "-B");
    await daemon.says("(VI_1) Entering FAULT STATE");
    await daemon.says("Startup complete");
    assert.equal(daemon.output.includes("BFD child"), false);
  });

  test("a port that another program holds ends the daemon, as keepalived's does", async (t) => {
    const row = await rowFor(t);
    const holder = row.ours(1, session("10.8.0.9", undefined));
    await holder.says("told");
    const daemon = row.daemon(1, bfd() + vrrp(""));
    await until("its end", () => daemon.ended);
    assert.equal(daemon.status, 1);
    assert.ok(daemon.output.includes("Unable to open listening socket"));
    assert.match(daemon.output, /pid \d+ exited with permanent error FATAL\. Terminating/);
  });
});
