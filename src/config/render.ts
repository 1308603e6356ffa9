/**
 * Diagnostics as text: `file:line:column: severity: message [code]`, with the line and a caret on a
 * terminal. Never shows what stands behind a password keyword.
 */
import { secretWords } from "../../grammar/keywords/table.ts";
import type { Place, SourceMap } from "../../grammar/source.ts";
import type { Diagnostic, Severity, Span } from "./diagnostic.ts";

export interface RenderOptions {
  /** quote the line and point at the place */
  readonly caret: boolean;
  /** ANSI colours */
  readonly color: boolean;
}

/** @returns one or several lines without a trailing newline; secrets in the quoted line are masked */
export function renderDiagnostic(diagnostic: Diagnostic, sources: SourceMap, options: RenderOptions): string {
  const { span, severity, message, code } = diagnostic;
  const paint = options.color ? colours[severity] : plain;
  const lines = [`${location(span, sources)}${paint(`${severity}:`)} ${message} [${code}]`];
  if (span !== undefined) {
    if (options.caret) lines.push(...excerpt(span, sources, paint));
    lines.push(...provenanceOf(span, sources).map(provenanceLine));
  }
  for (const related of diagnostic.related) {
    lines.push(`${location(related.span, sources)}note: ${related.note}`);
    if (options.caret) lines.push(...excerpt(related.span, sources, plain));
  }
  return lines.join("\n");
}

const plain = (text: string): string => text;
const ansi =
  (code: string) =>
  (text: string): string =>
    `\x1b[${code}m${text}\x1b[0m`;
const colours: Readonly<Record<Severity, (text: string) => string>> = {
  fatal: ansi("1;31"),
  error: ansi("1;31"),
  warning: ansi("1;35"),
  deprecated: ansi("1;35"),
  security: ansi("1;31"),
  note: ansi("1;36"),
};

function location(span: Span | undefined, sources: SourceMap): string {
  if (span === undefined) return "";
  const { file, line, column } = sources.place(span.source, span.start);
  return `${file}:${line}:${column}: `;
}

/** A step from a text to the one that it came from. */
export interface Provenance {
  readonly kind: "included" | "expanded" | "defined";
  readonly place: Place;
  /** the variables of an expansion, `i=3, j=1`; secrets hidden */
  readonly values: string;
}

/** Why a text was read at all, innermost first: includes, expansions, and where a definition stands. */
export function provenanceOf(span: Span, sources: SourceMap): readonly Provenance[] {
  const steps: Provenance[] = [];
  let { source, start: offset } = span;
  for (;;) {
    const { origin } = sources.get(source);
    if (origin === undefined) return steps;
    const place = sources.place(origin.source, origin.offset);
    const expansion = sources.expansionAt(source, offset);
    if (expansion === undefined) steps.push({ kind: "included", place, values: "" });
    else {
      if (expansion.definedSource >= 0) {
        const defined = sources.place(expansion.definedSource, expansion.definedOffset);
        steps.push({ kind: "defined", place: defined, values: "" });
      }
      const text = sources.lineText(source, offset);
      // The value may be the very secret that is hidden in the line.
      const values =
        maskSecrets(text) === text
          ? maskSecrets(expansion.values)
          : expansion.values.replace(/=[^,]*/g, "=***");
      steps.push({ kind: "expanded", place, values });
    }
    ({ source, offset } = origin);
  }
}

function provenanceLine({ kind, place: { file, line }, values }: Provenance): string {
  if (kind === "included") return `  included from ${file}:${line}`;
  if (kind === "defined") return `  defined at ${file}:${line}`;
  return `  expanded from line ${line}${values === "" ? "" : `, ${values}`}`;
}

/** A longer line is shown around the place only. */
const WIDEST = 160;

function excerpt(span: Span, sources: SourceMap, paint: (text: string) => string): readonly string[] {
  const { line } = sources.place(span.source, span.start);
  const column = sources.columnInLine(span.source, span.start);
  const full = maskSecrets(sources.lineText(span.source, span.start));
  const cut = full.length <= WIDEST ? 0 : Math.max(0, column - 1 - WIDEST / 2);
  const text = full.slice(cut, cut + WIDEST);
  const start = Math.min(column - 1 - cut, text.length);
  const end = Math.max(start + 1, Math.min(start + (span.end - span.start), text.length));
  const gutter = String(line).padStart(5);
  const padding = [...text.slice(0, start)].map(blankLike).join("");
  const carets = "^".repeat([...text.slice(start, end)].reduce((sum, c) => sum + widthOf(c), 0) || 1);
  return [`${gutter} | ${printable(text)}`, `${" ".repeat(gutter.length)} | ${padding}${paint(carets)}`];
}

/** Control characters would move the cursor of the terminal. */
function printable(text: string): string {
  return text.replace(/[^\P{Cc}\t]/gu, "\ufffd");
}

function blankLike(c: string): string {
  return c === "\t" ? "\t" : " ".repeat(widthOf(c));
}

/** Columns of a character on a terminal: East Asian wide ones take two. */
function widthOf(c: string): number {
  const code = c.codePointAt(0) ?? 0;
  if (code < 0x1100) return 1;
  const wide =
    code <= 0x115f ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd);
  return wide ? 2 : 1;
}

/** Also what only looks like a password keyword: it may be a mistyped one. */
const secretPattern: RegExp = new RegExp(
  `auth_p|pas[sw]|pwd|secret|(?:^|[\\s{}])(?:${[...secretWords].join("|")})(?=[\\s=])`,
  "i",
);

/** Everything behind a password keyword becomes stars, so that columns stay what they are. */
export function maskSecrets(line: string): string {
  const found = secretPattern.exec(line);
  if (found === null) return line;
  const rest = line.slice(found.index + found[0].length);
  const gap = rest.search(/[\s=]/);
  if (gap < 0) return line;
  const shown = line.length - rest.length + gap;
  return line.slice(0, shown) + line.slice(shown).replace(/[^\s=]/gu, "*");
}
