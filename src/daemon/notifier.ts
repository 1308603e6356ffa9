/**
 * Tells scripts, FIFOs and the mailer what instances and groups did, in the order in which it is given.
 * Never waits; decides only how long a script may hold up those behind it, and what a mailer need not hear.
 */
import { type Micros, seconds } from "../base/units.ts";
import type { GlobalDefs, ScriptRef } from "../config/model.ts";
import type { FifoConfig } from "../config/model-global.ts";
import { fifoFailed, fifoFull, fifoScriptEnded, notifyScriptFailed } from "../log/catalogue/tracking.ts";
import type { Logger } from "../log/entry.ts";
import type { Native } from "../net/native-api.ts";
import type { NotifyFifo } from "../script/fifo.ts";
import type { ScriptResult } from "../script/request.ts";
import type { Notice, VrrpAlert } from "../vrrp/notify.ts";
import type { ScriptClient } from "./child-api.ts";

/** Notifications of the end get this long, all together; so does each of them. */
export const STOP_LIMIT: Micros = seconds(1);
/** A script that takes longer does not hold up the next one of its instance. */
const PATIENCE: Micros = seconds(10);
/** A reader of a FIFO that is gone ends by itself, or is told to, or is killed. */
const READER_END = { termMicros: seconds(0.4), killMicros: seconds(0.8) };

export interface NotifierPorts {
  readonly native: Native;
  readonly logger: Logger;
  readonly scripts: ScriptClient;
  alert(alert: VrrpAlert): void;
}

interface OpenFifo {
  readonly fifo: NotifyFifo;
  readonly queue: string;
  /** it was full when it was written last */
  full: boolean;
}

export class Notifier {
  readonly #ports: NotifierPorts;
  #fifos: readonly OpenFifo[] = [];
  #generation = 0;
  /** last state that was told by mail */
  readonly #mailed = new Map<string, string>();
  #mailsFaults = true;

  constructor(ports: NotifierPorts) {
    this.#ports = ports;
  }

  /** At start and for each reload: FIFOs are made anew, and so are the scripts that read them. */
  async configure(global: GlobalDefs): Promise<void> {
    this.#mailsFaults = global.noEmailFaults !== true;
    this.#closeFifos();
    this.#generation++;
    const wanted = new Map<string, { config: FifoConfig; script: ScriptRef | undefined }>();
    const { notifyFifo, notifyFifoScript, vrrpNotifyFifo, vrrpNotifyFifoScript } = global;
    for (const [config, script] of [
      [notifyFifo, notifyFifoScript],
      [vrrpNotifyFifo, vrrpNotifyFifoScript],
    ] as const)
      if (config !== undefined && !wanted.has(config.path)) wanted.set(config.path, { config, script });
    if (wanted.size === 0) return;
    const { NotifyFifo } = await import("../script/fifo.ts");
    this.#fifos = [...wanted.values()].flatMap(({ config, script }) => {
      try {
        const fifo = new NotifyFifo(this.#ports.native, config);
        const queue = `fifo ${this.#generation} ${config.path}`;
        if (script !== undefined) void this.#read(script, config.path, queue);
        return [{ fifo, queue, full: false }];
      } catch (error) {
        const { message } = error as Error;
        this.#ports.logger.write(fifoFailed({ path: config.path, reason: message }));
        return [];
      }
    });
  }

  /** @param limit how long each script may run; undefined: as long as it likes */
  tell(notices: readonly Notice[], limit?: Micros): void {
    for (const notice of notices) {
      if (notice.kind === "script") void this.#run(notice, limit);
      else if (notice.kind === "fifo") for (const open of this.#fifos) this.#write(open, notice.line);
      else this.#mail(notice.alert);
    }
  }

  /** Lines only: for what scripts and mailers have heard before. */
  repeat(notices: readonly Notice[]): void {
    this.tell(notices.filter((notice) => notice.kind === "fifo"));
  }

  /** Readers get what was written; they are ended, not waited for. */
  close(): void {
    this.#closeFifos();
  }

  async #run({ queue, script, args }: Extract<Notice, { kind: "script" }>, limit: Micros | undefined) {
    const options = { queue, timeout: limit, patience: PATIENCE };
    const result = await this.#ports.scripts.run(script, args, options);
    if (result.kind === "failed")
      this.#ports.logger.write(notifyScriptFailed({ script: script.argv[0] ?? "", code: result.code }));
  }

  #write(open: OpenFifo, line: string): void {
    const { fifo } = open;
    const wasFull = open.full;
    open.full = !fifo.write(line);
    if (open.full && !wasFull) this.#ports.logger.write(fifoFull({ path: fifo.path, lost: fifo.lost }));
  }

  #mail(alert: VrrpAlert): void {
    const key = `${alert.kind} ${alert.name}`;
    if (this.#mailed.get(key) === alert.state) return;
    this.#mailed.set(key, alert.state);
    if (alert.state !== "FAULT" || this.#mailsFaults) this.#ports.alert(alert);
  }

  async #read(script: ScriptRef, path: string, queue: string): Promise<void> {
    const result = await this.#ports.scripts.run(script, [path], { queue });
    if (this.#fifos.some((open) => open.queue === queue))
      this.#ports.logger.write(fifoScriptEnded({ script: script.argv[0] ?? "", how: describe(result) }));
  }

  #closeFifos(): void {
    const fifos = this.#fifos;
    this.#fifos = [];
    for (const { fifo, queue } of fifos) {
      try {
        fifo.close();
      } catch (error) {
        this.#ports.logger.write(fifoFailed({ path: fifo.path, reason: (error as Error).message }));
      }
      this.#ports.scripts.end({ queues: queue, ...READER_END });
    }
  }
}

function describe(result: ScriptResult): string {
  switch (result.kind) {
    case "exited":
      return `exited with status ${result.status}`;
    case "signalled":
      return `ended by ${result.signal}`;
    case "timedOut":
      return "took too long";
    case "failed":
      return `could not be run: ${result.code}`;
  }
}
