/** What the command line asks of the daemon, typed and complete; the command line itself is `cli/`'s. */
import type { ChildRole } from "./messages.ts";

export interface DaemonOptions {
  readonly configFile: string;
  /** for lines that begin with `@`; undefined: the node name */
  readonly configId: string | undefined;
  /** an include that finds nothing is an error */
  readonly allConfig: boolean;
  /** children that may run */
  readonly roles: ReadonlySet<ChildRole>;
  /** run them even without configuration for them */
  readonly allRoles: boolean;
  readonly respawn: boolean;
  readonly ignoreSigint: boolean;
  readonly log: {
    readonly detail: boolean;
    readonly console: boolean;
    readonly format: "text" | "json";
    readonly syslog: boolean;
    readonly facility: number;
    /** the parent's; children insert their suffix */
    readonly file: string | undefined;
  };
  readonly pidFiles: { readonly parent: string } & Readonly<Record<ChildRole, string>>;
  readonly dontReleaseVrrp: boolean;
  readonly dontReleaseIpvs: boolean;
  readonly releaseVips: boolean;
  /** name of a network namespace to enter */
  readonly namespace: string | undefined;
  readonly umask: number | undefined;
  /** long names of given options that do nothing yet */
  readonly withoutFunction: readonly string[];
  /** as it was typed, for the log */
  readonly commandLine: readonly string[];
}
