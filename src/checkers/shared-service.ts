/** Virtual servers that share one service of the kernel: what it must hold for all of them. Pure. */
import type { IpvsEntry, IpvsOperation } from "../ipvs/model.ts";
import { entryChanges } from "./entry-changes.ts";
import { mergeEntries } from "./kernel-table.ts";
import type { Pool } from "./pool-life.ts";
import { type PoolState, poolEntry, poolIdentity } from "./pool-state.ts";

/** What one kernel service must hold for all virtual servers that share it. */
export function merged(pools: readonly Pool[]): IpvsEntry | undefined {
  return mergeEntries(pools.flatMap((p) => poolEntry(p.config, p.state) ?? []));
}

/** What must change there when one of them does. */
export function sharedChanges(pools: readonly Pool[], pool: Pool, state: PoolState): IpvsOperation[] {
  return entryChanges(merged(pools), merged(pools.map((p) => (p === pool ? { ...pool, state } : p))));
}

/** How every service leaves the kernel. @param services the virtual servers of each */
export function removals(services: Iterable<readonly Pool[]>): IpvsOperation[] {
  const out: IpvsOperation[] = [];
  for (const [pool] of services) {
    const identity = pool && poolIdentity(pool.config);
    if (identity !== undefined) out.push({ kind: "deleteService", identity });
  }
  return out;
}
