/**
 * Puts a process under the scheduling that the configuration asks for. What the machine refuses is
 * logged and survived: a daemon with ordinary priority beats none.
 */
import { DaemonError } from "../base/errors.ts";
import type { SchedulingConfig } from "../config/model.ts";
import { schedulingRefused } from "../log/catalogue/process.ts";
import type { Logger } from "../log/entry.ts";
import type { Native } from "../net/native-api.ts";

/** @param config never leads to mlockall: V8 does not survive it */
export function applyScheduling(native: Native, logger: Logger, config: SchedulingConfig): void {
  const attempt = (what: string, action: () => void): void => {
    try {
      action();
    } catch (error) {
      if (!(error instanceof DaemonError)) throw error;
      logger.write(schedulingRefused({ what, reason: error.message }));
    }
  };
  const { priority, rtPriority, rlimitRttime, cpuAffinity } = config;
  if (cpuAffinity.length > 0) attempt("cpu affinity", () => native.setAffinity(cpuAffinity));
  if (priority !== undefined) attempt("priority", () => native.setNice(priority));
  if (rtPriority === undefined) return;
  attempt("real-time limit", () => native.setRealtimeLimit(Math.floor(rlimitRttime / 2), rlimitRttime));
  attempt("real-time priority", () => native.setScheduler("rr", rtPriority));
}
