/**
 * Follows links and addresses. Decides what changed, also after the kernel dropped messages (ENOBUFS:
 * dump again, report the differences); never decides what a change means.
 */
import { InternalError } from "../base/errors.ts";
import type { Native } from "./native-api.ts";
import type { InterfaceAddress, Link } from "./rtnetlink.ts";

export type MonitorEvent =
  | { readonly kind: "linkChanged"; readonly link: Link }
  | { readonly kind: "linkGone"; readonly index: number; readonly name: string }
  | { readonly kind: "addressAdded" | "addressGone"; readonly address: InterfaceAddress }
  /** After an overrun: the differences were reported before this. `lost` counts overruns so far. */
  | { readonly kind: "resynced"; readonly lost: number };

export class InterfaceMonitor {
  /**
   * Takes the first snapshot before it returns; `onEvent` hears only what changes later.
   *
   * @param options.receiveBuffer bytes of SO_RCVBUF, 1 MiB by default
   */
  constructor(
    native: Native,
    onEvent: (event: MonitorEvent) => void,
    options: { readonly receiveBuffer?: number } = {},
  ) {
    throw new InternalError(`not yet ${native} ${onEvent} ${options}`);
  }
  /** All links by index, as last known. */
  get links(): ReadonlyMap<number, Link> {
    return new Map();
  }
  /** All addresses, as last known. */
  addresses(): readonly InterfaceAddress[] {
    return [];
  }
  linkByName(name: string): Link | undefined {
    throw new InternalError(`not yet ${name}`);
  }
  /** Reads what waits now instead of at the next turn of the loop. */
  drain(): void {}
  close(): void {}
}
