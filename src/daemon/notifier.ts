/**
 * Tells scripts, FIFOs and the mailer what instances and groups did, in the order in which it is given.
 * Never waits; decides nothing but how long a script may take at the end.
 */
import { type Micros, seconds } from "../base/units.ts";
import type { Notice } from "../vrrp/notify.ts";
import type { ScriptClient } from "./child-api.ts";

/** Notifications of the end get this long, all together; so does each of them. */
export const STOP_LIMIT: Micros = seconds(1);

export class Notifier {
  readonly #scripts: ScriptClient;

  constructor(scripts: ScriptClient) {
    this.#scripts = scripts;
  }

  /** @param limit how long each script may run; undefined: as long as it likes */
  tell(notices: readonly Notice[], limit?: Micros): void {
    for (const notice of notices) {
      if (notice.kind === "script") {
        const { queue, script, args } = notice;
        const options = limit === undefined ? { queue } : { queue, timeout: limit };
        void this.#scripts.run(script, args, options);
      }
    }
  }
}
