/**
 * A word that is no keyword where it stands: what was probably meant, in this block or in another one,
 * and where the word would be at home.
 */
import {
  type Block,
  currentName,
  homesOf,
  nearestKeyword,
  nearestWord,
} from "../../grammar/keywords/table.ts";
import type { Statement } from "../../grammar/parser.ts";
import type { Related } from "./diagnostic.ts";
import type { Reporter } from "./reporter.ts";

interface Guess {
  /** the keyword of this block that was probably meant */
  readonly near: string | undefined;
  /** blocks in which the word is a keyword */
  readonly homes: readonly string[];
  /** the keyword of another block that was probably meant */
  readonly elsewhere: string | undefined;
}

const MOST_GUESSES = 1000;

export class UnknownWords {
  readonly #reporter: Reporter;
  readonly #guesses = new Map<string, Guess>();

  constructor(reporter: Reporter) {
    this.#reporter = reporter;
  }

  /** @param suspect what an earlier mistake has to do with it */
  report(statement: Statement, block: Block, suspect: readonly Related[]): void {
    if (this.#reporter.isFull) {
      this.#reporter.word("unknown-keyword", statement, 0, "unknown keyword, ignored; remove it");
      return;
    }
    const word = statement.words[0] as string;
    const shown = presentable(word);
    const where = block.name === "(root)" ? "at the top level" : `in ${block.name}`;
    const special = /[^\x20-\x7e]/u.exec(word);
    if (special !== null) {
      const [character] = special;
      const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
      const isLetter = /[\p{L}\p{N}]/u.test(character);
      this.#reporter.word(
        "unknown-keyword",
        statement,
        0,
        isLetter
          ? `unknown keyword "${shown}" ${where}, ignored; if it goes on a comment, begin the line with #`
          : `this word contains the character U+${code}, so that it is no keyword; replace it by a plain blank`,
        suspect,
      );
      return;
    }
    const { near, homes, elsewhere } = this.#guess(block, word);
    const known = near !== undefined && near.toLowerCase() === word.toLowerCase();
    if (homes.length > 0 && !known)
      this.#reporter.word(
        "misplaced-keyword",
        statement,
        0,
        `${word} has no meaning ${where} and is ignored; it belongs in ${listOf(homes)}${near === undefined ? "" : `, or did you mean ${near}?`}`,
        suspect,
      );
    else {
      const instead =
        near !== undefined
          ? `did you mean ${near}?`
          : elsewhere !== undefined
            ? `did you mean ${elsewhere}? It belongs in ${listOf(homesOf(elsewhere))}`
            : "remove it";
      this.#reporter.word(
        "unknown-keyword",
        statement,
        0,
        `unknown keyword "${shown}" ${where}, ignored; ${instead}`,
        suspect,
      );
    }
  }

  /** Remembered, because a wrong word is often wrong on every line. */
  #guess(block: Block, word: string): Guess {
    const key = `${block.name} ${word}`;
    const before = this.#guesses.get(key);
    if (before !== undefined) return before;
    const near = block.row(currentName(word) ?? "")?.keyword ?? nearestWord(block, word);
    // A file of nothing but garbage is not worth a search for each line of it.
    const elsewhere =
      near === undefined && this.#guesses.size < MOST_GUESSES ? nearestKeyword(word) : undefined;
    const guess = { near, homes: homesOf(word), elsewhere };
    if (this.#guesses.size < MOST_GUESSES) this.#guesses.set(key, guess);
    return guess;
  }
}

/** An unknown word for a message: what follows a `=` may be a password, and a word may be a megabyte. */
export function presentable(word: string): string {
  const name = word.split("=", 1)[0] ?? "";
  const short = name.length > 40 ? `${name.slice(0, 40)}…` : name;
  return name.length < word.length ? `${short}=…` : short;
}

function listOf(words: readonly string[]): string {
  if (words.length < 2) return words.join("");
  if (words.length > 4) return `${words.slice(0, 3).join(", ")} and ${words.length - 3} other blocks`;
  return `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
