/** SSL_GET over real TLS servers that this test makes; certificates are made by openssl(1). */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import {
  type AddressInfo,
  connect as connectTcp,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createServer, type TLSSocket, type TlsOptions } from "node:tls";
import type { HttpOutcome } from "../../src/checkers/checker.ts";
import { HttpProbe } from "../../src/checkers/http.ts";
import { NativeProbeIo } from "../../src/daemon/probe-io.ts";
import { credentials, TlsProbeIo } from "../../src/daemon/tls-io.ts";
import { loadNative } from "../../src/net/native.ts";
import { connect, httpCheck, ip, url } from "./support.ts";

const io = new NativeProbeIo(loadNative());
const directory = mkdtempSync(join(tmpdir(), "tls-checks-"));
const keyFile = join(directory, "key.pem");
const certificateFile = join(directory, "certificate.pem");
const closers: (() => void)[] = [];

before(() => {
  const request = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=nobody.example";
  execFileSync("openssl", [...request.split(" "), "-keyout", keyFile, "-out", certificateFile], {
    stdio: "ignore",
  });
});
after(() => {
  for (const close of closers) close();
  rmSync(directory, { recursive: true });
});

async function listening(server: Server, host = "127.0.0.1"): Promise<number> {
  const open = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.on("error", () => {});
  });
  server.listen(0, host);
  await once(server, "listening");
  closers.push(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A TLS server that hands each request to `answer`. */
function secure(
  answer: (socket: TLSSocket, request: string) => void,
  options: TlsOptions = {},
  host?: string,
): Promise<number> {
  const own = { key: readFileSync(keyFile), cert: readFileSync(certificateFile) };
  const server = createServer({ ...own, ...options }, (socket) => {
    socket.on("error", () => {});
    socket.once("data", (data) => answer(socket, data.toString("latin1")));
  });
  server.on("tlsClientError", () => {});
  return listening(server, host);
}

interface Asked {
  readonly serverName?: string;
  readonly courteous?: boolean;
  readonly expireMs?: number;
  readonly digest?: string;
  readonly address?: string;
  readonly client?: ReturnType<typeof credentials>;
}

function get(port: number, asked: Asked = {}): Promise<HttpOutcome> {
  const secureIo = new TlsProbeIo(io, asked.client ?? credentials(undefined, () => {}));
  secureIo.serverName = asked.serverName;
  secureIo.courteous = asked.courteous ?? false;
  const target = connect(port, { address: ip(asked.address ?? "127.0.0.1") });
  return new Promise((resolve) => {
    const config = httpCheck({ connect: target, urls: [url("/", { digest: asked.digest })] });
    const probe = new HttpProbe(secureIo, config, resolve);
    probe.start(0);
    if (asked.expireMs !== undefined) setTimeout(() => probe.expire(), asked.expireMs);
  });
}

const resultOf = (o: HttpOutcome): string => (o.kind === "failure" ? o.reason : o.kind);
const PAGE = "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello";

test("a page over TLS, whoever signed the certificate, with both TLS versions and families", async () => {
  let seen = "";
  const port = await secure((socket, request) => {
    seen = request;
    socket.end(PAGE);
  });
  assert.equal(resultOf(await get(port, { digest: "5d41402abc4b2a76b9719d911017c592" })), "success");
  assert.equal(seen, `GET / HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
  const old = await secure((socket) => socket.end(PAGE), { maxVersion: "TLSv1.2" });
  assert.equal(resultOf(await get(old)), "success");
  const six = await secure((socket) => socket.end(PAGE), {}, "::1");
  assert.equal(resultOf(await get(six, { address: "::1" })), "success");
});

test("the server name is sent when it is asked for, and an address never is one", async () => {
  const names: unknown[] = [];
  const port = await secure((socket) => {
    names.push((socket as TLSSocket & { servername?: unknown }).servername);
    socket.end(PAGE);
  });
  await get(port, { serverName: "www.example.org" });
  await get(port, { serverName: "192.0.2.1" });
  await get(port);
  assert.deepEqual(names, ["www.example.org", false, false]);
});

test("what can go wrong has keepalived's reasons", async () => {
  const status = await secure((socket) => socket.end("HTTP/1.0 500 no\r\n\r\n"));
  assert.equal(resultOf(await get(status)), "status");
  const plain = await listening(createTcpServer((socket) => socket.end("HTTP/1.0 400 what\r\n\r\n")));
  assert.equal(resultOf(await get(plain)), "handshake");
  const silent = await listening(createTcpServer(() => {}));
  assert.equal(resultOf(await get(silent, { expireMs: 100 })), "connect-timeout");
  const closing = await listening(createTcpServer((socket) => socket.once("data", () => socket.destroy())));
  assert.equal(resultOf(await get(closing)), "connect-failed");
  const mute = await secure(() => {});
  assert.equal(resultOf(await get(mute, { expireMs: 300 })), "header-timeout");
  const empty = await secure((socket) => socket.end());
  assert.equal(resultOf(await get(empty)), "no-data");
  const cut = await secure((socket) => socket.destroy());
  assert.equal(resultOf(await get(cut)), "no-data");
});

test("a megabyte arrives whole", async () => {
  const body = "x".repeat(1 << 20);
  const port = await secure((socket) => socket.end(`HTTP/1.0 200 OK\r\n\r\n${body}`));
  const outcome = await get(port);
  assert.equal(outcome.kind === "success" && outcome.response.received, 1 << 20);
});

test("with tls_compliant a connection ends with an alert, without it in silence", async () => {
  const target = await secure((socket) => socket.end(PAGE), { maxVersion: "TLSv1.2" });
  const heard: Buffer[] = [];
  let gone: () => void = () => {};
  const relay = await listening(
    createTcpServer({ allowHalfOpen: true }, (client) => {
      const server = connectTcp({ port: target, host: "127.0.0.1", allowHalfOpen: true });
      server.on("error", () => {});
      client.on("data", (data) => heard.push(data));
      client.on("close", () => gone());
      client.pipe(server).pipe(client);
    }),
  );
  const kinds = async (courteous: boolean): Promise<readonly number[]> => {
    heard.length = 0;
    const closed = new Promise<void>((resolve) => {
      gone = resolve;
    });
    assert.equal(resultOf(await get(relay, { courteous })), "success");
    await closed;
    return recordKinds(Buffer.concat(heard));
  };
  // RFC 5246 §6.2.1: 20 change_cipher_spec, 21 alert, 22 handshake, 23 application data
  assert.deepEqual(await kinds(true), [22, 22, 20, 22, 23, 21]);
  assert.deepEqual(await kinds(false), [22, 22, 20, 22, 23]);
});

function recordKinds(bytes: Buffer): readonly number[] {
  const kinds: number[] = [];
  for (let at = 0; at + 5 <= bytes.length; at += 5 + bytes.readUInt16BE(at + 3)) kinds.push(bytes[at] ?? -1);
  return kinds;
}

test("the client shows the certificate of the SSL block; files that cannot be used are told", async () => {
  const wanting: TlsOptions = { requestCert: true, rejectUnauthorized: false };
  const seen: string[] = [];
  const port = await secure((socket) => {
    const { subject } = socket.getPeerCertificate();
    seen.push(String(subject?.CN ?? "nobody"));
    socket.end(PAGE);
  }, wanting);
  const ssl = {
    where: "t.conf:1",
    password: undefined,
    ca: undefined,
    certificate: certificateFile,
    key: keyFile,
  };
  await get(port, { client: credentials(ssl, () => {}) });
  await get(port);
  assert.deepEqual(seen, ["nobody.example", "nobody"]);
  const told: string[] = [];
  const broken = join(directory, "broken.pem");
  writeFileSync(broken, "no key at all");
  credentials({ ...ssl, ca: "/no/such/file" }, (what, error) => told.push(`${what} ${error}`));
  credentials({ ...ssl, key: broken }, (what) => told.push(what));
  assert.deepEqual(told, ["ca ENOENT", "key"]);
});
