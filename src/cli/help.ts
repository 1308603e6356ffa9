/** The help of `keepalived --help`, laid out by yargs from the table of options. */
import yargs from "yargs";
import { OPTIONS } from "./options.ts";

/** Widest line; a narrower terminal gets narrower lines. */
const WIDTH = 110;

/** @param columns width of the terminal, undefined when there is none */
export function helpText(columns: number | undefined): string {
  const parser = yargs([])
    .scriptName("keepalived")
    .usage("Usage: keepalived [OPTION...]")
    .help(false)
    .version(false)
    .exitProcess(false)
    .wrap(Math.min(columns ?? WIDTH, WIDTH));
  for (const o of OPTIONS) {
    parser.option(o.long, {
      ...(o.short === undefined ? {} : { alias: o.short }),
      describe: o.later === true ? `${o.help} [no function yet]` : o.help,
      hidden: o.hidden === true,
      type: o.value === "none" ? "boolean" : "string",
    });
  }
  let text = "";
  parser.showHelp((t) => {
    text = t;
  });
  return text;
}
