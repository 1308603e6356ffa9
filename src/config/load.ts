/**
 * From a path to an effective configuration and everything that is to be said about it. All outside
 * knowledge (files, interfaces, users) comes through `ConfigSystem`.
 */
import { Statement } from "../../grammar/parser.ts";
import { SourceMap } from "../../grammar/source.ts";
import { ModelBuilder } from "./build.ts";
import { Collector, type CollectorOptions } from "./collector.ts";
import { type Diagnostic, startStatusOf, testStatusOf } from "./diagnostic.ts";
import type { Draft } from "./draft.ts";
import type { ConfigModel } from "./model.ts";
import { Reader } from "./reader.ts";
import { Reporter } from "./reporter.ts";
import type { ScriptLink } from "./scripts-check.ts";
import { readTextFile } from "./text-file.ts";

/** What the loader needs to know of the machine. */
export interface ConfigSystem {
  /** @throws an error with an errno `code` (`ENOENT`, `EACCES`, `EISDIR`) */
  readFile(path: string): Uint8Array;
  /** names of the network interfaces that exist; undefined: unknown, names are not checked */
  interfaces(): ReadonlySet<string> | undefined;
  /** MTU in bytes of an interface; undefined: unknown, 1500 is assumed */
  mtu?(name: string): number | undefined;
  /** whether an interface can multicast; undefined: unknown, it is assumed */
  multicast?(name: string): boolean | undefined;
  user(name: string): { readonly uid: number; readonly gid: number } | undefined;
  /** gid of a group */
  group(name: string): number | undefined;
  /** all groups of a user, sorted; without it there are none */
  groupsOf?(uid: number): readonly number[];
  readonly hostname: string;
  /** whom scripts run as when nothing else is said: this process */
  readonly self: { readonly uid: number; readonly gid: number; readonly name: string };
  /** undefined: no such file */
  statScript(path: string): ScriptStat | undefined;
  /** undefined: no link; without it there are none */
  readLink?(path: string): ScriptLink | undefined;
  /** paths that match a glob pattern without braces, sorted; absolute, or relative to the process */
  glob(pattern: string): readonly string[];
  /** of a path, links followed; undefined: no such path. Without it everything counts as a file. */
  fileKind?(path: string): "file" | "executable" | "directory" | "other" | undefined;
  /** a variable of the environment, for `${_ENV NAME}` */
  environment?(name: string): string | undefined;
  /** absolute path of a file's directory, for `${_PWD}`; default: as the file is named, / without one */
  directoryOf?(file: string): string;
  /** something else at every load, for `${_RANDOM}`: 0 to 4294967295; default 0 */
  seed?(): number;
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
  /** the top-level blocks as read, and the file itself as the last one; empty unless asked for */
  readonly blocks: readonly Draft[];
}

export interface LoadOptions {
  /** the blocks are wanted, too: a dump of the configuration begins with them */
  readonly keepBlocks?: boolean;
  /** every include is strict, as if it were includea (`--all-config`) */
  readonly allConfig?: boolean;
  /** compared with the word behind `@`; default: the host name up to its first dot */
  readonly configId?: string | undefined;
  /** of `${_RANDOM}` without random_seed, 0 to 4294967295; default: the system's */
  readonly seed?: number;
}

/** Reads and checks a configuration. Never throws because of what the file says. */
export function loadConfig(path: string, system: ConfigSystem, options: LoadOptions = {}): LoadResult {
  const { keepBlocks = false, allConfig = false, seed = system.seed?.() ?? 0 } = options;
  const configId = options.configId ?? (system.hostname.split(".", 1)[0] as string);
  const all = { keepBlocks, allConfig, seed, configId };
  return (
    attempt(path, system, { ...all, waits: false }) ??
    (attempt(path, system, { ...all, waits: true }) as LoadResult)
  );
}

/** @returns undefined when the file's order asks for a builder that waits */
function attempt(
  path: string,
  system: ConfigSystem,
  options: CollectorOptions & { readonly keepBlocks: boolean; readonly waits: boolean },
): LoadResult | undefined {
  const sources = new SourceMap();
  const reporter = new Reporter(sources);
  const { diagnostics } = reporter;
  let model: ConfigModel | undefined;
  const blocks: Draft[] = [];
  const text = readTextFile(path, system);
  if (text.ok) {
    const main = sources.add(path, text.text);
    const builder = new ModelBuilder(system, reporter, options);
    const rootStatement = new Statement([], main.id, 0, 1, -1, undefined, -1, main.id);
    const reader = new Reader(reporter, rootStatement, (draft) => {
      if (options.keepBlocks) blocks.push(draft);
      // Without all parameters there is no model, and complaints about its gaps would only confuse.
      if (!reporter.hasGivenUp) builder.block(draft);
    });
    const collector = new Collector(reader, system, reporter, options);
    collector.source(main, text.isUtf8);
    collector.end();
    reader.end();
    if (builder.isTooEarly) return undefined;
    if (options.keepBlocks) blocks.push(reader.root);
    if (!reporter.hasGivenUp) model = builder.finish(reader.root);
    sortByPlace(diagnostics, sources);
  } else
    reporter.at(
      "file-unreadable",
      undefined,
      `cannot read the configuration ${path}: ${text.code}; create it or name another with -f`,
    );
  return {
    model,
    diagnostics,
    sources,
    testStatus: testStatusOf(diagnostics),
    startStatus: startStatusOf(diagnostics),
    blocks,
  };
}

/** In the order of the text, whoever found them; what has no place comes last. */
function sortByPlace(diagnostics: Diagnostic[], sources: SourceMap): void {
  const keyed = diagnostics.map((diagnostic) => {
    const { span } = diagnostic;
    return { diagnostic, key: span === undefined ? undefined : sources.orderOf(span.source, span.start) };
  });
  keyed.sort((a, b) => {
    if (a.key === undefined || b.key === undefined)
      return Number(a.key === undefined) - Number(b.key === undefined);
    const length = Math.min(a.key.length, b.key.length);
    for (let i = 0; i < length; i++) {
      const difference = (a.key[i] as number) - (b.key[i] as number);
      if (difference !== 0) return difference;
    }
    return a.key.length - b.key.length;
  });
  for (let i = 0; i < keyed.length; i++) diagnostics[i] = (keyed[i] as (typeof keyed)[number]).diagnostic;
}
