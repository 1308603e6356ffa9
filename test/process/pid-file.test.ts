import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { loadNative } from "../../src/net/native.ts";
import { isLocked, PidFile } from "../../src/process/pid-file.ts";

const native = loadNative();
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "kpa-pid-"));
after(() => fs.rmSync(folder, { recursive: true }));

const holder = `
  import { loadNative } from ${JSON.stringify(path.resolve("src/net/native.ts"))};
  import { PidFile } from ${JSON.stringify(path.resolve("src/process/pid-file.ts"))};
  const file = PidFile.acquire(loadNative(), process.argv[1]);
  process.stdout.write(file === undefined ? "refused" : "held");
  setInterval(() => {}, 1000);`;

/** Another process that takes the file and keeps it until it is killed. */
async function otherProcess(file: string): Promise<{ said: string; pid: number; kill(): Promise<void> }> {
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", holder, file], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said] = await once(child.stdout, "data");
  return {
    said: String(said),
    pid: child.pid ?? 0,
    async kill() {
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

test("the file says the pid and a newline, and is 0644 whatever the umask", () => {
  const file = path.join(folder, "new/dir/a.pid");
  const before = process.umask(0o177);
  fs.mkdirSync(path.join(folder, "new"), { mode: 0o755 });
  fs.chmodSync(path.join(folder, "new"), 0o755);
  process.umask(0o077);
  const held = PidFile.acquire(native, file);
  process.umask(before);
  assert.equal(fs.readFileSync(file, "utf8"), `${process.pid}\n`);
  assert.equal(fs.statSync(file).mode & 0o777, 0o644);
  held?.release();
  assert.equal(fs.existsSync(file), false);
});

test("a second process is refused while the first lives, and not by what it leaves behind when killed", async () => {
  const file = path.join(folder, "b.pid");
  const first = await otherProcess(file);
  assert.equal(first.said, "held");
  assert.equal(isLocked(native, file), true);
  assert.equal(PidFile.acquire(native, file), undefined);
  assert.equal(fs.readFileSync(file, "utf8"), `${first.pid}\n`);
  const second = await otherProcess(file);
  assert.equal(second.said, "refused");
  await second.kill();
  await first.kill();
  assert.equal(fs.existsSync(file), true, "the killed process left its file");
  assert.equal(isLocked(native, file), false);
  const mine = PidFile.acquire(native, file);
  assert.equal(fs.readFileSync(file, "utf8"), `${process.pid}\n`);
  mine?.release();
});

test("a symbolic link is refused and its target untouched", () => {
  const target = path.join(folder, "target");
  fs.writeFileSync(target, "precious");
  const link = path.join(folder, "link.pid");
  fs.symlinkSync(target, link);
  assert.throws(() => PidFile.acquire(native, link), { code: "ELOOP" });
  assert.equal(fs.readFileSync(target, "utf8"), "precious");
});

test("a file that was replaced is written again", () => {
  const file = path.join(folder, "c.pid");
  const held = PidFile.acquire(native, file);
  fs.unlinkSync(file);
  held?.restore();
  assert.equal(fs.readFileSync(file, "utf8"), `${process.pid}\n`);
  assert.equal(isLocked(native, file), true);
  held?.release();
});

test("release leaves a file that somebody else put there", () => {
  const file = path.join(folder, "d.pid");
  const held = PidFile.acquire(native, file);
  fs.unlinkSync(file);
  fs.writeFileSync(file, "other\n");
  held?.release();
  assert.equal(fs.readFileSync(file, "utf8"), "other\n");
});
