/**
 * Characters to tokens, one logical line at a time: comments, quotes, escapes, braces and `include`.
 * A token carries the words of its line as payload and where its first word stands; the places of the
 * other words are found again with `scanWords` when a message needs them. Never knows a keyword except
 * the include directives; conditions, parameters and sequences are done before (preprocess.ts).
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
  readonly code: "unmatched-quote" | "nul-byte" | "line-continuation";
  readonly source: number;
  readonly start: number;
  readonly end: number;
};

/** Receives what the lexer finds, in order. */
export interface TokenSink {
  token(token: LineToken): void;
  /**
   * An include directive: the file's tokens belong here.
   *
   * @param end offset behind the last word
   */
  include(words: readonly string[], source: number, start: number, end: number): void;
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
  new LineLexer(source, sink).lexTo(source.text.length);
}

/** Lexes a source in pieces of whole lines. */
export class LineLexer {
  readonly #source: Source;
  readonly #sink: TokenSink;
  readonly #scanner: Scanner;
  readonly #fixedLine: number;

  /** @param fixedLine number that all lines have, because they were expanded from one; 0: their own */
  constructor(source: Source, sink: TokenSink, fixedLine = 0) {
    this.#source = source;
    this.#sink = sink;
    this.#scanner = new Scanner(source.text);
    this.#fixedLine = fixedLine;
  }

  /** offset of the next character */
  get at(): number {
    return this.#scanner.at;
  }

  /** 1-based number of the line there */
  get line(): number {
    return this.#fixedLine > 0 ? this.#fixedLine : this.#scanner.line;
  }

  /** Passes over characters of the current line. */
  skipTo(offset: number): void {
    this.#scanner.at = offset;
  }

  /** Passes over the rest of the current line. */
  skipLine(): void {
    this.#scanner.skipLine();
  }

  /** @param limit offset of the beginning of a line, or the end of the text */
  lexTo(limit: number): void {
    const { text, id } = this.#source;
    const { length } = text;
    const sink = this.#sink;
    const scanner = this.#scanner;
    const fixedLine = this.#fixedLine;
    while (scanner.at < limit) {
      const words = scanner.words();
      const start = scanner.first;
      const line = fixedLine > 0 ? fixedLine : scanner.line;
      const stop = scanner.at < length ? text.charCodeAt(scanner.at) : NEWLINE;
      if (scanner.openQuote >= 0)
        sink.issue({ code: "unmatched-quote", source: id, start: scanner.openQuote, end: scanner.at });
      if (scanner.continuation >= 0) {
        const at = scanner.continuation;
        sink.issue({ code: "line-continuation", source: id, start: at, end: at + 1 });
      }
      if (stop === OPEN_BRACE) {
        const brace = scanner.at++;
        if (words === noWords) sink.token(new LineToken(Brace, noWords, id, brace, brace, line));
        else sink.token(new LineToken(Open, words, id, start, brace, line));
        continue;
      }
      if (words !== noWords) {
        if (isInclude(words[0] as string) && text.charCodeAt(start) !== QUOTE)
          sink.include(words, id, start, scanner.end);
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
}

/** Whether a word is `include` or one of its stricter variants. */
export function isInclude(word: string): boolean {
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
  /** offset behind the last word */
  end = -1;
  /** 1-based number of the current line */
  line = 1;
  /** offset of a quote that the line does not close, else -1 */
  openQuote = -1;
  /** offset of a backslash that ends the line, else -1 */
  continuation = -1;
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
    let end = -1;
    this.openQuote = -1;
    this.continuation = -1;
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
        const close = this.#endOfQuote(i + 1);
        word = text.slice(i + 1, close);
        i = close;
        if (i < length && text.charCodeAt(i) === QUOTE) i++;
        else this.openQuote = start;
      } else {
        let escaped = false;
        let backslash = -1;
        while (i < length) {
          const d = text.charCodeAt(i);
          const e = d < 128 ? classes[d] : 0;
          if (e === 0) i++;
          else if (e === 4) {
            const next = text.charCodeAt(i + 1);
            const protects = next === HASH || next === BANG;
            escaped = escaped || protects;
            backslash = i;
            i += protects ? 2 : 1;
          } else if (raw && (d === OPEN_BRACE || d === CLOSE_BRACE)) i++;
          else break;
        }
        word = text.slice(start, i);
        if (escaped) word = word.replace(/\\([#!])/g, "$1");
        if (backslash >= 0 && backslash === i - 1 && endsLine(text, i)) {
          this.continuation = backslash;
          // keepalived takes the blanks in front of it away
          if (word === "\\" && count > 0 && text.charCodeAt(end - 1) !== QUOTE) {
            words[count - 1] += word;
            break;
          }
        }
      }
      end = i;
      this.spans?.push(start, i);
      if (count === 0) {
        this.first = start;
        // braces of a glob pattern are part of it
        raw = isInclude(word);
      }
      words[count++] = word;
    }
    this.at = i;
    this.end = end;
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

/** Whether only blanks stand between an offset and the line's end. */
function endsLine(text: string, from: number): boolean {
  let i = from;
  while (i < text.length && classes[text.charCodeAt(i)] === 1) i++;
  return i >= text.length || text.charCodeAt(i) === NEWLINE;
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
