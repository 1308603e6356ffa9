/** The reference in Markdown: every keyword of every block, and the option words of lines. */
import { allKeywords, type KeywordFacts } from "../../src/config/explain-keyword.ts";
import { type LexicalRow, lexicalRows } from "../keywords/lexical.ts";
import { optionTables } from "../keywords/options.ts";
import type { OptionRow } from "../keywords/row.ts";
import { tables } from "../keywords/table.ts";
import { notice } from "./words.ts";

export function reference(): string {
  const facts = allKeywords();
  const parts = [
    "# Keywords of keepalived.conf",
    `<!-- ${notice} -->`,
    "A keyword without a unit counts nothing or what its meaning says. `parsed` means that the keyword is read and checked, but has no effect yet. `keepalived --explain KEYWORD` shows the same on a terminal.",
    `Blocks: ${tables.map(({ block }) => `[${title(block)}](#${anchor(title(block))})`).join(" · ")}`,
    `Words within lines: ${optionTables.map(({ item }) => `[${item}](#${anchor(item)})`).join(" · ")}`,
    "Below keywords: [lines and words](#lines-and-words)",
    "## lines and words",
    ["| form | meaning | example |", "|---|---|---|", ...lexicalRows.map(lexicalLine)].join("\n"),
  ];
  for (const { block } of tables) {
    parts.push(`## ${title(block)}`);
    parts.push(
      [
        "| keyword | arguments | unit | range | default | since | meaning | example | state |",
        "|---|---|---|---|---|---|---|---|---|",
        ...facts.filter((f) => f.block === block).map(keywordLine),
      ].join("\n"),
    );
  }
  for (const { item, rows } of optionTables) {
    parts.push(`## ${item}`);
    parts.push(
      [
        "| word | value | range | default | meaning | state |",
        "|---|---|---|---|---|---|",
        ...rows.map(optionLine),
      ].join("\n"),
    );
  }
  return `${parts.join("\n\n")}\n`;
}

function title(block: string): string {
  return block === "(root)" ? "top level" : block;
}

/** As GitHub makes it of a heading. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, "")
    .replaceAll(" ", "-");
}

function lexicalLine({ form, help, example }: LexicalRow): string {
  return line([code(form), escaped(help), example.split("\n").map(code).join("<br>")]);
}

function keywordLine({ row, syntax, unit, range, example }: KeywordFacts): string {
  const others = [
    ...(row.aliases ?? []).map((word) => `also ${code(word)}`),
    ...(row.deprecated ?? []).map((word) => `old: ${code(word)}`),
  ];
  return line([
    [code(row.keyword), ...others].join(", "),
    code(syntax),
    unit ?? "",
    range ?? "",
    escaped(row.default ?? ""),
    row.since ?? "",
    escaped(row.help),
    code(example),
    row.effect,
  ]);
}

function optionLine(row: OptionRow): string {
  const names = [row.keyword, ...(row.aliases ?? [])].map(code).join(", ");
  const value = row.syntax ?? row.words?.join("|") ?? (row.argument === "none" ? "" : row.argument);
  const range = row.min === undefined || row.max === undefined ? "" : `${row.min}-${row.max}`;
  return line([names, code(value), range, escaped(row.default ?? ""), escaped(row.help), row.effect]);
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`.replace(/ {2,}/g, " ");
}

function code(text: string): string {
  return text === "" ? "" : `\`${text.replaceAll("|", "\\|")}\``;
}

function escaped(text: string): string {
  return text.replace(/[|<>*]/g, (c) =>
    c === "|" ? "\\|" : c === "<" ? "&lt;" : c === ">" ? "&gt;" : `\\${c}`,
  );
}
