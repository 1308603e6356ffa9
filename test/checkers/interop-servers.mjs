/**
 * The servers of interop.test.ts: well, then failing in all their ways, then well again. Argument: a folder
 * with key.pem and cert.pem, where `phase` says 1 while they fail. PHASE: how long each time lasts, in ms.
 */
import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";

const directory = process.argv[2] ?? ".";
const phase = Number(process.env.PHASE);
let well = true;
/** @type {import("node:dgram").Socket | undefined} */
let listener;

/** @param {boolean} now */
function become(now) {
  well = now;
  writeFileSync(join(directory, "phase"), well ? "0" : "1");
  execFileSync("sysctl", ["-qw", `net.ipv4.icmp_echo_ignore_all=${well ? 0 : 1}`]);
  if (well) listener = createSocket("udp4").bind(5002, "127.0.0.1");
  else listener?.close();
}

/** @param {number} port @param {(data: Buffer) => Buffer | string | undefined} answer */
function datagrams(port, answer) {
  const socket = createSocket("udp4").bind(port, "127.0.0.1");
  socket.on("message", (data, from) => {
    const reply = answer(data);
    if (reply !== undefined) socket.send(reply, from.port, from.address);
  });
}

/** @param {Buffer} query @param {number} rcode */
function dnsReply(query, rcode) {
  const out = Buffer.from(query);
  out.writeUInt16BE(0x8180 | rcode, 2);
  return out;
}

datagrams(5001, () => (well ? "ok\x01" : undefined));
datagrams(5301, (query) => dnsReply(query, well ? 0 : 2));
datagrams(5302, (query) => (well ? dnsReply(query, 0) : undefined));

/** @param {number} port @param {(socket: import("node:net").Socket) => boolean} fail returns whether it goes on */
function mail(port, fail, helo = "250 ok\r\n", quit = true) {
  createServer((socket) => {
    socket.on("error", () => {});
    if (!well && !fail(socket)) return;
    socket.write("220 hi\r\n");
    socket.on("data", (data) => {
      const text = data.toString();
      if (text.startsWith("HELO")) socket.write(well ? "250 ok\r\n" : helo);
      else if (well || quit) socket.end("221 bye\r\n");
      else socket.destroy();
    });
  }).listen(port, "127.0.0.1");
}

mail(2501, (s) => !s.write("554 no\r\n") && false);
mail(2502, () => false);
mail(2503, (s) => {
  s.end();
  return false;
});
mail(2504, (s) => !s.write("hello\r\n") && false);
mail(2505, () => true, "500 what\r\n");
mail(2506, () => true, "250-a\r\n250 b\r\n");
mail(2507, () => true, undefined, false);

const identity = {
  key: readFileSync(join(directory, "key.pem")),
  cert: readFileSync(join(directory, "cert.pem")),
};
const PAGE = "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/** @param {number} port @param {(socket: import("node:tls").TLSSocket) => void} fail */
function web(port, fail) {
  createTlsServer(identity, (socket) => {
    socket.on("error", () => {});
    socket.once("data", () => (well ? socket.end(PAGE) : fail(socket)));
  })
    .on("tlsClientError", () => {})
    .listen(port, "127.0.0.1");
}

/** TLS when well, something else when not. @param {number} port @param {(socket: import("node:net").Socket) => void} fail */
function broken(port, fail) {
  const inner = createTlsServer(identity, (socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(PAGE));
  });
  createServer((socket) => {
    socket.on("error", () => {});
    if (well) inner.emit("connection", socket);
    else fail(socket);
  }).listen(port, "127.0.0.1");
}

web(8443, (socket) => socket.end("HTTP/1.0 500 no\r\n\r\n"));
web(8444, (socket) => socket.destroy());
web(8445, () => {});
web(8446, (socket) => socket.end(PAGE.replace("hello", "hellO")));
broken(8447, (socket) => socket.end("HTTP/1.0 400 plain\r\n\r\n"));
broken(8448, () => {});

become(true);
setTimeout(() => become(false), phase);
setTimeout(() => become(true), 2 * phase);
setTimeout(() => process.exit(0), 3 * phase);
