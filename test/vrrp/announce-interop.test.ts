/**
 * The announcements of our daemon and of Debian's keepalived 2.2.7 on the wire, byte for byte and in their
 * order, for the same file on interfaces with the same MAC.
 */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { modelFrom } from "./config-text.ts";
import { allowed, type Daemon, Lan, until } from "./namespaces.ts";

const MAC = "02:00:00:00:09:01";

/** What a daemon announced, by family, in order; the daemon has stopped. */
interface Heard {
  readonly arp: readonly string[];
  readonly advertisements: readonly string[];
}

/** @param enough how many frames of both kinds are waited for */
async function listen(name: string, enough: number, start: (lan: Lan) => Daemon): Promise<Heard> {
  const lan = new Lan(name, 1);
  after(() => lan.remove());
  lan.ip(1, `link set eth0 address ${MAC}`);
  const sniffer = lan.sniff();
  await until("the sniffer is ready", () => sniffer.log.includes("ready"));
  await until("a source address", () => !lan.ip(1, "-6 addr show dev eth0").includes("tentative"));
  const daemon = start(lan);
  const heard = (): Heard => {
    const own = sniffer.log.split("\n").filter((line) => line.slice(12, 24) === MAC.replaceAll(":", ""));
    return {
      arp: own.filter((line) => line.startsWith("0806", 24)),
      // ICMPv6 of type 136, to all nodes; not what the kernel itself says of its addresses
      advertisements: own.filter(
        (line) => line.startsWith("86dd", 24) && line.startsWith("3aff", 40) && line.startsWith("88", 108),
      ),
    };
  };
  const count = (): number => heard().arp.length + heard().advertisements.length;
  await until(`${enough} announcements: ${daemon.log}`, () => count() >= enough, 40_000);
  await sleep(300);
  await daemon.stop();
  return heard();
}

/** The first frames. A busy machine may stop late: what comes after them is the next refresh, as the last one was. */
function first(frames: readonly string[], count: number, refreshed: number): readonly string[] {
  assert.ok(frames.length >= count, `${frames.length} frames`);
  const refresh = frames.slice(count - refreshed, count);
  for (const frame of frames.slice(count)) assert.ok(refresh.includes(frame), frame);
  return frames.slice(0, count);
}

const everything = `
global_defs {
 vrrp_version 3
}
vrrp_instance V4 {
 interface eth0
 virtual_router_id 51
 priority 200
 advert_int 0.3
 garp_master_repeat 2
 garp_master_delay 1
 garp_master_refresh 2
 garp_master_refresh_repeat 1
 virtual_ipaddress {
  10.9.0.100/24
  10.9.0.101
 }
 virtual_ipaddress_excluded {
  10.9.0.102
  2001:db8::66/64
 }
}
vrrp_instance V6 {
 interface eth0
 virtual_router_id 52
 priority 200
 advert_int 0.3
 garp_master_repeat 3
 garp_master_delay 0
 virtual_ipaddress {
  fe80::5:1
  2001:db8::100/64
 }
}
`;

describe("announcements on the wire", { concurrency: 2, skip: allowed ? false : "needs root" }, () => {
  test("first and second burst, refresh, both families: the same frames in the same order", async () => {
    // 2 + 2 rounds of four, one refresh of four; three rounds of two
    const enough = 2 * 4 + 2 * 4 + 4 + 3 * 2;
    const [ours, theirs] = await Promise.all([
      listen("wo", enough, (lan) => lan.ours(1, modelFrom(everything))),
      listen("wt", enough, (lan) => lan.theirs(1, everything)),
    ]);
    assert.deepEqual(first(ours.arp, 15, 3), first(theirs.arp, 15, 3));
    assert.deepEqual(
      first(ours.advertisements, 11, 1).toSorted(),
      first(theirs.advertisements, 11, 1).toSorted(),
    );
  });
});
