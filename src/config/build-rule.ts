/**
 * The lines of `virtual_rules` and `static_rules`: selectors and one action. A rule with anything
 * invalid in it is dropped as a whole, except for originator and ports, as keepalived does.
 */
import { ruleItem } from "../../grammar/keywords/rule.ts";
import type { Statement } from "../../grammar/parser.ts";
import { familyOf } from "../base/address.ts";
import { type RouteContext, readProtocol, readTrackGroup } from "./build-route.ts";
import type { Prefix, RuleAction, RuleConfig } from "./model-vrrp.ts";
import { OptionValues, OptionWords, readOption } from "./option-words.ts";
import type { Reporter } from "./reporter.ts";

const options: OptionWords = new OptionWords(ruleItem);

/** `/etc/protocols`, as far as rules use it. */
const ipProtocols: ReadonlyMap<string, number> = new Map([
  ["ip", 0],
  ["icmp", 1],
  ["igmp", 2],
  ["ipip", 4],
  ["tcp", 6],
  ["udp", 17],
  ["dccp", 33],
  ["ipv6", 41],
  ["gre", 47],
  ["esp", 50],
  ["ah", 51],
  ["ipv6-icmp", 58],
  ["icmpv6", 58],
  ["ospf", 89],
  ["vrrp", 112],
  ["l2tp", 115],
  ["sctp", 132],
  ["udplite", 136],
]);

const actions: ReadonlySet<string> = new Set([
  "table",
  "goto",
  "nop",
  "blackhole",
  "unreachable",
  "prohibit",
  "l3mdev",
]);
/** An invalid value of these is dropped alone. */
const dispensable: ReadonlySet<string> = new Set(["protocol", "sport", "dport"]);

/** A rule that waits for its preference. */
export interface PendingRule {
  readonly rule: { -readonly [K in keyof RuleConfig]: RuleConfig[K] };
  readonly line: Statement;
}

/** The kernel's own rules begin at 32766; what has no preference goes far in front of them. */
const FIRST_PREFERENCE = 16_384;

/** Gives preferences in the order of the file, downwards, for each family of its own. */
export function assignPreferences(reporter: Reporter, pending: readonly PendingRule[]): void {
  const next = { ipv4: FIRST_PREFERENCE, ipv6: FIRST_PREFERENCE };
  const inOrder = pending.toSorted((a, b) => a.line.source - b.line.source || a.line.start - b.line.start);
  for (const { rule, line } of inOrder) {
    rule.preference = next[rule.family]--;
    reporter.word(
      "rule-no-preference",
      line,
      0,
      `the rule has no preference and gets ${rule.preference}, which depends on the rules before it; write: preference NUMBER`,
    );
  }
}

export interface RuleContext extends RouteContext {
  /** takes a rule without a preference: it gets one when all rules are known */
  readonly rulesWithoutPreference: PendingRule[];
}

/** @returns undefined when the line is dropped (reported) */
export function readRule(context: RuleContext, line: Statement): RuleConfig | undefined {
  const { reporter } = context;
  const values = new OptionValues();
  let action: string | undefined;
  for (let at = 0; at < line.words.length; ) {
    const word = line.words[at] as string;
    const option = options.row(word);
    if (option === undefined) {
      reporter.word(
        "option-unknown",
        line,
        at,
        `"${word}" is no option of a rule, so that the rule is ignored${options.hint(word)}`,
      );
      return undefined;
    }
    if (actions.has(option.keyword)) {
      if (action !== undefined) {
        reporter.word(
          "rule-invalid",
          line,
          at,
          `a rule has one action, ${action} or ${word}, so that it is ignored; remove one of them`,
        );
        return undefined;
      }
      action = option.keyword;
    }
    if (option.argument === "interface") context.checkInterface(line, at + 1);
    const read = readOption(context, line, at, option, values);
    if (!read.ok && !dispensable.has(option.keyword)) return undefined;
    at = read.next;
  }
  return finish(context, line, values, action);
}

function finish(
  context: RuleContext,
  line: Statement,
  values: OptionValues,
  actionWord: string | undefined,
): RuleConfig | undefined {
  const { reporter } = context;
  const drop = (word: number, message: string): undefined =>
    reporter.word("rule-invalid", line, word, `${message}, the rule is ignored`) as undefined;
  const [from, to] = [selector(line, values, "from"), selector(line, values, "to")];
  const given = values.has("inet6") ? "ipv6" : values.has("inet") ? "ipv4" : undefined;
  const families = [from, to].filter((p) => p !== undefined).map((p) => familyOf(p.address));
  const family = given ?? families[0] ?? "ipv4";
  if (families.some((f) => f !== family)) return drop(0, "its addresses are of both families");
  const action = actionOf(values, actionWord);
  if (action === undefined)
    return drop(0, "it has no action; write table, goto, nop, blackhole, unreachable, prohibit or l3mdev");
  if (action.kind === "table" && action.table === 0)
    return drop(values.wordOf("table"), "table 0 is not valid");
  for (const word of ["realms", "suppress_prefixlength", "suppress_ifgroup"])
    if (values.has(word) && action.kind !== "table")
      return drop(values.wordOf(word), `${word} goes with the action table only`);
  if (values.has("realms") && family === "ipv6")
    return drop(values.wordOf("realms"), "realms is for IPv4 only");
  const preference = values.number("preference");
  if (action.kind === "goto" && preference !== undefined && preference >= action.preference)
    return drop(values.wordOf("goto"), `goto ${action.preference} must lead behind preference ${preference}`);
  const ipproto = readIpProtocol(context, line, values);
  if (ipproto === null) return undefined;
  const tunnelId = values.text("tunnel-id");
  if (tunnelId !== undefined && !/^[0-9]{1,20}$/.test(tunnelId))
    return drop(values.wordOf("tunnel-id") + 1, `"${tunnelId}" is no tunnel id`);
  const noTrack = values.flag("no_track");
  const rule = {
    where: reporter.where(line),
    family,
    invert: values.flag("not"),
    from,
    to,
    preference: preference ?? 0,
    action,
    tos: values.number("tos") ?? 0,
    fwmark: values.mark("fwmark"),
    realms: values.range("realms"),
    suppressPrefixlength: values.number("suppress_prefixlength"),
    suppressIfgroup: values.number("suppress_ifgroup"),
    iif: values.text("dev"),
    oif: values.text("oif"),
    tunnelId,
    uidrange: values.range("uidrange"),
    protocol: readProtocol(context, line, values, noTrack, "Rule"),
    ipproto,
    sport: values.range("sport"),
    dport: values.range("dport"),
    noTrack,
    trackGroup: readTrackGroup(context, line, values, "iif"),
  };
  if (preference === undefined) context.rulesWithoutPreference.push({ rule, line });
  return rule;
}

/** `any` and its like select everything, of whatever family. */
function selector(line: Statement, values: OptionValues, keyword: "from" | "to"): Prefix | undefined {
  const isAll = /^(default|any|all)$/.test(line.words[values.wordOf(keyword) + 1] ?? "");
  return isAll ? undefined : values.prefix(keyword);
}

function actionOf(values: OptionValues, word: string | undefined): RuleAction | undefined {
  switch (word) {
    case "table":
      return { kind: "table", table: values.number("table") ?? 0 };
    case "goto":
      return { kind: "goto", preference: values.number("goto") ?? 0 };
    case "nop":
    case "blackhole":
    case "unreachable":
    case "prohibit":
    case "l3mdev":
      return { kind: word };
    default:
      return undefined;
  }
}

/** @returns null when it is none (reported) */
function readIpProtocol(
  context: RuleContext,
  line: Statement,
  values: OptionValues,
): number | undefined | null {
  const text = values.text("ipproto");
  if (text === undefined) return undefined;
  const number = /^[0-9]{1,3}$/.test(text) ? Number(text) : ipProtocols.get(text);
  if (number !== undefined && number <= 255) return number;
  context.reporter.word(
    "option-invalid",
    line,
    values.wordOf("ipproto") + 1,
    `ipproto cannot be "${text}", the rule is ignored; write ${[...ipProtocols.keys()].slice(0, 8).join(", ")} or 0 to 255`,
  );
  return null;
}
