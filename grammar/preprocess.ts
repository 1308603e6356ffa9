/**
 * The lines of a file as the lexer is to see them: conditions (`@id`) decided, parameters (`$NAME`)
 * defined and substituted, sequences (`~SEQ`, `~LST`) repeated. Lines that need nothing of this are lexed
 * where they stand; what is made from the others becomes an expanded source. Everything is bounded: what
 * would not end, or would grow without measure, is dropped with one message.
 */
import { commentStart, isQuoted, shortened, trimEnd, trimStart } from "./blanks.ts";
import { readDefinitionLines } from "./definition.ts";
import { isInclude, LineLexer, type TokenSink } from "./lexer.ts";
import { Parameter, Parameters, type Surroundings } from "./parameters.ts";
import { type LoopResult, parseLoop } from "./sequence.ts";
import type { Expansion, Source, SourceMap } from "./source.ts";
import { type Region, recursion, substitute } from "./substitute.ts";

/** Something wrong with a condition, parameter or sequence. */
export interface PreprocessIssue {
  readonly code:
    | "condition-without-id"
    | "environment-unset"
    | "expansion-too-large"
    | "line-continuation"
    | "parameter-invalid"
    | "parameter-not-last"
    | "parameter-recursion"
    | "parameter-undefined"
    | "sequence-invalid"
    | "unmatched-quote";
  readonly source: number;
  readonly start: number;
  readonly end: number;
  /** what is wrong; what to write instead */
  readonly message: string;
}

/** How much may be made of a configuration before it is taken for a mistake. */
export interface Limits {
  /** lines looked at, also those that yield nothing */
  readonly lines: number;
  /** characters that are lexed in the end */
  readonly characters: number;
  /** characters looked at and copied on the way there */
  readonly copied: number;
  /** definitions and sequences within each other */
  readonly depth: number;
}

/** Room for the 65,024 instances of the example in keepalived.conf(5). */
export const defaultLimits: Limits = {
  lines: 1_500_000,
  characters: 64 << 20,
  copied: 1 << 30,
  depth: 100,
};

/** Characters collected before they are lexed. */
const CHUNK = 1 << 16;
/** Passes over one line: each is caused by a reference that only the last pass has put together. */
const MOST_PASSES = 100;

const special = /(?<=^|\n)[ \t\r\f\v]*[@~]|\$/g;
const definition = /^\$([A-Za-z_][A-Za-z0-9_]*)=/;
const conditionId = /^@(\^?)([^ \t\r\f\v]*)/;
const DOLLAR = 36;
const AT = 64;
const TILDE = 126;

/** The physical line that is being worked on. */
interface Origin {
  readonly lexer: LineLexer;
  readonly source: Source;
  /** offset of its first character that is not blank */
  readonly start: number;
  /** offset of its end */
  readonly end: number;
  readonly line: number;
}

interface Context extends Expansion {
  readonly depth: number;
  /** multi-line parameters whose lines are being worked on, innermost first */
  readonly active: { readonly parameter: Parameter; readonly outer: Context["active"] } | undefined;
}

const topContext: Context = {
  values: "",
  definedSource: -1,
  definedOffset: 0,
  depth: 0,
  active: undefined,
};

export class Preprocessor {
  readonly #sources: SourceMap;
  readonly #sink: TokenSink;
  readonly #report: (issue: PreprocessIssue) => void;
  readonly #parameters: Parameters;
  readonly #configId: string;
  readonly #depth: number;
  #linesLeft: number;
  #charactersLeft: number;
  #copiesLeft: number;
  #isExhausted = false;
  #origin: Origin | undefined;
  /** lines that wait for being lexed, and how they came about */
  #lines: string[] = [];
  #expansions: Expansion[] = [];
  #size = 0;
  /** problems of the current line: said once, however often a sequence repeats them */
  readonly #said = new Set<string>();

  constructor(
    sources: SourceMap,
    sink: TokenSink,
    report: (issue: PreprocessIssue) => void,
    surroundings: Surroundings,
    limits: Limits = defaultLimits,
  ) {
    this.#sources = sources;
    this.#sink = sink;
    this.#report = report;
    this.#parameters = new Parameters(surroundings);
    this.#configId = surroundings.configId;
    this.#depth = limits.depth;
    this.#linesLeft = limits.lines;
    this.#charactersLeft = limits.characters;
    this.#copiesLeft = limits.copied;
  }

  /** Lexes a file from its first to its last character; may be called again by what it finds. */
  run(source: Source): void {
    const { text } = source;
    const lexer = new LineLexer(source, this.#sink);
    if (text.includes("$") || text.includes("@") || text.includes("~")) {
      const outer = this.#origin;
      for (;;) {
        // Shared by all files that are open: an include within this line has moved it.
        special.lastIndex = lexer.at;
        const match = special.exec(text);
        if (match === null) break;
        const start = match[0] === "$" ? text.lastIndexOf("\n", match.index) + 1 : match.index;
        lexer.lexTo(Math.max(start, lexer.at));
        this.#physical(source, lexer);
      }
      this.#origin = outer;
    }
    lexer.lexTo(text.length);
  }

  #physical(source: Source, lexer: LineLexer): void {
    const { text } = source;
    const begin = lexer.at;
    const newline = text.indexOf("\n", begin);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(begin, end);
    if (line.includes("\0")) {
      // The lexer says what is wrong with it.
      lexer.lexTo(Math.min(end + 1, text.length));
      return;
    }
    const start = begin + (line.length - trimStart(line).length);
    this.#origin = { lexer, source, start, end, line: lexer.line };
    this.#said.clear();
    this.#work(line, begin, topContext, []);
    this.#flush();
    // Unless it was lexed in place, which has moved the lexer on to the next line or further.
    if (lexer.at <= end && lexer.at < text.length) {
      lexer.skipTo(Math.max(begin, lexer.at));
      lexer.skipLine();
    }
  }

  /**
   * One line, until nothing is left to be done with it.
   *
   * @param inPlace offset in the physical line where `line` stands; -1: it has been changed
   * @param regions what of the line comes from which parameter, inner ones last
   */
  #work(line: string, inPlace: number, context: Context, regions: readonly Region[]): void {
    this.#copiesLeft -= line.length;
    if (--this.#linesLeft < 0 || this.#copiesLeft < 0) {
      this.#exhausted();
      return;
    }
    let text = line;
    let at = inPlace;
    let open = regions;
    const dead = new Set<Parameter>();
    for (let pass = 0; pass < MOST_PASSES; pass++) {
      const comment = commentStart(text);
      const shown = trimEnd(comment < 0 ? text : text.slice(0, comment));
      const gone = text.length - shown.length;
      if (gone > 0) open = open.map(({ parameter, tail }) => ({ parameter, tail: Math.max(0, tail - gone) }));
      text = trimStart(shown);
      if (at >= 0) at += shown.length - text.length;
      if (text === "") return;
      const first = text.charCodeAt(0);
      if (first === AT) {
        const match = conditionId.exec(text);
        const id = match?.[2] ?? "";
        if (id === "") this.#sayOnce("condition-without-id", "@ names no config-id; write @NAME TEXT");
        if ((id === this.#configId) === (match?.[1] === "^")) return;
        const length = match?.[0].length ?? 0;
        text = text.slice(length);
        if (at >= 0) at += length;
        continue;
      }
      const name = first === DOLLAR ? definition.exec(text)?.[1] : undefined;
      if (name !== undefined) {
        this.#define(name, text.slice(name.length + 2), at, line);
        return;
      }
      if (first === TILDE && /^~(?:SEQ|LST)/.test(text)) {
        this.#loop(text, context, open);
        return;
      }
      const result = this.#substitute(text, context, open, dead);
      if (result === undefined) return;
      if (result.text === text) {
        this.#emit(text, at, context);
        return;
      }
      ({ text, open } = result);
      at = -1;
    }
    this.#sayOnce(
      "parameter-recursion",
      "the parameters of this line are defined by each other, the line is dropped; give one of them a plain value",
    );
  }

  /** @returns undefined when lines of a definition have taken the place of this one */
  #substitute(
    line: string,
    context: Context,
    regions: readonly Region[],
    dead: Set<Parameter>,
  ): { readonly text: string; readonly open: readonly Region[] } | undefined {
    const result = substitute(line, regions, dead, {
      parameters: this.#parameters,
      file: this.#current().source.name,
      isActive: (parameter) => isActive(context, parameter),
      complain: ({ code, message }) => this.#sayOnce(code, message),
      spend: (characters) => {
        this.#copiesLeft -= characters;
        return this.#copiesLeft >= 0;
      },
    });
    switch (result.kind) {
      case "text":
        return result;
      case "body":
        this.#body(result.before, result.parameter, context);
        return undefined;
      case "spent":
        this.#exhausted();
        return undefined;
    }
  }

  /** The lines of a multi-line parameter; the first one is glued to what stands before the reference. */
  #body(before: string, parameter: Parameter, context: Context): void {
    if (context.depth >= this.#depth) {
      this.#sayOnce("parameter-recursion", recursion(parameter).message);
      return;
    }
    const active = { parameter, outer: context.active };
    const { lines, places } = parameter;
    for (let i = 0; i < lines.length; i++) {
      if (this.#isExhausted) return;
      const place = places?.[i];
      const text = i === 0 ? before + (lines[0] as string) : (lines[i] as string);
      this.#work(
        text,
        -1,
        {
          values: context.values,
          definedSource: place?.source ?? -1,
          definedOffset: place?.offset ?? 0,
          depth: context.depth + 1,
          active,
        },
        [],
      );
    }
  }

  #loop(text: string, context: Context, regions: readonly Region[]): void {
    const close = text.indexOf(")");
    let head = close < 0 ? undefined : text.slice(0, close);
    if (head?.includes("$") === true) {
      // With its parenthesis, before which `$NAME` needs no braces.
      head = this.#substitute(text.slice(0, close + 1), context, [], new Set())?.text.slice(0, -1);
    }
    const result: LoopResult =
      context.depth >= this.#depth
        ? {
            ok: false,
            problem: `more than ${this.#depth} sequences within each other are dropped; use fewer`,
          }
        : parseLoop(head);
    if (!result.ok) {
      this.#sayOnce("sequence-invalid", result.problem);
      return;
    }
    const { variables, rounds, value } = result.loop;
    const rest = text.slice(close + 1);
    for (let round = 0; round < rounds; round++) {
      if (this.#isExhausted) return;
      let values = context.values;
      for (let i = 0; i < variables.length; i++) {
        const name = variables[i] as string;
        const text = value(round, i);
        this.#parameters.define(new Parameter(name, [text]));
        values = `${values}${values === "" ? "" : ", "}${name}=${text}`;
      }
      this.#work(rest, -1, { ...context, values, depth: context.depth + 1 }, regions);
    }
  }

  /** @param at offset of the definition when it is a line of the file, so that more lines may follow */
  #define(name: string, text: string, at: number, line: string): void {
    const { source, lexer, start, end } = this.#current();
    const first = trimStart(text);
    const raw = trimEnd(line);
    if (at < 0 || !(first.endsWith("\\") || raw.endsWith("\\"))) {
      const value = first.endsWith("\\") ? trimEnd(first.slice(0, -1)) : first;
      if (isQuoted(value))
        this.#sayOnce(
          "unmatched-quote",
          `a quote in the value of $${shortened(name)} is not closed; write a second "`,
        );
      this.#parameters.define(new Parameter(name, [value]));
      return;
    }
    lexer.skipTo(end);
    lexer.skipLine();
    const further = readDefinitionLines(source.text, lexer.at, { content: first, offset: start });
    for (let i = 0; i < further.count; i++) lexer.skipLine();
    if (further.hiding !== undefined)
      this.#report({
        code: "line-continuation",
        source: source.id,
        ...further.hiding,
        message: `this comment hides the \\ at its end, so that the definition of $${shortened(name)} ends here; move the comment out of the definition`,
      });
    const lines = further.lines.map((l) => l.content);
    const places = further.lines.map(({ offset }) => ({ source: source.id, offset }));
    this.#parameters.define(new Parameter(name, lines.length === 0 ? [""] : lines, places));
  }

  /** A line that is done. */
  #emit(text: string, at: number, context: Context): void {
    const { lexer, source, end } = this.#current();
    if (this.#said.size === 0 && text.includes("${")) this.#undefinedReference(text);
    if (at >= 0) {
      this.#flush();
      lexer.skipTo(at);
      lexer.lexTo(Math.min(end + 1, source.text.length));
      return;
    }
    this.#lines.push(text);
    this.#expansions.push(context);
    this.#size += text.length + 1;
    this.#charactersLeft -= text.length;
    if (this.#charactersLeft < 0) this.#exhausted();
    if (this.#size >= CHUNK || isInclude(text.slice(0, /[ \t\r\f\v]|$/.exec(text)?.index))) this.#flush();
  }

  #flush(): void {
    if (this.#lines.length === 0) return;
    const { source, start, line } = this.#current();
    const origin = { note: "expanded from", source: source.id, offset: start } as const;
    const text = this.#lines.join("\n");
    const expansions = this.#expansions;
    this.#lines = [];
    this.#expansions = [];
    this.#size = 0;
    const expanded = this.#sources.add(source.name, text, origin, expansions);
    new LineLexer(expanded, this.#sink, line).lexTo(text.length);
  }

  /** Braces of an unknown parameter would be taken for those of a block: the usual mistake. */
  #undefinedReference(text: string): void {
    const match = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?![A-Za-z0-9_])[^{}]*\}/.exec(text);
    if (match === null || isQuoted(text.slice(0, match.index))) return;
    const name = shortened(match[1] as string);
    this.#sayOnce(
      "parameter-undefined",
      `\${${name}} is not defined and stays as it is, with braces that begin and end a block; define it above with $${name}=VALUE`,
    );
  }

  #exhausted(): void {
    if (this.#isExhausted) return;
    this.#isExhausted = true;
    this.#sayOnce(
      "expansion-too-large",
      "parameters and sequences make more lines than can be read, the rest is dropped; use shorter sequences or fewer of them within each other",
    );
  }

  #sayOnce(code: PreprocessIssue["code"], message: string): void {
    const key = `${code} ${message}`;
    if (this.#said.has(key)) return;
    this.#said.add(key);
    const { source, start, end } = this.#current();
    const length = trimEnd(source.text.slice(start, end)).length;
    this.#report({ code, source: source.id, start, end: start + length, message });
  }

  #current(): Origin {
    if (this.#origin === undefined) throw new TypeError("no line is being worked on");
    return this.#origin;
  }
}

function isActive(context: Context, parameter: Parameter): boolean {
  for (let a = context.active; a !== undefined; a = a.outer) if (a.parameter === parameter) return true;
  return false;
}
