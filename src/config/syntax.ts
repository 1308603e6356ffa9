/** How a keyword is written, for messages and help; from its row. */
import type { KeywordRow } from "../../grammar/keywords/row.ts";
import { assertNever } from "../base/errors.ts";

/** The argument of a row as the reference writes it. */
export function syntaxOf(row: KeywordRow): string {
  const { argument } = row;
  switch (argument.kind) {
    case "none":
      return "";
    case "boolean":
      return "[true|false]";
    case "integer": {
      const text = `${argument.min}..${argument.max}`;
      return argument.bare === undefined ? text : `[${text}]`;
    }
    case "duration":
      return "SECONDS";
    case "word":
      return argument.words.join("|");
    case "string":
      return "STRING";
    case "interface":
      return "INTERFACE";
    case "address":
      return "ADDRESS";
    case "endpoint":
      return "ADDRESS [PORT]";
    case "host":
      return "HOST [PORT]";
    case "script":
      return "SCRIPT [USER [GROUP]]";
    case "user":
      return "USER [GROUP]";
    case "netmask":
      return "MASK";
    case "statusCodes":
      return "CODE[-CODE]…";
    case "digest":
      return "MD5";
    case "scheduler":
      return "SCHEDULER";
    case "forwarding":
      return "NAT|DR|TUN";
    case "cpus":
      return "CPU…";
    case "words":
      return "…";
    case "list":
    case "block":
      return "{ … }";
    default:
      return assertNever(argument);
  }
}
