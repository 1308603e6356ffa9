/**
 * The two exceptions of the house. Bad input is never an exception: it is a diagnostic or a
 * decode result. `DaemonError` carries what the kernel or a socket said; `InternalError` is our bug.
 */

/** A refusal by the kernel, a socket or a file: bad luck, to be turned into an event by the caller. */
export class DaemonError extends Error {
  override readonly name = "DaemonError";
  /** errno name, for example `ENOBUFS` */
  readonly code: string;
  /** positive errno value of Linux */
  readonly errno: number;
  /** the system call or netlink command that failed */
  readonly syscall: string;

  constructor(syscall: string, errno: number, code: string, options?: ErrorOptions & { detail?: string }) {
    super(`${syscall}: ${code}${options?.detail === undefined ? "" : `: ${options.detail}`}`, options);
    this.syscall = syscall;
    this.errno = errno;
    this.code = code;
  }
}

/** A state that our own code must never reach. The process that throws it ends and is restarted. */
export class InternalError extends Error {
  override readonly name = "InternalError";
}

/** Closes a `switch` over a union: a kind that was forgotten does not compile. */
export function assertNever(value: never): never {
  throw new InternalError(`unexpected value ${JSON.stringify(value)}`);
}
