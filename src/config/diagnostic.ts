/**
 * What can be wrong with a configuration: the closed list of codes, their severities, and how they
 * add up to an exit status. Decides nothing about wording on a terminal (render.ts does).
 */

/** Where a piece of text stands: a source of the `SourceMap` and the offsets of its characters. */
export interface Span {
  readonly source: number;
  readonly start: number;
  /** offset behind the last character */
  readonly end: number;
}

/** fatal: cannot run · error: this statement is dropped · warning, deprecated, security, note: it counts */
export type Severity = "fatal" | "error" | "warning" | "deprecated" | "security" | "note";

export interface Diagnostic {
  readonly code: string;
  readonly severity: Severity;
  /** undefined: about the file as a whole */
  readonly span: Span | undefined;
  /** what is wrong, and what to write instead, without location and code */
  readonly message: string;
  readonly related?: readonly { readonly note: string; readonly span: Span }[];
}
