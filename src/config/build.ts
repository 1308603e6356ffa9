/**
 * Top-level blocks to the model, one by one as they end, so that a large file needs little memory at a
 * time. What instances and servers take from `global_defs` must be known by then; where a file has
 * `global_defs` behind them, `isTooEarly` asks for a second reading that waits until the end.
 */
import { blockNamed } from "../../grammar/keywords/table.ts";
import { buildGlobal, childWaitTimeOf } from "./build-global.ts";
import { buildGlobalExtras, buildRootExtras } from "./build-global-extras.ts";
import { LvsBuilder, noGroups } from "./build-lvs.ts";
import type { VirtualServerContext } from "./build-real-server.ts";
import type { VrrpContext } from "./build-vrrp-extras.ts";
import { Draft } from "./draft.ts";
import { IprouteNames } from "./iproute-names.ts";
import { Linter } from "./lint.ts";
import type { ConfigSystem } from "./load.ts";
import type { ConfigModel } from "./model.ts";
import type { Reporter } from "./reporter.ts";
import { Scripts } from "./scripts.ts";
import { Shared } from "./shared.ts";
import { VrrpSide } from "./vrrp-side.ts";

type Context = VrrpContext & VirtualServerContext;

export class ModelBuilder {
  readonly #system: ConfigSystem;
  readonly #reporter: Reporter;
  /** blocks wait until the end instead of being built at once */
  readonly #waits: boolean;
  readonly #linter: Linter;
  readonly #waiting: Draft[] = [];
  readonly #vrrp: VrrpSide;
  readonly #lvs: LvsBuilder;
  /** track files and BFD sessions so far, for the checkers that need them: `track_file NAME` */
  readonly #known = new Set<string>();
  #global: Draft | undefined;
  #context: Context | undefined;
  /** `global_defs` came after something that depends on it: the result is not valid */
  isTooEarly = false;

  constructor(system: ConfigSystem, reporter: Reporter, options: { readonly waits: boolean }) {
    this.#system = system;
    this.#reporter = reporter;
    this.#waits = options.waits;
    this.#linter = new Linter(reporter);
    this.#vrrp = new VrrpSide(reporter, (where) => this.#contextNow(where));
    this.#lvs = new LvsBuilder(reporter, (config, draft) => this.#linter.virtualServer(config, draft));
  }

  /** Takes a complete top-level block. */
  block(draft: Draft): void {
    const { name } = draft.block;
    this.#linter.block(draft);
    if (name === "global_defs") {
      this.#global = draft;
      if (this.#context !== undefined) this.isTooEarly = true;
    } else if (name === "virtual_server" || VrrpSide.takes(draft)) {
      if (this.#waits) this.#waiting.push(draft);
      else this.#build(draft);
    }
    if (draft.head.kind === "name")
      this.#known.add(`${name === "vrrp_track_file" ? "track_file" : name} ${draft.head.name}`);
  }

  /** To be called once, behind the last block. */
  finish(root: Draft): ConfigModel {
    const context = this.#contextNow(root);
    for (const draft of this.#waiting) this.#build(draft);
    const vrrp = this.#vrrp.finish(root);
    const lvs = this.#lvs.finish(context, root);
    this.#linter.finish(vrrp.vrrpInstances);
    // Root keywords may stand anywhere; nothing but the global part depends on them.
    const global = { ...context.global, ...buildRootExtras(root), childWaitTime: childWaitTimeOf(root) };
    return {
      global,
      ...vrrp,
      ...lvs,
    };
  }

  #build(draft: Draft): void {
    if (draft.block.name !== "virtual_server") {
      const instance = this.#vrrp.block(draft);
      if (instance !== undefined) this.#linter.instance(instance, draft);
    } else this.#lvs.service(this.#contextNow(draft), draft);
  }

  #contextNow(where: Draft): Context {
    if (this.#context !== undefined) return this.#context;
    const system = this.#system;
    const reporter = this.#reporter;
    const draft = this.#global ?? new Draft(blockNamed("global_defs"), where.statement, { kind: "none" });
    const { global: basic, inherited } = buildGlobal(draft, system, reporter);
    const { scriptUser } = basic;
    const scripts = new Scripts(system, reporter, {
      security: basic.enableScriptSecurity,
      defaultUser: inherited.scriptUser,
      supplementary: draft.flag("set_supplementary_groups") ?? false,
    });
    const extras = buildGlobalExtras({ reporter, system, scripts, scriptUser }, draft);
    const global = { ...basic, ...extras };
    // keepalived.conf(5) "dynamic_interfaces": interfaces may appear later.
    const interfaces = draft.has("dynamic_interfaces") ? undefined : system.interfaces();
    const names = new IprouteNames(system, global.iprouteEtcDir, global.iprouteUsrDir);
    this.#context = {
      reporter,
      scripts,
      names,
      global,
      inherited,
      interfaces,
      system,
      trackables: this.#vrrp.trackables,
      shared: new Shared(reporter),
      known: this.#known,
      groups: noGroups,
    };
    return this.#context;
  }
}
