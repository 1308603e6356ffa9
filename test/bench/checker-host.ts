/**
 * Our checkers with real sockets, scripts and timers, and an IPVS that accepts everything: the counterpart of
 * the C daemon with fake-ipvs.c. Arguments: the configuration file, and --log for its lines on the standard
 * output. Ends on SIGTERM.
 */
import { constants } from "node:os";
import { monotonicClock } from "../../src/base/clock.ts";
import { CheckerRuntime } from "../../src/checkers/runtime.ts";
import { loadConfig } from "../../src/config/load.ts";
import { nodeConfigSystem } from "../../src/config/node-system.ts";
import { PingRange } from "../../src/daemon/ping-range.ts";
import { NativeProbeIo } from "../../src/daemon/probe-io.ts";
import { diffTables } from "../../src/ipvs/diff.ts";
import type { LogLine } from "../../src/log/entry.ts";
import { loadNative } from "../../src/net/native.ts";
import { ScriptQueues } from "../../src/script/queue.ts";
import { startScript } from "../../src/script/run.ts";

const logger =
  process.argv[3] === "--log"
    ? { write: (line: LogLine) => console.log(line.text) }
    : { write: () => {}, silent: true };
const queues = new ScriptQueues(startScript);
const native = loadNative();
new PingRange(logger).open();
native.raiseFileLimit(1 << 20);
const { model } = loadConfig(
  process.argv[2] ?? "",
  nodeConfigSystem(() => undefined),
);
if (model === undefined) throw new Error("the configuration has errors");
const runtime = new CheckerRuntime({
  io: new NativeProbeIo(native),
  openTls: async () => {
    const { credentials, TlsProbeIo } = await import("../../src/daemon/tls-io.ts");
    return new TlsProbeIo(
      new NativeProbeIo(native),
      credentials(model.ssl, () => {}),
    );
  },
  clock: monotonicClock,
  random: Math.random,
  logger,
  scripts: {
    run: async (script, extraArgs, { queue, timeout }) => {
      const result = await queues.submit({ id: 0, script, extraArgs, queue, timeoutMicros: timeout });
      if (result.kind !== "signalled") return result;
      return { kind: "signalled", signal: constants.signals[result.signal as NodeJS.Signals] };
    },
    end: (end) => queues.end(end),
    drain: async () => {},
  },
  publish: () => {},
  timer: (expired) => native.timer(expired),
  defer: (callback) => {
    setImmediate(callback);
  },
  openIpvs: () => ({
    dump: () => new Map(),
    diff: diffTables,
    apply: (operations) => operations.map(() => undefined),
    flush: () => {},
    close: () => {},
  }),
});
runtime.configure(model);
process.on("SIGTERM", () => process.exit(0));
