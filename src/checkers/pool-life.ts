/**
 * Pools with their checkers, as they are made at start and remade by a reload: which checker of the
 * old configuration goes on in which of the new one, and what a new one assumes about its server.
 */
import type { CheckerConfig, ProbingCheckerConfig, VirtualServerConfig } from "../config/model.ts";
import type { MiscCheckConfig } from "../config/model-lvs.ts";
import { destinationKey, serviceKey } from "../ipvs/model.ts";
import { type CheckerHost, CheckerPlace, CheckerTask } from "./checker-task.ts";
import { virtualServerKey, virtualServerName } from "./names.ts";
import { type PoolEffect, reloadPool, startPool } from "./pool.ts";
import { type AddedWeights, isAlive, type PoolState, poolIdentity } from "./pool-state.ts";

/** A virtual server at work. */
export interface Pool {
  config: VirtualServerConfig;
  state: PoolState;
  readonly name: string;
  /** `serviceKey` of the kernel's service, undefined for a group */
  readonly service: string | undefined;
  readonly tasks: readonly CheckerTask[];
}

/** A pool that was just made. */
export interface NewPool {
  readonly pool: Pool;
  readonly effects: readonly PoolEffect[];
  /** new checkers that go on where an old one was */
  readonly heirs: ReadonlyMap<CheckerTask, CheckerTask>;
}

/** Virtual servers by what identifies them; repeated ones are told apart by their order. */
export function keyed(servers: readonly VirtualServerConfig[]): ReadonlyMap<string, VirtualServerConfig> {
  const out = new Map<string, VirtualServerConfig>();
  for (const server of servers) {
    const key = virtualServerKey(server.target);
    let unique = key;
    for (let n = 2; out.has(unique); n++) unique = `${key} #${n}`;
    out.set(unique, server);
  }
  return out;
}

export function createPool(config: VirtualServerConfig, host: CheckerHost): NewPool {
  const tasks: CheckerTask[] = [];
  for (const r of config.realServers)
    for (const [index, checker] of r.checkers.entries())
      tasks.push(new CheckerTask(checker, new CheckerPlace(config.target, r, index), host));
  const { state, effects } = startPool(config, failedOf(tasks), addedBy(tasks));
  return { pool: makePool(config, state, tasks), effects, heirs: NO_HEIRS };
}

const NO_HEIRS: NewPool["heirs"] = new Map();

/** @param old still complete and unharmed afterwards */
export function changePool(old: Pool, config: VirtualServerConfig, host: CheckerHost): NewPool {
  const known = new Map<string, CheckerTask[]>();
  for (const task of old.tasks) {
    const key = checkerKey(task.place.server, task.config);
    const same = known.get(key);
    if (same === undefined) known.set(key, [task]);
    else same.push(task);
  }
  const servers = new Set(old.config.realServers.map(destinationKey));
  const heirs = new Map<CheckerTask, CheckerTask>();
  const tasks: CheckerTask[] = [];
  for (const r of config.realServers) {
    const server = destinationKey(r);
    const lives = servers.has(server) && isAlive(old.state, server);
    for (const [index, checker] of r.checkers.entries()) {
      const before = known.get(checkerKey(server, checker))?.shift();
      const task = new CheckerTask(checker, new CheckerPlace(config.target, r, index), host, before);
      if (before !== undefined) heirs.set(task, before);
      else if (lives) task.assumeUp();
      tasks.push(task);
    }
  }
  const { state, effects } = reloadPool(old.config, old.state, config, failedOf(tasks), addedBy(tasks));
  return { pool: makePool(config, state, tasks), effects, heirs };
}

function makePool(config: VirtualServerConfig, state: PoolState, tasks: readonly CheckerTask[]): Pool {
  const identity = poolIdentity(config);
  return {
    config,
    state,
    name: virtualServerName(config.target),
    service: identity && serviceKey(identity),
    tasks,
  };
}

/** What makes a checker the same one: its kind and what it asks; intervals and retries may change. */
function checkerKey(server: string, config: CheckerConfig): string {
  if (config.kind === "MISC_CHECK")
    return JSON.stringify([server, config.kind, config.script, config.dynamic]);
  if (config.kind === "BFD_CHECK") return JSON.stringify([server, config.kind, config.name]);
  if (config.kind === "FILE_CHECK") {
    const { trackFile, weight, reverse } = config;
    return JSON.stringify([server, config.kind, trackFile, weight, reverse]);
  }
  const { timeout: _, ...connect } = config.connect;
  return JSON.stringify([server, config.kind, connect, questionOf(config)]);
}

function questionOf(config: Exclude<ProbingCheckerConfig, MiscCheckConfig>): readonly unknown[] {
  switch (config.kind) {
    case "TCP_CHECK":
    case "PING_CHECK":
      return [];
    case "HTTP_GET":
      return [config.httpProtocol, config.urls];
    case "SSL_GET":
      return [config.httpProtocol, config.urls, config.enableSni, config.sniName, config.tlsCompliant];
    case "DNS_CHECK":
      return [config.type, config.name];
    case "SMTP_CHECK":
      return [config.heloName];
    case "UDP_CHECK": {
      const { payload, requireReply, replyPattern, minReplyLength, maxReplyLength } = config;
      return [payload, requireReply, replyPattern, minReplyLength, maxReplyLength];
    }
  }
}

function addedBy(tasks: readonly CheckerTask[]): AddedWeights | undefined {
  let out: Map<string, Map<number, number>> | undefined;
  for (const { added, place } of tasks) {
    if (added === 0) continue;
    out ??= new Map();
    const ofServer = out.get(place.server) ?? new Map<number, number>();
    out.set(place.server, ofServer.set(place.index, added));
  }
  return out;
}

const NONE_FAILED: ReadonlyMap<string, readonly number[]> = new Map();

function failedOf(tasks: readonly CheckerTask[]): ReadonlyMap<string, readonly number[]> {
  if (tasks.every((task) => task.state.up)) return NONE_FAILED;
  const out = new Map<string, number[]>();
  for (const { state, place } of tasks) {
    if (state.up) continue;
    const failed = out.get(place.server);
    if (failed === undefined) out.set(place.server, [place.index]);
    else failed.push(place.index);
  }
  return out;
}
