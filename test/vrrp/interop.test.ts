/** Our VRRP child and Debian's keepalived on one wire, both ways round. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, describe, test } from "node:test";
import { instance, modelOf, vip } from "./model.ts";
import { allowed, type Daemon, Lan, until } from "./namespaces.ts";

const peer = allowed && spawnSync("keepalived", ["-v"]).status === 0;
const skip = peer ? false : "needs root and Debian's keepalived";

const ours = (priority: number) =>
  modelOf(
    instance({
      priority,
      authentication: { type: "PASS", password: "11112222" },
      virtualIpaddress: [vip("10.9.0.100"), vip("10.9.0.101/24", { label: "eth0:1" })],
      virtualIpaddressExcluded: [vip("10.9.9.100", { scope: 253 })],
    }),
  );
const theirs = (priority: number) => `
global_defs {
    vrrp_version 2
}
vrrp_instance VI_1 {
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority ${priority}
    advert_int 1
    authentication {
        auth_type PASS
        auth_pass 11112222
    }
    virtual_ipaddress {
        10.9.0.100
        10.9.0.101/24 label eth0:1
    }
    virtual_ipaddress_excluded {
        10.9.9.100 scope link
    }
}
`;
/** Anything but the ordinary course of an election; an advert of the one that yields may cross another. */
const complaints = /invalid|mismatch|wrong|expect|unexpected|not present|rror/;

async function takesOver(lan: Lan, i: number): Promise<readonly string[]> {
  await until(`router ${i} holds the addresses`, () => lan.holds(i, "10.9.9.100"));
  return lan.addresses(i).filter((line) => !line.startsWith(`10.9.0.${i}/`));
}

describe("a mixed pair", { concurrency: 2, skip }, () => {
  test("ours is better: elected, replaced when it stops, active again when it returns", async () => {
    const lan = new Lan("a", 2);
    after(() => lan.remove());
    const other = lan.theirs(2, theirs(90));
    await until("Debian's listens", () => other.log.includes("(init)"));
    const first = lan.ours(1, ours(100));
    const set = await takesOver(lan, 1);
    assert.deepEqual(set, [
      "10.9.9.100/32 scope link eth0",
      "10.9.0.100/32 scope global eth0",
      "10.9.0.101/24 scope global secondary eth0:1",
    ]);
    assert.equal(lan.holds(2, "10.9.0.100"), false);
    await first.stop();
    assert.deepEqual(lan.addresses(1).length, 1);
    assert.deepEqual(await takesOver(lan, 2), set);
    const heard = "(VI_1) Backup received priority 0 advertisement";
    await until("Debian's heard the resignation", () => other.log.includes(heard));
    const again = lan.ours(1, ours(100));
    assert.deepEqual(await takesOver(lan, 1), set);
    await until("Debian's yields", () => !lan.holds(2, "10.9.0.100"));
    assert.deepEqual(
      [first, again, other].flatMap((d: Daemon) => d.lines(complaints)),
      [],
    );
  });

  test("Debian's is better: ours stands by, replaces it when it stops, and yields when it returns", async () => {
    const lan = new Lan("b", 2);
    after(() => lan.remove());
    const first = lan.theirs(1, theirs(100));
    const set = await takesOver(lan, 1);
    const backup = lan.ours(2, ours(90));
    await until("ours hears it", () => lan.counter(2, "advertRcvd") > 2);
    await until("ours stands by", () => !lan.holds(2, "10.9.0.100"));
    await first.stop();
    assert.deepEqual(await takesOver(lan, 2), set);
    const again = lan.theirs(1, theirs(100));
    assert.deepEqual(await takesOver(lan, 1), set);
    await until("ours yields", () => lan.addresses(2).length === 1);
    await until("ours has said so", () => backup.lines(/Entering BACKUP/).length === 2);
    assert.deepEqual(backup.lines(/VI_1\) (Entering|Receive|Master|Backup)/), [
      "(VI_1) Entering BACKUP STATE (init)",
      "(VI_1) Backup received priority 0 advertisement",
      "(VI_1) Receive advertisement timeout",
      "(VI_1) Entering MASTER STATE",
      "(VI_1) Master received advert from 10.9.0.1 with higher priority 100, ours 90",
      "(VI_1) Entering BACKUP STATE",
    ]);
    assert.deepEqual(
      [first, again, backup].flatMap((d: Daemon) => d.lines(complaints)),
      [],
    );
  });
});
