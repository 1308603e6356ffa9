import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import type { Micros } from "../../src/base/units.ts";
import { RelayScriptClient } from "../../src/script/client.ts";
import { ScriptQueues } from "../../src/script/queue.ts";
import type { ScriptCommand, ScriptRequest, ScriptResult } from "../../src/script/request.ts";
import { scrubEnvironment, startScript } from "../../src/script/run.ts";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "kpa-script-"));
fs.chmodSync(folder, 0o777);
after(() => fs.rmSync(folder, { recursive: true }));
const uid = process.getuid?.() ?? 0;
const gid = process.getgid?.() ?? 0;

function script(name: string, text: string): string {
  const file = path.join(folder, name);
  fs.writeFileSync(file, text, { mode: 0o755 });
  return file;
}

const runScript = (r: ScriptRequest): Promise<ScriptResult> => startScript(r).ended;

function request(
  file: string,
  more: Partial<ScriptRequest> & { uid?: number; gid?: number } = {},
): ScriptRequest {
  return {
    id: 1,
    script: { argv: [file], uid: more.uid ?? uid, gid: more.gid ?? gid },
    extraArgs: more.extraArgs ?? [],
    queue: more.queue ?? "q",
    timeoutMicros: more.timeoutMicros,
  };
}

test("a script gets its arguments and the appended ones, and its status comes back", async () => {
  const out = path.join(folder, "args");
  const file = script("args.sh", `#!/bin/sh\nprintf '%s|' "$@" > ${out}\nexit 7\n`);
  const asked = request(file, { extraArgs: ["INSTANCE", "VI 1", "MASTER", "100"] });
  const result = await runScript({ ...asked, script: { ...asked.script, argv: [file, "own arg"] } });
  assert.deepEqual(result, { kind: "exited", status: 7 });
  assert.equal(fs.readFileSync(out, "utf8"), "own arg|INSTANCE|VI 1|MASTER|100|");
});

test("text without #! is given to the shell", async () => {
  const out = path.join(folder, "plain");
  const result = await runScript(
    request(script("plain.sh", `echo plain $1 > ${out}\n`), { extraArgs: ["x"] }),
  );
  assert.deepEqual(result, { kind: "exited", status: 0 });
  assert.equal(fs.readFileSync(out, "utf8"), "plain x\n");
});

test("a script runs as its user, without supplementary groups, in its own process group, on /dev/null", {
  skip: uid === 0 ? false : "needs root",
}, async () => {
  const out = path.join(folder, "who");
  const file = script(
    "who.sh",
    `#!/bin/sh\n{ id -u; id -g; id -G; readlink /proc/$$/fd/0; cut -d' ' -f5 /proc/$$/stat; echo $$; } > ${out}\n`,
  );
  assert.deepEqual(await runScript(request(file, { uid: 12345, gid: 23456 })), { kind: "exited", status: 0 });
  const [u, g, groups, stdin, group, pid] = fs.readFileSync(out, "utf8").split("\n");
  assert.deepEqual([u, g, groups, stdin], ["12345", "23456", "23456", "/dev/null"]);
  assert.equal(group, pid);
});

test("a script gets the supplementary groups that it is to have", {
  skip: uid === 0 ? false : "needs root",
}, async () => {
  const out = path.join(folder, "groups");
  const file = script("groups.sh", `#!/bin/sh\n{ id -u; id -g; id -G; echo "$1"; } > ${out}\n`);
  const asked = request(file, { uid: 12345, gid: 23456, extraArgs: ["arg"] });
  const result = await runScript({ ...asked, script: { ...asked.script, groups: [5, 7] } });
  assert.deepEqual(result, { kind: "exited", status: 0 });
  assert.deepEqual(fs.readFileSync(out, "utf8").split("\n"), ["12345", "23456", "23456 5 7", "arg", ""]);
  const none = await runScript({ ...asked, script: { ...asked.script, groups: [] } });
  assert.deepEqual(none, { kind: "exited", status: 0 });
  assert.equal(fs.readFileSync(out, "utf8").split("\n")[2], "23456");
});

test("a script that does not exist is a result and not an exception", async () => {
  assert.deepEqual(await runScript(request("/no/such/script")), { kind: "failed", code: "ENOENT" });
});

test("a script that dies of a signal says which", async () => {
  const file = script("suicide.sh", "#!/bin/sh\nkill -USR1 $$\n");
  assert.deepEqual(await runScript(request(file)), { kind: "signalled", signal: "SIGUSR1" });
});

test("a script that takes too long is ended with all its children", async () => {
  const pids = path.join(folder, "pids");
  const file = script("slow.sh", `#!/bin/sh\nsleep 300 & echo $! > ${pids}\nwait\n`);
  assert.deepEqual(await runScript(request(file, { timeoutMicros: 300_000 })), { kind: "timedOut" });
  const sleeper = Number(fs.readFileSync(pids, "utf8"));
  await assertGone(sleeper);
});

test("a script that ignores TERM is killed", async () => {
  const file = script("stubborn.sh", "#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 0.1; done\n");
  assert.deepEqual(await runScript(request(file, { timeoutMicros: 100_000 })), { kind: "timedOut" });
});

async function assertGone(pid: number): Promise<void> {
  for (let i = 0; i < 200; i++) {
    const state = fs.existsSync(`/proc/${pid}/stat`) ? fs.readFileSync(`/proc/${pid}/stat`, "utf8") : "";
    if (state === "" || /\) Z /.test(state)) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail(`process ${pid} still runs`);
}

test("what changes a shell or the linker does not reach a script", () => {
  assert.deepEqual(
    scrubEnvironment({
      PATH: "/bin",
      HOME: "/root",
      LD_PRELOAD: "x",
      LD_LIBRARY_PATH: "x",
      IFS: "x",
      BASH_ENV: "x",
      "BASH_FUNC_ls%%": "x",
      NOTIFY_SOCKET: "x",
    }),
    { PATH: "/bin", HOME: "/root" },
  );
});

/** Scripts whose end the test decides. */
function controlled() {
  const started: string[] = [];
  const signals: string[] = [];
  const finish = new Map<string, (r: ScriptResult) => void>();
  const queues = new ScriptQueues((r) => {
    const name = r.script.argv[0] as string;
    started.push(name);
    const ended = new Promise<ScriptResult>((resolve) => finish.set(name, resolve));
    return { ended, signal: (s) => signals.push(`${name} ${s}`) };
  });
  const end = async (name: string): Promise<void> => {
    finish.get(name)?.({ kind: "exited", status: 0 });
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { queues, started, signals, end };
}

test("scripts of one queue run one after another, other queues do not wait", async () => {
  const { queues, started, end } = controlled();
  const results = [
    queues.submit(request("a1", { queue: "a" })),
    queues.submit(request("a2", { queue: "a" })),
    queues.submit(request("b1", { queue: "b" })),
  ];
  assert.deepEqual(started, ["a1", "b1"]);
  await end("a1");
  assert.deepEqual(started, ["a1", "b1", "a2"]);
  await end("b1");
  await end("a2");
  await Promise.all(results);
  await queues.idle();
});

test("the 258th script of a queue is refused", async () => {
  const { queues } = controlled();
  const all = Array.from({ length: 258 }, (_, i) => queues.submit(request(`s${i}`)));
  assert.deepEqual(await all[257], { kind: "failed", code: "EAGAIN" });
});

test("a script that waited as long as it is patient runs beside the one before it", async () => {
  const { queues, started, end } = controlled();
  void queues.submit(request("hangs"));
  void queues.submit({ ...request("patient"), patienceMicros: 60_000 });
  void queues.submit(request("waits"));
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(started, ["hangs"]);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.deepEqual(started, ["hangs", "patient"]);
  await end("patient");
  assert.deepEqual(started, ["hangs", "patient"]);
  await end("hangs");
  assert.deepEqual(started, ["hangs", "patient", "waits"]);
});

test("at the end those that wait begin at once, and all are told and then killed", async () => {
  const { queues, started, signals, end } = controlled();
  void queues.submit(request("hangs", { queue: "vrrp a" }));
  void queues.submit(request("waits", { queue: "vrrp a" }));
  void queues.submit(request("other", { queue: "checker a" }));
  queues.end({ queues: "vrrp ", termMicros: 20_000, killMicros: 60_000 });
  assert.deepEqual(started, ["hangs", "other", "waits"]);
  await end("waits");
  await new Promise((resolve) => setTimeout(resolve, 150));
  assert.deepEqual(signals, ["hangs SIGTERM", "waits SIGTERM", "hangs SIGKILL", "waits SIGKILL"]);
});

test("idle waits for what runs", async () => {
  const { queues, end } = controlled();
  void queues.submit(request("only"));
  let idle = false;
  const waiting = queues.idle().then(() => {
    idle = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(idle, false);
  await end("only");
  await waiting;
});

test("the client relays while there is a parent and forks by itself when there is none", async () => {
  const relayed: ScriptCommand[] = [];
  let parent = true;
  const client = new RelayScriptClient((r) => parent && relayed.push(r) > 0);
  const ref = { argv: [script("fall.sh", "#!/bin/sh\nexit 3\n")], uid, gid };
  const first = client.run(ref, ["x"], { queue: "q", timeout: 5_000_000 as Micros });
  const asked = {
    id: 1,
    script: ref,
    extraArgs: ["x"],
    queue: "q",
    timeoutMicros: 5_000_000,
    patienceMicros: undefined,
  };
  assert.deepEqual(relayed, [{ kind: "runScript", request: asked }]);
  client.settle(1, { kind: "exited", status: 9 });
  assert.deepEqual(await first, { kind: "exited", status: 9 });
  const orphaned = client.run(ref, [], { queue: "q" });
  parent = false;
  client.abandon();
  assert.deepEqual(await orphaned, { kind: "failed", code: "EPIPE" });
  assert.deepEqual(await client.run(ref, [], { queue: "q" }), { kind: "exited", status: 3 });
  await client.drain(1_000_000 as Micros);
});

test("drain gives up after its limit", async () => {
  const client = new RelayScriptClient(() => true);
  void client.run({ argv: ["x"], uid, gid }, [], { queue: "q" });
  await client.drain(1_000 as Micros);
});
