/**
 * The life of a dual-VIP pair, told once for every combination of makes: Debian's C keepalived with
 * itself shows that a scenario is valid, ours with either shows that we keep to it.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { AddressWatch } from "../lab/address-watch.ts";
import { Daemon, type Make } from "../lab/daemon.ts";
import { ipvsTable } from "../lab/ipvs.ts";
import { stays, until } from "../lab/shell.ts";
import { ADDRESS, type Balancer, Topology, VIP1, VIP2, WEB_PORT } from "../lab/topology.ts";
import { WebServer } from "../lab/web-server.ts";

/** Both masters at once: an advert interval and what a slow guest needs to act on an advert. */
const TOLERATED_OVERLAP_MS = 3000;

/** Source addresses of four clients, so that persistence does not send all to one web server. */
const CLIENTS = ["10.255.23.201", "10.255.23.202", "10.255.23.203", "10.255.23.204"] as const;

/** The services of the example with both web servers alive, as `ipvsadm -Sn` prints them. */
const FULL_TABLE: readonly string[] = [VIP1, VIP2].map(
  (vip) =>
    `-A -t ${vip}:8765 -s rr -p 120\n` +
    `-a -t ${vip}:8765 -r 10.255.23.4:8765 -g -w 1\n` +
    `-a -t ${vip}:8765 -r 10.255.23.10:8765 -g -w 1`,
);

/** The same with web1 out. */
const TABLE_WITHOUT_WEB1: readonly string[] = [VIP1, VIP2].map(
  (vip) => `-A -t ${vip}:8765 -s rr -p 120\n-a -t ${vip}:8765 -r 10.255.23.10:8765 -g -w 1`,
);

/**
 * The example's configuration of one balancer; with services, their checks are made brisk, so that a
 * test does not wait half a minute for a verdict.
 */
export function exampleConfiguration(balancer: Balancer, withServices: boolean): string {
  const file = new URL(`../../examples/active-active/${balancer}.conf`, import.meta.url);
  const text = readFileSync(file, "utf8");
  if (!withServices) return text.slice(0, text.indexOf("virtual_server "));
  return text
    .replaceAll("delay_loop 6", "delay_loop 1")
    .replaceAll("nb_get_retry 3", "nb_get_retry 1")
    .replaceAll("delay_before_retry 3", "delay_before_retry 1");
}

/** Table lines compare as sets of destinations: a healed server comes back at another place in the list. */
function normalised(table: readonly string[]): readonly string[] {
  return table.map((service) => service.split("\n").sort().join("\n"));
}

/** Tells the pair's life with these makes on the two balancers; `withServices` needs a kernel with IPVS. */
export function describePair(lb1: Make, lb2: Make, withServices: boolean): void {
  describe(`the pair ${lb1} / ${lb2}${withServices ? " with real servers" : ""}`, { concurrency: 1 }, () => {
    let topology: Topology;
    let watch: AddressWatch;
    let daemons: Record<Balancer, Daemon>;
    let webs: { web1: WebServer; web2: WebServer };

    const configuration = (balancer: Balancer) => exampleConfiguration(balancer, withServices);
    const atHome = async () => {
      await watch.heldBy(VIP1, "lb1");
      await watch.heldBy(VIP2, "lb2");
    };
    const bothTablesAre = async (table: readonly string[]) => {
      for (const balancer of ["lb1", "lb2"] as const) {
        const expected = normalised(table).join("\n\n");
        let seen = "";
        await until(`the expected table on ${balancer}`, async () => {
          seen = normalised(await ipvsTable(topology, balancer)).join("\n\n");
          return seen === expected;
        }).catch(() => assert.equal(seen, expected));
      }
    };
    /** The set of names that answer the four clients through an address. */
    const answersThrough = async (vip: string) => {
      const names = new Set<string>();
      for (const client of CLIENTS) {
        const url = `http://${vip}:${WEB_PORT}/index.html`;
        names.add(await until(`an answer from ${url}`, () => topology.fetch(url, client), 30));
      }
      return [...names].sort();
    };
    const trafficFlows = async () => {
      if (!withServices) return;
      assert.deepEqual(await answersThrough(VIP1), ["web1", "web2"]);
      assert.deepEqual(await answersThrough(VIP2), ["web1", "web2"]);
    };

    before(async () => {
      topology = await Topology.build();
      for (const client of CLIENTS)
        await topology.run("client", ["ip", "addr", "add", `${client}/24`, "dev", "bond0"]);
      watch = await AddressWatch.start(topology);
      daemons = { lb1: new Daemon(topology, "lb1", lb1), lb2: new Daemon(topology, "lb2", lb2) };
      if (withServices) {
        webs = {
          web1: await WebServer.start(topology, "web1"),
          web2: await WebServer.start(topology, "web2"),
        };
      }
    });

    after(async () => {
      for (const daemon of Object.values(daemons ?? {})) await daemon.stop("SIGKILL");
      watch?.stop();
      await topology?.remove();
    });

    test("puts each address on its own master", async () => {
      await daemons.lb1.start(configuration("lb1"));
      await daemons.lb2.start(configuration("lb2"));
      await atHome();
      assert.deepEqual(await topology.addresses("lb1"), [ADDRESS.lb1, VIP1]);
      assert.deepEqual(await topology.addresses("lb2"), [ADDRESS.lb2, VIP2]);
    });

    if (withServices) {
      test("fills both kernel tables, and both addresses lead to both web servers", async () => {
        await bothTablesAre(FULL_TABLE);
        await trafficFlows();
      });
    }

    test("stays as it is while nothing happens", async () => {
      await stays(
        "each address at home",
        () => watch.holders(VIP1).join() === "lb1" && watch.holders(VIP2).join() === "lb2",
        5,
      );
    });

    for (const [stopped, other, vip] of [
      ["lb1", "lb2", VIP1],
      ["lb2", "lb1", VIP2],
    ] as const) {
      test(`moves ${stopped}'s address away when it stops, and nothing of it stays there`, async () => {
        assert.equal(await daemons[stopped].stop(), 0);
        await watch.heldBy(vip, other);
        assert.deepEqual(await topology.addresses(stopped), [ADDRESS[stopped]]);
        await until(
          `no process on ${stopped}`,
          async () => (await daemons[stopped].processes()).length === 0,
        );
        for (const name of ["keepalived", "vrrp", "checkers"] as const) {
          assert.equal(daemons[stopped].pidOf(name), undefined);
        }
        if (withServices) assert.deepEqual(await ipvsTable(topology, stopped), []);
        await trafficFlows();
      });

      test(`gives ${stopped} its address back when it returns`, async () => {
        await daemons[stopped].start();
        await atHome();
        if (withServices) await bothTablesAre(FULL_TABLE);
        await trafficFlows();
      });
    }

    test("moves an address when a cable is pulled, and back when it is plugged in again", async () => {
      await topology.cable("lb2", "down");
      await watch.heldBy(VIP2, "lb1");
      await daemons.lb2.says("(VI_2) Entering FAULT STATE");
      assert.deepEqual(await topology.addresses("lb2"), [ADDRESS.lb2]);
      await trafficFlows();
      await topology.cable("lb2", "up");
      await atHome();
      await trafficFlows();
    });

    if (withServices) {
      test("drops a dead web server from both tables, serves on, and takes it back when it lives again", async () => {
        await webs.web1.kill();
        await bothTablesAre(TABLE_WITHOUT_WEB1);
        assert.deepEqual(await answersThrough(VIP1), ["web2"]);
        assert.deepEqual(await answersThrough(VIP2), ["web2"]);
        webs.web1 = await WebServer.start(topology, "web1");
        await bothTablesAre(FULL_TABLE);
      });

      test("drops a web server that answers 503, and takes it back when it answers 200", async () => {
        await webs.web1.answerWith(503);
        await bothTablesAre(TABLE_WITHOUT_WEB1);
        await webs.web1.answerWith(200);
        await bothTablesAre(FULL_TABLE);
      });
    }

    test("never had two masters for one address longer than it takes to hear of the other", () => {
      assert.ok(watch.longestOverlap(VIP1) < TOLERATED_OVERLAP_MS, `${watch.longestOverlap(VIP1)} ms`);
      assert.ok(watch.longestOverlap(VIP2) < TOLERATED_OVERLAP_MS, `${watch.longestOverlap(VIP2)} ms`);
    });
  });
}
