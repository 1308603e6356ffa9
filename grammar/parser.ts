/**
 * Tokens to statements: the block structure and nothing else. One top-level item at a time, so that a
 * large file never exists as one tree. The grammar is total: every sequence of tokens has a tree, in
 * which a missing `}` (`close` is -1), a surplus one and a `{` without head are visible; what they mean
 * is left to the reader of the tree.
 */
import { EmbeddedActionsParser } from "chevrotain";
import { Brace, Close, Leaf, type LineToken, Open } from "./lexer.ts";

/** One line, or one block with its head. Words are unquoted; the rest is where they stand. */
export class Statement {
  readonly words: readonly string[];
  readonly source: number;
  /** offset of the first word, or of the brace when there is none */
  readonly start: number;
  /** 1-based line of `start` */
  readonly line: number;
  /** offset of the `{`, -1 without one; that of the first word when the `{` is in another source */
  readonly brace: number;
  /** undefined: a line without a block */
  readonly body: readonly Statement[] | undefined;
  /** offset of the `}`, -1 when the file ended before it */
  readonly close: number;
  /** source of the `}` */
  readonly closeSource: number;

  constructor(
    words: readonly string[],
    source: number,
    start: number,
    line: number,
    brace: number,
    body: readonly Statement[] | undefined,
    close: number,
    closeSource: number,
  ) {
    this.words = words;
    this.source = source;
    this.start = start;
    this.line = line;
    this.brace = brace;
    this.body = body;
    this.close = close;
    this.closeSource = closeSource;
  }
}

/** A top-level item: a statement, or a `}` too many. */
export type Item =
  | { readonly kind: "statement"; readonly statement: Statement }
  | { readonly kind: "surplusClose"; readonly source: number; readonly start: number };

interface Body {
  readonly statements: readonly Statement[];
  readonly close: LineToken | undefined;
}

class BlockParser extends EmbeddedActionsParser {
  readonly chunk: () => Item[];
  readonly #statement: () => Statement;
  readonly #body: () => Body;
  /** statements of the bodies that are being read, inner ones behind outer ones */
  readonly #pending: Statement[] = [];

  constructor() {
    super([Leaf, Open, Brace, Close], { recoveryEnabled: false });
    this.#body = this.RULE("body", () => {
      const base = this.#pending.length;
      this.MANY(() => {
        this.#pending.push(this.SUBRULE(this.#statement));
      });
      const close = this.OPTION(() => this.CONSUME(Close));
      const statements = this.#pending.slice(base);
      this.#pending.length = base;
      return { statements, close: close as LineToken | undefined };
    });
    this.#statement = this.RULE("statement", () =>
      this.OR([
        {
          ALT: () => {
            const head = this.CONSUME(Leaf);
            let brace: LineToken | undefined;
            let body: Body | undefined;
            this.OPTION(() => {
              brace = this.CONSUME(Brace) as LineToken;
              body = this.SUBRULE(this.#body);
            });
            return this.ACTION(() => node(head as LineToken, brace, body));
          },
        },
        {
          ALT: () => {
            const head = this.CONSUME(Open);
            const body = this.SUBRULE1(this.#body);
            return this.ACTION(() => node(head as LineToken, head as LineToken, body));
          },
        },
        {
          ALT: () => {
            const head = this.CONSUME1(Brace);
            const body = this.SUBRULE2(this.#body);
            return this.ACTION(() => node(head as LineToken, head as LineToken, body));
          },
        },
      ]),
    );
    this.chunk = this.RULE("chunk", () => {
      const items: Item[] = [];
      this.MANY(() => {
        this.OR([
          {
            ALT: () => {
              const statement = this.SUBRULE(this.#statement);
              items.push({ kind: "statement", statement });
            },
          },
          {
            ALT: () => {
              const close = this.CONSUME(Close);
              this.ACTION(() => {
                const { source, startOffset } = close as LineToken;
                items.push({ kind: "surplusClose", source, start: startOffset });
              });
            },
          },
        ]);
      });
      return items;
    });
    this.performSelfAnalysis();
  }
}

function node(head: LineToken, brace: LineToken | undefined, body: Body | undefined): Statement {
  const close = body?.close;
  return new Statement(
    head.words,
    head.source,
    head.startOffset,
    head.line,
    // A brace in another file has no place in this source: the head stands for it.
    brace === undefined ? -1 : brace.source === head.source ? brace.brace : head.startOffset,
    body?.statements,
    close?.startOffset ?? -1,
    close?.source ?? head.source,
  );
}

let parser: BlockParser | undefined;

/** Parses the tokens of one or more complete top-level items. */
export function parseChunk(tokens: LineToken[]): readonly Item[] {
  parser ??= new BlockParser();
  parser.input = tokens;
  const items = parser.chunk();
  // The parser would keep the tokens of the last chunk alive.
  parser.input = [];
  return items;
}
