/** One checker block to its model, with what it takes from its real and virtual server (checker-behaviour 1). */
import { familyOf, type IpAddress } from "../base/address.ts";
import type { Micros } from "../base/units.ts";
import type { StatusRange } from "./arguments.ts";
import { buildBfd, buildFile, readDns, readMisc, readRegex, readUdp } from "./build-checker-kinds.ts";
import type { Draft } from "./draft.ts";
import type { ConfigSystem } from "./load.ts";
import type { CheckerConfig, CheckerPace, ConnectConfig, HttpCheckConfig, UrlConfig } from "./model.ts";
import type { SslCheckConfig } from "./model-lvs.ts";
import { isLinkLocal } from "./numbers.ts";
import { reportAtEnd } from "./report-at-end.ts";
import type { Reporter } from "./reporter.ts";
import type { Scripts } from "./scripts.ts";
import type { Endpoint } from "./words.ts";

/** Settings that come down from virtual and real server, undefined where neither says anything. */
export interface CheckerDefaults {
  readonly delayLoop: Micros;
  readonly connectTimeout: Micros;
  readonly retry: number | undefined;
  readonly delayBeforeRetry: Micros | undefined;
  readonly warmup: Micros | undefined;
  readonly alpha: boolean;
  readonly virtualhost: string | undefined;
  readonly logAllFailures: boolean;
  readonly target: Endpoint;
  /** of the virtual server itself, whatever the real server says */
  readonly virtualDelayLoop: Micros;
}

/** What a checker needs besides its own text. */
export interface CheckerContext {
  readonly reporter: Reporter;
  readonly scripts: Scripts;
  readonly system: ConfigSystem;
  /** names of the track files and BFD sessions that the file has defined so far */
  readonly known: ReadonlySet<string>;
}

/** @returns none when the checker cannot work (reported); several where a block stands for several */
export function buildCheckers(
  context: CheckerContext,
  draft: Draft,
  defaults: CheckerDefaults,
): readonly CheckerConfig[] {
  const { reporter } = context;
  const kind = draft.block.name;
  if (kind === "FILE_CHECK" || kind === "BFD_CHECK") return buildTracker(context, draft, defaults);
  if (kind === "MISC_CHECK") return buildMisc(context, draft, defaults);
  if (kind === "SMTP_CHECK") return buildSmtp(reporter, draft, defaults);
  const connect = readConnect(reporter, draft, defaults);
  if (connect === undefined) return [];
  switch (kind) {
    case "TCP_CHECK":
    case "PING_CHECK":
      return [{ ...readCommon(reporter, draft, defaults), connect, kind }];
    case "HTTP_GET":
    case "SSL_GET":
      return buildHttp(reporter, draft, defaults, connect, kind);
    case "UDP_CHECK":
      return [readUdp(reporter, draft, { ...readCommon(reporter, draft, defaults), connect })];
    case "DNS_CHECK":
      return [readDns(reporter, draft, { ...readDnsCommon(reporter, draft, defaults), connect })];
    default:
      return [];
  }
}

function buildHttp(
  reporter: Reporter,
  draft: Draft,
  defaults: CheckerDefaults,
  connect: ConnectConfig,
  kind: "HTTP_GET" | "SSL_GET",
): readonly (HttpCheckConfig | SslCheckConfig)[] {
  const virtualhost = draft.text("virtualhost") ?? defaults.virtualhost;
  const urls: UrlConfig[] = [];
  for (const block of draft.children) {
    const url = readUrl(reporter, block, virtualhost);
    if (url !== undefined) urls.push(url);
  }
  if (urls.length === 0) {
    reportAtEnd(
      reporter,
      "url-missing",
      draft,
      `this ${kind} has no usable url and is ignored; write: url { path / status_code 200 }`,
    );
    return [];
  }
  const common = {
    ...readCommon(reporter, draft, defaults, 3_000_000 as Micros),
    connect,
    kind,
    httpProtocol: (draft.text("http_protocol") ?? "1.0") as HttpCheckConfig["httpProtocol"],
    fastRecovery: draft.flag("fast_recovery") ?? false,
    urls,
  };
  if (kind === "HTTP_GET") return [{ ...common, kind }];
  const sniName = draft.text("sni_name");
  return [
    {
      ...common,
      kind,
      enableSni: draft.flag("enable_sni") ?? sniName !== undefined,
      sniName: sniName === "" ? undefined : sniName,
      tlsCompliant: draft.flag("tls_compliant") ?? false,
    },
  ];
}

/** @param pause `delay_before_retry` where nobody says anything; 1 s for most checkers */
function readCommon(
  reporter: Reporter,
  draft: Draft,
  defaults: CheckerDefaults,
  pause: Micros = 1_000_000 as Micros,
  retry = 1,
): CheckerPace {
  const delayLoop = micros(draft, "delay_loop") ?? defaults.delayLoop;
  return {
    where: reporter.where(draft.statement),
    alpha: draft.flag("alpha") ?? defaults.alpha,
    delayLoop,
    retry: draft.number("retry") ?? defaults.retry ?? retry,
    delayBeforeRetry: micros(draft, "delay_before_retry") ?? defaults.delayBeforeRetry ?? pause,
    warmup: micros(draft, "warmup") ?? defaults.warmup ?? delayLoop,
    logAllFailures: draft.flag("log_all_failures") ?? defaults.logAllFailures,
  };
}

/** DNS asks three more times, a whole `delay_loop` apart. */
function readDnsCommon(reporter: Reporter, draft: Draft, defaults: CheckerDefaults): CheckerPace {
  return readCommon(reporter, draft, defaults, micros(draft, "delay_loop") ?? defaults.delayLoop, 3);
}

function buildTracker(
  context: CheckerContext,
  draft: Draft,
  defaults: CheckerDefaults,
): readonly CheckerConfig[] {
  return draft.block.name === "FILE_CHECK" ? buildFile(context, draft) : buildBfd(context, draft, defaults);
}

function buildMisc(
  context: CheckerContext,
  draft: Draft,
  defaults: CheckerDefaults,
): readonly CheckerConfig[] {
  const common = readCommon(context.reporter, draft, defaults, 1_000_000 as Micros, 0);
  const misc = readMisc(context, draft, common, defaults.virtualDelayLoop);
  return misc === undefined ? [] : [misc];
}

/**
 * `host` is from another time: each one is a further checker of the same kind with a target of its own.
 * (2.2.7 does this. 2.4.3 gives the targets to the checker around them, which nobody can have meant.)
 */
function buildSmtp(reporter: Reporter, draft: Draft, defaults: CheckerDefaults): readonly CheckerConfig[] {
  const heloName = draft.text("helo_name") ?? "smtpchecker.keepalived.org";
  const hosts = draft.children.filter((child) => child.block.name === "host");
  for (const host of hosts)
    reporter.word(
      "former-keyword",
      host.statement,
      0,
      "host is an old way to write a further SMTP_CHECK; write a second SMTP_CHECK",
    );
  return [draft, ...hosts].flatMap((block) => {
    const connect = readConnect(reporter, block, defaults);
    if (connect === undefined) return [];
    return [{ ...readCommon(reporter, block, defaults), connect, kind: "SMTP_CHECK", heloName } as const];
  });
}

function micros(draft: Draft, keyword: string): Micros | undefined {
  return draft.number(keyword) as Micros | undefined;
}

function readConnect(reporter: Reporter, draft: Draft, defaults: CheckerDefaults): ConnectConfig | undefined {
  const address = (draft.text("connect_ip") as IpAddress | undefined) ?? defaults.target.address;
  let bindto = draft.text("bindto") as IpAddress | undefined;
  if (bindto !== undefined && familyOf(bindto) !== familyOf(address)) {
    reporter.word(
      "address-family",
      draft.statementOf("bindto"),
      1,
      `bindto ${bindto} is not of the family of ${address} and is ignored; write an ${familyOf(address)} address`,
    );
    bindto = undefined;
  }
  const bindIf = draft.text("bind_if");
  if (isLinkLocal(address) && bindIf === undefined) {
    reporter.word(
      "bind-if-missing",
      draft.statement,
      0,
      `${address} is link-local, this checker is ignored without an interface; write: bind_if NAME`,
    );
    return undefined;
  }
  const fwmark = draft.number("fwmark");
  return {
    address,
    port: draft.number("connect_port") ?? defaults.target.port,
    timeout: micros(draft, "connect_timeout") ?? defaults.connectTimeout,
    bindto,
    bindPort: draft.number("bind_port"),
    bindIf,
    fwmark: fwmark === 0 ? undefined : fwmark,
  };
}

const success = [{ from: 200, to: 299 }] as const;

function readUrl(reporter: Reporter, draft: Draft, virtualhost: string | undefined): UrlConfig | undefined {
  const path = draft.text("path");
  if (path === undefined) {
    reporter.word(
      "path-missing",
      draft.statement,
      0,
      "this url has no path and is ignored; write: path /index.html",
    );
    return undefined;
  }
  const ranges = readStatusRanges(draft);
  return {
    path,
    statusCode: ranges.length === 0 ? success : ranges,
    digest: draft.text("digest"),
    virtualhost: draft.text("virtualhost") ?? virtualhost,
    ...readRegex(reporter, draft),
  };
}

/** All lines with status codes add up. */
function readStatusRanges(draft: Draft): readonly StatusRange[] {
  const ranges: StatusRange[] = [];
  for (const { keyword, value } of draft.cells)
    if (keyword === "status_code") for (const range of value as readonly StatusRange[]) ranges.push(range);
  return ranges;
}
