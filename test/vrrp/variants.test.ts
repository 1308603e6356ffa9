/**
 * Each variant of the protocol against Debian's keepalived with one and the same configuration text, both
 * ways round: elected, heard without a complaint, replaced when it stops.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import type { ConfigModel } from "../../src/config/model.ts";
import { modelFrom } from "./config-text.ts";
import { allowed, type Daemon, Lan, until } from "./namespaces.ts";

interface Variant {
  readonly name: string;
  readonly global?: string;
  /** of router i, besides state, interface, virtual_router_id and priority */
  readonly body: (i: number) => string;
  /** an address that the better router must hold */
  readonly vip: string;
  /** words that only Debian's has */
  readonly theirs?: string;
}

const four = "virtual_ipaddress {\n10.9.0.100\n10.9.0.101/24 label eth0:1\n}";
const six = "virtual_ipaddress {\nfe80::100\n2001:db8::100/64\n}";
const other = (i: number): number => 3 - i;

const variants: readonly Variant[] = [
  { name: "version 3", body: () => `version 3\nadvert_int 1\n${four}`, vip: "10.9.0.101" },
  { name: "version 3 at 100 ms", body: () => `version 3\nadvert_int 0.1\n${four}`, vip: "10.9.0.101" },
  { name: "version 3 over IPv6", body: () => `version 3\nadvert_int 0.5\n${six}`, vip: "2001:db8::100" },
  { name: "version 2 over IPv6", body: () => `version 2\nadvert_int 1\n${six}`, vip: "2001:db8::100" },
  {
    name: "version 2 with AH",
    body: () => `version 2\nadvert_int 1\nauthentication {\nauth_type AH\nauth_pass secret\n}\n${four}`,
    vip: "10.9.0.101",
  },
  {
    name: "unicast version 2 with AH",
    body: (i) =>
      `version 2\nadvert_int 1\nauthentication {\nauth_type AH\nauth_pass 12345678\n}\nunicast_src_ip 10.9.0.${i}\nunicast_peer {\n10.9.0.${other(i)}\n}\n${four}`,
    vip: "10.9.0.101",
  },
  {
    name: "other groups",
    body: () => `version 3\nadvert_int 0.2\nmcast_dst_ip 224.0.0.77\n${four}`,
    vip: "10.9.0.101",
  },
  {
    name: "global groups",
    body: () => `version 3\nadvert_int 0.2\n${four}`,
    global: "vrrp_version 3\nvrrp_mcast_group4 224.0.0.77",
    vip: "10.9.0.101",
  },
  {
    name: "global groups over IPv6",
    body: () => `version 3\nadvert_int 0.2\n${six}`,
    global: "vrrp_mcast_group6 ff02::77",
    vip: "2001:db8::100",
  },
  {
    name: "unicast version 3 with the old checksum on Debian's side only",
    body: (i) =>
      `version 3\nadvert_int 0.2\nunicast_src_ip 10.9.0.${i}\nunicast_peer {\n10.9.0.${other(i)}\n}\n${four}`,
    theirs: "old_unicast_checksum",
    vip: "10.9.0.101",
  },
  {
    name: "unicast version 2",
    body: (i) =>
      `version 2\nadvert_int 1\nunicast_src_ip 10.9.0.${i}\nunicast_peer {\n10.9.0.${other(i)}\n}\n${four}`,
    vip: "10.9.0.101",
  },
  {
    name: "unicast version 3, checked",
    body: (i) =>
      `version 3\nadvert_int 0.2\ncheck_unicast_src\nunicast_src_ip 10.9.0.${i}\nunicast_peer {\n10.9.0.${other(i)} min_ttl 255 max_ttl 255\n}\n${four}`,
    vip: "10.9.0.101",
  },
  {
    name: "unicast version 3 with the old checksum",
    body: (i) =>
      `version 3\nadvert_int 0.2\nold_unicast_checksum\nunicast_src_ip 10.9.0.${i}\nunicast_peer {\n10.9.0.${other(i)}\n}\n${four}`,
    vip: "10.9.0.101",
  },
  {
    name: "unicast over IPv6",
    body: (i) =>
      `version 3\nadvert_int 0.2\nunicast_src_ip 2001:db8:9::${i}\nunicast_peer {\n2001:db8:9::${other(i)}\n}\n${six}`,
    vip: "2001:db8::100",
  },
];

function text(v: Variant, i: number, priority: number): string {
  return `global_defs {
${v.global ?? "vrrp_version 2"}
}
vrrp_instance VI_1 {
state BACKUP
interface eth0
virtual_router_id 51
priority ${priority}
${v.body(i)}
}
`;
}

/**
 * Anything but the ordinary course of an election. That an advert of a router that yields crosses ours is
 * ordinary: at these intervals Debian's is active before ours has started.
 */
const complaints = /[Ii]nvalid|mismatch|wrong|xpect|not present|not a|rror/;

async function ready(lan: Lan): Promise<void> {
  for (const i of [1, 2]) lan.ip(i, `addr add 2001:db8:9::${i}/64 dev eth0 nodad`);
  const settled = (i: number): boolean =>
    lan.ip(i, "-6 -o addr show dev eth0 scope link").includes("fe80") &&
    lan.ip(i, "-6 -o addr show dev eth0 tentative").trim() === "";
  await until("addresses are settled", () => [1, 2].every(settled));
}

describe("variants of the protocol against Debian's", { concurrency: 3, skip: !allowed }, () => {
  for (const [n, v] of variants.entries()) {
    test(`${v.name}: ours is elected, and Debian's replaces it when it stops`, async () => {
      const lan = new Lan(`c${n}`, 2);
      after(() => lan.remove());
      await ready(lan);
      const theirs = lan.theirs(2, text({ ...v, body: (i) => `${v.theirs ?? ""}\n${v.body(i)}` }, 2, 90));
      await until("Debian's listens", () => theirs.log.includes("(init)"));
      const ours = lan.ours(1, modelFrom(text(v, 1, 100)));
      await until("ours is active", () => lan.holds(1, v.vip) && !lan.holds(2, v.vip));
      await ours.stop();
      await until("Debian's has heard it", () => theirs.log.includes("received priority 0"));
      await until("Debian's is active", () => lan.holds(2, v.vip) && !lan.holds(1, v.vip));
      quiet(ours, theirs);
    });

    test(`${v.name}: Debian's is elected, ours hears it and replaces it when it stops`, async () => {
      const lan = new Lan(`d${n}`, 2);
      after(() => lan.remove());
      await ready(lan);
      const theirs = lan.theirs(1, text({ ...v, body: (i) => `${v.theirs ?? ""}\n${v.body(i)}` }, 1, 100));
      await until("Debian's is active", () => lan.holds(1, v.vip));
      const ours = lan.ours(2, modelFrom(text(v, 2, 90)));
      await until("ours hears it", () => lan.counter(2, "advertRcvd") > 2 && !lan.holds(2, v.vip));
      await theirs.stop();
      await until("ours has heard it", () => ours.log.includes("received priority 0"));
      await until("ours is active", () => lan.holds(2, v.vip));
      quiet(ours, theirs);
    });
  }
});

describe("auth_hmac between two of ours", { concurrency: 2, skip: !allowed }, () => {
  const hmac = (key: string): string =>
    `version 3\nadvert_int 0.2\nauth_hmac {\nkey 1 ${key}\nactive_key 1\n}`;
  const text32 = "0123456789abcdef0123456789abcdef";

  test("a key of a file is the same as one of the configuration, over IPv6", async () => {
    const lan = new Lan("ha", 2);
    after(() => lan.remove());
    await ready(lan);
    const file = join(lan.directory, "key");
    writeFileSync(file, `hex:${Buffer.from(text32).toString("hex")}\n`, { mode: 0o600 });
    const of = (i: number, key: string, priority: number): ConfigModel =>
      modelFrom(text({ name: "", vip: "", body: () => `${hmac(key)}\n${six}` }, i, priority));
    const first = lan.ours(1, of(1, text32, 100));
    await until("the first is active", () => lan.holds(1, "2001:db8::100"));
    const second = lan.ours(2, of(2, `file:${file}`, 90));
    await until("the second hears it", () => lan.counter(2, "advertRcvd") > 2);
    await first.stop();
    await until("the second has heard it", () => second.log.includes("received priority 0"));
    await until("the second is active", () => lan.holds(2, "2001:db8::100"));
    quiet(first, second);
  });

  test("another key is refused, and both are active", async () => {
    const lan = new Lan("hb", 2);
    after(() => lan.remove());
    const of = (i: number, key: string, priority: number): ConfigModel =>
      modelFrom(text({ name: "", vip: "", body: () => `${hmac(key)}\n${four}` }, i, priority));
    lan.ours(1, of(1, text32, 100));
    const second = lan.ours(2, of(2, text32.replace("0", "1"), 90));
    await until("both are active", () => lan.holds(1, "10.9.0.100") && lan.holds(2, "10.9.0.100"));
    await until("the second complains", () => second.log.includes("invalid HMAC from 10.9.0.1"));
    assert.equal(lan.counter(2, "advertRcvd"), 0);
  });
});

function quiet(...daemons: readonly Daemon[]): void {
  assert.deepEqual(
    daemons.flatMap((d) => d.lines(complaints)),
    [],
  );
}
