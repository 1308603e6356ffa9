/** Our nftables table as nft(8) shows it; the expected texts are those of Debian's keepalived 2.2.7. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, test } from "node:test";
import type { IpAddress } from "../../src/base/address.ts";
import type { FirewallContent } from "../../src/net/kernel-objects.ts";
import { loadNative } from "../../src/net/native.ts";
import { NftablesFirewall } from "../../src/net/nftables.ts";
import { enterNewNamespace, ip } from "./world.ts";

const native = loadNative();
enterNewNamespace(native, "nftables");
ip("link add ve0 type veth peer name ve1");
ip("link add link ve0 name vrrp.51 type macvlan mode private");
const parent = native.ifNameToIndex("ve0");
const vmac = native.ifNameToIndex("vrrp.51");

const nft = (...args: readonly string[]): string => execFileSync("nft", args, { encoding: "utf8" });
const options = { table: "keepalived", priority: -1, counters: false, byIndex: true };
const refused = (...addresses: readonly string[]): FirewallContent["refused"] =>
  addresses.map((a) => ({ address: a as IpAddress, ifindex: parent, ifname: "ve0" }));
const content = (...addresses: readonly string[]): FirewallContent => ({
  refused: refused(...addresses),
  diverted: [],
});

describe("the nftables table", () => {
  test("of IPv4 addresses is keepalived's, byte for byte", () => {
    const firewall = new NftablesFirewall(native, { ...options, counters: true });
    assert.equal(firewall.apply(content("10.9.0.100", "10.9.0.101")), undefined);
    assert.equal(
      nft("list", "ruleset"),
      `table ip keepalived {
	set vips {
		type ipv4_addr
		elements = { 10.9.0.100, 10.9.0.101 }
	}

	chain out {
		type filter hook output priority filter - 1; policy accept;
		ip saddr @vips counter packets 0 bytes 0 drop
	}

	chain in {
		type filter hook input priority filter - 1; policy accept;
		ip daddr @vips counter packets 0 bytes 0 drop
	}
}
`,
    );
    assert.equal(firewall.clear(), undefined);
    assert.equal(nft("list", "ruleset"), "");
    firewall.close();
  });

  test("of IPv6 addresses and VMACs of both families is keepalived's, byte for byte", () => {
    const firewall = new NftablesFirewall(native, options);
    const diverted = (["ipv4", "ipv6"] as const).map((family) => ({ family, ifindex: vmac, parent }));
    const all = { refused: refused("10.9.0.100", "2001:db8::100", "fe80::5:1"), diverted };
    assert.equal(firewall.apply(all), undefined);
    assert.equal(
      nft("list", "ruleset"),
      `table ip keepalived {
	map vmac_map {
		type iface_index : iface_index
		elements = { "vrrp.51" : "ve0" }
	}

	set vips {
		type ipv4_addr
		elements = { 10.9.0.100 }
	}

	chain out {
		type filter hook output priority filter - 1; policy accept;
		ip protocol igmp meta oifkind "macvlan" dup to ip daddr device oif map @vmac_map drop
		ip saddr @vips drop
	}

	chain in {
		type filter hook input priority filter - 1; policy accept;
		ip daddr @vips drop
	}
}
table ip6 keepalived {
	map vmac_map {
		type iface_index : iface_index
		elements = { "vrrp.51" : "ve0" }
	}

	set vmac_set {
		type iface_index
		elements = { "vrrp.51" }
	}

	set vips {
		type ipv6_addr
		elements = { 2001:db8::100 }
	}

	set neighbor-discovery {
		type icmpv6_type
		flags constant
		elements = { nd-neighbor-solicit,
			     nd-neighbor-advert }
	}

	set vips_link_local {
		type ipv6_addr . iface_index
		elements = { fe80::5:1 . "ve0" }
	}

	chain out {
		type filter hook output priority filter - 1; policy accept;
		icmpv6 type mld2-listener-report meta oifkind "macvlan" dup to ip6 daddr device oif map @vmac_map drop
		icmpv6 type nd-router-solicit meta oifkind "macvlan" oif @vmac_set drop
		icmpv6 type @neighbor-discovery accept
		ip6 saddr fe80::/10 goto out_link_local
		ip6 saddr @vips drop
	}

	chain in {
		type filter hook input priority filter - 1; policy accept;
		icmpv6 type @neighbor-discovery accept
		ip6 daddr fe80::/10 goto in_link_local
		ip6 daddr @vips drop
	}

	chain in_link_local {
		ip6 daddr . iif @vips_link_local drop
	}

	chain out_link_local {
		ip6 saddr . oif @vips_link_local drop
	}
}
`,
    );
    firewall.clear();
    firewall.close();
  });

  test("binds link-local addresses to the interface's name unless nftables_ifindex is given", () => {
    const firewall = new NftablesFirewall(native, { ...options, byIndex: false });
    assert.equal(firewall.apply(content("fe80::5:1")), undefined);
    const text = nft("list", "ruleset");
    for (const line of [
      "set vips_link_local_name {",
      "type ipv6_addr . ifname",
      'elements = { fe80::5:1 . "ve0" }',
      "ip6 daddr . iifname @vips_link_local_name drop",
      "ip6 saddr . oifname @vips_link_local_name drop",
    ])
      assert.ok(text.includes(line), `${line} is not in ${text}`);
    firewall.clear();
    firewall.close();
  });

  test("changes element by element, and nothing when nothing changed", () => {
    const firewall = new NftablesFirewall(native, options);
    firewall.apply(content("10.9.0.100", "10.9.0.101"));
    const handles = nft("-a", "list", "ruleset");
    firewall.apply(content("10.9.0.101", "10.9.0.102"));
    assert.equal(
      nft("-a", "list", "ruleset"),
      handles.replace("10.9.0.100, 10.9.0.101", "10.9.0.101, 10.9.0.102"),
    );
    firewall.apply(content());
    assert.equal(nft("-a", "list", "ruleset").includes("elements"), false);
    firewall.clear();
    firewall.close();
  });

  test("a table that somebody flushed is made again with all that belongs into it", () => {
    const firewall = new NftablesFirewall(native, options);
    firewall.apply(content("10.9.0.100"));
    nft("flush", "ruleset");
    assert.equal(firewall.apply(content("10.9.0.100", "10.9.0.101")), undefined);
    assert.ok(nft("list", "ruleset").includes("elements = { 10.9.0.100, 10.9.0.101 }"));
    firewall.clear();
    firewall.close();
  });

  test("what a predecessor left goes at the start, what was made since stays", () => {
    const before = new NftablesFirewall(native, options);
    before.apply(content("10.9.0.100", "2001:db8::100"));
    before.close();
    const firewall = new NftablesFirewall(native, options);
    firewall.apply({ refused: [], diverted: [{ family: "ipv4", ifindex: vmac, parent }] });
    assert.equal(firewall.clear([]), undefined);
    const left = nft("list", "ruleset");
    assert.ok(left.includes("table ip keepalived") && left.includes("vmac_map"), left);
    assert.equal(left.includes("vips") || left.includes("ip6"), false);
    firewall.clear();
    assert.equal(nft("list", "ruleset"), "");
    firewall.close();
  });

  test("two thousand addresses fit", () => {
    const firewall = new NftablesFirewall(native, options);
    const many = Array.from({ length: 2000 }, (_, i) => `10.8.${i >> 8}.${i & 255}`);
    assert.equal(firewall.apply(content(...many)), undefined);
    assert.equal(nft("list", "set", "ip", "keepalived", "vips").match(/10\.8\./g)?.length, 2000);
    assert.equal(firewall.clear(), undefined);
    firewall.close();
  });
});
