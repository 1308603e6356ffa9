/**
 * Goes to the background. Node cannot fork, so the program starts itself again in a new session with
 * everything on /dev/null, and the foreground stays until that one is up or has ended.
 */
import { spawn } from "node:child_process";

const VARIABLE = "KEEPALIVED_DAEMON";
/** A start that takes longer than this, in milliseconds, goes on without the foreground. */
const PATIENCE_MS = 30_000;

/** Whether this process is the one in the background. Forgets it, so that nothing inherits the mark. */
export function isBackground(): boolean {
  const marked = process.env[VARIABLE] !== undefined;
  delete process.env[VARIABLE];
  return marked;
}

/**
 * @param args the command line without program name
 * @returns the foreground's exit status: 0 when the daemon is up, else the daemon's own
 */
export function daemonise(args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? "", ...args], {
    argv0: "keepalived",
    detached: true,
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    env: { ...process.env, [VARIABLE]: "1" },
  });
  return new Promise((resolve) => {
    setTimeout(() => resolve(0), PATIENCE_MS).unref();
    child.once("error", (error) => {
      process.stderr.write(`keepalived: ${error.message}\n`);
      resolve(1);
    });
    child.once("message", () => resolve(0));
    child.once("exit", (status) => resolve(status ?? 1));
  });
}

/** In the background: tells the foreground that it may leave. */
export function reportUp(): void {
  if (!process.connected) return;
  process.send?.("up");
}
