/**
 * What tracked scripts, files, processes and BFD sessions do to a virtual router: they change its priority
 * by their weight, or put it in fault when they have none. Decides from what the objects are; never looks.
 *
 * @see keepalived.conf(5) track_script, track_file, track_process, track_bfd
 */
import type { VrrpInstanceConfig } from "../config/model.ts";
import type { SyncGroupConfig, TrackedObject } from "../config/model-vrrp.ts";
import type { FaultCause } from "./state.ts";

export type ObjectKind = "script" | "file" | "process" | "bfd";

/** `pending`: it has not reported yet. Files have a number, everything else works or not. */
export type ObjectStatus =
  | { readonly kind: "pending" }
  | { readonly kind: "up" }
  | { readonly kind: "down" }
  | { readonly kind: "value"; readonly value: number };

/** One object that one instance tracks. */
export interface ObjectTracker extends TrackedObject {
  readonly kind: ObjectKind;
}

/** The outcome of all objects of one instance. */
export interface ObjectsTracked {
  /** to be added to the base priority */
  readonly weight: number;
  readonly faults: readonly FaultCause[];
}

/** Contributions of files beyond this do not count; at or below the negative of the next one is a fault. */
const MOST = 253;

export function objectTrackersOf(c: VrrpInstanceConfig): readonly ObjectTracker[] {
  return [
    ...of("script", c.trackScripts),
    ...of("file", c.trackFiles),
    ...of("process", c.trackProcesses),
    ...of("bfd", c.trackBfd),
  ];
}

function of(kind: ObjectKind, list: readonly TrackedObject[] | undefined): readonly ObjectTracker[] {
  return (list ?? []).map((tracked) => ({ ...tracked, kind }));
}

/** @param running the instance has begun: it does not stop for a report that is still to come */
export function evaluateObjects(
  trackers: readonly ObjectTracker[],
  statusOf: (kind: ObjectKind, name: string) => ObjectStatus,
  running: boolean,
): ObjectsTracked {
  let weight = 0;
  const faults: FaultCause[] = [];
  for (const tracker of trackers) {
    const status = statusOf(tracker.kind, tracker.name);
    const name = `${tracker.kind}:${tracker.name}` as const;
    if (status.kind === "pending") {
      if (tracker.weight === 0 && !running) faults.push(`pending:${name}`);
      continue;
    }
    const effect = status.kind === "value" ? ofValue(tracker, status.value) : ofState(tracker, status.kind);
    if (effect === "fault") faults.push(`tracked:${name}`);
    else weight += effect;
  }
  return { weight, faults };
}

/** A positive weight counts while the object works, a negative one while it does not. */
function ofState({ weight, reverse }: ObjectTracker, state: "up" | "down"): number | "fault" {
  if (weight === 0) return (state === "up") === reverse ? "fault" : 0;
  if ((state === "up") !== weight > 0) return 0;
  return reverse ? -weight : weight;
}

function ofValue({ weight, reverse }: ObjectTracker, value: number): number | "fault" {
  if (weight === 0) return (value === 0) === reverse ? "fault" : 0;
  const sum = value * weight * (reverse ? -1 : 1);
  return sum < -MOST ? "fault" : Math.min(sum, MOST);
}

/** Whether a file puts an instance into fault now, or out of it; undefined: neither, or it is no file. */
export function fileTurned(
  tracker: ObjectTracker,
  statusOf: (kind: ObjectKind, name: string) => ObjectStatus,
  before: ReadonlySet<FaultCause>,
): { readonly file: string; readonly fault: boolean } | undefined {
  if (tracker.kind !== "file") return undefined;
  const fault = evaluateObjects([tracker], statusOf, true).faults.length > 0;
  return fault === before.has(`tracked:file:${tracker.name}`) ? undefined : { file: tracker.name, fault };
}

/** What a group tracks, each of its members tracks, behind what it tracks itself. */
export function withGroupTracking(
  instances: readonly VrrpInstanceConfig[],
  groups: readonly SyncGroupConfig[],
): readonly VrrpInstanceConfig[] {
  const groupOf = new Map(groups.flatMap((g) => g.members.map((name) => [name, g] as const)));
  return instances.map((c) => {
    const g = groupOf.get(c.name);
    if (g === undefined) return c;
    return {
      ...c,
      trackInterface: joined(c.trackInterface, g.trackInterface, (t) => t.interface),
      trackScripts: joined(c.trackScripts, g.trackScripts, (t) => t.name),
      trackFiles: joined(c.trackFiles, g.trackFiles, (t) => t.name),
      trackProcesses: joined(c.trackProcesses, g.trackProcesses, (t) => t.name),
      trackBfd: joined(c.trackBfd, g.trackBfd, (t) => t.name),
    };
  });
}

function joined<T>(
  own: readonly T[] | undefined,
  shared: readonly T[],
  nameOf: (tracked: T) => string,
): readonly T[] {
  if (own === undefined || own.length === 0) return shared;
  const names = new Set(own.map(nameOf));
  return [...own, ...shared.filter((tracked) => !names.has(nameOf(tracked)))];
}
