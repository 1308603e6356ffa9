/**
 * One `virtual_server` to its model: inheritance down to the checkers, and the corrections of
 * keepalived (checker-behaviour 1, "Validation fix-ups").
 */
import { type Family, familyOf } from "../base/address.ts";
import type { ForwardingValue } from "./arguments-options.ts";
import { readServiceDialect } from "./build-dialect.ts";
import {
  defaultDelayLoop,
  methodFor,
  micros,
  readRealServers,
  readSorryServer,
  type Service,
  type VirtualServerContext,
} from "./build-real-server.ts";
import type { Draft } from "./draft.ts";
import type {
  Protocol,
  RealServerConfig,
  SorryServerConfig,
  VirtualServerConfig,
  VirtualServerTarget,
} from "./model.ts";
import type { VirtualServerGroupConfig } from "./model-lvs.ts";
import { reportAtEnd } from "./report-at-end.ts";
import type { Reporter } from "./reporter.ts";
import { readFlags, readPersistence, readQuorum } from "./service-options.ts";

/** @returns undefined when no real server is left (reported) */
export function buildVirtualServer(
  context: VirtualServerContext,
  draft: Draft,
): VirtualServerConfig | undefined {
  const { reporter, scripts, global } = context;
  const group = readGroup(context, draft);
  if (group === "unknown") return undefined;
  if (!draft.children.some((child) => child.head.kind === "endpoint"))
    return withoutServers(reporter, draft, "this virtual_server");
  const target = readTarget(context, draft, group);
  const title = `virtual_server ${describeTarget(target)}`;
  const scheduler = readScheduler(reporter, draft, title);
  const method = draft.forwarding("lvs_method") ?? missingForwarding(reporter, draft, title);
  const forwarding = methodFor(reporter, draft.statementOf("lvs_method"), target, method);
  const dialect = readServiceDialect(reporter, draft);
  if (forwarding.method === "fullNat" && dialect?.localAddressGroup === undefined)
    reporter.word(
      "local-addresses-missing",
      draft.statement,
      0,
      `${title} has FNAT without source addresses; write: laddr_group_name NAME`,
    );
  const family = target.kind === "address" ? familyOf(target.address) : familyOfServers(draft, target);
  if (group !== undefined && !familiesOf(group).has(family)) {
    reporter.word(
      "group-family",
      draft.statement,
      2,
      `${title} is ignored: its servers are ${family}, and nothing in the group is; write addresses of one family`,
    );
    return undefined;
  }
  const service: Service = { context, draft, target, family, group, forwarding, dialect, title };
  const realServers = readRealServers(service);
  if (realServers.length === 0) return withoutServers(reporter, draft, title);
  const { quorum, hysteresis } = readQuorum(reporter, draft, realServers, title);
  const persistenceTimeout = readPersistence(reporter, draft, takesEveryPort(target, group), title);
  const persistencePrefixLength = checkFamilies(reporter, draft, family);
  const servers = alignTwins(reporter, draft, readSorryServer(service), realServers);
  return {
    where: reporter.where(draft.statement),
    target,
    delayLoop: micros(draft, "delay_loop") ?? defaultDelayLoop,
    scheduler,
    flags: readFlags(reporter, draft, target, title),
    persistenceTimeout,
    persistenceEngine: draft.text("persistence_engine"),
    persistencePrefixLength,
    quorum,
    hysteresis,
    quorumUp: scripts.resolve(draft.script("quorum_up")),
    quorumDown: scripts.resolve(draft.script("quorum_down")),
    omega: draft.flag("omega") ?? false,
    haSuspend: readSuspend(reporter, draft, target, title),
    snmpName: draft.text("snmp_name"),
    dialect,
    rsInitNotifies: context.inherited.rsInitNotifies,
    smtpAlert: draft.flag("smtp_alert") ?? global.smtpAlertChecker ?? global.smtpAlert ?? false,
    sorryServer: servers.sorryServer,
    realServers: servers.realServers,
  };
}

function withoutServers(reporter: Reporter, draft: Draft, title: string): undefined {
  reportAtEnd(
    reporter,
    "real-server-missing",
    draft,
    `${title} has no usable real server and is ignored; write: real_server ADDRESS PORT { … }`,
  );
  return undefined;
}

/** `10.0.0.1:80/tcp`, `[2001:db8::1]:80/tcp`, `fwmark 7` or `group NAME`, for messages. */
export function describeTarget(target: VirtualServerTarget): string {
  switch (target.kind) {
    case "address": {
      const host = target.address.includes(":") ? `[${target.address}]` : target.address;
      return `${host}:${target.port}/${target.protocol}`;
    }
    case "fwmark":
      return `fwmark ${target.mark}`;
    case "group":
      return `group ${target.name}`;
  }
}

/** EulerOS's consistent hash is not in Linux; Maglev spreads and keeps clients in the same way. */
function readScheduler(reporter: Reporter, draft: Draft, title: string): string {
  const scheduler = draft.text("lvs_sched");
  if (scheduler === "consh") {
    reporter.once(
      "scheduler-replaced",
      draft.statementOf("lvs_sched"),
      "consh",
      "the scheduler consh is not in Linux and mh takes its place; write lvs_sched mh where only mh is meant",
    );
    return "mh";
  }
  if (scheduler !== undefined) return scheduler;
  reporter.word(
    "scheduler-missing",
    draft.statement,
    0,
    `${title} has no valid lvs_sched and gets wlc; write: lvs_sched wlc`,
  );
  return "wlc";
}

function missingForwarding(reporter: Reporter, draft: Draft, title: string): ForwardingValue {
  reporter.word(
    "forwarding-missing",
    draft.statement,
    0,
    `${title} has no valid lvs_method and gets NAT; write: lvs_method NAT`,
  );
  return { kind: "forwarding", method: "masquerade", tunnel: undefined };
}

/** A real server that is the sorry server too is one destination of the kernel: both are inhibited, or none. */
function alignTwins(
  reporter: Reporter,
  draft: Draft,
  sorryServer: SorryServerConfig | undefined,
  realServers: readonly RealServerConfig[],
): Pick<VirtualServerConfig, "sorryServer" | "realServers"> {
  const isTwin = (server: RealServerConfig): boolean =>
    server.address === sorryServer?.address && server.port === sorryServer.port;
  const twin = sorryServer === undefined ? undefined : realServers.find(isTwin);
  if (sorryServer === undefined || twin === undefined || twin.inhibitOnFailure === sorryServer.inhibit)
    return { sorryServer, realServers };
  const [keyword, block] = sorryServer.inhibit
    ? ["inhibit_on_failure", `real_server ${twin.address} ${twin.port}`]
    : ["sorry_server_inhibit", "the sorry server"];
  reporter.word(
    "sorry-server-inhibit",
    draft.statementOf("sorry_server"),
    1,
    `${twin.address} port ${twin.port} is sorry server and real server, and only one of both keeps its entry while it is down, so that both do; write ${keyword} for ${block}`,
  );
  return {
    sorryServer: { ...sorryServer, inhibit: true },
    realServers: realServers.map((server) =>
      server === twin ? { ...server, inhibitOnFailure: true } : server,
    ),
  };
}

function readGroup(
  { reporter, groups }: VirtualServerContext,
  draft: Draft,
): VirtualServerGroupConfig | "unknown" | undefined {
  const target = draft.head.kind === "virtualServer" ? draft.head.target : undefined;
  if (target?.kind !== "group") return undefined;
  const group = groups.get(target.name);
  if (group !== undefined) return group;
  reporter.word(
    "group-unknown",
    draft.statement,
    2,
    `there is no usable virtual_server_group ${target.name} and this virtual_server is ignored; define the group`,
  );
  return "unknown";
}

/** The families that a group can serve; a mark without one serves both. */
function familiesOf(group: VirtualServerGroupConfig): ReadonlySet<Family> {
  return new Set(
    group.entries.flatMap((entry): readonly Family[] =>
      entry.kind === "addresses"
        ? [familyOf(entry.first)]
        : entry.family === undefined
          ? ["ipv4", "ipv6"]
          : [entry.family],
    ),
  );
}

function familyOfServers(draft: Draft, target: VirtualServerTarget): Family {
  return target.kind === "fwmark" ? target.family : familyOfMark(draft);
}

function takesEveryPort(target: VirtualServerTarget, group: VirtualServerGroupConfig | undefined): boolean {
  if (target.kind === "address") return target.port === 0;
  return (group?.entries ?? []).some((entry) => entry.kind === "addresses" && entry.port === 0);
}

/**
 * `ip_family` and the mask of the persistence must be of the service's own family.
 *
 * @returns prefix length of the mask
 */
function checkFamilies(reporter: Reporter, draft: Draft, family: Family): number {
  const own = draft.text("ip_family");
  if (own !== undefined && (own === "inet6" ? "ipv6" : "ipv4") !== family)
    reporter.word(
      "family-conflict",
      draft.statementOf("ip_family"),
      1,
      `ip_family ${own} does not fit this ${family} service and is ignored; remove it`,
    );
  const mask = draft.netmask("persistence_granularity");
  if (mask?.family === family) return mask.length;
  if (mask !== undefined)
    reporter.word(
      "netmask-family",
      draft.statementOf("persistence_granularity"),
      1,
      `this mask is ${mask.family}, the service is ${family}, and every client counts for itself; write ${family === "ipv4" ? "a mask like 255.255.255.0" : "a prefix length like 64"}`,
    );
  return family === "ipv6" ? 128 : 32;
}

/** Which addresses are on this host says nothing about marks. */
function readSuspend(reporter: Reporter, draft: Draft, target: VirtualServerTarget, title: string): boolean {
  if (!draft.has("ha_suspend")) return false;
  if (target.kind !== "fwmark") return true;
  reporter.word(
    "ha-suspend-cleared",
    draft.statementOf("ha_suspend"),
    0,
    `${title} has no address that could be on this host, ha_suspend is cleared; remove it`,
  );
  return false;
}

function readTarget(
  context: VirtualServerContext,
  draft: Draft,
  group: VirtualServerGroupConfig | undefined,
): VirtualServerTarget {
  const { reporter } = context;
  const head = draft.head.kind === "virtualServer" ? draft.head.target : undefined;
  const protocol = draft.text("protocol")?.toLowerCase() as Protocol | undefined;
  const marks = group?.entries.filter((entry) => entry.kind === "fwmark").length ?? 0;
  const onlyMarks = group === undefined ? head?.kind === "fwmark" : marks === group.entries.length;
  if (head === undefined || onlyMarks) {
    if (protocol !== undefined)
      reporter.word(
        "protocol-ignored",
        draft.statementOf("protocol"),
        0,
        "a fwmark service takes every protocol, this line is ignored; remove it",
      );
    if (head?.kind === "group") return { ...head, protocol: "udp", family: familyOfMark(draft) };
    return { kind: "fwmark", mark: head?.kind === "fwmark" ? head.mark : 0, family: familyOfMark(draft) };
  }
  if (protocol === undefined)
    reporter.word(
      "protocol-missing",
      draft.statement,
      0,
      "this virtual_server has no valid protocol and gets UDP; write: protocol TCP",
    );
  if (head.kind === "fwmark") return head;
  if (marks > 0)
    return {
      kind: "group",
      name: group?.name ?? "",
      protocol: protocol ?? "udp",
      family: familyOfMark(draft),
    };
  return { ...head, protocol: protocol ?? "udp" };
}

/**
 * Own word, else that of servers that are not tunnelled, else that of the granularity, else the one that
 * all servers have.
 */
function familyOfMark(draft: Draft): Family {
  const own = draft.text("ip_family");
  if (own !== undefined) return own === "inet6" ? "ipv6" : "ipv4";
  const tunnelled = new Set<Family>();
  for (const child of draft.children) {
    if (child.head.kind !== "endpoint") continue;
    const family = familyOf(child.head.address);
    if ((child.forwarding("lvs_method") ?? draft.forwarding("lvs_method"))?.method !== "tunnel")
      return family;
    tunnelled.add(family);
  }
  const sorry = draft.endpoint("sorry_server");
  const method = draft.forwarding("sorry_server_lvs_method") ?? draft.forwarding("lvs_method");
  if (sorry !== undefined && method?.method !== "tunnel") return familyOf(sorry.address);
  const [common = "ipv4"] = tunnelled;
  return draft.netmask("persistence_granularity")?.family ?? (tunnelled.size === 1 ? common : "ipv4");
}
