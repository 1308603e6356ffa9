import assert from "node:assert/strict";
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { DaemonError } from "../../src/base/errors.ts";
import { loadNative } from "../../src/net/native.ts";
import { NotifyFifo } from "../../src/script/fifo.ts";

const native = loadNative();
const directory = mkdtempSync(join(tmpdir(), "kpa-fifo-"));
after(() => rmSync(directory, { recursive: true }));
const uid = process.getuid?.() ?? 0;
const gid = process.getgid?.() ?? 0;
const isRoot = uid === 0;

function read(path: string): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const into = Buffer.alloc(65_536);
  const length = readSync(fd, into);
  closeSync(fd);
  return into.toString("utf8", 0, length);
}

test("lines wait for their reader, everybody may read, and the end takes the FIFO away", () => {
  const path = join(directory, "a");
  const fifo = new NotifyFifo(native, { path, uid, gid });
  assert.equal(statSync(path).mode.toString(8), "10644");
  assert.equal(fifo.write('INSTANCE "VI_1" MASTER 100\n'), true);
  assert.equal(fifo.write('INSTANCE "VI_1" STOP 100\n'), true);
  assert.equal(read(path), 'INSTANCE "VI_1" MASTER 100\nINSTANCE "VI_1" STOP 100\n');
  fifo.close();
  assert.equal(existsSync(path), false);
});

test("it belongs to the configured user", { skip: isRoot ? false : "needs root" }, () => {
  const path = join(directory, "owned");
  const fifo = new NotifyFifo(native, { path, uid: 12345, gid: 23456 });
  const found = statSync(path);
  assert.deepEqual([found.uid, found.gid], [12345, 23456]);
  fifo.close();
});

test("a full FIFO loses whole lines and counts them", () => {
  const path = join(directory, "full");
  const fifo = new NotifyFifo(native, { path, uid, gid });
  const line = `${"x".repeat(4095)}\n`;
  let written = 0;
  while (fifo.write(line)) written++;
  assert.equal(written, 16);
  assert.equal(fifo.write(line), false);
  assert.equal(fifo.lost, 2);
  fifo.close();
});

test("a FIFO that stood there before stays there", () => {
  const path = join(directory, "before");
  native.mkfifo(path, 0o600);
  new NotifyFifo(native, { path, uid, gid }).close();
  assert.equal(statSync(path).mode.toString(8), "10600");
});

test("a file in its place is refused and left alone", () => {
  const path = join(directory, "file");
  writeFileSync(path, "precious");
  assert.throws(
    () => new NotifyFifo(native, { path, uid, gid }),
    (e) => e instanceof DaemonError && e.code === "EPERM" && e.message.endsWith(`${path} is no FIFO`),
  );
  assert.equal(statSync(path).size, 8);
});
