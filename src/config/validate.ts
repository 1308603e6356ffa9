/**
 * What concerns several blocks: names and VRIDs used twice, the same service defined twice, an address
 * in two instances. Points at both places.
 */
import type { Statement } from "../../grammar/parser.ts";
import type { RealServerConfig, VirtualServerConfig, VrrpInstanceConfig } from "./model.ts";
import { virtualServerKey } from "./plan.ts";
import type { Reporter } from "./reporter.ts";

export type Built<T> = { readonly config: T; readonly statement: Statement };

/** Two routers of one network segment must not share a VRID; the daemon does not start with that. */
export function validateInstances(
  reporter: Reporter,
  instances: readonly Built<VrrpInstanceConfig>[],
): readonly VrrpInstanceConfig[] {
  const byVrid = new Map<string, Built<VrrpInstanceConfig>>();
  const byAddress = new Map<string, Built<VrrpInstanceConfig>>();
  for (const built of instances) {
    const { config, statement } = built;
    const key = `${config.interface} ${config.family} ${config.virtualRouterId}`;
    const before = byVrid.get(key);
    if (before === undefined) byVrid.set(key, built);
    else
      reporter.word(
        "vrid-duplicate",
        statement,
        0,
        `${config.name} and ${before.config.name} both use virtual_router_id ${config.virtualRouterId} on ${config.interface}; give one of them another number`,
        [reporter.firstDefinedAt(before.statement)],
      );
    for (const { address } of [...config.virtualIpaddress, ...config.virtualIpaddressExcluded]) {
      const other = byAddress.get(address);
      if (other === undefined) byAddress.set(address, built);
      else if (other !== built)
        reporter.word(
          "vip-duplicate",
          statement,
          0,
          `${address} belongs to ${config.name} and to ${other.config.name}, which would both set and remove it; leave it in one`,
          [reporter.firstDefinedAt(other.statement)],
        );
    }
  }
  return instances.map((built) => built.config);
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
      built.statement,
      0,
      `virtual_server ${key} is defined twice, the settings of the first count and ${consequence}; merge the two blocks`,
      [reporter.firstDefinedAt(before.statement)],
    );
    if (added.length > 0)
      byKey.set(key, {
        config: { ...before.config, realServers: [...before.config.realServers, ...added] },
        statement: before.statement,
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
