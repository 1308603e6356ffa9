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
  const alternatives = expandBraces(pattern);
  const problems: IncludeProblem[] = [];
  const missing = (isFailure: boolean, message: string): void => {
    problems.push({ code: isFailure ? "include-failed" : "include-no-match", message });
  };
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
  let done: string[] = [];
  let open: string[] = [pattern];
  // One pair of braces of every name in each round, from left to right.
  for (let round = 0; open.length > 0; round++) {
    if (open.length > MOST_ALTERNATIVES || round > MOST_ALTERNATIVES) return undefined;
    const next: string[] = [];
    let isDone = true;
    for (const text of open) {
      const pair = firstPair(text);
      if (pair === undefined) next.push(text);
      else {
        isDone = false;
        for (const part of pair.parts) next.push(text.slice(0, pair.start) + part + text.slice(pair.end));
      }
    }
    if (isDone) {
      done = next;
      break;
    }
    open = next;
  }
  return done;
}

/** The first `{…,…}` of a text, split at its own commas. */
function firstPair(
  text: string,
): { readonly start: number; readonly end: number; readonly parts: readonly string[] } | undefined {
  for (let start = text.indexOf("{"); start >= 0; start = text.indexOf("{", start + 1)) {
    const parts: string[] = [];
    let depth = 0;
    let from = start + 1;
    for (let i = start; i < text.length; i++) {
      const c = text[i];
      if (c === "{") depth++;
      else if (c === "," && depth === 1) {
        parts.push(text.slice(from, i));
        from = i + 1;
      } else if (c === "}" && --depth === 0) {
        if (parts.length > 0) return { start, end: i + 1, parts: [...parts, text.slice(from, i)] };
        break;
      }
    }
  }
  return undefined;
}

function shown(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
