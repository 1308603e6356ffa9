/**
 * Collects diagnostics and knows where things stand. Everything that reads a configuration complains
 * through one `Reporter`.
 */
import { scanWords } from "../../grammar/lexer.ts";
import type { Statement } from "../../grammar/parser.ts";
import type { SourceMap } from "../../grammar/source.ts";
import { consequences, type Diagnostic, type DiagnosticCode, type Related, type Span } from "./diagnostic.ts";

/** More than this is not read by anybody, and a hostile file could ask for millions. */
const MOST = 10_000;

export class Reporter {
  readonly sources: SourceMap;
  readonly diagnostics: Diagnostic[] = [];
  readonly #noted = new Set<string>();

  constructor(sources: SourceMap) {
    this.sources = sources;
  }

  /** @param message what is wrong; what to write instead */
  at(code: DiagnosticCode, span: Span | undefined, message: string, related: readonly Related[] = []): void {
    if (this.diagnostics.length >= MOST) return;
    this.diagnostics.push({ code, severity: consequences[code].severity, span, message, related });
  }

  /**
   * About one word of a statement; a word that is missing is the place behind the last one.
   *
   * @param word index into the statement's words
   */
  word(
    code: DiagnosticCode,
    statement: Statement,
    word: number,
    message: string,
    related: readonly Related[] = [],
  ): void {
    this.at(code, this.spanOf(statement, word), message, related);
  }

  /** Said once, whatever number of statements it applies to. */
  once(code: DiagnosticCode, statement: Statement, key: string, message: string): void {
    if (this.#noted.has(key)) return;
    this.#noted.add(key);
    this.word(code, statement, 0, message);
  }

  spanOf(statement: Statement, word: number): Span {
    const { source, start } = statement;
    const spans = scanWords(this.sources.get(source).text, start);
    const from = spans[2 * word];
    const to = spans[2 * word + 1];
    if (from !== undefined && to !== undefined) return { source, start: from, end: to };
    const end = spans.at(-1) ?? start + 1;
    return { source, start: end, end: end + 1 };
  }

  firstDefinedAt(statement: Statement): Related {
    return { note: "first defined here", span: this.spanOf(statement, 0) };
  }

  /** `keepalived.conf:12`, for the model. */
  where(statement: Statement): string {
    const { file, line } = this.sources.place(statement.source, statement.start);
    return `${file.slice(file.lastIndexOf("/") + 1)}:${line}`;
  }
}
