/** The commands of the iptables variant, run with the legacy command in a namespace. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import type { IpAddress } from "../../src/base/address.ts";
import type { FirewallContent } from "../../src/net/kernel-objects.ts";
import { IptablesFirewall } from "../../src/vrrp/iptables.ts";
import { allowed, Lan } from "./namespaces.ts";

const refused = (...addresses: readonly string[]): FirewallContent["refused"] =>
  addresses.map((a) => ({ address: a as IpAddress, ifindex: 2, ifname: "eth0" }));

describe("iptables rules", { skip: allowed ? false : "needs root" }, () => {
  const lan = new Lan("ipt", 1);
  after(() => lan.remove());
  const failures: string[] = [];
  const make = (): IptablesFirewall =>
    new IptablesFirewall(
      { input: "INPUT", output: "OUTPUT" },
      {
        run: async ([command = "", ...args]) => {
          try {
            lan.exec(1, `${command}-legacy ${args.join(" ")}`);
            return 0;
          } catch {
            return 1;
          }
        },
        failed: (command) => failures.push(command),
        nameOf: (ifindex) => (ifindex === 7 ? "vrrp.51" : undefined),
      },
    );
  const saved = (command: string): string[] =>
    lan
      .exec(1, `${command}-legacy-save`)
      .split("\n")
      .filter((line) => line.startsWith("-A"));

  test("refuse addresses, let neighbours be found, and keep reports of VMACs back", async () => {
    const firewall = make();
    const diverted = (["ipv4", "ipv6"] as const).map((family) => ({ family, ifindex: 7, parent: 2 }));
    firewall.apply({ refused: refused("10.9.0.100", "2001:db8::1", "fe80::7"), diverted });
    assert.deepEqual(saved("iptables"), [
      "-A INPUT -d 10.9.0.100/32 -j DROP",
      "-A OUTPUT -s 10.9.0.100/32 -j DROP",
      "-A OUTPUT -o vrrp.51 -p igmp -j DROP",
    ]);
    assert.deepEqual(saved("ip6tables"), [
      "-A INPUT -d 2001:db8::1/128 -p ipv6-icmp -m icmp6 --icmpv6-type 135 -j ACCEPT",
      "-A INPUT -d 2001:db8::1/128 -p ipv6-icmp -m icmp6 --icmpv6-type 136 -j ACCEPT",
      "-A INPUT -d 2001:db8::1/128 -j DROP",
      "-A INPUT -d fe80::7/128 -i eth0 -p ipv6-icmp -m icmp6 --icmpv6-type 135 -j ACCEPT",
      "-A INPUT -d fe80::7/128 -i eth0 -p ipv6-icmp -m icmp6 --icmpv6-type 136 -j ACCEPT",
      "-A INPUT -d fe80::7/128 -i eth0 -j DROP",
      "-A OUTPUT -s 2001:db8::1/128 -p ipv6-icmp -m icmp6 --icmpv6-type 135 -j ACCEPT",
      "-A OUTPUT -s 2001:db8::1/128 -p ipv6-icmp -m icmp6 --icmpv6-type 136 -j ACCEPT",
      "-A OUTPUT -s 2001:db8::1/128 -j DROP",
      "-A OUTPUT -s fe80::7/128 -o eth0 -p ipv6-icmp -m icmp6 --icmpv6-type 135 -j ACCEPT",
      "-A OUTPUT -s fe80::7/128 -o eth0 -p ipv6-icmp -m icmp6 --icmpv6-type 136 -j ACCEPT",
      "-A OUTPUT -s fe80::7/128 -o eth0 -j DROP",
      "-A OUTPUT -o vrrp.51 -p ipv6-icmp -m icmp6 --icmpv6-type 143 -j DROP",
      "-A OUTPUT -o vrrp.51 -p ipv6-icmp -m icmp6 --icmpv6-type 133 -j DROP",
    ]);
    firewall.apply({ refused: refused("10.9.0.101"), diverted: [] });
    assert.deepEqual(saved("iptables"), [
      "-A INPUT -d 10.9.0.101/32 -j DROP",
      "-A OUTPUT -s 10.9.0.101/32 -j DROP",
    ]);
    assert.deepEqual(saved("ip6tables"), []);
    firewall.clear();
    assert.deepEqual([saved("iptables"), failures], [[], []]);
  });

  test("of a predecessor go, and what it did not leave is no failure", async () => {
    make().apply({ refused: refused("10.9.0.100"), diverted: [] });
    make().clear(refused("10.9.0.100", "10.9.0.101"));
    await new Promise((done) => setImmediate(done));
    assert.deepEqual([saved("iptables"), failures], [[], []]);
  });

  test("that cannot be made are told", async () => {
    make().apply({
      refused: [{ address: "10.9.0.100" as IpAddress, ifindex: 2, ifname: "eth0" }],
      diverted: [],
    });
    const broken = new IptablesFirewall(
      { input: "NONE", output: "" },
      {
        run: async () => 2,
        failed: (command, status) => failures.push(`${command}: ${status}`),
        nameOf: () => undefined,
      },
    );
    broken.apply({ refused: refused("10.9.0.100"), diverted: [] });
    await new Promise((done) => setImmediate(done));
    assert.deepEqual(failures, ["iptables -w -A NONE -d 10.9.0.100 -j DROP: 2"]);
  });
});
