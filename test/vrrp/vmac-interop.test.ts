/** VMACs of ours and of Debian's keepalived on one wire, and what each of them leaves behind. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, describe, test } from "node:test";
import type { VrrpInstanceConfig } from "../../src/config/model.ts";
import { instance, modelOf, vip } from "./model.ts";
import { allowed, Lan, until } from "./namespaces.ts";

const peer = allowed && spawnSync("keepalived", ["-v"]).status === 0;
const skip = peer ? false : "needs root and Debian's keepalived";

const vmac = { name: undefined, mac: undefined, netlinkNotifyMsg: false, group: undefined };
type FamilyCase = {
  readonly model: (priority: number, more: Partial<VrrpInstanceConfig>) => VrrpInstanceConfig;
  readonly addresses: readonly string[];
  readonly version: 2 | 3;
  /** of the VMAC, as `ip` shows it while the router stands by */
  readonly device: string;
};
const families: Readonly<Record<"IPv4" | "IPv6", FamilyCase>> = {
  IPv4: {
    model: (priority, more) => instance({ priority, vmac, virtualIpaddress: [vip("10.9.0.100")], ...more }),
    addresses: ["10.9.0.100"],
    version: 2,
    device: "00:00:5e:00:01:33 private up",
  },
  IPv6: {
    model: (priority, more) =>
      instance({
        priority,
        vmac,
        family: "ipv6",
        version: 3,
        virtualIpaddress: ["fe80::100", "2001:db8::100"].map((a) => vip(a, { prefixLength: 128 })),
        ...more,
      }),
    addresses: ["fe80::100", "2001:db8::100"],
    version: 3,
    device: "00:00:5e:00:02:33 private up",
  },
};
const theirs = ({ version, addresses }: FamilyCase, priority: number, more = "") => `
global_defs {
    vrrp_version ${version}
}
vrrp_instance VI_1 {
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority ${priority}
    advert_int 1
    use_vmac
    ${more}
    virtual_ipaddress {
        ${addresses.join("\n        ")}
    }
}
`;
/** Anything but the ordinary course of an election; an advert of the one that yields may cross another. */
const complaints = /invalid|mismatch|wrong|expect|unexpected|not present|rror/;

/** The VMAC of router i as `ip` shows it: parent, flags, MAC, mode and addresses; empty without one. */
function device(lan: Lan, i: number): string {
  const found =
    lan
      .ip(i, "-d -o link show")
      .split("\n")
      .find((line) => /vrrp\.51@/.test(line)) ?? "";
  const mac = /link\/ether ([\da-f:]+)/.exec(found)?.[1];
  const mode = /macvlan mode (\w+)/.exec(found)?.[1];
  const up = /<[^>]*\bUP,LOWER_UP/.test(found) ? "up" : "down";
  return mac === undefined ? "" : `${mac} ${mode} ${up}`;
}

function holds(lan: Lan, i: number, addresses: readonly string[]): boolean {
  const shown = lan.ip(i, "-o addr show dev vrrp.51");
  return addresses.every((address) => shown.includes(` ${address}/`));
}

for (const [family, c] of Object.entries(families))
  for (const base of [false, true]) {
    const more = base ? { vmacXmitBase: true } : {};
    const word = base ? "vmac_xmit_base" : "";
    describe(`a mixed pair with VMACs over ${family}${base ? ", vmac_xmit_base" : ""}`, {
      skip,
      concurrency: 2,
    }, () => {
      for (const first of ["ours", "Debian's"] as const)
        test(`${first} is better: elected, replaced when it stops, active again when it returns`, async () => {
          const lan = new Lan(`${family[3]}${base ? 1 : 0}${first[0]}`, 2);
          after(() => lan.remove());
          const start = (i: number, priority: number) =>
            (first === "ours") === (i === 1)
              ? lan.ours(i, modelOf(c.model(priority, more)))
              : lan.theirs(i, theirs(c, priority, word));
          const other = start(2, 90);
          await until("the other waits", () => other.log.includes("(init)"));
          const better = start(1, 100);
          const onVmac = (i: number): boolean => device(lan, i) !== "" && holds(lan, i, c.addresses);
          await until("the better one holds the addresses", () => onVmac(1));
          assert.equal(device(lan, 1), c.device);
          assert.equal(device(lan, 2), c.device);
          await until("the other has none", () => !onVmac(2));
          await better.stop();
          assert.equal(device(lan, 1), "");
          await until("the other takes over", () => onVmac(2));
          const again = start(1, 100);
          await until("the better one is back", () => onVmac(1));
          await until("the other yields", () => !onVmac(2));
          assert.deepEqual(
            [better, again, other].flatMap((d) => d.lines(complaints)),
            [],
          );
        });
    });
  }
