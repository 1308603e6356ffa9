/**
 * All keyword tables as one: finds the row of a word in a block, the blocks in which a word is at home,
 * and the word that somebody probably meant.
 */
import { checkerTables } from "./checkers.ts";
import { globalTables } from "./global-defs.ts";
import { rootTables } from "./root.ts";
import type { BlockTable, KeywordRow } from "./row.ts";
import { trackingTables } from "./tracking.ts";
import { virtualServerTables } from "./virtual-server.ts";
import { vrrpTables } from "./vrrp.ts";

export const tables: readonly BlockTable[] = [
  ...rootTables,
  ...globalTables,
  ...vrrpTables,
  ...trackingTables,
  ...virtualServerTables,
  ...checkerTables,
];

/** A table with its words made findable. */
export class Block {
  readonly name: string;
  readonly rows: readonly KeywordRow[];
  readonly #byWord = new Map<string, KeywordRow>();
  readonly #deprecated = new Set<string>();

  constructor(table: BlockTable) {
    this.name = table.block;
    this.rows = table.rows;
    for (const row of table.rows) {
      this.#byWord.set(row.keyword, row);
      for (const alias of row.aliases ?? []) this.#byWord.set(alias, row);
      for (const old of row.former ?? []) this.#byWord.set(old, row);
      for (const old of row.deprecated ?? []) {
        this.#byWord.set(old, row);
        this.#deprecated.add(old);
      }
    }
  }

  row(word: string): KeywordRow | undefined {
    return this.#byWord.get(word);
  }

  isDeprecated(word: string): boolean {
    return this.#deprecated.size > 0 && this.#deprecated.has(word);
  }

  words(): IterableIterator<string> {
    return this.#byWord.keys();
  }
}

const blocks: ReadonlyMap<string, Block> = new Map(tables.map((t) => [t.block, new Block(t)]));

/** @throws RangeError when no table has that name: the tables are wrong, not the configuration */
export function blockNamed(name: string): Block {
  const block = blocks.get(name);
  if (block === undefined) throw new RangeError(`no keyword table ${name}`);
  return block;
}

/** The blocks that know a word, as an operator would call them. */
export function homesOf(word: string): readonly string[] {
  const homes = new Set<string>();
  for (const block of blocks.values()) if (block.row(word) !== undefined) homes.add(displayName(block.name));
  return [...homes];
}

/** What a word is called today where it is known at all: `nb_get_retry` is `retry`. */
export function currentName(word: string): string | undefined {
  for (const block of blocks.values()) {
    const row = block.row(word);
    if (row !== undefined) return row.keyword;
  }
  return undefined;
}

/** A block as an operator would call it. */
export function displayName(block: string): string {
  if (block === "(root)") return "the top level";
  return block === "ssl_url" ? "url" : block;
}

/** The keyword of any block that differs least from a mistyped word, if any comes near enough. */
export function nearestKeyword(word: string): string | undefined {
  return nearestOf(new Set([...blocks.values()].flatMap((block) => [...block.words()])), word);
}

/** The known word of a block that differs least from a mistyped one, if any comes near enough. */
export function nearestWord(block: Block, word: string): string | undefined {
  return nearestOf(block.words(), word);
}

/** The one of several words that differs least from a mistyped one, if any comes near enough. */
export function nearestOf(words: Iterable<string>, word: string): string | undefined {
  const lower = word.toLowerCase();
  const limit = Math.min(3, Math.max(1, Math.floor(word.length / 3)));
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const known of words) {
    if (Math.abs(known.length - word.length) > limit) continue;
    const distance = editDistance(lower, known.toLowerCase(), bestDistance);
    if (distance < bestDistance) {
      best = known;
      bestDistance = distance;
    }
  }
  return best;
}

/** Damerau-Levenshtein distance with adjacent transpositions; gives up at `limit` and returns it. */
function editDistance(a: string, b: string, limit: number): number {
  if (a.length > 64) return limit;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a.charCodeAt(i - 1) === b.charCodeAt(j - 1);
      let d = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (same ? 0 : 1));
      const swapped =
        i > 1 &&
        j > 1 &&
        a.charCodeAt(i - 1) === b.charCodeAt(j - 2) &&
        a.charCodeAt(i - 2) === b.charCodeAt(j - 1);
      if (swapped) d = Math.min(d, at(beforeLast, j - 2) + 1);
      row.push(d);
      if (d < least) least = d;
    }
    if (least >= limit) return limit;
    beforeLast = last;
    last = row;
  }
  return Math.min(limit, at(last, b.length));
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? 0;
}

/** Words whose argument must never be shown. */
export const secretWords: ReadonlySet<string> = new Set(
  tables.flatMap((t) => t.rows.filter((row) => row.secret === true).map((row) => row.keyword)),
);
