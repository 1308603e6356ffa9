import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
  constants,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import type { IpAddress } from "../../src/base/address.ts";
import { DaemonError } from "../../src/base/errors.ts";
import { unixAddress } from "../../src/base/unix-address.ts";
import {
  AF_INET,
  AF_UNIX,
  SO_ERROR,
  SO_RCVBUF,
  SOCK_DGRAM,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../../src/net/constants.ts";
import { loadNative } from "../../src/net/native.ts";
import type { Fd } from "../../src/net/native-api.ts";
import { decodeSocketAddress, internetAddress } from "../../src/net/sockaddr.ts";
import { makeNamespace, until } from "./world.ts";

const native = loadNative();
const directory = mkdtempSync(join(tmpdir(), "ktnet-"));
after(() => rmSync(directory, { recursive: true }));
const loopback = "127.0.0.1" as IpAddress;
const noFd = 98_765 as Fd;

function refusal(syscall: string, errno: number, code: string): (e: unknown) => boolean {
  return (e) => {
    assert.ok(e instanceof DaemonError);
    assert.deepEqual({ syscall: e.syscall, errno: e.errno, code: e.code }, { syscall, errno, code });
    return true;
  };
}

function unix(name: string): Uint8Array {
  const address = unixAddress(name);
  assert.ok(address);
  return address;
}

function udp(): { fd: Fd; address: Uint8Array } {
  const fd = native.socket(AF_INET, SOCK_DGRAM, 0);
  native.bind(fd, internetAddress(loopback, 0));
  return { fd, address: native.getsockname(fd) };
}

describe("errors of the native calls", () => {
  const into = new Uint8Array(8);
  const cases: readonly [string, number, string, () => unknown][] = [
    ["socket", 97, "EAFNOSUPPORT", () => native.socket(250, SOCK_DGRAM, 0)],
    ["close", 9, "EBADF", () => native.close(noFd)],
    ["bind", 9, "EBADF", () => native.bind(noFd, internetAddress(loopback, 0))],
    ["connect", 9, "EBADF", () => native.connect(noFd, internetAddress(loopback, 1))],
    ["getsockname", 9, "EBADF", () => native.getsockname(noFd)],
    ["setsockopt", 9, "EBADF", () => native.setsockopt(noFd, SOL_SOCKET, SO_RCVBUF, 4096)],
    ["getsockopt", 9, "EBADF", () => native.getsockoptInt(noFd, SOL_SOCKET, SO_ERROR)],
    ["sendmsg", 9, "EBADF", () => native.send(noFd, into)],
    ["sendmmsg", 9, "EBADF", () => native.sendBatch(noFd, [{ data: into }])],
    ["recvmsg", 9, "EBADF", () => native.receive(noFd, into)],
    ["recvmmsg", 9, "EBADF", () => native.receiveBatch(noFd, new Uint8Array(64), 64, new Int32Array(1))],
    ["recvmmsg", 9, "EBADF", () => native.receiveNetlink(noFd, new Uint8Array(64), 64)],
    ["read", 9, "EBADF", () => native.read(noFd, into)],
    ["write", 9, "EBADF", () => native.write(noFd, into)],
    ["epoll_ctl", 9, "EBADF", () => native.poll(noFd, "read", () => {})],
    ["sigaction", 22, "EINVAL", () => native.onSignal(9, () => {})],
    ["open", 2, "ENOENT", () => native.open("/nonexistent/file", constants.O_RDONLY, 0)],
    ["fcntl", 9, "EBADF", () => native.tryLock(noFd)],
    ["ftruncate", 9, "EBADF", () => native.replaceContents(noFd, "x")],
    ["open", 2, "ENOENT", () => native.enterNamespace("/run/netns/nonexistent")],
    ["setns", 22, "EINVAL", () => native.enterNamespace("/proc/self/ns/uts")],
    ["prctl", 22, "EINVAL", () => native.setParentDeathSignal(999)],
    ["sched_setscheduler", 22, "EINVAL", () => native.setScheduler("rr", 1000)],
    ["sched_setaffinity", 22, "EINVAL", () => native.setAffinity([])],
  ];
  for (const [syscall, errno, code, call] of cases)
    test(`${syscall} refuses with ${code}, its number and its name`, () => {
      assert.throws(call, refusal(syscall, errno, code));
    });

  test("an argument of the wrong type is a TypeError and no system call", () => {
    assert.throws(() => native.socket("x" as unknown as number, 1, 0), TypeError);
    assert.throws(() => native.send(noFd, "text" as unknown as Uint8Array), TypeError);
    assert.throws(() => native.setThreadName("a name of more than fifteen bytes"), TypeError);
    assert.throws(() => native.open("a\0b", 0, 0), TypeError);
    assert.throws(() => native.receiveNetlink(noFd, new Uint8Array(64), 63), TypeError);
  });
});

describe("sockets", () => {
  test("a datagram arrives whole, with its sender", () => {
    const a = udp();
    const b = udp();
    const into = new Uint8Array(16);
    assert.equal(native.receive(b.fd, into), undefined);
    assert.equal(native.send(a.fd, Buffer.from("hello"), b.address), true);
    const received = native.receive(b.fd, into);
    assert.deepEqual(
      { length: received?.length, truncated: received?.truncated, control: received?.control },
      { length: 5, truncated: false, control: [] },
    );
    assert.equal(Buffer.from(into.subarray(0, 5)).toString(), "hello");
    assert.deepEqual(received?.from, a.address);
    native.close(a.fd);
    native.close(b.fd);
  });

  test("a datagram longer than the buffer is reported as truncated", () => {
    const { fd, address } = udp();
    native.send(fd, Buffer.from("0123456789"), address);
    const received = native.receive(fd, new Uint8Array(4));
    assert.deepEqual([received?.length, received?.truncated], [4, true]);
    native.close(fd);
  });

  test("ancillary data travels both ways", () => {
    const { fd, address } = udp();
    native.setsockopt(fd, 0, 8, 1); // IP_PKTINFO
    native.setsockopt(fd, 0, 12, 1); // IP_RECVTTL
    const ttl = Buffer.alloc(4);
    ttl.writeInt32LE(77);
    assert.equal(native.send(fd, Buffer.from("x"), address, 0, [{ level: 0, type: 2, data: ttl }]), true);
    const control = native.receive(fd, new Uint8Array(4))?.control ?? [];
    const byType = new Map(control.map((c) => [`${c.level}:${c.type}`, Buffer.from(c.data)]));
    assert.equal(byType.get("0:2")?.readInt32LE(0), 77);
    assert.deepEqual([...(byType.get("0:8")?.subarray(8, 12) ?? [])], [127, 0, 0, 1]);
    native.close(fd);
  });

  test("a batch goes out in order, more than one system call's worth of it", () => {
    const { fd, address } = udp();
    const data = Array.from({ length: 150 }, (_, i) => Uint8Array.of(i));
    assert.equal(
      native.sendBatch(
        fd,
        data.map((d) => ({ data: d, address })),
      ),
      150,
    );
    const into = new Uint8Array(1);
    const arrived: number[] = [];
    while (native.receive(fd, into) !== undefined) arrived.push(into[0] as number);
    assert.deepEqual(
      arrived,
      Array.from({ length: 150 }, (_, i) => i),
    );
    native.close(fd);
  });

  test("a batch stops at the message that the kernel refuses and tells when called again", () => {
    const { fd, address } = udp();
    const messages = [
      { data: Uint8Array.of(1), address },
      { data: new Uint8Array(70_000), address },
    ];
    assert.equal(native.sendBatch(fd, messages), 1);
    assert.throws(() => native.sendBatch(fd, messages.slice(1)), refusal("sendmmsg", 90, "EMSGSIZE"));
    native.close(fd);
  });

  for (const name of [join(directory, "datagrams"), `@ktnet-${process.pid}`])
    test(`unix datagrams reach ${name.startsWith("@") ? "an abstract name" : "a path"} until its queue is full`, () => {
      const server = native.socket(AF_UNIX, SOCK_DGRAM, 0);
      native.bind(server, unix(name));
      const client = native.socket(AF_UNIX, SOCK_DGRAM, 0);
      let sent = 0;
      while (sent < 100_000 && native.send(client, Buffer.from("READY=1"), unix(name))) sent++;
      assert.ok(sent > 0 && sent < 100_000);
      const into = Buffer.alloc(32);
      const received = native.receive(server, into);
      assert.equal(into.toString("utf8", 0, received?.length), "READY=1");
      native.close(server);
      assert.throws(
        () => native.send(client, Buffer.from("x"), unix(name)),
        refusal("sendmsg", 111, "ECONNREFUSED"),
      );
      native.close(client);
    });

  test("sending to a syslog socket that is not there says ENOENT", () => {
    const fd = native.socket(AF_UNIX, SOCK_DGRAM, 0);
    assert.throws(
      () => native.send(fd, Buffer.from("x"), unix(join(directory, "none"))),
      refusal("sendmsg", 2, "ENOENT"),
    );
    native.close(fd);
  });

  test("a connection to a listener completes and one to nobody fails with SO_ERROR", async () => {
    const server = createServer((peer: Socket) => peer.destroy());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const bound = server.address();
    assert.ok(bound !== null && typeof bound === "object");
    const connect = async (port: number): Promise<number> => {
      const fd = native.socket(AF_INET, SOCK_STREAM, 0);
      native.connect(fd, internetAddress(loopback, port));
      await new Promise<void>((resolve) => native.poll(fd, "write", () => resolve()));
      const error = native.getsockoptInt(fd, SOL_SOCKET, SO_ERROR);
      native.close(fd);
      return error;
    };
    assert.equal(await connect(bound.port), 0);
    await new Promise((resolve) => server.close(resolve));
    assert.equal(await connect(bound.port), 111);
  });

  test("integers and bytes set socket options", () => {
    const { fd } = udp();
    native.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, 5000);
    assert.equal(native.getsockoptInt(fd, SOL_SOCKET, SO_RCVBUF), 10_000);
    const value = Buffer.alloc(4);
    value.writeInt32LE(6000);
    native.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, value);
    assert.equal(native.getsockoptInt(fd, SOL_SOCKET, SO_RCVBUF), 12_000);
    native.close(fd);
  });

  test("getsockname tells the port that the kernel chose", () => {
    const { fd, address } = udp();
    const decoded = decodeSocketAddress(address);
    assert.ok(decoded?.kind === "inet" && decoded.address === "127.0.0.1" && decoded.port > 0);
    native.close(fd);
  });
});

describe("files", () => {
  test("reading an empty pipe and writing a full one do not block", () => {
    const path = join(directory, "fifo");
    execFileSync("mkfifo", [path]);
    const fd = native.open(path, constants.O_RDWR, 0);
    assert.equal(native.read(fd, new Uint8Array(8)), undefined);
    const block = new Uint8Array(4096);
    let blocks = 0;
    while (blocks < 10_000 && native.write(fd, block) !== undefined) blocks++;
    assert.ok(blocks > 0 && blocks < 10_000);
    assert.equal(native.read(fd, new Uint8Array(8)), 8);
    native.close(fd);
  });

  test("replacing contents leaves nothing of a longer old text", () => {
    const path = join(directory, "pid");
    writeFileSync(path, "1234567890\n");
    const fd = native.open(path, constants.O_RDWR, 0o644);
    native.replaceContents(fd, "42\n");
    assert.equal(readFileSync(path, "utf8"), "42\n");
    native.close(fd);
  });

  test("a lock excludes a second process until its holder is gone", () => {
    const path = join(directory, "lock");
    const held = native.open(path, constants.O_RDWR | constants.O_CREAT, 0o644);
    const other = `
      import { loadNative } from ${JSON.stringify(join(import.meta.dirname, "../../src/net/native.ts"))};
      const native = loadNative();
      console.log(native.tryLock(native.open(${JSON.stringify(path)}, 2, 0)));`;
    const tryElsewhere = (): string =>
      execFileSync(process.execPath, ["--input-type=module", "-e", other], { encoding: "utf8" }).trim();
    assert.equal(native.tryLock(held), true);
    assert.equal(tryElsewhere(), "false");
    native.close(held);
    assert.equal(tryElsewhere(), "true");
  });

  test("a lock survives that the same process opens and closes the file again", () => {
    const path = join(directory, "lock2");
    const held = native.open(path, constants.O_RDWR | constants.O_CREAT, 0o644);
    assert.equal(native.tryLock(held), true);
    const again = native.open(path, constants.O_RDWR, 0);
    assert.equal(native.tryLock(again), false);
    native.close(again);
    const third = native.open(path, constants.O_RDWR, 0);
    assert.equal(native.tryLock(third), false);
    native.close(third);
    native.close(held);
  });

  test("a child inherits none of the descriptors", () => {
    const mine = [
      native.socket(AF_INET, SOCK_DGRAM, 0),
      native.socket(AF_UNIX, SOCK_DGRAM, 0),
      native.open("/dev/null", constants.O_RDWR, 0),
    ];
    const timer = native.timer(() => {});
    const child = spawnSync("/bin/sh", ["-c", "ls -l /proc/$$/fd"], { encoding: "utf8" });
    assert.doesNotMatch(child.stdout, /eventpoll|timerfd/);
    const inherited: readonly string[] = child.stdout.match(/socket:\[\d+\]/g) ?? [];
    const inodes = mine.map((fd) => readlinkSync(`/proc/self/fd/${fd}`));
    assert.equal(inodes.filter((i) => i.startsWith("socket:")).length, 2);
    for (const inode of inodes.slice(0, 2)) assert.ok(!inherited.includes(inode), inode);
    for (const fd of mine) {
      const flags = /flags:\s+(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))?.[1];
      assert.equal(Number.parseInt(flags ?? "0", 8) & 0o2004000, 0o2004000, "O_CLOEXEC | O_NONBLOCK");
    }
    timer.close();
    for (const fd of mine) native.close(fd);
  });
});

describe("the process", () => {
  /** Runs a module in a process of its own, so that what it does to itself ends with it. */
  function elsewhere(body: string): string {
    const source = `
      import { readFileSync, readdirSync } from "node:fs";
      import { loadNative } from ${JSON.stringify(join(import.meta.dirname, "../../src/net/native.ts"))};
      const native = loadNative();
      ${body}`;
    return execFileSync(process.execPath, ["--input-type=module", "-e", source], { encoding: "utf8" }).trim();
  }
  /** field 41 of /proc/PID/stat is the policy, 40 the real-time priority, 19 the nice value (proc(5)) */
  const fieldsOfThreads = `
    const fields = () => [...new Set(readdirSync("/proc/self/task").map((t) => {
      const f = readFileSync("/proc/self/task/" + t + "/stat", "utf8").replace(/^.*\\) /s, "").split(" ");
      return [f[38], f[37], f[16]].join("/");
    }))].join(" ");`;

  test("round robin scheduling holds for every thread, and is dropped again", () => {
    const seen = elsewhere(`${fieldsOfThreads}
      native.setRealtimeLimit(10_000_000, 10_000_000);
      native.setScheduler("rr", 10); console.log(fields());
      native.setScheduler("other", 0); console.log(fields());`);
    assert.equal(seen, "2/10/0\n0/0/0");
  });

  test("a nice value holds for every thread", () => {
    assert.equal(elsewhere(`${fieldsOfThreads} native.setNice(7); console.log(fields());`), "0/0/7");
  });

  test("affinity holds for every thread", () => {
    const seen = elsewhere(`
      native.setAffinity([0]);
      console.log([...new Set(readdirSync("/proc/self/task").map((t) =>
        /Cpus_allowed_list:\\s+(\\S+)/.exec(readFileSync("/proc/self/task/" + t + "/status", "utf8"))[1]))].join(" "));`);
    assert.equal(seen, "0");
  });

  test("limits are set, and the file limit is raised as far as allowed", () => {
    const seen = elsewhere(`
      native.setRealtimeLimit(123_000, 456_000);
      const limits = readFileSync("/proc/self/limits", "utf8");
      console.log(/Max realtime timeout\\s+(\\d+)\\s+(\\d+)/.exec(limits).slice(1).join(" "));
      console.log(native.raiseFileLimit(10), native.raiseFileLimit(2_000_000_000));`);
    const [realtime, files] = seen.split("\n");
    assert.equal(realtime, "123000 456000");
    const [kept, raised] = (files ?? "").split(" ").map(Number);
    assert.ok(kept !== undefined && raised !== undefined && kept > 10 && raised >= kept);
  });

  test("the main thread takes a name", () => {
    assert.equal(
      elsewhere(
        `native.setThreadName("keepalived_vrrp"); console.log(readFileSync("/proc/self/comm", "utf8"));`,
      ),
      "keepalived_vrrp",
    );
  });

  test("a child that asked for it dies with its parent", async () => {
    const grandchild = `
      import { loadNative } from ${JSON.stringify(join(import.meta.dirname, "../../src/net/native.ts"))};
      loadNative().setParentDeathSignal(9);
      console.log(process.pid);
      setInterval(() => {}, 1000);`;
    const parent = spawn(
      process.execPath,
      [
        "-e",
        `require("child_process").spawn(process.execPath, ["--input-type=module", "-e", ${JSON.stringify(grandchild)}], { stdio: "inherit" });`,
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    let output = "";
    parent.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    await until(() => output.includes("\n"), "the grandchild runs");
    parent.kill("SIGKILL");
    const pid = Number(output);
    await until(() => {
      try {
        return readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
      } catch {
        return true;
      }
    }, "the grandchild is gone");
  });

  test("a process enters a network namespace by path", () => {
    const path = makeNamespace("setns");
    const seen = elsewhere(`
      native.enterNamespace(${JSON.stringify(path)});
      console.log(readFileSync("/proc/thread-self/net/dev", "utf8").match(/\\w+(?=:)/g).join(" "),
        native.ifNameToIndex("lo"), native.ifNameToIndex("none"));`);
    assert.equal(seen, "lo 1 0");
    assert.notEqual(readdirSync("/sys/class/net").length, 0);
  });
});

describe("datagrams in batches", () => {
  test("arrive one a slot with their lengths, a long one cut, and nothing is said when none waits", () => {
    const fd = native.socket(AF_INET, SOCK_DGRAM, 0);
    native.bind(fd, internetAddress(loopback, 0));
    const into = new Uint8Array(3 * 4);
    const lengths = new Int32Array(8);
    assert.equal(native.receiveBatch(fd, into, 4, lengths), undefined);
    const address = native.getsockname(fd);
    for (const text of ["ab", "cdefgh", "i", "last"]) native.send(fd, Buffer.from(text), address);
    assert.equal(native.receiveBatch(fd, into, 4, lengths), 3);
    assert.equal(Buffer.from(into).toString("latin1"), "ab\0\0cdefi\0\0\0");
    assert.deepEqual([...lengths.subarray(0, 4)], [2, 4, 1, 0]);
    assert.equal(native.receiveBatch(fd, into, 4, new Int32Array(1)), 1);
    assert.throws(() => native.receiveBatch(fd, into, 13, lengths), TypeError);
    native.close(fd);
  });
});
