/**
 * Runs the VRRP child's role by itself, without a parent: reads a model as JSON, again at SIGHUP, stops
 * at SIGTERM. Lines go to standard output, the last snapshot to MODEL.state.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { monotonicClock } from "../../src/base/clock.ts";
import type { ConfigModel } from "../../src/config/model.ts";
import { createVrrpChild } from "../../src/daemon/vrrp.ts";
import { loadNative } from "../../src/net/native.ts";

const path = process.argv[2] ?? "model.json";
const read = (): ConfigModel => JSON.parse(readFileSync(path, "utf8")) as ConfigModel;
const child = createVrrpChild({
  native: loadNative(),
  clock: monotonicClock,
  logger: { write: (line) => process.stdout.write(`${line.text}\n`) },
  scripts: {
    run: async (script, extra) => {
      const [command = "false", ...args] = script.argv;
      const { status } = spawnSync(command, [...args, ...extra]);
      return { kind: "exited", status: status ?? -1 };
    },
    end: () => {},
    drain: async () => {},
  },
  options: {
    logDetail: true,
    logConsole: true,
    logFormat: "text",
    syslog: false,
    logFacility: 3,
    logFile: undefined,
    ident: "Keepalived_vrrp",
    dontReleaseVrrp: process.argv.includes("-V"),
    dontReleaseIpvs: false,
    releaseVips: false,
    netNamespace: undefined,
  },
  onBfd: () => {},
  giveUp: (status) => process.exit(status),
  alert: () => {},
  remember: (memory) => writeFileSync(`${path}.memory`, JSON.stringify(memory)),
  remembered: () =>
    existsSync(`${path}.memory`) ? JSON.parse(readFileSync(`${path}.memory`, "utf8")) : undefined,
  publish: (state) => {
    // Readers never see half of it.
    writeFileSync(`${path}.state.new`, JSON.stringify(state));
    renameSync(`${path}.state.new`, `${path}.state`);
  },
});
let generation = 1;
await child.configure(read(), generation);
process.on("SIGHUP", () => {
  generation++;
  void child.configure(read(), generation).then((summary) => process.stdout.write(`reloaded: ${summary}\n`));
});
process.on("SIGTERM", () => {
  void child.stop().then(() => process.exit(0));
});
