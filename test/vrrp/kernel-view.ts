/** What ip(8) and nft(8) show of a router, without what differs between any two machines. */
import type { Lan } from "./namespaces.ts";

/** Everything that a daemon may have set, as text to compare. */
export interface KernelView {
  readonly addresses: readonly string[];
  readonly routes: readonly string[];
  readonly rules: readonly string[];
  readonly firewall: string;
  readonly promoteSecondaries: string;
}

type Row = Readonly<Record<string, unknown>>;

function rows(text: string): readonly Row[] {
  return text.trim() === "" ? [] : (JSON.parse(text) as Row[]);
}

/** Times that run down are only known to run. */
function timeless([key, value]: readonly [string, unknown]): readonly [string, unknown] {
  const runs = key === "preferred_life_time" ? value !== 0 && value !== 0xffff_ffff : key === "expires";
  return [key, runs ? "running" : value];
}

/** In one order whatever the kernel's. */
function lines(list: readonly Row[], drop: readonly string[] = []): readonly string[] {
  return list
    .map((row) =>
      JSON.stringify(
        Object.fromEntries(
          Object.entries(row)
            .filter(([key]) => !drop.includes(key))
            .map(timeless),
        ),
      ),
    )
    .toSorted();
}

/** @param only lines that a daemon made: addresses beyond the interface's own, routes and rules by protocol */
export function viewOf(lan: Lan, i: number): KernelView {
  const links = rows(lan.ip(i, "-d -j addr show dev eth0")) as readonly { addr_info: readonly Row[] }[];
  const addresses = links
    .flatMap((link) => link.addr_info)
    .filter((a) => !String(a["local"]).startsWith("fe80::") || a["nodad"] === true);
  const routes = ["-4", "-6"].flatMap((family) =>
    rows(lan.ip(i, `${family} -d -j route show table all`)).filter((r) => r["protocol"] !== "kernel"),
  );
  const rules = ["-4", "-6"].flatMap((family) =>
    rows(lan.ip(i, `${family} -d -j rule`)).map((r) => ({ family, ...r })),
  );
  return {
    addresses: lines(addresses, ["valid_life_time", "tentative", "secondary"]),
    routes: lines(routes, ["flags"]),
    rules: lines(rules),
    firewall: lan.exec(i, "nft list ruleset").replace(/packets \d+ bytes \d+/g, "packets 0 bytes 0"),
    promoteSecondaries: lan.exec(i, "cat /proc/sys/net/ipv4/conf/eth0/promote_secondaries").trim(),
  };
}
