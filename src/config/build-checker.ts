/** One checker block to its model, with what it takes from its real and virtual server (checker-behaviour 1). */
import { familyOf, type IpAddress } from "../base/address.ts";
import type { Micros } from "../base/units.ts";
import type { Draft } from "./draft.ts";
import type { CheckerCommon, CheckerConfig, ConnectConfig, HttpCheckConfig, UrlConfig } from "./model.ts";
import { isLinkLocal } from "./numbers.ts";
import type { Reporter } from "./reporter.ts";
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
}

/** @returns undefined when the checker cannot work, or has no function yet (both reported) */
export function buildChecker(
  reporter: Reporter,
  draft: Draft,
  defaults: CheckerDefaults,
): CheckerConfig | undefined {
  const kind = draft.block.name;
  if (kind !== "TCP_CHECK" && kind !== "HTTP_GET") return undefined;
  const connect = readConnect(reporter, draft, defaults);
  if (connect === undefined) return undefined;
  const delayLoop = micros(draft, "delay_loop") ?? defaults.delayLoop;
  const common: CheckerCommon = {
    where: reporter.where(draft.statement),
    alpha: draft.flag("alpha") ?? defaults.alpha,
    delayLoop,
    retry: draft.number("retry") ?? defaults.retry ?? 1,
    delayBeforeRetry:
      micros(draft, "delay_before_retry") ??
      defaults.delayBeforeRetry ??
      ((kind === "HTTP_GET" ? 3_000_000 : 1_000_000) as Micros),
    warmup: micros(draft, "warmup") ?? defaults.warmup ?? delayLoop,
    logAllFailures: draft.flag("log_all_failures") ?? defaults.logAllFailures,
    connect,
  };
  if (kind === "TCP_CHECK") return { ...common, kind };
  const virtualhost = draft.text("virtualhost") ?? defaults.virtualhost;
  const urls: UrlConfig[] = [];
  for (const block of draft.children) {
    const url = readUrl(reporter, block, virtualhost);
    if (url !== undefined) urls.push(url);
  }
  if (urls.length === 0) {
    reporter.word(
      "url-missing",
      draft.statement,
      0,
      "this HTTP_GET has no usable url and is ignored; write: url { path / status_code 200 }",
    );
    return undefined;
  }
  return {
    ...common,
    kind,
    httpProtocol: (draft.text("http_protocol") ?? "1.0") as HttpCheckConfig["httpProtocol"],
    fastRecovery: draft.flag("fast_recovery") ?? false,
    urls,
  };
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
  const ranges = draft.statusRanges("status_code");
  return {
    path,
    statusCode: ranges === undefined || ranges.length === 0 ? success : ranges,
    digest: draft.text("digest"),
    virtualhost: draft.text("virtualhost") ?? virtualhost,
  };
}
