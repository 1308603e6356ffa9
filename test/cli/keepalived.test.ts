/** The executable as scripts and monitoring call it: what it prints where, how it ends, what it leaves alone. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "kpa-cli-"));
after(() => fs.rmSync(folder, { recursive: true }));

function keepalived(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const program = path.resolve("src/cli/keepalived.ts");
  const done = spawnSync(process.execPath, [program, ...args], {
    encoding: "utf8",
    cwd: folder,
    timeout: 30_000,
  });
  return { status: done.status, stdout: done.stdout, stderr: done.stderr };
}

function write(name: string, text: string): string {
  const file = path.join(folder, name);
  fs.writeFileSync(file, text);
  return file;
}

const good = write("good.conf", "global_defs {\n  router_id here\n}\n");

test("--version says the name exporters look for, on standard error", () => {
  const { status, stdout, stderr } = keepalived("-v");
  assert.equal(status, 0);
  assert.equal(stdout, "");
  assert.match(stderr, /^Keepalived v\d+\.\d+\.\d+ \(\d\d\/\d\d,\d{4}\)\n/);
  assert.ok(stderr.split("\n").length > 2);
});

test("--help goes to standard error and is a success", () => {
  const { status, stdout, stderr } = keepalived("--help");
  assert.deepEqual([status, stdout], [0, ""]);
  assert.match(stderr, /--log-console/);
});

for (const [name, number] of [
  ["STOP", "15"],
  ["RELOAD", "1"],
  ["DATA", "10"],
  ["STATS", "12"],
  ["STATS_CLEAR", "63"],
  ["JSON", "36"],
  ["TDUMP", "64"],
] as const) {
  test(`--signum=${name} prints ${number}`, () => {
    assert.deepEqual(keepalived(`--signum=${name}`), { status: 0, stdout: `${number}\n`, stderr: "" });
  });
}

test("an unknown signal name, an unknown option and a missing value end with 1", () => {
  assert.deepEqual(keepalived("--signum=FOO"), { status: 1, stdout: "", stderr: "Unknown sigfunc FOO\n" });
  assert.deepEqual(keepalived("--bogus"), { status: 1, stdout: "", stderr: "Unknown option --bogus\n" });
  assert.deepEqual(keepalived("-f"), { status: 1, stdout: "", stderr: "Missing parameter for option -f\n" });
});

test("words without an option are named and ignored", () => {
  const { status, stderr } = keepalived("-t", "-f", good, "x", "y");
  assert.deepEqual([status, stderr], [0, "Unexpected argument(s): x y\n"]);
});

test("a good configuration passes without a word, a missing one is 4", () => {
  assert.deepEqual(keepalived("-t", "-f", good), { status: 0, stdout: "", stderr: "" });
  const missing = keepalived("-t", "-f", "nowhere.conf");
  assert.equal(missing.status, 4);
  assert.match(missing.stderr, /nowhere\.conf/);
});

test("an unknown word is 5, with file, line and column", () => {
  const bad = write("bad.conf", "global_defs {\n  no_such_word 1\n}\n");
  const { status, stderr } = keepalived("-t", "-f", bad);
  assert.equal(status, 5);
  assert.match(stderr, /bad\.conf:2:3: error: .*\[[a-z-]+\]\n/);
});

const trap = write(
  "trap.conf",
  `vrrp_instance V1 {
  interface lo0
  virtual_router_id 51
  virtual_ipaddress { 192.0.2.1/24 }
  authentication {
    auth_type PASS
    auth_pass ab#cd
  }
}
global_defs {
  dynamic_interfaces
}
`,
);

test("a trap is a warning without effect on the status, and an error with --strict", () => {
  const lenient = keepalived("-t", "-f", trap);
  assert.equal(lenient.status, 0);
  assert.match(lenient.stderr, /trap\.conf:7:17: warning: .* \[password-comment\]\n/);
  const strict = keepalived("-t", "--strict", "-f", trap);
  assert.deepEqual([strict.status, strict.stderr], [5, lenient.stderr]);
  assert.deepEqual(keepalived("-t", "--strict", "-f", good), { status: 0, stdout: "", stderr: "" });
});

test("--json prints an array on standard output, with the same status", () => {
  const { status, stdout, stderr } = keepalived("-t", "--json", "-f", trap);
  assert.deepEqual([status, stderr], [0, ""]);
  const found: unknown[] = JSON.parse(stdout).filter((d: { code: string }) => d.code === "password-comment");
  assert.deepEqual(found, [
    {
      code: "password-comment",
      severity: "warning",
      file: trap,
      start: { line: 7, column: 17 },
      end: { line: 7, column: 18 },
      message: "# begins a comment, so that auth_pass ends before it; write the password in double quotes",
      related: [],
    },
  ]);
  assert.deepEqual(keepalived("-t", "--json", "-f", good).stdout, "[]\n");
});

test("--dump-config shows what counts, and no password unless told to", () => {
  const masked = keepalived("--dump-config", "-f", trap);
  assert.equal(masked.status, 0);
  assert.match(masked.stdout, /\n {4}priority 100\n/);
  assert.match(masked.stdout, /\n {8}auth_pass \*+\n/);
  assert.match(keepalived("--dump-config=secrets", "-f", trap).stdout, /\n {8}auth_pass ab\n/);
  assert.equal(keepalived("--dump-config", "-f", "nowhere.conf").status, 4);
});

test("--explain knows messages and keywords, --keywords lists them", () => {
  assert.match(keepalived("--explain", "password-comment").stdout, /^password-comment \(warning/);
  assert.match(keepalived("--explain", "advert_int").stdout, /unit: +seconds/);
  assert.deepEqual(keepalived("--explain", "advert_itn"), {
    status: 1,
    stdout: "",
    stderr: "advert_itn is neither a keyword nor the code of a message; did you mean advert_int?\n",
  });
  assert.match(keepalived("--keywords").stdout, /^vrrp_instance\tpriority\tworks$/m);
});

test("--config-test=FILE appends the messages to the file, which becomes 0644, and never follows a link", () => {
  const bad = write("worse.conf", "no_such_block {\n}\n");
  const out = path.join(folder, "messages");
  for (let i = 0; i < 2; i++) assert.equal(keepalived(`-t${out}`, "-f", bad).stderr, "");
  assert.equal(fs.readFileSync(out, "utf8").match(/worse\.conf:1:1: /g)?.length, 2);
  assert.equal(fs.statSync(out).mode & 0o777, 0o644);
  const precious = write("precious", "precious");
  fs.symlinkSync(precious, path.join(folder, "link"));
  assert.notEqual(keepalived(`-t${folder}/link`, "-f", bad).status, 0);
  assert.equal(fs.readFileSync(precious, "utf8"), "precious");
});

test("in the background the daemon has its own session, lives in /, and the foreground ends when it is up", () => {
  const log = path.join(folder, "k.log");
  const files = ["-p", "k.pid", "-r", "v.pid", "-c", "c.pid"];
  const started = keepalived("-G", "-D", `-g${log}`, "-f", "good.conf", ...files);
  assert.deepEqual(started, { status: 0, stdout: "", stderr: "" });
  const pid = Number(fs.readFileSync(path.join(folder, "k.pid"), "utf8"));
  const [, , , session] = /\) \w (\d+) (\d+) (\d+)/.exec(fs.readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
  assert.equal(Number(session), pid);
  assert.equal(fs.readlinkSync(`/proc/${pid}/cwd`), "/");
  for (const fd of [0, 1, 2]) assert.equal(fs.readlinkSync(`/proc/${pid}/fd/${fd}`), "/dev/null");
  assert.match(fs.readFileSync(`/proc/${pid}/environ`, "latin1"), /PATH=/);
  process.kill(pid, "SIGTERM");
  for (let i = 0; i < 500 && fs.existsSync(path.join(folder, "k.pid")); i++)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
  assert.match(
    fs.readFileSync(log, "utf8"),
    /: Warning - keepalived has no configuration to run\n(.*\n)*.*: Stopping\n/,
  );
});

test("a start in the background that fails ends with the daemon's own status", () => {
  assert.equal(keepalived("-G", "-f", "nowhere.conf", "-p", "x.pid").status, 6);
});
