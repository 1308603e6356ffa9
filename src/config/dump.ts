/**
 * The effective configuration as a file that reads as the same model: what was written, with the values
 * that the builder made of it, and with what it filled in. Which value belongs to which keyword say the
 * rows of the tables (`field`); what has no place in the model stays as it was written.
 */

import type { KeywordRow } from "../../grammar/keywords/row.ts";
import { type Block, blockNamed } from "../../grammar/keywords/table.ts";
import { scanWords } from "../../grammar/lexer.ts";
import type { Statement } from "../../grammar/parser.ts";
import type { Cell, Draft } from "./draft.ts";
import { writeValue } from "./dump-values.ts";
import type { LoadResult } from "./load.ts";
import type { ConfigModel } from "./model.ts";
import { Reporter } from "./reporter.ts";

export interface DumpOptions {
  /** passwords as they are; otherwise asterisks stand for them */
  readonly secrets: boolean;
}

/** @param result a load with `keepBlocks`; without a model there is nothing to dump */
export function dumpConfig(result: LoadResult, options: DumpOptions): string {
  if (result.model === undefined) return "";
  return new Dumper(result, options).dump(result.model);
}

/** A place in the model, `unplaced` for blocks of which the model knows nothing. */
type Part = object | "unplaced";

class Dumper {
  readonly #reporter: Reporter;
  readonly #secrets: boolean;
  readonly #blocks: readonly Draft[];
  readonly #root: Draft | undefined;
  readonly #lines: string[] = [];
  /** parts of the model that are written already */
  readonly #written = new Set<unknown>();
  #indent = "";

  constructor(result: LoadResult, options: DumpOptions) {
    this.#reporter = new Reporter(result.sources);
    this.#secrets = options.secrets;
    this.#root = result.blocks.at(-1);
    // `global_defs` in two pieces is one block, which ends twice.
    this.#blocks = [...new Set(result.blocks.slice(0, -1))];
  }

  dump(model: ConfigModel): string {
    const root = this.#root;
    if (root !== undefined) this.#keywords(root, model);
    const written = new Set(this.#blocks.map((draft) => draft.block.name));
    // What is not in the file has its defaults: of the blocks without a head there is always one.
    for (const row of blockNamed("(root)").rows)
      if (row.argument.kind === "block" && row.argument.head === "none" && row.field !== undefined)
        if (!written.has(row.argument.block)) this.#defaults(row, model);
    const first = (draft: Draft): number => (draft.head.kind === "none" ? 0 : 1);
    for (const draft of [...this.#blocks].sort((a, b) => first(a) - first(b)))
      this.#block(draft, blockNamed("(root)"), model);
    return `${this.#lines.join("\n")}\n`;
  }

  /** A block that the file does not have. */
  #defaults(row: KeywordRow, model: ConfigModel): void {
    const part = row.field === undefined ? undefined : valueAt(model, row.field);
    if (!isObject(part) || row.argument.kind !== "block") return;
    this.#open([row.keyword]);
    this.#missing(blockNamed(row.argument.block).rows, new Set(), part);
    this.#close();
  }

  #block(draft: Draft, around: Block, parent: Part): void {
    const part = this.#partOf(draft, around, parent);
    if (part !== undefined) this.#contents(draft, part);
  }

  /** @param around the block that it stood in, when it is written into another one */
  #contents(draft: Draft, part: Part, around?: Draft): void {
    this.#open(this.#head(draft, part));
    this.#keywords(draft, part, around);
    for (const child of draft.children) this.#block(child, draft.block, part);
    if (part !== "unplaced") this.#strays(draft, part);
    this.#close();
  }

  /** Of two definitions of one service the second adds servers to the first. */
  #strays(draft: Draft, part: object): void {
    for (const row of draft.block.rows) {
      if (row.argument.kind !== "block" || row.field === undefined) continue;
      const name = row.argument.block;
      const elements = valueAt(part, row.field);
      if (!Array.isArray(elements)) continue;
      for (const element of elements) {
        if (this.#written.has(element)) continue;
        for (const other of this.#blocks) {
          if (other === draft || other.block !== draft.block) continue;
          const child = other.children.find((c) => c.block.name === name && this.#isAt(c, element));
          if (child === undefined || this.#written.has(element)) continue;
          this.#written.add(element);
          this.#contents(child, element, other);
        }
      }
    }
  }

  /** @returns undefined for a block that the builder dropped */
  #partOf(draft: Draft, around: Block, parent: Part): Part | undefined {
    if (parent === "unplaced") return parent;
    const row = around.row(draft.statement.words[0] ?? "");
    if (row?.field === undefined) return "unplaced";
    const value = valueAt(parent, row.field);
    // What has another place in the model, as the keys of auth_type AH, stays as it was written.
    if (!Array.isArray(value)) return isObject(value) ? value : "unplaced";
    const part: unknown = value.find((element) => !this.#written.has(element) && this.#isAt(draft, element));
    // What has a name takes it, and what it asks for, even where it cannot work.
    if (!isObject(part)) return draft.head.kind === "name" ? "unplaced" : undefined;
    this.#written.add(part);
    return part;
  }

  /** Whether an element of the model was made of a block. */
  #isAt(draft: Draft, element: unknown): boolean {
    if (!isObject(element)) return false;
    const where = valueAt(element, "where");
    if (where !== undefined && where !== this.#reporter.where(draft.statement)) return false;
    const { head } = draft;
    if (head.kind === "endpoint") return valueAt(element, "address") === head.address;
    if (head.kind === "name") return valueAt(element, "name") === head.name;
    if (head.kind === "virtualServer") {
      const { target } = head;
      const identity = target.kind === "address" ? "address" : target.kind === "group" ? "name" : "mark";
      return valueAt(element, `target.${identity}`) === valueAt(target, identity);
    }
    // A url has no place of its own: it is known by what it asks for.
    return where !== undefined || valueAt(element, "path") === draft.text("path");
  }

  #head(draft: Draft, part: Part): readonly string[] {
    const { head, statement } = draft;
    const words = this.#asWritten(statement).slice(0, headLength(draft));
    // The port may be another one than was written.
    if (head.kind === "endpoint" && part !== "unplaced")
      return [words[0] ?? "", head.address, String(valueAt(part, "port"))];
    return words;
  }

  /** What was written, each with the value that counts, and behind it what was filled in. */
  #keywords(draft: Draft, part: Part, around?: Draft): void {
    const seen = new Set<KeywordRow>();
    for (const cell of draft.cells) {
      this.#cell(cell, draft, part, seen.has(cell.row));
      seen.add(cell.row);
    }
    if (part !== "unplaced") this.#missing(draft.block.rows, seen, part, around);
  }

  /** @param isFurther a line before it has the same keyword, and the value of both */
  #cell({ row, value, statement }: Cell, draft: Draft, part: Part, isFurther: boolean): void {
    if (row.argument.kind === "list") {
      this.#list(row, statement, value as readonly Statement[], draft, part);
      return;
    }
    if (part === "unplaced" || row.field === undefined) this.#asItStands(row, statement);
    else {
      const effective = writeValue(row, valueAt(part, row.field));
      if (effective === "unknown") this.#asItStands(row, statement);
      else if (effective !== "none" && !isFurther) this.#line(row, effective.map(quoted));
    }
  }

  /** Lines of a list that the builder dropped are left out; it may have moved some to another list. */
  #list(row: KeywordRow, statement: Statement, lines: readonly Statement[], draft: Draft, part: Part): void {
    const named = row.argument.kind === "list" && row.argument.named === true;
    const kept = part === "unplaced" || row.field === undefined || named ? undefined : placesIn(draft, part);
    this.#open([row.keyword, ...this.#asWritten(statement).slice(1, named ? 2 : 1)]);
    for (const line of lines)
      if (kept === undefined || kept.has(this.#reporter.where(line)))
        this.#push(this.#rest(line, 0).join(""));
    this.#close();
  }

  #missing(rows: readonly KeywordRow[], seen: ReadonlySet<KeywordRow>, part: object, around?: Draft): void {
    for (const row of rows) {
      if (row.field === undefined || seen.has(row) || row.implicit === true) continue;
      const words = writeValue(row, valueAt(part, row.field));
      // Empty is what stands for nothing: the interface of an instance that has none.
      if (typeof words !== "string") {
        if (words[0] !== "") this.#line(row, words.map(quoted));
        continue;
      }
      const inherited = words === "unknown" ? around?.cell(row.keyword) : undefined;
      if (inherited !== undefined) this.#asItStands(row, inherited.statement);
    }
  }

  /** All from a word on, as it stands in the text: quotes may be glued to words. None: nothing is there. */
  #rest({ source, start }: Statement, word: number): readonly string[] {
    const { text } = this.#reporter.sources.get(source);
    const spans = scanWords(text, start);
    const from = spans[2 * word];
    return from === undefined ? [] : [text.slice(from, spans.at(-1))];
  }

  /** The words with their quotes and escapes, as they stand in the text. */
  #asWritten({ source, start }: Statement): readonly string[] {
    const { text } = this.#reporter.sources.get(source);
    const spans = scanWords(text, start);
    const words: string[] = [];
    for (let i = 0; i + 1 < spans.length; i += 2) words.push(text.slice(spans[i], spans[i + 1]));
    return words;
  }

  /** The line as it was written. A quote glued to the keyword stays so: apart, it may mean something. */
  #asItStands(row: KeywordRow, statement: Statement): void {
    const [rest] = this.#rest(statement, 1);
    if (rest === undefined || !this.#isGlued(statement)) this.#line(row, rest === undefined ? [] : [rest]);
    else this.#push(row.keyword + (row.secret === true && !this.#secrets ? "********" : rest));
  }

  #isGlued({ source, start }: Statement): boolean {
    const [, end, next] = scanWords(this.#reporter.sources.get(source).text, start);
    return end === next;
  }

  /** @param words as they have to stand in a file */
  #line(row: KeywordRow, words: readonly string[]): void {
    const shown = row.secret === true && !this.#secrets ? words.map(() => "********") : words;
    this.#push([row.keyword, ...shown].join(" "));
  }

  #open(words: readonly string[]): void {
    if (this.#indent === "" && this.#lines.length > 0) this.#lines.push("");
    this.#push(`${words.join(" ")} {`);
    this.#indent += "    ";
  }

  #close(): void {
    this.#indent = this.#indent.slice(4);
    this.#push("}");
  }

  #push(line: string): void {
    this.#lines.push(this.#indent + line);
  }
}

/** Words of a block's head that count. */
function headLength(draft: Draft): number {
  const { head } = draft;
  if (head.kind === "none") return 1;
  return head.kind === "name" ? 2 : 3;
}

/** Where the elements of a block's lists came from; undefined when they do not say it. */
function placesIn(draft: Draft, part: object): ReadonlySet<unknown> | undefined {
  const places = new Set<unknown>();
  for (const { argument, field } of draft.block.rows) {
    const elements =
      argument.kind === "list" && argument.named !== true && field !== undefined
        ? valueAt(part, field)
        : undefined;
    if (Array.isArray(elements)) for (const element of elements) places.add(valueAt(element, "where"));
  }
  return places.has(undefined) || places.size === 0 ? undefined : places;
}

/** A word as it has to stand in a file to be read as this word. */
function quoted(word: string): string {
  return word === "" || /[\s#!{}\\]/.test(word) ? `"${word}"` : word;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function valueAt(part: unknown, path: string): unknown {
  let value = part;
  for (const key of path.split(".")) value = isObject(value) ? Reflect.get(value, key) : undefined;
  return value;
}
