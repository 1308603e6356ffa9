/** Diagnostics as text: `file:line:column: severity: message [code]`, with line and caret on a terminal. */
import type { SourceMap } from "../../grammar/source.ts";
import type { Diagnostic } from "./diagnostic.ts";

/** @returns one or several lines without a trailing newline; secrets in the quoted line are masked */
export declare function renderDiagnostic(
  diagnostic: Diagnostic,
  sources: SourceMap,
  options: { readonly caret: boolean; readonly color: boolean },
): string;
