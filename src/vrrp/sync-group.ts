/**
 * A sync group: its members are active together, wait together and are in fault together. Decides from
 * what its members are which of them must follow and what the group itself is; never looks at the wire.
 *
 * @see keepalived.conf(5) vrrp_sync_group
 */
import { assertNever } from "../base/errors.ts";
import type { LogEffect, VrrpEvent, VrrpState } from "./state.ts";
import { log } from "./transition.ts";

/** A member as the group sees it. */
export interface GroupMember {
  readonly name: string;
  readonly state: VrrpState;
}

/** `waiting`: fault of which nobody is told, because something tracked has not reported yet. */
export type GroupStateName = "initialize" | "waiting" | "backup" | "active" | "fault";

/** Plain data; the order in a list is contract. */
export type GroupEffect =
  | { readonly kind: "direct"; readonly member: string; readonly event: VrrpEvent }
  /** the group's own notifications: after those of the members that changed before */
  | { readonly kind: "publishGroup"; readonly to: "backup" | "active" | "fault" }
  | LogEffect;

export interface GroupStep {
  readonly state: GroupStateName;
  readonly effects: readonly GroupEffect[];
}

type GroupCause = "group" | "pending:group";

/**
 * What follows from the members' states. To be called again after its effects, until there are none.
 *
 * @param owners all members own their addresses: out of fault they are active at once
 * @param changed the member whose change is the reason to look: it goes first, and the others follow
 */
export function stepGroup(
  name: string,
  state: GroupStateName,
  members: readonly GroupMember[],
  owners: boolean,
  changed: string | undefined,
): GroupStep {
  const living = members.filter((m) => m.state.name !== "stopped");
  if (living.length === 0) return { state, effects: [] };
  const ordered = [...living].sort((a, b) => Number(b.name === changed) - Number(a.name === changed));
  const wanted = causeFor(ordered);
  const marks = ordered.flatMap((m) => mark(m, wanted));
  if (marks.length > 0) return shareFault(name, state, wanted, marks, owners);
  if (wanted === "pending:group") return { state: "waiting", effects: [] };
  if (wanted === "group") return enter(state, "fault", ordered, "fault");
  switch (state) {
    case "initialize":
    case "waiting":
    case "fault": {
      const active = ordered.every((m) => m.state.name === "active");
      return enter(state, active ? "active" : "backup", ordered, undefined);
    }
    case "active":
      return leaveActive(name, ordered);
    case "backup":
      return takeOver(name, ordered);
    default:
      return assertNever(state);
  }
}

/** Whether a group has to be looked at after a step of a member: most adverts change nothing that it knows. */
export function mattersToGroup(before: VrrpState, now: VrrpState): boolean {
  if (before === now) return false;
  if (before.name !== now.name) return true;
  if (now.name === "backup") return before.name === "backup" && before.wantsActive !== now.wantsActive;
  return now.name === "fault" || now.name === "initialize";
}

function isShared(cause: string): cause is GroupCause {
  return cause === "group" || cause === "pending:group";
}

function causesOf(m: GroupMember): readonly string[] {
  return m.state.name === "fault" || m.state.name === "initialize" ? m.state.causes : [];
}

/** What must keep all members in fault because of one of them. */
function causeFor(members: readonly GroupMember[]): GroupCause | undefined {
  const own = members.flatMap((m) => causesOf(m).filter((c) => !isShared(c)));
  if (own.length === 0) return undefined;
  return own.every((c) => c.startsWith("pending:")) ? "pending:group" : "group";
}

/** The events that leave a member with exactly this shared cause. A running member does not wait for reports. */
function mark(m: GroupMember, wanted: GroupCause | undefined): readonly GroupEffect[] {
  const running = m.state.name === "backup" || m.state.name === "active";
  if (running && wanted !== "group") return [];
  const has = causesOf(m).filter(isShared);
  const raise = wanted !== undefined && !has.includes(wanted) ? [direct(m, "faultRaised", wanted)] : [];
  return [...raise, ...has.filter((c) => c !== wanted).map((c) => direct(m, "faultCleared", c))];
}

function direct(m: GroupMember, kind: "faultRaised" | "faultCleared", cause: GroupCause): GroupEffect {
  return { kind: "direct", member: m.name, event: { kind, cause } };
}

/** Who was in fault first, or recovered last, is ahead of the line; the others come behind it. */
function shareFault(
  name: string,
  state: GroupStateName,
  wanted: GroupCause | undefined,
  marks: readonly GroupEffect[],
  owners: boolean,
): GroupStep {
  const [first, ...others] = marks;
  if (first === undefined || state === "initialize" || wanted === "pending:group")
    return { state, effects: marks };
  const free = owners ? "MASTER" : "BACKUP";
  const line = log("group-syncing", { group: name, state: wanted === undefined ? free : "FAULT" });
  return { state, effects: [first, line, ...others] };
}

/** @param every the state that all members must have reached before the group is told to be in it */
function enter(
  state: GroupStateName,
  to: "backup" | "active" | "fault",
  members: readonly GroupMember[],
  every: "fault" | undefined,
): GroupStep {
  if (state === to || (every !== undefined && members.some((m) => m.state.name !== every)))
    return { state, effects: [] };
  return { state: to, effects: [{ kind: "publishGroup", to }] };
}

function leaveActive(name: string, members: readonly GroupMember[]): GroupStep {
  const left = members.filter((m) => m.state.name === "active");
  if (left.length === members.length) return { state: "active", effects: [] };
  return {
    state: "backup",
    effects: [
      log("group-syncing", { group: name, state: "BACKUP" }),
      ...left.map((m) => follow(m, "backup")),
      { kind: "publishGroup", to: "backup" },
    ],
  };
}

/** Only when the timers of all have expired. */
function takeOver(name: string, members: readonly GroupMember[]): GroupStep {
  const ready = members.every(
    ({ state: s }) => s.name === "active" || (s.name === "backup" && s.wantsActive),
  );
  if (!ready) {
    // A reload may put instances into a group that are active already.
    const stray = members.filter((m) => m.state.name === "active");
    return { state: "backup", effects: stray.map((m) => follow(m, "backup")) };
  }
  const [first, ...others] = members.filter((m) => m.state.name === "backup").map((m) => follow(m, "active"));
  return {
    state: "active",
    effects: [
      ...(first === undefined ? [] : [first]),
      log("group-syncing", { group: name, state: "MASTER" }),
      ...others,
      { kind: "publishGroup", to: "active" },
    ],
  };
}

function follow(m: GroupMember, to: "active" | "backup"): GroupEffect {
  return { kind: "direct", member: m.name, event: { kind: "groupDirected", to } };
}
