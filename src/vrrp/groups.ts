/**
 * The sync groups of one process: who belongs to which, and the loop that asks `sync-group.ts` after each
 * change of a member and directs the others until nothing follows any more. Decides nothing itself.
 */
import { assertNever } from "../base/errors.ts";
import type { SyncGroupConfig } from "../config/model-vrrp.ts";
import type { VrrpLogFields } from "../log/catalogue/vrrp.ts";
import type { FieldValue } from "../log/entry.ts";
import type { VrrpEvent, VrrpParams, VrrpState } from "./state.ts";
import { type GroupStateName, stepGroup } from "./sync-group.ts";
import type { LogWriter } from "./turn.ts";
import { keepalivedState, type StateName } from "./vocabulary.ts";

/** States of a group that its notifications tell. */
export type GroupTold = "backup" | "active" | "fault" | "stopped";

/** The part of a `Router` that matters here. */
export interface GroupRouter {
  readonly config: { readonly name: string };
  readonly state: VrrpState;
}

export interface GroupPorts<Router> {
  readonly log: LogWriter;
  /** leads back to {@link SyncGroups.changed} */
  dispatch(router: Router, event: VrrpEvent): void;
  /** after the notifications of members that were asked for before */
  publish(group: SyncGroupConfig, to: GroupTold): void;
}

interface Group<Router> {
  readonly config: SyncGroupConfig;
  readonly members: ReadonlyMap<string, Router>;
  readonly mode: "owners" | "mixed";
  state: GroupStateName;
  busy: boolean;
  /** somebody changed while effects were performed */
  again: string | undefined;
}

export class SyncGroups<Router extends GroupRouter> {
  readonly #ports: GroupPorts<Router>;
  #groups: ReadonlyMap<string, Group<Router>> = new Map();
  #byRouter: ReadonlyMap<Router, Group<Router>> = new Map();
  #held = false;

  constructor(ports: GroupPorts<Router>) {
    this.#ports = ports;
  }

  /**
   * A configuration comes into force: groups of the same name keep their state.
   *
   * @param planned instances with the configuration that they are about to get
   */
  rebuild(
    groups: readonly SyncGroupConfig[],
    planned: readonly {
      readonly router: Router;
      readonly config: { readonly name: string; readonly priority: number };
    }[],
  ): void {
    const byName = new Map(planned.map((p) => [p.config.name, p]));
    const next = new Map<string, Group<Router>>();
    const byRouter = new Map<Router, Group<Router>>();
    for (const config of groups) {
      const found = config.members.flatMap((name) => byName.get(name) ?? []);
      const members = new Map(found.map(({ config: { name }, router }) => [name, router]));
      const mode = found.every((p) => p.config.priority === 255) ? "owners" : "mixed";
      const state = this.#groups.get(config.name)?.state ?? "initialize";
      const group: Group<Router> = { config, members, mode, state, busy: false, again: undefined };
      next.set(config.name, group);
      for (const router of members.values()) byRouter.set(router, group);
    }
    this.#groups = next;
    this.#byRouter = byRouter;
  }

  modeOf(router: Router): VrrpParams["group"] {
    return this.#byRouter.get(router)?.mode;
  }

  configOf(router: Router): SyncGroupConfig | undefined {
    return this.#byRouter.get(router)?.config;
  }

  /** The other members of a router's group. */
  matesOf(router: Router): readonly Router[] {
    return [...(this.#byRouter.get(router)?.members.values() ?? [])].filter((mate) => mate !== router);
  }

  /** All groups with their states: one that waits for reports is in fault for those who ask. */
  states(): readonly { readonly config: SyncGroupConfig; readonly state: StateName }[] {
    return [...this.#groups.values()].map(({ config, state }) => ({
      config,
      state: state === "waiting" ? "fault" : state,
    }));
  }

  /** What dumps and status show of the groups; plain data. */
  snapshot(): FieldValue {
    return this.states().map(({ config, state }) => ({
      name: config.name,
      state: keepalivedState(state),
      members: config.members,
    }));
  }

  /** Takes up what {@link hold} held back. */
  settle(): void {
    this.#held = false;
    for (const group of this.#groups.values()) this.#look(group, undefined);
  }

  /** A member has taken a step. */
  changed(router: Router): void {
    if (this.#held) return;
    const group = this.#byRouter.get(router);
    if (group !== undefined) this.#look(group, router.config.name);
  }

  /** From now on nobody is directed: the end comes, or a reload, after which {@link settle} follows. */
  hold(): void {
    this.#held = true;
  }

  /** After the members' own end. */
  stop(): void {
    for (const { config } of this.#groups.values()) this.#ports.publish(config, "stopped");
  }

  #look(group: Group<Router>, changed: string | undefined): void {
    if (group.busy) {
      group.again = changed;
      return;
    }
    group.busy = true;
    let reason = changed;
    for (;;) {
      const members = [...group.members].map(([name, { state }]) => ({ name, state }));
      const { state, effects } = stepGroup(
        group.config.name,
        group.state,
        members,
        group.mode === "owners",
        reason,
      );
      group.state = state;
      if (effects.length === 0) break;
      for (const effect of effects) {
        switch (effect.kind) {
          case "direct": {
            const router = group.members.get(effect.member);
            if (router !== undefined) this.#ports.dispatch(router, effect.event);
            break;
          }
          case "publishGroup":
            this.#ports.publish(group.config, effect.to);
            break;
          case "log":
            this.#ports.log(effect.id, effect.fields as VrrpLogFields[typeof effect.id]);
            break;
          default:
            assertNever(effect);
        }
      }
      reason = group.again ?? reason;
      group.again = undefined;
    }
    group.busy = false;
  }
}
