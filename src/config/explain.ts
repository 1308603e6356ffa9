/**
 * The words of `keepalived --explain` and `keepalived --keywords`: pages of help for diagnostic codes
 * (explain-pages.ts) and for keywords (from the tables).
 */

import { lexicalRows } from "../../grammar/keywords/lexical.ts";
import { optionTables } from "../../grammar/keywords/options.ts";
import type { OptionRow } from "../../grammar/keywords/row.ts";
import { displayName, nearestOf } from "../../grammar/keywords/table.ts";
import { type Consequence, consequences, type DiagnosticCode } from "./diagnostic.ts";
import { allKeywords, type KeywordFacts, keywordsNamed, spellingsOf } from "./explain-keyword.ts";
import { pages } from "./explain-pages.ts";

/** @returns undefined for what is neither a code nor a keyword nor an option word */
export function explain(topic: string): string | undefined {
  const parts: string[] = [];
  if (isCode(topic)) parts.push(codePage(topic));
  for (const facts of groupByText(keywordsNamed(topic))) parts.push(facts);
  for (const { item, rows } of optionTables)
    for (const row of rows)
      if (row.keyword === topic || row.aliases?.includes(topic)) parts.push(optionPage(item, row));
  for (const { form, help, example } of lexicalRows)
    if (form === topic || form.split(/[ (=]/, 1)[0] === topic)
      parts.push(`${form}\n\n  ${help}\n\n  example:  ${example.replaceAll("\n", `\n${" ".repeat(12)}`)}`);
  return parts.length === 0 ? undefined : `${parts.join("\n\n")}\n`;
}

/** What somebody who asked for something unknown may have meant. */
export function nearestTopic(topic: string): string | undefined {
  return nearestOf([...Object.keys(consequences), ...new Set(allWords())], topic);
}

function allWords(): readonly string[] {
  return [...allKeywords().flatMap(({ row }) => spellingsOf(row))];
}

/** Block, keyword, and `works` or `parsed`, separated by tabs; option words of lines behind the keywords. */
export function keywordList(): string {
  const lines = allKeywords().flatMap(({ block, row }) =>
    spellingsOf(row).map((word) => `${block}\t${word}\t${row.effect}`),
  );
  for (const { item, rows } of optionTables)
    for (const row of rows)
      for (const word of [row.keyword, ...(row.aliases ?? []), ...(row.deprecated ?? [])])
        lines.push(`${item}\t${word}\t${row.effect}`);
  return `${lines.join("\n")}\n`;
}

function isCode(topic: string): topic is DiagnosticCode {
  return Object.hasOwn(consequences, topic);
}

function codePage(code: DiagnosticCode): string {
  const page = pages[code];
  const head = `${code} (${consequences[code].severity}${consequenceOf(consequences[code])})`;
  if (page === undefined) return head;
  return [
    head,
    "",
    `What it means:  ${indent(page.means)}`,
    `Why it hurts:   ${indent(page.hurts)}`,
    `What to write:  ${indent(page.write)}`,
  ].join("\n");
}

function consequenceOf({ test, start }: Consequence): string {
  const parts = test === 0 ? [", a test passes"] : [`, a test ends with status ${test}`];
  if (start !== 0) parts.push("the daemon does not start");
  return parts.join(", ");
}

/** The same words for several blocks are said once: a checker's settings exist in ten of them. */
function groupByText(keywords: readonly KeywordFacts[]): readonly string[] {
  const blocks = new Map<string, string[]>();
  for (const facts of keywords) {
    const text = keywordPage(facts);
    const others = blocks.get(text);
    if (others === undefined) blocks.set(text, [displayName(facts.block)]);
    else others.push(displayName(facts.block));
  }
  return [...blocks].map(([text, names]) => text.replace("BLOCKS", names.join(", ")));
}

function keywordPage({ row, syntax, unit, range, example }: KeywordFacts): string {
  const lines = [`${row.keyword} ${syntax}`.trimEnd(), "", indentAll(row.help), ""];
  const fact = (name: string, value: string | undefined): void => {
    if (value !== undefined && value !== "") lines.push(`  ${`${name}:`.padEnd(10)}${value}`);
  };
  fact("block", "BLOCKS");
  fact("unit", unit);
  fact("range", range);
  fact("default", row.default);
  fact("since", row.since);
  fact("also", (row.aliases ?? []).join(", "));
  fact("old", (row.deprecated ?? []).map((word) => `${word} (write ${row.keyword})`).join(", "));
  fact("example", example);
  fact("state", row.effect === "works" ? "works" : "read and checked, without effect yet");
  return lines.join("\n");
}

function optionPage(item: string, row: OptionRow): string {
  const range = row.min === undefined || row.max === undefined ? undefined : `${row.min}-${row.max}`;
  const lines = [
    `${row.keyword} ${row.syntax ?? (row.argument === "none" ? "" : row.argument.toUpperCase())}`.trimEnd(),
    "",
    indentAll(row.help),
    "",
    `  in:       ${item}`,
  ];
  if (range !== undefined) lines.push(`  range:    ${range}`);
  if (row.words !== undefined) lines.push(`  values:   ${row.words.join(", ")}`);
  if (row.default !== undefined) lines.push(`  default:  ${row.default}`);
  lines.push(`  state:    ${row.effect === "works" ? "works" : "read and checked, without effect yet"}`);
  return lines.join("\n");
}

/** Width of a page of help. */
const WIDTH = 88;

/** Continuation lines stand under the text behind the title. */
function indent(text: string): string {
  return wrap(text, WIDTH - 16).join(`\n${" ".repeat(16)}`);
}

function indentAll(text: string): string {
  return wrap(text, WIDTH - 2)
    .map((line) => `  ${line}`)
    .join("\n");
}

function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
