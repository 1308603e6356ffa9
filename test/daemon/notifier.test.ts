import assert from "node:assert/strict";
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { GlobalDefs, ScriptRef } from "../../src/config/model.ts";
import type { ScriptClient } from "../../src/daemon/child-api.ts";
import { Notifier, STOP_LIMIT } from "../../src/daemon/notifier.ts";
import { loadNative } from "../../src/net/native.ts";
import type { ScriptResult } from "../../src/script/request.ts";
import type { Notice } from "../../src/vrrp/notify.ts";
import { modelOf } from "../vrrp/model.ts";

const directory = mkdtempSync(join(tmpdir(), "kpa-notifier-"));
after(() => rmSync(directory, { recursive: true }));
const uid = process.getuid?.() ?? 0;
const gid = process.getgid?.() ?? 0;
const ref = (name: string): ScriptRef => ({ argv: [name], uid, gid });

/** A notifier with everything that it asks for written down. */
function setUp(result: ScriptResult = { kind: "exited", status: 0 }) {
  const asked: string[] = [];
  const scripts: ScriptClient = {
    run: async (script, extra, { queue, timeout, patience }) => {
      asked.push(`run ${[...script.argv, ...extra].join(" ")} in ${queue} (${timeout}, ${patience})`);
      return result;
    },
    end: ({ queues }) => {
      asked.push(`end ${queues}`);
    },
    drain: async () => {},
  };
  const notifier = new Notifier({
    native: loadNative(),
    logger: { write: (line) => asked.push(`log ${line.text}`) },
    scripts,
    alert: ({ kind, name, state }) => asked.push(`mail ${kind} ${name} ${state}`),
  });
  const take = async (): Promise<readonly string[]> => {
    await new Promise((resolve) => setImmediate(resolve));
    return asked.splice(0);
  };
  return { notifier, take };
}

const global = (more: Partial<GlobalDefs> = {}): GlobalDefs => ({ ...modelOf().global, ...more });
const line = (text: string): Notice => ({ kind: "fifo", line: `${text}\n` });
const mail = (state: "MASTER" | "FAULT"): Notice => ({
  kind: "alert",
  alert: { kind: "INSTANCE", name: "VI_1", state },
});

function read(path: string): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const into = Buffer.alloc(4096);
  const length = readSync(fd, into);
  closeSync(fd);
  return into.toString("utf8", 0, length);
}

test("scripts have patience with each other, and at the end a limit", async () => {
  const { notifier, take } = setUp();
  await notifier.configure(global());
  const notice: Notice = { kind: "script", script: ref("/n"), args: ["INSTANCE"], queue: "q" };
  notifier.tell([notice]);
  notifier.tell([notice], STOP_LIMIT);
  assert.deepEqual(await take(), [
    "run /n INSTANCE in q (undefined, 10000000)",
    "run /n INSTANCE in q (1000000, 10000000)",
  ]);
});

test("a script that cannot be run is named", async () => {
  const { notifier, take } = setUp({ kind: "failed", code: "ENOENT" });
  notifier.tell([{ kind: "script", script: ref("/n"), args: [], queue: "q" }]);
  assert.equal((await take())[1], "log notify script /n could not be run: ENOENT");
});

test("a state is mailed once, and faults only to those who want them", async () => {
  const { notifier, take } = setUp();
  notifier.tell([mail("FAULT"), mail("FAULT"), mail("MASTER"), mail("MASTER")]);
  assert.deepEqual(await take(), ["mail INSTANCE VI_1 FAULT", "mail INSTANCE VI_1 MASTER"]);
  await notifier.configure(global({ noEmailFaults: true }));
  notifier.tell([mail("FAULT"), mail("MASTER")]);
  assert.deepEqual(await take(), ["mail INSTANCE VI_1 MASTER"]);
});

test("both FIFOs get each line, their readers begin with them, anew at a reload, and end at the end", async () => {
  const { notifier, take } = setUp();
  const [one, two] = [join(directory, "one"), join(directory, "two")];
  const config = global({
    notifyFifo: { path: one, uid, gid },
    notifyFifoScript: ref("/reader"),
    vrrpNotifyFifo: { path: two, uid, gid },
  });
  await notifier.configure(config);
  notifier.tell([line("a")]);
  notifier.repeat([mail("MASTER"), line("b")]);
  assert.equal(read(one), "a\nb\n");
  assert.equal(read(two), "a\nb\n");
  const [started] = await take();
  assert.equal(started, `run /reader ${one} in fifo 1 ${one} (undefined, undefined)`);
  await notifier.configure(config);
  const again = await take();
  assert.deepEqual(again.slice(0, 3), [
    `end fifo 1 ${one}`,
    `end fifo 1 ${two}`,
    `run /reader ${one} in fifo 2 ${one} (undefined, undefined)`,
  ]);
  notifier.tell([line("c")]);
  assert.equal(read(one), "c\n");
  notifier.close();
  assert.deepEqual([existsSync(one), existsSync(two)], [false, false]);
  assert.deepEqual(await take(), [`end fifo 2 ${one}`, `end fifo 2 ${two}`]);
});

test("a reader that ends while its FIFO is open is told, and not started again", async () => {
  const { notifier, take } = setUp({ kind: "exited", status: 3 });
  const path = join(directory, "short");
  await notifier.configure(
    global({ vrrpNotifyFifo: { path, uid, gid }, vrrpNotifyFifoScript: ref("/reader") }),
  );
  assert.deepEqual(await take(), [
    `run /reader ${path} in fifo 1 ${path} (undefined, undefined)`,
    "log notify fifo script /reader exited with status 3",
  ]);
  notifier.close();
});

test("a FIFO that cannot be is named, and the other one works; a full one is told once", async () => {
  const { notifier, take } = setUp();
  const [bad, good] = [join(directory, "bad"), join(directory, "good")];
  writeFileSync(bad, "");
  await notifier.configure(
    global({ notifyFifo: { path: bad, uid, gid }, vrrpNotifyFifo: { path: good, uid, gid } }),
  );
  assert.deepEqual(await take(), [`log Unable to open notify fifo ${bad}: mkfifo: EPERM: ${bad} is no FIFO`]);
  for (let i = 0; i < 18; i++) notifier.tell([line("x".repeat(4095))]);
  assert.deepEqual(await take(), [`log notify fifo ${good} is full: nobody reads it, 1 line lost`]);
  notifier.close();
});
