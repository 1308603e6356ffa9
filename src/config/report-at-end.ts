/** Says what a block lacks, where it ends: that is where keepalived notices, and where it can be added. */
import type { DiagnosticCode } from "./diagnostic.ts";
import type { Draft } from "./draft.ts";
import type { Reporter } from "./reporter.ts";

export function reportAtEnd(
  reporter: Reporter,
  code: DiagnosticCode,
  { statement }: Pick<Draft, "statement">,
  message: string,
): undefined {
  const { close, closeSource: source } = statement;
  if (close < 0) reporter.word(code, statement, 0, message);
  else
    reporter.at(code, { source, start: close, end: close + 1 }, message, [
      { note: "of the block that begins here", span: reporter.spanOf(statement, 0) },
    ]);
}
