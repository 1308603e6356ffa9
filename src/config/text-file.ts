/** Files to text. Bytes that are not UTF-8 stay what they are: a password may contain them. */
import type { ConfigSystem } from "./load.ts";

export type TextFile =
  | { readonly ok: true; readonly text: string; readonly isUtf8: boolean }
  /** @see errno(3) */
  | { readonly ok: false; readonly code: string };

/** Never throws: what cannot be read has an errno name, or what else is known of the reason. */
export function readTextFile(path: string, system: ConfigSystem): TextFile {
  try {
    const bytes = Buffer.from(system.readFile(path));
    const text = bytes.toString("utf8");
    return text.includes("\ufffd")
      ? { ok: true, text: bytes.toString("latin1"), isUtf8: false }
      : { ok: true, text, isUtf8: true };
  } catch (cause) {
    if (!(cause instanceof Error)) return { ok: false, code: String(cause) };
    return { ok: false, code: "code" in cause ? String(cause.code) : cause.message };
  }
}
