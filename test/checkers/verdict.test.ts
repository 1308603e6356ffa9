import assert from "node:assert/strict";
import { test } from "node:test";
import { DaemonError } from "../../src/base/errors.ts";
import type { HttpFacts, HttpOutcome, TcpOutcome } from "../../src/checkers/checker.ts";
import {
  adoptState,
  type CheckerState,
  type HttpCheckerState,
  initialHttpState,
  initialState,
  judgeHttp,
  type Verdict,
} from "../../src/checkers/verdict.ts";
import { judgeTcp } from "../../src/checkers/verdict-plain.ts";
import type { HttpCheckConfig, TcpCheckConfig } from "../../src/config/model.ts";
import { checkerLine } from "../../src/log/catalogue/checkers.ts";
import { httpCheck, tcpCheck, url } from "./support.ts";

const OK: TcpOutcome = { kind: "success" };
const REFUSED: TcpOutcome = { kind: "failure", reason: "refused" };
const LOCAL: TcpOutcome = { kind: "local", error: new DaemonError("bind", 99, "EADDRNOTAVAIL") };
const RS = "[10.0.0.2]:tcp:80";
const NAMES = { realServer: RS, virtualServer: "[10.1.0.1]:tcp:80" };

/** Runs outcomes one after another; each line is `report delay-in-seconds | sentences`. */
function tcpStory(config: TcpCheckConfig, outcomes: readonly TcpOutcome[], from?: CheckerState): string[] {
  let state = from ?? initialState(config);
  return outcomes.map((o) => {
    const verdict = judgeTcp(config, state, o, NAMES);
    state = verdict.state;
    return line(verdict);
  });
}

function httpStory(
  config: HttpCheckConfig,
  outcomes: readonly HttpOutcome[],
  from?: HttpCheckerState,
): string[] {
  let state = from ?? initialHttpState(config);
  return outcomes.map((o) => {
    const asked = state.url;
    const verdict = judgeHttp(config, state, o, NAMES);
    state = verdict.state;
    return `url ${asked}: ${line(verdict)}`;
  });
}

function line(v: Verdict<CheckerState>): string {
  const texts = v.sentences.map((s) => checkerLine(s).text).join(" / ");
  return `${v.report ?? "-"} ${v.delay / 1e6}${texts === "" ? "" : ` | ${texts}`}`;
}

const page = (more: Partial<HttpFacts> = {}): HttpFacts => ({
  status: 200,
  declared: 5,
  received: 5,
  digest: undefined,
  ...more,
});
const GOOD: HttpOutcome = { kind: "success", response: page() };
const BAD: HttpOutcome = { kind: "failure", reason: "status", response: page({ status: 503 }) };

test("a TCP server that is assumed up and answers is logged once and never reported", () => {
  assert.deepEqual(tcpStory(tcpCheck(), [OK, OK]), [
    "- 10 | TCP connection to [10.0.0.2]:tcp:80 success.",
    "- 10",
  ]);
});

test("the very first failure takes a server down, without a word about retries", () => {
  assert.deepEqual(tcpStory(tcpCheck(), [REFUSED]), [
    "down 10 | TCP_CHECK on service [10.0.0.2]:tcp:80 failed.",
  ]);
});

test("later a server is taken down by retry + 1 failures in a row, retried after delay_before_retry", () => {
  assert.deepEqual(tcpStory(tcpCheck(), [OK, REFUSED, REFUSED, REFUSED]).slice(1), [
    "- 1",
    "- 1",
    "down 10 | TCP_CHECK on service [10.0.0.2]:tcp:80 failed after 2 retries.",
  ]);
});

test("a success between failures clears the count", () => {
  assert.deepEqual(
    tcpStory(tcpCheck(), [OK, REFUSED, REFUSED, OK, REFUSED, REFUSED, OK]).map((l) => l.split(" ")[0]),
    ["-", "-", "-", "-", "-", "-", "-"],
  );
});

test("a dead server is asked every delay_loop in silence and comes back with one success", () => {
  assert.deepEqual(tcpStory(tcpCheck(), [REFUSED, REFUSED, REFUSED, OK, REFUSED]).slice(1), [
    "- 10",
    "- 10",
    "up 10 | TCP connection to [10.0.0.2]:tcp:80 success.",
    "- 1",
  ]);
});

test("an alpha checker starts down: its first success reports up", () => {
  const alpha = tcpCheck({ alpha: true });
  assert.equal(initialState(alpha).up, false);
  assert.deepEqual(tcpStory(alpha, [OK]), ["up 10 | TCP connection to [10.0.0.2]:tcp:80 success."]);
});

test("the first failure of an alpha checker is logged and reported as still down", () => {
  assert.deepEqual(tcpStory(tcpCheck({ alpha: true }), [REFUSED, REFUSED]), [
    "stillDown 10 | TCP_CHECK on service [10.0.0.2]:tcp:80 failed.",
    "- 10",
  ]);
});

test("log_all_failures adds a line per failure while the server is up, by its kind", () => {
  const chatty = tcpCheck({ logAllFailures: true, retry: 1 });
  const timeout: TcpOutcome = { kind: "failure", reason: "timeout" };
  const unreachable: TcpOutcome = { kind: "failure", reason: "unreachable" };
  assert.deepEqual(tcpStory(chatty, [OK, REFUSED, timeout, REFUSED]).slice(1), [
    "- 1 | TCP connection to [10.0.0.2]:tcp:80 failed.",
    "down 10 | TCP connection to [10.0.0.2]:tcp:80 timeout. / TCP_CHECK on service [10.0.0.2]:tcp:80 failed after 1 retries.",
    "- 10",
  ]);
  assert.deepEqual(tcpStory(chatty, [unreachable]), [
    "down 10 | TCP_CHECK on service [10.0.0.2]:tcp:80 failed.",
  ]);
});

test("trouble of this machine changes nothing and is tried again after delay_loop", () => {
  const config = tcpCheck();
  const verdict = judgeTcp(config, initialState(config), LOCAL, NAMES);
  assert.equal(line(verdict), "- 10 | TCP socket bind failed. Rescheduling.");
  assert.deepEqual(verdict.state, { up: true, hasRun: false, retries: 2 });
});

test("a transition that the pool refused is decided again by the next result", () => {
  const config = tcpCheck();
  const up: CheckerState = { up: true, hasRun: true, retries: 2 };
  const refused = judgeTcp(config, up, REFUSED, NAMES).refused;
  assert.deepEqual(refused, { up: true, hasRun: true, retries: 2 });
  assert.equal(judgeTcp(config, refused, REFUSED, NAMES).report, "down");
  const down: CheckerState = { up: false, hasRun: true, retries: 0 };
  assert.equal(judgeTcp(config, judgeTcp(config, down, OK, NAMES).refused, OK, NAMES).report, "up");
});

test("a reload with fewer retries leaves at most one more failure", () => {
  assert.equal(adoptState(tcpCheck({ retry: 1 }), { up: true, hasRun: true, retries: 3 }).retries, 1);
  assert.equal(adoptState(tcpCheck({ retry: 9 }), { up: true, hasRun: true, retries: 3 }).retries, 3);
  assert.equal(adoptState(tcpCheck({ retry: 9 }), { up: true, hasRun: false, retries: 3 }).retries, 9);
});

const three = httpCheck({
  retry: 1,
  delayBeforeRetry: 3_000_000 as never,
  urls: [url("/a"), url("/b"), url("/c")],
});

test("HTTP asks one URL per check with delay_loop between them and starts over after the last", () => {
  assert.deepEqual(httpStory(three, [GOOD, GOOD, GOOD, GOOD]), [
    "url 0: - 10",
    "url 1: - 10",
    "url 2: - 10 | Remote Web server [10.0.0.2]:tcp:80 succeed on service.",
    "url 0: - 10",
  ]);
});

test("during the first pass the first failure of each URL decides", () => {
  assert.deepEqual(httpStory(three, [GOOD, BAD]), [
    "url 0: - 10",
    "url 1: down 10 | HTTP_CHECK on service [10.0.0.2]:tcp:80 failed after 1 retries.",
  ]);
});

test("after the first pass a URL is retried after delay_before_retry before it takes the server down", () => {
  assert.deepEqual(httpStory(three, [GOOD, GOOD, GOOD, GOOD, BAD, BAD]).slice(4), [
    "url 1: - 3",
    "url 1: down 10 | HTTP_CHECK on service [10.0.0.2]:tcp:80 failed after 1 retries.",
  ]);
});

test("while down only the failing URL is asked; then the whole list must pass", () => {
  assert.deepEqual(httpStory(three, [GOOD, BAD, BAD, BAD, GOOD, GOOD, GOOD, GOOD]).slice(2), [
    "url 1: - 10",
    "url 1: - 10",
    "url 1: - 10 | HTTP status code success to [10.0.0.2]:tcp:80 url(/b)",
    "url 0: - 10 | HTTP status code success to [10.0.0.2]:tcp:80 url(/a)",
    "url 1: - 10 | HTTP status code success to [10.0.0.2]:tcp:80 url(/b)",
    "url 2: up 10 | HTTP status code success to [10.0.0.2]:tcp:80 url(/c) / Remote Web server [10.0.0.2]:tcp:80 succeed on service.",
  ]);
});

test("a single URL needs two successes to come back, and a failure between them is retried for ever", () => {
  const one = httpCheck({ retry: 1, delayBeforeRetry: 1_000_000 as never, delayLoop: 3_000_000 as never });
  assert.deepEqual(httpStory(one, [GOOD, BAD, BAD, GOOD, BAD, BAD, BAD, GOOD]).slice(3), [
    "url 0: - 3 | HTTP status code success to [10.0.0.2]:tcp:80 url(/)",
    "url 0: - 1",
    "url 0: - 1",
    "url 0: - 1",
    "url 0: up 3 | HTTP status code success to [10.0.0.2]:tcp:80 url(/) / Remote Web server [10.0.0.2]:tcp:80 succeed on service.",
  ]);
});

test("the failing URL is asked every delay_before_retry when that is longer than delay_loop", () => {
  const slow = httpCheck({ retry: 0, delayBeforeRetry: 30_000_000 as never });
  assert.deepEqual(httpStory(slow, [BAD, BAD]), [
    "url 0: down 30 | HTTP_CHECK on service [10.0.0.2]:tcp:80 failed.",
    "url 0: - 30",
  ]);
});

test("fast_recovery leaves no pause between URLs until the first result and while recovering", () => {
  const fast = httpCheck({ ...three, fastRecovery: true });
  assert.deepEqual(
    httpStory(fast, [GOOD, GOOD, GOOD, GOOD, BAD, BAD, BAD, GOOD, GOOD, GOOD, GOOD]).map((l) =>
      l.split("|")[0]?.trim(),
    ),
    [
      "url 0: - 0",
      "url 1: - 0",
      "url 2: - 10",
      "url 0: - 10",
      "url 1: - 3",
      "url 1: down 10",
      "url 1: - 10",
      "url 1: - 0",
      "url 0: - 0",
      "url 1: - 0",
      "url 2: up 10",
    ],
  );
});

test("an alpha HTTP checker that fails at start says and reports nothing (keepalived's quirk)", () => {
  const alpha = httpCheck({ alpha: true, logAllFailures: true, retry: 1 });
  assert.deepEqual(httpStory(alpha, [BAD, BAD]), ["url 0: - 10", "url 0: - 10"]);
});

test("an alpha HTTP checker that succeeds names the URL and reports up", () => {
  assert.deepEqual(httpStory(httpCheck({ alpha: true }), [GOOD]), [
    "url 0: up 10 | HTTP status code success to [10.0.0.2]:tcp:80 url(/) / Remote Web server [10.0.0.2]:tcp:80 succeed on service.",
  ]);
});

test("a URL with a digest is reported by its digest", () => {
  const config = httpCheck({ alpha: true, urls: [url("/", { digest: "5d41402abc4b2a76b9719d911017c592" })] });
  assert.match(httpStory(config, [GOOD])[0] ?? "", /MD5 digest success to \[10.0.0.2\]:tcp:80 url\(\/\)/);
});

test("log_all_failures names the reason of each HTTP failure while the server is up", () => {
  const config = httpCheck({ logAllFailures: true, retry: 0 });
  const reasons: [HttpOutcome & { kind: "failure" }]["0"]["reason"][] = [
    "network-unreachable",
    "connect-timeout",
    "connect-failed",
    "header-timeout",
    "body-timeout",
    "read-error",
    "no-data",
    "status",
    "digest",
  ];
  const first = reasons.map(
    (reason) =>
      httpStory(config, [{ kind: "failure", reason, response: undefined }])[0]
        ?.split(" | ")[1]
        ?.split(" / ")[0],
  );
  assert.deepEqual(first, [
    "HTTP_CHECK - network unreachable server [10.0.0.2]:tcp:80.",
    "Timeout connecting server [10.0.0.2]:tcp:80.",
    "Connection failed server [10.0.0.2]:tcp:80.",
    "Timeout WEB read server [10.0.0.2]:tcp:80.",
    "Timeout HTTP read server [10.0.0.2]:tcp:80.",
    "Read error with server [10.0.0.2]:tcp:80.",
    "Read, no data received from  server [10.0.0.2]:tcp:80.",
    "HTTP status code error to server [10.0.0.2]:tcp:80.",
    "MD5 digest error to server [10.0.0.2]:tcp:80.",
  ]);
});

test("a Content-Length that lies is logged once per new difference and does not fail the check", () => {
  const short: HttpOutcome = { kind: "success", response: page({ declared: 50 }) };
  const longer: HttpOutcome = { kind: "success", response: page({ declared: 50, received: 60 }) };
  assert.deepEqual(
    httpStory(httpCheck(), [short, short, longer, GOOD, short]).map(
      (l) => /content_length.*bytes \(\d+\)/.exec(l)?.[0],
    ),
    [
      "content_length (50) does not match received bytes (5)",
      undefined,
      "content_length (50) does not match received bytes (60)",
      undefined,
      "content_length (50) does not match received bytes (5)",
    ],
  );
});
