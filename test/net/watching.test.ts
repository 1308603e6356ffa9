/** Files and processes that others change: inotify and the process connector. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { DaemonError } from "../../src/base/errors.ts";
import { type DirectoryEvent, decodeInotify, Inotify } from "../../src/net/inotify.ts";
import { loadNative } from "../../src/net/native.ts";
import { decodeProcessEvents, ProcConnector, type ProcessEvent } from "../../src/net/proc-connector.ts";

const native = loadNative();
const directory = mkdtempSync(join(tmpdir(), "kpa-watch-"));
after(() => rmSync(directory, { recursive: true, force: true }));

async function until(what: string, condition: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !condition(); i++) await sleep(10);
  assert.ok(condition(), what);
}

test("a file that was written, deleted or moved is told by its name, and so is the end of its directory", async () => {
  const place = join(directory, "d");
  mkdirSync(place);
  const events: DirectoryEvent[] = [];
  const inotify = new Inotify(native, (event) => events.push(event));
  const watch = inotify.add(place);
  writeFileSync(join(place, "a"), "1");
  await until("written", () => events.length === 1);
  renameSync(join(place, "a"), join(place, "b"));
  unlinkSync(join(place, "b"));
  rmdirSync(place);
  await until("all", () => events.length === 5);
  assert.deepEqual(events, [
    { kind: "written", watch, name: "a" },
    { kind: "gone", watch, name: "a" },
    { kind: "written", watch, name: "b" },
    { kind: "gone", watch, name: "b" },
    { kind: "directoryGone", watch },
  ]);
  inotify.close();
});

test("what is no directory cannot be watched", () => {
  const inotify = new Inotify(native, () => {});
  const refuses = (path: string, code: string): void =>
    assert.throws(
      () => inotify.add(path),
      (e) => e instanceof DaemonError && e.code === code && e.syscall === "inotify_add_watch",
    );
  refuses(join(directory, "no"), "ENOENT");
  writeFileSync(join(directory, "file"), "");
  refuses(join(directory, "file"), "ENOTDIR");
  inotify.close();
});

test("an overrun of inotify says that everything may have changed", () => {
  const bytes = Buffer.alloc(16);
  bytes.writeInt32LE(-1, 0);
  bytes.writeUInt32LE(0x4000, 4);
  assert.deepEqual(decodeInotify(bytes), [{ kind: "lost" }]);
});

test("a FIFO is made with the mode that is asked for, and not twice", () => {
  const path = join(directory, "fifo");
  native.mkfifo(path, 0o600);
  const { mode } = statSync(path);
  assert.equal(mode.toString(8), "10600");
  assert.throws(
    () => native.mkfifo(path, 0o600),
    (e) => e instanceof DaemonError && e.code === "EEXIST",
  );
});

/** A message of the connector. @param data 32-bit words behind the time */
function message(what: number, ...data: readonly number[]): Buffer {
  const b = Buffer.alloc(36 + 16 + 24);
  b.writeUInt32LE(b.length, 0);
  b.writeUInt32LE(what, 36);
  for (const [i, word] of data.entries()) b.writeUInt32LE(word, 36 + 16 + 4 * i);
  return b;
}

test("the connector's messages are decoded, those of threads left out, nonsense skipped", () => {
  const all = Buffer.concat([
    message(0, 0),
    message(1, 10, 10, 20, 20),
    message(1, 10, 10, 21, 20),
    message(2, 20, 20),
    message(0x200, 20, 20),
    message(0x200, 21, 20),
    message(0x4000_0000, 20, 20),
    message(0x8000_0000, 21, 20),
    message(0x8000_0000, 20, 20),
  ]);
  assert.deepEqual(decodeProcessEvents(all), [
    { kind: "listening" },
    { kind: "fork", parent: 10, child: 20 },
    { kind: "exec", pid: 20 },
    { kind: "comm", pid: 20 },
    { kind: "exit", pid: 20 },
  ]);
  assert.deepEqual(decodeProcessEvents(all.subarray(0, 70)), []);
  assert.deepEqual(decodeProcessEvents(Buffer.alloc(200)), []);
});

test("the kernel tells of a process that begins, becomes another program and ends", {
  skip: process.getuid?.() === 0 ? false : "needs root",
}, async () => {
  const events: ProcessEvent[] = [];
  let connector: ProcConnector;
  try {
    connector = new ProcConnector(native, (event) => events.push(event));
  } catch (e) {
    // A container: the kernel speaks to the first namespaces only, and its refusal is what callers rely on.
    assert.ok(e instanceof DaemonError && ["ECONNREFUSED", "EPERM", "EACCES"].includes(e.code));
    return;
  }
  await until("the kernel answers", () => events.some((e) => e.kind === "listening"));
  const child = spawn("/bin/sleep", ["0.2"], { stdio: "ignore" });
  const { pid } = child;
  await once(child, "exit");
  const mine = (): readonly string[] =>
    events.filter((e) => ("pid" in e ? e.pid : "child" in e ? e.child : 0) === pid).map((e) => e.kind);
  await until("its exit", () => mine().includes("exit"));
  connector.close();
  assert.deepEqual(
    mine().filter((kind) => kind !== "comm"),
    ["fork", "exec", "exit"],
  );
});
