/**
 * Reads the configuration of this machine and decides whether the daemon may run with it, at start and
 * at a reload. What is wrong with it is the business of `config/`.
 */
import { existsSync, readFileSync } from "node:fs";
import { type LoadOptions, type LoadResult, loadConfig } from "../config/load.ts";
import type { ConfigModel } from "../config/model.ts";
import { nodeConfigSystem } from "../config/node-system.ts";
import { renderDiagnostic } from "../config/render.ts";
import {
  configDiagnostic,
  configFilesMissing,
  configUnusable,
  configurationFile,
  openingFile,
} from "../log/catalogue/process.ts";
import type { Logger } from "../log/entry.ts";
import type { ChildRole } from "./messages.ts";

/** A configuration in force, and the errors it is known to have: a reload must not bring new ones. */
export interface Configuration {
  readonly model: ConfigModel;
  readonly errors: ReadonlySet<string>;
}

export type ReadOutcome =
  | { readonly kind: "usable"; readonly configuration: Configuration }
  | { readonly kind: "refused"; readonly status: 2 | 6; readonly errors: number };

/** @param configId stands for the node name in lines that begin with `@` */
export function loadConfiguration(
  file: string,
  configId: string | undefined,
  options: LoadOptions = {},
): LoadResult {
  return loadConfig(file, nodeConfigSystem(interfaceNames), { ...options, configId });
}

/**
 * Reads the file and logs what is to be said about it.
 *
 * @param running at a reload, the configuration in force: errors it already had are tolerated, new ones refuse
 * @param allConfig an include that finds nothing is an error
 */
export function readConfiguration(
  file: string,
  configId: string | undefined,
  logger: Logger,
  running: Configuration | undefined,
  allConfig: boolean,
): ReadOutcome {
  logger.write(openingFile({ file }));
  logger.write(configurationFile({ file }));
  const { model, diagnostics, sources, startStatus } = loadConfiguration(file, configId, { allConfig });
  for (const d of diagnostics) {
    const text = renderDiagnostic(d, sources, { caret: false, color: false });
    logger.write(configDiagnostic({ text }));
  }
  const wrong = diagnostics.filter((d) => d.severity === "fatal" || d.severity === "error");
  const errors = new Set(wrong.map((d) => `${d.code} ${d.message}`));
  if (startStatus !== 0 || model === undefined) {
    if (startStatus === 6 && !existsSync(file)) logger.write(configFilesMissing({ file }));
    else logger.write(configUnusable({ file, errors: wrong.length }));
    return { kind: "refused", status: startStatus === 6 ? 6 : 2, errors: wrong.length };
  }
  if (running !== undefined) {
    const fresh = [...errors].filter((e) => !running.errors.has(e));
    if (fresh.length > 0) return { kind: "refused", status: 2, errors: fresh.length };
  }
  return { kind: "usable", configuration: { model, errors } };
}

/** The part of the configuration that a child gets. */
export function sliceFor(role: ChildRole, model: ConfigModel): ConfigModel {
  if (role === "vrrp") return { ...model, virtualServers: [] };
  if (role === "checker") return { ...model, vrrpInstances: [] };
  const { global, bfdInstances } = model;
  return { global, bfdInstances: bfdInstances ?? [], vrrpInstances: [], virtualServers: [] };
}

/** Whether the configuration has work for a child. */
export function isNeeded(role: ChildRole, model: ConfigModel): boolean {
  if (role === "bfd") return (model.bfdInstances ?? []).length > 0;
  return (role === "vrrp" ? model.vrrpInstances : model.virtualServers).length > 0;
}

/** From /proc, which shows the network namespace of this process even where /sys shows another one. */
function interfaceNames(): ReadonlySet<string> | undefined {
  try {
    const lines = readFileSync("/proc/self/net/dev", "latin1").split("\n").slice(2);
    return new Set(lines.map((l) => l.slice(0, l.indexOf(":")).trim()).filter((n) => n !== ""));
  } catch {
    return undefined;
  }
}
