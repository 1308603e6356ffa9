/**
 * Who becomes master when it is not simply the better of two that start: cut networks, ties, nopreempt,
 * crashes and frozen processes, between makes.
 */
import { after, afterEach, before, describe, test } from "node:test";
import { AddressWatch } from "../lab/address-watch.ts";
import { Daemon, type Make } from "../lab/daemon.ts";
import { stays } from "../lab/shell.ts";
import { type Balancer, INTERFACE, Topology, VIP1 } from "../lab/topology.ts";

function configuration(priority: number, more = ""): string {
  return `vrrp_instance VI_1 {
    state BACKUP
    interface ${INTERFACE}
    virtual_router_id 51
    priority ${priority}
    advert_int 1
    ${more}
    authentication {
        auth_type PASS
        auth_pass 11112222
    }
    virtual_ipaddress {
        ${VIP1}
    }
}
`;
}

function describeElections(lb1: Make, lb2: Make): void {
  describe(`elections between ${lb1} and ${lb2}`, { concurrency: 1 }, () => {
    let topology: Topology;
    let watch: AddressWatch;
    let daemons: Record<Balancer, Daemon>;

    before(async () => {
      topology = await Topology.build();
      watch = await AddressWatch.start(topology);
      daemons = { lb1: new Daemon(topology, "lb1", lb1), lb2: new Daemon(topology, "lb2", lb2) };
    });
    after(async () => {
      for (const daemon of Object.values(daemons ?? {})) await daemon.stop("SIGKILL");
      watch?.stop();
      await topology?.remove();
    });
    afterEach(async () => {
      for (const daemon of Object.values(daemons)) await daemon.stop();
    });
    const staysOn = (balancer: Balancer) =>
      stays(`${VIP1} on ${balancer}`, () => watch.holders(VIP1).join() === balancer, 5);

    test("of two masters with equal priority the one with the higher address stays (RFC 3768 §6.4.3)", async () => {
      await topology.reach("lb1", "cut");
      await daemons.lb1.start(configuration(100));
      await daemons.lb2.start(configuration(100));
      await daemons.lb1.says("Entering MASTER STATE");
      await daemons.lb2.says("Entering MASTER STATE");
      await topology.reach("lb1", "joined");
      await watch.heldBy(VIP1, "lb2");
      await staysOn("lb2");
    });

    test("of two masters the one with the higher priority stays", async () => {
      const before = { lb1: daemons.lb1.log().length, lb2: daemons.lb2.log().length };
      await topology.reach("lb2", "cut");
      await daemons.lb1.start(configuration(101));
      await daemons.lb2.start(configuration(100));
      await daemons.lb1.says("Entering MASTER STATE", before.lb1);
      await daemons.lb2.says("Entering MASTER STATE", before.lb2);
      await topology.reach("lb2", "joined");
      await watch.heldBy(VIP1, "lb1");
      await staysOn("lb1");
    });

    test("with nopreempt the better router waits until the worse one is gone", async () => {
      await daemons.lb2.start(configuration(100, "nopreempt"));
      await watch.heldBy(VIP1, "lb2");
      await daemons.lb1.start(configuration(150, "nopreempt"));
      await staysOn("lb2");
      await daemons.lb2.stop();
      await watch.heldBy(VIP1, "lb1");
      await daemons.lb2.start();
      await staysOn("lb1");
    });

    test("a router whose processes were all killed is replaced, and cleans up when it starts again", async () => {
      const before = daemons.lb2.log().length;
      await daemons.lb1.start(configuration(150));
      await daemons.lb2.start(configuration(100));
      await watch.heldBy(VIP1, "lb1");
      await daemons.lb1.kill();
      await daemons.lb2.says("Entering MASTER STATE", before);
      await daemons.lb1.start(configuration(50));
      await watch.heldBy(VIP1, "lb2");
      await staysOn("lb2");
    });

    test("a master that was frozen and thaws ends in one master", async () => {
      const before = daemons.lb2.log().length;
      await daemons.lb1.start(configuration(150));
      await daemons.lb2.start(configuration(100));
      await watch.heldBy(VIP1, "lb1");
      const processes = await daemons.lb1.processes();
      for (const pid of processes) process.kill(pid, "SIGSTOP");
      await daemons.lb2.says("Entering MASTER STATE", before);
      for (const pid of processes) process.kill(pid, "SIGCONT");
      await watch.heldBy(VIP1, "lb1");
      await staysOn("lb1");
    });
  });
}

describe("elections", { concurrency: true }, () => {
  describeElections("c", "c");
  describeElections("ours", "ours");
  describeElections("c", "ours");
  describeElections("ours", "c");
});
