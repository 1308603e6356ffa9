/** The cores of the trackers: results of scripts, numbers in files, counts of processes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Instant, Micros } from "../../src/base/units.ts";
import type { TrackProcessConfig } from "../../src/config/model-vrrp.ts";
import { fileValue } from "../../src/vrrp/track-file.ts";
import {
  countProcesses,
  freshProcesses,
  isProcess,
  type ProcessReason,
  ripenProcesses,
} from "../../src/vrrp/track-process.ts";
import { adaptScript, freshScript, isSuccess, isVerdict, judgeScript } from "../../src/vrrp/track-script.ts";

/** `+` and `-` are runs; the answer has u for up and d for down after each. */
function runs(rise: number, fall: number, outcomes: string): string {
  let state = freshScript({ rise, fall });
  return [...outcomes]
    .map((o) => {
      state = judgeScript({ rise, fall }, state, o === "+");
      return state.up === true ? "u" : "d";
    })
    .join("");
}

test("one success is enough at the start, and so is one failure", () => {
  assert.equal(runs(3, 3, "+"), "u");
  assert.equal(runs(3, 3, "-"), "d");
});

test("a script that is to begin as failed has to succeed as often as later", () => {
  const limits = { rise: 2, fall: 1, initFail: true };
  const fresh = freshScript(limits);
  assert.deepEqual(fresh, { up: false, counter: 0 });
  const once = judgeScript(limits, fresh, true);
  assert.equal(once.up, false);
  assert.equal(judgeScript(limits, once, true).up, true);
});

test("afterwards rise successes and fall failures in a row are needed", () => {
  assert.equal(runs(3, 2, "+--++-+++"), "uud" + "ddd" + "ddu");
  assert.equal(runs(1, 1, "+-+-"), "udud");
  assert.equal(runs(2, 3, "+-+--+---"), "uuuuuu" + "uud");
});

test("a reload that changes the limits keeps the result", () => {
  assert.deepEqual(adaptScript({ rise: 5, fall: 2 }, { up: true, counter: 3 }), { up: true, counter: 5 });
  assert.deepEqual(adaptScript({ rise: 1, fall: 1 }, { up: true, counter: 5 }), { up: true, counter: 1 });
  assert.deepEqual(adaptScript({ rise: 2, fall: 9 }, { up: false, counter: 4 }), { up: false, counter: 1 });
  assert.deepEqual(adaptScript({ rise: 2, fall: 9 }, { up: undefined, counter: 4 }), {
    up: undefined,
    counter: 1,
  });
});

test("status 0 alone is success; a run for which the machine had no room says nothing", () => {
  assert.equal(isSuccess({ kind: "exited", status: 0 }), true);
  assert.equal(isSuccess({ kind: "exited", status: 1 }), false);
  assert.equal(isSuccess({ kind: "signalled", signal: "SIGTERM" }), false);
  assert.equal(isSuccess({ kind: "timedOut" }), false);
  assert.equal(isVerdict({ kind: "failed", code: "ENOENT" }), true);
  assert.equal(isVerdict({ kind: "failed", code: "EAGAIN" }), false);
  assert.equal(isVerdict({ kind: "failed", code: "EPIPE" }), false);
});

test("a file's number is read as strtol(3) reads it, 0 where there is none", () => {
  const cases: readonly (readonly [string, number | undefined])[] = [
    ["5\n", 5],
    ["abc\n", 0],
    ["12abc\n", 12],
    ["", 0],
    ["99999999999\n", undefined],
    ["-99999999999\n", undefined],
    ["0x10\n", 16],
    ["-0x10", -16],
    ["010\n", 8],
    ["  7\n", 7],
    ["5\n6\n", 5],
    ["\n9\n", 9],
    ["+4", 4],
    ["-0", 0],
    ["089", 0],
    ["0x", 0],
    ["2147483647", 2_147_483_647],
    ["-2147483648", -2_147_483_648],
    ["2147483648", undefined],
  ];
  for (const [text, number] of cases) assert.equal(fileValue(text), number, JSON.stringify(text));
});

const config = (more: Partial<TrackProcessConfig> = {}): TrackProcessConfig => ({
  where: "test:1",
  name: "p",
  process: "haproxy",
  parameters: [],
  match: "exact",
  fullCommand: false,
  weight: 0,
  reverse: false,
  quorum: 1,
  quorumMax: undefined,
  terminateDelay: 0 as Micros,
  forkDelay: 0 as Micros,
  ...more,
});

test("a process is known by the first 15 bytes of its name", () => {
  const facts = (comm: string) => ({ comm, arguments: ["/usr/sbin/haproxy", "-W"] });
  assert.equal(isProcess(config(), facts("haproxy")), true);
  assert.equal(isProcess(config({ process: "/usr/sbin/haproxy" }), facts("haproxy")), true);
  assert.equal(isProcess(config(), facts("haprox")), false);
  assert.equal(isProcess(config({ process: "a-very-long-name-indeed" }), facts("a-very-long-nam")), true);
});

test("or by its command line: all of it, its first words, or the beginning of the last one", () => {
  const full = (parameters: string[], match: TrackProcessConfig["match"], args: string[]): boolean =>
    isProcess(config({ process: "sleep", fullCommand: true, parameters, match }), {
      comm: "sleep",
      arguments: ["sleep", ...args],
    });
  assert.equal(full(["10"], "exact", ["10"]), true);
  assert.equal(full(["10"], "exact", ["10", "20"]), false);
  assert.equal(full(["10"], "exact", ["100"]), false);
  assert.equal(full(["10"], "partial", ["10", "20"]), true);
  assert.equal(full(["10"], "partial", ["100"]), false);
  assert.equal(full(["10"], "initial", ["100", "20"]), true);
  assert.equal(full(["10", "2"], "initial", ["100", "20"]), false);
  assert.equal(full(["10"], "partial", []), false);
  const whole = config({ process: "/bin/sleep", fullCommand: true });
  assert.equal(isProcess(whole, { comm: "sleep", arguments: ["sleep"] }), false);
});

test("the count must lie between quorum and quorum_max", () => {
  const c = config({ quorum: 2, quorumMax: 3 });
  const ups = [0, 1, 2, 3, 4].map((count) => freshProcesses(c, count).up);
  assert.deepEqual(ups, [false, false, true, true, false]);
  const none = config({ quorum: 0, quorumMax: 0 });
  assert.deepEqual(
    [0, 1].map((count) => freshProcesses(none, count).up),
    [true, false],
  );
});

test("forks and exits wait for their delays, another program does not, and a return ends the waiting", () => {
  const c = config({ forkDelay: 1_000_000 as Micros, terminateDelay: 2_000_000 as Micros });
  const at = (s: number): Instant => (s * 1_000_000) as Instant;
  const count = (s: ReturnType<typeof freshProcesses>, n: number, reason: ProcessReason, now: number) =>
    countProcesses(c, s, n, reason, at(now));
  const none = freshProcesses(c, 0);
  assert.deepEqual(count(none, 1, "exec", 0), { count: 1, up: true, turnAt: undefined });
  const forked = count(none, 1, "fork", 0);
  assert.deepEqual(forked, { count: 1, up: false, turnAt: 1_000_000 });
  assert.deepEqual(count(forked, 2, "fork", 0.5), { count: 2, up: false, turnAt: 1_000_000 });
  assert.deepEqual(ripenProcesses(forked, 999_999 as Instant), forked);
  const ripe = ripenProcesses(forked, at(1));
  assert.deepEqual(ripe, { count: 1, up: true, turnAt: undefined });
  const ended = count(ripe, 0, "exit", 5);
  assert.deepEqual(ended, { count: 0, up: true, turnAt: 7_000_000 });
  assert.deepEqual(count(ended, 1, "fork", 6), { count: 1, up: true, turnAt: undefined });
});
