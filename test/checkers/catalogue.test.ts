import assert from "node:assert/strict";
import { test } from "node:test";
import { type CheckerSentence, checkerLine } from "../../src/log/catalogue/checkers.ts";

const realServer = "[10.0.0.2]:tcp:80";
const virtualServer = "[10.1.0.1]:tcp:80";
const pair = { realServer, virtualServer };
const quorum = { virtualServer, quorum: 2, hysteresis: 1, weight: 5 };

/** Seen in the log of keepalived 2.2.7, except the lines that are ours. */
const SEEN: readonly (readonly [CheckerSentence, string])[] = [
  [
    { id: "smtp-connect-timeout", fields: { realServer, server: "[10.0.0.2]:25" } },
    "SMTP_CHECK Connection timeout to server [10.0.0.2]:25",
  ],
  [{ id: "dns-rescheduled", fields: { realServer } }, "UDP socket bind failed. Rescheduling."],
  [{ id: "smtp-rescheduled", fields: { realServer } }, "SMTP_CHECK socket bind failed. Rescheduling."],
  [{ id: "tcp-success", fields: { realServer } }, "TCP connection to [10.0.0.2]:tcp:80 success."],
  [{ id: "tcp-failed", fields: { realServer } }, "TCP connection to [10.0.0.2]:tcp:80 failed."],
  [{ id: "tcp-timeout", fields: { realServer } }, "TCP connection to [10.0.0.2]:tcp:80 timeout."],
  [
    { id: "tcp-check-failed", fields: { realServer, retries: 2 } },
    "TCP_CHECK on service [10.0.0.2]:tcp:80 failed after 2 retries.",
  ],
  [
    { id: "tcp-check-failed", fields: { realServer, retries: 0 } },
    "TCP_CHECK on service [10.0.0.2]:tcp:80 failed.",
  ],
  [{ id: "tcp-rescheduled", fields: { realServer } }, "TCP socket bind failed. Rescheduling."],
  [{ id: "http-rescheduled", fields: { realServer } }, "WEB socket bind failed. Rescheduling"],
  [
    { id: "http-length-mismatch", fields: { ...pair, path: "/len", declared: 50, received: 5 } },
    "http_check for RS [10.0.0.2]:tcp:80 VS [10.1.0.1]:tcp:80 url /len: content_length (50) does not match received bytes (5)",
  ],
  [
    { id: "http-check-failed", fields: { realServer, retries: 1 } },
    "HTTP_CHECK on service [10.0.0.2]:tcp:80 failed after 1 retries.",
  ],
  [
    { id: "probe-refused", fields: { realServer, call: "connect", errno: 13, code: "EACCES" } },
    "socket connect error 13 - Permission denied",
  ],
  [
    { id: "probe-refused", fields: { realServer, call: "bind", errno: 99, code: "EADDRNOTAVAIL" } },
    "Checker bind failed: Cannot assign requested address",
  ],
  [
    { id: "probe-refused", fields: { realServer, call: "setsockopt", errno: 92, code: "ENOPROTOOPT" } },
    "Checker setsockopt failed: ENOPROTOOPT",
  ],
  [
    { id: "checker-activated", fields: pair },
    "Activating healthchecker for service [10.0.0.2]:tcp:80 for VS [10.1.0.1]:tcp:80",
  ],
  [
    { id: "service-removing-inhibited", fields: pair },
    "Removing (inhibited) service [10.0.0.2]:tcp:80 from VS [10.1.0.1]:tcp:80",
  ],
  [{ id: "quorum-gained", fields: quorum }, "Gained quorum 2+1=3 <= 5 for VS [10.1.0.1]:tcp:80"],
  [{ id: "quorum-lost", fields: quorum }, "Lost quorum 2-1=1 > 5 for VS [10.1.0.1]:tcp:80"],
  [
    { id: "quorum-down-at-start", fields: quorum },
    "Starting with quorum down 2-1=1 > 5 for VS [10.1.0.1]:tcp:80",
  ],
  [{ id: "ipvs-initializing", fields: {} }, "Initializing ipvs"],
  [{ id: "ipvs-reinitializing", fields: {} }, "Reinitializing ipvs"],
  [
    {
      id: "ipvs-refused",
      fields: {
        object: "virtual_server 10.0.0.1:80",
        where: "keepalived.conf:12",
        error: 'scheduler "foo": not found',
      },
    },
    'virtual_server 10.0.0.1:80 (keepalived.conf:12): scheduler "foo": not found',
  ],
];

test("the sentences of the log are keepalived's", () => {
  assert.deepEqual(
    SEEN.map(([sentence]) => checkerLine(sentence).text),
    SEEN.map(([, text]) => text),
  );
});

test("refusals of the kernel are errors, the rest is information", () => {
  const level = (sentence: CheckerSentence): string => checkerLine(sentence).level;
  assert.equal(level({ id: "ipvs-refused", fields: { object: "x", where: "y", error: "z" } }), "error");
  assert.equal(level({ id: "ipvs-unavailable", fields: { error: "z" } }), "error");
  assert.equal(level({ id: "service-removing", fields: pair }), "info");
});
