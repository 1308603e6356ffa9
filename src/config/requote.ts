/** Statements whose words take both kinds of quotes and escapes, as those of scripts and patterns do. */
import { scanWords } from "../../grammar/lexer.ts";
import { Statement } from "../../grammar/parser.ts";
import { splitQuoted } from "./quoted.ts";
import type { Reporter } from "./reporter.ts";

/** @returns the statement with its words read anew; undefined: a quote is not closed (reported) */
export function requote(reporter: Reporter, statement: Statement): Statement | undefined {
  const { source, start, line } = statement;
  const { text } = reporter.sources.get(source);
  const raw = text.slice(start, scanWords(text, start).at(-1));
  if (!/["'\\]/.test(raw)) return statement;
  const result = splitQuoted(raw);
  if (result.ok) return new Statement(result.words, source, start, line, -1, undefined, -1, source);
  reportOpenQuote(reporter, statement, result.quote);
  return undefined;
}

/** As `requote`, for a statement whose first argument is a command that can be split in its turn. */
export function requoteScript(reporter: Reporter, statement: Statement): Statement | undefined {
  const script = requote(reporter, statement);
  const command = splitQuoted(script?.words[1] ?? "");
  if (command.ok) return script;
  reportOpenQuote(reporter, statement, command.quote);
  return undefined;
}

function reportOpenQuote(reporter: Reporter, statement: Statement, quote: string): void {
  reporter.word(
    "unmatched-quote",
    statement,
    1,
    `${statement.words[0]} has a ${quote} that is not closed, and is ignored; write a second ${quote}, or a backslash before it`,
  );
}
