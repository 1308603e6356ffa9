/**
 * One balancer alone, on any kernel: start, reload, stop, and being killed. What Debian's C keepalived
 * does as well is asked of both; what we promise beyond it is asked of ours.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { Daemon, type Make } from "../lab/daemon.ts";
import { kernelHasIpvs } from "../lab/ipvs.ts";
import { run, stays, until } from "../lab/shell.ts";
import { ADDRESS, INTERFACE, Topology } from "../lab/topology.ts";
import { exampleConfiguration } from "./pair.ts";

const OWN = ADDRESS.lb1;

/** A router whose adverts are so close together that it is master soon. */
function configuration(addresses: readonly string[], more = ""): string {
  return [
    "vrrp_instance VI_1 {",
    `    interface ${INTERFACE}`,
    "    virtual_router_id 51",
    "    priority 150",
    "    advert_int 1",
    more,
    "    virtual_ipaddress {",
    ...addresses.map((address) => `        ${address}`),
    "    }",
    "}",
    "",
  ].join("\n");
}

function describeMake(make: Make): void {
  describe(`a single balancer by ${make}`, { concurrency: 1 }, () => {
    let topology: Topology;
    let daemon: Daemon;

    before(async () => {
      topology = await Topology.build();
    });
    after(async () => {
      await topology?.remove();
    });
    beforeEach(() => {
      daemon = new Daemon(topology, "lb1", make);
    });
    afterEach(async () => {
      await daemon.stop();
    });

    const holds = async (addresses: readonly string[]) => {
      const expected = [OWN, ...addresses].join();
      let seen = "";
      await until(`the addresses ${expected}`, async () => {
        seen = (await topology.addresses("lb1")).join();
        return seen === expected;
      }).catch(() => assert.equal(seen, expected, daemon.log()));
    };

    test("adds and removes addresses by reload in the same process, keeping the others untouched", async () => {
      await daemon.start(configuration(["10.255.23.73", "10.255.23.75/24"]));
      await holds(["10.255.23.73", "10.255.23.75"]);
      const parent = daemon.pidOf("keepalived");
      const child = daemon.pidOf("vrrp");
      const before = daemon.log().length;
      daemon.reload(configuration(["10.255.23.73", "10.255.23.76/32"]));
      await holds(["10.255.23.73", "10.255.23.76"]);
      assert.equal(daemon.pidOf("keepalived"), parent);
      assert.equal(daemon.pidOf("vrrp"), child);
      assert.doesNotMatch(daemon.log().slice(before), /Entering BACKUP STATE/);
    });

    test("leaves nothing behind when it is told to stop, and exits 0", async () => {
      await daemon.start(configuration(["10.255.23.73"]));
      await holds(["10.255.23.73"]);
      assert.equal(await daemon.stop(), 0);
      assert.deepEqual(await topology.addresses("lb1"), [OWN]);
      assert.equal(existsSync(daemon.pidFile("keepalived")), false);
      assert.equal(existsSync(daemon.pidFile("vrrp")), false);
      await until("no process", async () => (await daemon.processes()).length === 0);
    });

    test("stops by SIGINT as by SIGTERM", async () => {
      await daemon.start(configuration(["10.255.23.73"]));
      await holds(["10.255.23.73"]);
      assert.equal(await daemon.stop("SIGINT"), 0);
      assert.deepEqual(await topology.addresses("lb1"), [OWN]);
    });

    test("starts a killed VRRP process again, which is master again", async () => {
      await daemon.start(configuration(["10.255.23.73"]));
      await holds(["10.255.23.73"]);
      const parent = daemon.pidOf("keepalived");
      const killed = await until("the child's pid file", () => daemon.pidOf("vrrp"));
      const before = daemon.log().length;
      process.kill(killed, "SIGKILL");
      await until("another child", () => {
        const pid = daemon.pidOf("vrrp");
        return pid !== undefined && pid !== killed;
      });
      await daemon.says("(VI_1) Entering MASTER STATE", before);
      await holds(["10.255.23.73"]);
      assert.equal(daemon.pidOf("keepalived"), parent);
      assert.equal(daemon.running, true);
    });

    test("gives up its addresses and ends altogether when its parent process is killed", async () => {
      await daemon.start(configuration(["10.255.23.73"]));
      await holds(["10.255.23.73"]);
      await daemon.stop("SIGKILL");
      await holds([]);
      await until("no process", async () => (await daemon.processes()).length === 0);
    });

    test("refuses to be started twice, and the first one does not notice", async () => {
      await daemon.start(configuration(["10.255.23.73"]));
      await holds(["10.255.23.73"]);
      const parent = daemon.pidOf("keepalived");
      const second = await daemon.startSecond();
      assert.match(second.stderr, /daemon is already running/);
      assert.deepEqual(await topology.addresses("lb1"), [OWN, "10.255.23.73"]);
      assert.equal(daemon.pidOf("keepalived"), parent);
      assert.equal(daemon.running, true);
    });

    test("takes an address back that somebody else deleted", async () => {
      await daemon.start(configuration(["10.255.23.73"]));
      await holds(["10.255.23.73"]);
      const namespace = topology.namespace("lb1");
      await run(["ip", "-n", namespace, "addr", "del", "10.255.23.73/32", "dev", INTERFACE]);
      await holds(["10.255.23.73"]);
    });

    test("releases its addresses while its interface is down", async () => {
      await daemon.start(configuration(["10.255.23.73"]));
      await holds(["10.255.23.73"]);
      await topology.cable("lb1", "down");
      await holds([]);
      await daemon.says("(VI_1) Entering FAULT STATE");
      await topology.cable("lb1", "up");
      await holds(["10.255.23.73"]);
    });

    test("runs the notify scripts of the states it passes, with the classic arguments", async () => {
      const notes = join(topology.folder("lb1"), "notes");
      const script = join(topology.folder("lb1"), "notify.sh");
      writeFileSync(script, `#!/bin/sh\necho "$*" >> ${notes}\n`, { mode: 0o755 });
      const said = () => (existsSync(notes) ? readFileSync(notes, "utf8") : "");
      const scripts = `    notify ${script} root\n    notify_master "${script} became master" root`;
      await daemon.start(configuration(["10.255.23.73"], scripts));
      await until("the master's notes", () => said().includes("INSTANCE VI_1 MASTER 150"));
      await until("notify_master's own arguments", () => said().includes("became master\n"));
      await daemon.stop();
      assert.match(said(), /^INSTANCE VI_1 BACKUP 150$/m);
      await until("the stop's note", () => /^INSTANCE VI_1 STOP 150$/m.test(said()));
    });

    if (make === "ours") {
      test("refuses a broken file at a reload, says where it is broken, and runs on as before", async () => {
        await daemon.start(configuration(["10.255.23.73"]));
        await holds(["10.255.23.73"]);
        const pids = [daemon.pidOf("keepalived"), daemon.pidOf("vrrp")];
        const before = daemon.log().length;
        daemon.reload(configuration(["10.255.23.99"]).replace("virtual_router_id 51", "virtual_router_id"));
        await daemon.says(/keepalived\.conf:3:\d+: /, before);
        await stays(
          "the old address",
          async () => (await topology.addresses("lb1")).join() === `${OWN},10.255.23.73`,
          3,
        );
        assert.deepEqual([daemon.pidOf("keepalived"), daemon.pidOf("vrrp")], pids);
        daemon.reload(configuration(["10.255.23.73", "10.255.23.76"]));
        await holds(["10.255.23.73", "10.255.23.76"]);
        assert.deepEqual([daemon.pidOf("keepalived"), daemon.pidOf("vrrp")], pids);
      });

      test("survives a reload whose file is gone", async () => {
        await daemon.start(configuration(["10.255.23.73"]));
        await holds(["10.255.23.73"]);
        const before = daemon.log().length;
        unlinkSync(join(topology.folder("lb1"), "keepalived.conf"));
        daemon.signal("SIGHUP");
        await daemon.says(/keepalived\.conf/, before);
        await stays("the address", async () => (await topology.addresses("lb1")).length === 2, 2);
        assert.equal(daemon.running, true);
      });

      test("starts over a stale pid file, even if its number belongs to a living process", async () => {
        writeFileSync(daemon.pidFile("keepalived"), `${process.pid}\n`);
        await daemon.start(configuration(["10.255.23.73"]));
        await holds(["10.255.23.73"]);
      });
    }
  });
}

describe("single balancers", { concurrency: true }, () => {
  describeMake("c");
  describeMake("ours");
});

if (!(await kernelHasIpvs())) {
  describe("ours on a kernel without IPVS", () => {
    test("names the missing module and does its VRRP work all the same", async () => {
      const topology = await Topology.build();
      const daemon = new Daemon(topology, "lb1", "ours");
      try {
        await daemon.start(exampleConfiguration("lb1", true));
        await daemon.says(/ip_vs/);
        await until("the address", async () => (await topology.addresses("lb1")).includes("10.255.23.73"));
        await stays("the daemon", () => daemon.running, 3);
        assert.equal(await daemon.stop(), 0);
      } finally {
        await daemon.stop("SIGKILL");
        await topology.remove();
      }
    });
  });
}
