/**
 * Runs each `vrrp_script` at its interval and keeps what the runs say. Decides nothing about results; a
 * script is run by the script runner, never by this process.
 */
import { constants } from "node:os";
import type { TrackScriptConfig } from "../config/model-vrrp.ts";
import {
  scriptFailed,
  scriptKept,
  scriptKilled,
  scriptNotRun,
  scriptReturns,
  scriptSkipped,
  scriptSucceeded,
  scriptTimedOut,
} from "../log/catalogue/tracking.ts";
import type { Logger } from "../log/entry.ts";
import {
  adaptScript,
  freshScript,
  isSuccess,
  isVerdict,
  judgeScript,
  type ScriptOutcome,
  type ScriptState,
} from "./track-script.ts";
import type { ObjectStatus } from "./tracked-objects.ts";

export interface ScriptTrackingPorts {
  readonly logger: Logger;
  /** Runs a script once, killed when it takes longer than its `timeout`. Never rejects. */
  run(script: TrackScriptConfig): Promise<ScriptOutcome>;
  changed(name: string): void;
}

const SIGNALS: Readonly<Record<string, number>> = constants.signals;

interface Tracked {
  config: TrackScriptConfig;
  state: ScriptState;
  timer: NodeJS.Timeout;
  /** when the current run began, milliseconds of `performance.now()`; undefined: none */
  since: number | undefined;
  status: number;
  removed: boolean;
}

export class ScriptTracking {
  readonly #ports: ScriptTrackingPorts;
  #scripts: ReadonlyMap<string, Tracked> = new Map();

  constructor(ports: ScriptTrackingPorts) {
    this.#ports = ports;
  }

  /** Results are kept for scripts whose command stays the same. */
  apply(configs: readonly TrackScriptConfig[]): void {
    const next = new Map<string, Tracked>();
    for (const config of configs) {
      const known = this.#scripts.get(config.name);
      const kept = known !== undefined && isSameCommand(known.config, config);
      next.set(config.name, kept ? this.#adapt(known, config) : this.#start(config));
    }
    for (const [name, tracked] of this.#scripts) if (next.get(name) !== tracked) stop(tracked);
    this.#scripts = next;
  }

  statusOf(name: string): ObjectStatus {
    const up = this.#scripts.get(name)?.state.up;
    return up === undefined ? { kind: "pending" } : { kind: up ? "up" : "down" };
  }

  close(): void {
    for (const tracked of this.#scripts.values()) stop(tracked);
    this.#scripts = new Map();
  }

  #start(config: TrackScriptConfig): Tracked {
    const tracked: Tracked = {
      config,
      state: freshScript(config),
      timer: setInterval(() => this.#due(tracked), config.interval / 1000),
      since: undefined,
      status: 0,
      removed: false,
    };
    void this.#run(tracked);
    return tracked;
  }

  #adapt(tracked: Tracked, config: TrackScriptConfig): Tracked {
    if (config.interval !== tracked.config.interval) {
      clearInterval(tracked.timer);
      tracked.timer = setInterval(() => this.#due(tracked), config.interval / 1000);
    }
    tracked.config = config;
    tracked.state = adaptScript(config, tracked.state);
    const { up } = tracked.state;
    if (up !== undefined) this.#ports.logger.write(scriptKept({ script: config.name, up }));
    return tracked;
  }

  #due(tracked: Tracked): void {
    const { config, since } = tracked;
    if (since === undefined) {
      void this.#run(tracked);
      return;
    }
    const why = performance.now() - since < config.timeout / 1000 ? "running" : "ending";
    this.#ports.logger.write(scriptSkipped({ script: config.name, why }));
  }

  async #run(tracked: Tracked): Promise<void> {
    tracked.since = performance.now();
    const outcome = await this.#ports.run(tracked.config);
    tracked.since = undefined;
    if (!tracked.removed) this.#ended(tracked, outcome);
  }

  #ended(tracked: Tracked, outcome: ScriptOutcome): void {
    const script = tracked.config.name;
    const { logger } = this.#ports;
    if (outcome.kind === "exited" && outcome.status !== tracked.status) {
      tracked.status = outcome.status;
      logger.write(scriptReturns({ script, status: outcome.status }));
    }
    if (outcome.kind === "failed") logger.write(scriptNotRun({ script, code: outcome.code }));
    if (!isVerdict(outcome)) return;
    const was = tracked.state;
    tracked.state = judgeScript(tracked.config, was, isSuccess(outcome));
    if (tracked.state.up === was.up) return;
    this.#tell(script, outcome, tracked.state.up === true);
    this.#ports.changed(script);
  }

  #tell(script: string, outcome: ScriptOutcome, up: boolean): void {
    const { logger } = this.#ports;
    if (up) logger.write(scriptSucceeded({ script }));
    else if (outcome.kind === "exited") logger.write(scriptFailed({ script, status: outcome.status }));
    else if (outcome.kind === "timedOut") logger.write(scriptTimedOut({ script }));
    else if (outcome.kind === "signalled")
      logger.write(scriptKilled({ script, signal: SIGNALS[outcome.signal] ?? 0 }));
  }
}

function stop(tracked: Tracked): void {
  tracked.removed = true;
  clearInterval(tracked.timer);
}

function isSameCommand(a: TrackScriptConfig, b: TrackScriptConfig): boolean {
  return JSON.stringify(a.script) === JSON.stringify(b.script);
}
