/**
 * The top-level lists of the VRRP side: static addresses, routes and rules, link polling and debouncing,
 * and the rate limits of `garp_group`.
 */
import type { Micros } from "../base/units.ts";
import { readVirtualAddress } from "./addresses.ts";
import { readRoute } from "./build-route.ts";
import { type RuleContext, readRule } from "./build-rule.ts";
import type { Draft } from "./draft.ts";
import type { InterfaceContext } from "./interfaces.ts";
import type { GlobalDefs, VirtualAddress } from "./model.ts";
import type { GarpGroupConfig, InterfaceDelay, LinkbeatInterface, VrrpSections } from "./model-vrrp.ts";
import { parseDuration } from "./numbers.ts";
import { reportAtEnd } from "./report-at-end.ts";
import type { Reporter } from "./reporter.ts";

export interface StaticContext extends RuleContext, InterfaceContext {
  readonly global: GlobalDefs;
}

type StaticSections = Pick<
  VrrpSections,
  "staticAddresses" | "staticRoutes" | "staticRules" | "interfaceDelays" | "linkbeatInterfaces"
>;

/** @param root the draft of the file itself */
export function buildStatics(context: StaticContext, root: Draft): StaticSections {
  return {
    staticAddresses: readAddresses(context, root),
    staticRoutes: root.lines("static_routes").flatMap((line) => readRoute(context, line) ?? []),
    staticRules: root.lines("static_rules").flatMap((line) => readRule(context, line) ?? []),
    interfaceDelays: readDelays(context, root),
    linkbeatInterfaces: readLinkbeat(context, root),
  };
}

/** Where static addresses go that say nothing, as in keepalived. */
const DEFAULT_INTERFACE = "eth0";

function readAddresses(context: StaticContext, root: Draft): readonly VirtualAddress[] {
  const { reporter, global, trackGroups } = context;
  const result: VirtualAddress[] = [];
  for (const line of root.lines("static_ipaddress")) {
    const address = readVirtualAddress(context, line, "static");
    if (address === undefined) continue;
    const dev = address.dev ?? global.defaultInterface ?? DEFAULT_INTERFACE;
    if (address.dev === undefined && !hasInterface(context, dev)) {
      reporter.word(
        "static-address-invalid",
        line,
        0,
        `static address ${address.address} has no interface, and there is no ${dev}, the default; write: dev INTERFACE, or default_interface in global_defs`,
      );
      continue;
    }
    if (address.dev !== undefined) context.checkInterface(line, line.words.indexOf("dev") + 1);
    const { trackGroup } = address;
    if (trackGroup !== undefined && trackGroups?.has(trackGroup) !== true) {
      reporter.word(
        "track-group-unknown",
        line,
        line.words.indexOf("track_group") + 1,
        `there is no track_group ${trackGroup}, it is ignored; define it`,
      );
      result.push({ ...address, dev, trackGroup: undefined });
    } else result.push({ ...address, dev });
  }
  return result;
}

/** Debouncing longer than this would hide real failures. */
const LONGEST_DELAY = 255;

function readDelays(context: StaticContext, root: Draft): readonly InterfaceDelay[] {
  const { reporter } = context;
  const result: InterfaceDelay[] = [];
  for (const line of root.lines("interface_up_down_delays")) {
    const [name = ""] = line.words;
    if (isIgnored(context, line)) continue;
    const delays: Micros[] = [];
    for (const word of [1, 2]) {
      const text = line.words[word];
      if (text === undefined) continue;
      const value = parseDuration(text, 0, LONGEST_DELAY);
      if (value.ok) delays.push(value.value);
      else
        reporter.word(
          value.reason === "range" ? "number-out-of-range" : "number-invalid",
          line,
          word,
          `delay ${text} of ${name} is not valid, this line is ignored; write: ${name} 0..${LONGEST_DELAY} [0..${LONGEST_DELAY}] (seconds)`,
        );
    }
    const [down, up = 0 as Micros] = delays;
    if (line.words.length < 2)
      reporter.word(
        "option-without-value",
        line,
        1,
        `${name} has no delay and is ignored; write: ${name} DOWN [UP]`,
      );
    else if (line.words.length > 3)
      reporter.word("extra-parameter", line, 3, `"${line.words[3]}" is ignored; write: ${name} DOWN [UP]`);
    if (down === undefined || delays.length < Math.min(2, line.words.length - 1)) continue;
    result.push({ interface: name, down, up });
  }
  return result;
}

function readLinkbeat(context: StaticContext, root: Draft): readonly LinkbeatInterface[] {
  const result: LinkbeatInterface[] = [];
  for (const line of root.lines("linkbeat_interfaces")) {
    const [name = "", text] = line.words;
    if (isIgnored(context, line)) continue;
    const upper = text?.toUpperCase();
    const method = upper === "MII" || upper === "ETHTOOL" || upper === "IOCTL" ? upper : undefined;
    if (text !== undefined && method === undefined)
      context.reporter.word(
        "option-unknown",
        line,
        1,
        `"${text}" is no way to poll ${name} and is ignored; write MII, ETHTOOL or IOCTL`,
      );
    result.push({ interface: name, method });
  }
  return result;
}

/** Reports an interface that does not exist; unlike an instance's it is left out. */
function isIgnored(context: StaticContext, line: Parameters<RuleContext["checkInterface"]>[0]): boolean {
  const [name = ""] = line.words;
  if (hasInterface(context, name)) return false;
  context.reporter.word(
    "interface-ignored",
    line,
    0,
    `there is no interface "${name}", this line is ignored; create it first`,
  );
  return true;
}

function hasInterface({ interfaces }: InterfaceContext, name: string): boolean {
  return interfaces === undefined || interfaces.has(name);
}

/** Longer pauses make a takeover visible to nobody. */
const LONG_INTERVAL = 1_000_000;

/**
 * The `garp_group` blocks, each interface in one of them.
 *
 * @returns undefined when the group limits nothing (reported)
 */
export function buildGarpGroup(
  context: InterfaceContext,
  draft: Draft,
  taken: Set<string>,
): GarpGroupConfig | undefined {
  const { reporter } = context;
  const garpInterval = readInterval(reporter, draft, "garp_interval");
  const gnaInterval = readInterval(reporter, draft, "gna_interval");
  const interfaces: string[] = [];
  const own = draft.cell("interface");
  const listed = draft
    .lines("interfaces")
    .flatMap((line) => line.words.map((_, word) => ({ statement: line, word })));
  for (const { statement, word } of [
    ...(own === undefined ? [] : [{ statement: own.statement, word: 1 }]),
    ...listed,
  ]) {
    const name = statement.words[word] ?? "";
    if (!hasInterface(context, name))
      reporter.word(
        "interface-ignored",
        statement,
        word,
        `there is no interface "${name}", it is ignored here; create it first`,
      );
    else if (taken.has(name))
      reporter.word(
        "garp-group-duplicate",
        statement,
        word,
        `${name} is in a garp_group already and is ignored here; remove it from one of them`,
      );
    else {
      taken.add(name);
      interfaces.push(name);
    }
  }
  if (garpInterval === 0 && gnaInterval === 0)
    return reportAtEnd(
      reporter,
      "garp-group-empty",
      draft,
      "this garp_group has no interval and is ignored; write: garp_interval SECONDS, or gna_interval SECONDS",
    );
  if (interfaces.length === 0)
    return reportAtEnd(
      reporter,
      "garp-group-empty",
      draft,
      "this garp_group has no interfaces and is ignored; write: interface NAME, or interfaces { NAME… }",
    );
  return { where: reporter.where(draft.statement), garpInterval, gnaInterval, interfaces };
}

function readInterval(reporter: Reporter, draft: Draft, keyword: string): Micros {
  const value = (draft.number(keyword) ?? 0) as Micros;
  if (value >= LONG_INTERVAL)
    reporter.word(
      "value-doubtful",
      draft.statementOf(keyword),
      1,
      `${keyword} of ${value / 1_000_000} seconds delays the addresses of a takeover one by one; write less than 1`,
    );
  return value;
}
