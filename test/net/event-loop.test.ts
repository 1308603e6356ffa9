import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import type { IpAddress } from "../../src/base/address.ts";
import { after, type Instant, millis } from "../../src/base/units.ts";
import { AF_INET, SO_ERROR, SOCK_DGRAM, SOCK_STREAM, SOL_SOCKET } from "../../src/net/constants.ts";
import { loadNative } from "../../src/net/native.ts";
import type { Fd, Readiness } from "../../src/net/native-api.ts";
import { internetAddress } from "../../src/net/sockaddr.ts";
import { until } from "./world.ts";

const native = loadNative();
const loopback = "127.0.0.1" as IpAddress;
const nativeModule = JSON.stringify(pathToFileURL(join(import.meta.dirname, "../../src/net/native.ts")).href);

function udp(): { fd: Fd; address: Uint8Array } {
  const fd = native.socket(AF_INET, SOCK_DGRAM, 0);
  native.bind(fd, internetAddress(loopback, 0));
  return { fd, address: native.getsockname(fd) };
}

/** Runs a module in a process of its own. @returns its output, whatever its exit status, which must be 0 */
function elsewhere(body: string): string {
  const source = `import { loadNative } from ${nativeModule}; const native = loadNative(); ${body}`;
  return execFileSync(process.execPath, ["--input-type=module", "-e", source], {
    encoding: "utf8",
    timeout: 20_000,
    stdio: ["ignore", "pipe", "pipe"],
  }).trim();
}

describe("readiness", () => {
  test("a watch reports reading and writing as asked", async () => {
    const { fd, address } = udp();
    const seen: Readiness[] = [];
    const poll = native.poll(fd, "both", (event) => {
      seen.push(event);
      if (seen.length === 1) native.send(fd, Uint8Array.of(1), address);
      else poll.close();
    });
    await until(() => seen.length === 2, "two events came");
    assert.deepEqual(seen, [
      { readable: false, writable: true, error: false },
      { readable: true, writable: true, error: false },
    ]);
    native.close(fd);
  });

  test("a watch is level-triggered: what was not read is reported again", async () => {
    const { fd, address } = udp();
    native.send(fd, Uint8Array.of(1), address);
    let events = 0;
    const poll = native.poll(fd, "read", () => {
      if (++events === 3) poll.close();
    });
    await until(() => events === 3, "three events came");
    native.close(fd);
  });

  test("a second watch of one descriptor is refused", () => {
    const { fd } = udp();
    const poll = native.poll(fd, "read", () => {});
    assert.throws(() => native.poll(fd, "read", () => {}), { code: "EEXIST", syscall: "epoll_ctl" });
    poll.close();
    poll.close();
    native.poll(fd, "read", () => {}).close();
    native.close(fd);
  });

  test("a late close of a watch leaves the watch of the number's next owner alone", async () => {
    const first = udp();
    const old = native.poll(first.fd, "read", () => {});
    native.close(first.fd);
    const second = udp();
    assert.equal(second.fd, first.fd);
    let events = 0;
    const poll = native.poll(second.fd, "read", () => {
      events++;
      poll.close();
    });
    old.close();
    native.send(second.fd, Uint8Array.of(1), second.address);
    await until(() => events === 1, "the new watch fired");
    native.close(second.fd);
  });

  test("a watch that another callback of the same turn closed does not fire", async () => {
    const sockets = [udp(), udp()] as const;
    const fired: number[] = [];
    const polls = sockets.map(({ fd }, i) =>
      native.poll(fd, "read", () => {
        fired.push(i);
        for (const poll of polls) poll.close();
      }),
    );
    for (const { fd, address } of sockets) native.send(fd, Uint8Array.of(1), address);
    await until(() => fired.length > 0, "one watch fired");
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(fired.length, 1);
    for (const { fd } of sockets) native.close(fd);
  });

  test("an event of a descriptor that was closed does not reach the one that took its number", async () => {
    const sockets = [udp(), udp()] as const;
    const fired: string[] = [];
    for (const [i, { fd }] of sockets.entries())
      native.poll(fd, "read", () => {
        fired.push("ready");
        const other = sockets[1 - i] as { fd: Fd };
        native.close(other.fd);
        assert.equal(udp().fd, other.fd, "the lowest free number is given out again");
        native.poll(other.fd, "read", () => fired.push("not ready"));
        native.close(fd);
      });
    for (const { fd, address } of sockets) native.send(fd, Uint8Array.of(1), address);
    await until(() => fired.length > 0, "one of the two was ready");
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(fired, ["ready"]);
    for (const { fd } of sockets)
      try {
        native.close(fd);
      } catch {
        // one of the two is closed already
      }
  });

  test("a refused connection is an error event, and the watch stays armed", async () => {
    const closed = udp();
    const port = Buffer.from(closed.address).readUInt16BE(2);
    const fd = native.socket(AF_INET, SOCK_STREAM, 0);
    const seen: Readiness[] = [];
    const poll = native.poll(fd, "write", (event) => {
      seen.push(event);
      if (seen.length === 2) poll.close();
    });
    native.connect(fd, internetAddress(loopback, port));
    await until(() => seen.length === 2, "the error was reported twice");
    assert.equal(seen[0]?.error, true);
    assert.equal(native.getsockoptInt(fd, SOL_SOCKET, SO_ERROR), 111);
    native.close(fd);
    native.close(closed.fd);
  });

  test("a queued ICMP error is reported, read, and the watch goes on", async () => {
    const nobody = udp();
    native.close(nobody.fd);
    const { fd, address } = udp();
    const seen: string[] = [];
    const into = new Uint8Array(8);
    const poll = native.poll(fd, "read", (event) => {
      try {
        const received = native.receive(fd, into);
        if (received !== undefined) seen.push(`data ${into[0]}`);
      } catch (e) {
        seen.push(`${(e as { code: string }).code} error=${event.error}`);
      }
    });
    native.connect(fd, nobody.address);
    native.send(fd, Uint8Array.of(1));
    await until(() => seen.length === 1, "the refusal came");
    native.connect(fd, address);
    native.send(fd, Uint8Array.of(7));
    await until(() => seen.length === 2, "data came on the same watch");
    assert.deepEqual(seen, ["ECONNREFUSED error=true", "data 7"]);
    poll.close();
    native.close(fd);
  });

  test("more descriptors than one batch are all served", async () => {
    const sockets = Array.from({ length: 200 }, udp);
    const fired = new Set<Fd>();
    const polls = sockets.map(({ fd }) =>
      native.poll(fd, "read", () => {
        fired.add(fd);
        native.receive(fd, new Uint8Array(1));
      }),
    );
    for (const { fd, address } of sockets) native.send(fd, Uint8Array.of(1), address);
    await until(() => fired.size === 200, "all fired");
    for (const poll of polls) poll.close();
    for (const { fd } of sockets) native.close(fd);
  });

  test("an open watch keeps the process alive, a closed one and a signal handler do not", () => {
    const output = elsewhere(`
      native.onSignal(36, () => {});
      const fd = native.socket(2, 2, 0);
      const poll = native.poll(fd, "write", () => { console.log("fired"); poll.close(); });`);
    assert.equal(output, "fired");
  });
});

describe("exceptions in callbacks", () => {
  test("from a watch, a timer and a signal reach uncaughtException, and the process goes on", () => {
    const output = elsewhere(`
      process.on("uncaughtException", (e) => console.log("uncaught:", e.message));
      const fd = native.socket(2, 2, 0);
      const poll = native.poll(fd, "write", () => { poll.close(); throw new Error("in a watch"); });
      const first = native.timer(() => { first.close(); process.kill(process.pid, 36); throw new Error("in a timer"); });
      first.set(native.now() + 5_000);
      native.onSignal(36, () => {
        const last = native.timer(() => { last.close(); console.log("still here"); });
        last.set(native.now() + 5_000);
        throw new Error("in a signal");
      });
      const alive = native.timer(() => alive.close());
      alive.set(native.now() + 300_000);`);
    assert.deepEqual(output.split("\n"), [
      "uncaught: in a watch",
      "uncaught: in a timer",
      "uncaught: in a signal",
      "still here",
    ]);
  });

  test("one that throws does not keep the others of the same turn from their events", () => {
    const output = elsewhere(`
      process.on("uncaughtException", (e) => console.log("uncaught:", e.message));
      for (const name of ["a", "b", "c"]) {
        const fd = native.socket(2, 2, 0);
        const poll = native.poll(fd, "write", () => { poll.close(); throw new Error(name); });
      }`);
    assert.deepEqual(output.split("\n"), ["uncaught: a", "uncaught: b", "uncaught: c"]);
  });

  test("without a listener the process ends with status 1 and the stack, not by a signal", () => {
    const body = `const t = native.timer(() => { throw new Error("nobody listens"); }); t.set(native.now());`;
    assert.throws(
      () => elsewhere(body),
      (e: unknown) => {
        const { status, signal, stderr } = e as { status: number; signal: string | null; stderr: string };
        assert.deepEqual([status, signal], [1, null]);
        assert.match(stderr, /nobody listens/);
        return true;
      },
    );
  });

  test("microtasks of a callback run before the next callback", () => {
    const output = elsewhere(`
      for (const name of ["a", "b"]) {
        const fd = native.socket(2, 2, 0);
        const poll = native.poll(fd, "write", () => {
          poll.close();
          console.log(name);
          Promise.resolve().then(() => console.log(name, "later"));
          process.nextTick(() => console.log(name, "tick"));
        });
      }`);
    assert.deepEqual(output.split("\n"), ["a", "a tick", "a later", "b", "b tick", "b later"]);
  });
});

describe("signals", () => {
  for (const signal of [36, 63, 64])
    test(`real-time signal ${signal} is received, and again after the handler was set anew`, async () => {
      let caught = 0;
      for (const round of [1, 2]) {
        const undo = native.onSignal(signal, () => caught++);
        process.kill(process.pid, signal);
        await until(() => caught === round, `signal ${signal} arrived`);
        undo();
        undo();
      }
    });

  test("ordinary signals work too, and a second handler is refused", async () => {
    let caught = 0;
    const undo = native.onSignal(10, () => caught++);
    assert.throws(() => native.onSignal(10, () => {}), /has a handler already/);
    process.kill(process.pid, "SIGUSR1");
    await until(() => caught === 1, "SIGUSR1 arrived");
    undo();
  });
});

describe("timers", () => {
  test("fires once, not before its instant, and an instant in the past fires too", async () => {
    for (const delay of [20, 0, -5000]) {
      const fired: Instant[] = [];
      const timer = native.timer(() => fired.push(native.now()));
      const at = after(native.now(), millis(delay));
      timer.set(at);
      await until(() => fired.length > 0, "the timer fired");
      assert.ok((fired[0] as Instant) >= at);
      await new Promise((resolve) => setTimeout(resolve, 10));
      assert.equal(fired.length, 1);
      timer.close();
    }
  });

  test("an instant before the origin of the clock fires as well", async () => {
    let fired = 0;
    const timer = native.timer(() => fired++);
    timer.set(-1 as Instant);
    await until(() => fired === 1, "the timer fired");
    timer.close();
  });

  test("a chain of absolute instants does not drift: lateness is not handed on from tick to tick", async () => {
    const period = millis(2);
    const lateness: number[] = [];
    let at = after(native.now(), period);
    const timer = native.timer(() => {
      lateness.push(native.now() - at);
      at = after(at, period);
      if (lateness.length < 300) timer.set(at);
    });
    timer.set(at);
    await until(() => lateness.length === 300, "300 ticks came");
    timer.close();
    assert.ok(Math.min(...lateness) >= 0, "no tick came early");
    // One tick may be late by itself. If lateness added up, all of the last fifty would be.
    assert.ok(Math.min(...lateness.slice(-50)) < period, `late by ${lateness.slice(-50)}`);
  });

  test("set again it forgets the earlier instant, cleared it stays silent, closed it ignores everything", async () => {
    let fired = 0;
    const timer = native.timer(() => fired++);
    timer.set(native.now());
    timer.set(after(native.now(), millis(60_000)));
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(fired, 0);
    timer.set(native.now());
    timer.clear();
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(fired, 0);
    timer.close();
    timer.close();
    timer.set(native.now());
    timer.clear();
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(fired, 0);
  });
});

describe("the end of an environment", () => {
  const workerBody = (end: string): string => `
    const native = await import(${nativeModule}).then((m) => m.loadNative());
    const { parentPort } = await import("node:worker_threads");
    native.onSignal(40 + Math.floor(Math.random() * 20), () => {});
    const timer = native.timer(() => timer.set(native.now() + 100));
    timer.set(native.now());
    const fd = native.socket(2, 2, 0);
    const poll = native.poll(fd, "write", () => {});
    parentPort.postMessage("up");
    ${end}`;

  test("a worker with open handles is terminated without harm", async () => {
    for (let round = 0; round < 3; round++) {
      const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(workerBody(""))}`), {
        execArgv: [],
      });
      await new Promise((resolve) => worker.once("message", resolve));
      await worker.terminate();
    }
  });

  test("a worker that closes everything ends by itself", async () => {
    const worker = new Worker(
      new URL(
        `data:text/javascript,${encodeURIComponent(workerBody("timer.close(); poll.close(); native.close(fd);"))}`,
      ),
    );
    const status = await new Promise((resolve) => worker.once("exit", resolve));
    assert.equal(status, 0);
  });

  test("a process that exits with everything open exits with its own status", () => {
    const output = elsewhere(`
      native.onSignal(36, () => {});
      const timer = native.timer(() => { console.log("leaving"); process.exit(0); });
      timer.set(native.now() + 1000);
      native.poll(native.socket(2, 2, 0), "write", () => {});`);
    assert.match(output, /^leaving/);
  });
});
