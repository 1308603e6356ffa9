/**
 * How a child gets scripts run: it asks through its channel, so that the fork happens in a small process.
 * When the channel is gone (the parent died, and notify scripts of the stop are due) it forks by itself.
 */
import type { Micros } from "../base/units.ts";
import type { ScriptRef } from "../config/model.ts";
import { ScriptQueues } from "./queue.ts";
import type { ScriptCommand, ScriptEnd, ScriptRequest, ScriptResult } from "./request.ts";
import { startScript } from "./run.ts";

/** How a script is run. */
export interface ScriptOptions {
  readonly queue: string;
  /** undefined: as long as it takes */
  readonly timeout?: Micros | undefined;
  /** runs beside those before it in its queue when they take longer; undefined: waits */
  readonly patience?: Micros | undefined;
}

/** Signals are a little early, so that the result is there within the limit. */
const EARLY: Micros = 200_000 as Micros;

export class RelayScriptClient {
  readonly #relay: (command: ScriptCommand) => boolean;
  readonly #pending = new Map<number, (result: ScriptResult) => void>();
  readonly #local = new ScriptQueues(startScript);
  #drained: (() => void)[] = [];
  #running = 0;
  #nextId = 1;

  /** @param relay hands the command to the parent; false when there is none */
  constructor(relay: (command: ScriptCommand) => boolean) {
    this.#relay = relay;
  }

  async run(script: ScriptRef, extraArgs: readonly string[], options: ScriptOptions): Promise<ScriptResult> {
    const request: ScriptRequest = {
      id: this.#nextId++,
      script,
      extraArgs,
      queue: options.queue,
      timeoutMicros: options.timeout,
      patienceMicros: options.patience,
    };
    this.#running++;
    const result = this.#relay({ kind: "runScript", request })
      ? await new Promise<ScriptResult>((done) => this.#pending.set(request.id, done))
      : await this.#local.submit(request);
    this.#running--;
    if (this.#running === 0) {
      for (const resolve of this.#drained) resolve();
      this.#drained = [];
    }
    return result;
  }

  /** An end for what runs or waits in some queues. */
  end(end: ScriptEnd): void {
    this.#local.end(end);
    this.#relay({ kind: "endScripts", end });
  }

  /** An answer came through the channel. */
  settle(id: number, result: ScriptResult): void {
    const done = this.#pending.get(id);
    this.#pending.delete(id);
    done?.(result);
  }

  /** The channel is gone: answers to relayed scripts will never come; those scripts still run. */
  abandon(): void {
    for (const id of [...this.#pending.keys()]) this.settle(id, { kind: "failed", code: "EPIPE" });
  }

  /** Resolves when every script has ended, or was ended, or after `limit`, whichever is first. */
  drain(limit: Micros): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    this.end({
      queues: "",
      termMicros: Math.max(0, limit - 2 * EARLY),
      killMicros: Math.max(0, limit - EARLY),
    });
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.ceil(limit / 1000));
      this.#drained.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
