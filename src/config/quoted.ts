/**
 * Quoted strings with escapes, as scripts and patterns have them: " and ' hold together, also within a
 * word, and a backslash gives what a letter stands for or the next character as it is. keepalived reads
 * the line so once, and the words of a command in its first argument once more: `\\\\` is needed for
 * one backslash (keepalived.conf(5), "Quoted strings", and as the daemon does it).
 */

export type QuotedWords =
  | { readonly ok: true; readonly words: readonly string[] }
  /** this quote is never closed */
  | { readonly ok: false; readonly quote: string };

const escapes: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  E: "\x1b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

export function splitQuoted(text: string): QuotedWords {
  const words: string[] = [];
  let current: string | undefined;
  let quote = "";
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    if (c === "\\" && i + 1 < text.length) {
      const escaped = readEscape(text, i + 1);
      current = (current ?? "") + escaped.text;
      i = escaped.last;
    } else if (quote !== "") {
      if (c === quote) quote = "";
      else current = (current ?? "") + c;
    } else if (c === '"' || c === "'") {
      quote = c;
      current ??= "";
    } else if (/[ \t\n\v\f\r]/.test(c)) {
      if (current !== undefined) words.push(current);
      current = undefined;
    } else current = (current ?? "") + c;
  }
  if (quote !== "") return { ok: false, quote };
  if (current !== undefined) words.push(current);
  // No argument of a process can hold a NUL: it is where C ends the string.
  return { ok: true, words: words.map((word) => word.split("\0", 1)[0] as string) };
}

/** The arguments of a command; none when a quote in it is not closed. */
export function splitCommand(command: string): readonly string[] {
  const result = splitQuoted(command);
  return result.ok ? result.words : [];
}

function readEscape(text: string, at: number): { readonly text: string; readonly last: number } {
  const octal = /^[0-7]{1,3}/.exec(text.slice(at, at + 3));
  if (octal !== null)
    return { text: String.fromCharCode(Number.parseInt(octal[0], 8) & 255), last: at + octal[0].length - 1 };
  const c = text.charAt(at);
  if (c === "x") {
    const digits = /[0-9a-fA-F]*/y;
    digits.lastIndex = at + 1;
    const [all = ""] = digits.exec(text) ?? [];
    // Any number of digits; the last two count.
    if (all !== "")
      return { text: String.fromCharCode(Number.parseInt(all.slice(-2), 16)), last: at + all.length };
  }
  if (c === "c" && at + 1 < text.length)
    return { text: String.fromCharCode(text.charCodeAt(at + 1) & 31), last: at + 1 };
  return { text: escapes[c] ?? c, last: at };
}
