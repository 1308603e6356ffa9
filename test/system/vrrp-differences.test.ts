/**
 * Packets, addresses, routes, rules, kernel parameters and notifications of both makes on the same
 * scenarios. What differs is listed in vrrp-differences.md and nowhere else.
 * UPDATE_DIFFERENCES=1 writes the list: read what is new before you commit it.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { play, type Scenario } from "./vrrp-differences.ts";

const FILE = join(import.meta.dirname, "vrrp-differences.md");
const AT_ONCE = 4;

interface Words {
  readonly version: 2 | 3;
  readonly more?: string;
  readonly excluded?: string;
  readonly name?: string;
  readonly interface?: string;
  readonly id?: number;
}

function instance(better: boolean, vips: readonly string[], w: Words): string {
  const excluded =
    w.excluded === undefined ? "" : `    virtual_ipaddress_excluded {\n        ${w.excluded}\n    }\n`;
  return `vrrp_instance ${w.name ?? "VI_1"} {
    state BACKUP
    version ${w.version}
    interface ${w.interface ?? "eth0"}
    virtual_router_id ${w.id ?? 51}
    priority ${better ? 200 : 100}
    advert_int ${w.version === 2 ? 1 : 0.3}
    garp_master_delay 1
    ${better ? "" : "NOTIFY"}
    ${w.more ?? ""}
    virtual_ipaddress {
        ${vips.join("\n        ")}
    }
${excluded}}
`;
}

function plain(name: string, w: Words, o: Partial<Scenario> = {}): Scenario {
  return {
    name,
    configuration: ({ better, vips }) => instance(better, vips, w),
    vips: ["10.9.0.100", "10.9.0.101"],
    other: "10.9.0.102",
    deleted: "10.9.0.100/32 dev eth0",
    ...o,
  };
}

const IPV6: Partial<Scenario> = {
  vips: ["fe80::100", "2001:db8::100"],
  other: "2001:db8::102",
};

const scenarios: readonly Scenario[] = [
  plain("version 2 with a password, excluded address, routes and rules", {
    version: 2,
    excluded: "10.9.0.200 scope link",
    more: `authentication {
        auth_type PASS
        auth_pass secret
    }
    virtual_routes {
        198.51.100.0/24 via 10.9.0.9 dev eth0
        203.0.113.0/24 dev eth0 table 99
    }
    virtual_rules {
        from 10.9.5.0/24 table 99
    }`,
  }),
  plain("version 2 with AH", {
    version: 2,
    more: "authentication {\n        auth_type AH\n        auth_pass secret\n    }",
  }),
  plain("version 3", { version: 3 }),
  plain("version 3 over IPv6", { version: 3 }, { ...IPV6, deleted: "2001:db8::102/128 dev eth0" }),
  plain(
    "a VMAC, promote_secondaries",
    { version: 3, more: "use_vmac\n    promote_secondaries" },
    { deleted: "10.9.0.100/32 dev vrrp.51" },
  ),
  plain(
    "a VMAC with vmac_xmit_base",
    { version: 3, more: "use_vmac\n    vmac_xmit_base" },
    { deleted: "10.9.0.100/32 dev vrrp.51" },
  ),
  plain(
    "a VMAC over IPv6",
    { version: 3, more: "use_vmac" },
    { ...IPV6, deleted: "2001:db8::102/128 dev vrrp.51" },
  ),
  {
    ...plain("unicast", { version: 3 }),
    configuration: ({ better, vips }) =>
      instance(better, vips, {
        version: 3,
        more: `unicast_peer {\n        10.9.0.${better ? 1 : 2}\n    }`,
      }),
  },
  {
    ...plain("a sync group", { version: 3 }),
    configuration: ({ better, vips }) =>
      `vrrp_sync_group G {
    group {
        VI_1
        VI_2
    }
    ${better ? "" : "NOTIFY"}
}
${instance(better, vips, { version: 3 })}${instance(better, ["10.9.1.100"], { version: 3, name: "VI_2", id: 52, interface: "eth1" }).replace("NOTIFY", "")}`,
  },
];

/**
 * The FIFO's lines, those of one instance or group behind each other: whose advert comes first when a
 * better router has several is chance.
 */
function orderInFifo(lines: readonly string[]): string {
  const byName = Map.groupBy(
    lines.filter((line) => line.startsWith("FIFO: ")),
    (line) => line.split(" ").slice(1, 3).join(" "),
  );
  return [...byName.keys()]
    .sort()
    .flatMap((name) => byName.get(name) ?? [])
    .join("\n");
}

/** Lines that only one of the two has, in the order of the phases. */
function difference(c: readonly string[], ours: readonly string[]): readonly string[] {
  const out: string[] = [];
  const phases = (lines: readonly string[]): ReadonlyMap<string, readonly string[]> => {
    const map = new Map<string, string[]>();
    let current: string[] = [];
    for (const line of lines) {
      if (!line.startsWith("## ")) current.push(line);
      else {
        current = [];
        map.set(line.slice(3), current);
      }
    }
    return map;
  };
  const [left, right] = [phases(c), phases(ours)];
  for (const [phase, before] of left) {
    const after = right.get(phase) ?? [];
    const lines = [
      ...before.filter((line) => !after.includes(line)).map((line) => `- keepalived: ${line}`),
      ...after.filter((line) => !before.includes(line)).map((line) => `- ours: ${line}`),
    ];
    if (lines.length === 0 && orderInFifo(before) !== orderInFifo(after))
      lines.push("- the FIFO has another order");
    if (lines.length > 0) out.push("", `${phase}:`, "", ...lines);
  }
  return out;
}

function sectionsOf(text: string): ReadonlyMap<string, string> {
  return new Map(
    text
      .split(/^## /m)
      .slice(1)
      .map((section) => {
        const end = section.indexOf("\n");
        return [section.slice(0, end), section.slice(end).trim()] as const;
      }),
  );
}

describe("both makes on the same scenario", { concurrency: AT_ONCE }, () => {
  const update = process.env["UPDATE_DIFFERENCES"] === "1";
  const text = readFileSync(FILE, "utf8");
  const known = sectionsOf(text);
  const found = new Map<string, string>();
  after(() => {
    if (!update) return;
    const head = text.slice(0, text.search(/^## /m) < 0 ? undefined : text.search(/^## /m)).trim();
    const sections = scenarios.map(({ name }) =>
      `## ${name}\n\n${found.get(name) ?? known.get(name) ?? ""}`.trim(),
    );
    writeFileSync(FILE, `${[head, ...sections].join("\n\n")}\n`);
  });
  for (const scenario of scenarios)
    test(scenario.name, async () => {
      const [c, ours] = await Promise.all([play(scenario, "c"), play(scenario, "ours")]);
      assert.ok(c.length > 20, "something was compared");
      const lines = difference(c, ours).join("\n").trim();
      found.set(scenario.name, lines === "" ? "Nothing." : lines);
      if (!update) assert.equal(found.get(scenario.name), known.get(scenario.name));
    });
});
