/**
 * The lines of `virtual_routes` and `static_routes`: destination, gateway, metrics and hops. A route with
 * anything invalid in it is dropped as a whole, as keepalived does: half a route may lead astray.
 */
import { nexthopItem, routeItem, routeTypes } from "../../grammar/keywords/route.ts";
import type { Statement } from "../../grammar/parser.ts";
import { type Family, familyOf, type IpAddress, parseIpAddress } from "../base/address.ts";
import type { Seconds } from "../base/units.ts";
import { readEncap } from "./build-encap.ts";
import type { EncapConfig, NexthopConfig, Prefix, RouteConfig } from "./model-vrrp.ts";
import {
  type OptionContext,
  OptionValues,
  OptionWords,
  type ReadOption,
  readOption,
  readPrefix,
} from "./option-words.ts";

export interface RouteContext extends OptionContext {
  /** reports an interface that does not exist */
  checkInterface(line: Statement, word: number): void;
  /** reports a track_group that does not exist; undefined: the list has none */
  readonly trackGroups: ReadonlySet<string> | undefined;
}

const options: OptionWords = new OptionWords(routeItem);
const hopOptions: OptionWords = new OptionWords(nexthopItem);
const types: ReadonlySet<string> = new Set(routeTypes);

/** The protocol number that marks routes and rules as ours. */
export const RTPROT_KEEPALIVED = 18;

/** RTAX attributes that are plain numbers, in the order in which the kernel lists them. */
const metricWords: readonly string[] = [
  "mtu",
  "hoplimit",
  "advmss",
  "rtt",
  "rttvar",
  "reordering",
  "window",
  "cwnd",
  "ssthresh",
  "rto_min",
  "initcwnd",
  "initrwnd",
  "quickack",
  "fastopen_no_cookie",
];
const preferences: ReadonlyMap<string, number> = new Map([
  ["low", 3],
  ["medium", 0],
  ["high", 1],
]);

/** What is collected while the words of one route are read. */
interface Draft {
  readonly values: OptionValues;
  type: string;
  destination: Prefix | undefined;
  encap: EncapConfig | undefined;
  readonly nexthops: NexthopConfig[];
  /** families of everything in the line, with the word that says it */
  readonly families: { readonly family: Family; readonly word: number }[];
}

/** @returns undefined when the line is dropped (reported) */
export function readRoute(context: RouteContext, line: Statement): RouteConfig | undefined {
  const draft: Draft = {
    values: new OptionValues(),
    type: "unicast",
    destination: undefined,
    encap: undefined,
    nexthops: [],
    families: [],
  };
  for (let at = 0; at < line.words.length; ) {
    const read = readWord(context, line, at, draft);
    if (!read.ok) return undefined;
    at = read.next;
  }
  return finish(context, line, draft);
}

function readWord(context: RouteContext, line: Statement, at: number, draft: Draft): ReadOption {
  const { values } = draft;
  const word = line.words[at] as string;
  const option = options.row(word);
  // `to` announces the destination, which may also stand alone, and whose type may stand before it.
  if (option === undefined || option.keyword === "to")
    return readDestination(context, line, option === undefined ? at : at + 1, draft);
  if (options.isDeprecated(word))
    context.reporter.word("deprecated-keyword", line, at, `${word} is an old word; write ${option.keyword}`);
  switch (option.keyword) {
    case "nexthop":
      return readHop(context, line, at + 1, draft);
    case "encap": {
      const read = readEncap(context, line, at + 1);
      draft.encap = read.encap;
      return read;
    }
    case "as": {
      const read = readOption(context, line, at, option, values);
      values.delete("as");
      context.reporter.word("setting-cleared", line, at, "as is for MPLS only and is ignored; remove it");
      return read;
    }
    case "features":
      if (line.words[at + 1] !== undefined && line.words[at + 1] !== "ecn") {
        const got = line.words[at + 1];
        context.reporter.word("option-invalid", line, at + 1, `features cannot be "${got}"; write ecn`);
        return { ok: true, next: at + 2 };
      }
      return readOption(context, line, at, option, values);
    case "or": {
      context.reporter.word(
        "deprecated-keyword",
        line,
        at,
        "or is an old way to write two gateways; write: nexthop via ADDR nexthop via ADDR",
      );
      const read = readOption(context, line, at, option, values);
      noteFamily(values, "or", draft);
      return read;
    }
    case "dev":
    case "vrf":
      context.checkInterface(line, at + 1);
      return readOption(context, line, at, option, values);
    default: {
      const read = readOption(context, line, at, option, values);
      if (read.ok) noteFamily(values, option.keyword, draft);
      return read;
    }
  }
}

function noteFamily(values: OptionValues, keyword: string, draft: Draft): void {
  const word = values.wordOf(keyword);
  if (keyword === "inet" || keyword === "inet6")
    draft.families.push({ family: keyword === "inet" ? "ipv4" : "ipv6", word });
  else if (keyword === "via" || keyword === "or" || keyword === "src") {
    const address = values.address(keyword);
    if (address !== undefined) draft.families.push({ family: familyOf(address), word: word + 1 });
  } else if (keyword === "from") {
    const prefix = values.prefix(keyword);
    if (prefix !== undefined) draft.families.push({ family: familyOf(prefix.address), word: word + 1 });
  }
}

function readDestination(context: RouteContext, line: Statement, at: number, draft: Draft): ReadOption {
  let word = at;
  const type = line.words[word];
  if (type !== undefined && types.has(type)) {
    draft.type = type;
    word++;
  }
  const text = line.words[word];
  // A type may also stand behind the destination.
  if (text === undefined && word > at && draft.destination !== undefined) return { ok: true, next: word };
  if (text === undefined) {
    context.reporter.word(
      "missing-parameter",
      line,
      word,
      "the destination is missing, which ends the reading of the configuration; write: to ADDR/LEN",
    );
    return { ok: false, next: word };
  }
  const prefix = readPrefix(text);
  if (prefix !== undefined) {
    draft.destination = prefix;
    const family = familyOf(prefix.address);
    if (prefix.prefixLength > 0 || text.includes("/") || text === "default6")
      draft.families.push({ family, word });
    return { ok: true, next: word + 1 };
  }
  const address = parseIpAddress(text.replace(/\/.*/, ""));
  if (address !== undefined) {
    const most = familyOf(address) === "ipv6" ? 128 : 32;
    context.reporter.word(
      "prefix-invalid",
      line,
      word,
      `the prefix length of ${text} is not valid, ${most} is taken; write 0 to ${most}`,
    );
    draft.destination = { address, prefixLength: most };
    draft.families.push({ family: familyOf(address), word });
    return { ok: true, next: word + 1 };
  }
  context.reporter.word(
    "option-unknown",
    line,
    word,
    `"${text}" is no option of a route and no destination, so that the route is ignored${options.hint(text)}`,
  );
  return { ok: false, next: word };
}

function readHop(context: RouteContext, line: Statement, at: number, draft: Draft): ReadOption {
  const values = new OptionValues();
  let encap: EncapConfig | undefined;
  let next = at;
  while (next < line.words.length) {
    const word = line.words[next] as string;
    const option = hopOptions.row(word);
    if (option === undefined) break;
    if (option.keyword === "as") {
      context.reporter.word("route-invalid", line, next, "a hop has no as, the route is ignored; remove it");
      return { ok: false, next };
    }
    if (option.keyword === "dev") context.checkInterface(line, next + 1);
    if (option.keyword === "encap") {
      const read = readEncap(context, line, next + 1);
      if (!read.ok) return read;
      encap = read.encap;
      next = read.next;
      continue;
    }
    const read = readOption(context, line, next, option, values);
    if (!read.ok) return read;
    if (option.keyword === "via") noteFamily(values, "via", draft);
    next = read.next;
  }
  if (!values.has("via") && !values.has("dev") && encap === undefined) {
    context.reporter.word(
      "route-invalid",
      line,
      at - 1,
      "this hop leads nowhere and the route is ignored; write: nexthop via ADDR, or dev INTERFACE",
    );
    return { ok: false, next };
  }
  draft.nexthops.push({
    via: values.address("via"),
    dev: values.text("dev"),
    weight: values.number("weight") ?? 1,
    onlink: values.flag("onlink"),
    encap,
    realms: values.range("realms"),
  });
  return { ok: true, next };
}

function finish(context: RouteContext, line: Statement, draft: Draft): RouteConfig | undefined {
  const { values, destination } = draft;
  const { reporter } = context;
  const drop = (word: number, message: string): undefined =>
    reporter.word("route-invalid", line, word, message) as undefined;
  if (destination === undefined) return drop(0, "a route needs a destination; write: ADDR/LEN or default");
  const family = draft.families[0]?.family ?? "ipv4";
  const other = draft.families.find((f) => f.family !== family);
  if (other !== undefined)
    return drop(other.word, `this is not of the route's family (${family}), the route is ignored`);
  for (const word of ["expires", "pref", "from"])
    if (values.has(word) && family === "ipv4")
      return drop(values.wordOf(word), `${word} is for IPv6 only, the route is ignored; remove it`);
  if (values.has("realms") && family === "ipv6")
    return drop(values.wordOf("realms"), "realms is for IPv4 only, the route is ignored; remove it");
  const gateways = ["via", "or"].map((w) => values.address(w)).filter((a): a is IpAddress => a !== undefined);
  if (values.has("or"))
    for (const via of gateways)
      draft.nexthops.push({
        via,
        dev: undefined,
        weight: 1,
        onlink: false,
        encap: undefined,
        realms: undefined,
      });
  const pref = readPref(values.text("pref"));
  if (pref === null) {
    reporter.word(
      "option-invalid",
      line,
      values.wordOf("pref") + 1,
      `pref cannot be "${values.text("pref")}"; write low, medium, high or 0 to 255`,
    );
    return undefined;
  }
  raiseTimes(context, line, values);
  const noTrack = values.flag("no_track");
  const metrics: Record<string, number | string> = {};
  for (const word of metricWords) {
    const value = values.number(word);
    if (value !== undefined) metrics[word] = value;
  }
  for (const word of ["features", "congctl"]) {
    const value = values.text(word);
    if (value !== undefined) metrics[word] = value;
  }
  const ttl = values.text("ttl-propagate");
  return {
    where: reporter.where(line),
    family,
    type: draft.type,
    destination: anyOf(destination, family),
    via: values.has("or") ? undefined : values.address("via"),
    source: values.address("src"),
    from: values.prefix("from"),
    dev: values.text("dev"),
    onlink: values.flag("onlink"),
    encap: draft.encap,
    table: values.number("table"),
    vrf: values.text("vrf"),
    protocol: readProtocol(context, line, values, noTrack, "Route"),
    scope: values.number("scope"),
    tos: values.number("tos") ?? 0,
    metric: values.number("metric") ?? 0,
    expires: values.number("expires") as Seconds | undefined,
    metrics,
    locks: values.locks,
    realms: values.range("realms"),
    pref,
    ttlPropagate: ttl === undefined ? undefined : ttl === "enabled",
    operation: values.flag("add") ? "add" : values.flag("append") ? "append" : "prepend",
    nexthops: draft.nexthops,
    noTrack,
    trackGroup: readTrackGroup(context, line, values, "dev"),
  };
}

/** `default` stands for all addresses of the route's family. */
function anyOf(destination: Prefix, family: Family): Prefix {
  if (familyOf(destination.address) === family) return destination;
  return { address: parseIpAddress(family === "ipv6" ? "::" : "0.0.0.0") as IpAddress, prefixLength: 0 };
}

/** @returns null when it is none */
function readPref(text: string | undefined): number | undefined | null {
  if (text === undefined) return undefined;
  const named = preferences.get(text);
  if (named !== undefined) return named;
  return /^[0-9]{1,3}$/.test(text) && Number(text) <= 255 ? Number(text) : null;
}

/** Milliseconds: shorter ones make connections resend for nothing. */
const SHORTEST_TIME = 200;

function raiseTimes(context: RouteContext, line: Statement, values: OptionValues): void {
  for (const keyword of ["rtt", "rttvar", "rto_min"]) {
    const value = values.number(keyword);
    if (value === undefined || value >= SHORTEST_TIME) continue;
    const word = values.wordOf(keyword);
    context.reporter.word(
      "number-corrected",
      line,
      word,
      `${keyword} ${value} is below the least of ${SHORTEST_TIME} ms, which is taken`,
    );
    values.set(keyword, SHORTEST_TIME, word);
  }
}

/** A tracked entry must be ours, to see that somebody else deletes it. */
export function readProtocol(
  context: RouteContext,
  line: Statement,
  values: OptionValues,
  noTrack: boolean,
  what: "Route" | "Rule",
): number {
  const protocol = values.number("protocol");
  if (protocol === undefined || protocol === RTPROT_KEEPALIVED || noTrack)
    return protocol ?? RTPROT_KEEPALIVED;
  context.reporter.word(
    "setting-forced",
    line,
    values.wordOf("protocol"),
    `a tracked ${what.toLowerCase()} has protocol ${RTPROT_KEEPALIVED}, ${protocol} is ignored; write no_track to keep it`,
  );
  return RTPROT_KEEPALIVED;
}

/** The group that a static entry names; it needs an interface to be tracked by. */
export function readTrackGroup(
  context: RouteContext,
  line: Statement,
  values: OptionValues,
  device: "dev" | "iif",
): string | undefined {
  const name = values.text("track_group");
  if (name === undefined) return undefined;
  const word = values.wordOf("track_group");
  if (context.trackGroups === undefined)
    context.reporter.word(
      "option-unknown",
      line,
      word,
      "track_group is for static entries only and is ignored; remove it",
    );
  else if (!values.has("dev"))
    context.reporter.word(
      "setting-cleared",
      line,
      word,
      `track_group needs an interface and is ignored; write: ${device} INTERFACE`,
    );
  else if (!context.trackGroups.has(name))
    context.reporter.word(
      "track-group-unknown",
      line,
      word + 1,
      `there is no track_group ${name}, it is ignored; define it before the static entries`,
    );
  else return name;
  return undefined;
}
