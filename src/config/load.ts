/**
 * From a path to an effective configuration and everything that is to be said about it. All outside
 * knowledge (files, interfaces, users) comes through `ConfigSystem`.
 */
import type { SourceMap } from "../../grammar/source.ts";
import type { Diagnostic } from "./diagnostic.ts";
import type { ConfigModel } from "./model.ts";

/** What the loader needs to know of the machine. */
export interface ConfigSystem {
  /** @throws an error with an errno `code` (`ENOENT`, `EACCES`, `EISDIR`) */
  readFile(path: string): Uint8Array;
  /** names of the network interfaces that exist; undefined: unknown, names are not checked */
  interfaces(): ReadonlySet<string> | undefined;
  user(name: string): { readonly uid: number; readonly gid: number } | undefined;
  /** gid of a group */
  group(name: string): number | undefined;
  readonly hostname: string;
  /** whom scripts run as when nothing else is said: the ids of this process */
  readonly self: { readonly uid: number; readonly gid: number };
  /** undefined: no such file */
  statScript(path: string): ScriptStat | undefined;
  /** paths that match a glob pattern, sorted; the pattern itself is absolute or relative to the process */
  glob(pattern: string): readonly string[];
}

export interface ScriptStat {
  readonly isFile: boolean;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export interface LoadResult {
  /** undefined when reading was given up (missing file, keyword without its parameter) */
  readonly model: ConfigModel | undefined;
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: SourceMap;
  /** exit status of `--config-test`: 2 when a keyword lacks its parameter, as keepalived does */
  readonly testStatus: 0 | 2 | 4 | 5 | 6;
  /** 0: can run; 2: cannot; 6: there is no configuration */
  readonly startStatus: 0 | 2 | 6;
}

/** Reads and checks a configuration. Never throws because of what the file says. */
export declare function loadConfig(path: string, system: ConfigSystem): LoadResult;
