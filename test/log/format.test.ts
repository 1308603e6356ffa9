import assert from "node:assert/strict";
import { test } from "node:test";
import { consoleLine, fileLine, oneLine, syslogLine } from "../../src/log/format.ts";

const morning = new Date(2026, 10, 7, 9, 2, 3, 45);

test("a console line begins with the date as asctime(3) writes it", () => {
  assert.equal(consoleLine(morning, "Startup complete"), "Sat Nov  7 09:02:03 2026: Startup complete\n");
});

test("a log file line has nine digits of the second", () => {
  assert.equal(fileLine(morning, "Stopping"), "Sat Nov  7 09:02:03.045000000 2026: Stopping\n");
});

test("a syslog datagram has the bytes that glibc sends for facility daemon", () => {
  assert.equal(
    syslogLine(
      { facility: 3, ident: "Keepalived_vrrp", pid: 42 },
      "info",
      morning,
      "(VI_1) Entering MASTER STATE",
    ),
    "<30>Nov  7 09:02:03 Keepalived_vrrp[42]: (VI_1) Entering MASTER STATE",
  );
});

test("a warning to local3 has priority 156", () => {
  assert.equal(
    syslogLine({ facility: 19, ident: "K", pid: 1 }, "warning", morning, "x"),
    "<156>Nov  7 09:02:03 K[1]: x",
  );
});

test("control characters cannot forge a second line", () => {
  assert.equal(oneLine("a\nb\u001b[31m\u0000"), "a#012b#033[31m#000");
});

test("a line of 100,000 characters is cut to 8,000", () => {
  assert.equal(oneLine("x".repeat(100_000)).length, 8000);
});
