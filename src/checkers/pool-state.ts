/**
 * What a pool is at a moment, and what follows from that: who lives, what it weighs, whether the quorum
 * holds, what must stand in the kernel. Pure; how a pool changes is pool.ts's.
 */
import type {
  Forwarding,
  RealServerConfig,
  SorryServerConfig,
  VirtualServerConfig,
} from "../config/model.ts";
import {
  destinationKey,
  type IpvsDestination,
  type IpvsEntry,
  type IpvsForwarding,
  type IpvsService,
  type ServiceIdentity,
} from "../ipvs/model.ts";

/** Real servers are found by `destinationKey`. */
export interface PoolState {
  readonly quorumUp: boolean;
  /** indexes of the failed checkers of each real server; a server is alive when it has none */
  readonly failed: ReadonlyMap<string, readonly number[]>;
  /** what checkers add to the configured weight of each real server, by their index; absent: nothing */
  readonly added?: AddedWeights | undefined;
}

/** By `destinationKey`, then by the index of the checker. */
export type AddedWeights = ReadonlyMap<string, ReadonlyMap<number, number>>;

/** @returns undefined for a group, which is not one service of the kernel */
export function poolIdentity(config: VirtualServerConfig): ServiceIdentity | undefined {
  return config.target.kind === "group" ? undefined : config.target;
}

/** Whether no checker of the server has failed. */
export function isAlive(state: PoolState, server: string): boolean {
  return (state.failed.get(server)?.length ?? 0) === 0;
}

/** The kernel's limit: a weight is a C int. */
const MAX_WEIGHT = 2_147_483_647;

/** The configured weight with what the checkers add, within the kernel's limits. */
export function effectiveWeight(state: PoolState, r: RealServerConfig): number {
  const added = state.added?.get(destinationKey(r));
  if (added === undefined) return r.weight;
  let sum = r.weight;
  for (const value of added.values()) sum += value;
  return Math.min(Math.max(sum, 0), MAX_WEIGHT);
}

/** Sum of the weights of the living servers. */
export function liveWeight(config: VirtualServerConfig, state: PoolState): number {
  let sum = 0;
  for (const r of config.realServers) if (isAlive(state, destinationKey(r))) sum += effectiveWeight(state, r);
  return sum;
}

/**
 * Hysteresis: a quorum that holds is lost below `quorum - hysteresis` (or with nothing alive), a
 * lost one comes back at `quorum + hysteresis`.
 */
export function quorumHolds(config: VirtualServerConfig, state: PoolState): boolean {
  const weight = liveWeight(config, state);
  if (weight === 0) return false;
  const { quorum, hysteresis } = config;
  return state.quorumUp ? weight >= quorum - hysteresis : weight >= quorum + hysteresis;
}

/** What must stand in the kernel for this virtual server; undefined for a group. */
export function poolEntry(config: VirtualServerConfig, state: PoolState): IpvsEntry | undefined {
  const identity = poolIdentity(config);
  if (identity === undefined) return undefined;
  const destinations = new Map<string, IpvsDestination>();
  const put = (d: IpvsDestination | undefined): void => {
    if (d !== undefined) destinations.set(destinationKey(d), d);
  };
  for (const r of config.realServers) put(serverDestination(config, state, r));
  const sorry = config.sorryServer;
  if (sorry !== undefined && !destinations.has(destinationKey(sorry))) put(sorryDestination(sorry, state));
  return { service: serviceOf(config, identity), destinations };
}

/** A sorry server that is also a real server is one destination in the kernel, inhibited if one of them is. */
export function serverDestination(
  config: VirtualServerConfig,
  state: PoolState,
  r: RealServerConfig,
): IpvsDestination | undefined {
  const key = destinationKey(r);
  const sorry = config.sorryServer;
  const twin = sorry !== undefined && destinationKey(sorry) === key ? sorry : undefined;
  const emergency = sorry !== undefined && !state.quorumUp;
  if (emergency && twin !== undefined) return sorryDestination(twin, state);
  const serves = !emergency && isAlive(state, key);
  if (!serves && !r.inhibitOnFailure && twin?.inhibit !== true) return undefined;
  const { address, port, upperThreshold, lowerThreshold } = r;
  const weight = serves ? effectiveWeight(state, r) : 0;
  return { address, port, forwarding: kernelForwarding(r), weight, upperThreshold, lowerThreshold };
}

function sorryDestination(sorry: SorryServerConfig, state: PoolState): IpvsDestination | undefined {
  if (state.quorumUp && !sorry.inhibit) return undefined;
  const { address, port } = sorry;
  const weight = state.quorumUp ? 0 : 1;
  return { address, port, forwarding: kernelForwarding(sorry), weight, upperThreshold: 0, lowerThreshold: 0 };
}

/** Linux knows no full NAT: only its masquerading half is done (the loader says so). */
function kernelForwarding({ forwarding }: { readonly forwarding: Forwarding }): IpvsForwarding {
  return forwarding === "fullNat" ? "masquerade" : forwarding;
}

function serviceOf(config: VirtualServerConfig, identity: ServiceIdentity): IpvsService {
  return {
    identity,
    scheduler: config.scheduler,
    flags: config.flags,
    persistenceTimeout: config.persistenceTimeout,
    persistenceEngine: config.persistenceEngine,
    persistencePrefixLength: config.persistencePrefixLength,
  };
}
