/**
 * Our checkers beside Debian's keepalived: the same file, the same servers, which are well, then fail in
 * all their ways, then are well again. IPVS is replaced on both sides (test/bench/fake-ipvs.c), so what is
 * compared is what each says about each real server, in order.
 */
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

const root = join(import.meta.dirname, "../..");
const node = join(root, "dist/node");

const PACE = "delay_loop 1\nwarmup 0\nretry 1\ndelay_before_retry 1\nconnect_timeout 1\n";
const misc = (how: string, more = ""): string =>
  `MISC_CHECK {\nmisc_path "DIR/misc.sh ${how}"\nmisc_timeout 1\nwarmup 0\ndelay_loop 1\ndelay_before_retry 1\n${more}\n}`;
const probe = (kind: string, port: number, more = ""): string =>
  `${kind} {\n${PACE}connect_port ${port}\n${more}\n}`;
const ssl = (port: number, more = ""): string => probe("SSL_GET", port, `url {\npath /\n${more}}\n`);

/** One real server each; the ports are those of interop-servers.mjs. */
const CHECKS: readonly string[] = [
  misc("0 1"),
  misc("0 1", "retry 2"),
  misc("0 1", "alpha"),
  misc("12 32", "misc_dynamic"),
  misc("12 1", "misc_dynamic"),
  misc("0 s"),
  misc("0 k"),
  misc("1 12", "misc_dynamic"),
  probe("PING_CHECK", 1),
  `PING_CHECK {\n${PACE}connect_ip 203.0.113.1\n}`,
  probe("UDP_CHECK", 5001, "require_reply"),
  probe("UDP_CHECK", 5001, "require_reply 6f78"),
  probe("UDP_CHECK", 5001, "require_reply 6fxb\nmin_reply_length 2"),
  probe("UDP_CHECK", 5002),
  probe("UDP_CHECK", 5001, "alpha"),
  probe("DNS_CHECK", 5301, "name example.org\ntype A"),
  probe("DNS_CHECK", 5302),
  probe("DNS_CHECK", 5309),
  ...[2501, 2502, 2503, 2504, 2505, 2506, 2507, 2599].map((port) => probe("SMTP_CHECK", port)),
  ssl(8443, "status_code 200\n"),
  ssl(8446, "digest 5d41402abc4b2a76b9719d911017c592\n"),
  ssl(8444),
  ssl(8445),
  ssl(8447),
  ssl(8448),
];

function configOf(directory: string): string {
  const servers = CHECKS.map((check, i) => `real_server 127.0.0.1 ${1001 + i} {\nweight 5\n${check}\n}\n`);
  const global =
    "global_defs {\nscript_user root\nenable_script_security\nchecker_log_all_failures true\n}\n";
  const head = "virtual_server 10.99.0.1 80 {\ndelay_loop 1\nlvs_sched rr\nlvs_method NAT\nprotocol TCP\n";
  return `${global}${head}${servers.join("")}}\n`.replaceAll("DIR", directory);
}

/** How long each of the three phases lasts, in milliseconds. */
const PHASE = 7000;

/** Runs one daemon with servers of its own in a namespace of its own. @returns its lines */
async function run(directory: string, command: readonly string[]): Promise<string> {
  const script = 'ip link set lo up; n="$0"; s="$1"; d="$2"; shift 2; "$n" "$s" "$d" & sleep 0.5; exec "$@"';
  const servers = join(root, "test/checkers/interop-servers.mjs");
  const child: ChildProcess = spawn(
    "unshare",
    ["-n", "sh", "-c", script, node, servers, directory, ...command],
    { env: { ...process.env, PHASE: String(PHASE) }, stdio: ["ignore", "pipe", "pipe"] },
  );
  let out = "";
  child.stdout?.on("data", (data) => {
    out += data;
  });
  child.stderr?.on("data", (data) => {
    out += data;
  });
  await sleep(3 * PHASE - 1000);
  child.kill("SIGTERM");
  await new Promise((resolve) => child.once("close", resolve));
  return out;
}

/** What is said about each real server, without repetitions, times and directories. */
function byServer(log: string, directory: string): Readonly<Record<string, readonly string[]>> {
  const said: Record<string, string[]> = {};
  for (const raw of log.split("\n")) {
    const line = raw.replace(/^.*? \d{4}: /, "").replaceAll(directory, "");
    if (/^(Activating|Shutting|Gained|Lost)/.test(line)) continue;
    const key = /127\.0\.0\.1\]:(?:tcp:)?(\d+)/.exec(line)?.[1];
    if (key === undefined) continue;
    said[key] ??= [];
    if (said[key].at(-1) !== line) said[key].push(line);
  }
  return said;
}

test("every kind of checker says the same as Debian's through good, bad and good times", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "checkers-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const place = (name: string): string => {
    const own = join(directory, name);
    execFileSync("mkdir", [own]);
    writeFileSync(join(own, "phase"), "0");
    writeFileSync(
      join(own, "misc.sh"),
      `#!/bin/sh\n[ "$(cat ${own}/phase)" = 0 ] && a=$1 || a=$2\ncase $a in s) exec sleep 20;; k) kill -9 $$;; *) exit $a;; esac\n`,
      { mode: 0o700 },
    );
    writeFileSync(join(own, "checks.conf"), configOf(own));
    const request = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test.example";
    const files = ["-keyout", join(own, "key.pem"), "-out", join(own, "cert.pem")];
    execFileSync("openssl", [...request.split(" "), ...files], { stdio: "ignore" });
    return own;
  };
  const [theirs, ours] = [place("theirs"), place("ours")];
  const library = join(directory, "fake-ipvs.so");
  execFileSync("cc", ["-shared", "-fPIC", "-o", library, join(root, "test/bench/fake-ipvs.c")]);
  const config = (own: string): string => join(own, "checks.conf");
  const pids = ["-p", join(theirs, "pid"), "-c", join(theirs, "checker.pid")];
  const [c, our] = await Promise.all([
    run(theirs, [
      "env",
      `LD_PRELOAD=${library}`,
      "keepalived",
      "-n",
      "-l",
      "-C",
      "-f",
      config(theirs),
      ...pids,
    ]),
    run(ours, [node, join(root, "test/bench/checker-host.ts"), config(ours), "--log"]),
  ]);
  const expected = byServer(c, theirs);
  assert.equal(Object.keys(expected).length >= CHECKS.length, true, c);
  assert.deepEqual(byServer(our, ours), expected);
});
