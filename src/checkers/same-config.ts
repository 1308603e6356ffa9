/**
 * Whether two pieces of the configuration mean the same: structural comparison that ignores where
 * in the file they stand. Pure.
 */
export function sameConfig(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((x, i) => sameConfig(x, b[i]));
  }
  const left = a as Readonly<Record<string, unknown>>;
  const right = b as Readonly<Record<string, unknown>>;
  // A field that is absent and one that is undefined mean the same: the channel drops the latter.
  for (const key in left) if (key !== "where" && !sameConfig(left[key], right[key])) return false;
  for (const key in right) if (!(key in left) && key !== "where" && right[key] !== undefined) return false;
  return true;
}
