/**
 * The checker child: joins the checkers' shell with the kernel's table, the sockets and the process
 * around it. Decides nothing about health.
 */
import { constants } from "node:os";
import type { SecureContext } from "node:tls";
import type { ScriptEnded } from "../checkers/checker.ts";
import type { IpvsPort } from "../checkers/kernel-table.ts";
import { CheckerRuntime } from "../checkers/runtime.ts";
import { sameConfig } from "../checkers/same-config.ts";
import { bfdKey } from "../checkers/verdict-signal.ts";
import type { ConfigModel, GlobalDefs } from "../config/model.ts";
import type { TrackFileConfig } from "../config/model-vrrp.ts";
import { diffTables } from "../ipvs/diff.ts";
import { IpvsKernel } from "../ipvs/runtime.ts";
import { bfdEventLine } from "../log/catalogue/bfd.ts";
import { checkerLine } from "../log/catalogue/checkers.ts";
import type { Native } from "../net/native-api.ts";
import type { ScriptResult } from "../script/request.ts";
import type { CheckerFiles } from "./checker-files.ts";
import type { ChildContext, ChildHandlers, ChildRoleFactory } from "./child-api.ts";
import { PingRange } from "./ping-range.ts";
import { NativeProbeIo } from "./probe-io.ts";
import type { SyncDaemonRunner } from "./sync-daemon.ts";

/** Every check in progress holds a descriptor. */
const WANTED_FILES = 1 << 20;

export const createCheckerChild: ChildRoleFactory = (context: ChildContext): ChildHandlers => {
  const { native, clock, logger, scripts, options } = context;
  native.raiseFileLimit(WANTED_FILES);
  const io = new NativeProbeIo(native);
  let ssl: ConfigModel["ssl"];
  /** made of `ssl` with the first check that needs it */
  let secureContext: SecureContext | undefined;
  const runtime = new CheckerRuntime({
    io,
    openTls: async () => {
      const { credentials, TlsProbeIo } = await import("./tls-io.ts");
      secureContext ??= credentials(ssl, (what, error) =>
        logger.write(
          checkerLine({ id: "ssl-file-failed", fields: { what, where: ssl?.where ?? "", error } }),
        ),
      );
      return new TlsProbeIo(io, secureContext);
    },
    clock,
    random: Math.random,
    logger,
    scripts: {
      run: async (script, extraArgs, how) => withNumber(await scripts.run(script, extraArgs, how)),
      end: (end) => scripts.end(end),
      drain: (limit) => scripts.drain(limit),
    },
    publish: (state) => context.publish(state),
    timer: (expired) => native.timer(expired),
    defer: (callback) => {
      setImmediate(callback);
    },
    openIpvs: () => openIpvs(native),
  });
  const pingRange = new PingRange(logger);
  context.onBfd((notice) => {
    logger.write(bfdEventLine(notice, clock.now()));
    runtime.tell(bfdKey(notice.session), { kind: "bfd", up: notice.up });
  });
  let files: CheckerFiles | undefined;
  let flushOnStop: GlobalDefs["lvsFlushOnStop"] = "no";
  let syncDaemon: SyncDaemonRunner | undefined;
  return {
    async configure(model) {
      flushOnStop = model.global.lvsFlushOnStop;
      // With an instance the VRRP process runs it, in the role of that instance.
      const { lvsSyncDaemon } = model.global;
      const both = lvsSyncDaemon?.instance === undefined ? lvsSyncDaemon : undefined;
      if (both !== undefined && syncDaemon === undefined) {
        const { SyncDaemonRunner } = await import("./sync-daemon.ts");
        syncDaemon = new SyncDaemonRunner(native, logger);
      }
      syncDaemon?.configure(both, ["master", "backup"], 0);
      if (!sameConfig(ssl, model.ssl)) secureContext = undefined;
      ssl = model.ssl;
      const wanted = filesOf(model);
      if (files === undefined && wanted.length > 0) {
        const { CheckerFiles } = await import("./checker-files.ts");
        files = new CheckerFiles(native, logger, (key, signal) => runtime.tell(key, signal));
      }
      files?.apply(wanted);
      if (hasPing(model)) pingRange.open();
      else pingRange.restore();
      return runtime.configure(model);
    },
    async stop() {
      syncDaemon?.close();
      files?.close();
      await runtime.stop(!options.dontReleaseIpvs, flushOnStop);
      pingRange.restore();
    },
  };
};

/** The track files that checkers follow. */
function filesOf({ trackFiles = [], virtualServers }: ConfigModel): readonly TrackFileConfig[] {
  const names = new Set<string>();
  for (const { realServers } of virtualServers)
    for (const { checkers } of realServers)
      for (const checker of checkers) if (checker.kind === "FILE_CHECK") names.add(checker.trackFile);
  return trackFiles.filter(({ name }) => names.has(name));
}

function hasPing({ virtualServers }: ConfigModel): boolean {
  return virtualServers.some((v) =>
    v.realServers.some((r) => r.checkers.some((c) => c.kind === "PING_CHECK")),
  );
}

/** keepalived speaks of signals by their numbers. */
function withNumber(result: ScriptResult): ScriptEnded {
  if (result.kind !== "signalled") return result;
  return { kind: "signalled", signal: constants.signals[result.signal as NodeJS.Signals] ?? 0 };
}

/** Services that the configuration does not name belong to somebody else and stay. */
function openIpvs(native: Native): IpvsPort {
  const kernel = IpvsKernel.open(native);
  return {
    dump: () => kernel.dump(),
    diff: (actual, desired) => diffTables(actual, desired, { foreign: "keep" }),
    apply: (operations) => kernel.apply(operations),
    flush: () => kernel.flush(),
    close: () => kernel.close(),
  };
}
