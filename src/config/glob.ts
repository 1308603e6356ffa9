/**
 * File name patterns as glob(3) has them: `*`, `?`, `[a-z]`, `[!a]`, `[[:digit:]]` and `\` before a letter
 * that is meant; names with a leading dot only where the pattern has one. Takes time in proportion to
 * pattern and name, whatever they are: a regular expression made from a pattern would not.
 */

export interface Directories {
  /** names of a directory without . and ..; none when it is no directory or may not be read */
  list(path: string): readonly string[];
  exists(path: string): boolean;
}

/** More than anybody includes. */
const MOST_PATHS = 10_000;

/** Paths that match, sorted by their characters. */
export function globPaths(pattern: string, directories: Directories): readonly string[] {
  let paths: string[] = [pattern.startsWith("/") ? "/" : ""];
  for (const segment of pattern.split("/")) {
    if (segment === "") continue;
    const join = (path: string, name: string): string =>
      path === "" || path === "/" ? path + name : `${path}/${name}`;
    if (!/[*?[]/.test(segment)) {
      const name = segment.replace(/\\(.)/g, "$1");
      paths = paths.map((path) => join(path, name));
      continue;
    }
    const tokens = parsePattern(segment);
    const found: string[] = [];
    for (const path of paths)
      for (const name of directories.list(path === "" ? "." : path))
        if (found.length < MOST_PATHS && matches(tokens, name)) found.push(join(path, name));
    paths = found;
  }
  return paths.filter((path) => directories.exists(path)).sort();
}

/** @param pattern one segment of a path */
export function matchesName(pattern: string, name: string): boolean {
  return matches(parsePattern(pattern), name);
}

type Token =
  | { readonly kind: "many" }
  | { readonly kind: "one" }
  | { readonly kind: "letter"; readonly letter: string }
  | { readonly kind: "set"; readonly isNegated: boolean; readonly has: (letter: string) => boolean };

function matches(tokens: readonly Token[], name: string): boolean {
  const [first] = tokens;
  if (name.startsWith(".") && (first?.kind !== "letter" || first.letter !== ".")) return false;
  const letters = [...name];
  let t = 0;
  let n = 0;
  /** where the last `*` stands, and where what it takes ends */
  let star = -1;
  let taken = 0;
  while (n < letters.length) {
    const token = tokens[t];
    if (token?.kind === "many") {
      star = t++;
      taken = n;
    } else if (token !== undefined && accepts(token, letters[n] as string)) {
      t++;
      n++;
    } else if (star >= 0) {
      t = star + 1;
      n = ++taken;
    } else return false;
  }
  while (tokens[t]?.kind === "many") t++;
  return t === tokens.length;
}

function accepts(token: Token, letter: string): boolean {
  switch (token.kind) {
    case "letter":
      return token.letter === letter;
    case "set":
      return token.has(letter) !== token.isNegated;
    default:
      return true;
  }
}

function parsePattern(pattern: string): readonly Token[] {
  const letters = [...pattern];
  const tokens: Token[] = [];
  for (let i = 0; i < letters.length; i++) {
    const letter = letters[i] as string;
    if (letter === "*") tokens.push({ kind: "many" });
    else if (letter === "?") tokens.push({ kind: "one" });
    else if (letter === "\\" && i + 1 < letters.length)
      tokens.push({ kind: "letter", letter: letters[++i] as string });
    else {
      const set = letter === "[" ? parseSet(letters, i + 1) : undefined;
      tokens.push(set?.token ?? { kind: "letter", letter });
      i = set?.last ?? i;
    }
  }
  return tokens;
}

const classes: Readonly<Record<string, RegExp>> = {
  alnum: /[A-Za-z0-9]/,
  alpha: /[A-Za-z]/,
  blank: /[ \t]/,
  digit: /[0-9]/,
  lower: /[a-z]/,
  punct: /[!-/:-@[-`{-~]/,
  space: /\s/,
  upper: /[A-Z]/,
  xdigit: /[0-9A-Fa-f]/,
};

/** @returns undefined when the set is not closed: its bracket is a letter then */
function parseSet(letters: readonly string[], from: number): { token: Token; last: number } | undefined {
  const isNegated = letters[from] === "!" || letters[from] === "^";
  const ranges: { readonly low: string; readonly high: string }[] = [];
  const named: RegExp[] = [];
  const start = isNegated ? from + 1 : from;
  for (let i = start; i < letters.length; i++) {
    let letter = letters[i] as string;
    if (letter === "]" && i > start) {
      const has = (c: string): boolean =>
        ranges.some(({ low, high }) => low <= c && c <= high) || named.some((name) => name.test(c));
      return { token: { kind: "set", isNegated, has }, last: i };
    }
    const name =
      letter === "[" ? /^\[:([a-z]{1,6}):\]/.exec(letters.slice(i, i + 10).join(""))?.[1] : undefined;
    const known = name === undefined ? undefined : classes[name];
    if (known !== undefined) {
      named.push(known);
      i += (name?.length ?? 0) + 3;
      continue;
    }
    if (letter === "\\" && i + 1 < letters.length) letter = letters[++i] as string;
    const high = letters[i + 2];
    if (letters[i + 1] === "-" && high !== undefined && high !== "]") {
      ranges.push({ low: letter, high });
      i += 2;
    } else ranges.push({ low: letter, high: letter });
  }
  return undefined;
}
