/** What an instance or a group tracks, and what of it an address owner or a group's member may not. */
import type { Draft } from "./draft.ts";
import { checkInterface, type InterfaceContext } from "./interfaces.ts";
import type { TrackedInterface } from "./model.ts";
import type { TrackedObject } from "./model-vrrp.ts";
import type { Reporter } from "./reporter.ts";
import { reduceWeight, type Trackables } from "./tracked.ts";
import { readInteger, readInterfaceName } from "./words.ts";

/** The lists of one instance or group. */
export interface Tracking {
  readonly trackInterface: readonly TrackedInterface[];
  readonly trackScripts: readonly TrackedObject[];
  readonly trackFiles: readonly TrackedObject[];
  readonly trackProcesses: readonly TrackedObject[];
  readonly trackBfd: readonly TrackedObject[];
}

/**
 * @param own the interface that is tracked anyway
 * @param owner for messages
 */
export function readTracking(
  context: InterfaceContext & { readonly trackables: Trackables },
  draft: Draft,
  own: string | undefined,
  owner: string,
): Tracking {
  const { trackables } = context;
  return {
    trackInterface: readTrackedInterfaces(context, draft, own, owner),
    trackScripts: trackables.read(draft, "script", owner),
    trackFiles: trackables.read(draft, "file", owner),
    trackProcesses: trackables.read(draft, "process", owner),
    trackBfd: trackables.read(draft, "bfd", owner),
  };
}

/**
 * Weights that cannot count are taken away (vrrp-behaviour 7 and 9): the priority of an address owner
 * never changes, and members of a group must not differ. Processes keep theirs, as in keepalived.
 *
 * @param why for messages: `is the address owner`
 */
export function withoutWeights(
  reporter: Reporter,
  trackables: Trackables,
  tracking: Tracking,
  name: string,
  why: string,
  at: { readonly source: number; readonly start: number },
): Tracking {
  const ignored = (tracked: TrackedObject, what: string): void =>
    reporter.word(
      "track-weight-ignored",
      trackables.positionOf(tracked) ?? at,
      0,
      `${name} ${why}, so that ${what}; write: ${tracked.name} weight 0`,
    );
  const weightless = (list: readonly TrackedObject[]): readonly TrackedObject[] =>
    list.filter((tracked) => {
      if (tracked.weight !== 0) ignored(tracked, `${tracked.name} with its weight is not tracked`);
      return tracked.weight === 0;
    });
  const interfaces = tracking.trackInterface.map((tracked) => {
    if (tracked.weight === 0) return tracked;
    ignored(
      { name: tracked.interface, weight: tracked.weight, reverse: false },
      `the weight of ${tracked.interface} does not count`,
    );
    return { ...tracked, weight: 0 };
  });
  return {
    ...tracking,
    trackInterface: interfaces,
    trackScripts: weightless(tracking.trackScripts),
    trackBfd: weightless(tracking.trackBfd),
    trackFiles: tracking.trackFiles.flatMap((tracked) => {
      if (tracked.weight === 0) return [tracked];
      const stays = tracked.weight === 1;
      ignored(
        tracked,
        stays
          ? `the weight of ${tracked.name} does not count`
          : `${tracked.name} with its weight is not tracked`,
      );
      return stays ? [{ ...tracked, weight: 0 }] : [];
    }),
  };
}

export function readTrackedInterfaces(
  context: InterfaceContext,
  draft: Draft,
  own: string | undefined,
  instance: string,
): readonly TrackedInterface[] {
  const { reporter } = context;
  const result: TrackedInterface[] = [];
  for (const line of draft.lines("track_interface")) {
    const name = readInterfaceName(reporter, line, 0);
    if (name === undefined) continue;
    if (name === own) {
      reporter.word(
        "track-own-interface",
        line,
        0,
        `${name} is the interface of ${instance} itself, which is always tracked; remove it here`,
      );
      continue;
    }
    if (result.some((tracked) => tracked.interface === name)) {
      reporter.word(
        "track-duplicate",
        line,
        0,
        `${instance} tracks ${name} already, this line is ignored; remove one of them`,
      );
      continue;
    }
    checkInterface(context, line, 0);
    let weight = 0;
    let reverse = false;
    for (let i = 1; i < line.words.length; i++) {
      const word = line.words[i] as string;
      if (word === "reverse") reverse = true;
      else if (word === "weight") {
        const value = readInteger(reporter, line, ++i, "weight", -254, 254) ?? 0;
        weight = reduceWeight(reporter, line, i, value, 253);
      } else
        reporter.word(
          "option-unknown",
          line,
          i,
          `unknown option "${word}", ignored; write: ${name} weight -253..253`,
        );
    }
    result.push({ interface: name, weight, reverse });
  }
  return result;
}
