/**
 * What an errno is called. The one way in which a number from the kernel becomes a `DaemonError`.
 */
import { constants } from "node:os";
import { DaemonError } from "../base/errors.ts";

/** Two names for one number on Linux: the name that the kernel's own sources use is kept. */
const SYNONYMS = new Set(["EWOULDBLOCK", "ENOTSUP"]);

/** Numbers that Node's table does not have, asm-generic/errno.h. */
const MORE: readonly (readonly [number, string])[] = [
  [15, "ENOTBLK"],
  [64, "ENONET"],
  [65, "ENOPKG"],
  [70, "ECOMM"],
  [87, "EUSERS"],
  [94, "ESOCKTNOSUPPORT"],
  [96, "EPFNOSUPPORT"],
  [108, "ESHUTDOWN"],
  [109, "ETOOMANYREFS"],
  [112, "EHOSTDOWN"],
  [117, "EUCLEAN"],
  [121, "EREMOTEIO"],
  [126, "ENOKEY"],
  [132, "ERFKILL"],
];

const NAMES: ReadonlyMap<number, string> = new Map([
  ...MORE,
  ...Object.entries(constants.errno)
    .filter(([name]) => !SYNONYMS.has(name))
    .map(([name, errno]) => [errno, name] as const),
]);

/** @returns for example `ENOBUFS`, or `E9999` for a number without a name */
export function errnoName(errno: number): string {
  return NAMES.get(errno) ?? `E${errno}`;
}

/**
 * @param syscall the system call or netlink command that failed
 * @param errno positive
 * @param detail more words from the kernel, for example a netlink extended acknowledgement
 */
export function kernelError(syscall: string, errno: number, detail?: string): DaemonError {
  return new DaemonError(syscall, errno, errnoName(errno), detail === undefined ? undefined : { detail });
}
