/**
 * The servers of one `virtual_server`, real ones and the sorry server: family, port and forwarding as the
 * service allows them, and their checkers.
 */
import type { Statement } from "../../grammar/parser.ts";
import { type Family, familyOf } from "../base/address.ts";
import type { Micros } from "../base/units.ts";
import type { ForwardingValue } from "./arguments-options.ts";
import { buildCheckers, type CheckerContext } from "./build-checker.ts";
import { readVxlan } from "./build-dialect.ts";
import type { Inherited } from "./build-global.ts";
import type { Draft } from "./draft.ts";
import type {
  CheckerConfig,
  Forwarding,
  GlobalDefs,
  RealServerConfig,
  SorryServerConfig,
  VirtualServerTarget,
} from "./model.ts";
import type { ServiceDialect, VirtualServerGroupConfig } from "./model-lvs.ts";
import type { Reporter } from "./reporter.ts";
import type { Scripts } from "./scripts.ts";
import { inOrder } from "./service-options.ts";
import type { Endpoint } from "./words.ts";

/** What the builder of a virtual server needs besides its own text. */
export interface VirtualServerContext extends CheckerContext {
  readonly reporter: Reporter;
  readonly scripts: Scripts;
  readonly global: GlobalDefs;
  readonly inherited: Inherited;
  /** complete only when services of groups are built */
  readonly groups: ReadonlyMap<string, VirtualServerGroupConfig>;
}

/** What the parts of one virtual server need to know of the whole. */
export interface Service {
  readonly context: VirtualServerContext;
  readonly draft: Draft;
  readonly target: VirtualServerTarget;
  /** of its servers, unless they are tunnelled */
  readonly family: Family;
  readonly group: VirtualServerGroupConfig | undefined;
  readonly forwarding: ForwardingValue;
  readonly dialect: ServiceDialect | undefined;
  readonly title: string;
}

/** keepalived.conf(5): every minute unless told otherwise */
export const defaultDelayLoop = 60_000_000 as Micros;
const defaultTimeout = 5_000_000 as Micros;

/** A duration of a block. */
export function micros(draft: Draft, keyword: string): Micros | undefined {
  return draft.number(keyword) as Micros | undefined;
}

/** Full NAT needs an address of its own, which a firewall mark is not. */
export function methodFor(
  reporter: Reporter,
  statement: Statement,
  target: VirtualServerTarget,
  value: ForwardingValue,
): ForwardingValue {
  if (value.method !== "fullNat" || target.kind !== "fwmark") return value;
  reporter.word(
    "full-nat-fwmark",
    statement,
    1,
    "FNAT is not possible for a fwmark and becomes NAT; write NAT, or an address instead of the fwmark",
  );
  return { ...value, method: "masquerade" };
}

/** In the order of the file; what cannot be used is left out (reported). */
export function readRealServers(service: Service): readonly RealServerConfig[] {
  const { context, draft, target, title } = service;
  const { reporter, scripts, global } = context;
  const result: RealServerConfig[] = [];
  const seen = new Map<string, Statement>();
  const weight = draft.number("weight") ?? 1;
  for (const block of draft.children) {
    if (block.head.kind !== "endpoint") continue;
    const { address } = block.head;
    const own = block.forwarding("lvs_method");
    const method =
      own === undefined
        ? service.forwarding
        : methodFor(reporter, block.statementOf("lvs_method"), target, own);
    const forwarding = method.method;
    if (!familyFits(service, block.statement, address.includes(":") ? "ipv6" : "ipv4", forwarding)) continue;
    const port = destinationPort(service, block.statement, block.head, forwarding);
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
      tunnel: method.tunnel,
      vxlan: readVxlan(reporter, block),
      snmpName: block.text("snmp_name"),
      inhibitOnFailure: block.flag("inhibit_on_failure") ?? draft.has("inhibit_on_failure"),
      upperThreshold: block.number("uthreshold") ?? 0,
      lowerThreshold: block.number("lthreshold") ?? 0,
      notifyUp: scripts.resolve(block.script("notify_up")),
      notifyDown: scripts.resolve(block.script("notify_down")),
      smtpAlert: block.flag("smtp_alert") ?? global.smtpAlertChecker ?? global.smtpAlert ?? true,
      checkers: readCheckers(service, block, port),
    });
  }
  return result;
}

function readCheckers(
  { context, draft: virtual, dialect }: Service,
  real: Draft,
  port: number,
): readonly CheckerConfig[] {
  if (real.children.length === 0 || real.head.kind !== "endpoint" || dialect?.checkerOff === true) return [];
  const both = (keyword: string): Micros | undefined => micros(real, keyword) ?? micros(virtual, keyword);
  const defaults = {
    delayLoop: both("delay_loop") ?? defaultDelayLoop,
    virtualDelayLoop: micros(virtual, "delay_loop") ?? defaultDelayLoop,
    connectTimeout: both("connect_timeout") ?? defaultTimeout,
    retry: real.number("retry") ?? virtual.number("retry"),
    delayBeforeRetry: both("delay_before_retry"),
    warmup: both("warmup"),
    alpha: real.flag("alpha") ?? virtual.flag("alpha") ?? false,
    virtualhost: real.text("virtualhost") ?? virtual.text("virtualhost"),
    logAllFailures: context.inherited.logAllFailures,
    // A checker keeps the port as written where the service forces another one on the real server.
    target: { ...real.head, port: real.head.port === 0 ? port : real.head.port },
  };
  return real.children.flatMap((block) => buildCheckers(context, block, defaults));
}

function familyFits(
  { context, family: own }: Service,
  statement: Statement,
  family: Family,
  forwarding: Forwarding,
): boolean {
  if (own === family || forwarding === "tunnel") return true;
  context.reporter.word(
    "address-family",
    statement,
    1,
    `${statement.words[1]} is ${family}, its virtual_server is ${own}, and this server is ignored; only lvs_method TUN may mix families`,
  );
  return false;
}

/** Only NAT can translate ports: other servers get the service's, and none behind a firewall mark. */
function destinationPort(
  { context, target, group, title }: Service,
  statement: Statement,
  endpoint: Endpoint,
  forwarding: Forwarding,
): number {
  const { reporter } = context;
  const { port } = endpoint;
  const translates = forwarding === "masquerade" || forwarding === "fullNat";
  if (target.kind === "group") {
    if (port !== 0 && !translates) checkGroupPort(reporter, statement, port, group, title);
    return port;
  }
  if (target.kind === "fwmark") {
    if (port === 0 || translates) return port;
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
  if (translates) return port;
  reporter.word(
    "port-forced",
    statement,
    2,
    `port ${port} becomes ${target.port}, the port of ${title}: only lvs_method NAT can change it; write ${target.port}`,
  );
  return target.port;
}

/** Each entry of a group brings its own port; a server that cannot translate gets that one. */
function checkGroupPort(
  reporter: Reporter,
  statement: Statement,
  port: number,
  group: VirtualServerGroupConfig | undefined,
  title: string,
): void {
  const other = group?.entries.find((entry) => port !== (entry.kind === "addresses" ? entry.port : 0));
  if (other === undefined) return;
  const what =
    other.kind === "fwmark"
      ? `keep their port behind fwmark ${other.mark}`
      : `come on port ${other.port} at ${other.first}`;
  reporter.word(
    "group-port",
    statement,
    2,
    `port ${port} does not count for every entry of ${title}: packets ${what} and only lvs_method NAT can change that; give the server the port of its group`,
  );
}

export function readSorryServer(service: Service): SorryServerConfig | undefined {
  const { context, draft, target } = service;
  const { reporter } = context;
  const cell = draft.cell("sorry_server");
  const endpoint = draft.endpoint("sorry_server");
  for (const keyword of ["sorry_server_inhibit", "sorry_server_lvs_method"])
    if (draft.has(keyword)) inOrder(reporter, draft, "sorry_server", keyword);
  if (cell === undefined || endpoint === undefined) return undefined;
  const own = draft.forwarding("sorry_server_lvs_method");
  const { method: forwarding, tunnel } =
    own === undefined
      ? service.forwarding
      : methodFor(reporter, draft.statementOf("sorry_server_lvs_method"), target, own);
  if (!familyFits(service, cell.statement, familyOf(endpoint.address), forwarding)) return undefined;
  return {
    where: reporter.where(cell.statement),
    address: endpoint.address,
    port: destinationPort(service, cell.statement, endpoint, forwarding),
    forwarding,
    tunnel,
    inhibit: draft.has("sorry_server_inhibit"),
  };
}
