/**
 * The lines of a definition that goes over several of them: each but the last ends in a backslash.
 * Comments go first and take the backslash behind them along, so that a commented line is the last one.
 */
import { commentStart, trimEnd, trimStart } from "./blanks.ts";

export interface DefinitionLine {
  /** without comment, backslash and blanks around; never empty */
  readonly content: string;
  /** offset of its first character */
  readonly offset: number;
}

export interface DefinitionLines {
  readonly lines: readonly DefinitionLine[];
  /** lines of the text that it takes, empty ones included */
  readonly count: number;
  /** a comment that hides the backslash at its end */
  readonly hiding: { readonly start: number; readonly end: number } | undefined;
}

/**
 * @param from offset of the line behind the one that begins the definition
 * @param first what stands in that one, with comment and backslash
 */
export function readDefinitionLines(text: string, from: number, first: DefinitionLine): DefinitionLines {
  const lines: DefinitionLine[] = [];
  const add = (body: string, comment: number, offset: number): void => {
    const kept = comment >= 0 ? body.slice(0, comment) : body.endsWith("\\") ? body.slice(0, -1) : body;
    const content = trimStart(trimEnd(kept));
    if (content !== "") lines.push({ content, offset });
  };
  add(first.content, commentStart(first.content), first.offset);
  let count = 0;
  for (let begin = from; begin < text.length; count++) {
    const newline = text.indexOf("\n", begin);
    const end = newline < 0 ? text.length : newline;
    const body = trimEnd(text.slice(begin, end).replaceAll("\0", " "));
    const comment = commentStart(body);
    const hasBackslash = body.endsWith("\\");
    add(body, comment, begin + (body.length - trimStart(body).length));
    if (comment >= 0 && hasBackslash)
      return { lines, count: count + 1, hiding: { start: begin + comment, end: begin + body.length } };
    if (!hasBackslash) return { lines, count: count + 1, hiding: undefined };
    begin = end + 1;
  }
  return { lines, count, hiding: undefined };
}
