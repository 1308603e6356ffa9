/**
 * How a log line is declared: once, in a catalogue file, with an id, a level, typed fields and the
 * sentence. Sentences that operators' monitoring greps for are an interface and stay as they are.
 */
export type Level = "debug" | "info" | "notice" | "warning" | "error" | "critical";
export type FieldValue =
  | string
  | number
  | boolean
  | null
  | readonly FieldValue[]
  | { readonly [k: string]: FieldValue };
export type Fields = Readonly<Record<string, FieldValue>>;

/** One line ready to be written by any sink: text for people, fields for JSON. */
export interface LogLine {
  readonly id: string;
  readonly level: Level;
  readonly text: string;
  readonly fields: Fields;
  /** written only with --log-detail (-D) */
  readonly detail: boolean;
}

/** A declared log line: called with its fields, it makes the line. */
export type Entry<F extends Fields> = (fields: F) => LogLine;
/** The fields of a sentence that never varies. */
export type NoFields = Readonly<Record<string, never>>;

/**
 * Declares a log line.
 *
 * @param id kebab-case, unique over all catalogues (a test holds that)
 * @param text the sentence; must not end with a newline
 */
export function entry<F extends Fields>(
  id: string,
  level: Level,
  text: (fields: F) => string,
  options?: { readonly detail?: boolean },
): Entry<F> {
  const detail = options?.detail ?? false;
  return (fields) => ({ id, level, text: text(fields), fields, detail });
}

/** Where lines go. A sink never throws, never blocks and never buffers without bound. */
export interface Logger {
  write(line: LogLine): void;
  /** Nobody reads: a line need not even be made. */
  readonly silent?: boolean;
}
