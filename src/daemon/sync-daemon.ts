/**
 * Runs the kernel's connection synchronisation: in the role of an instance, or in both roles for good.
 * Loaded only when the configuration has `lvs_sync_daemon`.
 */
import { DaemonError } from "../base/errors.ts";
import type { LvsSyncDaemon } from "../config/model-global.ts";
import { IpvsKernel } from "../ipvs/runtime.ts";
import { planSyncDaemons, type SyncDaemon, type SyncRole, syncDaemonOf } from "../ipvs/sync-daemon.ts";
import { syncDaemonFailed } from "../log/catalogue/tracking.ts";
import type { Logger } from "../log/entry.ts";
import type { Native } from "../net/native-api.ts";

export class SyncDaemonRunner {
  readonly #native: Native;
  readonly #logger: Logger;
  #config: LvsSyncDaemon | undefined;
  #vrid = 0;
  #roles: readonly SyncRole[] = [];
  #kernel: IpvsKernel | undefined;
  #running: readonly SyncDaemon[] = [];

  constructor(native: Native, logger: Logger) {
    this.#native = native;
    this.#logger = logger;
  }

  /**
   * @param config undefined: nothing runs any more
   * @param roles one for an instance, both without
   * @param vrid the id where the configuration names none
   */
  configure(config: LvsSyncDaemon | undefined, roles: readonly SyncRole[], vrid: number): void {
    this.#config = config;
    this.#roles = roles;
    this.#vrid = vrid;
    this.#reconcile();
  }

  /** The instance that is followed has another state. */
  roleIs(role: SyncRole): void {
    if (this.#roles.length === 1 && this.#roles[0] === role) return;
    this.#roles = [role];
    this.#reconcile();
  }

  close(): void {
    this.#config = undefined;
    this.#reconcile();
    this.#kernel?.close();
    this.#kernel = undefined;
  }

  #reconcile(): void {
    const config = this.#config;
    const wanted =
      config === undefined ? [] : this.#roles.map((role) => syncDaemonOf(config, role, this.#vrid));
    if (wanted.length === 0 && this.#kernel === undefined) return;
    try {
      if (this.#kernel === undefined) {
        this.#kernel = IpvsKernel.open(this.#native);
        // Those of a predecessor that was killed run still.
        this.#running = this.#kernel.syncDaemons();
      }
    } catch (error) {
      this.#refused(error, "open IPVS");
      return;
    }
    for (const operation of planSyncDaemons(this.#running, wanted)) {
      try {
        this.#kernel.changeSyncDaemon(operation);
      } catch (error) {
        const { kind } = operation;
        this.#refused(
          error,
          kind === "startDaemon" ? `start as ${operation.daemon.role}` : `stop ${operation.role}`,
        );
      }
    }
    this.#running = wanted;
  }

  #refused(error: unknown, what: string): void {
    if (!(error instanceof DaemonError)) throw error;
    this.#logger.write(syncDaemonFailed({ what, reason: error.message }));
  }
}
