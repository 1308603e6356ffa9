/**
 * Runs one script to its end: own process group, /dev/null, clean environment, the user it belongs to,
 * killed when it takes too long. The forked script cannot ask the kernel for a signal at the death of
 * this process (Node has no hook between fork and exec): a script outlives a killed daemon, as notify
 * scripts of keepalived do. It gets no supplementary groups.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { ScriptRequest, ScriptResult } from "./request.ts";

/** Between the polite and the final signal, in milliseconds. */
const GRACE_MS = 2000;

/** Variables that change how a shell or the dynamic linker reads what it runs. */
const DANGEROUS = /^(LD_.*|IFS|BASH_ENV|BASH_FUNC_.*|ENV|SHELLOPTS|BASHOPTS|NOTIFY_SOCKET|WATCHDOG_.*)$/;

/** @returns a copy without what must not reach a script */
export function scrubEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !DANGEROUS.test(name)));
}

/** Never rejects: bad luck is a `ScriptResult`. Text without `#!` is run by the shell, as execvp(3) does. */
export function runScript(request: ScriptRequest): Promise<ScriptResult> {
  const [command, ...args] = [...request.script.argv, ...request.extraArgs];
  if (command === undefined) return Promise.resolve({ kind: "failed", code: "ENOENT" });
  return new Promise((resolve) => {
    let child: ChildProcess;
    try {
      child = spawn(command, args, {
        detached: true,
        stdio: "ignore",
        env: scrubEnvironment(process.env),
        ...identity(request),
      });
    } catch (error) {
      resolve({ kind: "failed", code: codeOf(error) });
      return;
    }
    let timedOut = false;
    const timer = limit(request, child, () => {
      timedOut = true;
    });
    child.once("error", (error) => {
      timer.clear();
      resolve({ kind: "failed", code: codeOf(error) });
    });
    child.once("exit", (status, signal) => {
      timer.clear();
      if (timedOut) resolve({ kind: "timedOut" });
      else if (signal !== null) resolve({ kind: "signalled", signal });
      else resolve({ kind: "exited", status: status ?? 0 });
    });
  });
}

/** A user change drops the supplementary groups; who stays itself keeps its own. */
function identity({ script }: ScriptRequest): { uid?: number; gid?: number } {
  const same = process.getuid?.() === script.uid && process.getgid?.() === script.gid;
  return same ? {} : { uid: script.uid, gid: script.gid };
}

function limit(request: ScriptRequest, child: ChildProcess, expired: () => void): { clear(): void } {
  if (request.timeoutMicros === undefined) return { clear: () => {} };
  let timer = setTimeout(
    () => {
      expired();
      signalGroup(child, "SIGTERM");
      timer = setTimeout(() => signalGroup(child, "SIGKILL"), GRACE_MS);
    },
    Math.ceil(request.timeoutMicros / 1000),
  );
  return { clear: () => clearTimeout(timer) };
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
