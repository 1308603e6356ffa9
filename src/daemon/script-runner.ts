/**
 * Entry point of the script runner: a process small enough that its forks stall nobody. Runs what the
 * parent sends, answers, and after the parent has closed the channel or died finishes what it was given.
 */
import { channelToParent } from "../process/ipc.ts";
import { ScriptQueues } from "../script/queue.ts";
import type { ScriptCommand, ScriptResult } from "../script/request.ts";
import { startScript } from "../script/run.ts";

/** Ids are the parent's here, unique over all children. */
export type ToScriptRunner = ScriptCommand;
/** What still runs when the parent is gone has this long, in microseconds. */
const ORPHANS = { queues: "", termMicros: 5_000_000, killMicros: 6_000_000 };

export interface FromScriptRunner {
  readonly id: number;
  readonly result: ScriptResult;
}

const channel = channelToParent<ToScriptRunner, FromScriptRunner>();
if (channel === undefined) {
  process.stderr.write("keepalived: this program is started by keepalived itself\n");
  process.exitCode = 1;
} else {
  process.title = "keepalived_scripts";
  const nothing = (): void => {};
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1", "SIGUSR2"] as const)
    process.on(signal, nothing);
  const queues = new ScriptQueues(startScript);
  channel.onMessage((command) => {
    if (command.kind === "endScripts") queues.end(command.end);
    else {
      const { request } = command;
      void queues.submit(request).then((result) => channel.send({ id: request.id, result }));
    }
  });
  channel.onClose(() => {
    queues.end(ORPHANS);
    void queues.idle().then(() => process.exit(0));
  });
}
