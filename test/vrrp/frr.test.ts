/** Our daemon and FRR's vrrpd, which knows version 3 only and always speaks from a virtual MAC, on one wire. */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { type Process, Row } from "../bfd/net.ts";
import { type Frr, startFrr } from "../lab/frr.ts";
import { stays, until } from "../lab/shell.ts";

interface Words {
  readonly priority: number;
  /** milliseconds */
  readonly interval: number;
  readonly more?: string;
}

interface FamilyCase {
  readonly vip: string;
  readonly prefix: number;
  /** as FRR calls it */
  readonly family: "v4" | "v6";
  readonly mac: string;
  readonly ours: (words: Words) => string;
  readonly theirs: (words: Words) => string;
}

const instance = (lines: string, { priority, interval, more = "" }: Words): string => `
vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 5
    version 3
    priority ${priority}
    advert_int ${interval / 1000}
    ${more}
    virtual_ipaddress {
        ${lines}
    }
}
`;
const router = (addresses: string, { priority, interval }: Words): string => `interface eth0
 vrrp 5 version 3
 vrrp 5 priority ${priority}
 vrrp 5 advertisement-interval ${interval}
 ${addresses}`;

const families: readonly FamilyCase[] = [
  {
    vip: "10.8.0.16",
    prefix: 24,
    family: "v4",
    mac: "00:00:5e:00:01:05",
    ours: (words) => instance("10.8.0.16/24", words),
    theirs: (words) => router("vrrp 5 ip 10.8.0.16", words),
  },
  {
    vip: "fe80::16",
    prefix: 64,
    family: "v6",
    mac: "00:00:5e:00:02:05",
    ours: (words) => instance("fe80::16/64", words),
    theirs: (words) => router("vrrp 5 ipv6 fe80::16", words),
  },
];

async function rowFor(t: TestContext): Promise<Row> {
  const row = await Row.build();
  t.after(() => row.remove());
  return row;
}

/** FRR's router with the device that it wants to find, at namespace 2. */
async function startVrrpd(row: Row, c: FamilyCase, words: Words): Promise<Vrrpd> {
  await row.ip(2, "link add vrrp5 link eth0 type macvlan mode bridge");
  await row.ip(2, `link set vrrp5 address ${c.mac}`);
  // FRR's v6 router waits for a link-local address that no duplicate detection holds back
  await row.inside(2, ["sysctl", "-qw", "net.ipv6.conf.vrrp5.addr_gen_mode=1"]);
  await row.ip(2, `addr add ${c.vip}/${c.prefix} dev vrrp5${c.family === "v6" ? " nodad" : ""}`);
  await row.ip(2, "link set vrrp5 up");
  return new Vrrpd(await startFrr(row, 2, "vrrpd", c.theirs(words)), c.family);
}

class Vrrpd {
  readonly frr: Frr;
  readonly #family: "v4" | "v6";

  constructor(frr: Frr, family: "v4" | "v6") {
    this.frr = frr;
    this.#family = family;
  }

  is(status: "Master" | "Backup"): Promise<true> {
    return until(`FRR is ${status}`, async () => (await this.status()) === status);
  }

  async status(): Promise<string | undefined> {
    const routers = (await this.frr.show("show vrrp json")) as readonly Readonly<
      Record<"v4" | "v6", { readonly status: string }>
    >[];
    return routers[0]?.[this.#family].status;
  }
}

async function holds(row: Row, { vip }: FamilyCase): Promise<boolean> {
  return (await row.ip(1, "-o addr show")).includes(` ${vip}/`);
}

/** The states after the first BACKUP; a VMAC's link-local address may come a moment after the VMAC. */
const turns = (daemon: Process): readonly (string | undefined)[] => {
  const states = daemon.lines(/Entering \w+ STATE/).map((line) => /Entering (\w+)/.exec(line)?.[1]);
  return states.slice(states.indexOf("BACKUP") + 1);
};
/** Anything but the ordinary course of an election; a better router hears one that is yet to yield. */
const complaints = /invalid|mismatch|wrong|expect|unexpected|not present|rror|[Bb]ad|ignor/;

describe("with FRR's vrrpd", { concurrency: 2 }, () => {
  for (const c of families) {
    for (const more of ["", "use_vmac"]) {
      const name = `IP${c.family}${more === "" ? "" : " from a virtual MAC"}`;
      test(`${name}: ours is better, is replaced when it stops or loses its link, and returns`, async (t) => {
        const row = await rowFor(t);
        const vrrpd = await startVrrpd(row, c, { priority: 100, interval: 1000 });
        await vrrpd.is("Master");
        const words = { priority: 150, interval: 1000, more };
        const first = row.daemon(1, c.ours(words));
        await first.says("(VI_1) Entering MASTER STATE");
        await vrrpd.is("Backup");
        await until("the address is here", () => holds(row, c));
        await stays("FRR stands by", async () => (await vrrpd.status()) === "Backup", 3);
        await first.stop();
        await vrrpd.is("Master");
        assert.equal(await holds(row, c), false);
        const second = row.daemon(1, c.ours(words));
        await second.says("(VI_1) Entering MASTER STATE");
        await vrrpd.is("Backup");
        await row.ip(1, "link set eth0 down");
        await second.says("(VI_1) Entering FAULT STATE");
        await vrrpd.is("Master");
        assert.deepEqual([...first.lines(complaints), ...second.lines(complaints)], []);
      });

      test(`${name}: FRR's is better, ours stands by, replaces it when it dies and yields when it returns`, async (t) => {
        const row = await rowFor(t);
        const vrrpd = await startVrrpd(row, c, { priority: 200, interval: 1000 });
        await vrrpd.is("Master");
        const daemon = row.daemon(1, c.ours({ priority: 150, interval: 1000, more }));
        await daemon.says("(VI_1) Entering BACKUP STATE");
        await stays("ours stands by", async () => !(await holds(row, c)), 3);
        await vrrpd.frr.process.stop("SIGKILL");
        await daemon.says("(VI_1) Entering MASTER STATE");
        await until("the address is here", () => holds(row, c));
        const again = new Vrrpd(
          await startFrr(row, 2, "vrrpd", c.theirs({ priority: 200, interval: 1000 })),
          c.family,
        );
        await again.is("Master");
        await until("ours has yielded", async () => !(await holds(row, c)));
        assert.deepEqual(turns(daemon), ["MASTER", "BACKUP"]);
        assert.deepEqual(daemon.lines(complaints), []);
      });
    }
  }

  test("a backup learns FRR's interval of a second and takes over by it (RFC 9568 §6.4.2)", async (t) => {
    const [c] = families as readonly [FamilyCase, ...FamilyCase[]];
    const row = await rowFor(t);
    const vrrpd = await startVrrpd(row, c, { priority: 200, interval: 1000 });
    await vrrpd.is("Master");
    const daemon = row.daemon(1, c.ours({ priority: 150, interval: 10_000 }));
    await daemon.says("(VI_1) Entering BACKUP STATE (init)");
    await stays("ours stands by", async () => !(await holds(row, c)), 2);
    await vrrpd.frr.process.stop("SIGKILL");
    // by its own interval it would wait 30 s
    await until("ours takes over", () => holds(row, c), 20);
  });
});
