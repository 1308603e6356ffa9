/**
 * Which files an include directive means, and what it takes badly: patterns with csh braces, and the
 * checks of `include_check`, of the strict variants and of `--all-config`. Never reads a file.
 */
import type { ConfigSystem } from "./load.ts";

/** What makes an include fail instead of being passed over (keepalived.conf(5), `include_check`). */
export interface IncludeChecks {
  /** a match that is no readable, regular, not executable file */
  readonly read: boolean;
  /** a pattern without wildcards that matches nothing */
  readonly match: boolean;
  /** a pattern with wildcards that matches nothing */
  readonly wildcard: boolean;
  /** an alternative in braces that matches nothing */
  readonly brace: boolean;
}

export const lenient: IncludeChecks = { read: false, match: false, wildcard: false, brace: false };
export const strict: IncludeChecks = { read: true, match: true, wildcard: true, brace: true };

/** The checks that a directive adds to those in force. */
export function checksOf(directive: string, inForce: IncludeChecks): IncludeChecks {
  const read = { ...inForce, read: true };
  switch (directive) {
    case "includer":
      return read;
    case "includem":
      return { ...read, match: true };
    case "includew":
      return { ...read, match: true, wildcard: true };
    case "includeb":
      return { ...read, brace: true };
    case "includea":
      return strict;
    default:
      return inForce;
  }
}

const namesOfChecks: ReadonlyMap<string, Partial<IncludeChecks>> = new Map([
  ["read", { read: true }],
  ["readable", { read: true }],
  ["match", { read: true, match: true }],
  ["wildcard_match", { read: true, wildcard: true }],
  ["brace_match", { read: true, brace: true }],
]);

/**
 * The checks that `include_check` puts in force: nothing behind it means all, a first word without sign
 * replaces them, `+` adds and `-` takes away. Words that are none are left to the keyword's own reader.
 *
 * @param words the statement, keyword first
 */
export function checksFromKeyword(words: readonly string[], inForce: IncludeChecks): IncludeChecks {
  if (words.length < 2) return strict;
  let checks = /^[+-]/.test(words[1] as string) ? inForce : lenient;
  let sign = "+";
  for (const word of words.slice(1)) {
    const [, given = "", name = ""] = /^([+-]?)(.*)$/s.exec(word) ?? [];
    if (given !== "") sign = given;
    const named = namesOfChecks.get(name);
    if (named === undefined) continue;
    if (sign === "+") checks = { ...checks, ...named };
    else if (name === "read" || name === "readable") checks = { ...checks, read: false };
    else if (name === "match") checks = { ...checks, match: false };
    else if (name === "wildcard_match") checks = { ...checks, wildcard: false };
    else checks = { ...checks, brace: false };
  }
  return checks;
}

export interface IncludeProblem {
  readonly code: "include-failed" | "include-no-match" | "include-unreadable";
  /** what is wrong; what to write instead */
  readonly message: string;
}

export interface IncludedFiles {
  /** in the order in which they are to be read */
  readonly paths: readonly string[];
  readonly problems: readonly IncludeProblem[];
}

/** More alternatives than this are no list of files. */
const MOST_ALTERNATIVES = 1000;
/** Characters; Linux takes paths of 4096 bytes. */
const LONGEST_PATTERN = 16_384;

/**
 * @param pattern everything behind the directive, as keepalived takes it
 * @param directory of the including file, with a slash at its end, or empty
 */
export function findIncluded(
  pattern: string,
  directory: string,
  checks: IncludeChecks,
  system: ConfigSystem,
): IncludedFiles {
  const problems: IncludeProblem[] = [];
  const missing = (isFailure: boolean, message: string): void => {
    problems.push({ code: isFailure ? "include-failed" : "include-no-match", message });
  };
  if (pattern.length > LONGEST_PATTERN) {
    missing(checks.match, `${shown(pattern)} is longer than any name of a file; shorten it`);
    return { paths: [], problems };
  }
  const alternatives = expandBraces(pattern);
  if (alternatives === undefined) {
    missing(
      checks.brace,
      `the braces of ${shown(pattern)} give more than ${MOST_ALTERNATIVES} names; use a wildcard`,
    );
    return { paths: [], problems };
  }
  const paths: string[] = [];
  const absent: string[] = [];
  let hasWildcard = false;
  for (const alternative of alternatives) {
    const path = alternative.startsWith("/") ? alternative : directory + alternative;
    const isWild = /[*?[]/.test(alternative);
    hasWildcard ||= isWild;
    const found = isWild ? matches(path, system) : exists(path, system) ? [path] : [];
    for (const file of found) paths.push(file);
    if (found.length === 0 && !isWild) absent.push(alternative);
  }
  if (paths.length === 0) {
    const quotes = pattern.includes('"') ? "write it without quotes" : "create one or remove the line";
    missing(
      hasWildcard ? checks.wildcard : checks.match || (checks.brace && alternatives.length > 1),
      `no file matches ${shown(pattern)}; ${quotes}`,
    );
  } else if (absent.length > 0) {
    missing(checks.brace, `no file matches ${absent.map(shown).join(", ")}; create one or remove the name`);
    if (checks.brace) return { paths: [], problems };
  }
  const readable: string[] = [];
  for (const path of paths) {
    const kind = kindOf(path, system);
    if (kind === "file" || kind === undefined) readable.push(path);
    else
      problems.push({
        code: checks.read ? "include-failed" : "include-unreadable",
        message: `${path} is ${kindNames[kind]} and is not read; ${kind === "executable" ? "take the x permission away" : "name a regular file"}`,
      });
  }
  return { paths: readable, problems };
}

const kindNames = {
  executable: "executable",
  directory: "a directory",
  other: "no regular file",
} as const;

/** keepalived knows no ** and we must not wander through all directories either. */
function matches(pattern: string, system: ConfigSystem): readonly string[] {
  try {
    return system.glob(pattern.replace(/\*{2,}/g, "*"));
  } catch {
    // A name that is too long, say: nothing matches it.
    return [];
  }
}

function exists(path: string, system: ConfigSystem): boolean {
  if (system.fileKind === undefined) return matches(path, system).length > 0;
  return kindOf(path, system) !== undefined;
}

function kindOf(path: string, system: ConfigSystem): keyof typeof kindNames | "file" | undefined {
  if (system.fileKind === undefined) return "file";
  try {
    return system.fileKind(path);
  } catch {
    // Whatever keeps it from being looked at, reading it says it by name.
    return "file";
  }
}

/**
 * `a{b,c{d,}}` to `ab`, `acd`, `ac`; what has no closing brace or no comma stays as it is.
 *
 * @returns undefined when there are too many
 */
export function expandBraces(pattern: string): readonly string[] | undefined {
  const done: string[] = [];
  /** the next one is the last */
  const open: string[] = [pattern];
  for (let text = open.pop(); text !== undefined; text = open.pop()) {
    const pair = firstPair(text);
    if (pair === undefined) done.push(text);
    else
      for (const part of pair.parts.toReversed())
        open.push(text.slice(0, pair.start) + part + text.slice(pair.end));
    if (done.length + open.length > MOST_ALTERNATIVES) return undefined;
  }
  return done;
}

interface Pair {
  readonly start: number;
  readonly end: number;
  readonly parts: readonly string[];
}

/** The first `{…,…}` of a text, split at its own commas; braces that have no partner are letters. */
function firstPair(text: string): Pair | undefined {
  let first: Pair | undefined;
  const open: { readonly start: number; readonly commas: number[] }[] = [];
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === OPEN_BRACE) open.push({ start: i, commas: [] });
    else if (c === COMMA) open.at(-1)?.commas.push(i);
    else if (c === CLOSE_BRACE) {
      const { start, commas } = open.pop() ?? { start: 0, commas: [] };
      if (commas.length === 0 || (first !== undefined && first.start < start)) continue;
      const edges = [start, ...commas, i];
      const parts = edges.slice(1).map((edge, n) => text.slice((edges[n] as number) + 1, edge));
      first = { start, end: i + 1, parts };
    }
  }
  return first;
}

const COMMA = 44;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

function shown(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
