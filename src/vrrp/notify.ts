/**
 * What is told to whom when an instance or a group changes: scripts, lines for FIFOs, alerts, in the order
 * in which keepalived tells them. Decides only words and order; never runs or writes anything.
 *
 * @see keepalived.conf(5) notify_master, notify, notify_fifo, smtp_alert
 */
import { assertNever } from "../base/errors.ts";
import type { ScriptRef, VrrpInstanceConfig, VrrpNotify } from "../config/model.ts";
import type { SyncGroupConfig } from "../config/model-vrrp.ts";
import type { StateName } from "./vocabulary.ts";
import { type KeepalivedState, keepalivedState } from "./vocabulary.ts";

/** What stands in a FIFO line besides states. */
export type NotifyWord = KeepalivedState | "MASTER_RX_LOWER_PRI" | "MASTER_PRIORITY" | "BACKUP_PRIORITY";

/** A state change that a mail may tell. */
export interface VrrpAlert {
  readonly kind: "INSTANCE" | "GROUP";
  readonly name: string;
  readonly state: KeepalivedState;
}

export type Notice =
  | {
      readonly kind: "script";
      readonly script: ScriptRef;
      readonly args: readonly string[];
      /** scripts of one queue keep their order */
      readonly queue: string;
    }
  | { readonly kind: "fifo"; readonly line: string }
  | { readonly kind: "alert"; readonly alert: VrrpAlert };

/** A transition of an instance. @param priority effective, 1-255 */
export function instanceNotices(c: VrrpInstanceConfig, to: StateName, priority: number): readonly Notice[] {
  const state = keepalivedState(to);
  const own = state === "DELETED" ? c.notifyDeleted?.script : scriptFor(c.notify, state);
  return notices("INSTANCE", c.name, state, priority, own, c.notify.any, c.smtpAlert);
}

/** A transition of a group; its priority is always told as 0. */
export function groupNotices(g: SyncGroupConfig, to: StateName): readonly Notice[] {
  const state = keepalivedState(to);
  return notices("GROUP", g.name, state, 0, scriptFor(g.notify, state), g.notify.any, g.smtpAlert);
}

/** An active router heard one of lower priority. */
export function lowerPriorityNotices(c: VrrpInstanceConfig, priority: number): readonly Notice[] {
  const word = "MASTER_RX_LOWER_PRI";
  const script = c.notifyMasterRxLowerPri;
  return [
    ...(script === undefined ? [] : [run(script, [], "INSTANCE", c.name, "state")]),
    { kind: "fifo", line: fifoLine("INSTANCE", c.name, word, priority) },
  ];
}

/** The effective priority changed. @returns nothing unless the instance wants it told, or in other states */
export function priorityNotices(
  c: VrrpInstanceConfig,
  state: StateName,
  priority: number,
): readonly Notice[] {
  if (c.notifyPriorityChanges !== true || (state !== "active" && state !== "backup")) return [];
  const word = state === "active" ? "MASTER_PRIORITY" : "BACKUP_PRIORITY";
  return [{ kind: "fifo", line: fifoLine("INSTANCE", c.name, word, priority) }];
}

/** @returns with its end of line */
export function fifoLine(
  kind: "INSTANCE" | "GROUP",
  name: string,
  word: NotifyWord,
  priority: number,
): string {
  return `${kind} "${name}" ${word} ${priority}\n`;
}

function notices(
  kind: "INSTANCE" | "GROUP",
  name: string,
  state: KeepalivedState,
  priority: number,
  own: ScriptRef | undefined,
  any: ScriptRef | undefined,
  mail: boolean,
): readonly Notice[] {
  return [
    ...(own === undefined ? [] : [run(own, [], kind, name, "state")]),
    ...(any === undefined ? [] : [run(any, [kind, name, state, String(priority)], kind, name, "any")]),
    { kind: "fifo", line: fifoLine(kind, name, state, priority) },
    ...(mail ? [{ kind: "alert" as const, alert: { kind, name, state } }] : []),
  ];
}

/** The script of a state and the one for all states do not wait for each other. */
function run(
  script: ScriptRef,
  args: readonly string[],
  kind: "INSTANCE" | "GROUP",
  name: string,
  lane: "state" | "any",
): Notice {
  return { kind: "script", script, args, queue: `${kind} ${name} ${lane}` };
}

function scriptFor(n: VrrpNotify, state: KeepalivedState): ScriptRef | undefined {
  switch (state) {
    case "MASTER":
      return n.master;
    case "BACKUP":
      return n.backup;
    case "FAULT":
      return n.fault;
    case "STOP":
      return n.stop;
    case "INIT":
    case "DELETED":
      return undefined;
    default:
      return assertNever(state);
  }
}
