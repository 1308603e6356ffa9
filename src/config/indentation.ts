/**
 * Which block lacks its `}`, judged by indentation alone: the one whose contents stand to its right and
 * are followed by something that stands no further right than its head, or is closed from further left.
 * Looks at one text, once there is known to be an error in it; a file without indentation tells nothing.
 */
import { Brace, Close, type LineToken, lexSource, Open } from "../../grammar/lexer.ts";
import type { Source } from "../../grammar/source.ts";

export interface Suspect {
  /** offset of the head of the block */
  readonly head: number;
  /** offset of what its `}` should stand before */
  readonly before: number;
}

interface OpenBlock {
  readonly head: number;
  readonly column: number;
  /** column of the first thing inside it that begins a line */
  inner: number | undefined;
}

/** @returns undefined when the indentation does not say */
export function suspectIn(source: Source): Suspect | undefined {
  const { text } = source;
  const open: OpenBlock[] = [];
  let found: Suspect | undefined;
  let last = { head: 0, column: 0 };
  let seen = 0;
  const look = (token: LineToken): void => {
    if (found !== undefined) return;
    const { startOffset: offset, tokenTypeIdx: type } = token;
    // Only the first of a line has an indentation; to look for each would take for ever on a long line.
    const isFirst = seen === 0 || text.slice(seen, offset).includes("\n");
    seen = offset + 1;
    // A { on a line of its own belongs to the line before it, as does its indentation.
    if (type !== Brace.tokenTypeIdx) {
      const top = open.at(-1);
      const column = isFirst ? indentationAt(text, offset) : undefined;
      const isClose = type === Close.tokenTypeIdx;
      if (top !== undefined && column !== undefined) {
        const isIndented = top.inner !== undefined && top.inner > top.column;
        const isOutside = isClose ? column < top.column : column <= top.column;
        if (isIndented && isOutside) {
          found = { head: top.head, before: offset };
          return;
        }
        if (!isClose) top.inner ??= column;
      }
      if (isClose) open.pop();
      last = { head: offset, column: column ?? top?.column ?? 0 };
    }
    if (type === Open.tokenTypeIdx || type === Brace.tokenTypeIdx) open.push({ ...last, inner: undefined });
  };
  lexSource(source, { token: look, include: () => {}, issue: () => {} });
  return found;
}

/** The width of what stands before an offset; undefined when that is more than blanks. */
function indentationAt(text: string, offset: number): number | undefined {
  let column = 0;
  for (let i = text.lastIndexOf("\n", offset - 1) + 1; i < offset; i++) {
    if (text[i] === "\t") column += 8 - (column % 8);
    else if (text[i] === " ") column++;
    else return undefined;
  }
  return column;
}
