/**
 * The parent's side of the script runner: starts it when the first script comes, gives answers back to
 * whoever asked, and starts it again after it died.
 */
import { scriptRunnerDied } from "../log/catalogue/process.ts";
import type { Logger } from "../log/entry.ts";
import { type Channel, channelTo } from "../process/ipc.ts";
import type { ScriptEnd, ScriptRequest, ScriptResult } from "../script/request.ts";
import { programPath, spawnProgram } from "./boot.ts";
import type { FromScriptRunner, ToScriptRunner } from "./script-runner.ts";

interface Runner {
  readonly channel: Channel<FromScriptRunner, ToScriptRunner>;
  readonly exited: Promise<void>;
  unref(): void;
}

const RUNNER = { title: "keepalived_scripts", youngGeneration: 1 };

export class ScriptRelay {
  readonly #logger: Logger;
  readonly #pending = new Map<number, (result: ScriptResult) => void>();
  #runner: Runner | undefined;
  #nextId = 1;
  #stopping = false;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** @param reply called once; not at all when the daemon ends first */
  submit(request: ScriptRequest, reply: (result: ScriptResult) => void): void {
    const id = this.#nextId++;
    this.#pending.set(id, reply);
    this.#runner ??= this.#start();
    this.#runner.channel.send({ kind: "runScript", request: { ...request, id } });
  }

  /** An end for scripts that run or wait. */
  end(end: ScriptEnd): void {
    this.#runner?.channel.send({ kind: "endScripts", end });
  }

  /** Takes no more scripts; resolves when all have ended or after `limitMs`: those that still run go on alone. */
  async stop(limitMs: number): Promise<void> {
    this.#stopping = true;
    const runner = this.#runner;
    if (runner === undefined) return;
    runner.channel.close();
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, limitMs);
    });
    await Promise.race([runner.exited, limit]);
    clearTimeout(timer);
    runner.unref();
  }

  #start(): Runner {
    const child = spawnProgram(programPath("script-runner"), RUNNER, undefined);
    const channel = channelTo<FromScriptRunner, ToScriptRunner>(child);
    channel.onMessage(({ id, result }) => {
      const reply = this.#pending.get(id);
      this.#pending.delete(id);
      reply?.(result);
    });
    const exited = new Promise<void>((resolve) => {
      const gone = (): void => {
        if (!this.#stopping) this.#lost(child.pid ?? 0);
        resolve();
      };
      child.once("exit", gone);
      child.once("error", () => {
        if (child.pid === undefined) gone();
      });
    });
    return { channel, exited, unref: () => child.unref() };
  }

  #lost(pid: number): void {
    this.#runner = undefined;
    const replies = [...this.#pending.values()];
    this.#pending.clear();
    this.#logger.write(scriptRunnerDied({ pid, lost: replies.length }));
    for (const reply of replies) reply({ kind: "failed", code: "EPIPE" });
  }
}
