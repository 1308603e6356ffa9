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
import { buildInstance, type VrrpContext } from "./build-vrrp.ts";
import { Draft } from "./draft.ts";
import { IprouteNames } from "./iproute-names.ts";
import { Linter } from "./lint.ts";
import type { ConfigSystem } from "./load.ts";
import type { ConfigModel, VrrpInstanceConfig } from "./model.ts";
import { type Position, Reporter } from "./reporter.ts";
import { Scripts } from "./scripts.ts";
import { type Built, validateInstances } from "./validate.ts";

type Context = VrrpContext & VirtualServerContext;

export class ModelBuilder {
  readonly #system: ConfigSystem;
  readonly #reporter: Reporter;
  /** blocks wait until the end instead of being built at once */
  readonly #waits: boolean;
  readonly #linter: Linter;
  readonly #waiting: Draft[] = [];
  readonly #names = new Map<string, Position>();
  readonly #instances: Built<VrrpInstanceConfig>[] = [];
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
    this.#lvs = new LvsBuilder(reporter, (config, draft) => this.#linter.virtualServer(config, draft));
  }

  /** Takes a complete top-level block. */
  block(draft: Draft): void {
    const { name } = draft.block;
    this.#linter.block(draft);
    if (name === "global_defs") {
      this.#global = draft;
      if (this.#context !== undefined) this.isTooEarly = true;
    } else if (name === "vrrp_instance" || name === "virtual_server") {
      if (this.#waits) this.#waiting.push(draft);
      else this.#build(draft);
    } else if (draft.head.kind === "name")
      this.#known.add(`${name === "vrrp_track_file" ? "track_file" : name} ${draft.head.name}`);
  }

  /** To be called once, behind the last block. */
  finish(root: Draft): ConfigModel {
    const context = this.#contextNow(root);
    for (const draft of this.#waiting) this.#build(draft);
    const lvs = this.#lvs.finish(context, root);
    this.#linter.finish();
    // Root keywords may stand anywhere; nothing but the global part depends on them.
    const global = { ...context.global, ...buildRootExtras(root), childWaitTime: childWaitTimeOf(root) };
    return {
      global,
      vrrpInstances: validateInstances(this.#reporter, this.#instances),
      ...lvs,
    };
  }

  #build(draft: Draft): void {
    const context = this.#contextNow(draft);
    const position = Reporter.positionOf(draft.statement);
    if (draft.block.name === "vrrp_instance") {
      if (this.#isNameTaken(draft, position)) return;
      const config = buildInstance(context, draft);
      if (config === undefined) return;
      this.#instances.push({ config, position });
      this.#linter.instance(config, draft);
    } else this.#lvs.service(context, draft);
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
      known: this.#known,
      groups: noGroups,
    };
    return this.#context;
  }

  #isNameTaken(draft: Draft, position: Position): boolean {
    const name = draft.head.kind === "name" ? draft.head.name : "";
    const before = this.#names.get(name);
    if (before === undefined) {
      this.#names.set(name, position);
      return false;
    }
    this.#reporter.word(
      "name-duplicate",
      position,
      1,
      `a vrrp_instance ${name} exists already and this one is ignored; give it another name`,
      [this.#reporter.firstDefinedAt(before)],
    );
    return true;
  }
}
