/**
 * Parent and children as real processes: start, reload, scripts, stop, and every way to die. The roles
 * are trivial, so nothing touches the network.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { unixAddress } from "../../src/base/unix-address.ts";
import type { ChildRole } from "../../src/daemon/messages.ts";
import { loadNative } from "../../src/net/native.ts";

const base = fs.mkdtempSync(path.join(os.tmpdir(), "kpa-daemon-"));
const started = new Set<ChildProcess>();
after(() => {
  for (const child of started) child.kill("SIGKILL");
  fs.rmSync(base, { recursive: true, force: true });
});

function configuration(weight: number, order = ""): string {
  const quorumUp = order === "" ? "" : `quorum_up "${order}"`;
  return `child_wait_time 1
virtual_server 127.0.0.1 8080 {
  protocol TCP
  lb_algo rr
  lb_kind DR
  ${quorumUp}
  real_server 127.0.0.2 8080 { weight ${weight} }
}
`;
}

interface Daemon {
  readonly folder: string;
  readonly pid: number;
  readonly exited: Promise<number | string>;
  log(): string;
  journal(role: ChildRole): string[];
  childPid(role: ChildRole): number;
  configure(text: string): void;
  kill(signal: NodeJS.Signals): void;
}

/** Starts a daemon with both children in a folder of its own. */
function start(
  folder: string,
  text: string | undefined,
  env: NodeJS.ProcessEnv = {},
  ...more: string[]
): Daemon {
  fs.mkdirSync(folder, { recursive: true });
  const file = (name: string): string => path.join(folder, name);
  if (text !== undefined) fs.writeFileSync(file("k.conf"), text);
  const options = ["-n", "-l", "-D", "-G", "--all", "-f", file("k.conf"), "-p", file("parent.pid")];
  const pids = ["-r", file("vrrp.pid"), "-c", file("checker.pid"), "-b", file("bfd.pid")];
  const main = new URL("./daemon-main.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [main, ...options, ...pids, ...more], {
    stdio: ["ignore", "inherit", "pipe"],
    env: { ...process.env, ...env },
  });
  started.add(child);
  let log = "";
  child.stderr?.on("data", (d) => {
    log += d;
  });
  const exited = new Promise<number | string>((resolve) => {
    child.once("exit", (status, signal) => {
      started.delete(child);
      resolve(status ?? signal ?? "?");
    });
  });
  return {
    folder,
    pid: child.pid ?? 0,
    exited,
    log: () => log,
    journal: (role) => lines(file(`${role}.pid.journal`)),
    childPid: (role) => Number(fs.readFileSync(file(`${role}.pid`), "utf8")),
    configure: (next) => fs.writeFileSync(file("k.conf"), next),
    kill: (signal) => child.kill(signal),
  };
}

function lines(file: string): string[] {
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8").split("\n").slice(0, -1) : [];
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let i = 0; i < 1500; i++) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail(`waited in vain for ${what}`);
}

function said(daemon: Daemon, text: string, times = 1): Promise<void> {
  return until(`"${text}" in\n${daemon.log()}`, () => daemon.log().split(text).length > times);
}

/** A process that has ended may stay a zombie of a parent that does not wait. */
function isAlive(pid: number): boolean {
  if (!fs.existsSync(`/proc/${pid}/stat`)) return false;
  return !/\) Z /.test(fs.readFileSync(`/proc/${pid}/stat`, "utf8"));
}

/** The log's sentences without their dates. */
function sentences(daemon: Daemon): string[] {
  return daemon
    .log()
    .split("\n")
    .slice(0, -1)
    .map((l) => l.replace(/^\w{3} \w{3} [ \d]\d [\d:]{8} \d{4}: /, ""));
}

/** A daemon that does not do what it should must not hold up the run. */
const limit = { timeout: 30_000 };

const folderOf = (name: string): string => path.join(base, name);

test(
  "a start gives each child its part, a stop takes all down in order and leaves nothing",
  limit,
  async () => {
    const daemon = start(folderOf("plain"), configuration(3));
    await said(daemon, "Startup complete");
    const [checker, vrrp, bfd] = [
      daemon.childPid("checker"),
      daemon.childPid("vrrp"),
      daemon.childPid("bfd"),
    ];
    assert.equal(fs.readFileSync(path.join(daemon.folder, "parent.pid"), "utf8"), `${daemon.pid}\n`);
    daemon.kill("SIGTERM");
    assert.equal(await daemon.exited, 0);
    assert.deepEqual(daemon.journal("checker"), ["boot", "configure 1: 3", "stop"]);
    assert.deepEqual(daemon.journal("vrrp"), ["boot", "configure 1: ", "stop"]);
    assert.deepEqual(daemon.journal("bfd"), ["boot", "configure 1: ", "stop"]);
    assert.deepEqual([isAlive(checker), isAlive(vrrp), isAlive(bfd)], [false, false, false]);
    assert.deepEqual(
      fs.readdirSync(daemon.folder).filter((f) => f.endsWith(".pid")),
      [],
    );
    const file = path.join(daemon.folder, "k.conf");
    assert.deepEqual(
      sentences(daemon).filter((s) => !/^(Running on|Command line|Stopped - used)/.test(s)),
      [
        "Starting Keepalived v2.4.3 (11/20,2026)",
        `Opening file '${file}'.`,
        `Configuration file ${file}`,
        `Starting Healthcheck child process, pid=${checker}`,
        `Starting VRRP child process, pid=${vrrp}`,
        `Starting BFD child process, pid=${bfd}`,
        "Startup complete",
        "Stopping",
        "Stopped Keepalived v2.4.3 (11/20,2026)",
      ],
    );
  },
);

test("a reload reaches the running children, a broken file reaches nobody", limit, async () => {
  const daemon = start(folderOf("reload"), configuration(3));
  await said(daemon, "Startup complete");
  const checker = daemon.childPid("checker");
  daemon.configure(configuration(5));
  daemon.kill("SIGHUP");
  await said(daemon, "Reload complete");
  daemon.configure(configuration(7).replace("lb_algo rr", "lb_algo"));
  daemon.kill("SIGHUP");
  await said(daemon, "the running configuration stays");
  assert.match(daemon.log(), /k\.conf:\d+:\d+: (fatal|error): /);
  daemon.configure(configuration(9));
  daemon.kill("SIGHUP");
  await said(daemon, "Reload complete", 2);
  assert.equal(daemon.childPid("checker"), checker);
  daemon.kill("SIGTERM");
  assert.equal(await daemon.exited, 0);
  assert.deepEqual(daemon.journal("checker"), [
    "boot",
    "configure 1: 3",
    "configure 2: 5",
    "configure 3: 9",
    "stop",
  ]);
});

test(
  "HUPs during a reload lead to exactly one more, which reads what the file says then",
  limit,
  async () => {
    const daemon = start(folderOf("burst"), configuration(1, "/bin/echo slow"));
    await said(daemon, "Startup complete");
    daemon.configure(configuration(2, "/bin/echo slow"));
    daemon.kill("SIGHUP");
    await said(daemon, "Reload: ");
    daemon.configure(configuration(3, "/bin/echo slow"));
    for (let i = 0; i < 10; i++) {
      daemon.kill("SIGHUP");
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await said(daemon, "Reload complete", 2);
    daemon.kill("SIGTERM");
    assert.equal(await daemon.exited, 0);
    assert.equal(sentences(daemon).filter((s) => s === "Reloading ...").length, 2);
    assert.deepEqual(daemon.journal("checker"), [
      "boot",
      "configure 1: 1",
      "configure 2: 2",
      "configure 3: 3",
      "stop",
    ]);
  },
);

test("a killed child is started again with the configuration in force", limit, async () => {
  const daemon = start(folderOf("respawn"), configuration(4));
  await said(daemon, "Startup complete");
  const killed = daemon.childPid("checker");
  process.kill(killed, "SIGKILL");
  await until("the second boot", () => daemon.journal("checker").length === 4);
  assert.deepEqual(daemon.journal("checker"), ["boot", "configure 1: 4", "boot", "configure 1: 4"]);
  assert.ok(daemon.log().includes(`pid ${killed} exited due to signal 9 (Killed)`));
  assert.ok(daemon.log().includes(`Healthcheck child process(${killed}) died: Respawning`));
  assert.ok(daemon.log().includes("Restart of Healthcheck process delayed 0 seconds to limit respawn rate"));
  daemon.kill("SIGINT");
  assert.equal(await daemon.exited, 0);
});

test(
  "a killed parent makes the children release and stop, and the next daemon waits for them",
  limit,
  async () => {
    const first = start(folderOf("orphans"), configuration(4, "/bin/echo lazy"));
    await said(first, "Startup complete");
    const [checker, vrrp] = [first.childPid("checker"), first.childPid("vrrp")];
    first.kill("SIGKILL");
    assert.equal(await first.exited, "SIGKILL");
    const second = start(first.folder, undefined);
    await said(second, "Startup complete");
    assert.deepEqual([isAlive(checker), isAlive(vrrp)], [false, false]);
    assert.deepEqual(second.journal("checker"), ["boot", "configure 1: 4", "stop", "boot", "configure 1: 4"]);
    await said(first, "The parent process is gone, releasing everything and stopping");
    second.kill("SIGTERM");
    assert.equal(await second.exited, 0);
  },
);

test("a second daemon refuses quietly while the first runs", limit, async () => {
  const first = start(folderOf("second"), configuration(1));
  await said(first, "Startup complete");
  const second = start(first.folder, undefined);
  assert.equal(await second.exited, 0);
  assert.equal(sentences(second).at(-1), "daemon is already running");
  assert.equal(fs.readFileSync(path.join(first.folder, "parent.pid"), "utf8"), `${first.pid}\n`);
  first.kill("SIGTERM");
  assert.equal(await first.exited, 0);
  assert.deepEqual(first.journal("checker"), ["boot", "configure 1: 1", "stop"]);
});

test("a bug in a child is logged, releases first and ends in a restart", limit, async () => {
  const daemon = start(folderOf("bug"), configuration(1, "/bin/echo bug"));
  await said(daemon, "Healthcheck child process");
  await said(daemon, "died: Respawning");
  daemon.configure(configuration(2));
  daemon.kill("SIGHUP");
  await until("the cured child", () => daemon.journal("checker").at(-1) === "configure 2: 2");
  assert.deepEqual(daemon.journal("checker").slice(0, 3), ["boot", "configure 1: 1", "stop"]);
  assert.match(daemon.log(), /Error: a bug of ours\n/);
  assert.match(daemon.log(), /exited with status 70\n/);
  daemon.kill("SIGTERM");
  assert.equal(await daemon.exited, 0);
});

test("a child that ends with a permanent error ends the daemon with the same status", limit, async () => {
  const daemon = start(folderOf("fatal"), configuration(1, "/bin/echo fatal"));
  assert.equal(await daemon.exited, 2);
  assert.match(daemon.log(), /pid \d+ exited with permanent error CONFIG\. Terminating\n/);
  assert.deepEqual(daemon.journal("vrrp").at(-1), "stop");
});

test("with -R a dead child ends the daemon and nothing is started again", limit, async () => {
  const daemon = start(folderOf("norespawn"), configuration(1), {}, "-R");
  await said(daemon, "Startup complete");
  process.kill(daemon.childPid("vrrp"), "SIGKILL");
  assert.equal(await daemon.exited, 0);
  assert.match(daemon.log(), /VRRP child process\(\d+\) died: Exiting\n/);
  assert.equal(daemon.log().match(/Starting VRRP child process/g)?.length, 1);
  assert.deepEqual(daemon.journal("vrrp"), ["boot", "configure 1: "]);
});

test("a child that does not stop is killed after child_wait_time", limit, async () => {
  const daemon = start(folderOf("frozen"), configuration(1));
  await said(daemon, "Startup complete");
  const frozen = daemon.childPid("vrrp");
  process.kill(frozen, "SIGSTOP");
  daemon.kill("SIGTERM");
  assert.equal(await daemon.exited, 0);
  assert.equal(isAlive(frozen), false);
  assert.ok(daemon.log().includes(`VRRP process(${frozen}) did not stop in time, sending SIGKILL`));
});

test("signals for dumps and a HUP sent to a child kill nobody", limit, async () => {
  const daemon = start(folderOf("signals"), configuration(1));
  await said(daemon, "Startup complete");
  const pids = [daemon.pid, ...(["vrrp", "checker", "bfd"] as const).map(daemon.childPid)];
  for (const pid of pids) for (const n of [10, 12, 36, 63, 64]) process.kill(pid, n);
  for (const pid of pids.slice(1)) process.kill(pid, "SIGHUP");
  await said(daemon, "has no function yet", 5);
  for (const name of ["USR1", "USR2", "RTMIN+2", "RTMAX-1", "RTMAX"])
    assert.ok(daemon.log().includes(`Signal ${name} has no function yet`), name);
  daemon.kill("SIGTERM");
  assert.equal(await daemon.exited, 0);
  assert.deepEqual(daemon.journal("vrrp"), ["boot", "configure 1: ", "stop"]);
});

test("a child's scripts run outside of it, in order, and their results come back", limit, async () => {
  const folder = folderOf("script");
  fs.mkdirSync(folder);
  const script = path.join(folder, "up.sh");
  fs.writeFileSync(
    script,
    `#!/bin/sh\necho "$@" >> ${folder}/out\ncat /proc/$PPID/comm > ${folder}/by\nexit 9\n`,
    {
      mode: 0o755,
    },
  );
  const daemon = start(folder, configuration(1, `${script} mine`));
  await until("the scripts' results", () => daemon.journal("checker").length === 4);
  assert.deepEqual(daemon.journal("checker").slice(2), [
    'script UP {"kind":"exited","status":9}',
    'script AGAIN {"kind":"exited","status":9}',
  ]);
  assert.equal(fs.readFileSync(`${folder}/out`, "utf8"), "mine UP\nmine AGAIN\n");
  assert.equal(fs.readFileSync(`${folder}/by`, "utf8"), "keepalived_scri\n");
  daemon.kill("SIGTERM");
  assert.equal(await daemon.exited, 0);
});

test("scripts that run or wait when the daemon is killed come to their end", limit, async () => {
  const folder = folderOf("survivor");
  fs.mkdirSync(folder);
  const script = path.join(folder, "slow.sh");
  fs.writeFileSync(script, `#!/bin/sh\ntouch ${folder}/begun\nsleep 0.5\necho "$1" >> ${folder}/ended\n`, {
    mode: 0o755,
  });
  const daemon = start(folder, configuration(1, script));
  await until("the script", () => fs.existsSync(`${folder}/begun`));
  daemon.kill("SIGKILL");
  await daemon.exited;
  await until("the scripts' end", () => lines(`${folder}/ended`).length === 2);
  assert.deepEqual(lines(`${folder}/ended`), ["UP", "AGAIN"]);
});

test(
  "a file that is missing ends with 6, one that cannot run with 2, before any child is started",
  limit,
  async () => {
    const missing = start(folderOf("missing"), undefined);
    assert.equal(await missing.exited, 6);
    assert.match(missing.log(), /Config files missing '.*k\.conf'\.\n/);
    const unusable = start(folderOf("unusable"), configuration(1).replace("lb_algo rr", "lb_algo"));
    assert.equal(await unusable.exited, 2);
    assert.deepEqual(unusable.journal("checker"), []);
    const homeless = `${configuration(1)}vrrp_instance VI {
  interface kpa-nowhere
  virtual_router_id 1
}
`;
    assert.equal(await start(folderOf("homeless"), homeless).exited, 2);
  },
);

test("the service manager hears of start, reload, refused reload and stop", limit, async () => {
  const native = loadNative();
  const name = path.join(base, "notify");
  const fd = native.socket(1, 2, 0);
  native.bind(fd, unixAddress(name) as Uint8Array);
  const buffer = Buffer.alloc(4096);
  const heard: string[] = [];
  const read = (): void => {
    for (let got = native.receive(fd, buffer); got !== undefined; got = native.receive(fd, buffer))
      heard.push(buffer.toString("utf8", 0, got.length).replace(/MONOTONIC_USEC=\d+/, "MONOTONIC_USEC=N"));
  };
  const daemon = start(folderOf("notified"), configuration(1), { NOTIFY_SOCKET: name });
  await said(daemon, "Startup complete");
  daemon.kill("SIGHUP");
  await said(daemon, "Reload complete");
  daemon.configure("virtual_server");
  daemon.kill("SIGHUP");
  await said(daemon, "the running configuration stays");
  daemon.kill("SIGTERM");
  assert.equal(await daemon.exited, 0);
  read();
  native.close(fd);
  const ready = `READY=1\nMAINPID=${daemon.pid}\nSTATUS=Running 0 VRRP instances, 1 virtual server`;
  const reloading = "RELOADING=1\nMONOTONIC_USEC=N\nSTATUS=Reloading";
  assert.deepEqual(heard, [ready, reloading, ready, reloading, ready, "STOPPING=1\nSTATUS=Stopping"]);
});
