/** Interfaces that a configuration names: must they exist, and what exists instead. */
import type { Statement } from "../../grammar/parser.ts";
import type { Reporter } from "./reporter.ts";

export interface InterfaceContext {
  readonly reporter: Reporter;
  /** undefined: unknown, or they may appear later: names are not checked */
  readonly interfaces: ReadonlySet<string> | undefined;
}

/** An interface that must exist when the daemon starts. */
export function checkInterface(context: InterfaceContext, statement: Statement, word: number): void {
  const name = statement.words[word];
  if (name === undefined || context.interfaces === undefined || context.interfaces.has(name)) return;
  const known = [...context.interfaces].filter((n) => n !== "lo").slice(0, 6);
  const instead = known.length === 0 ? "create it first" : `this machine has ${known.join(", ")}`;
  context.reporter.word("interface-unknown", statement, word, `there is no interface "${name}"; ${instead}`);
}
