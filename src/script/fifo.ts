/**
 * A FIFO that others read events from: made, owned by whom the configuration says, written without ever
 * waiting, removed at the end by whoever made it. Shared by all processes that have events; decides nothing
 * about lines.
 *
 * @see keepalived.conf(5) notify_fifo
 */
import { chmodSync, chownSync, constants, lstatSync, unlinkSync } from "node:fs";
import { DaemonError } from "../base/errors.ts";
import type { FifoConfig } from "../config/model-global.ts";
import type { Fd, Native } from "../net/native-api.ts";

const MODE = 0o644;
const EPERM = 1;

export class NotifyFifo {
  readonly path: string;
  readonly #native: Native;
  readonly #fd: Fd;
  readonly #isOurs: boolean;
  #lost = 0;

  /**
   * An existing FIFO is used when it belongs to us or to the configured user, and is not removed.
   *
   * @throws DaemonError or an error of node:fs when it cannot be made, or stands there as something else
   */
  constructor(native: Native, { path, uid, gid }: FifoConfig) {
    this.path = path;
    this.#native = native;
    this.#isOurs = make(native, path);
    try {
      if (this.#isOurs) {
        // the mask of the process would take the readers' right away
        chmodSync(path, MODE);
        chownSync(path, uid, gid);
      } else refuseStranger(path, uid);
      // Reading too keeps the FIFO open while nobody else reads: lines wait for their reader.
      this.#fd = native.open(path, constants.O_RDWR | constants.O_NOFOLLOW, 0);
    } catch (error) {
      if (this.#isOurs) unlinkSync(path);
      throw error;
    }
  }

  /**
   * A line goes in as a whole or not at all.
   *
   * @param line at most 4096 bytes with its end
   * @returns false when the FIFO is full and the line is lost
   */
  write(line: string): boolean {
    const written = this.#native.write(this.#fd, Buffer.from(line)) !== undefined;
    if (!written) this.#lost++;
    return written;
  }

  /** Lines lost so far. */
  get lost(): number {
    return this.#lost;
  }

  close(): void {
    this.#native.close(this.#fd);
    if (!this.#isOurs) return;
    try {
      unlinkSync(this.path);
    } catch (error) {
      // somebody has tidied up before
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
}

/** @returns false when there is something already */
function make(native: Native, path: string): boolean {
  try {
    native.mkfifo(path, MODE);
    return true;
  } catch (error) {
    if (error instanceof DaemonError && error.code === "EEXIST") return false;
    throw error;
  }
}

/** Who could put a FIFO in our place would read our events, or have us write into a file. */
function refuseStranger(path: string, uid: number): void {
  const found = lstatSync(path);
  if (found.isFIFO() && (found.uid === process.getuid?.() || found.uid === uid)) return;
  const what = found.isFIFO() ? `belongs to uid ${found.uid}` : "is no FIFO";
  throw new DaemonError("mkfifo", EPERM, "EPERM", { detail: `${path} ${what}` });
}
