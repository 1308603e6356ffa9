/**
 * From a path to an effective configuration and everything that is to be said about it. All outside
 * knowledge (files, interfaces, users) comes through `ConfigSystem`.
 */
import {
  Brace,
  Close,
  type LexicalIssue,
  type LineToken,
  lexSource,
  Open,
  type TokenSink,
} from "../../grammar/lexer.ts";
import { parseChunk, Statement } from "../../grammar/parser.ts";
import { type Origin, type Source, SourceMap } from "../../grammar/source.ts";
import { ModelBuilder } from "./build.ts";
import { type Diagnostic, startStatusOf, testStatusOf } from "./diagnostic.ts";
import type { Draft } from "./draft.ts";
import type { ConfigModel } from "./model.ts";
import { Reader } from "./reader.ts";
import { Reporter } from "./reporter.ts";

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
  /** whom scripts run as when nothing else is said: this process */
  readonly self: { readonly uid: number; readonly gid: number; readonly name: string };
  /** undefined: no such file */
  statScript(path: string): ScriptStat | undefined;
  /** paths that match a glob pattern, sorted; an absolute pattern, or one relative to the process */
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
  /** the top-level blocks as read, and the file itself as the last one; empty unless asked for */
  readonly blocks: readonly Draft[];
}

export interface LoadOptions {
  /** the blocks are wanted, too: a dump of the configuration begins with them */
  readonly keepBlocks?: boolean;
}

/** Reads and checks a configuration. Never throws because of what the file says. */
export function loadConfig(path: string, system: ConfigSystem, options: LoadOptions = {}): LoadResult {
  return (
    attempt(path, system, { ...options, waits: false }) ??
    (attempt(path, system, { ...options, waits: true }) as LoadResult)
  );
}

/** @returns undefined when the file's order asks for a builder that waits */
function attempt(
  path: string,
  system: ConfigSystem,
  options: LoadOptions & { readonly waits: boolean },
): LoadResult | undefined {
  const sources = new SourceMap();
  const reporter = new Reporter(sources);
  const { diagnostics } = reporter;
  let model: ConfigModel | undefined;
  const blocks: Draft[] = [];
  const text = readText(path, system);
  if (text.ok) {
    const main = sources.add(path, text.text);
    const builder = new ModelBuilder(system, reporter, options);
    const rootStatement = new Statement([], main.id, 0, 1, -1, undefined, -1, main.id);
    const reader = new Reader(reporter, rootStatement, (draft) => {
      if (options.keepBlocks === true) blocks.push(draft);
      // Without all parameters there is no model, and complaints about its gaps would only confuse.
      if (!reporter.hasGivenUp) builder.block(draft);
    });
    const collector = new Collector(reader, system, reporter);
    collector.source(main, text.isUtf8);
    collector.end();
    reader.end();
    if (builder.isTooEarly) return undefined;
    if (options.keepBlocks === true) blocks.push(reader.root);
    if (!reporter.hasGivenUp) model = builder.finish(reader.root);
    sortByPlace(diagnostics);
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

type Text =
  | { readonly ok: true; readonly text: string; readonly isUtf8: boolean }
  | { readonly ok: false; readonly code: string };

function readText(path: string, system: ConfigSystem): Text {
  try {
    const bytes = Buffer.from(system.readFile(path));
    const text = bytes.toString("utf8");
    // Bytes that are not UTF-8 stay what they are: a password may contain them.
    return text.includes("\ufffd")
      ? { ok: true, text: bytes.toString("latin1"), isUtf8: false }
      : { ok: true, text, isUtf8: true };
  } catch (cause) {
    return { ok: false, code: errnoOf(cause) };
  }
}

function errnoOf(cause: unknown): string {
  if (cause instanceof Error) return "code" in cause ? String(cause.code) : cause.message;
  return String(cause);
}

/** More blocks within blocks than this are an attack or an accident. */
const DEEPEST = 64;
/** keepalived.conf(5): includes may be nested; deeper than this is a loop that hides behind links. */
const MOST_INCLUDES = 100;

/** Cuts the tokens into complete top-level items, and follows includes. */
class Collector implements TokenSink {
  readonly #reader: Reader;
  readonly #system: ConfigSystem;
  readonly #reporter: Reporter;
  #tokens: LineToken[] = [];
  #depth = 0;
  /** braces that are too deep and were dropped */
  #dropped = 0;
  readonly #open: Source[] = [];

  constructor(reader: Reader, system: ConfigSystem, reporter: Reporter) {
    this.#reader = reader;
    this.#system = system;
    this.#reporter = reporter;
  }

  source(source: Source, isUtf8: boolean): void {
    if (!isUtf8)
      this.#reporter.at(
        "invalid-utf8",
        { source: source.id, start: 0, end: 0 },
        `${source.name} is not UTF-8 and is read byte by byte; save it as UTF-8`,
      );
    this.#open.push(source);
    lexSource(source, this);
    this.#open.pop();
  }

  token(token: LineToken): void {
    if (this.#depth === 0 && this.#tokens.length > 0 && token.tokenTypeIdx !== Brace.tokenTypeIdx)
      this.#flush();
    const type = token.tokenTypeIdx;
    const opens = type === Open.tokenTypeIdx || type === Brace.tokenTypeIdx;
    const closes = type === Close.tokenTypeIdx;
    if (opens && this.#depth >= DEEPEST) {
      if (this.#dropped++ === 0)
        this.#reporter.at(
          "nesting-too-deep",
          { source: token.source, start: token.brace, end: token.brace + 1 },
          `more than ${DEEPEST} blocks within each other, the inner ones are ignored; close the outer ones first`,
        );
      return;
    }
    if (closes && this.#dropped > 0) {
      this.#dropped--;
      return;
    }
    if (this.#dropped > 0) return;
    this.#tokens.push(token);
    if (opens) this.#depth++;
    else if (closes && this.#depth > 0) this.#depth--;
  }

  issue(issue: LexicalIssue): void {
    const { source, start, end } = issue;
    const message =
      issue.code === "nul-byte"
        ? "a NUL byte ends this line, what follows it is ignored; remove it"
        : 'this quote is not closed on its line; write a second "';
    this.#reporter.at(issue.code, { source, start, end }, message);
  }

  include(words: readonly string[], source: number, start: number): void {
    const span = { source, start, end: start + (words[0] as string).length };
    const pattern = words[1];
    if (pattern === undefined) {
      this.#reporter.at("missing-value", span, `${words[0]} names no file; write: ${words[0]} PATTERN`);
      return;
    }
    const including = this.#reporter.sources.get(source).name;
    const directory = including.includes("/") ? including.slice(0, including.lastIndexOf("/") + 1) : "";
    const paths = this.#system.glob(pattern.startsWith("/") ? pattern : directory + pattern);
    if (paths.length === 0)
      this.#reporter.at(
        "include-no-match",
        span,
        `no file matches ${pattern}; create one or remove the line`,
      );
    for (const path of paths) this.#includeFile(path, span, { note: "included from", source, offset: start });
  }

  #includeFile(path: string, span: { source: number; start: number; end: number }, origin: Origin): void {
    if (this.#open.some((s) => s.name === path) || this.#open.length >= MOST_INCLUDES) {
      this.#reporter.at(
        "include-loop",
        span,
        `${path} includes itself and is not read again; break the circle`,
      );
      return;
    }
    const text = readText(path, this.#system);
    if (text.ok) this.source(this.#reporter.sources.add(path, text.text, origin), text.isUtf8);
    else
      this.#reporter.at(
        "include-unreadable",
        span,
        `cannot read ${path}: ${text.code}; correct its permissions or the pattern`,
      );
  }

  end(): void {
    if (this.#tokens.length > 0) this.#flush();
  }

  #flush(): void {
    for (const item of parseChunk(this.#tokens)) this.#reader.item(item);
    this.#tokens = [];
  }
}

/** In the order of the text, whoever found them; what has no place comes last. */
function sortByPlace(diagnostics: Diagnostic[]): void {
  diagnostics.sort((a, b) => {
    if (a.span === undefined || b.span === undefined)
      return Number(a.span === undefined) - Number(b.span === undefined);
    return a.span.source - b.span.source || a.span.start - b.span.start;
  });
}
