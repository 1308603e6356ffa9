/**
 * Runs one script to its end: own process group, /dev/null, clean environment, the user it belongs to,
 * killed when it takes too long. The forked script cannot ask the kernel for a signal at the death of
 * this process (Node has no hook between fork and exec): a script outlives a killed daemon, as notify
 * scripts of keepalived do. Supplementary groups, which Node cannot set, take setpriv(1).
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { ScriptRef } from "../config/model.ts";
import type { RunningScript, ScriptRequest, ScriptResult } from "./request.ts";

/** Between the polite and the final signal, in milliseconds, and until the final one is repeated. */
const GRACE_MS = 2000;
const STUBBORN_MS = 10_000;

/** Variables that change how a shell or the dynamic linker reads what it runs. */
const DANGEROUS = /^(LD_.*|IFS|BASH_ENV|BASH_FUNC_.*|ENV|SHELLOPTS|BASHOPTS|NOTIFY_SOCKET|WATCHDOG_.*)$/;

/** @returns a copy without what must not reach a script */
export function scrubEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !DANGEROUS.test(name)));
}

/** Text without `#!` is run by the shell, as execvp(3) does. */
export function startScript(request: ScriptRequest): RunningScript {
  const [command, ...args] = [...asUser(request.script), ...request.script.argv, ...request.extraArgs];
  if (command === undefined || request.script.argv.length === 0) return failed("ENOENT");
  let child: ChildProcess;
  try {
    child = spawn(command, args, {
      detached: true,
      stdio: "ignore",
      env: scrubEnvironment(process.env),
      ...identity(request),
    });
  } catch (error) {
    return failed(codeOf(error));
  }
  const signal = (name: NodeJS.Signals): void => signalGroup(child, name);
  let timedOut = false;
  const clear = limit(request, signal, () => {
    timedOut = true;
  });
  const ended = new Promise<ScriptResult>((resolve) => {
    child.once("error", (error) => {
      clear();
      resolve({ kind: "failed", code: codeOf(error) });
    });
    child.once("exit", (status, name) => {
      clear();
      if (timedOut) resolve({ kind: "timedOut" });
      else if (name !== null) resolve({ kind: "signalled", signal: name });
      else resolve({ kind: "exited", status: status ?? 0 });
    });
  });
  return { ended, signal };
}

function failed(code: string): RunningScript {
  return { ended: Promise.resolve({ kind: "failed", code }), signal: () => {} };
}

/** What has to stand before the command of a script with supplementary groups. */
function asUser({ uid, gid, groups }: ScriptRef): readonly string[] {
  if (groups === undefined) return [];
  const list = groups.length === 0 ? ["--clear-groups"] : ["--groups", groups.join(",")];
  return ["setpriv", "--reuid", `${uid}`, "--regid", `${gid}`, ...list, "--"];
}

/** A user change drops the supplementary groups; who stays itself keeps its own. */
function identity({ script }: ScriptRequest): { uid?: number; gid?: number } {
  const same = process.getuid?.() === script.uid && process.getgid?.() === script.gid;
  return same || script.groups !== undefined ? {} : { uid: script.uid, gid: script.gid };
}

/** TERM, after two seconds KILL, after two more again, then every ten: who cannot die yet may later. */
function limit(
  request: ScriptRequest,
  signal: (name: NodeJS.Signals) => void,
  expired: () => void,
): () => void {
  if (request.timeoutMicros === undefined) return () => {};
  const pauses = [GRACE_MS, GRACE_MS];
  const kill = (): void => {
    signal("SIGKILL");
    timer = setTimeout(kill, pauses.pop() ?? STUBBORN_MS);
  };
  let timer = setTimeout(
    () => {
      expired();
      signal("SIGTERM");
      timer = setTimeout(kill, pauses.pop());
    },
    Math.ceil(request.timeoutMicros / 1000),
  );
  return () => clearTimeout(timer);
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // the group ended meanwhile
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? "EIO";
}
