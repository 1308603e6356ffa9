/**
 * `~SEQ(…)`, `~SEQx(…)` and `~LST(…)`: from the text between the parentheses to the rounds that the rest
 * of the line is repeated for. Never substitutes anything itself (keepalived.conf(5), "Sequence blocks").
 */

import { shortened } from "./blanks.ts";

/** The values of all variables, round by round. */
export interface Loop {
  readonly variables: readonly string[];
  /** number of rounds */
  readonly rounds: number;
  /** value of a variable in a round, both counted from 0 */
  value(round: number, variable: number): string;
}

export type LoopResult =
  | { readonly ok: true; readonly loop: Loop }
  /** what is wrong; what to write instead */
  | { readonly ok: false; readonly problem: string };

/** More rounds than this are a mistake: no kernel takes as many services. */
export const MOST_ROUNDS = 1_000_000;

const syntax = {
  SEQ: "~SEQ(VARIABLE, [START, [STEP,]] END) TEXT",
  SEQx: "~SEQx(VARIABLE, [START, [STEP,]] END) TEXT",
  LST: "~LST(VARIABLE, VALUE, …) TEXT or ~LST({VARIABLE, …}, {VALUE, …}, …) TEXT",
} as const;

const name = /^[A-Za-z_][A-Za-z0-9_]*$/;
const blanks = /^[ \t\r\f\v]+|[ \t\r\f\v]+$/g;

/**
 * @param head the line from its `~` to the last character before the closing parenthesis; undefined when
 * there is none
 */
export function parseLoop(head: string | undefined): LoopResult {
  if (head === undefined) return wrong("this ~ line lacks its )", syntax.SEQ);
  const match = /^~(SEQx|SEQ|LST)[ \t\r\f\v]*\(/.exec(head);
  if (match === null) return wrong("this is no sequence", `${syntax.SEQ} or ${syntax.LST}`);
  const kind = match[1] as "SEQ" | "SEQx" | "LST";
  const inner = head.slice(match[0].length);
  return kind === "LST" ? parseList(inner) : parseSequence(inner, kind);
}

function wrong(what: string, instead: string): LoopResult {
  return { ok: false, problem: `${what} and is dropped; write ${instead}` };
}

function parseSequence(inner: string, kind: "SEQ" | "SEQx"): LoopResult {
  const [variable = "", ...numbers] = inner.split(",").map((part) => part.replace(blanks, ""));
  if (!name.test(variable)) return badName(variable, syntax[kind]);
  if (numbers.length < 1 || numbers.length > 3)
    return wrong(`~${kind} takes one to three numbers, not ${numbers.length},`, syntax[kind]);
  const values: number[] = [];
  for (const text of numbers) {
    const value = parseNumber(text);
    if (value === undefined) return wrong(`"${shortened(text)}" in ~${kind} is no number`, syntax[kind]);
    if (kind === "SEQx" && value < 0)
      return wrong("~SEQx has a negative number", "~SEQ for negative numbers, or start at 0");
    values.push(value);
  }
  const end = values.at(-1) as number;
  const start = values.length > 1 ? (values[0] as number) : end >= 0 ? 1 : -1;
  const step = values.length > 2 ? (values[1] as number) : end >= start ? 1 : -1;
  if (step === 0 || (end - start) * step < 0)
    return wrong(
      `~${kind} never gets from ${start} to ${end} in steps of ${step}`,
      `a step ${end > start ? "above" : "below"} 0`,
    );
  const rounds = Math.floor((end - start) / step) + 1;
  if (rounds > MOST_ROUNDS)
    return wrong(`~${kind} has ${rounds} rounds`, `a sequence of at most ${MOST_ROUNDS}`);
  const radix = kind === "SEQx" ? 16 : 10;
  return {
    ok: true,
    loop: { variables: [variable], rounds, value: (round) => (start + round * step).toString(radix) },
  };
}

/** As strtol with base 0: 10, 0x1f, 017, with a sign. */
function parseNumber(text: string): number | undefined {
  const match = /^([+-]?)(?:0[xX]([0-9a-fA-F]{1,13})|(0[0-7]{0,16})|([1-9][0-9]{0,15}))$/.exec(text);
  if (match === null) return undefined;
  const [, sign, hex, octal, decimal] = match;
  const value =
    hex !== undefined
      ? Number.parseInt(hex, 16)
      : octal !== undefined
        ? Number.parseInt(octal, 8)
        : Number(decimal);
  if (!Number.isSafeInteger(value)) return undefined;
  return sign === "-" ? 0 - value : value;
}

function parseList(inner: string): LoopResult {
  const items = splitItems(inner);
  if (items === undefined)
    return wrong("~LST has braces that do not match or values with blanks", syntax.LST);
  const [variables = [], ...rounds] = items;
  for (const variable of variables) if (!name.test(variable)) return badName(variable, syntax.LST);
  if (rounds.length === 0) return wrong("~LST has no values", syntax.LST);
  if (rounds.length * variables.length > MOST_ROUNDS)
    return wrong(`~LST has ${rounds.length} rounds of ${variables.length} variables`, "a shorter list");
  const surplus = rounds.find((values) => values.length > variables.length);
  if (surplus !== undefined)
    return wrong(
      `~LST has ${variables.length} ${variables.length === 1 ? "variable" : "variables"} but {${shortened(surplus.join(", "))}}`,
      "as many values as variables",
    );
  return {
    ok: true,
    loop: {
      variables,
      rounds: rounds.length,
      value: (round, variable) => rounds[round]?.[variable] ?? "",
    },
  };
}

/** `a, {b, c}, d` to [[a], [b, c], [d]]; undefined when braces do not match or an item has blanks in it. */
function splitItems(inner: string): readonly (readonly string[])[] | undefined {
  const items: (readonly string[])[] = [];
  let at = 0;
  for (;;) {
    const tuple = /[ \t\r\f\v]*\{([^{}]*)\}[ \t\r\f\v]*(,|$)/y;
    const single = /([^{},]*)(,|$)/y;
    tuple.lastIndex = at;
    single.lastIndex = at;
    const match = tuple.exec(inner) ?? single.exec(inner);
    if (match === null) return undefined;
    const inTuple = tuple.lastIndex > 0;
    const texts = inTuple ? (match[1] as string).split(",") : [match[1] as string];
    const values = texts.map((text) => text.replace(blanks, ""));
    if (values.some((value) => /[ \t\r\f\v"]/.test(value))) return undefined;
    items.push(values);
    at += match[0].length;
    if (match[2] !== ",") return items;
  }
}

function badName(text: string, instead: string): LoopResult {
  return wrong(`"${shortened(text)}" is no name of a variable`, instead);
}
