/**
 * Diagnostics for programs: an array of objects with places in lines and columns, both counted from 1
 * (columns in UTF-16 units, as editors and the LSP count them). The message never holds a secret, and
 * no source text is quoted.
 */
import type { Place, SourceMap } from "../../grammar/source.ts";
import type { Diagnostic, Span } from "./diagnostic.ts";

interface JsonPlace {
  readonly line: number;
  readonly column: number;
}

interface JsonSpan {
  readonly file: string;
  readonly start: JsonPlace;
  /** behind the last character */
  readonly end: JsonPlace;
}

/** @returns a JSON array and a newline; `file`, `start` and `end` are null where nothing has a place */
export function diagnosticsAsJson(diagnostics: readonly Diagnostic[], sources: SourceMap): string {
  const items = diagnostics.map(({ code, severity, span, message, related }) => ({
    code,
    severity,
    ...(span === undefined ? { file: null, start: null, end: null } : jsonSpan(span, sources)),
    message,
    related: [
      ...related.map((r) => ({ ...jsonSpan(r.span, sources), message: r.note })),
      ...(span === undefined ? [] : chain(span.source, sources)),
    ],
  }));
  return `${JSON.stringify(items, undefined, 2)}\n`;
}

function jsonSpan({ source, start, end }: Span, sources: SourceMap): JsonSpan {
  const from = sources.place(source, start);
  return { file: from.file, start: jsonPlace(from), end: jsonPlace(sources.place(source, end)) };
}

function jsonPlace({ line, column }: Place): JsonPlace {
  return { line, column };
}

/** Why a text was read at all: the includes and expansions around it, innermost first. */
function chain(source: number, sources: SourceMap): readonly (JsonSpan & { readonly message: string })[] {
  const { origin } = sources.get(source);
  if (origin === undefined) return [];
  const place = sources.place(origin.source, origin.offset);
  const at = jsonPlace(place);
  return [{ file: place.file, start: at, end: at, message: origin.note }, ...chain(origin.source, sources)];
}
