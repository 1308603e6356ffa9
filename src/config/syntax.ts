/** How a keyword is written, for messages and help; from its row. */
import type { InlineOption, KeywordRow } from "../../grammar/keywords/row.ts";
import { assertNever } from "../base/errors.ts";

/** The argument of a row as the reference writes it. */
export function syntaxOf(row: KeywordRow): string {
  const { argument } = row;
  if (row.syntax !== undefined) return row.syntax;
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
      return argument.unit === "ms" ? "MILLISECONDS" : "SECONDS";
    case "weight":
      return `-${argument.most}..${argument.most} [reverse]`;
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
      return argument.optional === true ? "[SCRIPT [USER [GROUP]]]" : "SCRIPT [USER [GROUP]]";
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
      return `NAT|DR|TUN ${argument.options.map((o) => `[${o.keyword}${optionSyntax(o)}]`).join(" ")}`;
    case "cpus":
      return "CPU…";
    case "options": {
      const words = argument.options.map((o) => `[${o.keyword}${optionSyntax(o)}]`).join(" ");
      return argument.head === undefined ? words : `INTERFACE ${words}`;
    }
    case "hex":
      return argument.optional === true ? "[HEX]" : "HEX";
    case "fifo":
      return "PATH [USER [GROUP]]";
    case "words":
      return "…";
    case "list":
    case "block":
      return "{ … }";
    default:
      return assertNever(argument);
  }
}

function optionSyntax({ argument }: InlineOption): string {
  const text = syntaxOf({ keyword: "", argument, help: "", effect: "parsed" });
  return text === "" ? "" : ` ${text}`;
}
