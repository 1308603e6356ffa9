/**
 * Blanks, quotes and comments of a line, before it has tokens. Only the blanks that keepalived knows:
 * others, like U+00A0, belong to words.
 */

/** Without the blanks at its beginning. */
export function trimStart(text: string): string {
  let i = 0;
  while (i < text.length && isBlank(text.charCodeAt(i))) i++;
  return i === 0 ? text : text.slice(i);
}

/** Without the blanks at its end. */
export function trimEnd(text: string): string {
  let i = text.length;
  while (i > 0 && isBlank(text.charCodeAt(i - 1))) i--;
  return i === text.length ? text : text.slice(0, i);
}

function isBlank(c: number): boolean {
  return c === 32 || c === 9 || (c >= 11 && c <= 13);
}

/** Offset of the `#` or `!` that begins a comment, -1 without one. */
export function commentStart(text: string): number {
  if (!text.includes("#") && !text.includes("!")) return -1;
  let inQuotes = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 34) inQuotes = !inQuotes;
    else if (inQuotes) continue;
    else if (c === 92 && (text.charCodeAt(i + 1) === 35 || text.charCodeAt(i + 1) === 33)) i++;
    else if (c === 35 || c === 33) return i;
  }
  return -1;
}

/** Whether a quote is open at the end of a text. */
export function isQuoted(text: string): boolean {
  let inQuotes = false;
  for (let i = text.indexOf('"'); i >= 0; i = text.indexOf('"', i + 1)) inQuotes = !inQuotes;
  return inQuotes;
}

/** For a message: a word may be a megabyte. */
export function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
