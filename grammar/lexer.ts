/**
 * Characters to tokens, one logical line at a time: comments, quotes, escapes, braces and `include`.
 * A token carries the words of its line as payload and where its first word stands; the places of the
 * other words are found again with `scanWords` when a message needs them. Never knows a keyword except
 * the include directives, which act before everything else (keepalived.conf(5), "CONFIGURATION PARSER").
 */
import { createToken, type IToken, type TokenType } from "chevrotain";
import type { Source } from "./source.ts";

/** A line without a brace. */
export const Leaf: TokenType = createToken({ name: "Leaf", pattern: /a/ });
/** The words in front of a `{`. */
export const Open: TokenType = createToken({ name: "Open", pattern: /b/ });
/** A `{` that begins its line. */
export const Brace: TokenType = createToken({ name: "Brace", pattern: /c/ });
/** A `}`. */
export const Close: TokenType = createToken({ name: "Close", pattern: /d/ });

/** A chevrotain token that stands for a whole line. */
export class LineToken implements IToken {
  /** offset of the first word, or of the brace when there is none */
  readonly startOffset: number;
  /** offset of the brace, -1 when there is none */
  readonly brace: number;
  readonly tokenTypeIdx: number;
  readonly words: readonly string[];
  readonly source: number;
  /** 1-based */
  readonly line: number;

  constructor(
    type: TokenType,
    words: readonly string[],
    source: number,
    start: number,
    brace: number,
    line: number,
  ) {
    this.startOffset = start;
    this.brace = brace;
    this.tokenTypeIdx = type.tokenTypeIdx as number;
    this.words = words;
    this.source = source;
    this.line = line;
  }

  /** chevrotain asks for these two in messages only, which ours never shows */
  get image(): string {
    return "";
  }

  get tokenType(): TokenType {
    return tokenTypes.find((type) => type.tokenTypeIdx === this.tokenTypeIdx) ?? Leaf;
  }
}

const tokenTypes: readonly TokenType[] = [Leaf, Open, Brace, Close];

/** Something wrong below the level of words. */
export type LexicalIssue = {
  readonly code: "unmatched-quote" | "nul-byte";
  readonly source: number;
  readonly start: number;
  readonly end: number;
};

/** Receives what the lexer finds, in order. */
export interface TokenSink {
  token(token: LineToken): void;
  /** An include directive: the file's tokens belong here. */
  include(words: readonly string[], source: number, start: number): void;
  issue(issue: LexicalIssue): void;
}

const includeWords: ReadonlySet<string> = new Set([
  "include",
  "includer",
  "includem",
  "includew",
  "includeb",
  "includea",
]);

const noWords: readonly string[] = [];

/** Lexes one source from its first to its last character. A missing final newline is no matter. */
export function lexSource(source: Source, sink: TokenSink): void {
  const { text, id } = source;
  const length = text.length;
  const scanner = new Scanner(text);
  while (scanner.at < length) {
    const words = scanner.words();
    const start = scanner.first;
    const line = scanner.line;
    const stop = scanner.at < length ? text.charCodeAt(scanner.at) : NEWLINE;
    if (scanner.openQuote >= 0)
      sink.issue({ code: "unmatched-quote", source: id, start: scanner.openQuote, end: scanner.at });
    if (stop === OPEN_BRACE) {
      const brace = scanner.at++;
      if (words === noWords) sink.token(new LineToken(Brace, noWords, id, brace, brace, line));
      else sink.token(new LineToken(Open, words, id, start, brace, line));
      continue;
    }
    if (words !== noWords) {
      if (isInclude(words[0] as string)) sink.include(words, id, start);
      else sink.token(new LineToken(Leaf, words, id, start, -1, line));
    }
    if (stop === CLOSE_BRACE) {
      sink.token(new LineToken(Close, noWords, id, scanner.at, scanner.at, line));
      scanner.at++;
      continue;
    }
    if (stop === NUL) sink.issue({ code: "nul-byte", source: id, start: scanner.at, end: scanner.at + 1 });
    scanner.skipLine();
  }
}

function isInclude(word: string): boolean {
  return word.length <= 8 && word.charCodeAt(0) === 105 && includeWords.has(word);
}

/**
 * The places of the words of the line that begins at `start`: start and end offsets in turn, quotes
 * included.
 */
export function scanWords(text: string, start: number): readonly number[] {
  const scanner = new Scanner(text);
  scanner.at = start;
  scanner.spans = [];
  scanner.words();
  return scanner.spans;
}

const NUL = 0;
const NEWLINE = 10;
const BANG = 33;
const QUOTE = 34;
const HASH = 35;
const BACKSLASH = 92;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/** What a character does outside quotes: 0 belongs to a word, 1 separates, 2 ends the words, 3 quotes, 4 escapes. */
const classes: Uint8Array = new Uint8Array(128);
for (const c of [9, 11, 12, 13, 32]) classes[c] = 1;
for (const c of [NUL, NEWLINE, BANG, HASH, OPEN_BRACE, CLOSE_BRACE]) classes[c] = 2;
classes[QUOTE] = 3;
classes[BACKSLASH] = 4;

class Scanner {
  readonly #text: string;
  /** the next character */
  at = 0;
  /** offset of the first word of the last `words()` */
  first = -1;
  /** 1-based number of the current line */
  line = 1;
  /** offset of a quote that the line does not close, else -1 */
  openQuote = -1;
  /** used again for every line: an array that grows word by word would be eight times too large */
  readonly #words: string[] = [];
  /** filled when present */
  spans: number[] | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  /** The words from here to the line's end, a brace, a comment or a NUL; stands at that character. */
  words(): readonly string[] {
    const text = this.#text;
    const length = text.length;
    const words = this.#words;
    let count = 0;
    let raw = false;
    this.openQuote = -1;
    let i = this.at;
    while (i < length) {
      const c = text.charCodeAt(i);
      const kind = c < 128 ? classes[c] : 0;
      if (kind === 1) {
        i++;
        continue;
      }
      if (kind === 2 && !(raw && (c === OPEN_BRACE || c === CLOSE_BRACE))) break;
      const start = i;
      let word: string;
      if (kind === 3) {
        const end = this.#endOfQuote(i + 1);
        word = text.slice(i + 1, end);
        i = end;
        if (i < length && text.charCodeAt(i) === QUOTE) i++;
        else this.openQuote = start;
      } else {
        let escaped = false;
        while (i < length) {
          const d = text.charCodeAt(i);
          const e = d < 128 ? classes[d] : 0;
          if (e === 0) i++;
          else if (e === 4) {
            const next = text.charCodeAt(i + 1);
            const protects = next === HASH || next === BANG;
            escaped = escaped || protects;
            i += protects ? 2 : 1;
          } else if (raw && (d === OPEN_BRACE || d === CLOSE_BRACE)) i++;
          else break;
        }
        word = text.slice(start, i);
        if (escaped) word = word.replace(/\\([#!])/g, "$1");
      }
      this.spans?.push(start, i);
      if (count === 0) {
        this.first = start;
        // braces of a glob pattern are part of it
        raw = isInclude(word);
      }
      words[count++] = word;
    }
    this.at = i;
    return exactly(words, count);
  }

  /** To the beginning of the next line. */
  skipLine(): void {
    const end = this.#text.indexOf("\n", this.at);
    this.at = end < 0 ? this.#text.length : end + 1;
    this.line++;
  }

  #endOfQuote(from: number): number {
    const text = this.#text;
    let i = from;
    while (i < text.length) {
      const c = text.charCodeAt(i);
      if (c === QUOTE || c === NEWLINE || c === NUL) break;
      i++;
    }
    return i;
  }
}

/** A copy of the first elements, with room for no more. */
function exactly(words: readonly string[], count: number): readonly string[] {
  switch (count) {
    case 0:
      return noWords;
    case 1:
      return [words[0] as string];
    case 2:
      return [words[0] as string, words[1] as string];
    case 3:
      return [words[0] as string, words[1] as string, words[2] as string];
    default:
      return words.slice(0, count);
  }
}
