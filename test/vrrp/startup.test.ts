import assert from "node:assert/strict";
import { test } from "node:test";
import { type Instant, seconds } from "../../src/base/units.ts";
import { StartupDelay } from "../../src/vrrp/startup-runtime.ts";

/** A clock that the test sets, and the one timer that may be open. */
function world(start: number) {
  const log: string[] = [];
  const state: { now: number; due: number | undefined; open: number; expired: () => void } = {
    now: start,
    due: undefined,
    open: 0,
    expired: () => {},
  };
  const timer = (expired: () => void) => {
    state.open++;
    state.expired = expired;
    return {
      set: (at: Instant) => {
        state.due = at;
      },
      clear: () => {},
      close: () => {
        state.open--;
      },
    };
  };
  const delay = new StartupDelay({ timer }, { now: () => state.now as Instant }, (id, fields) =>
    log.push(`${id} ${JSON.stringify(fields)}`),
  );
  return { log, state, delay };
}

test("the later end counts: of the delay since our start, or since the machine's", () => {
  const { log, state, delay } = world(100_000_000);
  delay.configure({ vrrpStartupDelay: seconds(5), vrrpDelayAfterBoot: seconds(103) });
  assert.equal(delay.until, 105_000_000);
  assert.equal(state.due, 105_000_000);
  state.now = 105_000_000;
  state.expired();
  assert.equal(delay.until, undefined);
  assert.equal(state.open, 0);
  assert.deepEqual(log, ['startup-delayed {"micros":5000000}', "startup-completed {}"]);
  const boot = world(100_000_000).delay;
  boot.configure({ vrrpStartupDelay: seconds(1), vrrpDelayAfterBoot: seconds(103) });
  assert.equal(boot.until, 103_000_000);
});

test("without a delay, or when the machine runs long enough, there is none and none comes later", () => {
  const { log, state, delay } = world(100_000_000);
  delay.configure({ vrrpDelayAfterBoot: seconds(60) });
  assert.equal(delay.until, undefined);
  delay.configure({ vrrpStartupDelay: seconds(600) });
  assert.equal(delay.until, undefined);
  assert.equal(state.open, 0);
  assert.deepEqual(log, []);
});

test("a reload moves the end, and may end the delay", () => {
  const { log, state, delay } = world(0);
  delay.configure({ vrrpStartupDelay: seconds(10) });
  state.now = 4_000_000;
  delay.configure({ vrrpStartupDelay: seconds(20) });
  assert.equal(delay.until, 20_000_000);
  assert.equal(state.due, 20_000_000);
  delay.configure({ vrrpStartupDelay: seconds(3) });
  assert.equal(delay.until, undefined);
  assert.equal(state.open, 0);
  assert.deepEqual(log, ['startup-delayed {"micros":10000000}', "startup-completed {}"]);
});
