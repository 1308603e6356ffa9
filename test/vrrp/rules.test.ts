/** The protocol's rarer rules on real sockets, in network namespaces. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { modelFrom } from "./config-text.ts";
import { allowed, Lan, until } from "./namespaces.ts";

interface Words {
  readonly global?: string;
  readonly instance?: string;
  /** `interface eth0` */
  readonly place?: string;
  readonly vips?: string;
}

/** Version 3, 100 ms, VRID 51 and the words given. */
function configuration(priority: number, { global = "", instance = "", place, vips }: Words = {}): string {
  return `global_defs {
vrrp_version 3
${global}
}
vrrp_instance VI_1 {
${place ?? "interface eth0"}
virtual_router_id 51
priority ${priority}
advert_int 0.1
${instance}
virtual_ipaddress {
${vips ?? "10.9.0.100"}
}
}
`;
}

const unicast = (i: number): string => `unicast_src_ip 10.9.0.${i}\nunicast_peer {\n10.9.0.${3 - i}\n}`;
describe("rules of the protocol on real sockets", { concurrency: 3, skip: !allowed }, () => {
  test("over IPv6 a router does not wait until its link-local address is settled", async () => {
    const lan = new Lan("ra", 2);
    after(() => lan.remove());
    const vips = "fe80::100";
    const first = lan.ours(1, modelFrom(configuration(100, { vips })));
    const second = lan.ours(2, modelFrom(configuration(90, { vips })));
    await until("the first is active", () => lan.holds(1, "fe80::100"));
    await until("the second hears it", () => lan.counter(2, "advertRcvd") > 2 && !lan.holds(2, "fe80::100"));
    assert.deepEqual(
      [first, second].flatMap((d) => d.lines(/send advert error.*EINVAL/)),
      [],
    );
  });

  test("unicast without an interface: addresses name theirs, track_src_ip follows the source", async () => {
    const lan = new Lan("rb", 2);
    after(() => lan.remove());
    const words = (i: number): Words => ({
      place: "track_src_ip",
      instance: unicast(i),
      vips: "10.9.0.100 dev eth0",
    });
    const first = lan.ours(1, modelFrom(configuration(100, words(1))));
    await until("the first is active", () => lan.holds(1, "10.9.0.100"));
    const second = lan.ours(2, modelFrom(configuration(90, words(2))));
    await until("the second hears it", () => lan.counter(2, "advertRcvd") > 2 && !lan.holds(2, "10.9.0.100"));
    lan.ip(1, "addr add 10.9.0.9/24 dev eth0");
    lan.ip(1, "addr del 10.9.0.1/24 dev eth0");
    await until("the first is in fault", () => first.log.includes("Entering FAULT STATE"));
    await until("the second is active", () => lan.holds(2, "10.9.0.100") && !lan.holds(1, "10.9.0.100"));
    lan.ip(1, "addr add 10.9.0.1/24 dev eth0");
    await until("the first is active again", () => lan.holds(1, "10.9.0.100") && !lan.holds(2, "10.9.0.100"));
    assert.deepEqual(second.lines(/not a unicast peer|rror/), []);
  });

  test("a router without an interface and Debian's keepalived with one speak unicast to each other", async () => {
    const lan = new Lan("rc", 2);
    after(() => lan.remove());
    const text = (i: number, priority: number, place: string): string =>
      configuration(priority, { place, instance: unicast(i), vips: "10.9.0.100/24 dev eth0" });
    lan.theirs(1, text(1, 100, "interface eth0"));
    await until("Debian's is active", () => lan.holds(1, "10.9.0.100"));
    lan.ours(2, modelFrom(text(2, 110, "")));
    await until("ours takes over", () => lan.holds(2, "10.9.0.100") && !lan.holds(1, "10.9.0.100"));
  });

  test("unicast_fault_no_peer: without peers a router stays in fault", async () => {
    const lan = new Lan("rd", 1);
    after(() => lan.remove());
    const daemon = lan.ours(1, modelFrom(configuration(100, { instance: "unicast_fault_no_peer" })));
    await until("it is in fault", () => daemon.log.includes("Entering FAULT STATE (init)"));
    assert.equal(lan.holds(1, "10.9.0.100"), false);
  });

  test("min_ttl: an advert that came a long way is refused, and the peer is active, too", async () => {
    const lan = new Lan("re", 2);
    after(() => lan.remove());
    const far = `unicast_ttl 10\n${unicast(1)}`;
    const strict = "unicast_src_ip 10.9.0.2\nunicast_peer {\n10.9.0.1 min_ttl 250\n}";
    lan.ours(1, modelFrom(configuration(100, { instance: far })));
    const second = lan.ours(2, modelFrom(configuration(90, { instance: strict })));
    await until("both are active", () => lan.holds(1, "10.9.0.100") && lan.holds(2, "10.9.0.100"));
    const line = "(VI_1) TTL/HL 10 from 10.9.0.1 below the peer's limit 250";
    await until("it says why", () => second.log.includes(line));
  });

  test("unicast peers are told of our source address when the interface is back", async () => {
    const lan = new Lan("ri", 1);
    after(() => lan.remove());
    const daemon = lan.ours(1, modelFrom(configuration(100, { instance: unicast(1) })));
    await until("it is active", () => lan.holds(1, "10.9.0.100"));
    const line = "(VI_1) Sending/queueing gratuitous ARPs on eth0 for 10.9.0.1";
    assert.equal(daemon.log.includes(`${line}\n`), false);
    lan.ip(1, "link set eth0 down");
    await until("it is in fault", () => daemon.log.includes("Entering FAULT STATE"));
    lan.ip(1, "link set eth0 up");
    await until("it is announced", () => daemon.log.includes(`${line}\n`));
    await until("it is active again", () => lan.holds(1, "10.9.0.100"));
  });

  for (const [ours, theirs] of [
    [1, 2],
    [2, 1],
  ] as const)
    test(`of two owners one stays active: ours has the ${ours === 2 ? "higher" : "lower"} address`, async () => {
      const lan = new Lan(`rj${ours}`, 2);
      after(() => lan.remove());
      const debian = lan.theirs(theirs, configuration(255));
      await until("Debian's is active", () => lan.holds(theirs, "10.9.0.100"));
      const daemon = lan.ours(ours, modelFrom(configuration(255)));
      await until("ours has begun", () => daemon.log.includes("(init)"));
      const owners = (): number => [1, 2].filter((i) => lan.holds(i, "10.9.0.100")).length;
      let alone = 0;
      await until("one is active, and stays", () => {
        alone = owners() === 1 ? alone + 1 : 0;
        return alone > 50;
      });
      assert.equal(debian.process.exitCode, null);
    });

  test("version 3 learns the active router's interval, and waits in its units", async () => {
    const lan = new Lan("rk", 2);
    after(() => lan.remove());
    const slow = configuration(90).replace("advert_int 0.1", "advert_int 40");
    lan.theirs(1, configuration(100));
    await until("Debian's is active", () => lan.holds(1, "10.9.0.100"));
    const daemon = lan.ours(2, modelFrom(slow));
    await until("it has learned", () => daemon.log.includes("updated from 40000ms to 100ms by master"));
    assert.deepEqual(daemon.lines(/mismatch/).length, 1);
    lan.cut(1, true);
    // Its own interval would make it wait for two minutes.
    await until("it is active", () => lan.holds(2, "10.9.0.100"));
  });

  test("vrrp_startup_delay: nobody is heard until it is over, and the wait begins then", async () => {
    const lan = new Lan("rf", 2);
    after(() => lan.remove());
    lan.ours(1, modelFrom(configuration(90)));
    await until("the other one is active", () => lan.holds(1, "10.9.0.100"));
    const started = performance.now();
    const daemon = lan.ours(2, modelFrom(configuration(255, { global: "vrrp_startup_delay 2" })));
    await until("it says so", () => daemon.log.includes("Delaying startup for"));
    await until("it is active", () => lan.holds(2, "10.9.0.100"));
    assert.ok(performance.now() - started >= 2_000);
    const said = daemon.lines(/VI_1\) [ER]|Delay/).map((line) => line.replace(/for [\d.]+ s/, "for N s"));
    assert.deepEqual(said.slice(0, 2), [
      "Delaying startup for N seconds",
      "(VI_1) Entering BACKUP STATE (init)",
    ]);
    await until("it says that it is over", () => daemon.log.includes("Delayed start completed"));
    await until("the other one yields", () => !lan.holds(1, "10.9.0.100"));
  });

  test("log_unknown_vrids names a stranger once", async () => {
    const lan = new Lan("rg", 2);
    after(() => lan.remove());
    lan.ours(1, modelFrom(configuration(100)));
    const other = configuration(90, { global: "log_unknown_vrids" })
      .replace("_id 51", "_id 52")
      .replace(".100\n", ".200\n");
    const daemon = lan.ours(2, modelFrom(other));
    await until("the first is active", () => lan.holds(1, "10.9.0.100"));
    await until("it is named", () => daemon.log.includes("Unknown VRID(51)"));
    await until("time passes", () => lan.counter(1, "advertSent") > 20);
    assert.deepEqual(daemon.lines(/Unknown/), ["Unknown VRID(51) received on interface(eth0). ignoring..."]);
  });

  test("timer_expired_backup: a router that slept too long steps back without an advert", async () => {
    const lan = new Lan("rh", 2);
    after(() => lan.remove());
    // A second, so that a busy machine does not begin elections of its own.
    const text = (priority: number): string =>
      configuration(priority, { instance: "nopreempt\ntimer_expired_backup 100" }).replace(
        "_int 0.1",
        "_int 1",
      );
    const first = lan.ours(1, modelFrom(text(100)));
    await until("the first is active", () => lan.holds(1, "10.9.0.100"));
    const second = lan.ours(2, modelFrom(text(90)));
    await until("the second hears it", () => lan.counter(2, "advertRcvd") > 1);
    lan.cut(1, true);
    first.signal("SIGSTOP");
    await until("the second is active", () => lan.holds(2, "10.9.0.100"));
    first.signal("SIGCONT");
    // Nothing that it could hear made it do so.
    await until("the first has stepped back", () => first.lines(/Entering BACKUP STATE$/).length === 1);
    lan.cut(1, false);
    const before = lan.counter(1, "advertRcvd");
    await until("the first hears the second", () => lan.counter(1, "advertRcvd") > before + 1);
    assert.deepEqual(second.lines(/received|Received/), []);
    assert.equal(lan.holds(1, "10.9.0.100"), false);
    assert.equal(lan.holds(2, "10.9.0.100"), true);
  });
});
