/**
 * Collects diagnostics and knows where things stand. Everything that reads a configuration complains
 * through one `Reporter`.
 */
import { scanWords } from "../../grammar/lexer.ts";
import type { Statement } from "../../grammar/parser.ts";
import type { SourceMap } from "../../grammar/source.ts";
import { consequences, type Diagnostic, type DiagnosticCode, type Related, type Span } from "./diagnostic.ts";

/** Where a statement begins: what is left of it when the statement itself may go. */
export type Position = Pick<Statement, "source" | "start">;

/** More than this is not read by anybody, and a hostile file could ask for millions. */
const MOST = 10_000;

export class Reporter {
  readonly sources: SourceMap;
  readonly diagnostics: Diagnostic[] = [];
  /** a keyword lacked its parameter: there will be no model */
  hasGivenUp = false;
  readonly #noted = new Set<string>();
  /** codes that were reported: of each one is kept, for the exit status */
  readonly #codes = new Set<DiagnosticCode>();
  #lastSource = -1;
  #lastFile = "";

  constructor(sources: SourceMap) {
    this.sources = sources;
  }

  /** Nothing more is taken of what was said already: its message need not be worked out. */
  get isFull(): boolean {
    return this.diagnostics.length >= MOST;
  }

  /** @param message what is wrong; what to write instead */
  at(code: DiagnosticCode, span: Span | undefined, message: string, related: readonly Related[] = []): void {
    if (code === "missing-parameter") this.hasGivenUp = true;
    if (!this.#takes(code)) return;
    this.#codes.add(code);
    this.diagnostics.push({ code, severity: consequences[code].severity, span, message, related });
  }

  /**
   * About one word of a statement; a word that is missing is the place behind the last one.
   *
   * @param word index into the statement's words
   */
  word(
    code: DiagnosticCode,
    statement: Position,
    word: number,
    message: string,
    related: readonly Related[] = [],
  ): void {
    // The place of a word takes a scan of its line.
    const span = this.#takes(code) ? this.spanOf(statement, word) : undefined;
    this.at(code, span, message, related);
  }

  #takes(code: DiagnosticCode): boolean {
    return !this.isFull || !this.#codes.has(code);
  }

  /** Said once, whatever number of statements it applies to. */
  once(code: DiagnosticCode, statement: Position, key: string, message: string): void {
    if (this.#noted.has(key)) return;
    this.#noted.add(key);
    this.word(code, statement, 0, message);
  }

  spanOf(statement: Position, word: number): Span {
    const { source, start } = statement;
    const spans = scanWords(this.sources.get(source).text, start);
    const from = spans[2 * word];
    const to = spans[2 * word + 1];
    if (from !== undefined && to !== undefined) return { source, start: from, end: to };
    const end = spans.at(-1) ?? start + 1;
    return { source, start: end, end: end + 1 };
  }

  firstDefinedAt(statement: Position): Related {
    return { note: "first defined here", span: this.spanOf(statement, 0) };
  }

  /** A position that does not keep the statement's body alive. */
  static positionOf(statement: Statement): Position {
    return { source: statement.source, start: statement.start };
  }

  /** `keepalived.conf:12`, for the model. */
  where(statement: Statement): string {
    const { source, line } = statement;
    if (source !== this.#lastSource) {
      const { name } = this.sources.get(source);
      this.#lastSource = source;
      this.#lastFile = `${name.slice(name.lastIndexOf("/") + 1)}:`;
    }
    return this.#lastFile + line;
  }
}
