import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import type { HttpFacts, ProbeDigest } from "../../src/checkers/checker.ts";
import { httpRequest } from "../../src/checkers/http-request.ts";
import { HttpResponseReader } from "../../src/checkers/http-response.ts";
import { connect, httpCheck, ip, url } from "./support.ts";

function md5(): ProbeDigest {
  const hash = createHash("md5");
  return { update: (d) => void hash.update(d), hex: () => hash.digest("hex") };
}

/** Reads the text in pieces of `size` bytes. */
function read(text: string, size = 1 << 20): HttpFacts | undefined {
  const reader = new HttpResponseReader();
  reader.reset(md5());
  const bytes = Buffer.from(text, "latin1");
  for (let i = 0; i < bytes.length; i += size)
    if (!reader.push(bytes.subarray(i, i + size))) return undefined;
  return reader.facts();
}

const HELLO = "5d41402abc4b2a76b9719d911017c592";
const requestText = (config: ReturnType<typeof httpCheck>): string =>
  Buffer.from(httpRequest(config, config.urls[0] ?? url("/"))).toString();

test("the request is keepalived's, byte for byte", () => {
  assert.equal(
    requestText(httpCheck({ urls: [url("/index.html")] })),
    "GET /index.html HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: 127.0.0.1:80\r\n\r\n",
  );
  assert.equal(
    requestText(httpCheck({ httpProtocol: "1.1", urls: [url("/", { virtualhost: "www.b" })] })),
    "GET / HTTP/1.1\r\nUser-Agent: KeepAliveClient\r\nConnection: close\r\nHost: www.b\r\n\r\n",
  );
  assert.equal(
    requestText(httpCheck({ httpProtocol: "1.0C", connect: connect(8080, { address: ip("2001:db8::1") }) })),
    "GET / HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nConnection: close\r\nHost: [2001:db8::1]:8080\r\n\r\n",
  );
});

test("an answer gives status, declared and received length and the digest of its body", () => {
  assert.deepEqual(read("HTTP/1.1 299 OK\r\ncontent-length:5\r\n\r\nhello"), {
    status: 299,
    declared: 5,
    received: 5,
    digest: HELLO,
  });
});

test("without Content-Length the body ends with the connection", () => {
  assert.deepEqual(read("HTTP/1.0 200 OK\r\n\r\nhello"), {
    status: 200,
    declared: undefined,
    received: 5,
    digest: HELLO,
  });
});

test("what arrives behind Content-Length is counted but not digested", () => {
  assert.deepEqual(read("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhelloworld"), {
    status: 200,
    declared: 5,
    received: 10,
    digest: HELLO,
  });
});

test("a body shorter than Content-Length is digested as it is", () => {
  assert.equal(read("HTTP/1.0 200 OK\r\nContent-Length: 50\r\n\r\nhello")?.digest, HELLO);
});

test("chunked coding is not undone: the raw bytes are digested", () => {
  const facts = read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
  assert.equal(facts?.received, 15);
  assert.equal(facts?.digest, createHash("md5").update("5\r\nhello\r\n0\r\n\r\n").digest("hex"));
});

test("the status is the number between two spaces, whatever stands before it", () => {
  const status = (line: string): number | undefined => read(`${line}\r\n\r\n`)?.status;
  assert.equal(status("ICY 200 OK"), 200);
  assert.equal(status("HTTP/1.1 200 "), 200);
  assert.equal(status("HTTP/1.1 100 Continue"), 100);
  assert.equal(status("HTTP/1.1 200"), 0);
  assert.equal(status("200 OK"), 0);
  assert.equal(status("HTTP/1.1 99 OK"), 0);
  assert.equal(status("HTTP/1.1 2000 OK"), 0);
  assert.equal(status(""), 0);
});

test("lines that end without carriage return make no header", () => {
  assert.equal(read("HTTP/1.0 200 OK\nContent-Length: 5\n\nhello"), undefined);
});

test("a header must end within 4095 bytes", () => {
  const head = "HTTP/1.0 200 OK\r\nX: ";
  const padded = (total: number): string => `${head}${"y".repeat(total - head.length - 4)}\r\n\r\nhello`;
  assert.equal(read(padded(4095))?.received, 5);
  assert.equal(read(padded(4096)), undefined);
  assert.equal(read(padded(4095), 7)?.received, 5);
  assert.equal(read(padded(4096), 7), undefined);
});

test("however an answer is cut into pieces, it reads the same", () => {
  const answers = fc.constantFrom(
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "HTTP/1.0 404 No\r\n\r\n\r\n\r\nx",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and much more",
    "HTTP/1.0 200 OK\r\nA: b\r\n",
    `HTTP/1.0 200 OK\r\nX: ${"z".repeat(4200)}\r\n\r\n`,
  );
  fc.assert(
    fc.property(answers, fc.integer({ min: 1, max: 50 }), (answer, size) => {
      assert.deepEqual(read(answer, size), read(answer));
    }),
  );
});

test("a reader that is reset has forgotten everything", () => {
  const reader = new HttpResponseReader();
  reader.reset(undefined);
  reader.push(Buffer.from("HTTP/1.0 500 no\r\nContent-Length: 3\r\n\r\nabc"));
  reader.reset(undefined);
  assert.equal(reader.begun, false);
  reader.push(Buffer.from("HTTP/1.0 200 OK\r\n\r\n"));
  assert.deepEqual(reader.facts(), { status: 200, declared: undefined, received: 0, digest: undefined });
});
