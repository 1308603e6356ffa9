/**
 * All that instances track besides interfaces, as one thing: starts what a configuration needs, loads the
 * code for it only then, and answers how it stands. Decides nothing about instances.
 */
import type { Clock } from "../base/clock.ts";
import type { ConfigModel } from "../config/model.ts";
import type { InstanceExtras, TrackedObject, TrackScriptConfig } from "../config/model-vrrp.ts";
import type { Logger } from "../log/entry.ts";
import type { Native } from "../net/native-api.ts";
import type { FileTracking } from "./track-file-runtime.ts";
import type { ProcessTracking } from "./track-process-runtime.ts";
import type { ScriptOutcome } from "./track-script.ts";
import type { ScriptTracking } from "./track-script-runtime.ts";
import type { ObjectKind, ObjectStatus } from "./tracked-objects.ts";

export interface TrackingPorts {
  readonly native: Native;
  readonly clock: Clock;
  readonly logger: Logger;
  runScript(script: TrackScriptConfig): Promise<ScriptOutcome>;
  /** an object is in another state than before */
  changed(kind: ObjectKind, name: string): void;
}

/** Nothing that is tracked is up before somebody said so. */
const DOWN: ObjectStatus = { kind: "down" };

export class Tracking {
  readonly #ports: TrackingPorts;
  #scripts: ScriptTracking | undefined;
  #files: FileTracking | undefined;
  #processes: ProcessTracking | undefined;
  /** BFD sessions by name */
  readonly #sessions = new Map<string, boolean>();
  #started = false;

  constructor(ports: TrackingPorts) {
    this.#ports = ports;
  }

  /** To be called before instances get the same configuration. */
  async apply(model: ConfigModel): Promise<void> {
    const { native, clock, logger, runScript, changed } = this.#ports;
    const { trackScripts = [] } = model;
    const owners = [...model.vrrpInstances, ...(model.syncGroups ?? [])];
    const files = tracked(model.trackFiles, owners, (c) => c.trackFiles);
    const processes = tracked(model.trackProcesses, owners, (c) => c.trackProcesses);
    if (this.#scripts === undefined && trackScripts.length > 0) {
      const { ScriptTracking } = await import("./track-script-runtime.ts");
      this.#scripts = new ScriptTracking({
        logger,
        run: runScript,
        changed: (name) => changed("script", name),
      });
    }
    if (this.#files === undefined && files.length > 0) {
      const { FileTracking } = await import("./track-file-runtime.ts");
      this.#files = new FileTracking({ native, logger, changed: (name) => changed("file", name) });
    }
    if (this.#processes === undefined && processes.length > 0) {
      const { ProcessTracking } = await import("./track-process-runtime.ts");
      this.#processes = new ProcessTracking({
        native,
        clock,
        logger,
        changed: (name) => changed("process", name),
      });
    }
    const sessions = new Set((model.bfdInstances ?? []).map((s) => s.name));
    for (const name of this.#sessions.keys()) if (!sessions.has(name)) this.#sessions.delete(name);
    this.#scripts?.apply(trackScripts);
    this.#files?.apply(files, !this.#started);
    this.#processes?.apply(processes, model.global.receiveBuffers?.processMonitor.size);
    this.#started = true;
  }

  statusOf(kind: ObjectKind, name: string): ObjectStatus {
    switch (kind) {
      case "script":
        return this.#scripts?.statusOf(name) ?? DOWN;
      case "file":
        return this.#files?.statusOf(name) ?? DOWN;
      case "process":
        return this.#processes?.statusOf(name) ?? DOWN;
      case "bfd":
        return this.#sessions.get(name) === true ? { kind: "up" } : DOWN;
    }
  }

  /** The BFD process has news of a session. */
  bfdIs({ name, up }: { readonly name: string; readonly up: boolean }): void {
    if ((this.#sessions.get(name) ?? false) === up) return;
    this.#sessions.set(name, up);
    this.#ports.changed("bfd", name);
  }

  close(): void {
    this.#scripts?.close();
    this.#files?.close();
    this.#processes?.close();
  }
}

type Owner = Partial<Pick<InstanceExtras, "trackFiles" | "trackProcesses">>;

/** Objects that nobody tracks cost nothing. */
function tracked<T extends { readonly name: string }>(
  objects: readonly T[] | undefined,
  owners: readonly Owner[],
  listOf: (owner: Owner) => readonly TrackedObject[] | undefined,
): readonly T[] {
  const used = new Set(owners.flatMap((owner) => listOf(owner) ?? []).map(({ name }) => name));
  return (objects ?? []).filter(({ name }) => used.has(name));
}
