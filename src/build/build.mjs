/**
 * Builds dist/: the runtime, the native shim, the launchers and one bundle per process. Plain
 * JavaScript for whatever Node runs npm (18 or newer). Every output is replaced by rename, so that a
 * daemon or a test that runs from dist/ meanwhile never sees half a file. What is up to date is kept.
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const dist = path.join(root, "dist");
const runtime = path.join(root, "node_modules", `node-linux-${process.arch}`);
const launchers = ["keepalived", "ipvsadm", "lvscli"];

/** Bundle name in dist/ and its entry point. */
const bundles = [
  { name: "keepalived", entry: "src/cli/keepalived.ts", split: true },
  { name: "vrrp", entry: "src/daemon/vrrp-main.ts" },
  { name: "checker", entry: "src/daemon/checker-main.ts" },
  { name: "bfd", entry: "src/daemon/bfd-main.ts" },
  { name: "script-runner", entry: "src/daemon/script-runner.ts" },
  { name: "ipvsadm", entry: "src/cli/ipvsadm.ts" },
  { name: "lvscli", entry: "src/cli/lvscli.ts" },
];

const warnings = ["-Wall", "-Wextra", "-Werror", "-Wshadow", "-Wstrict-prototypes", "-Wmissing-prototypes"];

/** Puts `content` in place atomically. */
function replace(target, content, mode) {
  const temporary = `${target}.${process.pid}.tmp`;
  fs.writeFileSync(temporary, content, { mode });
  fs.renameSync(temporary, target);
}

function isNewer(target, sources) {
  if (!fs.existsSync(target)) return false;
  const made = fs.statSync(target).mtimeMs;
  return sources.every((s) => fs.existsSync(s) && fs.statSync(s).mtimeMs <= made);
}

/** A hard link where the file system allows it: the runtime is 120 MB. */
function installRuntime() {
  const from = path.join(runtime, "bin/node");
  const to = path.join(dist, "node");
  if (!fs.existsSync(from)) throw new Error(`${from} is missing; run "npm ci" (without --omit=optional)`);
  const a = fs.statSync(from);
  const b = fs.existsSync(to) ? fs.statSync(to) : undefined;
  if (b !== undefined && a.size === b.size && Math.abs(a.mtimeMs - b.mtimeMs) < 1000) return;
  const temporary = `${to}.${process.pid}.tmp`;
  try {
    fs.linkSync(from, temporary);
  } catch {
    fs.copyFileSync(from, temporary, fs.constants.COPYFILE_FICLONE);
    fs.utimesSync(temporary, a.atime, a.mtime);
  }
  fs.chmodSync(temporary, 0o755);
  fs.renameSync(temporary, to);
}

function compile(target, source, flags) {
  const from = path.join(root, source);
  if (isNewer(target, [from, fileURLToPath(import.meta.url)])) return;
  const temporary = `${target}.${process.pid}.tmp`;
  const compiler = process.env.CC ?? "gcc";
  const done = spawnSync(compiler, ["-O2", "-std=gnu11", ...warnings, ...flags, "-o", temporary, from], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (done.error !== undefined) throw new Error(`${compiler}: ${done.error.message}; install gcc`);
  if (done.status !== 0) throw new Error(`${compiler} could not compile ${source}`);
  fs.renameSync(temporary, target);
}

function compileNative() {
  const headers = path.join(runtime, "include/node");
  compile(path.join(dist, "native.node"), "src/native/shim.c", [
    "-shared",
    "-fPIC",
    "-fvisibility=hidden",
    "-DNAPI_VERSION=8",
    "-isystem",
    headers,
    "-s",
  ]);
  for (const name of launchers) compile(path.join(dist, name), "src/native/launcher.c", ["-s"]);
}

/** pino's worker transports are never used: without them the VRRP process loads no worker code. */
const withoutTransports = {
  name: "without-transports",
  setup(build) {
    const stub = { path: "stub", namespace: "stub" };
    build.onResolve({ filter: /^(thread-stream|pino-abstract-transport|pino-pretty)$/ }, () => stub);
    build.onLoad({ filter: /.*/, namespace: "stub" }, () => ({ contents: "module.exports = undefined" }));
  },
};

async function bundle({ name, entry, split = false }) {
  const result = await esbuild.build({
    absWorkingDir: root,
    entryPoints: { [name]: entry },
    bundle: true,
    splitting: split,
    chunkNames: `${name}-[name]-[hash]`,
    outExtension: { ".js": ".mjs" },
    outdir: dist,
    write: false,
    platform: "node",
    format: "esm",
    target: "node24",
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "none",
    logLevel: "warning",
    plugins: [withoutTransports],
    // CommonJS packages inside the bundle call require() for Node's own modules
    banner: {
      js: 'import{createRequire as bundleRequire}from"node:module";const require=bundleRequire(import.meta.url);',
    },
  });
  // parts before the whole: the entry names them
  for (const file of [...result.outputFiles].reverse()) replace(file.path, file.contents, 0o644);
  if (!split) return;
  const current = new Set(result.outputFiles.map((f) => path.basename(f.path)));
  for (const f of fs.readdirSync(dist))
    if (f.startsWith(`${name}-`) && f.endsWith(".mjs") && !current.has(f)) fs.rmSync(path.join(dist, f));
}

/** What npm packages inside the bundles want to be shipped with them. */
function collectLicenses() {
  const parts = [];
  for (const name of ["chevrotain", "netlink", "pino", "yargs", "yargs-parser"]) {
    const folder = path.join(root, "node_modules", name);
    if (!fs.existsSync(folder)) continue;
    const file = fs.readdirSync(folder).find((f) => /^licen[cs]e/i.test(f));
    if (file !== undefined)
      parts.push(`== ${name}\n\n${fs.readFileSync(path.join(folder, file), "utf8").trim()}\n`);
  }
  replace(path.join(dist, "THIRD-PARTY-LICENSES"), parts.join("\n"), 0o644);
}

fs.mkdirSync(dist, { recursive: true });
const failures = [];
for (const step of [installRuntime, compileNative, collectLicenses]) {
  try {
    step();
  } catch (error) {
    failures.push(error.message);
  }
}
for (const [i, done] of (await Promise.allSettled(bundles.map(bundle))).entries()) {
  if (done.status === "rejected") failures.push(`bundle ${bundles[i].name}: ${done.reason.message}`);
}
for (const failure of failures) console.error(`build: ${failure}`);
process.exitCode = failures.length === 0 ? 0 : 1;
