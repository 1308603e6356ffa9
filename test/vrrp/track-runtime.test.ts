/** The shells of the trackers, with real files and processes and with scripts that the test answers for. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { monotonicClock } from "../../src/base/clock.ts";
import { DaemonError } from "../../src/base/errors.ts";
import { type Micros, millis } from "../../src/base/units.ts";
import type { TrackFileConfig, TrackProcessConfig, TrackScriptConfig } from "../../src/config/model-vrrp.ts";
import { loadNative } from "../../src/net/native.ts";
import type { Native } from "../../src/net/native-api.ts";
import { FileTracking } from "../../src/vrrp/track-file-runtime.ts";
import { ProcessTracking } from "../../src/vrrp/track-process-runtime.ts";
import type { ScriptOutcome } from "../../src/vrrp/track-script.ts";
import { ScriptTracking } from "../../src/vrrp/track-script-runtime.ts";

const directory = mkdtempSync(join(tmpdir(), "kpa-track-"));
after(() => rmSync(directory, { recursive: true, force: true }));
const native = loadNative();

async function until(what: string, condition: () => boolean): Promise<void> {
  for (let i = 0; i < 6000 && !condition(); i++) await sleep(10);
  assert.ok(condition(), what);
}

// ---- files ---------------------------------------------------------------------------------------------

const file = (path: string, more: Partial<TrackFileConfig> = {}): TrackFileConfig => ({
  where: "test:1",
  name: "f",
  file: path,
  weight: 1,
  reverse: false,
  initFile: undefined,
  ...more,
});

function files() {
  const said: string[] = [];
  const changed: string[] = [];
  const tracking = new FileTracking({
    native,
    logger: { write: (line) => said.push(line.text) },
    changed: (name) => changed.push(name),
  });
  const value = (name = "f"): number => {
    const status = tracking.statusOf(name);
    return status.kind === "value" ? status.value : Number.NaN;
  };
  return { tracking, said, changed, value };
}

test("a file is read at the start and after each writer has closed it; without it the number is 0", async () => {
  const path = join(directory, "plain");
  writeFileSync(path, "5\n");
  const { tracking, said, changed, value } = files();
  tracking.apply([file(path)], true);
  assert.equal(value(), 5);
  writeFileSync(path, "7\n");
  await until("7", () => value() === 7);
  renameSync(path, `${path}.away`);
  await until("0", () => value() === 0);
  renameSync(`${path}.away`, path);
  await until("7 again", () => value() === 7);
  writeFileSync(path, "99999999999\n");
  await until("a complaint", () => said.length > 0);
  assert.deepEqual(said, [`Invalid number 99999999999 read from ${path} - ignoring`]);
  assert.equal(value(), 7);
  unlinkSync(path);
  await until("0 again", () => value() === 0);
  assert.deepEqual(changed, ["f", "f", "f", "f"]);
  tracking.close();
});

test("init_file makes a missing file, leaves one that is there unless told, and only at the start", () => {
  const [fresh, kept, replaced] = ["fresh", "kept", "replaced"].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(kept, "3\n");
  writeFileSync(replaced, "3\n");
  const configs = [
    file(fresh, { name: "fresh", initFile: { value: 9, overwrite: false } }),
    file(kept, { name: "kept", initFile: { value: 9, overwrite: false } }),
    file(replaced, { name: "replaced", initFile: { value: 9, overwrite: true } }),
  ];
  const { tracking, value } = files();
  tracking.apply(configs, true);
  assert.deepEqual(["fresh", "kept", "replaced"].map(value), [9, 3, 9]);
  assert.equal(readFileSync(fresh, "utf8"), "9\n");
  writeFileSync(replaced, "4\n");
  tracking.apply(configs, false);
  assert.equal(readFileSync(replaced, "utf8"), "4\n");
  assert.equal(value("replaced"), 4);
  tracking.close();
});

test("a link is followed to where the file is", async () => {
  mkdirSync(join(directory, "there"));
  const target = join(directory, "there", "real");
  writeFileSync(target, "1");
  symlinkSync(target, join(directory, "link"));
  const { tracking, value } = files();
  tracking.apply([file(join(directory, "link"))], true);
  writeFileSync(target, "2");
  await until("2", () => value() === 2);
  tracking.close();
});

test("what cannot be watched is said and counts as 0, and the end of a directory is the end of its files", async () => {
  const place = join(directory, "passing");
  mkdirSync(place);
  writeFileSync(join(place, "f"), "8");
  const { tracking, said, value } = files();
  tracking.apply(
    [
      file("/proc/loadavg", { name: "proc" }),
      file("/no/such/place", { name: "none" }),
      file(join(place, "f")),
    ],
    true,
  );
  assert.deepEqual(said, [
    "track_file proc: /proc/loadavg cannot be tracked: /proc is on a proc file system",
    "track_file none: /no/such/place cannot be tracked: ENOENT: no such file or directory, statfs '/no/such'",
  ]);
  assert.deepEqual(["proc", "none", "f"].map(value), [0, 0, 8]);
  rmSync(place, { recursive: true });
  await until("0", () => value() === 0);
  tracking.close();
});

// ---- scripts -------------------------------------------------------------------------------------------

const script = (more: Partial<TrackScriptConfig> = {}): TrackScriptConfig => ({
  where: "test:1",
  name: "chk",
  script: { argv: ["/chk"], uid: 0, gid: 0 },
  interval: millis(50),
  timeout: millis(50),
  weight: 0,
  reverse: false,
  rise: 1,
  fall: 1,
  initFail: false,
  ...more,
});

function scripts() {
  const said: string[] = [];
  const runs: ((outcome: ScriptOutcome) => void)[] = [];
  let changes = 0;
  const tracking = new ScriptTracking({
    logger: { write: (line) => said.push(line.text) },
    run: () => new Promise((resolve) => runs.push(resolve)),
    changed: () => {
      changes++;
    },
  });
  const end = async (outcome: ScriptOutcome): Promise<void> => {
    await until("a run", () => runs.length > 0);
    runs.shift()?.(outcome);
    await sleep(1);
  };
  return { tracking, said, runs, end, changes: () => changes, kind: () => tracking.statusOf("chk").kind };
}

test("a script runs at once, is not started beside itself, and says what became of it", async () => {
  const { tracking, said, runs, end, changes, kind } = scripts();
  tracking.apply([script()]);
  assert.equal(runs.length, 1);
  assert.equal(kind(), "pending");
  await until("two skipped runs", () => said.length >= 2);
  assert.equal(said[1], "Track script chk is being timed out, expect idle - skipping run");
  assert.equal(runs.length, 1);
  said.length = 0;
  await end({ kind: "exited", status: 0 });
  assert.equal(kind(), "up");
  await end({ kind: "exited", status: 2 });
  assert.equal(kind(), "down");
  await end({ kind: "failed", code: "EAGAIN" });
  await end({ kind: "exited", status: 0 });
  await end({ kind: "signalled", signal: "SIGKILL" });
  tracking.close();
  assert.deepEqual(
    said.filter((text) => !text.includes("skipping")),
    [
      "VRRP_Script(chk) succeeded",
      "Script `chk` now returning 2",
      "VRRP_Script(chk) failed (exited with status 2)",
      "VRRP_Script(chk) could not be run: EAGAIN",
      "Script `chk` now returning 0",
      "VRRP_Script(chk) succeeded",
      "VRRP_Script(chk) failed (due to signal 9)",
    ],
  );
  assert.equal(changes(), 4);
});

test("a reload keeps the result of the same command, and asks anew for another one", async () => {
  const { tracking, said, runs, end, kind } = scripts();
  tracking.apply([script()]);
  await end({ kind: "exited", status: 0 });
  tracking.apply([script({ interval: millis(500), fall: 3 })]);
  assert.equal(kind(), "up");
  assert.ok(said.includes("VRRP_Script(chk) considered successful on reload"));
  runs.length = 0;
  tracking.apply([script({ script: { argv: ["/other"], uid: 0, gid: 0 } })]);
  assert.equal(kind(), "pending");
  assert.equal(runs.length, 1);
  tracking.apply([]);
  runs.shift()?.({ kind: "exited", status: 1 });
  await sleep(1);
  assert.equal(kind(), "pending");
  tracking.close();
});

// ---- processes -----------------------------------------------------------------------------------------

const word = `${700_000 + (process.pid % 100_000)}`;
const processes = (more: Partial<TrackProcessConfig> = {}): TrackProcessConfig => ({
  where: "test:1",
  name: "p",
  process: "sleep",
  parameters: [word],
  match: "exact",
  fullCommand: true,
  weight: 0,
  reverse: false,
  quorum: 1,
  quorumMax: undefined,
  terminateDelay: 0 as Micros,
  forkDelay: 0 as Micros,
  ...more,
});

async function follows(kernel: Native, said: string[]): Promise<void> {
  const sleepers: ChildProcess[] = [];
  const begin = (): unknown => sleepers.push(spawn("sleep", [word], { stdio: "ignore" }));
  begin();
  await sleep(50);
  const tracking = new ProcessTracking({
    native: kernel,
    clock: monotonicClock,
    logger: { write: (line) => said.push(line.text) },
    changed: () => {},
  });
  try {
    tracking.apply([processes(), processes({ name: "two", quorum: 2 })], undefined);
    assert.equal(tracking.statusOf("p").kind, "up");
    assert.equal(tracking.statusOf("two").kind, "down");
    begin();
    await until("two of them", () => tracking.statusOf("two").kind === "up");
    for (const sleeper of sleepers) sleeper.kill();
    await until("none of them", () => tracking.statusOf("p").kind === "down");
    assert.equal(tracking.statusOf("two").kind, "down");
  } finally {
    for (const sleeper of sleepers) sleeper.kill();
    tracking.close();
  }
}

test("processes that run before, begin and end are counted as the kernel tells", async () => {
  const said: string[] = [];
  await follows(native, said);
  assert.deepEqual(said.filter((text) => text.startsWith("Quorum")).sort(), [
    "Quorum gained for tracked process two",
    "Quorum lost for tracked process p",
    "Quorum lost for tracked process two",
  ]);
});

test("where the kernel does not tell, they are looked up each second", async () => {
  const said: string[] = [];
  const refuses = (): never => {
    throw new DaemonError("socket", 93, "EPROTONOSUPPORT");
  };
  await follows({ ...native, socket: refuses }, said);
  assert.equal(
    said[0],
    "The kernel does not report processes (EPROTONOSUPPORT): tracked processes are looked up every 1000 ms",
  );
});
