/** The words inside lines: each item's table has exactly the words that keepalived knows. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { optionTables } from "../../grammar/keywords/options.ts";
import { IprouteNames } from "../../src/config/iproute-names.ts";
import { OptionWords, readPrefix } from "../../src/config/option-words.ts";
import { isExecutableFor, weakComponent } from "../../src/config/scripts-check.ts";

function wordsOf(item: string): readonly string[] {
  const table = optionTables.find((t) => t.item === item);
  return (table?.rows ?? [])
    .flatMap((row) => [row.keyword, ...(row.aliases ?? []), ...(row.deprecated ?? [])])
    .sort();
}

function sorted(text: string): readonly string[] {
  return text.split(" ").sort();
}

test("the 15 words behind an address", () => {
  assert.deepEqual(
    wordsOf("address-item"),
    sorted(
      "dev scope brd broadcast label peer home -nodad mngtmpaddr noprefixroute autojoin no_track preferred_lft track_group use_vmac",
    ),
  );
});

test("the words of a route: 47 and the destination's own, which `to` announces", () => {
  assert.deepEqual(
    wordsOf("route-item"),
    sorted(
      "to inet inet6 src as via gw from tos dsfield table protocol scope metric priority preference dev oif onlink encap expires mtu hoplimit advmss rtt rttvar reordering window cwnd ssthresh realms rto_min initcwnd initrwnd features quickack congctl pref ttl-propagate fastopen_no_cookie add append prepend or nexthop no_track track_group vrf",
    ),
  );
});

test("the words of encapsulations and hops", () => {
  assert.deepEqual(wordsOf("route-item/encap ip"), sorted("id dst src tos ttl flags"));
  assert.deepEqual(wordsOf("route-item/encap ip6"), sorted("id dst src tc hoplimit flags"));
  assert.deepEqual(wordsOf("route-item/encap mpls"), ["LABEL"]);
  assert.deepEqual(wordsOf("route-item/encap ila"), ["LOCATOR"]);
  assert.deepEqual(wordsOf("route-item/nexthop"), sorted("via dev oif weight onlink encap realms as"));
});

test("the 36 words of a rule", () => {
  assert.deepEqual(
    wordsOf("rule-item"),
    sorted(
      "inet inet6 not from to table lookup preference order priority tos dsfield fwmark realms suppress_prefixlength sup_pl suppress_ifgroup sup_group dev iif oif tunnel-id uidrange l3mdev protocol ipproto sport dport no_track track_group type goto nop blackhole unreachable prohibit",
    ),
  );
  assert.equal(wordsOf("rule-item").length, 36);
});

test("the words of trackers, peers, VMACs and ipvlans", () => {
  assert.deepEqual(wordsOf("track_*"), sorted("weight reverse noreverse"));
  assert.deepEqual(wordsOf("unicast_peer"), sorted("min_ttl max_ttl"));
  assert.deepEqual(wordsOf("use_vmac"), sorted("name netlink_notify_msg group"));
  assert.deepEqual(wordsOf("use_ipvlan"), sorted("name bridge private vepa group"));
});

test("no word stands twice in one table, and every row has a help text", () => {
  for (const { item, rows } of optionTables) {
    const words = wordsOf(item);
    assert.equal(new Set(words).size, words.length, item);
    for (const row of rows) assert.ok(row.help.length > 0, `${item} ${row.keyword}`);
  }
});

test("a mistyped option finds its neighbour, another word none", () => {
  const table = optionTables.find((t) => t.item === "track_*");
  assert.ok(table);
  const words = new OptionWords(table);
  assert.equal(words.hint("weigth"), "; did you mean weight?");
  assert.equal(words.hint("banana"), "");
});

test("names of tables: built in, from the machine's files, as numbers; the first directory counts", () => {
  const files: Record<string, string> = {
    "/etc/iproute2/rt_tables": "# comment\n100 uplink\n  0x65 other # why\n",
    "/usr/share/iproute2/rt_tables": "200 uplink\n201 third\nnonsense\n",
  };
  const names = new IprouteNames({
    readFile: (path) => {
      const text = files[path];
      if (text === undefined) throw new Error("no such file");
      return Buffer.from(text);
    },
  });
  assert.equal(names.number("rt_tables", "main"), 254);
  assert.equal(names.number("rt_tables", "uplink"), 100);
  assert.equal(names.number("rt_tables", "other"), 101);
  assert.equal(names.number("rt_tables", "third"), 201);
  assert.equal(names.number("rt_tables", "77"), 77);
  assert.equal(names.number("rt_tables", "0x4d"), 77);
  assert.equal(names.number("rt_tables", "toString"), undefined);
  assert.equal(names.number("rt_protos", "bird"), 12);
  assert.deepEqual(names.known("rt_tables"), [
    "unspec",
    "default",
    "main",
    "local",
    "uplink",
    "other",
    "third",
  ]);
});

test("prefixes: whole addresses, lengths, and words for everything", () => {
  assert.deepEqual(readPrefix("192.0.2.1"), { address: "192.0.2.1", prefixLength: 32 });
  assert.deepEqual(readPrefix("2001:db8::/32"), { address: "2001:db8::", prefixLength: 32 });
  assert.deepEqual(readPrefix("any"), { address: "0.0.0.0", prefixLength: 0 });
  assert.deepEqual(readPrefix("default6"), { address: "::", prefixLength: 0 });
  assert.equal(readPrefix("192.0.2.1/33"), undefined);
  assert.equal(readPrefix("banana"), undefined);
});

const directory = { isFile: false, mode: 0o755, uid: 0, gid: 0 };
const script = { isFile: true, mode: 0o755, uid: 0, gid: 0 };

test("the first part of a path that others can change is named with owner, mode and remedy", () => {
  const at = (stats: Record<string, typeof script>, path: string) => weakComponent(path, (p) => stats[p]);
  const safe = { "/": directory, "/etc": directory, "/etc/check": script };
  assert.equal(at(safe, "/etc/check"), undefined);
  assert.deepEqual(at({ ...safe, "/etc": { ...directory, uid: 1000, mode: 0o777 } }, "/etc/check"), {
    path: "/etc",
    why: "owned by uid 1000 and gid 0, mode 0777",
    fix: "chown root /etc && chmod go-w /etc",
  });
  assert.deepEqual(at({ ...safe, "/etc/check": { ...script, gid: 5, mode: 0o775 } }, "/etc/check"), {
    path: "/etc/check",
    why: "owned by uid 0 and gid 5, mode 0775",
    fix: "chmod go-w /etc/check",
  });
  // root's own group may write, and in a sticky directory nobody replaces somebody else's file
  assert.equal(at({ ...safe, "/etc/check": { ...script, mode: 0o775 } }, "/etc/check"), undefined);
  assert.equal(at({ ...safe, "/etc": { ...directory, mode: 0o1777 } }, "/etc/check"), undefined);
  assert.equal(at({ ...safe, "/etc/check": { ...script, mode: 0o1777 } }, "/etc/check")?.path, "/etc/check");
});

test("who may execute a file: its owner, its group, others; root when anybody may", () => {
  const file = { isFile: true, mode: 0o710, uid: 1000, gid: 100 };
  assert.equal(isExecutableFor(file, { uid: 0, gid: 0 }), true);
  assert.equal(isExecutableFor({ ...file, mode: 0o644 }, { uid: 0, gid: 0 }), false);
  assert.equal(isExecutableFor(file, { uid: 1000, gid: 1 }), true);
  assert.equal(isExecutableFor(file, { uid: 1001, gid: 100 }), true);
  assert.equal(isExecutableFor(file, { uid: 1001, gid: 1 }), false);
  assert.equal(isExecutableFor({ ...file, mode: 0o610 }, { uid: 1000, gid: 100 }), false);
});
