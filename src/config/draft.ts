/**
 * A block while it is being read: its head, its values by keyword, its inner blocks, and where all of
 * them stand. Knows no meaning.
 */

import type { KeywordRow } from "../../grammar/keywords/row.ts";
import type { Block } from "../../grammar/keywords/table.ts";
import type { Statement } from "../../grammar/parser.ts";
import { InternalError } from "../base/errors.ts";
import type { HostPort, Netmask, ScriptText, StatusRange, Value, Weighted } from "./arguments.ts";
import type { ForwardingValue, HexValue, OptionsValue } from "./arguments-options.ts";
import type { VirtualServerTarget } from "./model.ts";
import type { Endpoint } from "./words.ts";

/** What stands behind a block's keyword, once it is understood. */
export type Head =
  | { readonly kind: "none" }
  | { readonly kind: "name"; readonly name: string }
  | Endpoint
  | { readonly kind: "virtualServer"; readonly target: VirtualServerTarget };

export interface Cell {
  /** the row's, once more: it is compared so often that the way through the row costs */
  readonly keyword: string;
  readonly row: KeywordRow;
  readonly value: Value;
  readonly statement: Statement;
}

const noDrafts: readonly Draft[] = [];

export class Draft {
  readonly block: Block;
  readonly statement: Statement;
  readonly head: Head;
  /** the block as a whole has no function yet: said once, not for every line */
  readonly isInert: boolean;
  readonly cells: Cell[] = [];
  #children: Draft[] | undefined;

  constructor(block: Block, statement: Statement, head: Head, isInert = false) {
    this.block = block;
    this.statement = statement;
    this.head = head;
    this.isInert = isInert;
  }

  /** inner blocks, in order */
  get children(): readonly Draft[] {
    return this.#children ?? noDrafts;
  }

  addChild(child: Draft): void {
    if (this.#children === undefined) this.#children = [child];
    else this.#children.push(child);
  }

  cell(keyword: string): Cell | undefined {
    for (const cell of this.cells) if (cell.keyword === keyword) return cell;
    return undefined;
  }

  /** The statement that gave a value, or the head of the block. */
  statementOf(keyword: string): Statement {
    return this.cell(keyword)?.statement ?? this.statement;
  }

  has(keyword: string): boolean {
    return this.cell(keyword) !== undefined;
  }

  /** A value of a keyword without argument or with a boolean one. */
  flag(keyword: string): boolean | undefined {
    const value = this.#value(keyword);
    return value === undefined || typeof value === "boolean" ? value : mismatch(keyword);
  }

  number(keyword: string): number | undefined {
    const value = this.#value(keyword);
    return value === undefined || typeof value === "number" ? value : mismatch(keyword);
  }

  text(keyword: string): string | undefined {
    const value = this.#value(keyword);
    return value === undefined || typeof value === "string" ? value : mismatch(keyword);
  }

  endpoint(keyword: string): Endpoint | undefined {
    const value = this.#object(keyword);
    return value === undefined || value.kind === "endpoint" ? value : mismatch(keyword);
  }

  host(keyword: string): HostPort | undefined {
    const value = this.#object(keyword);
    return value === undefined || value.kind === "host" ? value : mismatch(keyword);
  }

  script(keyword: string): ScriptText | undefined {
    const value = this.#object(keyword);
    return value === undefined || value.kind === "script" ? value : mismatch(keyword);
  }

  netmask(keyword: string): Netmask | undefined {
    const value = this.#object(keyword);
    return value === undefined || value.kind === "netmask" ? value : mismatch(keyword);
  }

  weight(keyword: string): Weighted | undefined {
    const value = this.#object(keyword);
    return value === undefined || value.kind === "weight" ? value : mismatch(keyword);
  }

  /** The words behind a keyword that takes any. */
  words(keyword: string): readonly string[] | undefined {
    const value = this.#value(keyword);
    return value === undefined || Array.isArray(value)
      ? (value as readonly string[] | undefined)
      : mismatch(keyword);
  }

  forwarding(keyword: string): ForwardingValue | undefined {
    const value = this.#object(keyword);
    return value === undefined || value.kind === "forwarding" ? value : mismatch(keyword);
  }

  options(keyword: string): OptionsValue | undefined {
    const value = this.#object(keyword);
    return value === undefined || value.kind === "options" ? value : mismatch(keyword);
  }

  /** Binary data; `true` for a keyword that stands without any. */
  hex(keyword: string): HexValue | true | undefined {
    const value = this.#value(keyword);
    if (value === undefined || value === true) return value;
    return typeof value === "object" && "kind" in value && value.kind === "hex" ? value : mismatch(keyword);
  }

  /** The lines of all lists of a keyword, in order; there may be more than a call can have arguments. */
  lines(keyword: string): readonly Statement[] {
    const lines: Statement[] = [];
    for (const cell of this.cells)
      if (cell.row.keyword === keyword)
        for (const line of cell.value as readonly Statement[]) lines.push(line);
    return lines;
  }

  numbers(keyword: string): readonly number[] | undefined {
    const value = this.#value(keyword);
    return value === undefined || Array.isArray(value)
      ? (value as readonly number[] | undefined)
      : mismatch(keyword);
  }

  statusRanges(keyword: string): readonly StatusRange[] | undefined {
    const value = this.#value(keyword);
    return value === undefined || Array.isArray(value)
      ? (value as readonly StatusRange[] | undefined)
      : mismatch(keyword);
  }

  #value(keyword: string): Value | undefined {
    return this.cell(keyword)?.value;
  }

  #object(
    keyword: string,
  ):
    | Endpoint
    | HostPort
    | ScriptText
    | Weighted
    | Netmask
    | ForwardingValue
    | OptionsValue
    | HexValue
    | undefined {
    const value = this.#value(keyword);
    if (value === undefined) return undefined;
    return typeof value === "object" && "kind" in value ? value : mismatch(keyword);
  }
}

function mismatch(keyword: string): never {
  throw new InternalError(`the row of ${keyword} and its reader disagree about the kind of value`);
}
