import assert from "node:assert/strict";
import { test } from "node:test";
import type { ScriptStat } from "../../src/config/load.ts";
import { becomesRoot, type ScriptLink, weakComponent } from "../../src/config/scripts-check.ts";

const root: ScriptStat = { isFile: false, mode: 0o755, uid: 0, gid: 0 };
const file: ScriptStat = { ...root, isFile: true };
const stats: Readonly<Record<string, ScriptStat>> = {
  "/": root,
  "/etc": root,
  "/opt": root,
  "/opt/ok": file,
  "/home": root,
  "/home/u": { ...root, uid: 1000, gid: 1000 },
  "/home/u/run": file,
  "/tmp": { ...root, mode: 0o1777 },
  "/etc/direct": file,
};
const links: Readonly<Record<string, ScriptLink>> = {
  "/etc/good": { target: "../opt/ok", uid: 0 },
  "/etc/bad": { target: "/home/u/run", uid: 0 },
  "/etc/detour": { target: "/home/u/back", uid: 0 },
  "/home/u/back": { target: "/opt/ok", uid: 1000 },
  "/tmp/theirs": { target: "/opt/ok", uid: 1000 },
  "/tmp/ours": { target: "/opt/ok", uid: 0 },
  "/etc/loop": { target: "/etc/loop", uid: 0 },
  "/etc/far": { target: "/opt", uid: 1000 },
};

function weak(path: string): string | undefined {
  const found = weakComponent(
    path,
    (p) => stats[p],
    (p) => links[p],
  );
  return found === undefined ? undefined : `${found.path}: ${found.why}; ${found.fix}`;
}

test("a link that leads through directories of root alone is sound", () => {
  assert.equal(weak("/etc/direct"), undefined);
  assert.equal(weak("/etc/good"), undefined);
  assert.equal(weak("/etc/../etc/./good"), undefined);
  assert.equal(weak("/etc/far/ok"), undefined);
  assert.equal(weak("/tmp/ours"), undefined);
  assert.equal(weak("/etc/loop"), undefined);
});

test("a directory that only a link leads through counts too", () => {
  const home = "/home/u: owned by uid 1000 and gid 1000, mode 0755; chown root /home/u";
  assert.equal(weak("/etc/bad"), home);
  assert.equal(weak("/etc/detour"), home);
});

test("a stranger's link in a sticky directory can be pointed elsewhere", () => {
  assert.equal(weak("/tmp/theirs"), "/tmp/theirs: a link owned by uid 1000; chown -h root /tmp/theirs");
});

test("a file of root with set-user-ID runs as root whoever starts it", () => {
  assert.equal(becomesRoot({ ...file, mode: 0o4755 }), true);
  assert.equal(becomesRoot({ ...file, mode: 0o2755 }), true);
  assert.equal(becomesRoot(file), false);
  assert.equal(becomesRoot({ ...file, mode: 0o4755, uid: 1000 }), false);
});
