/**
 * The static checks: types, lint and format, architecture. Each runs even when one before it failed.
 */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const bin = path.join(root, "node_modules/.bin");
const runtime = path.join(root, "node_modules", `node-linux-${process.arch}`, "bin/node");

const checks = [
  ["types", path.join(bin, "tsc"), "-p", "."],
  ["lint and format", path.join(bin, "biome"), "check", "--error-on-warnings", "--log-level=warn", "."],
  ["architecture", runtime, "--test", "--test-reporter=dot", "test/architecture.test.ts"],
];

let failed = 0;
for (const [name, command, ...args] of checks) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (error !== undefined) console.error(`check: ${command}: ${error.message}`);
  if (status !== 0) failed++;
  console.log(`check: ${name} ${status === 0 ? "ok" : "FAILED"}`);
}
process.exitCode = failed === 0 ? 0 : 1;
