/** What the end of a script means to a MISC_CHECK. Pure. */
import type { MiscCheckConfig } from "../config/model-lvs.ts";
import type { MiscOutcome, ScriptEnded } from "./checker.ts";

/** Without any fault of the script: its runner or this machine was in trouble. */
const NOT_RUN: ReadonlySet<string> = new Set(["EPIPE", "EAGAIN", "ENOMEM", "EMFILE", "ENFILE"]);
/** What a shell says of a command that it cannot start. */
const NO_COMMAND = 127;

export function miscOutcome({ dynamic }: MiscCheckConfig, ended: ScriptEnded): MiscOutcome {
  switch (ended.kind) {
    case "exited": {
      const { status } = ended;
      const isSuccess = status === 0 || (dynamic && status >= 2);
      return isSuccess ? { kind: "success", status } : { kind: "failure", reason: "status", number: status };
    }
    case "signalled":
      return { kind: "failure", reason: "signal", number: ended.signal };
    case "timedOut":
      return { kind: "failure", reason: "timeout", number: 0 };
    case "failed":
      if (NOT_RUN.has(ended.code)) return { kind: "notRun", code: ended.code };
      return { kind: "failure", reason: "status", number: NO_COMMAND };
  }
}
