/**
 * Pid files: who runs, held by a lock of the open file and not by the file's existence, so that a stale
 * file never stops a start. The file says `PID\n`, is 0644 whatever the umask, and is never reached
 * through a symbolic link.
 */
import fs from "node:fs";
import path from "node:path";
import { DaemonError } from "../base/errors.ts";
import type { Fd, Native } from "../net/native-api.ts";

const { O_CREAT, O_NOFOLLOW, O_RDWR } = fs.constants;

export class PidFile {
  readonly path: string;
  readonly #native: Native;
  #fd: Fd | undefined;

  private constructor(native: Native, file: string, fd: Fd) {
    this.#native = native;
    this.path = file;
    this.#fd = fd;
  }

  /**
   * Creates or takes over the file, locks it and writes this process's id. A missing directory is created 0755.
   *
   * @returns undefined when another process holds the lock
   * @throws DaemonError when the file cannot be opened or written (ELOOP for a symbolic link)
   */
  static acquire(native: Native, file: string): PidFile | undefined {
    // a file that its owner removes between our open and our lock is no longer the one others will see
    for (let attempt = 0; attempt < 10; attempt++) {
      const fd = openOrCreate(native, file);
      if (!native.tryLock(fd)) {
        native.close(fd);
        return undefined;
      }
      if (isSameFile(fd, file)) {
        fs.fchmodSync(fd, 0o644);
        native.replaceContents(fd, `${process.pid}\n`);
        return new PidFile(native, file, fd);
      }
      native.close(fd);
    }
    return undefined;
  }

  /** Writes the file anew when somebody removed or replaced it. @throws DaemonError */
  restore(): void {
    if (this.#fd === undefined || isSameFile(this.#fd, this.path)) return;
    const fresh = PidFile.acquire(this.#native, this.path);
    if (fresh === undefined) return;
    this.#native.close(this.#fd);
    this.#fd = fresh.#fd;
  }

  /** Removes the file, if it is still ours, and gives up the lock. Never throws. */
  release(): void {
    if (this.#fd === undefined) return;
    try {
      if (isSameFile(this.#fd, this.path)) fs.unlinkSync(this.path);
    } catch {
      // a directory that became read-only leaves a stale file, which stops nobody
    }
    this.#native.close(this.#fd);
    this.#fd = undefined;
  }
}

/** Whether a process holds the lock of the file. A file that cannot be opened is held by nobody. */
export function isLocked(native: Native, file: string): boolean {
  let fd: Fd;
  try {
    fd = native.open(file, O_RDWR | O_NOFOLLOW, 0);
  } catch {
    return false;
  }
  const free = native.tryLock(fd);
  native.close(fd);
  return !free;
}

function openOrCreate(native: Native, file: string): Fd {
  try {
    return native.open(file, O_RDWR | O_CREAT | O_NOFOLLOW, 0o644);
  } catch (error) {
    if (!(error instanceof DaemonError) || error.code !== "ENOENT") throw error;
    fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o755 });
    return native.open(file, O_RDWR | O_CREAT | O_NOFOLLOW, 0o644);
  }
}

function isSameFile(fd: Fd, file: string): boolean {
  const byName = fs.lstatSync(file, { throwIfNoEntry: false });
  const byFd = fs.fstatSync(fd);
  return byName !== undefined && byName.ino === byFd.ino && byName.dev === byFd.dev;
}
