/**
 * A virtual server with its real servers: which of them live, whether the quorum holds, what must
 * therefore stand in the kernel's table, and what is logged and run when that changes. Pure: an
 * event goes in, the next state and effects in their order come out. The table is a function of
 * configuration and state (`poolEntry`), never something that was done earlier.
 *
 * A refused `decisive` effect takes the whole transition back: the shell drops the new state and
 * the effects behind it, and the checker reports again with its next result.
 */
import type { RealServerConfig, ScriptRef, VirtualServerConfig } from "../config/model.ts";
import { destinationKey, type IpvsOperation } from "../ipvs/model.ts";
import type { CheckerSentence } from "../log/catalogue/checkers.ts";
import { destinationChange, entryChanges } from "./entry-changes.ts";
import { realServerName, virtualServerName } from "./names.ts";
import {
  type AddedWeights,
  effectiveWeight,
  isAlive,
  liveWeight,
  type PoolState,
  poolEntry,
  poolIdentity,
  quorumHolds,
  serverDestination,
} from "./pool-state.ts";

export type PoolEvent =
  /** `stillDown`: the first result of a checker that was assumed down and is */
  | {
      readonly kind: "checkerUp" | "checkerDown" | "checkerStillDown";
      readonly server: string;
      /** index in the real server's `checkers` */
      readonly checker: number;
    }
  /** a checker adds another number to the weight of its server than before */
  | {
      readonly kind: "checkerWeight";
      readonly server: string;
      readonly checker: number;
      readonly added: number;
      /** nothing is said about it */
      readonly quiet: boolean;
    }
  /** the virtual server leaves: at stop, or because a reload removed it (then scripts always run) */
  | { readonly kind: "retired"; readonly removed: boolean };

export type PoolEffect =
  | { readonly kind: "log"; readonly sentence: CheckerSentence }
  | { readonly kind: "ipvs"; readonly operation: IpvsOperation; readonly decisive: boolean }
  | {
      readonly kind: "script";
      readonly script: ScriptRef;
      /** the object that the script speaks for: its scripts must not overtake each other */
      readonly about: string;
    };

export interface PoolStep {
  readonly state: PoolState;
  readonly effects: readonly PoolEffect[];
}

/**
 * The beginning. What it means for the table is the caller's business: `poolEntry` of the new state.
 *
 * @param failed checkers that are assumed failed (alpha), by server
 */
export function startPool(
  config: VirtualServerConfig,
  failed: ReadonlyMap<string, readonly number[]>,
  added?: AddedWeights,
): PoolStep {
  const t = new Transition(config, { quorumUp: false, failed, added });
  if (config.rsInitNotifies)
    for (const r of config.realServers) if (t.alive(r)) t.script(r.notifyUp, t.name(r));
  t.evaluate("start");
  return t.step();
}

export function stepPool(config: VirtualServerConfig, state: PoolState, event: PoolEvent): PoolStep {
  if (event.kind === "retired") return retire(config, state, event.removed);
  const t = new Transition(config, state);
  const server = config.realServers.find((r) => destinationKey(r) === event.server);
  if (server === undefined) return t.step();
  const failed = state.failed.get(event.server) ?? [];
  switch (event.kind) {
    case "checkerStillDown":
      if (!t.alive(server)) t.script(server.notifyDown, t.name(server));
      break;
    case "checkerUp":
      t.setFailed(
        server,
        failed.filter((i) => i !== event.checker),
      );
      break;
    case "checkerDown":
      if (!failed.includes(event.checker)) t.setFailed(server, [...failed, event.checker]);
      break;
    case "checkerWeight":
      t.setAdded(server, event);
      break;
  }
  return t.step();
}

/**
 * A changed configuration of the same virtual server. What it means for the table is the caller's
 * business: the way from `poolEntry` of the old to that of the new one.
 *
 * @param failed the failed checkers of the new configuration, kept or assumed
 */
export function reloadPool(
  config: VirtualServerConfig,
  state: PoolState,
  next: VirtualServerConfig,
  failed: ReadonlyMap<string, readonly number[]>,
  added?: AddedWeights,
): PoolStep {
  const old = new Transition(config, state);
  const t = new Transition(next, { quorumUp: state.quorumUp, failed, added });
  const kept = new Map(config.realServers.map((r) => [destinationKey(r), r]));
  for (const r of next.realServers) {
    const key = destinationKey(r);
    const was = kept.get(key);
    kept.delete(key);
    if (was === undefined) {
      if (t.alive(r) && next.rsInitNotifies) t.script(r.notifyUp, t.name(r));
      continue;
    }
    t.weightChanged(r, effectiveWeight(state, was));
    if (t.alive(r) !== old.alive(was)) t.announce(r);
  }
  for (const r of kept.values()) {
    t.log({ id: "service-gone", fields: { realServer: old.name(r) } });
    t.farewell(r, old.alive(r), true, ["service-removing", "service-removing-inhibited"]);
  }
  t.evaluate("reload");
  return t.step();
}

/** Stands for "no checker can bring it back". */
const GONE: readonly number[] = [-1];

/** Down scripts run with omega, or when the virtual server was removed while the others go on. */
function retire(config: VirtualServerConfig, state: PoolState, removed: boolean): PoolStep {
  const t = new Transition(config, state);
  const notify = removed || config.omega;
  if (removed)
    t.log({ id: "virtual-server-removing", fields: { virtualServer: virtualServerName(config.target) } });
  for (const r of config.realServers) {
    const alive = t.alive(r);
    t.farewell(
      r,
      alive,
      notify,
      removed
        ? ["service-removing", "service-removing-inhibited"]
        : ["service-shutting-down", "service-shutting-down-inhibited"],
    );
    t.remember(r, GONE);
    t.fade(notify);
  }
  const identity = poolIdentity(config);
  if (identity !== undefined) t.operate({ kind: "deleteService", identity });
  return t.step();
}

/** A state under construction and the effects so far, in order. */
class Transition {
  readonly #config: VirtualServerConfig;
  readonly #virtualServer: string;
  readonly #effects: PoolEffect[] = [];
  #added: AddedWeights | undefined;
  #failed: ReadonlyMap<string, readonly number[]>;
  /** our own copy of `failed`, once something is to be changed in it */
  #changed: Map<string, readonly number[]> | undefined;
  #quorumUp: boolean;

  constructor(config: VirtualServerConfig, state: PoolState) {
    this.#config = config;
    this.#virtualServer = virtualServerName(config.target);
    this.#failed = state.failed;
    this.#added = state.added;
    this.#quorumUp = state.quorumUp;
  }

  get #state(): PoolState {
    return { quorumUp: this.#quorumUp, failed: this.#failed, added: this.#added };
  }

  step(): PoolStep {
    return { state: this.#state, effects: this.#effects };
  }

  alive(r: RealServerConfig): boolean {
    return isAlive(this.#state, destinationKey(r));
  }

  name(r: { readonly address: RealServerConfig["address"]; readonly port: number }): string {
    return realServerName(this.#config.target, r);
  }

  log(sentence: CheckerSentence): void {
    this.#effects.push({ kind: "log", sentence });
  }

  script(script: ScriptRef | undefined, about: string): void {
    if (script !== undefined) this.#effects.push({ kind: "script", script, about });
  }

  operate(operation: IpvsOperation): void {
    this.#effects.push({ kind: "ipvs", operation, decisive: false });
  }

  /** A server's failed checkers from now on. */
  remember(r: RealServerConfig, failed: readonly number[]): void {
    this.#changed ??= new Map(this.#failed);
    this.#failed = this.#changed.set(destinationKey(r), failed);
  }

  /** One server's checkers changed: log, kernel, script, quorum, in this order. */
  setFailed(r: RealServerConfig, failed: readonly number[]): void {
    const wasAlive = this.alive(r);
    const was = serverDestination(this.#config, this.#state, r);
    this.remember(r, failed);
    if (this.alive(r) === wasAlive) return;
    this.#logServer(r);
    const identity = poolIdentity(this.#config);
    const change =
      identity && destinationChange(identity, was, serverDestination(this.#config, this.#state, r));
    if (change !== undefined) this.#effects.push({ kind: "ipvs", operation: change, decisive: true });
    this.#notifyServer(r);
    if (quorumHolds(this.#config, this.#state) !== this.#quorumUp) this.evaluate("transition");
  }

  /** One checker's part of a server's weight: log, kernel, quorum. */
  setAdded(
    r: RealServerConfig,
    { checker, added, quiet }: Extract<PoolEvent, { kind: "checkerWeight" }>,
  ): void {
    const from = effectiveWeight(this.#state, r);
    const was = serverDestination(this.#config, this.#state, r);
    const key = destinationKey(r);
    const ofServer = new Map(this.#added?.get(key));
    if (added === 0) ofServer.delete(checker);
    else ofServer.set(checker, added);
    this.#added = new Map(this.#added).set(key, ofServer);
    if (!quiet) this.weightChanged(r, from);
    const identity = poolIdentity(this.#config);
    const change =
      identity && destinationChange(identity, was, serverDestination(this.#config, this.#state, r));
    if (change !== undefined) this.operate(change);
    if (quorumHolds(this.#config, this.#state) !== this.#quorumUp) this.evaluate("transition");
  }

  /** The log line and the script of a server that has just come or gone. */
  announce(r: RealServerConfig): void {
    this.#logServer(r);
    this.#notifyServer(r);
  }

  #logServer(r: RealServerConfig): void {
    const up = this.alive(r);
    const id = r.inhibitOnFailure
      ? up
        ? "service-enabling"
        : "service-disabling"
      : up
        ? "service-adding"
        : "service-removing";
    this.log({ id, fields: { realServer: this.name(r), virtualServer: this.#virtualServer } });
  }

  #notifyServer(r: RealServerConfig): void {
    this.script(this.alive(r) ? r.notifyUp : r.notifyDown, this.name(r));
  }

  /** @param from the effective weight before */
  weightChanged(r: RealServerConfig, from: number): void {
    const to = effectiveWeight(this.#state, r);
    if (from === to) return;
    this.log({
      id: "weight-changing",
      fields: {
        realServer: this.name(r),
        virtualServer: this.#virtualServer,
        from,
        to,
        active: this.alive(r),
      },
    });
  }

  /** The last words about a server; the kernel's part is done by the caller. */
  farewell(
    r: RealServerConfig,
    alive: boolean,
    notify: boolean,
    ids: readonly [
      "service-removing" | "service-shutting-down",
      "service-removing-inhibited" | "service-shutting-down-inhibited",
    ],
  ): void {
    this.log({
      id: ids[!alive && r.inhibitOnFailure ? 1 : 0],
      fields: { realServer: this.name(r), virtualServer: this.#virtualServer },
    });
    if (alive && notify) this.script(r.notifyDown, this.name(r));
  }

  /** A quorum that is lost because the servers are taken away: no log, no sorry server. */
  fade(notify: boolean): void {
    if (!this.#quorumUp || quorumHolds(this.#config, this.#state)) return;
    this.#quorumUp = false;
    if (notify) this.script(this.#config.quorumDown, this.#virtualServer);
  }

  /** Gains or loses the quorum: log, kernel, script. */
  evaluate(when: "start" | "reload" | "transition"): void {
    const holds = quorumHolds(this.#config, this.#state);
    const before = when === "transition" ? poolEntry(this.#config, this.#state) : undefined;
    const { quorum, hysteresis, sorryServer, quorumUp, quorumDown } = this.#config;
    // At start a quorum that is down is news only when somebody has to stand in.
    const news = holds !== this.#quorumUp || (when === "start" && sorryServer !== undefined);
    this.#quorumUp = holds;
    if (news) {
      const weight = liveWeight(this.#config, this.#state);
      const fields = { virtualServer: this.#virtualServer, quorum, hysteresis, weight };
      const atStart = when !== "transition" && sorryServer !== undefined;
      this.log({ id: holds ? "quorum-gained" : atStart ? "quorum-down-at-start" : "quorum-lost", fields });
      if (!(holds && when === "start")) this.#logSorry(holds);
    }
    if (when === "transition")
      for (const operation of entryChanges(before, poolEntry(this.#config, this.#state)))
        this.operate(operation);
    if (news) this.script(holds ? quorumUp : quorumDown, this.#virtualServer);
  }

  #logSorry(leaves: boolean): void {
    const sorry = this.#config.sorryServer;
    if (sorry === undefined) return;
    const virtualServer = this.#virtualServer;
    const id = sorry.inhibit
      ? leaves
        ? "sorry-disabling"
        : "sorry-enabling"
      : leaves
        ? "sorry-removing"
        : "sorry-adding";
    this.log({ id, fields: { realServer: this.name(sorry), virtualServer } });
    this.log({ id: leaves ? "pool-filling" : "pool-emptying", fields: { virtualServer } });
  }
}
