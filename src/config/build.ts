/** The drafts of a whole configuration to the model: order of building, names used twice. */

import { blockNamed } from "../../grammar/keywords/table.ts";
import type { Statement } from "../../grammar/parser.ts";
import { buildGlobal } from "./build-global.ts";
import { buildVirtualServer } from "./build-virtual-server.ts";
import { buildInstance } from "./build-vrrp.ts";
import { Draft } from "./draft.ts";
import type { ConfigSystem } from "./load.ts";
import type { ConfigModel, VirtualServerConfig, VrrpInstanceConfig } from "./model.ts";
import type { Reporter } from "./reporter.ts";
import { Scripts } from "./scripts.ts";
import { type Built, validateInstances, validateVirtualServers } from "./validate.ts";

export function buildModel(root: Draft, system: ConfigSystem, reporter: Reporter): ConfigModel {
  const globalDefs =
    root.children.find((child) => child.block.name === "global_defs") ??
    new Draft(blockNamed("global_defs"), root.statement, { kind: "none" });
  const { global, inherited } = buildGlobal(root, globalDefs, system, reporter);
  const scripts = new Scripts(system, reporter, {
    security: global.enableScriptSecurity,
    defaultUser: inherited.scriptUser,
  });
  const vrrp = { reporter, scripts, global, inherited, interfaces: system.interfaces() };
  const check = { reporter, scripts, global, inherited };
  const names = new Map<string, Statement>();
  const instances: Built<VrrpInstanceConfig>[] = [];
  const servers: Built<VirtualServerConfig>[] = [];
  for (const draft of root.children) {
    const { statement } = draft;
    if (draft.block.name === "vrrp_instance") {
      if (isNameTaken(draft, names, reporter)) continue;
      const config = buildInstance(vrrp, draft);
      if (config !== undefined) instances.push({ config, statement });
    } else if (draft.block.name === "virtual_server") {
      const config = buildVirtualServer(check, draft);
      if (config !== undefined) servers.push({ config, statement });
    }
  }
  return {
    global,
    vrrpInstances: validateInstances(reporter, instances),
    virtualServers: validateVirtualServers(reporter, servers),
  };
}

function isNameTaken(draft: Draft, names: Map<string, Statement>, reporter: Reporter): boolean {
  const name = draft.head.kind === "name" ? draft.head.name : "";
  const before = names.get(name);
  if (before === undefined) {
    names.set(name, draft.statement);
    return false;
  }
  reporter.word(
    "name-duplicate",
    draft.statement,
    1,
    `a vrrp_instance ${name} exists already and this one is ignored; give it another name`,
    [reporter.firstDefinedAt(before)],
  );
  return true;
}
