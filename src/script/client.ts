/**
 * How a child gets scripts run: it asks through its channel, so that the fork happens in a small process.
 * When the channel is gone (the parent died, and notify scripts of the stop are due) it forks by itself.
 */
import type { Micros } from "../base/units.ts";
import type { ScriptRef } from "../config/model.ts";
import { ScriptQueues } from "./queue.ts";
import type { ScriptRequest, ScriptResult } from "./request.ts";
import { runScript } from "./run.ts";

export class RelayScriptClient {
  readonly #relay: (request: ScriptRequest) => boolean;
  readonly #pending = new Map<number, (result: ScriptResult) => void>();
  readonly #local = new ScriptQueues(runScript);
  #drained: (() => void)[] = [];
  #running = 0;
  #nextId = 1;

  /** @param relay hands the request to the parent; false when there is none */
  constructor(relay: (request: ScriptRequest) => boolean) {
    this.#relay = relay;
  }

  async run(
    script: ScriptRef,
    extraArgs: readonly string[],
    options: { readonly queue: string; readonly timeout?: Micros },
  ): Promise<ScriptResult> {
    const request: ScriptRequest = {
      id: this.#nextId++,
      script,
      extraArgs,
      queue: options.queue,
      timeoutMicros: options.timeout,
    };
    this.#running++;
    const result = this.#relay(request)
      ? await new Promise<ScriptResult>((done) => this.#pending.set(request.id, done))
      : await this.#local.submit(request);
    this.#running--;
    if (this.#running === 0) {
      for (const resolve of this.#drained) resolve();
      this.#drained = [];
    }
    return result;
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

  /** Resolves when every script has ended, or after `limit`, whichever is first. */
  drain(limit: Micros): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.ceil(limit / 1000));
      this.#drained.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
