/**
 * What tracked interfaces do to a virtual router: they change its priority by their weight, or put it in
 * fault when they have none. Decides from a list of trackers and a view of the links; never looks itself.
 *
 * @see keepalived.conf(5) track_interface
 */
import type { FaultCause } from "./state.ts";
import type { ObjectsTracked } from "./tracked-objects.ts";

/** An interface whose state matters to one instance. */
export interface InterfaceTracker {
  readonly interface: string;
  /** 0: the wrong state is a fault; else -253..253 */
  readonly weight: number;
  readonly reverse: boolean;
}

/** The outcome for one instance. */
export interface Tracked {
  /** 1-254, or 255 for an address owner, whom weights never touch */
  readonly priority: number;
  readonly faults: readonly FaultCause[];
}

/**
 * @param basePriority as configured, 1-255
 * @param isUp whether an interface exists, is up and running
 * @param objects what tracked scripts, files, processes and BFD sessions say
 */
export function evaluateTrackers(
  basePriority: number,
  trackers: readonly InterfaceTracker[],
  isUp: (name: string) => boolean,
  objects: ObjectsTracked = { weight: 0, faults: [] },
): Tracked {
  const faults: FaultCause[] = [...objects.faults];
  let total = basePriority + objects.weight;
  for (const tracker of trackers) {
    const up = isUp(tracker.interface);
    if (tracker.weight === 0) {
      if (up === tracker.reverse) faults.push(`tracked:${tracker.interface}`);
    } else total += contribution(tracker, up);
  }
  const priority = basePriority === 255 ? 255 : Math.min(254, Math.max(1, total));
  return { priority, faults };
}

/** A positive weight counts while up, a negative one while down; `reverse` turns the sign. */
function contribution(tracker: InterfaceTracker, up: boolean): number {
  const counts = tracker.weight > 0 ? up : !up;
  if (!counts) return 0;
  return tracker.reverse ? -tracker.weight : tracker.weight;
}
