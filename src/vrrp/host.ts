/** What the VRRP runtime asks of the process around it, and what it answers. Types only. */
import type { Clock } from "../base/clock.ts";
import type { VrrpInstanceConfig } from "../config/model.ts";
import type { SyncGroupConfig } from "../config/model-vrrp.ts";
import type { FieldValue, Logger } from "../log/entry.ts";
import type { Native } from "../net/native-api.ts";
import type { GroupTold } from "./groups.ts";
import type { Transition } from "./state.ts";
import type { ObjectKind, ObjectStatus } from "./tracked-objects.ts";
import type { StateName } from "./vocabulary.ts";

export interface RuntimeHost {
  readonly native: Native;
  readonly clock: Clock;
  readonly logger: Logger;
  /** --release-vips: on leaving, delete addresses even if this process did not set them */
  readonly releaseVips: boolean;
  /** an instance changed its state; called in order, after its addresses are set */
  onTransition(config: VrrpInstanceConfig, transition: Transition): void;
  /** something that is no change of state; in order with transitions */
  onEvent(
    config: VrrpInstanceConfig,
    event: "priorityChanged" | "lowerPriorityHeard",
    state: StateName,
    priority: number,
  ): void;
  /** keeps something for the process that comes after this one, should it die */
  remember(memory: FieldValue): void;
  /** what the process before had left that way */
  remembered(): FieldValue | undefined;
  /** how something that instances track stands */
  statusOf(kind: ObjectKind, name: string): ObjectStatus;
  /** a sync group changed its state; in order with the transitions of its members */
  onGroup(config: SyncGroupConfig, to: GroupTold): void;
  /** runs a command as root after those before it; its exit status, or -1 */
  runCommand(argv: readonly string[]): Promise<number>;
  /** something that {@link VrrpRuntime.snapshot} shows has changed */
  onChange(): void;
}

/** How instances and groups stand. */
export interface RuntimeStates {
  readonly instances: readonly {
    readonly config: VrrpInstanceConfig;
    readonly state: StateName;
    /** effective, 1-255 */
    readonly priority: number;
  }[];
  readonly groups: readonly { readonly config: SyncGroupConfig; readonly state: StateName }[];
}

/** How many instances a configuration touched. */
export interface Applied {
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
}
