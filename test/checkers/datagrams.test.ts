/** PING, UDP, DNS and SMTP checks over real sockets, against servers that this test makes. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, type Socket as Connection, createServer } from "node:net";
import { after, describe, test } from "node:test";
import type { DnsOutcome, SmtpOutcome, UdpOutcome } from "../../src/checkers/checker.ts";
import { DatagramProbe } from "../../src/checkers/datagram.ts";
import { dnsQuestion } from "../../src/checkers/dns.ts";
import { SmtpProbe } from "../../src/checkers/smtp.ts";
import { udpQuestion } from "../../src/checkers/udp.ts";
import type { DnsCheckConfig, SmtpCheckConfig, UdpCheckConfig } from "../../src/config/model-lvs.ts";
import { NativeProbeIo } from "../../src/daemon/probe-io.ts";
import { loadNative } from "../../src/net/native.ts";
import { connect, dnsCheck, ip, smtpCheck, udpCheck } from "./support.ts";

const io = new NativeProbeIo(loadNative());
const closers: (() => void)[] = [];
after(() => {
  for (const close of closers) close();
});

/** @returns the port of a server that hands every datagram to `hear` */
async function serve(
  hear: (data: Buffer, from: RemoteInfo, socket: Socket) => void,
  type: "udp4" | "udp6" = "udp4",
): Promise<number> {
  const socket = createSocket(type);
  socket.on("message", (data, from) => hear(data, from, socket));
  socket.bind(0, type === "udp4" ? "127.0.0.1" : "::1");
  await once(socket, "listening");
  closers.push(() => socket.close());
  return socket.address().port;
}

/** A port nobody listens on. */
async function silentPort(): Promise<number> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  return port;
}

const answering = (text: Buffer | string): Promise<number> =>
  serve((_, from, socket) => socket.send(text, from.port, from.address));

function udp(more: Partial<UdpCheckConfig>, port: number, expireMs?: number): Promise<string> {
  const config = udpCheck({ connect: connect(port), ...more });
  return new Promise((resolve) => {
    const probe = new DatagramProbe<UdpOutcome>(io, config.connect, udpQuestion(config), (o) =>
      resolve(o.kind === "failure" ? o.reason : o.kind),
    );
    probe.start();
    if (expireMs !== undefined) setTimeout(() => probe.expire(), expireMs);
  });
}

describe("UDP_CHECK", () => {
  test("sends 32 bytes of filler, or the payload of the file", async () => {
    const heard: string[] = [];
    const port = await serve((data, from, socket) => {
      heard.push(data.toString("latin1"));
      socket.send("x", from.port, from.address);
    });
    await udp({}, port);
    await udp({ payload: "00ff41" }, port);
    assert.deepEqual(heard, ["keepalived check - keepalived ch", "\0\xffA"]);
  });

  test("silence is success unless a reply is asked for, an ICMP refusal never is", async () => {
    const mute = await serve(() => {});
    assert.equal(await udp({}, mute, 50), "success");
    assert.equal(await udp({ requireReply: true }, mute, 50), "timeout");
    assert.equal(await udp({}, await silentPort()), "unreachable");
    assert.equal(
      await udp({ connect: connect(await silentPort(), { address: ip("::1") }) }, 0),
      "unreachable",
    );
  });

  test("a reply must match bytes, mask and length where there is a pattern", async () => {
    const port = await answering("OK!");
    const matching = (bytes: string, mask: string, more: Partial<UdpCheckConfig> = {}): Promise<string> =>
      udp({ requireReply: true, replyPattern: { bytes, mask }, ...more }, port);
    assert.equal(await matching("4f4b", "ffff"), "success");
    assert.equal(await matching("4f00", "ff00"), "success");
    assert.equal(await matching("4f4c", "ffff"), "mismatch");
    assert.equal(await matching("4f4b", "ffff", { minReplyLength: 4 }), "mismatch");
    assert.equal(await matching("4f4b", "ffff", { maxReplyLength: 2 }), "mismatch");
    assert.equal(await matching("4f4b2121", "ffffffff"), "success", "bytes that are not there match");
    assert.equal(
      await udp({ requireReply: true, minReplyLength: 100 }, port),
      "success",
      "no pattern, no limits",
    );
  });

  test("a socket that cannot be bound counts against the server, as in keepalived", async () => {
    assert.equal(await udp({ connect: connect(9, { bindto: ip("203.0.113.7") }) }, 0), "send");
  });
});

function dns(more: Partial<DnsCheckConfig>, port: number, expireMs?: number): Promise<string> {
  const config = dnsCheck({ connect: connect(port), ...more });
  return new Promise((resolve) => {
    const probe = new DatagramProbe<DnsOutcome>(io, config.connect, dnsQuestion(config, Math.random), (o) =>
      resolve(o.kind === "failure" ? o.reason : o.kind),
    );
    probe.start();
    if (expireMs !== undefined) setTimeout(() => probe.expire(), expireMs);
  });
}

/** The query as an answer with this error code. */
function reply(query: Buffer, rcode = 0): Buffer {
  const out = Buffer.from(query);
  out.writeUInt16BE(0x8180 | rcode, 2);
  return out;
}

describe("DNS_CHECK", () => {
  test("asks one question, with recursion, of the type and name of the file", async () => {
    const heard: string[] = [];
    const port = await serve((data, from, socket) => {
      heard.push(data.subarray(2).toString("hex"));
      socket.send(reply(data), from.port, from.address);
    });
    assert.equal(await dns({}, port), "success");
    assert.equal(await dns({ name: "www.example.org.", type: "AAAA" }, port), "success");
    assert.deepEqual(heard, [
      "01000001000000000000" + "00" + "00060001",
      "01000001000000000000" + "03777777076578616d706c65036f726700" + "001c0001",
    ]);
  });

  test("an error code is a failure, silence too, a refused packet says why", async () => {
    const broken = await serve((data, from, socket) => socket.send(reply(data, 2), from.port, from.address));
    assert.equal(await dns({}, broken), "read error occurred. (rcode = 2)");
    const mute = await serve(() => {});
    assert.equal(await dns({}, mute, 50), "read timeout from socket");
    assert.equal(await dns({}, await silentPort()), "failed to read socket; errno 111 (Connection refused)");
  });

  test("answers to somebody else's question, questions and scraps are passed over", async () => {
    const port = await serve((data, from, socket) => {
      const other = reply(data);
      other.writeUInt16BE(other.readUInt16BE(0) ^ 1, 0);
      for (const packet of [other, data, reply(data).subarray(0, 11), Buffer.alloc(0), reply(data, 5)])
        socket.send(packet, from.port, from.address);
    });
    assert.equal(await dns({}, port), "read error occurred. (rcode = 5)");
  });

  test("a source address that is not ours says nothing about the server", async () => {
    assert.equal(await dns({ connect: connect(53, { bindto: ip("203.0.113.7") }) }, 0), "local");
  });
});

async function mailServer(talk: (c: Connection) => void): Promise<number> {
  const open = new Set<Connection>();
  const server = createServer((c) => {
    open.add(c);
    c.on("error", () => {});
    talk(c);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => {
    for (const c of open) c.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function smtp(
  port: number,
  expireMs?: number,
  more: Partial<SmtpCheckConfig> = {},
): Promise<{ readonly result: string; readonly overflows: number; readonly extended: number }> {
  const config = smtpCheck({ connect: connect(port), ...more });
  let extended = 0;
  const outcome = await new Promise<SmtpOutcome>((resolve) => {
    const probe = new SmtpProbe(io, config, () => extended++, resolve);
    probe.start();
    if (expireMs !== undefined) setTimeout(() => probe.expire(), expireMs);
  });
  const overflows = outcome.kind === "local" ? 0 : outcome.overflows;
  return { result: outcome.kind === "failure" ? outcome.reason : outcome.kind, overflows, extended };
}

/** @param answers to the greeting, HELO and QUIT, in order */
const speaking = (...answers: readonly string[]): Promise<number> =>
  mailServer((c) => {
    const left = [...answers];
    c.write(left.shift() ?? "");
    c.on("data", () => c.write(left.shift() ?? ""));
  });

describe("SMTP_CHECK", () => {
  test("greets, introduces itself and leaves; each step has all of the time", async () => {
    let heard = "";
    const port = await mailServer((c) => {
      c.write("220 mail.example ESMTP\r\n");
      c.on("data", (data) => {
        heard += data;
        if (heard.endsWith("HELO lb.example\r\n")) c.write("250 hello\r\n");
        if (heard.endsWith("QUIT\r\n")) c.end("221 bye\r\n");
      });
    });
    assert.deepEqual(await smtp(port), { result: "success", overflows: 0, extended: 3 });
    assert.equal(heard, "HELO lb.example\r\nQUIT\r\n");
  });

  test("what is wrong is found where it is wrong", async () => {
    const results: string[] = [];
    for (const answers of [
      ["554 no\r\n"],
      ["220-first\r\n220 second\r\n"],
      ["2200 hi\r\n"],
      ["220\r\n", "500 what\r\n"],
      ["220 hi\r\n", "250-a\r\n250 b\r\n"],
      ["220 hi\r\n", "250\n", "whatever\n"],
    ])
      results.push((await smtp(await speaking(...answers))).result);
    assert.deepEqual(results, ["greeting", "greeting", "greeting", "helo", "helo", "success"]);
  });

  test("silence, a closed connection and nobody there", async () => {
    assert.equal((await smtp(await mailServer(() => {}), 50)).result, "read-timeout");
    assert.equal((await smtp(await mailServer((c) => c.end()))).result, "read-failed");
    assert.equal((await smtp(await mailServer((c) => c.resetAndDestroy()))).result, "read-failed");
    const gone = createServer().listen(0, "127.0.0.1");
    await once(gone, "listening");
    const { port } = gone.address() as AddressInfo;
    gone.close();
    assert.equal((await smtp(port)).result, "connect-failed");
  });

  test("a line without end is thrown away in pieces, and not for ever", async () => {
    const long = await mailServer((c) => c.write("2".repeat(2000)));
    assert.deepEqual(await smtp(long, 100), { result: "read-timeout", overflows: 3, extended: 1 });
    const endless = await mailServer((c) => {
      const more = (): void => {
        c.write("x".repeat(16_384), (error) => {
          if (!error) more();
        });
      };
      more();
    });
    const { result, overflows } = await smtp(endless);
    assert.equal(result, "read-failed");
    assert.ok(overflows <= 129, `${overflows} overflows`);
  });
});

/** Echoes need a group range of the namespace that lets them out. */
const PING = `
import { DatagramProbe } from "./src/checkers/datagram.ts";
import { pingQuestion } from "./src/checkers/ping.ts";
import { PingRange } from "./src/daemon/ping-range.ts";
import { NativeProbeIo } from "./src/daemon/probe-io.ts";
import { loadNative } from "./src/net/native.ts";
import { connect } from "./test/checkers/support.ts";
import { readFileSync, writeFileSync } from "node:fs";
const io = new NativeProbeIo(loadNative());
const ask = (address, ms) => new Promise((done) => {
  const probe = new DatagramProbe(io, connect(0, { address }), pingQuestion(address), (o) => done(o.reason ?? o.error?.code ?? o.kind));
  probe.start();
  if (ms) setTimeout(() => probe.expire(), ms);
});
const range = () => readFileSync("/proc/sys/net/ipv4/ping_group_range", "latin1").trim().replace(/\\s+/, " ");
const out = [range(), await ask("127.0.0.1")];
const opened = new PingRange({ write: (l) => out.push(l.text) });
opened.open();
out.push(range(), await ask("127.0.0.1"), await ask("127.0.0.1"), await ask("::1"), await ask("192.0.2.1"));
writeFileSync("/proc/sys/net/ipv4/icmp_echo_ignore_all", "1");
out.push(await ask("127.0.0.1", 100));
opened.restore();
out.push(range());
writeFileSync("/proc/sys/net/ipv4/ping_group_range", "7 9");
new PingRange({ write: (l) => out.push(l.text) }).open();
out.push(range());
console.log(out.join("\\n"));
process.exit(0);
`;

test("PING_CHECK: echoes over both families, and the range of groups that may send them", async () => {
  const child = spawn(
    "unshare",
    ["-n", "sh", "-c", 'ip link set lo up && exec "$0" --input-type=module -e "$1"', process.execPath, PING],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  let out = "";
  child.stdout.on("data", (d) => {
    out += d;
  });
  await once(child, "close");
  assert.deepEqual(out.trim().split("\n"), [
    "1 0",
    "EACCES",
    "0 0",
    "success",
    "success",
    "success",
    "send",
    "timeout",
    "1 0",
    "Warning: /proc/sys/net/ipv4/ping_group_range being expanded from 7 9 to 0 9",
    "0 9",
  ]);
});
