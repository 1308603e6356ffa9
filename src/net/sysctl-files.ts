/**
 * Kernel parameters under /proc/sys, read and written as files: those of the network belong to the network
 * namespace of the thread that opens them. Decides nothing.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DaemonError } from "../base/errors.ts";
import { kernelError } from "./errno.ts";

export class SysctlFiles {
  readonly #root: string;

  /** @param root where tests keep a tree of their own */
  constructor(root = "/proc/sys") {
    this.#root = root;
  }

  /**
   * @param name path below the root, for example `net/ipv4/conf/eth0/arp_ignore`; a name of an interface may
   * hold dots
   * @returns undefined when the kernel has no such parameter, or no longer
   * @throws DaemonError
   */
  read(name: string): string | undefined {
    try {
      return readFileSync(join(this.#root, name), "utf8").trim();
    } catch (e) {
      const failure = failureOf(e, "read", name);
      if (failure.code === "ENOENT") return undefined;
      throw failure;
    }
  }

  /** @throws DaemonError EROFS in a container whose /proc/sys is read-only, EINVAL for a value out of range */
  write(name: string, value: string): void {
    try {
      writeFileSync(join(this.#root, name), value, { flag: "r+" });
    } catch (e) {
      throw failureOf(e, "write", name);
    }
  }
}

function failureOf(e: unknown, syscall: string, name: string): DaemonError {
  const { errno } = e as NodeJS.ErrnoException;
  if (errno === undefined) throw e;
  return kernelError(syscall, -errno, name);
}
