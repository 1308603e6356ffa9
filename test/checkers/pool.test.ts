import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { entryChanges } from "../../src/checkers/entry-changes.ts";
import {
  type PoolEvent,
  type PoolStep,
  reloadPool as reloadWithoutTable,
  startPool as startWithoutTable,
  stepPool,
} from "../../src/checkers/pool.ts";
import {
  isAlive,
  liveWeight,
  type PoolState,
  poolEntry,
  quorumHolds,
} from "../../src/checkers/pool-state.ts";
import type { VirtualServerConfig } from "../../src/config/model.ts";
import {
  destinationKey,
  type IpvsDestination,
  type IpvsEntry,
  type IpvsOperation,
} from "../../src/ipvs/model.ts";
import { effectTexts, real, script, sorry, tcpCheck, virtual } from "./support.ts";

const NONE: ReadonlyMap<string, readonly number[]> = new Map();
const down = (n: number, checker = 0): PoolEvent => ({
  kind: "checkerDown",
  server: `10.0.0.${n}:80`,
  checker,
});
const up = (n: number, checker = 0): PoolEvent => ({ kind: "checkerUp", server: `10.0.0.${n}:80`, checker });

/** What the step says, and behind it what the shell makes of it for the table. */
function withTable(before: IpvsEntry | undefined, config: VirtualServerConfig, step: PoolStep): PoolStep {
  const changes = entryChanges(before, poolEntry(config, step.state));
  const table = changes.map((operation) => ({ kind: "ipvs", operation, decisive: false }) as const);
  return { state: step.state, effects: [...step.effects, ...table] };
}

function startPool(config: VirtualServerConfig, failed: PoolState["failed"]): PoolStep {
  return withTable(undefined, config, startWithoutTable(config, failed));
}

function reloadPool(
  config: VirtualServerConfig,
  state: PoolState,
  next: VirtualServerConfig,
  failed: PoolState["failed"],
): PoolStep {
  return withTable(poolEntry(config, state), next, reloadWithoutTable(config, state, next, failed));
}

/** The effects of each event, from the state after start. */
function story(config: VirtualServerConfig, events: readonly PoolEvent[], failed = NONE): string[][] {
  let { state } = startPool(config, failed);
  return events.map((e) => {
    const step = stepPool(config, state, e);
    state = step.state;
    return effectTexts(step.effects);
  });
}

test("at start the service is built with every living server and the quorum is gained aloud", () => {
  const { effects, state } = startPool(virtual([real(2), real(3, { weight: 4 })]), NONE);
  assert.deepEqual(effectTexts(effects), [
    '"Gained quorum 1+0=1 <= 5 for VS [10.1.0.1]:tcp:80"',
    "run quorum-up",
    "ipvs add service rr",
    "ipvs add 10.0.0.2:80 w1",
    "ipvs add 10.0.0.3:80 w4",
  ]);
  assert.equal(state.quorumUp, true);
});

test("full NAT stands in the kernel as masquerading, which is the half of it that Linux has", () => {
  const config = virtual([real(2, { forwarding: "fullNat" })], {
    sorryServer: sorry({ forwarding: "fullNat", inhibit: true }),
  });
  const { state } = startPool(config, NONE);
  const destinations = [...(poolEntry(config, state)?.destinations.values() ?? [])];
  assert.deepEqual(
    destinations.map((d) => [destinationKey(d), d.forwarding, d.weight]),
    [
      ["10.0.0.2:80", "masquerade", 1],
      ["10.0.0.99:80", "masquerade", 0],
    ],
  );
});

test("at start an alpha server stays out, or stands in with weight 0 under inhibit_on_failure", () => {
  const failed = new Map([
    ["10.0.0.2:80", [0]],
    ["10.0.0.3:80", [0]],
  ]);
  const { effects } = startPool(virtual([real(2), real(3, { inhibitOnFailure: true })]), failed);
  assert.deepEqual(effectTexts(effects), ["ipvs add service rr", "ipvs add 10.0.0.3:80 w0"]);
});

test("at start a missing quorum is silent without a sorry server and loud with one", () => {
  const failed = new Map([["10.0.0.2:80", [0]]]);
  const { effects } = startPool(virtual([real(2), real(3)], { quorum: 2, sorryServer: sorry() }), failed);
  assert.deepEqual(effectTexts(effects), [
    '"Starting with quorum down 2-0=2 > 1 for VS [10.1.0.1]:tcp:80"',
    '"Adding sorry server [10.0.0.99]:tcp:80 to VS [10.1.0.1]:tcp:80"',
    '"Removing alive servers from the pool for VS [10.1.0.1]:tcp:80"',
    "run quorum-down",
    "ipvs add service rr",
    "ipvs add 10.0.0.99:80 w1",
  ]);
  assert.deepEqual(effectTexts(startPool(virtual([real(2), real(3)], { quorum: 2 }), failed).effects), [
    "ipvs add service rr",
    "ipvs add 10.0.0.3:80 w1",
  ]);
});

test("at start hysteresis counts on top of the quorum", () => {
  const config = virtual([real(2), real(3)], { quorum: 2, hysteresis: 1 });
  assert.equal(startPool(config, NONE).state.quorumUp, false);
});

test("rs_init_notifies runs notify_up for the servers that live at start", () => {
  const { effects } = startPool(
    virtual([real(2), real(3)], { rsInitNotifies: true }),
    new Map([["10.0.0.3:80", [0]]]),
  );
  assert.deepEqual(
    effectTexts(effects).filter((e) => e.startsWith("run")),
    ["run up-2", "run quorum-up"],
  );
});

test("a server that fails: log, kernel, script, in this order", () => {
  assert.deepEqual(story(virtual([real(2), real(3)]), [down(2), up(2)]), [
    [
      '"Removing service [10.0.0.2]:tcp:80 from VS [10.1.0.1]:tcp:80"',
      "ipvs! delete 10.0.0.2:80",
      "run down-2",
    ],
    ['"Adding service [10.0.0.2]:tcp:80 to VS [10.1.0.1]:tcp:80"', "ipvs! add 10.0.0.2:80 w1", "run up-2"],
  ]);
});

test("with inhibit_on_failure the server stays in the table with weight 0", () => {
  assert.deepEqual(
    story(virtual([real(2, { inhibitOnFailure: true, weight: 3 }), real(3)]), [down(2), up(2)]),
    [
      [
        '"Disabling service [10.0.0.2]:tcp:80 of VS [10.1.0.1]:tcp:80"',
        "ipvs! edit 10.0.0.2:80 w0",
        "run down-2",
      ],
      [
        '"Enabling service [10.0.0.2]:tcp:80 of VS [10.1.0.1]:tcp:80"',
        "ipvs! edit 10.0.0.2:80 w3",
        "run up-2",
      ],
    ],
  );
});

test("only the first checker to fail and the last to recover move a server", () => {
  const config = virtual([real(2, { checkers: [tcpCheck(), tcpCheck()] }), real(3)]);
  assert.deepEqual(
    story(config, [down(2, 0), down(2, 1), down(2, 1), up(2, 0), up(2, 1)]).map((e) => e.length),
    [3, 0, 0, 0, 3],
  );
});

test("losing the quorum without a sorry server removes the server, then tells", () => {
  assert.deepEqual(story(virtual([real(2), real(3)], { quorum: 2 }), [down(2)])[0]?.slice(3), [
    '"Lost quorum 2-0=2 > 1 for VS [10.1.0.1]:tcp:80"',
    "run quorum-down",
  ]);
});

test("losing the quorum with a sorry server exchanges the pool, and back", () => {
  const config = virtual([real(2), real(3)], { quorum: 2, sorryServer: sorry() });
  assert.deepEqual(story(config, [down(2), down(3), up(2), up(3)]), [
    [
      '"Removing service [10.0.0.2]:tcp:80 from VS [10.1.0.1]:tcp:80"',
      "ipvs! delete 10.0.0.2:80",
      "run down-2",
      '"Lost quorum 2-0=2 > 1 for VS [10.1.0.1]:tcp:80"',
      '"Adding sorry server [10.0.0.99]:tcp:80 to VS [10.1.0.1]:tcp:80"',
      '"Removing alive servers from the pool for VS [10.1.0.1]:tcp:80"',
      "ipvs add 10.0.0.99:80 w1",
      "ipvs delete 10.0.0.3:80",
      "run quorum-down",
    ],
    ['"Removing service [10.0.0.3]:tcp:80 from VS [10.1.0.1]:tcp:80"', "run down-3"],
    ['"Adding service [10.0.0.2]:tcp:80 to VS [10.1.0.1]:tcp:80"', "run up-2"],
    [
      '"Adding service [10.0.0.3]:tcp:80 to VS [10.1.0.1]:tcp:80"',
      "run up-3",
      '"Gained quorum 2+0=2 <= 2 for VS [10.1.0.1]:tcp:80"',
      '"Removing sorry server [10.0.0.99]:tcp:80 from VS [10.1.0.1]:tcp:80"',
      '"Adding alive servers to the pool for VS [10.1.0.1]:tcp:80"',
      "ipvs add 10.0.0.2:80 w1",
      "ipvs add 10.0.0.3:80 w1",
      "ipvs delete 10.0.0.99:80",
      "run quorum-up",
    ],
  ]);
});

test("sorry_server_inhibit keeps the sorry server in the table, at weight 0 while it rests", () => {
  const config = virtual([real(2, { inhibitOnFailure: true })], { sorryServer: sorry({ inhibit: true }) });
  assert.deepEqual(effectTexts(startPool(config, NONE).effects).slice(2), [
    "ipvs add service rr",
    "ipvs add 10.0.0.2:80 w1",
    "ipvs add 10.0.0.99:80 w0",
  ]);
  assert.deepEqual(story(config, [down(2), up(2)]), [
    [
      '"Disabling service [10.0.0.2]:tcp:80 of VS [10.1.0.1]:tcp:80"',
      "ipvs! edit 10.0.0.2:80 w0",
      "run down-2",
      '"Lost quorum 1-0=1 > 0 for VS [10.1.0.1]:tcp:80"',
      '"Enabling sorry server [10.0.0.99]:tcp:80 to VS [10.1.0.1]:tcp:80"',
      '"Removing alive servers from the pool for VS [10.1.0.1]:tcp:80"',
      "ipvs edit 10.0.0.99:80 w1",
      "run quorum-down",
    ],
    [
      '"Enabling service [10.0.0.2]:tcp:80 of VS [10.1.0.1]:tcp:80"',
      "run up-2",
      '"Gained quorum 1+0=1 <= 1 for VS [10.1.0.1]:tcp:80"',
      '"Disabling sorry server [10.0.0.99]:tcp:80 from VS [10.1.0.1]:tcp:80"',
      '"Adding alive servers to the pool for VS [10.1.0.1]:tcp:80"',
      "ipvs edit 10.0.0.2:80 w1",
      "ipvs edit 10.0.0.99:80 w0",
      "run quorum-up",
    ],
  ]);
});

test("a sorry server that is also a real server is one destination", () => {
  const config = virtual([real(2)], { sorryServer: sorry({ address: real(2).address }) });
  const started = startPool(config, NONE);
  assert.deepEqual(
    effectTexts(started.effects).filter((e) => e.startsWith("ipvs")),
    ["ipvs add service rr", "ipvs add 10.0.0.2:80 w1"],
  );
  const lost = stepPool(config, started.state, down(2));
  assert.deepEqual([...(poolEntry(config, lost.state)?.destinations.keys() ?? [])], ["10.0.0.2:80"]);
});

test("the quorum is lost below quorum - hysteresis and regained at quorum + hysteresis", () => {
  const servers = [2, 3, 4, 5].map((n) => real(n));
  const config = virtual(servers, { quorum: 3, hysteresis: 1 });
  const states: boolean[] = [];
  let { state } = startPool(config, NONE);
  for (const e of [down(2), down(3), down(4), up(2), up(3), up(4)]) {
    state = stepPool(config, state, e).state;
    states.push(state.quorumUp);
  }
  assert.deepEqual(states, [true, true, false, false, false, true]);
});

test("with nothing alive there is no quorum, whatever the hysteresis", () => {
  const config = virtual([real(2, { weight: 0 })], { quorum: 1, hysteresis: 0 });
  assert.equal(startPool(config, NONE).state.quorumUp, false);
});

test("the first failure of an alpha checker runs notify_down and nothing else", () => {
  const config = virtual([real(2), real(3)]);
  const { state } = startPool(config, new Map([["10.0.0.2:80", [0]]]));
  const step = stepPool(config, state, { kind: "checkerStillDown", server: "10.0.0.2:80", checker: 0 });
  assert.deepEqual(effectTexts(step.effects), ["run down-2"]);
  assert.equal(isAlive(step.state, "10.0.0.2:80"), false);
});

test("a firewall mark prints its servers without protocol", () => {
  const config = virtual([real(2, { port: 0 })], { target: { kind: "fwmark", mark: 7, family: "ipv4" } });
  const { state } = startPool(config, NONE);
  const step = stepPool(config, state, { kind: "checkerDown", server: "10.0.0.2:0", checker: 0 });
  assert.equal(effectTexts(step.effects)[0], '"Removing service [10.0.0.2]:none:0 from VS FWM 7"');
});

test("at stop every server is named and the service leaves; without omega no script runs", () => {
  const config = virtual([real(2), real(3, { inhibitOnFailure: true }), real(4)]);
  const failed = new Map([
    ["10.0.0.3:80", [0]],
    ["10.0.0.4:80", [0]],
  ]);
  const { state } = startPool(config, failed);
  assert.deepEqual(effectTexts(stepPool(config, state, { kind: "retired", removed: false }).effects), [
    '"Shutting down service [10.0.0.2]:tcp:80 from VS [10.1.0.1]:tcp:80"',
    '"Shutting down (inhibited) service [10.0.0.3]:tcp:80 from VS [10.1.0.1]:tcp:80"',
    '"Shutting down service [10.0.0.4]:tcp:80 from VS [10.1.0.1]:tcp:80"',
    "ipvs delete service",
  ]);
});

test("at stop with omega the living servers run notify_down and the quorum falls once", () => {
  const config = virtual([real(2), real(3), real(4)], { omega: true, quorum: 2, sorryServer: sorry() });
  const { state } = startPool(config, new Map([["10.0.0.4:80", [0]]]));
  assert.deepEqual(
    effectTexts(stepPool(config, state, { kind: "retired", removed: false }).effects).filter(
      (e) => !e.startsWith('"'),
    ),
    ["run down-2", "run quorum-down", "run down-3", "ipvs delete service"],
  );
});

test("a virtual server that a reload removed runs its down scripts even without omega", () => {
  const config = virtual([real(2)]);
  const { state } = startPool(config, NONE);
  assert.deepEqual(effectTexts(stepPool(config, state, { kind: "retired", removed: true }).effects), [
    '"Removing Virtual Server [10.1.0.1]:tcp:80"',
    '"Removing service [10.0.0.2]:tcp:80 from VS [10.1.0.1]:tcp:80"',
    "run down-2",
    "run quorum-down",
    "ipvs delete service",
  ]);
});

function reloaded(
  before: VirtualServerConfig,
  after: VirtualServerConfig,
  failed: ReadonlyMap<string, readonly number[]> = NONE,
): string[] {
  const { state } = startPool(before, failed);
  return effectTexts(reloadPool(before, state, after, failed).effects);
}

test("a changed weight is one edit, and named as active or inactive", () => {
  const before = virtual([real(2), real(3)]);
  const after = virtual([real(2, { weight: 5 }), real(3)]);
  assert.deepEqual(reloaded(before, after), [
    '"Changing weight from 1 to 5 for active service [10.0.0.2]:tcp:80 of VS [10.1.0.1]:tcp:80"',
    "ipvs edit 10.0.0.2:80 w5",
  ]);
  assert.deepEqual(reloaded(before, after, new Map([["10.0.0.2:80", [0]]])), [
    '"Changing weight from 1 to 5 for inactive service [10.0.0.2]:tcp:80 of VS [10.1.0.1]:tcp:80"',
  ]);
});

test("changed scheduler, forwarding and thresholds are edits", () => {
  const before = virtual([real(2), real(3), real(4)]);
  const after = virtual([real(2, { forwarding: "tunnel" }), real(3, { upperThreshold: 9 }), real(4)], {
    scheduler: "wrr",
  });
  assert.deepEqual(reloaded(before, after), [
    "ipvs edit service wrr",
    "ipvs edit 10.0.0.2:80 w1",
    "ipvs edit 10.0.0.3:80 w1",
  ]);
});

test("an exchanged server: the new one comes before the old one goes", () => {
  assert.deepEqual(reloaded(virtual([real(2)]), virtual([real(3)])), [
    '"service [10.0.0.2]:tcp:80 no longer exist"',
    '"Removing service [10.0.0.2]:tcp:80 from VS [10.1.0.1]:tcp:80"',
    "run down-2",
    "ipvs add 10.0.0.3:80 w1",
    "ipvs delete 10.0.0.2:80",
  ]);
});

test("a reload that costs the quorum brings in the sorry server with the start's wording", () => {
  const before = virtual([real(2), real(3)], { quorum: 2, sorryServer: sorry() });
  const after = virtual([real(2)], { quorum: 2, sorryServer: sorry() });
  assert.deepEqual(reloaded(before, after).slice(3), [
    '"Starting with quorum down 2-0=2 > 1 for VS [10.1.0.1]:tcp:80"',
    '"Adding sorry server [10.0.0.99]:tcp:80 to VS [10.1.0.1]:tcp:80"',
    '"Removing alive servers from the pool for VS [10.1.0.1]:tcp:80"',
    "run quorum-down",
    "ipvs add 10.0.0.99:80 w1",
    "ipvs delete 10.0.0.2:80",
    "ipvs delete 10.0.0.3:80",
  ]);
});

test("a lowered quorum is gained by the reload", () => {
  const before = virtual([real(2), real(3)], { quorum: 2 });
  const failed = new Map([["10.0.0.2:80", [0]]]);
  assert.deepEqual(reloaded(before, virtual([real(2), real(3)]), failed), [
    '"Gained quorum 1+0=1 <= 1 for VS [10.1.0.1]:tcp:80"',
    "run quorum-up",
  ]);
});

test("a new sorry server steps in at once where the quorum is down", () => {
  const failed = new Map([["10.0.0.2:80", [0]]]);
  const servers = [real(2), real(3)];
  assert.deepEqual(
    reloaded(virtual(servers, { quorum: 2 }), virtual(servers, { quorum: 2, sorryServer: sorry() }), failed),
    ["ipvs add 10.0.0.99:80 w1", "ipvs delete 10.0.0.3:80"],
  );
});

test("a server whose failed checker was removed comes back", () => {
  const before = virtual([real(2), real(3)]);
  const { state } = startPool(before, new Map([["10.0.0.2:80", [0]]]));
  assert.deepEqual(
    effectTexts(reloadPool(before, state, virtual([real(2, { checkers: [] }), real(3)]), NONE).effects),
    ['"Adding service [10.0.0.2]:tcp:80 to VS [10.1.0.1]:tcp:80"', "run up-2", "ipvs add 10.0.0.2:80 w1"],
  );
});

/** A kernel that takes everything, as a Map. */
class Model {
  readonly destinations = new Map<string, IpvsDestination>();
  exists = false;

  apply(o: IpvsOperation): void {
    if (o.kind === "addService") {
      assert.equal(this.exists, false);
      this.exists = true;
    } else if (o.kind === "deleteService") this.exists = false;
    else if ("destination" in o) {
      assert.equal(this.exists, true);
      const key = destinationKey(o.destination);
      assert.equal(this.destinations.has(key), o.kind !== "addDestination", `${o.kind} ${key}`);
      if (o.kind === "deleteDestination") this.destinations.delete(key);
      else this.destinations.set(key, o.destination);
    }
  }
}

const arbitraryConfig = fc
  .record({
    servers: fc.array(fc.record({ weight: fc.nat(3), inhibit: fc.boolean() }), {
      minLength: 1,
      maxLength: 4,
    }),
    quorum: fc.integer({ min: 1, max: 5 }),
    hysteresis: fc.nat(2),
    sorry: fc.constantFrom("none", "own", "shared"),
    sorryInhibit: fc.boolean(),
  })
  .map((r) =>
    virtual(
      r.servers.map((s, i) => real(i + 2, { weight: s.weight, inhibitOnFailure: s.inhibit })),
      {
        quorum: r.quorum,
        hysteresis: Math.min(r.hysteresis, r.quorum - 1),
        sorryServer:
          r.sorry === "none"
            ? undefined
            : sorry(
                r.sorry === "shared"
                  ? { address: real(2).address, inhibit: r.sorryInhibit }
                  : { inhibit: r.sorryInhibit },
              ),
      },
    ),
  );
const arbitraryEvents = fc.array(fc.tuple(fc.boolean(), fc.nat(3)), { maxLength: 25 });

test("after any events the operations have built exactly what the state asks for, and a second look changes nothing", () => {
  fc.assert(
    fc.property(arbitraryConfig, arbitraryConfig, arbitraryEvents, (config, other, events) => {
      const kernel = new Model();
      const run = (step: {
        state: PoolState;
        effects: ReturnType<typeof startPool>["effects"];
      }): PoolState => {
        for (const e of step.effects) if (e.kind === "ipvs") kernel.apply(e.operation);
        return step.state;
      };
      const check = (c: VirtualServerConfig, s: PoolState): void =>
        assert.deepEqual(
          new Map([...kernel.destinations].sort()),
          new Map([...(poolEntry(c, s)?.destinations ?? [])].sort()),
        );
      let state = run(startPool(config, NONE));
      check(config, state);
      for (const [isUp, n] of events) {
        state = run(stepPool(config, state, isUp ? up(n + 2) : down(n + 2)));
        check(config, state);
        assert.equal(quorumHolds(config, state), state.quorumUp);
      }
      const kept = new Map(
        [...state.failed].filter(([k]) => other.realServers.some((r) => destinationKey(r) === k)),
      );
      state = run(reloadPool(config, state, other, kept));
      check(other, state);
      assert.deepEqual(
        reloadPool(other, state, other, state.failed).effects.filter((e) => e.kind === "ipvs"),
        [],
      );
    }),
  );
});

test("the quorum never changes while the live weight stays within the hysteresis", () => {
  fc.assert(
    fc.property(arbitraryConfig, arbitraryEvents, (config, events) => {
      let { state } = startPool(config, NONE);
      for (const [isUp, n] of events) {
        const before = state.quorumUp;
        state = stepPool(config, state, isUp ? up(n + 2) : down(n + 2)).state;
        const weight = liveWeight(config, state);
        const within =
          weight >= config.quorum - config.hysteresis && weight < config.quorum + config.hysteresis;
        if (within && weight > 0) assert.equal(state.quorumUp, before);
      }
    }),
  );
});

test("a script without a configuration is no effect", () => {
  const mute = virtual([real(2, { notifyDown: undefined, notifyUp: script("x") }), real(3)]);
  assert.equal(story(mute, [down(2)])[0]?.length, 2);
});

test("what checkers add to a weight counts in table, quorum and log, within the kernel's limits", () => {
  const config = virtual([real(2, { weight: 5 }), real(3, { weight: 5 })], { quorum: 8 });
  let { state } = startPool(config, NONE);
  const weigh = (checker: number, added: number, quiet = false): string[] => {
    const step = stepPool(config, state, {
      kind: "checkerWeight",
      server: "10.0.0.2:80",
      checker,
      added,
      quiet,
    });
    state = step.state;
    return effectTexts(step.effects);
  };
  const changing = (from: number, to: number): string =>
    `"Changing weight from ${from} to ${to} for active service [10.0.0.2]:tcp:80 of VS [10.1.0.1]:tcp:80"`;
  assert.deepEqual(weigh(0, 3), [changing(5, 8), "ipvs edit 10.0.0.2:80 w8"]);
  assert.deepEqual(weigh(1, -2), [changing(8, 6), "ipvs edit 10.0.0.2:80 w6"]);
  assert.deepEqual(weigh(1, -6), [
    changing(6, 2),
    "ipvs edit 10.0.0.2:80 w2",
    '"Lost quorum 8-0=8 > 7 for VS [10.1.0.1]:tcp:80"',
    "run quorum-down",
  ]);
  assert.deepEqual(weigh(1, -600), [changing(2, 0), "ipvs edit 10.0.0.2:80 w0"]);
  assert.deepEqual(weigh(1, -700), [], "nothing is below zero");
  weigh(0, 0);
  assert.deepEqual(weigh(1, 2_147_483_647, true).slice(0, 1), ["ipvs edit 10.0.0.2:80 w2147483647"]);
  assert.equal(liveWeight(config, state), 2_147_483_652);
});
