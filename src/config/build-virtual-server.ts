/**
 * One `virtual_server` to its model: inheritance down to the checkers, and the corrections of
 * keepalived (checker-behaviour 1, "Validation fix-ups").
 */
import type { Statement } from "../../grammar/parser.ts";
import { type Family, familyOf } from "../base/address.ts";
import type { Micros } from "../base/units.ts";
import { buildChecker } from "./build-checker.ts";
import type { Inherited } from "./build-global.ts";
import type { Draft } from "./draft.ts";
import type {
  CheckerConfig,
  Forwarding,
  GlobalDefs,
  Protocol,
  RealServerConfig,
  SorryServerConfig,
  VirtualServerConfig,
  VirtualServerTarget,
} from "./model.ts";
import type { Reporter } from "./reporter.ts";
import type { Scripts } from "./scripts.ts";
import { inOrder, readFlags, readPersistence, readQuorum } from "./service-options.ts";
import type { Endpoint } from "./words.ts";

export interface VirtualServerContext {
  readonly reporter: Reporter;
  readonly scripts: Scripts;
  readonly global: GlobalDefs;
  readonly inherited: Inherited;
}

/** @returns undefined when no real server is left (reported) */
export function buildVirtualServer(
  context: VirtualServerContext,
  draft: Draft,
): VirtualServerConfig | undefined {
  const { reporter, scripts, global } = context;
  if (!draft.children.some((child) => child.head.kind === "endpoint"))
    return withoutServers(reporter, draft, "this virtual_server");
  const target = readTarget(context, draft);
  const title = `virtual_server ${describeTarget(target)}`;
  const scheduler = draft.text("lvs_sched") ?? missing(reporter, draft, title, "scheduler", "wlc");
  const forwarding = (draft.text("lvs_method") ??
    missing(reporter, draft, title, "forwarding", "masquerade")) as Forwarding;
  const realServers = readRealServers(context, draft, target, forwarding, title);
  if (realServers.length === 0) return withoutServers(reporter, draft, title);
  const { quorum, hysteresis } = readQuorum(reporter, draft, realServers, title);
  const persistence = draft.netmask("persistence_granularity");
  const persistenceTimeout = readPersistence(reporter, draft, target, title);
  const family =
    target.kind === "address" ? familyOf(target.address) : target.kind === "fwmark" ? target.family : "ipv4";
  return {
    where: reporter.where(draft.statement),
    target,
    delayLoop: micros(draft, "delay_loop") ?? defaultDelayLoop,
    scheduler,
    flags: readFlags(reporter, draft, target, title),
    persistenceTimeout,
    persistenceEngine: draft.text("persistence_engine"),
    persistencePrefixLength: persistence?.length ?? (family === "ipv6" ? 128 : 32),
    quorum,
    hysteresis,
    quorumUp: scripts.resolve(draft.script("quorum_up")),
    quorumDown: scripts.resolve(draft.script("quorum_down")),
    omega: draft.flag("omega") ?? false,
    rsInitNotifies: context.inherited.rsInitNotifies,
    smtpAlert: draft.flag("smtp_alert") ?? global.smtpAlertChecker ?? global.smtpAlert ?? false,
    sorryServer: readSorryServer(reporter, draft, target, forwarding, title),
    realServers,
  };
}

function withoutServers(reporter: Reporter, draft: Draft, title: string): undefined {
  reporter.word(
    "real-server-missing",
    draft.statement,
    0,
    `${title} has no usable real server and is ignored; write: real_server ADDRESS PORT { … }`,
  );
  return undefined;
}

const defaultDelayLoop = 60_000_000 as Micros;
const defaultTimeout = 5_000_000 as Micros;

function micros(draft: Draft, keyword: string): Micros | undefined {
  return draft.number(keyword) as Micros | undefined;
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

function missing(
  reporter: Reporter,
  draft: Draft,
  title: string,
  what: "scheduler" | "forwarding",
  value: string,
): string {
  const [keyword, word] = what === "scheduler" ? ["lvs_sched", "wlc"] : ["lvs_method", "NAT"];
  reporter.word(
    `${what}-missing`,
    draft.statement,
    0,
    `${title} has no valid ${keyword} and gets ${word}; write: ${keyword} ${word}`,
  );
  return value;
}

function readTarget(context: VirtualServerContext, draft: Draft): VirtualServerTarget {
  const { reporter } = context;
  const head = draft.head.kind === "virtualServer" ? draft.head.target : undefined;
  const protocol = draft.text("protocol")?.toLowerCase() as Protocol | undefined;
  if (head === undefined || head.kind === "fwmark") {
    if (protocol !== undefined)
      reporter.word(
        "protocol-ignored",
        draft.statementOf("protocol"),
        0,
        "a fwmark service takes every protocol, this line is ignored; remove it",
      );
    return { kind: "fwmark", mark: head?.mark ?? 0, family: familyOfMark(draft) };
  }
  if (protocol === undefined)
    reporter.word(
      "protocol-missing",
      draft.statement,
      0,
      "this virtual_server has no valid protocol and gets UDP; write: protocol TCP",
    );
  return { ...head, protocol: protocol ?? "udp" };
}

/** Own word, else that of servers that are not tunnelled, else that of the granularity, else of any server. */
function familyOfMark(draft: Draft): Family {
  const own = draft.text("ip_family");
  if (own !== undefined) return own === "inet6" ? "ipv6" : "ipv4";
  let tunnelled: Family | undefined;
  for (const child of draft.children) {
    if (child.head.kind !== "endpoint") continue;
    const family = familyOf(child.head.address);
    if ((child.text("lvs_method") ?? draft.text("lvs_method")) !== "tunnel") return family;
    tunnelled ??= family;
  }
  const sorry = draft.endpoint("sorry_server");
  if (sorry !== undefined && draft.text("sorry_server_lvs_method") !== "tunnel")
    return familyOf(sorry.address);
  return draft.netmask("persistence_granularity")?.family ?? tunnelled ?? "ipv4";
}

function readRealServers(
  context: VirtualServerContext,
  draft: Draft,
  target: VirtualServerTarget,
  inheritedForwarding: Forwarding,
  title: string,
): readonly RealServerConfig[] {
  const { reporter, scripts, global, inherited } = context;
  const result: RealServerConfig[] = [];
  const seen = new Map<string, Statement>();
  const weight = draft.number("weight") ?? 1;
  for (const block of draft.children) {
    if (block.head.kind !== "endpoint") continue;
    const { address } = block.head;
    const forwarding = (block.text("lvs_method") as Forwarding | undefined) ?? inheritedForwarding;
    if (!familyFits(reporter, block.statement, target, address.includes(":") ? "ipv6" : "ipv4", forwarding))
      continue;
    const port = destinationPort(reporter, block.statement, target, block.head, forwarding, title);
    const key = `${address} ${port}`;
    const before = seen.get(key);
    if (before !== undefined) {
      reporter.word(
        "real-server-duplicate",
        block.statement,
        0,
        `real_server ${address} ${port} is in ${title} twice, the first one counts; remove one of them`,
        [reporter.firstDefinedAt(before)],
      );
      continue;
    }
    seen.set(key, block.statement);
    result.push({
      where: reporter.where(block.statement),
      address,
      port,
      weight: block.number("weight") ?? weight,
      forwarding,
      inhibitOnFailure: block.flag("inhibit_on_failure") ?? draft.has("inhibit_on_failure"),
      upperThreshold: block.number("uthreshold") ?? 0,
      lowerThreshold: block.number("lthreshold") ?? 0,
      notifyUp: scripts.resolve(block.script("notify_up")),
      notifyDown: scripts.resolve(block.script("notify_down")),
      smtpAlert: block.flag("smtp_alert") ?? global.smtpAlertChecker ?? global.smtpAlert ?? true,
      checkers: readCheckers(reporter, draft, block, inherited, port),
    });
  }
  return result;
}

function readCheckers(
  reporter: Reporter,
  virtual: Draft,
  real: Draft,
  inherited: Inherited,
  port: number,
): readonly CheckerConfig[] {
  if (real.children.length === 0 || real.head.kind !== "endpoint") return [];
  const both = (keyword: string): Micros | undefined => micros(real, keyword) ?? micros(virtual, keyword);
  const defaults = {
    delayLoop: both("delay_loop") ?? defaultDelayLoop,
    connectTimeout: both("connect_timeout") ?? defaultTimeout,
    retry: real.number("retry") ?? virtual.number("retry"),
    delayBeforeRetry: both("delay_before_retry"),
    warmup: both("warmup"),
    alpha: real.flag("alpha") ?? virtual.flag("alpha") ?? false,
    virtualhost: real.text("virtualhost") ?? virtual.text("virtualhost"),
    logAllFailures: inherited.logAllFailures,
    // A checker keeps the port as written where the service forces another one on the real server.
    target: { ...real.head, port: real.head.port === 0 ? port : real.head.port },
  };
  const checkers: CheckerConfig[] = [];
  for (const block of real.children) {
    const checker = buildChecker(reporter, block, defaults);
    if (checker !== undefined) checkers.push(checker);
  }
  return checkers;
}

function familyFits(
  reporter: Reporter,
  statement: Statement,
  target: VirtualServerTarget,
  family: Family,
  forwarding: Forwarding,
): boolean {
  const own =
    target.kind === "address" ? familyOf(target.address) : target.kind === "fwmark" ? target.family : family;
  if (own === family || forwarding === "tunnel") return true;
  reporter.word(
    "address-family",
    statement,
    1,
    `${statement.words[1]} is ${family}, its virtual_server is ${own}, and this server is ignored; only lvs_method TUN may mix families`,
  );
  return false;
}

/** Only NAT can translate ports: other servers get the service's, and none behind a firewall mark. */
function destinationPort(
  reporter: Reporter,
  statement: Statement,
  target: VirtualServerTarget,
  endpoint: Endpoint,
  forwarding: Forwarding,
  title: string,
): number {
  const { port } = endpoint;
  if (target.kind === "group") return port;
  if (target.kind === "fwmark") {
    if (port === 0 || forwarding === "masquerade") return port;
    reporter.word(
      "port-ignored",
      statement,
      2,
      `port ${port} is ignored: packets with a firewall mark keep their port unless lvs_method is NAT; remove it`,
    );
    return 0;
  }
  if (port === target.port) return port;
  if (port === 0) return target.port;
  if (forwarding === "masquerade") return port;
  reporter.word(
    "port-forced",
    statement,
    2,
    `port ${port} becomes ${target.port}, the port of ${title}: only lvs_method NAT can change it; write ${target.port}`,
  );
  return target.port;
}

function readSorryServer(
  reporter: Reporter,
  draft: Draft,
  target: VirtualServerTarget,
  inherited: Forwarding,
  title: string,
): SorryServerConfig | undefined {
  const cell = draft.cell("sorry_server");
  const endpoint = draft.endpoint("sorry_server");
  for (const keyword of ["sorry_server_inhibit", "sorry_server_lvs_method"])
    if (draft.has(keyword)) inOrder(reporter, draft, "sorry_server", keyword);
  if (cell === undefined || endpoint === undefined) return undefined;
  const forwarding = (draft.text("sorry_server_lvs_method") as Forwarding | undefined) ?? inherited;
  if (!familyFits(reporter, cell.statement, target, familyOf(endpoint.address), forwarding)) return undefined;
  return {
    where: reporter.where(cell.statement),
    address: endpoint.address,
    port: destinationPort(reporter, cell.statement, target, endpoint, forwarding, title),
    forwarding,
    inhibit: draft.has("sorry_server_inhibit"),
  };
}
