/**
 * The interop matrix: what is configured, and what the two routers must then have. One row is one case;
 * the scenario is the same for all (`vrrp-matrix.ts`) and so is the text for both makes.
 */
import { numberOf, otherRouter, type Router } from "../lab/wire.ts";

/** One row of the matrix. */
export interface MatrixCase {
  readonly name: string;
  /** advert interval, ms */
  readonly interval: number;
  /** the whole file for one of the routers; r1 is the better one */
  readonly configuration: (router: Router) => string;
  /** addresses that move between the routers */
  readonly vips: readonly string[];
  /** lines of `Wire.snapshot` that a master has beyond a machine without daemon; %N is the router's number */
  readonly master: readonly string[];
  /** the same for a backup; none when absent */
  readonly backup?: readonly string[];
  /** whether a better router takes its addresses back when it returns; true when absent */
  readonly returns?: boolean;
  /** complaints in a log that belong to the case */
  readonly tolerated?: RegExp;
}

const PRIORITY: Readonly<Record<Router, number>> = { r1: 150, r2: 100 };

interface InstanceText {
  readonly version: 2 | 3;
  /** seconds */
  readonly interval: number;
  readonly vips: readonly string[];
  readonly excluded?: readonly string[];
  /** further lines of the block */
  readonly more?: string;
  readonly priority?: Readonly<Record<Router, number>>;
  readonly state?: Readonly<Record<Router, string>>;
  readonly id?: number;
  readonly name?: string;
  readonly interface?: string;
}

function instance(router: Router, t: InstanceText): string {
  const list = (keyword: string, items: readonly string[] | undefined): string =>
    items === undefined ? "" : `    ${keyword} {\n${items.map((v) => `        ${v}\n`).join("")}    }\n`;
  return `vrrp_instance ${t.name ?? "VI_1"} {
    state ${t.state?.[router] ?? "BACKUP"}
    version ${t.version}
    interface ${t.interface ?? "eth0"}
    virtual_router_id ${t.id ?? 51}
    priority ${(t.priority ?? PRIORITY)[router]}
    advert_int ${t.interval}
    garp_master_delay 1
${t.more === undefined ? "" : `    ${t.more}\n`}${list("virtual_ipaddress", t.vips)}${list("virtual_ipaddress_excluded", t.excluded)}}
`;
}

const ONE = "10.9.0.100";
const ONE_SET = [`addr eth0 inet ${ONE}/32 scope global eth0`];

const LINK_LOCAL_SET = ["addr eth0 inet6 fe80::100/64 scope link nodad"];
const VMAC_LINK = ["link vrrp.51@eth0"];
/** Without vmac_xmit_base the VMAC gets the parent's link-local address. */
const VMAC_OWN_ADDRESS = [...VMAC_LINK, "addr vrrp.51 inet6 fe80::1:%N/64 scope link nodad deprecated"];
const VMAC_IPV6_SET = [
  "addr vrrp.51 inet6 fe80::100/64 scope link nodad",
  "addr vrrp.51 inet6 2001:db8::100/64 scope global nodad",
];

type PlainText = Partial<InstanceText> & Pick<InstanceText, "version" | "interval">;

/** A case with one instance and, unless said otherwise, one address. */
function plain(
  name: string,
  t: PlainText | ((router: Router) => PlainText),
  more: Partial<MatrixCase> & { readonly global?: string } = {},
): MatrixCase {
  const { global, ...rest } = more;
  const textOf = (router: Router): PlainText => (typeof t === "function" ? t(router) : t);
  const head = global === undefined ? "" : `global_defs {\n    ${global}\n}\n`;
  return {
    name,
    interval: textOf("r1").interval * 1000,
    configuration: (router) => head + instance(router, { vips: [ONE], ...textOf(router) }),
    vips: [ONE],
    master: ONE_SET,
    ...rest,
  };
}

const PASS = "authentication {\n        auth_type PASS\n        auth_pass 11112222\n    }";
const AH = PASS.replace("PASS", "AH");
const five = [1, 2, 3, 4, 5].map((i) => `10.9.0.10${i}`);
const twenty = Array.from({ length: 20 }, (_, i) => `10.9.2.${i + 1}`);

/** Two instances on two interfaces that change together: the loss of one cable moves both. */
function syncGroup(name: string, t: Pick<InstanceText, "version" | "interval">): MatrixCase {
  const other = "10.9.1.100";
  return {
    name,
    interval: t.interval * 1000,
    configuration: (router) =>
      "vrrp_sync_group G {\n    group {\n        VI_1\n        VI_2\n    }\n}\n" +
      instance(router, { ...t, vips: [ONE] }) +
      instance(router, { ...t, vips: [other], name: "VI_2", id: 52, interface: "eth1" }),
    vips: [ONE, other],
    master: [...ONE_SET, `addr eth1 inet ${other}/32 scope global eth1`],
  };
}

export const cases: readonly MatrixCase[] = [
  syncGroup("sync group, v2, 1 s", { version: 2, interval: 1 }),
  syncGroup("sync group, v3, 200 ms", { version: 3, interval: 0.2 }),
  // the slow ones first, so that the others can fill their waits
  plain("v2, no authentication, 3 s", { version: 2, interval: 3 }),
  plain("v2, PASS, 3 s", { version: 2, interval: 3, more: PASS }),
  plain("v2, AH, 3 s", { version: 2, interval: 3, more: AH }),
  plain("v2, no authentication, 1 s", { version: 2, interval: 1 }),
  plain("v2, PASS, 1 s", { version: 2, interval: 1, more: PASS }),
  plain("v2, AH, 1 s", { version: 2, interval: 1, more: AH }),
  plain("v3, 1 s", { version: 3, interval: 1 }),
  plain("v3, 100 ms", { version: 3, interval: 0.1 }),
  plain("v3, 30 ms", { version: 3, interval: 0.03 }),
  plain(
    "five addresses with labels",
    { version: 2, interval: 1, vips: five.map((a, i) => `${a}/24 dev eth0 label eth0:${i + 1}`) },
    {
      vips: five,
      master: five.map((a, i) => `addr eth0 inet ${a}/24 scope global secondary eth0:${i + 1}`),
    },
  ),
  plain(
    "twenty addresses of another net with labels",
    { version: 3, interval: 0.2, vips: twenty.map((a, i) => `${a}/24 dev eth0 label eth0:${i + 1}`) },
    {
      vips: twenty,
      master: twenty.map((a, i) => {
        const rank = i === 0 ? "" : "secondary ";
        return `addr eth0 inet ${a}/24 scope global ${rank}eth0:${i + 1}`;
      }),
    },
  ),
  plain(
    "excluded addresses, one on another interface",
    { version: 2, interval: 1, excluded: ["10.9.0.200/32 scope link", "10.9.1.200/32 dev eth1"] },
    {
      vips: [ONE, "10.9.0.200", "10.9.1.200"],
      master: [
        ...ONE_SET,
        "addr eth0 inet 10.9.0.200/32 scope link eth0",
        "addr eth1 inet 10.9.1.200/32 scope global eth1",
      ],
    },
  ),
  plain("nopreempt", { version: 3, interval: 0.2, more: "nopreempt" }, { returns: false }),
  plain("preempt_delay 2", { version: 3, interval: 0.2, more: "preempt_delay 2" }),
  plain("the address owner", {
    version: 3,
    interval: 0.5,
    priority: { r1: 255, r2: 100 },
    state: { r1: "MASTER", r2: "BACKUP" },
  }),
  plain(
    "another multicast group",
    { version: 3, interval: 0.2 },
    { global: "vrrp_mcast_group4 224.0.0.118" },
  ),
  plain(
    "IPv6, v3, 200 ms",
    { version: 3, interval: 0.2, vips: ["fe80::100/64", "2001:db8::100/64", "2001:db8::101"] },
    {
      vips: ["fe80::100", "2001:db8::100", "2001:db8::101"],
      master: [
        ...LINK_LOCAL_SET,
        "addr eth0 inet6 2001:db8::100/64 scope global nodad",
        "addr eth0 inet6 2001:db8::101/128 scope global nodad deprecated",
      ],
    },
  ),
  plain("unicast", (router) => ({
    version: 3,
    interval: 0.2,
    more: `unicast_src_ip 10.9.0.${numberOf(router)}
    unicast_peer {
        10.9.0.${numberOf(otherRouter(router))}
    }`,
  })),
  plain("unicast, v2, PASS", (router) => ({
    version: 2,
    interval: 1,
    more: `${PASS}
    unicast_peer {
        10.9.0.${numberOf(otherRouter(router))}
    }`,
  })),
  plain(
    "unicast, IPv6",
    (router) => ({
      version: 3,
      interval: 0.2,
      vips: ["fe80::100/64"],
      more: `unicast_src_ip fe80::1:${numberOf(router)}
    unicast_peer {
        fe80::1:${numberOf(otherRouter(router))}
    }`,
    }),
    { vips: ["fe80::100"], master: LINK_LOCAL_SET },
  ),
  plain(
    "VMAC",
    { version: 3, interval: 0.2, more: "use_vmac" },
    { master: [...VMAC_LINK, `addr vrrp.51 inet ${ONE}/32 scope global vrrp.51`], backup: VMAC_LINK },
  ),
  plain(
    "VMAC with vmac_xmit_base",
    { version: 3, interval: 0.2, more: "use_vmac\n    vmac_xmit_base" },
    { master: [...VMAC_LINK, `addr vrrp.51 inet ${ONE}/32 scope global vrrp.51`], backup: VMAC_LINK },
  ),
  plain(
    "VMAC, IPv6",
    { version: 3, interval: 0.2, more: "use_vmac", vips: ["fe80::100/64", "2001:db8::100/64"] },
    {
      vips: ["fe80::100", "2001:db8::100"],
      master: [...VMAC_OWN_ADDRESS, ...VMAC_IPV6_SET],
      backup: VMAC_OWN_ADDRESS,
    },
  ),
  plain(
    "VMAC with vmac_xmit_base, IPv6",
    {
      version: 3,
      interval: 0.2,
      more: "use_vmac\n    vmac_xmit_base",
      vips: ["fe80::100/64", "2001:db8::100/64"],
    },
    {
      vips: ["fe80::100", "2001:db8::100"],
      master: [...VMAC_LINK, ...VMAC_IPV6_SET],
      backup: VMAC_LINK,
    },
  ),
  plain(
    "virtual routes and rules",
    {
      version: 3,
      interval: 0.2,
      more: `virtual_routes {
        198.51.100.0/24 via 10.9.0.9 dev eth0 metric 77
        203.0.113.0/24 src ${ONE} dev eth0 table 99
        blackhole 192.0.2.0/24 no_track
    }
    virtual_rules {
        from 10.9.5.0/24 table 99 priority 4711
    }`,
    },
    {
      master: [
        ...ONE_SET,
        "route 198.51.100.0/24 via 10.9.0.9 dev eth0 proto keepalived metric 77",
        `route 203.0.113.0/24 dev eth0 table 99 proto keepalived src ${ONE}`,
        "route blackhole 192.0.2.0/24 proto keepalived",
        "rule 4711: from 10.9.5.0/24 lookup 99 proto keepalived",
      ],
    },
  ),
  {
    name: "sync group of two",
    interval: 200,
    configuration: (router) =>
      `vrrp_sync_group G {
    group {
        VI_1
        VI_2
    }
}
${instance(router, { version: 3, interval: 0.2, vips: [ONE] })}${instance(router, {
  version: 3,
  interval: 0.2,
  vips: ["10.9.1.100"],
  name: "VI_2",
  interface: "eth1",
  id: 52,
})}`,
    vips: [ONE, "10.9.1.100"],
    master: [...ONE_SET, "addr eth1 inet 10.9.1.100/32 scope global eth1"],
  },
  plain("strict mode", { version: 3, interval: 0.2 }, { global: "vrrp_strict" }),
  plain("a group of its own", { version: 3, interval: 0.2, more: "mcast_dst_ip 224.0.0.119" }),
  plain("down_timer_adverts 5", { version: 3, interval: 0.1, more: "down_timer_adverts 5" }),
  plain("another source address", (router) => ({
    version: 3,
    interval: 0.2,
    more: `mcast_src_ip 10.9.0.${numberOf(router)}`,
  })),
];
