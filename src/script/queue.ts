/**
 * Keeps scripts of one queue in order, one at a time, while different queues run side by side. Decides
 * only who may start; how a script runs is the caller's function.
 */
import type { ScriptRequest, ScriptResult } from "./request.ts";

/** Scripts that may wait in one queue; a further one fails with EAGAIN. */
export const QUEUE_LENGTH = 256;

interface Waiting {
  readonly request: ScriptRequest;
  readonly done: (result: ScriptResult) => void;
}

export class ScriptQueues {
  readonly #run: (request: ScriptRequest) => Promise<ScriptResult>;
  readonly #queues = new Map<string, Waiting[]>();
  #idle: (() => void)[] = [];

  /** @param run must not reject: bad luck is a `ScriptResult` */
  constructor(run: (request: ScriptRequest) => Promise<ScriptResult>) {
    this.#run = run;
  }

  submit(request: ScriptRequest): Promise<ScriptResult> {
    return new Promise((done) => {
      const queue = this.#queues.get(request.queue);
      if (queue === undefined) {
        this.#queues.set(request.queue, []);
        this.#start(request.queue, { request, done });
      } else if (queue.length >= QUEUE_LENGTH) done({ kind: "failed", code: "EAGAIN" });
      else queue.push({ request, done });
    });
  }

  /** Resolves when nothing runs or waits. */
  idle(): Promise<void> {
    if (this.#queues.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #start(name: string, { request, done }: Waiting): void {
    void this.#run(request).then((result) => {
      done(result);
      this.#next(name);
    });
  }

  #next(name: string): void {
    const next = this.#queues.get(name)?.shift();
    if (next !== undefined) {
      this.#start(name, next);
      return;
    }
    this.#queues.delete(name);
    if (this.#queues.size > 0) return;
    const waiting = this.#idle;
    this.#idle = [];
    for (const resolve of waiting) resolve();
  }
}
