/**
 * Keeps scripts of one queue in order, one at a time, while different queues run side by side. Decides
 * only who may start and when all must end; how a script runs is the caller's function.
 */
import type { RunningScript, ScriptEnd, ScriptRequest, ScriptResult } from "./request.ts";

/** Scripts that may wait in one queue; a further one fails with EAGAIN. */
export const QUEUE_LENGTH = 256;

interface Waiting {
  readonly request: ScriptRequest;
  readonly done: (result: ScriptResult) => void;
  /** its patience; undefined: without end */
  readonly timer: NodeJS.Timeout | undefined;
}

interface Queue {
  readonly running: Set<RunningScript>;
  waiting: Waiting[];
}

export class ScriptQueues {
  readonly #start: (request: ScriptRequest) => RunningScript;
  readonly #queues = new Map<string, Queue>();
  #idle: (() => void)[] = [];

  constructor(start: (request: ScriptRequest) => RunningScript) {
    this.#start = start;
  }

  submit(request: ScriptRequest): Promise<ScriptResult> {
    return new Promise((done) => {
      const queue: Queue = this.#queues.get(request.queue) ?? { running: new Set(), waiting: [] };
      this.#queues.set(request.queue, queue);
      if (queue.running.size === 0) this.#run(queue, { request, done, timer: undefined });
      else if (queue.waiting.length >= QUEUE_LENGTH) done({ kind: "failed", code: "EAGAIN" });
      else {
        const { patienceMicros: patience } = request;
        const timer =
          patience === undefined ? undefined : setTimeout(() => this.#runNext(queue), patience / 1000);
        queue.waiting.push({ request, done, timer });
      }
    });
  }

  /** Those that wait begin at once; none of them all runs for longer than `end` says. */
  end({ queues, termMicros, killMicros }: ScriptEnd): void {
    const ending: RunningScript[] = [];
    for (const [name, queue] of this.#queues) {
      if (!name.startsWith(queues)) continue;
      while (queue.waiting.length > 0) this.#runNext(queue);
      ending.push(...queue.running);
    }
    const signal = (name: "SIGTERM" | "SIGKILL", micros: number): void => {
      const timer = setTimeout(() => {
        for (const script of ending) script.signal(name);
      }, micros / 1000);
      // A process group that has ended may be followed by another one of the same number.
      void Promise.all(ending.map((script) => script.ended)).then(() => clearTimeout(timer));
    };
    signal("SIGTERM", termMicros);
    signal("SIGKILL", killMicros);
  }

  /** Resolves when nothing runs or waits. */
  idle(): Promise<void> {
    if (this.#queues.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #run(queue: Queue, { request, done }: Waiting): void {
    const script = this.#start(request);
    queue.running.add(script);
    void script.ended.then((result) => {
      done(result);
      queue.running.delete(script);
      if (queue.running.size > 0) return;
      if (queue.waiting.length > 0) this.#runNext(queue);
      else this.#empty(request.queue);
    });
  }

  #runNext(queue: Queue): void {
    const next = queue.waiting.shift();
    if (next === undefined) return;
    clearTimeout(next.timer);
    this.#run(queue, next);
  }

  #empty(name: string): void {
    this.#queues.delete(name);
    if (this.#queues.size > 0) return;
    const waiting = this.#idle;
    this.#idle = [];
    for (const resolve of waiting) resolve();
  }
}
