/**
 * The kernel's connection synchronisation follows the state of an instance, with Debian's C keepalived and
 * with ours, looked at by Debian's ipvsadm.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Daemon, type Make } from "../lab/daemon.ts";
import { until } from "../lab/shell.ts";
import { INTERFACE, Topology } from "../lab/topology.ts";

function configuration(priority: number, sync: string): string {
  return `
global_defs {
    lvs_sync_daemon ${INTERFACE} ${sync}
}
vrrp_instance VI_1 {
    state BACKUP
    interface ${INTERFACE}
    virtual_router_id 51
    priority ${priority}
    advert_int 1
    virtual_ipaddress {
        10.255.23.73
    }
}
virtual_server 10.255.23.73 80 {
    lb_algo rr
    lb_kind DR
    protocol TCP
    real_server 10.255.23.4 80 {
    }
}
`;
}

/** Role, interface and id of each daemon that runs. */
async function roles(topology: Topology, machine: "lb1" | "lb2"): Promise<readonly string[]> {
  const text = await topology.run(machine, ["ipvsadm", "-L", "--daemon"]);
  return [...text.matchAll(/^(\w+) sync daemon \(mcast=([\w.]+), syncid=(\d+)/gm)]
    .map(([, role, name, id]) => `${role} ${name} ${id}`)
    .sort();
}

for (const make of ["c", "ours"] as const satisfies readonly Make[]) {
  describe(`lvs_sync_daemon of ${make}`, { concurrency: 1 }, () => {
    let topology: Topology;
    before(async () => {
      topology = await Topology.build();
    });
    after(async () => {
      await topology.remove();
    });
    const become = (machine: "lb1" | "lb2", wanted: readonly string[]): Promise<true> =>
      until(`${machine} has ${wanted.join(", ") || "no daemons"}`, async () => {
        return (await roles(topology, machine)).join() === wanted.join() ? true : undefined;
      });

    test("the role is that of the instance, and the end leaves nothing", async () => {
      const [first, second] = [new Daemon(topology, "lb1", make), new Daemon(topology, "lb2", make)];
      await first.start(configuration(150, "VI_1"));
      await become("lb1", [`master ${INTERFACE} 51`]);
      await second.start(configuration(100, "VI_1 id 7"));
      await become("lb2", [`backup ${INTERFACE} 7`]);
      await first.stop();
      await become("lb1", []);
      await become("lb2", [`master ${INTERFACE} 7`]);
      await first.start(configuration(150, "VI_1"));
      await become("lb1", [`master ${INTERFACE} 51`]);
      await become("lb2", [`backup ${INTERFACE} 7`]);
      await second.stop();
      await become("lb2", []);
      await first.stop();
    });

    test("without an instance both roles run for good", async () => {
      const daemon = new Daemon(topology, "lb1", make);
      await daemon.start(configuration(150, ""));
      await become("lb1", [`backup ${INTERFACE} 0`, `master ${INTERFACE} 0`]);
      await daemon.stop();
      assert.deepEqual(await roles(topology, "lb1"), []);
    });
  });
}
