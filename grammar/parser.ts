/**
 * Tokens to statements: the block structure and nothing else. One top-level item at a time, so that a
 * large file never exists as one tree. The grammar is total: every sequence of tokens has a tree, in
 * which a missing `}` (`close` is -1), a surplus one and a `{` without head are visible; what they mean
 * is left to the reader of the tree.
 *
 * The structure depends on the kinds of the tokens alone, and large files repeat a few structures
 * thousands of times: each is parsed once and remembered.
 */
import { EmbeddedActionsParser, type IToken } from "chevrotain";
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

/** The structure of one statement: which tokens of the chunk are its parts. */
interface Shape {
  readonly head: number;
  /** index of the token with the `{`, -1 without one */
  readonly brace: number;
  readonly body: readonly Shape[] | undefined;
  /** index of the `}`, -1 when there is none */
  readonly close: number;
}

/** A statement's structure, or the index of a `}` too many. */
type ItemShape = Shape | number;

interface Body {
  readonly shapes: readonly Shape[];
  readonly close: number;
}

class BlockParser extends EmbeddedActionsParser {
  readonly chunk: () => ItemShape[];
  readonly #statement: () => Shape;
  readonly #body: () => Body;
  /** index of the next token */
  #at = 0;

  constructor() {
    super([Leaf, Open, Brace, Close], { recoveryEnabled: false });
    this.#body = this.RULE("body", () => {
      const shapes: Shape[] = [];
      this.MANY(() => {
        shapes.push(this.SUBRULE(this.#statement));
      });
      let close = -1;
      this.OPTION(() => {
        close = this.#take(this.CONSUME(Close));
      });
      return { shapes, close };
    });
    this.#statement = this.RULE("statement", () =>
      this.OR([
        {
          ALT: () => {
            const head = this.#take(this.CONSUME(Leaf));
            let brace = -1;
            let body: Body | undefined;
            this.OPTION(() => {
              brace = this.#take(this.CONSUME(Brace));
              body = this.SUBRULE(this.#body);
            });
            return { head, brace, body: body?.shapes, close: body?.close ?? -1 };
          },
        },
        {
          ALT: () => {
            const head = this.#take(this.CONSUME(Open));
            const { shapes, close } = this.SUBRULE1(this.#body);
            return { head, brace: head, body: shapes, close };
          },
        },
        {
          ALT: () => {
            const head = this.#take(this.CONSUME1(Brace));
            const { shapes, close } = this.SUBRULE2(this.#body);
            return { head, brace: head, body: shapes, close };
          },
        },
      ]),
    );
    this.chunk = this.RULE("chunk", () => {
      const items: ItemShape[] = [];
      this.MANY(() => {
        this.OR([
          {
            ALT: () => {
              items.push(this.SUBRULE(this.#statement));
            },
          },
          {
            ALT: () => {
              items.push(this.#take(this.CONSUME(Close)));
            },
          },
        ]);
      });
      return items;
    });
    this.performSelfAnalysis();
  }

  /** The structure of these tokens. */
  shapesOf(tokens: LineToken[]): readonly ItemShape[] {
    this.input = tokens;
    this.#at = 0;
    const items = this.chunk();
    // The parser would keep the tokens alive.
    this.input = [];
    return items;
  }

  /** @returns the index of the token that was just consumed; tokens are consumed in their order */
  #take(_token: IToken): number {
    return this.#at++;
  }
}

function statementOf(shape: Shape, tokens: readonly LineToken[]): Statement {
  const head = tokens[shape.head] as LineToken;
  const brace = shape.brace < 0 ? undefined : (tokens[shape.brace] as LineToken);
  const close = shape.close < 0 ? undefined : (tokens[shape.close] as LineToken);
  return new Statement(
    head.words,
    head.source,
    head.startOffset,
    head.line,
    // A brace in another file has no place in this source: the head stands for it.
    brace === undefined ? -1 : brace.source === head.source ? brace.brace : head.startOffset,
    shape.body?.map((inner) => statementOf(inner, tokens)),
    close?.startOffset ?? -1,
    close?.source ?? head.source,
  );
}

function itemOf(shape: ItemShape, tokens: readonly LineToken[]): Item {
  if (typeof shape !== "number") return { kind: "statement", statement: statementOf(shape, tokens) };
  const { source, startOffset } = tokens[shape] as LineToken;
  return { kind: "surplusClose", source, start: startOffset };
}

/** Longer chunks are rare and their structures hardly ever the same. */
const LONGEST_REMEMBERED = 1000;
/** A file of blocks that are all different must not fill the memory with their structures. */
const MOST_REMEMBERED = 1000;

let parser: BlockParser | undefined;
const remembered = new Map<string, readonly ItemShape[]>();

/** Parses the tokens of one or more complete top-level items. */
export function parseChunk(tokens: LineToken[]): readonly Item[] {
  return shapesOf(tokens).map((shape) => itemOf(shape, tokens));
}

function shapesOf(tokens: LineToken[]): readonly ItemShape[] {
  parser ??= new BlockParser();
  if (tokens.length > LONGEST_REMEMBERED) return parser.shapesOf(tokens);
  let kinds = "";
  for (const { tokenTypeIdx } of tokens) kinds += String.fromCharCode(tokenTypeIdx);
  const known = remembered.get(kinds);
  if (known !== undefined) return known;
  const shapes = parser.shapesOf(tokens);
  if (remembered.size < MOST_REMEMBERED) remembered.set(kinds, shapes);
  return shapes;
}
