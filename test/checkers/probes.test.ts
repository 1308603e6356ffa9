import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { HttpOutcome, TcpOutcome } from "../../src/checkers/checker.ts";
import { HttpProbe } from "../../src/checkers/http.ts";
import { TcpProbe } from "../../src/checkers/tcp.ts";
import type { ConnectConfig, HttpCheckConfig } from "../../src/config/model.ts";
import { NativeProbeIo } from "../../src/daemon/probe-io.ts";
import { loadNative } from "../../src/net/native.ts";
import { connect, httpCheck, ip, url } from "./support.ts";

const io = new NativeProbeIo(loadNative());
const closers: (() => void)[] = [];
after(() => {
  for (const close of closers) close();
});

/** A server that answers each connection by this function; @returns its port */
async function serve(answer: (socket: Socket) => void, host = "127.0.0.1"): Promise<number> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("error", () => {});
    answer(socket);
  });
  server.listen(0, host);
  await once(server, "listening");
  closers.push(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A port of this machine on which nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** @param expireMs when the caller's deadline comes; undefined: never */
function tcp(config: ConnectConfig, expireMs?: number): Promise<TcpOutcome> {
  return new Promise((resolve) => {
    const probe = new TcpProbe(io, config, resolve);
    probe.start();
    if (expireMs !== undefined) setTimeout(() => probe.expire(), expireMs);
  });
}

function http(config: Partial<HttpCheckConfig>, expireMs?: number, index = 0): Promise<HttpOutcome> {
  return new Promise((resolve) => {
    const probe = new HttpProbe(io, httpCheck(config), resolve);
    probe.start(index);
    if (expireMs !== undefined) setTimeout(() => probe.expire(), expireMs);
  });
}

/** Answers with this text once the request is complete, then closes. */
async function answering(text: string | Buffer, seen?: (request: string) => void): Promise<number> {
  return serve((socket) => {
    let request = "";
    socket.on("data", (data) => {
      request += data.toString("latin1");
      if (!request.endsWith("\r\n\r\n")) return;
      seen?.(request);
      socket.end(text);
    });
  });
}

const reasonOf = (o: HttpOutcome): string => (o.kind === "failure" ? o.reason : o.kind);

test("TCP: a listening port is a success", async () => {
  assert.deepEqual(await tcp(connect(await serve(() => {}))), { kind: "success" });
});

test("TCP: a port without listener is refused", async () => {
  assert.deepEqual(await tcp(connect(await freePort())), { kind: "failure", reason: "refused" });
});

test("TCP: a probe is used again and again and leaves no descriptor open", async () => {
  let serverEnds = 0;
  const port = await serve((socket) => {
    serverEnds++;
    socket.once("close", () => serverEnds--);
    socket.destroy();
  });
  let ended: (o: TcpOutcome) => void = () => {};
  const probe = new TcpProbe(io, connect(port), (o) => ended(o));
  const before = readdirSync("/proc/self/fd").length;
  for (let i = 0; i < 20; i++) {
    const done = new Promise<TcpOutcome>((resolve) => {
      ended = resolve;
    });
    probe.start();
    assert.equal((await done).kind, "success");
  }
  // The server's ends are in this process too, and are accepted and closed when their turn comes.
  let left = readdirSync("/proc/self/fd").length;
  for (let i = 0; i < 500 && (serverEnds > 0 || left > before + 2); i++) {
    await sleep(10);
    left = readdirSync("/proc/self/fd").length;
  }
  assert.ok(left <= before + 2, `${left} descriptors, ${before} before`);
});

test("TCP: the source address is bindto, and the source port bind_port", async () => {
  const sources: string[] = [];
  const port = await serve((socket) => sources.push(`${socket.remoteAddress}:${socket.remotePort}`));
  const bindPort = await freePort();
  assert.equal((await tcp(connect(port, { bindto: ip("127.0.0.9") }))).kind, "success");
  assert.equal((await tcp(connect(port, { bindto: ip("127.0.0.9"), bindPort }))).kind, "success");
  await new Promise((resolve) => setImmediate(resolve));
  assert.match(sources[0] ?? "", /^127\.0\.0\.9:/);
  assert.equal(sources[1], `127.0.0.9:${bindPort}`);
});

test("TCP: IPv6, with and without bindto", async () => {
  const port = await serve(() => {}, "::1");
  assert.equal((await tcp(connect(port, { address: ip("::1") }))).kind, "success");
  assert.equal((await tcp(connect(port, { address: ip("::1"), bindto: ip("::1") }))).kind, "success");
});

test("TCP: a source address that is not ours is trouble of this machine, not of the server", async () => {
  const outcome = await tcp(connect(1, { bindto: ip("203.0.113.7") }));
  assert.equal(outcome.kind, "local");
  if (outcome.kind === "local")
    assert.equal(`${outcome.error.syscall} ${outcome.error.code}`, "bind EADDRNOTAVAIL");
});

test("a check that fails before it begins leaves no descriptor open", async () => {
  const openFiles = (): number => readdirSync("/proc/self/fd").length;
  await tcp(connect(1, { bindto: ip("203.0.113.7") }));
  const before = openFiles();
  for (let i = 0; i < 20; i++) {
    await tcp(connect(1, { bindto: ip("203.0.113.7") }));
    await http({ connect: connect(1, { bindto: ip("203.0.113.7") }) });
  }
  assert.equal(openFiles(), before);
});

test("TCP: an interface that does not exist is trouble of this machine", async () => {
  const outcome = await tcp(connect(1, { bindIf: "nosuchif0" }));
  assert.equal(outcome.kind, "local");
});

test("TCP: bind_if reaches the server through that interface", async () => {
  const port = await serve(() => {});
  assert.equal((await tcp(connect(port, { bindIf: "lo" }))).kind, "success");
});

test("TCP: fwmark is set on the socket (it needs CAP_NET_ADMIN, which the tests have)", async () => {
  const port = await serve(() => {});
  assert.equal((await tcp(connect(port, { fwmark: 0xfffffff0 }))).kind, "success");
});

test("TCP: a probe that was closed never calls back", async () => {
  const port = await serve(() => {});
  let calls = 0;
  const probe = new TcpProbe(io, connect(port), () => calls++);
  probe.start();
  probe.close();
  assert.deepEqual(await tcp(connect(port)), { kind: "success" });
  assert.equal(calls, 0);
});

/** Inside a namespace of its own: what a route says about a server nobody answers for. */
const IN_NAMESPACE = `
import { TcpProbe } from "./src/checkers/tcp.ts";
import { HttpProbe } from "./src/checkers/http.ts";
import { NativeProbeIo } from "./src/daemon/probe-io.ts";
import { loadNative } from "./src/net/native.ts";
import { connect, httpCheck } from "./test/checkers/support.ts";
const io = new NativeProbeIo(loadNative());
const say = (name) => (o) => console.log(name, o.kind, o.kind === "local" ? o.error.code : o.reason);
for (const address of ["192.0.2.1", "192.0.3.1", "192.0.4.1", "192.0.5.9"]) {
  const config = connect(80, { address });
  const tcp = new TcpProbe(io, config, say("tcp " + address));
  const http = new HttpProbe(io, httpCheck({ connect: config }), say("http " + address));
  tcp.start();
  http.start(0);
  if (address === "192.0.5.9") setTimeout(() => { tcp.expire(); http.expire(); }, 50);
}
`;

test("unreachable networks fail a check at once, a prohibited one is local, a black hole ends at the deadline", async () => {
  const script = `ip link set lo up && ip link add chkp0 type veth peer name chkp1 && ip link set chkp1 up && ip addr add 192.0.5.1/24 dev chkp0 &&
    ip link set chkp0 up && ip neigh add 192.0.5.9 lladdr 02:00:00:00:00:09 dev chkp0 &&
    ip route add unreachable 192.0.3.0/24 && ip route add prohibit 192.0.4.0/24 &&
    exec "$0" --input-type=module -e "$1"`;
  const child = spawn("unshare", ["-n", "sh", "-c", script, process.execPath, IN_NAMESPACE], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let out = "";
  child.stdout.on("data", (d) => {
    out += d;
  });
  await once(child, "close");
  assert.deepEqual(out.trim().split("\n").sort(), [
    "http 192.0.2.1 failure network-unreachable",
    "http 192.0.3.1 failure network-unreachable",
    "http 192.0.4.1 local EACCES",
    "http 192.0.5.9 failure connect-timeout",
    "tcp 192.0.2.1 failure unreachable",
    "tcp 192.0.3.1 failure unreachable",
    "tcp 192.0.4.1 local EACCES",
    "tcp 192.0.5.9 failure timeout",
  ]);
});

test("HTTP: a server of node:http answers, and sees exactly our request", async () => {
  let seen = "";
  const server = createHttpServer((request, response) => {
    seen = `${request.method} ${request.url} HTTP/${request.httpVersion} ${request.rawHeaders.join("|")}`;
    response.end("hello");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  const outcome = await http({
    connect: connect(port),
    urls: [url("/x", { virtualhost: "www.example.org" })],
  });
  assert.equal(outcome.kind, "success");
  assert.equal(seen, "GET /x HTTP/1.0 User-Agent|KeepAliveClient|Host|www.example.org");
});

test("HTTP: status outside the ranges fails, inside succeeds, redirects are not followed", async () => {
  const port = await answering("HTTP/1.0 302 Found\r\nLocation: /elsewhere\r\n\r\n");
  assert.equal(reasonOf(await http({ connect: connect(port) })), "status");
  const ranges = [
    { from: 200, to: 200 },
    { from: 300, to: 303 },
  ];
  assert.equal(
    reasonOf(await http({ connect: connect(port), urls: [url("/", { statusCode: ranges })] })),
    "success",
  );
});

test("HTTP: the digest of the body decides", async () => {
  const port = await answering("HTTP/1.0 200 OK\r\n\r\nhello");
  const asking = (digest: string): Promise<HttpOutcome> =>
    http({ connect: connect(port), urls: [url("/", { digest })] });
  assert.equal(reasonOf(await asking("5d41402abc4b2a76b9719d911017c592")), "success");
  assert.equal(reasonOf(await asking("00000000000000000000000000000000")), "digest");
});

test("HTTP: several URLs are asked by their index", async () => {
  const paths: string[] = [];
  const port = await answering("HTTP/1.0 200 OK\r\n\r\n", (request) =>
    paths.push(request.split(" ")[1] ?? ""),
  );
  const probe = { connect: connect(port), urls: [url("/a"), url("/b")] };
  await http(probe, undefined, 1);
  await http(probe, undefined, 0);
  assert.deepEqual(paths, ["/b", "/a"]);
});

test("HTTP: odd answers fail for the reason that keepalived gives", async () => {
  const answers: [string, string][] = [
    ["SSH-2.0-OpenSSH_9.2\r\n", "no-data"],
    ["HTTP/1.0 200 OK\r\nX: y\r\n", "no-data"],
    ["HTTP/1.0 200 OK\nContent-Length: 5\n\nhello", "no-data"],
    [`HTTP/1.0 200 OK\r\nX: ${"y".repeat(5000)}\r\n\r\nhello`, "no-data"],
    ["200 OK\r\n\r\nhello", "status"],
    ["HTTP/1.1 200\r\n\r\nhello", "status"],
    ["HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "status"],
    ["ICY 200 OK\r\n\r\nhello", "success"],
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "success"],
    ["", "no-data"],
  ];
  const got: string[] = [];
  for (const [text] of answers) got.push(reasonOf(await http({ connect: connect(await answering(text)) })));
  assert.deepEqual(
    got,
    answers.map(([, expected]) => expected),
  );
});

test("HTTP: a header that comes byte by byte is read", async () => {
  const port = await serve((socket) => {
    const bytes = Buffer.from("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok");
    socket.setNoDelay(true);
    let i = 0;
    const next = (): void => {
      if (i === bytes.length) socket.end();
      else socket.write(bytes.subarray(i, ++i), () => setImmediate(next));
    };
    socket.once("data", next);
  });
  assert.equal(reasonOf(await http({ connect: connect(port) })), "success");
});

test("HTTP: the one deadline tells where it struck: no connection, no header, no end", async () => {
  const silent = await serve(() => {});
  assert.equal(reasonOf(await http({ connect: connect(silent) }, 50)), "header-timeout");
  const endless = await serve((socket) => socket.write("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello"));
  assert.equal(reasonOf(await http({ connect: connect(endless) }, 50)), "body-timeout");
});

test("HTTP: a refused connection and a reset one fail", async () => {
  assert.equal(reasonOf(await http({ connect: connect(await freePort()) })), "connect-failed");
  const resetting = await serve((socket) => socket.once("data", () => socket.resetAndDestroy()));
  assert.equal(reasonOf(await http({ connect: connect(resetting) })), "read-error");
});

test("HTTP: 50 MB are counted and digested without being kept", async () => {
  const block = Buffer.alloc(1 << 20, "x");
  const expected = createHash("md5");
  for (let i = 0; i < 50; i++) expected.update(block);
  const port = await serve((socket) => {
    socket.once("data", () => {
      socket.write("HTTP/1.0 200 OK\r\n\r\n");
      let sent = 0;
      const more = (): void => {
        if (sent++ === 50) socket.end();
        else socket.write(block, more);
      };
      more();
    });
  });
  let most = 0;
  const base = process.memoryUsage.rss();
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss() - base);
  }, 2);
  const outcome = await http({
    connect: connect(port),
    urls: [url("/", { digest: expected.digest("hex") })],
  });
  clearInterval(watch);
  assert.equal(outcome.kind === "success" && outcome.response.received, 50 << 20);
  assert.ok(most < 30 << 20, `grew by ${most} bytes`);
});
