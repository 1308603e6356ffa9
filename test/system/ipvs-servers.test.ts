/**
 * One balancer's services while real servers die, heal and change their weights: what the kernel's
 * table does, and what it must not lose. Both makes are asked the same.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { Daemon, type Make } from "../lab/daemon.ts";
import { connectionsOf, ipvsTable } from "../lab/ipvs.ts";
import { stays, until } from "../lab/shell.ts";
import { Topology, VIP1 } from "../lab/topology.ts";
import { WebServer } from "../lab/web-server.ts";

const URL_OF_VIP = `http://${VIP1}:8765/index.html`;
const SERVICE = `${VIP1}:8765`;

/** A service with two real servers under TCP checks, quick to judge; `options` are lines of its own. */
function service(options: string, web1 = "weight 1"): string {
  const check = "TCP_CHECK {\n connect_timeout 2\n nb_get_retry 1\n delay_before_retry 1\n }";
  return `
    vrrp_instance VI_1 {
        interface bond0
        virtual_router_id 51
        priority 150
        virtual_ipaddress {
            ${VIP1}
        }
    }
    virtual_server ${VIP1} 8765 {
        delay_loop 1
        lb_algo wrr
        lb_kind DR
        protocol TCP
        ${options}
        real_server 10.255.23.4 8765 {
            ${web1}
            ${check}
        }
        real_server 10.255.23.10 8765 {
            weight 1
            ${check}
        }
    }`;
}

const HEAD = `-A -t ${SERVICE} -s wrr`;
const destination = (address: string, weight: number) => `-a -t ${SERVICE} -r ${address} -g -w ${weight}`;
const WEB1 = destination("10.255.23.4:8765", 1);
const WEB2 = destination("10.255.23.10:8765", 1);

function describeMake(make: Make): void {
  describe(`services of ${make}`, { concurrency: 1 }, () => {
    let topology: Topology;
    let daemon: Daemon;
    let web1: WebServer;
    let web2: WebServer;

    before(async () => {
      topology = await Topology.build();
      web1 = await WebServer.start(topology, "web1");
      web2 = await WebServer.start(topology, "web2");
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

    /** Waits for one service with these destinations, in whatever order. */
    const tableIs = async (...lines: readonly string[]) => {
      const expected = [...lines].sort().join("\n");
      let seen = "";
      await until("the expected table", async () => {
        seen = (await ipvsTable(topology, "lb1")).join("\n").split("\n").sort().join("\n");
        return seen === expected;
      }).catch(() => assert.equal(seen, expected, daemon.log()));
    };

    test("a changed weight is changed in place: the service and its counters live on", async () => {
      await daemon.start(service(""));
      await tableIs(HEAD, WEB1, WEB2);
      await until("an answer", () => topology.fetch(URL_OF_VIP));
      await until("another answer", () => topology.fetch(URL_OF_VIP));
      const child = daemon.pidOf("checkers");
      const counted = async () => [
        await connectionsOf(topology, "lb1", SERVICE),
        await connectionsOf(topology, "lb1", "10.255.23.4:8765"),
        await connectionsOf(topology, "lb1", "10.255.23.10:8765"),
      ];
      // The kernel adds its counters up every two seconds.
      const before = await until("both answers in the counters", async () => {
        const [all = 0, web1 = 0, web2 = 0] = await counted();
        return web1 >= 1 && web2 >= 1 && all === web1 + web2 && [all, web1, web2];
      });
      daemon.reload(service("", "weight 7"));
      await tableIs(HEAD, destination("10.255.23.4:8765", 7), WEB2);
      assert.deepEqual(await counted(), before);
      assert.equal(daemon.pidOf("checkers"), child);
    });

    test("a reload adds and removes real servers and keeps those that stay", async () => {
      await daemon.start(service(""));
      await tableIs(HEAD, WEB1, WEB2);
      await until("an answer", () => topology.fetch(URL_OF_VIP));
      const counted = () => connectionsOf(topology, "lb1", SERVICE);
      await until("its connection in the counters", async () => (await counted()) >= 1);
      const next = service("").replace("real_server 10.255.23.10 8765", "real_server 10.255.23.11 8765");
      daemon.reload(next.replace(/(real_server 10.255.23.11 8765 \{\s+weight 1)\s+TCP_CHECK[^}]*\}/, "$1"));
      await tableIs(HEAD, WEB1, destination("10.255.23.11:8765", 1));
      assert.ok((await counted()) >= 1);
    });

    test("a dead real server leaves the table and a healed one comes back", async () => {
      await daemon.start(service(""));
      await tableIs(HEAD, WEB1, WEB2);
      await web1.kill();
      await tableIs(HEAD, WEB2);
      assert.equal(await until("an answer", () => topology.fetch(URL_OF_VIP)), "web2");
      web1 = await WebServer.start(topology, "web1");
      await tableIs(HEAD, WEB1, WEB2);
    });

    test("with inhibit_on_failure a dead real server stays with weight 0", async () => {
      await daemon.start(service("", "weight 1\n inhibit_on_failure"));
      await tableIs(HEAD, WEB1, WEB2);
      await web1.kill();
      await tableIs(HEAD, destination("10.255.23.4:8765", 0), WEB2);
      web1 = await WebServer.start(topology, "web1");
      await tableIs(HEAD, WEB1, WEB2);
    });

    test("the sorry server serves alone while quorum is lost, and the scripts of quorum run", async () => {
      const notes = join(topology.folder("lb1"), "notes");
      const script = join(topology.folder("lb1"), "quorum.sh");
      writeFileSync(script, `#!/bin/sh\necho "$1" >> ${notes}\n`, { mode: 0o755 });
      writeFileSync(notes, "");
      const said = () => (existsSync(notes) ? readFileSync(notes, "utf8") : "");
      const options = [
        "quorum 2",
        `quorum_up "${script} up" root`,
        `quorum_down "${script} down" root`,
        "sorry_server 10.255.23.245 8765",
      ];
      await daemon.start(service(options.join("\n        ")));
      await tableIs(HEAD, WEB1, WEB2);
      await until("quorum_up at the start", () => said().startsWith("up\n"));
      await web2.kill();
      await tableIs(HEAD, destination("10.255.23.245:8765", 1));
      await until("quorum_down", () => said().startsWith("up\ndown\n"));
      web2 = await WebServer.start(topology, "web2");
      await tableIs(HEAD, WEB1, WEB2);
      await until("quorum_up", () => said().startsWith("up\ndown\nup\n"));
    });

    test("a killed checker process is started again and the table is right again", async () => {
      await daemon.start(service(""));
      await tableIs(HEAD, WEB1, WEB2);
      const killed = await until("the child's pid file", () => daemon.pidOf("checkers"));
      process.kill(killed, "SIGKILL");
      await until("another child", () => {
        const pid = daemon.pidOf("checkers");
        return pid !== undefined && pid !== killed;
      });
      await web1.kill();
      await tableIs(HEAD, WEB2);
      web1 = await WebServer.start(topology, "web1");
      await tableIs(HEAD, WEB1, WEB2);
    });

    test("a killed parent leaves neither services nor addresses", async () => {
      await daemon.start(service(""));
      await tableIs(HEAD, WEB1, WEB2);
      await until("the address", async () => (await topology.addresses("lb1")).includes(VIP1));
      await daemon.stop("SIGKILL");
      await until("an empty table", async () => (await ipvsTable(topology, "lb1")).length === 0);
      await until("no address", async () => (await topology.addresses("lb1")).length === 1);
      await until("no process", async () => (await daemon.processes()).length === 0);
    });

    if (make === "ours") {
      test("a broken file at a reload changes neither table nor processes", async () => {
        await daemon.start(service(""));
        await tableIs(HEAD, WEB1, WEB2);
        const pids = [daemon.pidOf("keepalived"), daemon.pidOf("checkers")];
        const before = daemon.log().length;
        daemon.reload(service("delay_loop", "weight 9"));
        await daemon.says(/keepalived\.conf:\d+:\d+: /, before);
        await stays(
          "the table",
          async () => (await ipvsTable(topology, "lb1")).join("\n") === `${HEAD}\n${WEB1}\n${WEB2}`,
          3,
        );
        assert.deepEqual([daemon.pidOf("keepalived"), daemon.pidOf("checkers")], pids);
      });
    }
  });
}

describe("services", { concurrency: true }, () => {
  describeMake("c");
  describeMake("ours");
});
