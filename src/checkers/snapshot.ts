/**
 * The state of all virtual servers as plain data for dumps and status displays. Pure; the field
 * names are an interface of the parent process.
 */
import { between, type Instant } from "../base/units.ts";
import { destinationKey } from "../ipvs/model.ts";
import type { FieldValue } from "../log/entry.ts";
import type { CheckerTask } from "./checker-task.ts";
import { realServerName } from "./names.ts";
import type { Pool } from "./pool-life.ts";
import { effectiveWeight, isAlive, liveWeight } from "./pool-state.ts";

/** @param inKernel whether the kernel took the service */
export function snapshot(pools: Iterable<Pool>, now: Instant, inKernel: (pool: Pool) => boolean): FieldValue {
  const virtualServers: FieldValue[] = [];
  for (const pool of pools) virtualServers.push(virtualServerState(pool, now, inKernel(pool)));
  return { virtualServers };
}

function virtualServerState(pool: Pool, now: Instant, inKernel: boolean): FieldValue {
  const { config, state, name } = pool;
  const byServer = new Map<string, FieldValue[]>();
  for (const task of pool.tasks) {
    const list = byServer.get(task.place.server);
    if (list === undefined) byServer.set(task.place.server, [checkerState(task, now)]);
    else list.push(checkerState(task, now));
  }
  return {
    name,
    where: config.where,
    inKernel,
    scheduler: config.scheduler,
    quorumUp: state.quorumUp,
    quorum: config.quorum,
    hysteresis: config.hysteresis,
    liveWeight: liveWeight(config, state),
    sorryServer:
      config.sorryServer === undefined
        ? null
        : { name: realServerName(config.target, config.sorryServer), active: !state.quorumUp },
    realServers: config.realServers.map((r) => ({
      name: realServerName(config.target, r),
      alive: isAlive(state, destinationKey(r)),
      weight: effectiveWeight(state, r),
      checkers: byServer.get(destinationKey(r)) ?? [],
    })),
  };
}

function checkerState(task: CheckerTask, now: Instant): FieldValue {
  const { last, config, state } = task;
  return {
    kind: config.kind,
    up: state.up,
    retries: state.hasRun ? state.retries : 0,
    lastResult: last === undefined ? null : last.result,
    /** seconds, to the millisecond */
    lastResultAge: last === undefined ? null : Math.floor(between(last.at, now) / 1_000) / 1_000,
  };
}
