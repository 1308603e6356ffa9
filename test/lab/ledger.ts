/**
 * Joins the clauses of RFCs with the recorded cases that name them. Finds what is missing or misspelt, and
 * writes the table of what holds what.
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

export interface Clause {
  /** RFC, section, and a word where a section demands several things */
  readonly id: string;
  readonly says: string;
  /** a test outside of the recorded cases: file and name */
  readonly test?: readonly [file: string, name: string];
  /** what else holds it: the kernel, or the configuration */
  readonly held?: string;
  /** we do otherwise, because */
  readonly broken?: string;
}

/** Where a protocol's ledger is. */
export interface Ledger {
  /** the folder of its tests, from the root: it has `cases`, and `ledger.ts` that writes `ledger.md` */
  readonly folder: string;
  readonly clauses: readonly Clause[];
}

const root = join(import.meta.dirname, "../..");

interface Shown {
  readonly positive: readonly string[];
  readonly negative: readonly string[];
}

/** The recorded cases of each clause, by what they show of it. */
function casesByClause({ folder }: Ledger): ReadonlyMap<string, Shown> {
  const directory = join(root, folder, "cases");
  const shown = new Map<string, { positive: string[]; negative: string[] }>();
  for (const file of readdirSync(directory).sort()) {
    const [head = "{}"] = readFileSync(join(directory, file), "utf8").split("\n", 1);
    const { rfc } = JSON.parse(head) as { rfc: readonly string[] };
    for (const tag of rfc) {
      const [id = "", sign] = tag.split(" ");
      if (sign !== "+" && sign !== "-") continue;
      const entry = shown.get(id) ?? { positive: [], negative: [] };
      entry[sign === "+" ? "positive" : "negative"].push(basename(file, ".jsonl"));
      shown.set(id, entry);
    }
  }
  return shown;
}

/** What is wrong with the ledger, in words; empty when nothing is. */
export function ledgerFaults(ledger: Ledger): string[] {
  const { clauses, folder } = ledger;
  const shown = casesByClause(ledger);
  const known = new Set(clauses.map(({ id }) => id));
  const unknown = [...shown.keys()].filter((id) => !known.has(id)).map((id) => `${id} is no clause`);
  const faults = clauses.flatMap((clause) => {
    const { positive, negative } = shown.get(clause.id) ?? { positive: [], negative: [] };
    if (positive.length > 0 && negative.length > 0) return [];
    if (positive.length > 0 || negative.length > 0) return [`${clause.id} has one kind of cases only`];
    const isHeld = clause.test !== undefined || clause.held !== undefined || clause.broken !== undefined;
    return isHeld ? [] : [`${clause.id} is not held by anything`];
  });
  const tests = clauses.flatMap(({ id, test }) =>
    test === undefined || hasTest(folder, ...test) ? [] : [`${id}: no test "${test[1]}"`],
  );
  return [...unknown, ...faults, ...tests];
}

/** Cases are tests of their file, too. */
function hasTest(folder: string, file: string, name: string): boolean {
  const text = readFileSync(join(root, file), "utf8");
  return text.includes(name) || readdirSync(join(root, folder, "cases")).includes(`${name}.jsonl`);
}

/** The text of ledger.md. */
export function ledgerText(ledger: Ledger): string {
  const { clauses, folder } = ledger;
  const shown = casesByClause(ledger);
  const byCases = clauses.filter(({ id }) => shown.has(id));
  const broken = clauses.filter((c) => c.broken !== undefined);
  const elsewhere = clauses.filter((c) => !shown.has(c.id) && c.broken === undefined);
  const cases = new Set([...shown.values()].flatMap((s) => [...s.positive, ...s.negative]));
  return `# What the RFCs demand, and what shows it

Written by \`dist/node ${folder}/ledger.ts\` from clauses.ts and the first lines of cases/*.jsonl; ledger.test.ts
holds it up to date. ${clauses.length} clauses: ${byCases.length} by ${cases.size} recorded cases, each with one that shows what is
demanded and one that shows what is forbidden; ${elsewhere.length} elsewhere; ${broken.length} deliberately otherwise.

## By recorded cases

| clause | demands | shown by | and against it |
|---|---|---|---|
${byCases.map((c) => row(c, shown.get(c.id))).join("\n")}

## Elsewhere

| clause | demands | held by |
|---|---|---|
${elsewhere.map((c) => `| ${title(c)} | ${c.says} | ${[c.held, ...testOf(c)].filter(Boolean).join("; ")} |`).join("\n")}

## Deliberately otherwise

| clause | demands | why not | what shows it |
|---|---|---|---|
${broken.map((c) => `| ${title(c)} | ${c.says} | ${c.broken} | ${testOf(c).join("")} |`).join("\n")}
`;
}

function row(c: Clause, shown: Shown | undefined): string {
  const note = c.held === undefined ? "" : ` (${c.held})`;
  const list = (names: readonly string[] = []): string => names.join(", ");
  return `| ${title(c)} | ${c.says}${note} | ${list(shown?.positive)} | ${list(shown?.negative)} |`;
}

/** `9568-6.4.3-zero` as `RFC 9568 §6.4.3` */
function title({ id }: Clause): string {
  const [rfc, section] = id.split("-");
  return `RFC ${rfc} §${section}`;
}

function testOf({ test }: Clause): string[] {
  return test === undefined ? [] : [`${test[0]}: ${test[1]}`];
}
