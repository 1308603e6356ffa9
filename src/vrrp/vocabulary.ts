/**
 * RFC 9568's words and keepalived's words for the same states. The only file that knows both: inside we
 * speak the RFC's, at the edge (logs, notify arguments, dumps) keepalived's.
 */

/** States of the machine. `fault` is keepalived's addition, `stopped` and `deleted` are ends of a life. */
export type StateName = "initialize" | "backup" | "active" | "fault" | "stopped" | "deleted";

/** What operators, scripts and monitoring see. */
export type KeepalivedState = "INIT" | "BACKUP" | "MASTER" | "FAULT" | "DELETED" | "STOP";

const words: Readonly<Record<StateName, { readonly word: KeepalivedState; readonly number: number }>> = {
  initialize: { word: "INIT", number: 0 },
  backup: { word: "BACKUP", number: 1 },
  active: { word: "MASTER", number: 2 },
  fault: { word: "FAULT", number: 3 },
  deleted: { word: "DELETED", number: 97 },
  stopped: { word: "STOP", number: 98 },
};

export function keepalivedState(name: StateName): KeepalivedState {
  return words[name].word;
}

/** The number that D-Bus, SNMP and the JSON dump show: 0 INIT, 1 BACKUP, 2 MASTER, 3 FAULT, 97 DELETED, 98 STOP. */
export function keepalivedStateNumber(name: StateName): number {
  return words[name].number;
}
