/**
 * What concerns several blocks: names and VRIDs used twice, the same service defined twice, an address
 * in two instances. Points at both places.
 */
import type { RealServerConfig, VirtualServerConfig, VrrpInstanceConfig } from "./model.ts";
import { virtualServerKey } from "./plan.ts";
import type { Position, Reporter } from "./reporter.ts";

/** A finished block and where it began. */
export interface Built<T> {
  readonly config: T;
  readonly position: Position;
}

/** Two routers of one network segment must not share a VRID; the daemon does not start with that. */
export function validateInstances(
  reporter: Reporter,
  instances: readonly Built<VrrpInstanceConfig>[],
): readonly VrrpInstanceConfig[] {
  const byVrid = new Map<string, Built<VrrpInstanceConfig>[]>();
  const byAddress = new Map<string, Built<VrrpInstanceConfig>>();
  for (const built of instances) {
    const { config, position } = built;
    const key = vridKey(config);
    const same = byVrid.get(key) ?? [];
    const before = same.find((other) => meet(other.config, config));
    byVrid.set(key, [...same, built]);
    if (before !== undefined)
      reporter.word(
        "vrid-duplicate",
        position,
        0,
        `${config.name} and ${before.config.name} both use virtual_router_id ${config.virtualRouterId} on ${config.interface}; give one of them another number`,
        [reporter.firstDefinedAt(before.position)],
      );
    for (const { address } of [...config.virtualIpaddress, ...config.virtualIpaddressExcluded]) {
      const other = byAddress.get(address);
      if (other === undefined) byAddress.set(address, built);
      else if (other !== built)
        reporter.word(
          "vip-duplicate",
          position,
          0,
          `${address} belongs to ${config.name} and to ${other.config.name}, which would both set and remove it; leave it in one`,
          [reporter.firstDefinedAt(other.position)],
        );
    }
  }
  return instances.map((built) => built.config);
}

/** Who could hear each other's adverts: the same network segment, and the same group or unicast. */
function vridKey({
  interface: name,
  family,
  virtualRouterId,
  unicast,
  mcastDstIp,
}: VrrpInstanceConfig): string {
  return `${name} ${family} ${virtualRouterId} ${unicast === undefined ? (mcastDstIp ?? "") : "unicast"}`;
}

/** Unicast instances only meet when one source speaks to one peer for both. */
function meet(a: VrrpInstanceConfig, b: VrrpInstanceConfig): boolean {
  if (a.unicast === undefined || b.unicast === undefined) return true;
  if (a.mcastSrcIp !== b.mcastSrcIp) return false;
  const peers = new Set(a.unicast.peers.map(({ address }) => address));
  return b.unicast.peers.some(({ address }) => peers.has(address));
}

/**
 * The kernel knows one service per address: of two definitions it keeps the settings of the first, the
 * first definition of each real server, and all real servers. So does this, and says it.
 */
export function validateVirtualServers(
  reporter: Reporter,
  servers: readonly Built<VirtualServerConfig>[],
): readonly VirtualServerConfig[] {
  const byKey = new Map<string, Built<VirtualServerConfig>>();
  for (const built of servers) {
    const key = virtualServerKey(built.config.target);
    const before = byKey.get(key);
    if (before === undefined) {
      byKey.set(key, built);
      continue;
    }
    const added = furtherServers(before.config, built.config);
    const consequence =
      added.length === 0
        ? "this one changes nothing"
        : `of this one only the real servers that the first lacks are taken (${added.length})`;
    reporter.word(
      "virtual-server-duplicate",
      built.position,
      0,
      `virtual_server ${key} is defined twice, the settings of the first count and ${consequence}; merge the two blocks`,
      [reporter.firstDefinedAt(before.position)],
    );
    if (added.length > 0)
      byKey.set(key, {
        config: { ...before.config, realServers: [...before.config.realServers, ...added] },
        position: before.position,
      });
  }
  return [...byKey.values()].map((built) => built.config);
}

function furtherServers(
  first: VirtualServerConfig,
  second: VirtualServerConfig,
): readonly RealServerConfig[] {
  const known = new Set(first.realServers.map((server) => `${server.address} ${server.port}`));
  return second.realServers.filter((server) => !known.has(`${server.address} ${server.port}`));
}
