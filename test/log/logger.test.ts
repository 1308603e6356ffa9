import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { unixAddress } from "../../src/base/unix-address.ts";
import { entry } from "../../src/log/entry.ts";
import { type LogOptions, openLogger } from "../../src/log/logger.ts";
import { loadNative } from "../../src/net/native.ts";
import type { Fd } from "../../src/net/native-api.ts";

const native = loadNative();
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "kpa-log-"));
after(() => fs.rmSync(folder, { recursive: true }));

const said = entry<{ peer: string; level: number }>("test-said", "info", (f) => `from ${f.peer}`);
const detail = entry<{ x: number }>("test-detail", "info", (f) => `x ${f.x}`, { detail: true });
const bad = entry<Record<string, never>>("test-bad", "error", () => "bad");

const options: LogOptions = {
  ident: "Keepalived_vrrp",
  facility: 3,
  syslog: false,
  console: false,
  file: undefined,
  format: "text",
  detail: false,
};

/** A syslogd: a datagram socket at `file`. */
function receiver(file: string): { fd: Fd; read(): string | undefined } {
  const fd = native.socket(1, 2, 0);
  native.bind(fd, unixAddress(file) as Uint8Array);
  const buffer = Buffer.alloc(9000);
  return {
    fd,
    read() {
      const got = native.receive(fd, buffer);
      return got === undefined ? undefined : buffer.toString("utf8", 0, got.length);
    },
  };
}

test("syslog gets one datagram a line with priority, date, ident and pid", () => {
  const file = path.join(folder, "dev-log");
  const syslogd = receiver(file);
  const logger = openLogger({ ...options, syslog: true }, native, { syslogPath: file, consoleFd: 2 });
  logger.write(said({ peer: "10.0.0.1", level: 3 }));
  logger.write(bad({}));
  const first = syslogd.read() ?? "";
  assert.match(first, /^<30>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d Keepalived_vrrp\[\d+\]: from 10\.0\.0\.1$/);
  assert.ok(first.includes(`[${process.pid}]`));
  assert.match(syslogd.read() ?? "", /^<27>.*: bad$/);
  assert.equal(syslogd.read(), undefined);
  logger.close();
  native.close(syslogd.fd);
});

test("a restarted syslogd gets the next line", () => {
  const file = path.join(folder, "restarted");
  const before = receiver(file);
  const logger = openLogger({ ...options, syslog: true }, native, { syslogPath: file, consoleFd: 2 });
  logger.write(bad({}));
  native.close(before.fd);
  fs.unlinkSync(file);
  const later = receiver(file);
  logger.write(said({ peer: "x", level: 1 }));
  assert.match(later.read() ?? "", /: from x$/);
  logger.close();
  native.close(later.fd);
});

test("a syslogd that does not read costs no time and, once it reads, no line of the first thousand", async () => {
  const file = path.join(folder, "slow");
  const syslogd = receiver(file);
  const logger = openLogger({ ...options, syslog: true }, native, { syslogPath: file, consoleFd: 2 });
  for (let i = 0; i < 800; i++) logger.write(said({ peer: String(i), level: 1 }));
  const got: string[] = [];
  for (let turn = 0; turn < 500 && got.length < 800; turn++) {
    for (let line = syslogd.read(); line !== undefined; line = syslogd.read()) got.push(line);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  assert.equal(got.length, 800);
  assert.match(got.at(-1) ?? "", /: from 799$/);
  logger.close();
  native.close(syslogd.fd);
});

test("no syslogd at all is survived", () => {
  const logger = openLogger({ ...options, syslog: true }, native, {
    syslogPath: path.join(folder, "nobody"),
    consoleFd: 2,
  });
  logger.write(bad({}));
  logger.close();
});

test("lines marked as detail need -D", () => {
  const file = path.join(folder, "detail.log");
  for (const wanted of [false, true]) {
    const logger = openLogger({ ...options, file, detail: wanted }, native);
    logger.write(detail({ x: wanted ? 1 : 0 }));
    logger.close();
  }
  assert.match(fs.readFileSync(file, "utf8"), /^\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d\.\d{9} \d{4}: x 1\n$/);
});

test("the JSON format is one object a line with id, message and fields", () => {
  const file = path.join(folder, "json.log");
  const logger = openLogger({ ...options, file, format: "json" }, native);
  logger.write(said({ peer: "10.0.0.9", level: 7 }));
  logger.close();
  const { time, pid, ...rest } = JSON.parse(fs.readFileSync(file, "utf8"));
  assert.equal(pid, process.pid);
  assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(rest, {
    level: "info",
    process: "Keepalived_vrrp",
    id: "test-said",
    peer: "10.0.0.9",
    level_: 7,
    msg: "from 10.0.0.9",
  });
});

test("a log file is never opened through a symbolic link", () => {
  const target = path.join(folder, "target");
  const link = path.join(folder, "link.log");
  fs.symlinkSync(target, link);
  const logger = openLogger({ ...options, file: link }, native);
  logger.write(bad({}));
  logger.close();
  assert.equal(fs.existsSync(target), false);
});

/** Writes half a megabyte of lines to its standard error and says when it has come to the end. */
const chatter = `
  import { openLogger } from ${JSON.stringify(path.resolve("src/log/logger.ts"))};
  import { loadNative } from ${JSON.stringify(path.resolve("src/net/native.ts"))};
  const logger = openLogger({ ident: "K", facility: 3, syslog: false, console: true, file: undefined,
    format: "text", detail: false }, loadNative());
  const line = { id: "x", level: "info", text: "y".repeat(100), fields: {}, detail: false };
  for (let i = 0; i < 5000; i++) logger.write(line);
  process.stdout.write("came to the end");
  process.exit(0);`;

for (const kind of ["pipe", "socket"] as const) {
  test(`a ${kind} that nobody reads does not stop a process that logs to it`, {
    timeout: 20_000,
  }, async () => {
    let stderr: number | "pipe" = "pipe"; // Node's own pipes are sockets
    if (kind === "pipe") {
      const fifo = path.join(folder, "fifo");
      execFileSync("mkfifo", [fifo]);
      stderr = fs.openSync(fifo, fs.constants.O_RDWR);
    }
    const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", chatter], {
      stdio: ["ignore", "pipe", stderr],
    });
    let out = "";
    child.stdout?.on("data", (d) => {
      out += d;
    });
    const status = await new Promise((resolve) => child.once("exit", resolve));
    assert.equal(status, 0);
    assert.equal(out, "came to the end");
  });
}
