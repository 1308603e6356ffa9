/**
 * Cuts the tokens of a file and of all that it includes into complete top-level items for the reader.
 * Bounds what files can do to each other: circles, depth, number and size.
 */
import {
  Brace,
  Close,
  Leaf,
  type LexicalIssue,
  type LineToken,
  Open,
  type TokenSink,
} from "../../grammar/lexer.ts";
import type { Surroundings } from "../../grammar/parameters.ts";
import { parseChunk } from "../../grammar/parser.ts";
import { Preprocessor } from "../../grammar/preprocess.ts";
import type { Origin, Source } from "../../grammar/source.ts";
import { checksFromKeyword, checksOf, findIncluded, type IncludeChecks, lenient, strict } from "./include.ts";
import type { ConfigSystem } from "./load.ts";
import { Random } from "./random.ts";
import type { Reader } from "./reader.ts";
import type { Reporter } from "./reporter.ts";
import { readTextFile } from "./text-file.ts";

/** More blocks within blocks than this are an attack or an accident. */
const DEEPEST = 64;
/** Files within each other: no configuration needs more, and a circle may hide behind links. */
const MOST_NESTED = 128;
const MOST_FILES = 10_000;
/** Include lines, also those that find nothing: each asks the file system. */
const MOST_LOOKUPS = 20_000;
/** characters of all included files together */
const MOST_INCLUDED = 64 << 20;

export interface CollectorOptions {
  /** all includes are strict */
  readonly allConfig: boolean;
  readonly configId: string;
  /** of `${_RANDOM}` when the configuration has no random_seed */
  readonly seed: number;
}

export class Collector implements TokenSink {
  readonly #reader: Reader;
  readonly #system: ConfigSystem;
  readonly #reporter: Reporter;
  readonly #preprocessor: Preprocessor;
  readonly #allConfig: boolean;
  #tokens: LineToken[] = [];
  #depth = 0;
  /** braces that are too deep and were dropped */
  #dropped = 0;
  readonly #open: Source[] = [];
  #checks: IncludeChecks;
  #files = 0;
  #lookups = 0;
  #included = 0;
  #random: Random;

  constructor(reader: Reader, system: ConfigSystem, reporter: Reporter, options: CollectorOptions) {
    this.#reader = reader;
    this.#system = system;
    this.#reporter = reporter;
    this.#allConfig = options.allConfig;
    this.#checks = options.allConfig ? strict : lenient;
    this.#random = new Random(options.seed);
    const surroundings: Surroundings = {
      configId: options.configId,
      environment: (name) => system.environment?.(name),
      directoryOf: (file) => system.directoryOf?.(file) ?? (file.replace(/\/?[^/]*$/, "") || "/"),
      random: (min, max) => this.#random.between(min, max),
    };
    this.#preprocessor = new Preprocessor(
      reporter.sources,
      this,
      ({ code, source, start, end, message }) => reporter.at(code, { source, start, end }, message),
      surroundings,
    );
  }

  source(source: Source, isUtf8: boolean): void {
    if (!isUtf8)
      this.#reporter.at(
        "invalid-utf8",
        { source: source.id, start: 0, end: 0 },
        `${source.name} is not UTF-8 and is read byte by byte; save it as UTF-8`,
      );
    const checks = this.#checks;
    this.#open.push(source);
    this.#preprocessor.run(source);
    this.#open.pop();
    this.#checks = checks;
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
    else if (this.#depth === 1 && type === Leaf.tokenTypeIdx && this.#tokens[0]?.words[0] === "global_defs")
      this.#setting(token.words);
  }

  /** What global_defs says about reading itself counts from its line on. */
  #setting(words: readonly string[]): void {
    const [keyword, value = ""] = words;
    if (keyword === "include_check" && !this.#allConfig)
      this.#checks = checksFromKeyword(words, this.#checks);
    else if (keyword === "random_seed" && /^[0-9]{1,10}$/.test(value))
      this.#random = new Random(Number(value));
  }

  issue(issue: LexicalIssue): void {
    const { source, start, end } = issue;
    this.#reporter.at(issue.code, { source, start, end }, issueMessages[issue.code]);
  }

  include(words: readonly string[], source: number, start: number, end: number): void {
    const directive = words[0] as string;
    const span = { source, start, end: start + directive.length };
    if (words.length < 2) {
      this.#reporter.at("missing-value", span, `${directive} names no file; write: ${directive} PATTERN`);
      return;
    }
    if (++this.#lookups > MOST_LOOKUPS) {
      if (this.#lookups === MOST_LOOKUPS + 1)
        this.#reporter.at(
          "include-too-many",
          span,
          `more than ${MOST_LOOKUPS} include lines, the rest is not looked at; take a wildcard instead of a sequence`,
        );
      return;
    }
    const { name, text } = this.#reporter.sources.get(source);
    const pattern = text.slice(start + directive.length, end).trim();
    const directory = name.includes("/") ? name.slice(0, name.lastIndexOf("/") + 1) : "";
    const checks = checksOf(directive, this.#checks);
    const { paths, problems } = findIncluded(pattern, directory, checks, this.#system);
    for (const { code, message } of problems) this.#reporter.at(code, span, message);
    const origin = { note: "included from", source, offset: start } as const;
    for (const path of paths) this.#includeFile(path, span, origin, checks);
  }

  #includeFile(
    path: string,
    span: { readonly source: number; readonly start: number; readonly end: number },
    origin: Origin,
    checks: IncludeChecks,
  ): void {
    if (this.#open.some((source) => source.name === path)) {
      this.#reporter.at(
        "include-loop",
        span,
        `${path} includes itself and is not read again; break the circle`,
      );
      return;
    }
    if (this.#open.length > MOST_NESTED || this.#files >= MOST_FILES || this.#included >= MOST_INCLUDED) {
      const what =
        this.#open.length > MOST_NESTED
          ? `files include each other more than ${MOST_NESTED} deep`
          : `more than ${this.#files >= MOST_FILES ? `${MOST_FILES} files` : `${MOST_INCLUDED} characters`} are included`;
      this.#reporter.at(
        "include-too-many",
        span,
        `${what}, ${path} is not read; look for a circle behind links, or include fewer`,
      );
      return;
    }
    const file = readTextFile(path, this.#system);
    if (file.ok) {
      this.#files++;
      this.#included += file.text.length;
      this.source(this.#reporter.sources.add(path, file.text, origin), file.isUtf8);
    } else
      this.#reporter.at(
        checks.read ? "include-failed" : "include-unreadable",
        span,
        `cannot read ${path}: ${file.code}; correct its permissions or the pattern`,
      );
  }

  /** To be called once, behind the last file. */
  end(): void {
    if (this.#tokens.length > 0) this.#flush();
  }

  #flush(): void {
    for (const item of parseChunk(this.#tokens)) this.#reader.item(item);
    this.#tokens = [];
  }
}

const issueMessages: Readonly<Record<LexicalIssue["code"], string>> = {
  "nul-byte": "a NUL byte ends this line, what follows it is ignored; remove it",
  "unmatched-quote": 'this quote is not closed on its line; write a second "',
  "line-continuation":
    "this \\ does not join the next line and belongs to the last word; write all of it on one line",
};
