import assert from "node:assert/strict";
import { test } from "node:test";
import { DaemonError } from "../../src/base/errors.ts";
import { type Instant, seconds } from "../../src/base/units.ts";
import type {
  ProbeIo,
  ProbeReady,
  ProbeSocket,
  ProbeTarget,
  ScriptEnded,
} from "../../src/checkers/checker.ts";
import type { IpvsPort } from "../../src/checkers/kernel-table.ts";
import { CheckerRuntime } from "../../src/checkers/runtime.ts";
import { bfdKey, fileKey, type Signal } from "../../src/checkers/verdict-signal.ts";
import type { ConfigModel, ConnectConfig, GlobalDefs, VirtualServerConfig } from "../../src/config/model.ts";
import type { BfdCheckConfig, FileCheckConfig } from "../../src/config/model-lvs.ts";
import { diffTables } from "../../src/ipvs/diff.ts";
import type { IpvsEntry, IpvsTable } from "../../src/ipvs/model.ts";
import type { FieldValue } from "../../src/log/entry.ts";
import {
  connect,
  ip,
  ManualClock,
  miscCheck,
  operationText,
  real,
  sorry,
  tcpCheck,
  virtual,
} from "./support.ts";

/** Sockets that connect when the test says so. */
class FakeIo implements ProbeIo {
  readonly waiting = new Map<number, { readonly address: string; readonly ready: ProbeReady }>();
  readonly #addresses = new Map<number, string>();
  #next = 1;
  /** answered as soon as it is asked: 0, an errno, or nothing */
  readonly answers = new Map<string, number>();
  /** thrown instead of connecting */
  refusal: DaemonError | undefined;

  prepare(config: ConnectConfig): ProbeTarget {
    return { connect: config };
  }

  connect(target: ProbeTarget): ProbeSocket {
    if (this.refusal !== undefined) throw this.refusal;
    const socket = this.#next++;
    this.#addresses.set(socket, target.connect.address);
    return socket as ProbeSocket;
  }

  watch(socket: ProbeSocket, _: "read" | "write", ready: ProbeReady): void {
    this.waiting.set(socket, { address: this.#addresses.get(socket) ?? "", ready });
  }

  /** Lets every waiting connection for which there is an answer end. */
  settle(): void {
    for (const { address, ready } of [...this.waiting.values()]) {
      const answer = this.answers.get(address);
      if (answer === undefined) continue;
      ready({ error: answer !== 0 });
    }
  }

  send(): boolean {
    throw new Error("TCP checks send nothing");
  }

  receive(): undefined {
    throw new Error("TCP checks receive nothing");
  }

  receiveRefusal(): undefined {
    throw new Error("TCP checks have no datagrams");
  }

  close(socket: ProbeSocket): void {
    this.waiting.delete(socket);
  }

  digest(): never {
    throw new Error("TCP checks digest nothing");
  }
}

interface World {
  readonly runtime: CheckerRuntime;
  readonly io: FakeIo;
  readonly log: string[];
  /** operations since last taken */
  readonly operations: string[];
  readonly scripts: string[];
  /** how scripts end, by their name; those that are not named end well */
  readonly endings: Map<string, ScriptEnded>;
  readonly published: FieldValue[];
  readonly kernel: {
    error: string | undefined;
    present: IpvsTable;
    open: boolean;
    flushed: number;
    /** somebody has emptied the table */
    missing: boolean;
  };
  /** Lets time pass in steps of 100 ms, serving timers and sockets. */
  run(seconds: number): void;
}

function world(): World {
  const clock = new ManualClock();
  const io = new FakeIo();
  const log: string[] = [];
  const operations: string[] = [];
  const scripts: string[] = [];
  const published: FieldValue[] = [];
  const endings = new Map<string, ScriptEnded>();
  const kernel: World["kernel"] = {
    error: undefined,
    present: new Map(),
    open: true,
    flushed: 0,
    missing: false,
  };
  const timers: { at: Instant | undefined; readonly expired: () => void }[] = [];
  const port: IpvsPort = {
    dump: () => kernel.present,
    diff: (actual, desired) => diffTables(actual, desired, { foreign: "keep" }),
    apply: (list) =>
      list.map((o) => {
        operations.push(operationText(o));
        if (o.kind === "addService") kernel.missing = false;
        if (kernel.missing) return new DaemonError("IPVS", 3, "ESRCH");
        return kernel.error === undefined
          ? undefined
          : new DaemonError("IPVS", 1, kernel.error, { detail: kernel.error });
      }),
    flush: () => {
      kernel.flushed++;
    },
    close: () => {},
  };
  const runtime = new CheckerRuntime({
    io,
    openTls: () => Promise.reject(new Error("no TLS here")),
    clock,
    random: () => 0.5,
    logger: { write: (l) => log.push(l.text) },
    scripts: {
      run: async (script, _, { queue, timeout }) => {
        scripts.push(
          `${script.argv[0]} in "${queue}"${timeout === undefined ? "" : ` for ${timeout / 1e6} s`}`,
        );
        return endings.get(script.argv[0] ?? "") ?? { kind: "exited", status: 0 };
      },
      end: ({ queues }) => scripts.push(`end "${queues}"`),
      drain: async () => {},
    },
    publish: (state) => published.push(state),
    timer: (expired) => {
      const timer: (typeof timers)[number] = { at: undefined, expired };
      timers.push(timer);
      return {
        set: (at) => {
          timer.at = at;
        },
        close: () => {
          timer.at = undefined;
        },
      };
    },
    defer: (callback) => callback(),
    openIpvs: () => {
      if (!kernel.open)
        throw new DaemonError("IPVS", 2, "ENOENT", { detail: "kernel module ip_vs is not available" });
      return port;
    },
  });
  const run = (s: number): void => {
    for (let i = 0; i < s * 10; i++) {
      clock.advance(100);
      for (const timer of timers)
        if (timer.at !== undefined && timer.at <= clock.now()) {
          timer.at = undefined;
          timer.expired();
        }
      io.settle();
    }
  };
  return { runtime, io, log, operations, scripts, endings, published, kernel, run };
}

const model = (...virtualServers: VirtualServerConfig[]): ConfigModel => ({
  global: { lvsFlush: false } as GlobalDefs,
  vrrpInstances: [],
  virtualServers,
});
const take = (list: string[]): string[] => list.splice(0);
const check = (n: number, more = {}): ReturnType<typeof tcpCheck> =>
  tcpCheck({ connect: connect(80, { address: ip(`10.0.0.${n}`) }), ...more });
const REFUSED = 111;

test("a server dies, is retried, leaves the table, heals and returns", () => {
  const w = world();
  w.io.answers.set("10.0.0.2", 0);
  w.io.answers.set("10.0.0.3", 0);
  assert.equal(
    w.runtime.configure(model(virtual([real(2), real(3)]))),
    "virtual servers: 1 added, 0 changed, 0 removed, 0 unchanged",
  );
  assert.deepEqual(take(w.operations), ["add service rr", "add 10.0.0.2:80 w1", "add 10.0.0.3:80 w1"]);
  w.run(1);
  assert.deepEqual(take(w.log), [
    "Initializing ipvs",
    "Gained quorum 1+0=1 <= 2 for VS [10.1.0.1]:tcp:80",
    "Activating healthchecker for service [10.0.0.2]:tcp:80 for VS [10.1.0.1]:tcp:80",
    "Activating healthchecker for service [10.0.0.3]:tcp:80 for VS [10.1.0.1]:tcp:80",
    "TCP connection to [10.0.0.2]:tcp:80 success.",
    "TCP connection to [10.0.0.3]:tcp:80 success.",
  ]);
  w.io.answers.set("10.0.0.3", REFUSED);
  w.run(11);
  assert.deepEqual(take(w.operations), []);
  w.run(2);
  assert.deepEqual(take(w.operations), ["delete 10.0.0.3:80"]);
  w.io.answers.set("10.0.0.3", 0);
  w.run(11);
  assert.deepEqual(take(w.operations), ["add 10.0.0.3:80 w1"]);
  assert.deepEqual(take(w.log), [
    "TCP_CHECK on service [10.0.0.3]:tcp:80 failed after 2 retries.",
    "Removing service [10.0.0.3]:tcp:80 from VS [10.1.0.1]:tcp:80",
    "TCP connection to [10.0.0.3]:tcp:80 success.",
    "Adding service [10.0.0.3]:tcp:80 to VS [10.1.0.1]:tcp:80",
  ]);
  assert.deepEqual(w.scripts, [
    'quorum-up in "[10.1.0.1]:tcp:80 [10.1.0.1]:tcp:80"',
    'down-3 in "[10.1.0.1]:tcp:80 [10.0.0.3]:tcp:80"',
    'up-3 in "[10.1.0.1]:tcp:80 [10.0.0.3]:tcp:80"',
  ]);
});

test("a server that never answers fails at the deadline", () => {
  const w = world();
  w.runtime.configure(model(virtual([real(2, { checkers: [check(2, { logAllFailures: true })] })])));
  w.run(4);
  assert.equal(w.io.waiting.size, 1);
  w.run(2);
  assert.equal(w.io.waiting.size, 0);
  assert.ok(w.log.includes("TCP connection to [10.0.0.2]:tcp:80 timeout."));
});

test("the warm-up delays the first check by its random part", () => {
  const w = world();
  w.runtime.configure(model(virtual([real(2, { checkers: [check(2, { warmup: seconds(4) })] })])));
  w.run(1.9);
  assert.equal(w.io.waiting.size, 0);
  w.run(0.3);
  assert.equal(w.io.waiting.size, 1);
});

test("a table that stands already is only completed", () => {
  const w = world();
  w.kernel.present = new Map<string, IpvsEntry>([
    [
      "TCP 10.1.0.1:80",
      {
        service: {
          identity: { kind: "address", protocol: "tcp", address: ip("10.1.0.1"), port: 80 },
          scheduler: "rr",
          flags: 0,
          persistenceTimeout: undefined,
          persistenceEngine: undefined,
          persistencePrefixLength: 32,
        },
        destinations: new Map(),
      },
    ],
  ]);
  w.runtime.configure(model(virtual([real(2)])));
  assert.deepEqual(take(w.operations), ["add 10.0.0.2:80 w1"]);
});

test("a reload keeps what did not change: no operation, no forgotten failure, one edit for a weight", () => {
  const w = world();
  w.io.answers.set("10.0.0.2", REFUSED);
  w.io.answers.set("10.0.0.3", 0);
  w.io.answers.set("10.0.0.4", 0);
  const other = virtual([real(4)], { target: { kind: "fwmark", mark: 7, family: "ipv4" }, scheduler: "wlc" });
  w.runtime.configure(model(virtual([real(2), real(3)]), other));
  w.run(1);
  take(w.operations);
  take(w.log);
  const moved = { ...other, where: "t.conf:99" };
  assert.equal(
    w.runtime.configure(model(virtual([real(2), real(3, { weight: 7 })]), moved)),
    "virtual servers: 0 added, 1 changed, 0 removed, 1 unchanged",
  );
  assert.deepEqual(take(w.operations), ["edit 10.0.0.3:80 w7"]);
  assert.deepEqual(take(w.log), [
    "Reinitializing ipvs",
    "Changing weight from 1 to 7 for active service [10.0.0.3]:tcp:80 of VS [10.1.0.1]:tcp:80",
  ]);
  w.io.answers.set("10.0.0.2", 0);
  w.run(10);
  assert.deepEqual(take(w.operations), ["add 10.0.0.2:80 w1"]);
});

test("a reload does not put off the checks of a changed virtual server, but a shorter interval counts", () => {
  const w = world();
  w.io.answers.set("10.0.0.2", 0);
  const configure = (weight: number, delayLoop: number): void => {
    const checkers = [check(2, { delayLoop: seconds(delayLoop) })];
    w.runtime.configure(model(virtual([real(2, { weight, checkers })])));
  };
  configure(1, 10);
  w.run(6);
  w.io.answers.delete("10.0.0.2");
  configure(2, 10);
  w.run(5);
  assert.equal(w.io.waiting.size, 1);
  w.io.answers.set("10.0.0.2", 0);
  w.run(1);
  w.io.answers.delete("10.0.0.2");
  configure(2, 3);
  w.run(4);
  assert.equal(w.io.waiting.size, 1);
});

test("trouble of this machine with connect() is explained once, with bind() every time", () => {
  const w = world();
  w.io.refusal = new DaemonError("connect", 13, "EACCES");
  w.runtime.configure(model(virtual([real(2)])));
  take(w.log);
  w.run(21);
  assert.deepEqual(take(w.log), [
    "socket connect error 13 - Permission denied",
    "TCP socket bind failed. Rescheduling.",
    "TCP socket bind failed. Rescheduling.",
    "TCP socket bind failed. Rescheduling.",
  ]);
  w.io.refusal = new DaemonError("bind", 99, "EADDRNOTAVAIL");
  w.run(20);
  assert.deepEqual(take(w.log), [
    "Checker bind failed: Cannot assign requested address",
    "TCP socket bind failed. Rescheduling.",
    "Checker bind failed: Cannot assign requested address",
    "TCP socket bind failed. Rescheduling.",
  ]);
});

test("a reload adds and removes virtual servers and their checkers", () => {
  const w = world();
  const second = virtual([real(3)], {
    target: { kind: "fwmark", mark: 7, family: "ipv4" },
    scheduler: "wlc",
  });
  w.runtime.configure(model(virtual([real(2)])));
  w.run(1);
  take(w.operations);
  take(w.log);
  w.runtime.configure(model(second));
  assert.deepEqual(take(w.operations).sort(), ["add 10.0.0.3:80 w1", "add service wlc", "delete service"]);
  w.run(3);
  assert.deepEqual([...new Set([...w.io.waiting.values()].map((x) => x.address))], ["10.0.0.3"]);
  assert.deepEqual(take(w.log).slice(0, 3), [
    "Reinitializing ipvs",
    "Removing Virtual Server [10.1.0.1]:tcp:80",
    "Removing service [10.0.0.2]:tcp:80 from VS [10.1.0.1]:tcp:80",
  ]);
});

test("a new alpha checker does not take down a server that lives, but holds back a new one", () => {
  const w = world();
  w.io.answers.set("10.0.0.2", 0);
  w.runtime.configure(model(virtual([real(2)])));
  w.run(1);
  take(w.operations);
  const alpha = (n: number): ReturnType<typeof real> =>
    real(n, {
      checkers: [check(n), tcpCheck({ alpha: true, connect: connect(81, { address: ip(`10.0.0.${n}`) }) })],
    });
  w.runtime.configure(model(virtual([alpha(2), alpha(3)])));
  assert.deepEqual(take(w.operations), []);
});

test("a transition that the kernel refuses is taken back and made with the next result", () => {
  const w = world();
  w.io.answers.set("10.0.0.2", 0);
  w.io.answers.set("10.0.0.3", 0);
  w.runtime.configure(model(virtual([real(2, { checkers: [check(2, { retry: 0 })] }), real(3)])));
  w.run(1);
  take(w.operations);
  take(w.log);
  take(w.scripts);
  w.kernel.error = "ENOMEM";
  w.io.answers.set("10.0.0.2", REFUSED);
  w.run(10);
  assert.deepEqual(take(w.operations), ["delete 10.0.0.2:80"]);
  assert.deepEqual(w.scripts, []);
  assert.ok(w.log.includes("real_server 10.0.0.2:80 (t.conf:2): ENOMEM"));
  w.kernel.error = undefined;
  w.run(10);
  assert.deepEqual(take(w.operations), ["delete 10.0.0.2:80"]);
  assert.deepEqual(take(w.scripts), ['down-2 in "[10.1.0.1]:tcp:80 [10.0.0.2]:tcp:80"']);
});

test("a service that the kernel refuses is named, its checkers go on, and a reload tries again", () => {
  const w = world();
  w.kernel.error = 'scheduler "foo": not found';
  const config = virtual([real(2)], { scheduler: "foo" });
  w.io.answers.set("10.0.0.2", REFUSED);
  w.runtime.configure(model(config));
  assert.ok(w.log.includes('virtual_server 10.1.0.1:80 (t.conf:1): scheduler "foo": not found'));
  take(w.operations);
  w.run(20);
  assert.deepEqual(take(w.operations), []);
  assert.ok(w.log.includes("Removing service [10.0.0.2]:tcp:80 from VS [10.1.0.1]:tcp:80"));
  w.kernel.error = undefined;
  w.runtime.configure(model(config));
  assert.deepEqual(take(w.operations), ["add service foo"]);
});

test("a service that somebody took away is built anew, and the transition is made with the next result", () => {
  const w = world();
  w.io.answers.set("10.0.0.2", 0);
  w.io.answers.set("10.0.0.3", REFUSED);
  w.runtime.configure(model(virtual([real(2), real(3)])));
  w.run(1);
  take(w.operations);
  w.kernel.missing = true;
  w.io.answers.set("10.0.0.3", 0);
  w.run(10);
  assert.deepEqual(take(w.operations), ["add 10.0.0.3:80 w1", "add service rr", "add 10.0.0.2:80 w1"]);
  w.run(10);
  assert.deepEqual(take(w.operations), ["add 10.0.0.3:80 w1"]);
});

test("without ip_vs the module is named, nothing is checked, and a later reload begins", () => {
  const w = world();
  w.kernel.open = false;
  assert.equal(w.runtime.configure(model(virtual([real(2)]))), "1 virtual servers idle without IPVS");
  assert.deepEqual(w.log, [
    "Initializing ipvs",
    "IPVS: IPVS: ENOENT: kernel module ip_vs is not available; virtual servers stay idle until a reload finds it",
  ]);
  w.run(20);
  assert.equal(w.io.waiting.size, 0);
  w.kernel.open = true;
  w.runtime.configure(model(virtual([real(2)])));
  assert.deepEqual(take(w.operations), ["add service rr", "add 10.0.0.2:80 w1"]);
});

test("virtual servers that share a kernel service are one service with all their servers", async () => {
  const w = world();
  for (const n of [2, 3, 4]) w.io.answers.set(`10.0.0.${n}`, 0);
  w.runtime.configure(model(virtual([real(2), real(3)]), virtual([real(3), real(4)], { scheduler: "wlc" })));
  assert.deepEqual(take(w.operations), [
    "add service rr",
    "add 10.0.0.2:80 w1",
    "add 10.0.0.3:80 w1",
    "add 10.0.0.4:80 w1",
  ]);
  w.run(1);
  w.io.answers.set("10.0.0.3", REFUSED);
  w.io.answers.set("10.0.0.4", REFUSED);
  w.run(13);
  assert.deepEqual(take(w.operations), ["delete 10.0.0.3:80", "delete 10.0.0.4:80"]);
  w.runtime.configure(model(virtual([real(2), real(3)])));
  assert.deepEqual(take(w.operations), []);
  await w.runtime.stop(true, "no");
  assert.deepEqual(take(w.operations), ["delete service"]);
});

test("a stop removes the services and runs the scripts of omega for a second each", async () => {
  const w = world();
  w.runtime.configure(model(virtual([real(2)], { omega: true, sorryServer: sorry() })));
  take(w.operations);
  take(w.scripts);
  await w.runtime.stop(true, "no");
  assert.deepEqual(w.operations, ["delete service"]);
  assert.deepEqual(w.scripts, [
    'down-2 in "[10.1.0.1]:tcp:80 [10.0.0.2]:tcp:80" for 1 s',
    'quorum-down in "[10.1.0.1]:tcp:80 [10.1.0.1]:tcp:80" for 1 s',
  ]);
});

test("a stop that keeps IPVS touches and says nothing; lvs_flush_on_stop empties the whole table", async () => {
  const keeping = world();
  keeping.runtime.configure(model(virtual([real(2)], { omega: true })));
  take(keeping.operations);
  take(keeping.log);
  take(keeping.scripts);
  await keeping.runtime.stop(false, "all");
  assert.deepEqual(
    [keeping.operations, keeping.log, keeping.scripts, keeping.kernel.flushed],
    [[], [], [], 0],
  );
  const flushing = world();
  flushing.runtime.configure(model(virtual([real(2)])));
  take(flushing.operations);
  await flushing.runtime.stop(true, "all");
  assert.deepEqual([flushing.operations, flushing.kernel.flushed], [[], 1]);
});

test("after a stop nothing happens any more", async () => {
  const w = world();
  w.io.answers.set("10.0.0.2", 0);
  w.runtime.configure(model(virtual([real(2)])));
  await w.runtime.stop(false, "no");
  take(w.log);
  w.run(60);
  assert.deepEqual([w.log, w.io.waiting.size], [[], 0]);
});

test("the published state shows servers, weights and the last result with its age", () => {
  const w = world();
  w.io.answers.set("10.0.0.2", 0);
  w.io.answers.set("10.0.0.3", REFUSED);
  w.runtime.configure(model(virtual([real(2, { weight: 3 }), real(3)], { sorryServer: sorry() })));
  w.run(12);
  assert.deepEqual(w.published.at(-1), {
    virtualServers: [
      {
        name: "[10.1.0.1]:tcp:80",
        where: "t.conf:1",
        inKernel: true,
        scheduler: "rr",
        quorumUp: true,
        quorum: 1,
        hysteresis: 0,
        liveWeight: 3,
        sorryServer: { name: "[10.0.0.99]:tcp:80", active: false },
        realServers: [
          {
            name: "[10.0.0.2]:tcp:80",
            alive: true,
            weight: 3,
            checkers: [
              { kind: "TCP_CHECK", up: true, retries: 0, lastResult: "success", lastResultAge: 0.1 },
            ],
          },
          {
            name: "[10.0.0.3]:tcp:80",
            alive: false,
            weight: 1,
            checkers: [
              { kind: "TCP_CHECK", up: false, retries: 0, lastResult: "refused", lastResultAge: 0.1 },
            ],
          },
        ],
      },
    ],
  });
});

test("a script's status becomes the weight, its failure takes the server out, a reload goes on", async () => {
  const w = world();
  const check = miscCheck({ dynamic: true, retry: 0, delayLoop: seconds(2) });
  const server = real(2, { weight: 5, checkers: [check] });
  const turn = async (): Promise<void> => {
    w.run(2);
    await new Promise((resolve) => setImmediate(resolve));
  };
  w.endings.set("/check", { kind: "exited", status: 12 });
  w.runtime.configure(model(virtual([server])));
  take(w.operations);
  take(w.log);
  await turn();
  assert.deepEqual(take(w.operations), ["edit 10.0.0.2:80 w10"]);
  assert.deepEqual(take(w.log), [
    "Changing weight from 5 to 10 for active service [10.0.0.2]:tcp:80 of VS [10.1.0.1]:tcp:80",
    "Misc check for [[10.0.0.2]:tcp:80 VS [10.1.0.1]:tcp:80] by [/check] succeeded.",
  ]);
  assert.equal(
    w.scripts.find((line) => line.startsWith("/check")),
    '/check in "misc [10.1.0.1]:tcp:80 [10.0.0.2]:tcp:80 0." for 5 s',
  );
  w.runtime.configure(model(virtual([{ ...server, weight: 6 }])));
  assert.deepEqual(take(w.operations), [], "the script's word counts more than the file's");
  w.endings.set("/check", { kind: "exited", status: 1 });
  await turn();
  await turn();
  assert.deepEqual(take(w.operations), ["delete 10.0.0.2:80"]);
  assert.deepEqual(
    take(w.log).filter((line) => /weight|Misc/.test(line)),
    [
      "Misc check for [[10.0.0.2]:tcp:80 VS [10.1.0.1]:tcp:80] by [/check] failed with retry disabled (exited with status 1).",
    ],
  );
  w.endings.set("/check", { kind: "exited", status: 0 });
  await turn();
  assert.deepEqual(take(w.operations), ["add 10.0.0.2:80 w6"]);
});

test("a script whose check is over is ended, and its answer is not heard", async () => {
  const w = world();
  const check = miscCheck({ retry: 0 });
  w.endings.set("/check", { kind: "exited", status: 1 });
  w.runtime.configure(model(virtual([real(2, { checkers: [check] })])));
  w.run(1);
  take(w.scripts);
  take(w.log);
  w.runtime.configure(model());
  assert.deepEqual(
    take(w.scripts).filter((line) => line.startsWith("end")),
    ['end "misc [10.1.0.1]:tcp:80 [10.0.0.2]:tcp:80 0."'],
  );
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(
    w.log.some((line) => line.startsWith("Misc")),
    false,
  );
});

test("files and BFD sessions are heard at once, from before the start on, and over a reload", () => {
  const w = world();
  const file: FileCheckConfig = {
    kind: "FILE_CHECK",
    where: "t.conf:1",
    trackFile: "load",
    weight: 2,
    reverse: undefined,
  };
  const bfd: BfdCheckConfig = { kind: "BFD_CHECK", where: "t.conf:1", name: "peer", alpha: true };
  const servers = [real(2, { weight: 5, checkers: [file] }), real(3, { checkers: [bfd] })];
  const says = (value: number): Signal => ({ kind: "file", value, weight: 1, reverse: false });
  w.runtime.tell(fileKey("load"), says(4));
  w.runtime.configure(model(virtual(servers)));
  assert.deepEqual(take(w.operations), ["add service rr", "add 10.0.0.2:80 w13"]);
  w.runtime.tell(bfdKey("peer"), { kind: "bfd", up: true });
  assert.deepEqual(take(w.operations), ["add 10.0.0.3:80 w1"]);
  w.runtime.tell(fileKey("load"), says(1));
  assert.deepEqual(take(w.operations), ["edit 10.0.0.2:80 w7"]);
  w.runtime.configure(model(virtual(servers, { quorum: 2 })));
  w.run(100);
  assert.deepEqual(take(w.operations), [], "a reload or time alone changes nothing");
  w.runtime.configure(model(virtual([...servers, real(4, { checkers: [{ ...bfd, alpha: false }] })])));
  assert.deepEqual(take(w.operations), ["add 10.0.0.4:80 w1"]);
  w.kernel.error = "EBUSY";
  w.runtime.tell(bfdKey("peer"), { kind: "bfd", up: false });
  take(w.operations);
  w.kernel.error = undefined;
  w.run(2);
  assert.deepEqual(
    take(w.operations).sort(),
    ["delete 10.0.0.3:80", "delete 10.0.0.4:80"],
    "it is tried again",
  );
});
