/**
 * `vrrp_sync_group`: members that exist, each in one group, and what belonging to a group takes from them
 * (vrrp-behaviour 9). What a group tracks is read where it stands; its members are looked up at the end.
 */
import type { Statement } from "../../grammar/parser.ts";
import { type Tracking, withoutWeights } from "./build-vrrp-tracking.ts";
import type { Draft } from "./draft.ts";
import type { GlobalDefs, VrrpInstanceConfig } from "./model.ts";
import type { SyncGroupConfig } from "./model-vrrp.ts";
import { reportAtEnd } from "./report-at-end.ts";
import { type Position, Reporter } from "./reporter.ts";
import type { Scripts } from "./scripts.ts";
import type { Trackables } from "./tracked.ts";
import type { Built } from "./validate.ts";

export interface GroupContext {
  readonly reporter: Reporter;
  readonly scripts: Scripts;
  readonly global: GlobalDefs;
  readonly trackables: Trackables;
}

/** A group whose members are not yet looked up. */
export interface PendingGroup {
  readonly draft: Draft;
  readonly name: string;
  readonly tracking: Tracking;
}

function buildGroup(
  { reporter, scripts, global }: GroupContext,
  { draft, name, tracking }: PendingGroup,
  members: readonly string[],
): SyncGroupConfig {
  return {
    where: reporter.where(draft.statement),
    name,
    members,
    ...tracking,
    notify: {
      master: scripts.resolve(draft.script("notify_master")),
      backup: scripts.resolve(draft.script("notify_backup")),
      fault: scripts.resolve(draft.script("notify_fault")),
      stop: scripts.resolve(draft.script("notify_stop")),
      any: scripts.resolve(draft.script("notify")),
    },
    smtpAlert: draft.flag("smtp_alert") ?? global.smtpAlertVrrp ?? global.smtpAlert ?? false,
    trackingWeight: draft.has("sync_group_tracking_weight"),
    notifyPriorityChanges: draft.flag("notify_priority_changes"),
  };
}

export interface Grouped {
  readonly groups: readonly SyncGroupConfig[];
  readonly instances: readonly Built<VrrpInstanceConfig>[];
}

/** Looks the members up, and gives instances what they take from their group. */
export function joinGroups(
  context: GroupContext,
  pending: readonly PendingGroup[],
  instances: readonly Built<VrrpInstanceConfig>[],
  /** instances that say themselves whether they write priority changes */
  decided: ReadonlySet<string>,
): Grouped {
  const byName = new Map(instances.map((built) => [built.config.name, built]));
  const groupOf = new Map<string, { readonly name: string; readonly position: Position }>();
  const groups: SyncGroupConfig[] = [];
  for (const group of pending) {
    const { draft, name } = group;
    const members = findMembers(context.reporter, draft, name, byName, groupOf);
    if (members.length === 0) {
      reportAtEnd(
        context.reporter,
        "group-empty",
        draft,
        `vrrp_sync_group ${name} has no members that exist and is ignored; write: group { INSTANCE… }`,
      );
      continue;
    }
    const built = members.flatMap((member) => byName.get(member) ?? []);
    const config = checkMix(context.reporter, draft, buildGroup(context, group, members), built);
    groups.push(config);
    for (const member of built) byName.set(member.config.name, joined(context, member, config, decided));
  }
  return {
    groups,
    instances: instances.map(({ config }) => byName.get(config.name)).filter((b) => b !== undefined),
  };
}

function findMembers(
  reporter: Reporter,
  draft: Draft,
  group: string,
  byName: ReadonlyMap<string, Built<VrrpInstanceConfig>>,
  groupOf: Map<string, { readonly name: string; readonly position: Position }>,
): readonly string[] {
  const members: string[] = [];
  const lines = draft.lines("group");
  for (const line of lines)
    for (const [word, name] of line.words.entries()) {
      const other = groupOf.get(name);
      if (!byName.has(name))
        reporter.word(
          "group-member-unknown",
          line,
          word,
          `there is no vrrp_instance ${name}, which ${group} names; define it, or remove it here`,
        );
      else if (other !== undefined)
        reporter.word(
          "group-member-twice",
          line,
          word,
          `${name} is in ${other.name} already and is ignored here; leave it in one group`,
          [{ note: "in the other group here", span: reporter.spanOf(other.position, 0) }],
        );
      else {
        groupOf.set(name, { name: group, position: Reporter.positionOf(line) });
        members.push(name);
      }
    }
  if (members.length === 1)
    reporter.word(
      "group-single",
      headOf(draft, lines),
      0,
      `vrrp_sync_group ${group} has one member only, ${members[0]}, and so no effect; add the instances that must change together`,
    );
  return members;
}

function headOf(draft: Draft, lines: readonly Statement[]): Statement {
  return lines[0] ?? draft.statement;
}

/** An owner takes over at once, the others do not: such a group never agrees in time. */
function checkMix(
  reporter: Reporter,
  draft: Draft,
  group: SyncGroupConfig,
  members: readonly Built<VrrpInstanceConfig>[],
): SyncGroupConfig {
  const owners = members.filter(({ config }) => config.priority === 255);
  if (owners.length === 0) return group;
  if (owners.length < members.length)
    reporter.word(
      "group-mixed",
      headOf(draft, draft.lines("group")),
      0,
      `of ${group.name} ${owners.map(({ config }) => config.name).join(", ")} owns its addresses (priority 255) and the others do not; give all members one kind of priority`,
    );
  const trackInterface = group.trackInterface.map((tracked) => {
    if (tracked.weight === 0) return tracked;
    reporter.word(
      "track-weight-ignored",
      draft.statementOf("track_interface"),
      0,
      `${group.name} has a member with priority 255, so that the weight of ${tracked.interface} does not count; remove it`,
    );
    return { ...tracked, weight: 0 };
  });
  return { ...group, trackInterface };
}

function joined(
  { reporter, trackables }: GroupContext,
  { config, position }: Built<VrrpInstanceConfig>,
  group: SyncGroupConfig,
  decided: ReadonlySet<string>,
): Built<VrrpInstanceConfig> {
  const own: Tracking = {
    trackInterface: config.trackInterface,
    trackScripts: config.trackScripts ?? [],
    trackFiles: config.trackFiles ?? [],
    trackProcesses: config.trackProcesses ?? [],
    trackBfd: config.trackBfd ?? [],
  };
  const tracking = group.trackingWeight
    ? own
    : withoutWeights(reporter, trackables, own, config.name, `is a member of ${group.name}`, position);
  for (const { interface: name } of group.trackInterface)
    if (own.trackInterface.some((tracked) => tracked.interface === name))
      reporter.word(
        "track-duplicate",
        position,
        0,
        `${config.name} and its group ${group.name} both track ${name}; remove it from one of them`,
      );
  const notifyPriorityChanges = decided.has(config.name)
    ? config.notifyPriorityChanges
    : (group.notifyPriorityChanges ?? config.notifyPriorityChanges);
  return {
    config: { ...config, ...tracking, notifyPriorityChanges: notifyPriorityChanges ?? false },
    position,
  };
}
