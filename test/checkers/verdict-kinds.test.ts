/** The rules of the checkers beyond TCP_CHECK and HTTP_GET; the sentences are those of keepalived 2.2.7. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DaemonError } from "../../src/base/errors.ts";
import type {
  DnsOutcome,
  HttpFailure,
  HttpOutcome,
  LocalFailure,
  MiscOutcome,
  PingOutcome,
  SmtpOutcome,
  UdpOutcome,
} from "../../src/checkers/checker.ts";
import { miscOutcome } from "../../src/checkers/misc.ts";
import {
  type CheckerState,
  initialHttpState,
  initialState,
  judgeHttp,
  type Names,
  type Verdict,
} from "../../src/checkers/verdict.ts";
import { addedWeight, adoptMiscState, initialMiscState, judgeMisc } from "../../src/checkers/verdict-misc.ts";
import { judgeDns, judgePing, judgeUdp } from "../../src/checkers/verdict-plain.ts";
import {
  initialSignalState,
  judgeSignal,
  type Signal,
  type SignalCheckConfig,
  type SignalState,
} from "../../src/checkers/verdict-signal.ts";
import { initialSmtpState, judgeSmtp } from "../../src/checkers/verdict-smtp.ts";
import type { FileCheckConfig } from "../../src/config/model-lvs.ts";
import { checkerLine } from "../../src/log/catalogue/checkers.ts";
import { dnsCheck, miscCheck, pingCheck, smtpCheck, sslCheck, udpCheck } from "./support.ts";

const RS = "[10.0.0.2]:tcp:80";
const VS = "[10.1.0.1]:tcp:80";
const NAMES = { realServer: RS, virtualServer: VS };
const PLACE = { ...NAMES, weight: 5 };
const LOCAL: LocalFailure = { kind: "local", error: new DaemonError("socket", 24, "EMFILE") };

/** Runs outcomes one after another; each line is `report delay-in-seconds [+weight] | sentences`. */
function story<C, S extends CheckerState, O>(
  judge: (config: C, state: S, outcome: O, names: Names & { readonly weight: number }) => Verdict<S>,
  config: C,
  from: S,
  outcomes: readonly O[],
): string[] {
  let state = from;
  return outcomes.map((outcome) => {
    const v = judge(config, state, outcome, PLACE);
    state = v.state;
    const weight = v.added === undefined ? "" : ` ${v.added >= 0 ? "+" : ""}${v.added}`;
    const texts = v.sentences.map((s) => checkerLine(s).text).join(" / ");
    return `${v.report ?? "-"} ${v.delay / 1e6}${weight}${texts === "" ? "" : ` | ${texts}`}`;
  });
}

describe("MISC_CHECK", () => {
  const exit = (status: number): MiscOutcome => ({ kind: "failure", reason: "status", number: status });
  const OK: MiscOutcome = { kind: "success", status: 0 };
  const KILLED: MiscOutcome = { kind: "failure", reason: "signal", number: 9 };
  const LATE: MiscOutcome = { kind: "failure", reason: "timeout", number: 0 };
  const by = `Misc check for [${RS} VS ${VS}] by [/check]`;

  test("without retries one failure decides, and says how the script ended", () => {
    const config = miscCheck({ retry: 0 });
    assert.deepEqual(
      story(judgeMisc, config, initialMiscState(config), [OK, OK, exit(3), exit(3), OK, KILLED, OK, LATE]),
      [
        `- 10 | ${by} succeeded.`,
        "- 10",
        `down 10 | ${by} failed with retry disabled (exited with status 3).`,
        "- 10",
        `up 10 | ${by} succeeded.`,
        `down 10 | ${by} failed with retry disabled (due to signal 9).`,
        `up 10 | ${by} succeeded.`,
        `down 10 | ${by} timed out with retry disabled.`,
      ],
    );
  });

  test("retries are counted aloud with log_all_failures", () => {
    const config = miscCheck({ retry: 2, logAllFailures: true });
    assert.deepEqual(story(judgeMisc, config, initialMiscState(config), [OK, exit(1), LATE, exit(1)]), [
      `- 10 | ${by} succeeded.`,
      `- 1 | ${by} failed, will do 2 retries (exited with status 1).`,
      `- 1 | ${by} timed out on retry 1/2.`,
      `down 10 | ${by} failed after 2 retries (exited with status 1).`,
    ]);
    const once = miscCheck({ retry: 1, logAllFailures: true });
    assert.deepEqual(story(judgeMisc, once, initialMiscState(once), [OK, LATE, LATE]).slice(1), [
      `- 1 | ${by} timed out, will do 1 retry.`,
      `down 10 | ${by} timed out after 1 retry.`,
    ]);
  });

  test("the first failure of all decides, whatever retry says, and speaks of the retries", () => {
    const config = miscCheck({ retry: 2 });
    assert.deepEqual(story(judgeMisc, config, initialMiscState(config), [exit(1)]), [
      `down 10 | ${by} failed after 2 retries (exited with status 1).`,
    ]);
  });

  test("misc_dynamic: the status is the weight plus two, a failure takes it back, a signal does not", () => {
    const config = miscCheck({ retry: 0, dynamic: true });
    const status = (n: number): MiscOutcome => ({ kind: "success", status: n });
    assert.deepEqual(
      story(judgeMisc, config, initialMiscState(config), [
        status(12),
        status(12),
        status(2),
        exit(1),
        status(2),
        KILLED,
        status(2),
        OK,
      ]),
      [
        `- 10 +5 | ${by} succeeded.`,
        "- 10",
        "- 10 -5",
        `down 10 +0 | ${by} failed with retry disabled (exited with status 1).`,
        `up 10 -5 | ${by} succeeded.`,
        `down 10 | ${by} failed with retry disabled (due to signal 9).`,
        `up 10 | ${by} succeeded.`,
        "- 10 +0",
      ],
    );
  });

  test("a reload keeps the status, and what it adds follows the configured weight", () => {
    const config = miscCheck({ dynamic: true });
    const old = { up: true, hasRun: true, retries: 0, status: 32 };
    assert.deepEqual(adoptMiscState(config, old), old);
    assert.deepEqual(
      [addedWeight(config, 32, 5), addedWeight(config, 32, 50), addedWeight(config, 0, 50)],
      [25, -20, 0],
    );
    assert.equal(addedWeight(miscCheck(), 32, 5), 0);
  });

  test("what a script's end means: statuses above 1 are success with misc_dynamic only", () => {
    const meant = (dynamic: boolean, status: number): string =>
      miscOutcome(miscCheck({ dynamic }), { kind: "exited", status }).kind;
    assert.deepEqual(
      [meant(false, 0), meant(false, 2), meant(true, 1), meant(true, 2), meant(true, 255)],
      ["success", "failure", "failure", "success", "success"],
    );
    assert.deepEqual(miscOutcome(miscCheck(), { kind: "failed", code: "ENOENT" }), exit(127));
    const state = initialMiscState(miscCheck());
    assert.deepEqual(
      story(judgeMisc, miscCheck(), state, [miscOutcome(miscCheck(), { kind: "failed", code: "EPIPE" })]),
      ["- 10"],
      "a runner that died says nothing about the server",
    );
  });
});

describe("PING_CHECK", () => {
  const OK: PingOutcome = { kind: "success" };
  const failed = (reason: "send" | "timeout" | "answer"): PingOutcome => ({ kind: "failure", reason });

  test("retries, and what is said with log_all_failures", () => {
    const config = pingCheck({ retry: 1, logAllFailures: true });
    const outcomes = [OK, failed("timeout"), failed("answer"), failed("timeout"), OK, LOCAL];
    assert.deepEqual(story(judgePing, config, initialState(config), outcomes), [
      `- 10 | ICMP connection to ${RS} success.`,
      `- 1 | ICMP connection to address ${RS} timeout.`,
      `down 10 | ICMP connection to ${RS} of ${VS} failed. / ICMP CHECK on service ${RS} of ${VS} failed after 1 retries.`,
      "- 10",
      `up 10 | ICMP connection to ${RS} success.`,
      "- 10 | ICMP connect fail to create socket. Rescheduling.",
    ]);
  });

  test("an echo that cannot leave is said while it is news", () => {
    const config = pingCheck();
    assert.deepEqual(story(judgePing, config, initialState(config), [failed("send"), failed("send")]), [
      `down 10 | send ICMP packet fail / ICMP CHECK on service ${RS} failed.`,
      "- 10",
    ]);
  });
});

test("UDP_CHECK: a wrong reply is told from none with log_all_failures only", () => {
  const outcomes: UdpOutcome[] = [
    { kind: "success" },
    { kind: "failure", reason: "mismatch" },
    { kind: "failure", reason: "unreachable" },
    { kind: "success" },
    LOCAL,
  ];
  const aloud = udpCheck({ retry: 1, logAllFailures: true });
  assert.deepEqual(story(judgeUdp, aloud, initialState(aloud), outcomes), [
    `- 10 | UDP connection to ${RS} success.`,
    `- 1 | UDP check to ${RS} reply data mismatch.`,
    `down 10 | UDP connection to ${RS} failed. / UDP_CHECK on service ${RS} failed after 1 retries.`,
    `up 10 | UDP connection to ${RS} success.`,
    "- 10 | UDP connect fail to create socket. Rescheduling.",
  ]);
  const quiet = udpCheck({ retry: 1 });
  assert.deepEqual(story(judgeUdp, quiet, initialState(quiet), outcomes).slice(1, 3), [
    "- 1",
    `down 10 | UDP_CHECK on service ${RS} failed after 1 retries.`,
  ]);
});

test("DNS_CHECK: the decisive failure says why and after how many retries; success is silent", () => {
  const outcomes: DnsOutcome[] = [
    { kind: "success" },
    { kind: "failure", reason: "read timeout from socket" },
    { kind: "failure", reason: "read error occurred. (rcode = 2)" },
    { kind: "success" },
  ];
  const aloud = dnsCheck({ retry: 1, logAllFailures: true });
  assert.deepEqual(story(judgeDns, aloud, initialState(aloud), outcomes), [
    "- 10",
    `- 1 | DNS_CHECK (${RS}) read timeout from socket`,
    `down 10 | DNS_CHECK (${RS}) read error occurred. (rcode = 2) after 1 retries`,
    "up 10",
  ]);
});

describe("SMTP_CHECK", () => {
  const OK: SmtpOutcome = { kind: "success", overflows: 0 };
  const bad: SmtpOutcome = { kind: "failure", reason: "greeting", overflows: 0 };
  const said = "SMTP_CHECK Bad greeting banner from server [127.0.0.1]:80";

  test("every round has its retries, the first one and those of a dead server included", () => {
    const config = smtpCheck({ retry: 1 });
    assert.deepEqual(
      story(judgeSmtp, config, initialSmtpState(config), [bad, bad, bad, bad, OK, bad, OK, bad]),
      [
        "- 1",
        `down 10 | ${said}`,
        "- 1",
        "- 10",
        `up 10 | Remote SMTP server ${RS} succeed on service.`,
        "- 1",
        "- 10",
        "- 1",
      ],
    );
  });

  test("alpha: the first round only confirms, and says so once", () => {
    const config = smtpCheck({ retry: 0, alpha: true });
    assert.deepEqual(story(judgeSmtp, config, initialSmtpState(config), [bad, bad]), [
      `stillDown 10 | ${said}`,
      "- 10",
    ]);
  });

  test("log_all_failures tells every failure, an overflow is always told", () => {
    const config = smtpCheck({ retry: 1, logAllFailures: true });
    const long: SmtpOutcome = { kind: "failure", reason: "read-timeout", overflows: 3 };
    const overflow =
      "SMTP_CHECK Buffer overflow reading from server [127.0.0.1]:80. Increase SMTP_BUFF_MAX in check_smtp.h";
    const late = "SMTP_CHECK Read timeout from server [127.0.0.1]:80";
    assert.deepEqual(story(judgeSmtp, config, initialSmtpState(config), [OK, bad, long]), [
      `- 10 | Remote SMTP server ${RS} succeed on service.`,
      `- 1 | ${said}`,
      `down 10 | ${overflow} / ${late}`,
    ]);
  });
});

test("SSL_GET: failures that HTTP_GET does not have, or says otherwise", () => {
  const failed = (reason: HttpFailure): HttpOutcome => ({ kind: "failure", reason, response: undefined });
  const reasons: HttpFailure[] = [
    "handshake",
    "header-timeout",
    "body-timeout",
    "read-error",
    "connect-timeout",
  ];
  const config = sslCheck({ retry: 9, logAllFailures: true });
  const state = { ...initialHttpState(config), hasRun: true, retries: 0 };
  assert.deepEqual(story(judgeHttp, config, state, reasons.map(failed)), [
    `- 1 | SSL handshake/communication error connecting to server ${RS}.`,
    `- 1 | Timeout SSL read server ${RS}.`,
    `- 1 | Timeout SSL read server ${RS}.`,
    `- 1 | SSL read error from server ${RS}.`,
    `- 1 | Timeout connecting server ${RS}.`,
  ]);
});

test("BFD_CHECK follows its session; what confirms an assumption is said once", () => {
  const told = (ups: readonly boolean[], alpha: boolean): string[] => {
    const config = { kind: "BFD_CHECK", where: "t.conf:1", name: "peer", alpha } as const;
    const signals = ups.map((up): Signal => ({ kind: "bfd", up }));
    return signalStory(config, initialSignalState(config, undefined), signals);
  };
  const says = (state: string): string => `BFD check of [peer] RS(${RS}) is ${state}`;
  assert.deepEqual(told([false, false, true, true], false), [
    `down | ${says("DOWN")}`,
    "-",
    `up | ${says("UP")}`,
    "-",
  ]);
  assert.deepEqual(told([false, true, false], true), [
    `stillDown | ${says("DOWN")}`,
    `up | ${says("UP")}`,
    `down | ${says("DOWN")}`,
  ]);
});

test("FILE_CHECK: the number times the weight is added, or takes the server out at once", () => {
  const told = (
    own: { readonly weight?: number; readonly reverse?: boolean },
    values: readonly number[],
    file: { readonly weight: number; readonly reverse: boolean } = { weight: 1, reverse: false },
  ): string[] => {
    const config: FileCheckConfig = {
      kind: "FILE_CHECK",
      where: "t.conf:1",
      trackFile: "load",
      weight: own.weight,
      reverse: own.reverse,
    };
    const signals = values.map((value): Signal => ({ kind: "file", value, ...file }));
    const first = initialSignalState(config, signals[0]);
    return [`begins ${first.up ? "up" : "down"} ${first.added}`, ...signalStory(config, first, signals)];
  };
  assert.deepEqual(told({ weight: 2 }, [4, -3]), ["begins up 8", "-", "- -6"]);
  assert.deepEqual(told({ weight: 3, reverse: true }, [4, -3]), ["begins up -12", "-", "- 9"]);
  assert.deepEqual(told({}, [1, 2], { weight: 10, reverse: true }), ["begins up -10", "-", "- -20"]);
  assert.deepEqual(told({ weight: 0 }, [4, 0, 1]), ["begins down 0", "-", "up", "down"]);
  assert.deepEqual(told({ weight: 0, reverse: true }, [1, 0]), ["begins up 0", "-", "down"]);
  assert.deepEqual(told({ weight: 2 }, [5, -2_147_483_648, 6]), ["begins up 10", "-", "down 0", "up 12"]);
});

function signalStory(config: SignalCheckConfig, from: SignalState, signals: readonly Signal[]): string[] {
  let state = from;
  return signals.map((signal) => {
    const v = judgeSignal(config, state, signal, NAMES);
    if (v === undefined) return "not meant";
    state = v.state;
    const texts = v.sentences.map((s) => checkerLine(s).text).join(" / ");
    return `${v.report ?? "-"}${v.added === undefined ? "" : ` ${v.added}`}${texts === "" ? "" : ` | ${texts}`}`;
  });
}
