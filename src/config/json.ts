/**
 * Diagnostics for programs: an array of objects with places in lines and columns, both counted from 1
 * (columns in UTF-16 units, as editors and the LSP count them). The message never holds a secret, and
 * no source text is quoted.
 */
import type { Place, SourceMap } from "../../grammar/source.ts";
import type { Diagnostic, Span } from "./diagnostic.ts";
import { type Provenance, provenanceOf } from "./render.ts";

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
      ...(span === undefined ? [] : provenanceOf(span, sources).map(origin)),
    ],
  }));
  return `${JSON.stringify(items, undefined, 2)}\n`;
}

function jsonSpan({ source, start, end }: Span, sources: SourceMap): JsonSpan {
  const { from, to } = sources.range(source, start, end);
  return { file: from.file, start: jsonPlace(from), end: jsonPlace(to) };
}

function jsonPlace({ line, column }: Place): JsonPlace {
  return { line, column };
}

function origin({ kind, place, values }: Provenance): JsonSpan & { readonly message: string } {
  const at = jsonPlace(place);
  const message =
    kind === "included" ? "included from here" : kind === "defined" ? "defined here" : "expanded from here";
  return { file: place.file, start: at, end: at, message: values === "" ? message : `${message}, ${values}` };
}
