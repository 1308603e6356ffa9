/**
 * The difference between the running and the next configuration, by key; pure. `where` never counts.
 * It is for people and for deciding whom to tell; children compute their own work from the new model.
 */
import type { ConfigModel, VirtualServerConfig, VirtualServerTarget, VrrpInstanceConfig } from "./model.ts";

export interface Change {
  readonly kind: "added" | "removed" | "changed";
  /** e.g. `vrrp_instance VI_1`, `virtual_server 10.0.0.1:80/tcp`, `real_server 10.0.0.2:80 of 10.0.0.1:80/tcp` */
  readonly what: string;
  /** changed fields, dotted, in model order; empty unless `changed` */
  readonly fields: readonly string[];
}

export interface ReloadPlan {
  /** changed fields of `global_defs`, dotted */
  readonly global: readonly string[];
  readonly vrrpInstances: readonly Change[];
  readonly virtualServers: readonly Change[];
  /** real servers of virtual servers that exist before and after */
  readonly realServers: readonly Change[];
  /** other parts of the model that differ, by their names in it: `virtualServerGroups`, `ssl` */
  readonly sections: readonly string[];
}

/** What changes when `next` takes the place of `running`. Linear in their size. */
export function planReload(running: ConfigModel, next: ConfigModel): ReloadPlan {
  const realServers: Change[] = [];
  const virtualServers = compareByKey(
    running.virtualServers,
    next.virtualServers,
    (server) => virtualServerKey(server.target),
    (server) => `virtual_server ${virtualServerKey(server.target)}`,
    (before, after) => {
      for (const change of compareRealServers(before, after)) realServers.push(change);
      return changedFields(before, after, "realServers");
    },
  );
  return {
    global: changedFields(running.global, next.global),
    vrrpInstances: compareByKey(
      running.vrrpInstances,
      next.vrrpInstances,
      instanceKey,
      (instance) => `vrrp_instance ${instance.name}`,
      changedFields,
    ),
    virtualServers,
    realServers,
    sections: changedSections(running, next),
  };
}

const compared: ReadonlySet<string> = new Set(["global", "vrrpInstances", "virtualServers"]);

function changedSections(running: ConfigModel, next: ConfigModel): readonly string[] {
  const names = new Set([...Object.keys(running), ...Object.keys(next)]);
  return [...names].filter(
    (name) => !compared.has(name) && !isSame(Reflect.get(running, name), Reflect.get(next, name)),
  );
}

/** Whether nothing changes. */
export function isEmptyPlan(plan: ReloadPlan): boolean {
  return (
    plan.global.length +
      plan.vrrpInstances.length +
      plan.virtualServers.length +
      plan.realServers.length +
      plan.sections.length ===
    0
  );
}

/** @returns one line, for example `1 real server changed (weight)`, or `nothing changed` */
export function summarisePlan(plan: ReloadPlan): string {
  const parts: string[] = [];
  if (plan.global.length > 0) parts.push(`global_defs changed (${shortList(plan.global)})`);
  parts.push(...summariseChanges(plan.vrrpInstances, "VRRP instance"));
  parts.push(...summariseChanges(plan.virtualServers, "virtual server"));
  parts.push(...summariseChanges(plan.realServers, "real server"));
  if (plan.sections.length > 0) parts.push(`${shortList(plan.sections)} changed`);
  return parts.length === 0 ? "nothing changed" : parts.join(", ");
}

/** The key by which a virtual server is the same one after a reload, e.g. `10.0.0.1:80/tcp`, `fwmark 7/ipv4`. */
export function virtualServerKey(target: VirtualServerTarget): string {
  switch (target.kind) {
    case "address":
      return `${endpoint(target.address, target.port)}/${target.protocol}`;
    case "fwmark":
      return `fwmark ${target.mark}/${target.family}`;
    case "group":
      return `group ${target.name}/${target.protocol}${target.family === undefined ? "" : `/${target.family}`}`;
  }
}

/** keepalived matches instances by where they speak and as whom, never by name. */
function instanceKey(instance: VrrpInstanceConfig): string {
  return `${instance.virtualRouterId} ${instance.family} ${instance.interface}`;
}

function endpoint(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

function compareRealServers(before: VirtualServerConfig, after: VirtualServerConfig): readonly Change[] {
  const key = virtualServerKey(after.target);
  return compareByKey(
    before.realServers,
    after.realServers,
    (server) => endpoint(server.address, server.port),
    (server) => `real_server ${endpoint(server.address, server.port)} of ${key}`,
    changedFields,
  );
}

function compareByKey<T>(
  before: readonly T[],
  after: readonly T[],
  keyOf: (item: T) => string,
  name: (item: T) => string,
  compare: (before: T, after: T) => readonly string[],
): readonly Change[] {
  const old = new Map(before.map((item) => [keyOf(item), item]));
  const changes: Change[] = [];
  for (const item of after) {
    const key = keyOf(item);
    const was = old.get(key);
    old.delete(key);
    if (was === undefined) changes.push({ kind: "added", what: name(item), fields: [] });
    else {
      const fields = compare(was, item);
      if (fields.length > 0) changes.push({ kind: "changed", what: name(item), fields });
    }
  }
  for (const item of old.values()) changes.push({ kind: "removed", what: name(item), fields: [] });
  return changes;
}

/** Dotted names of the fields that differ; lists count as one field. */
function changedFields(before: object, after: object, except?: string): readonly string[] {
  const fields: string[] = [];
  collectChanges(before, after, "", except, fields);
  return fields;
}

function collectChanges(
  before: object,
  after: object,
  prefix: string,
  except: string | undefined,
  fields: string[],
): void {
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (key === "where" || key === except) continue;
    const a: unknown = Reflect.get(before, key);
    const b: unknown = Reflect.get(after, key);
    if (isRecord(a) && isRecord(b)) collectChanges(a, b, `${prefix}${key}.`, undefined, fields);
    else if (!isSame(a, b)) fields.push(prefix + key);
  }
}

function isRecord(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => isSame(item, b[index]));
  if (!isRecord(a) || !isRecord(b)) return false;
  const keys = Object.keys(a).filter((key) => key !== "where");
  const others = Object.keys(b).filter((key) => key !== "where");
  return (
    keys.length === others.length && keys.every((key) => isSame(Reflect.get(a, key), Reflect.get(b, key)))
  );
}

function summariseChanges(changes: readonly Change[], noun: string): readonly string[] {
  const parts: string[] = [];
  for (const kind of ["added", "removed", "changed"] as const) {
    const some = changes.filter((change) => change.kind === kind);
    if (some.length === 0) continue;
    const fields = [...new Set(some.flatMap((change) => change.fields))];
    const detail = fields.length === 0 ? "" : ` (${shortList(fields)})`;
    parts.push(`${some.length} ${noun}${some.length === 1 ? "" : "s"} ${kind}${detail}`);
  }
  return parts;
}

function shortList(words: readonly string[]): string {
  return words.length <= 5
    ? words.join(", ")
    : `${words.slice(0, 5).join(", ")} and ${words.length - 5} more`;
}
