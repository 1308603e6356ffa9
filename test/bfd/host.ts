/**
 * Runs the BFD sessions by themselves, without a parent: reads a list of sessions as JSON, again at SIGHUP,
 * stops at SIGTERM. Lines of the log, what listeners are told (`told NAME up`) and at SIGUSR1 the snapshot go to
 * standard output.
 */
import { readFileSync } from "node:fs";
import { monotonicClock } from "../../src/base/clock.ts";
import { BfdRuntime } from "../../src/bfd/runtime.ts";
import type { BfdInstanceConfig } from "../../src/config/model.ts";
import { loadNative } from "../../src/net/native.ts";

const path = process.argv[2] ?? "sessions.json";
const read = () => JSON.parse(readFileSync(path, "utf8")) as readonly BfdInstanceConfig[];
const say = (line: string): boolean => process.stdout.write(`${line}\n`);
const runtime = new BfdRuntime({
  native: loadNative(),
  clock: monotonicClock,
  logger: { write: (line) => say(line.text) },
  random: Math.random,
  notify: ({ name }, up) => say(`told ${name} ${up ? "up" : "down"}`),
  onChange: () => {},
});
if (runtime.apply(read()) === undefined) process.exit(1);
process.on("SIGHUP", () => say(`reloaded ${JSON.stringify(runtime.apply(read()))}`));
process.on("SIGUSR1", () => say(`snapshot ${JSON.stringify(runtime.snapshot())}`));
process.on("SIGTERM", () => {
  runtime.stop();
  process.exit(0);
});
say("listening to signals");
