/**
 * Our checkers with real sockets and timers, and an IPVS that accepts everything: the counterpart of
 * fake-ipvs.c. Argument: the configuration file. Ends on SIGTERM.
 */
import { monotonicClock } from "../../src/base/clock.ts";
import { CheckerRuntime } from "../../src/checkers/runtime.ts";
import { loadConfig } from "../../src/config/load.ts";
import { nodeConfigSystem } from "../../src/config/node-system.ts";
import { NativeProbeIo } from "../../src/daemon/probe-io.ts";
import { diffTables } from "../../src/ipvs/diff.ts";
import { loadNative } from "../../src/net/native.ts";

const native = loadNative();
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
  logger: { write: () => {} },
  scripts: { run: async () => ({ kind: "exited", status: 0 }), end: () => {}, drain: async () => {} },
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
