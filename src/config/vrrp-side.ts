/**
 * Everything of the VRRP side, block by block as the reader ends them: instances, what they refer to, the
 * groups they form, and the lists of the file itself.
 */

import type { Statement } from "../../grammar/parser.ts";
import { BfdPlaces, buildBfdInstance } from "./build-bfd.ts";
import { assignPreferences } from "./build-rule.ts";
import { buildGarpGroup, buildStatics } from "./build-static.ts";
import { joinGroups, type PendingGroup } from "./build-sync-group.ts";
import {
  buildTrackFile,
  buildTrackGroup,
  buildTrackProcess,
  buildTrackScript,
  type ScriptCandidate,
} from "./build-track.ts";
import { buildInstance } from "./build-vrrp.ts";
import type { VrrpContext } from "./build-vrrp-extras.ts";
import { readTracking } from "./build-vrrp-tracking.ts";
import type { Draft } from "./draft.ts";
import { checkInterface } from "./interfaces.ts";
import type { ConfigModel, VrrpInstanceConfig } from "./model.ts";
import type {
  BfdInstanceConfig,
  GarpGroupConfig,
  TrackedObject,
  TrackFileConfig,
  TrackGroupConfig,
  TrackProcessConfig,
  TrackScriptConfig,
  VrrpSections,
} from "./model-vrrp.ts";
import { type Position, Reporter } from "./reporter.ts";
import { Trackables } from "./tracked.ts";
import { type Built, validateInstances } from "./validate.ts";

/** What the constructor cannot know yet: it depends on `global_defs`. */
export type ContextSource = (where: Draft) => VrrpContext;

const blocks: ReadonlySet<string> = new Set([
  "vrrp_instance",
  "vrrp_sync_group",
  "vrrp_script",
  "vrrp_track_process",
  "track_file",
  "vrrp_track_file",
  "track_group",
  "garp_group",
  "bfd_instance",
]);

export class VrrpSide {
  readonly #reporter: Reporter;
  readonly #contextOf: ContextSource;
  readonly trackables: Trackables;
  readonly #names = new Map<string, Position>();
  readonly #instances: Built<VrrpInstanceConfig>[] = [];
  readonly #scripts: { readonly candidate: ScriptCandidate; readonly position: Position }[] = [];
  readonly #files: TrackFileConfig[] = [];
  readonly #processes: TrackProcessConfig[] = [];
  readonly #bfd: BfdInstanceConfig[] = [];
  readonly #bfdPlaces = new BfdPlaces();
  readonly #trackGroups: TrackGroupConfig[] = [];
  /** members of the track groups, as they stand */
  readonly #groupLines: Statement[] = [];
  readonly #garpGroups: GarpGroupConfig[] = [];
  readonly #garpInterfaces = new Set<string>();
  readonly #syncGroups: PendingGroup[] = [];
  /** instances with a `notify_priority_changes` of their own */
  readonly #decided = new Set<string>();

  constructor(reporter: Reporter, contextOf: ContextSource) {
    this.#reporter = reporter;
    this.#contextOf = contextOf;
    this.trackables = new Trackables(reporter);
  }

  /** Whether a top-level block belongs here. */
  static takes(draft: Draft): boolean {
    return blocks.has(draft.block.name);
  }

  /** @returns the instance, when the block is one that can exist */
  block(draft: Draft): VrrpInstanceConfig | undefined {
    const context = this.#contextOf(draft);
    const { reporter, scripts, system } = context;
    const name = draft.head.kind === "name" ? draft.head.name : "";
    switch (draft.block.name) {
      case "vrrp_instance":
        return this.#instance(context, draft, name);
      case "vrrp_sync_group":
        if (this.#isTaken(draft, name)) break;
        this.#syncGroups.push({ draft, name, tracking: readTracking(context, draft, undefined, name) });
        break;
      case "vrrp_script": {
        const candidate = buildTrackScript({ reporter, scripts, system }, draft, name);
        if (candidate === undefined || !this.trackables.add("script", candidate, draft.statement)) break;
        this.#scripts.push({ candidate, position: Reporter.positionOf(draft.statement) });
        break;
      }
      case "track_file":
      case "vrrp_track_file": {
        const file = buildTrackFile({ reporter, scripts, system }, draft, name);
        if (file === undefined || !this.trackables.add("file", file, draft.statement)) break;
        this.#files.push(file);
        break;
      }
      case "vrrp_track_process": {
        const process = buildTrackProcess({ reporter, scripts, system }, draft, name);
        if (process === undefined || !this.trackables.add("process", process, draft.statement)) break;
        this.#processes.push(process);
        break;
      }
      case "bfd_instance": {
        const bfd = buildBfdInstance(reporter, draft, name, this.#bfdPlaces);
        if (bfd === undefined) {
          this.trackables.excuse("bfd", name);
          break;
        }
        if (this.trackables.add("bfd", bfd, draft.statement)) this.#bfd.push(bfd);
        break;
      }
      case "track_group": {
        const group = buildTrackGroup(reporter, draft, name);
        if (group === undefined) break;
        this.#trackGroups.push(group);
        for (const line of draft.lines("group")) this.#groupLines.push(line);
        break;
      }
      case "garp_group": {
        const group = buildGarpGroup(context, draft, this.#garpInterfaces);
        if (group !== undefined) this.#garpGroups.push(group);
        break;
      }
    }
    return undefined;
  }

  /** To be called once, behind the last block. */
  finish(root: Draft): Pick<ConfigModel, "vrrpInstances"> & VrrpSections {
    const context = this.#contextOf(root);
    const { trackables } = this;
    trackables.reportUnresolved();
    const statics = buildStatics(
      {
        ...context,
        trackGroups: new Set(this.#trackGroups.map((group) => group.name)),
        checkInterface: (line, word) => checkInterface(context, line, word),
        rulesWithoutPreference: context.shared.rulesWithoutPreference,
      },
      root,
    );
    assignPreferences(this.#reporter, context.shared.rulesWithoutPreference);
    const { groups, instances } = joinGroups(context, this.#syncGroups, this.#instances, this.#decided);
    this.#checkTrackGroups();
    const trackScripts = this.#runnable();
    const runnable = new Set(trackScripts.map((script) => script.name));
    const withoutDisabled = (list: readonly TrackedObject[] | undefined): readonly TrackedObject[] =>
      (list ?? []).filter((tracked) => runnable.has(tracked.name));
    return {
      vrrpInstances: validateInstances(this.#reporter, instances).map((instance) => ({
        ...instance,
        trackScripts: withoutDisabled(instance.trackScripts),
      })),
      syncGroups: groups.map((group) => ({ ...group, trackScripts: withoutDisabled(group.trackScripts) })),
      trackScripts,
      trackFiles: this.#files,
      trackProcesses: this.#processes,
      trackGroups: this.#trackGroups,
      bfdInstances: this.#bfd,
      garpGroups: this.#garpGroups,
      ...statics,
    };
  }

  #instance(context: VrrpContext, draft: Draft, name: string): VrrpInstanceConfig | undefined {
    if (this.#isTaken(draft, name)) return undefined;
    if (draft.has("notify_priority_changes")) this.#decided.add(name);
    const config = buildInstance(context, draft);
    if (config !== undefined)
      this.#instances.push({ config, position: Reporter.positionOf(draft.statement) });
    return config;
  }

  #isTaken(draft: Draft, name: string): boolean {
    const kind = draft.block.name;
    const key = `${kind} ${name}`;
    const before = this.#names.get(key);
    if (before === undefined) {
      this.#names.set(key, Reporter.positionOf(draft.statement));
      return false;
    }
    this.#reporter.word(
      "name-duplicate",
      draft.statement,
      1,
      `a ${kind} ${name} exists already and this one is ignored; give it another name`,
      [this.#reporter.firstDefinedAt(before)],
    );
    return true;
  }

  #checkTrackGroups(): void {
    const known = new Set(this.#instances.map(({ config }) => config.name));
    for (const line of this.#groupLines)
      for (const [word, member] of line.words.entries())
        if (!known.has(member))
          this.#reporter.word(
            "group-member-unknown",
            line,
            word,
            `there is no vrrp_instance ${member}, which this track_group names; define it, or remove it here`,
          );
  }

  /** Only scripts that somebody tracks are looked at. */
  #runnable(): readonly TrackScriptConfig[] {
    const result: TrackScriptConfig[] = [];
    for (const { candidate, position } of this.#scripts) {
      if (this.trackables.isUsed(candidate)) {
        const script = candidate.resolve();
        if (script !== undefined) result.push(script);
        continue;
      }
      candidate.ignore();
      this.#reporter.word(
        "track-unused",
        position,
        1,
        `nobody tracks vrrp_script ${candidate.name} and it is never run; track it or remove it`,
      );
    }
    return result;
  }
}
