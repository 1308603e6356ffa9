/**
 * The references of one line and what takes their place, from left to right. A value is searched for
 * references again; one that contains itself is noticed by what each part of the line came from.
 */
import { isQuoted, shortened, trimStart } from "./blanks.ts";
import type { Parameter, ParameterProblem, Parameters } from "./parameters.ts";

/** What was substituted, and reaches to `tail` characters before the end of the line. */
export interface Region {
  readonly parameter: Parameter;
  readonly tail: number;
}

export type Substitution =
  /** the line; `open` tells what of it comes from which parameter, inner ones last */
  | { readonly kind: "text"; readonly text: string; readonly open: readonly Region[] }
  /** the lines of a definition belong here, the first of them behind `before` */
  | { readonly kind: "body"; readonly before: string; readonly parameter: Parameter }
  /** too much was copied */
  | { readonly kind: "spent" };

export interface SubstitutionProblem {
  readonly code: ParameterProblem["code"] | "parameter-not-last" | "parameter-recursion";
  /** what is wrong; what to write instead */
  readonly message: string;
}

export interface SubstitutionSurroundings {
  readonly parameters: Parameters;
  /** the file that is being read */
  readonly file: string;
  /** whether the line is one of this parameter's own */
  isActive(parameter: Parameter): boolean;
  complain(problem: SubstitutionProblem): void;
  /** @returns whether so many characters may still be copied */
  spend(characters: number): boolean;
}

/** Beginnings of a line that come before the references in it. */
const leading = /^[ \t\r\f\v]*(?:[@#!]|~SEQ|~LST|\$[A-Za-z_][A-Za-z0-9_]*=)/;

/**
 * Up to a reference that makes the line a condition, definition, sequence or comment.
 *
 * @param dead definitions that refer to themselves: they stay as they are
 */
export function substitute(
  line: string,
  regions: readonly Region[],
  dead: Set<Parameter>,
  surroundings: SubstitutionSurroundings,
): Substitution {
  const { parameters, file, complain } = surroundings;
  const open = [...regions];
  let text = line;
  let from = 0;
  const skip = (parameter: Parameter, start: number, end: number): boolean => {
    if (dead.has(parameter)) return true;
    if (parameter.lines.length > 1 && end < text.length) {
      complain({
        code: "parameter-not-last",
        message: `$${shortened(parameter.name)} has several lines and stays as it is, because it is not the last thing on this line; move what follows to the next line`,
      });
      return true;
    }
    while (open.length > 0 && text.length - (open.at(-1) as Region).tail <= start) open.pop();
    if (!open.some((region) => region.parameter === parameter) && !surroundings.isActive(parameter))
      return false;
    dead.add(parameter);
    complain(recursion(parameter));
    return true;
  };
  for (;;) {
    const found = parameters.find(text, from, file, skip, complain);
    if (found === undefined) return { kind: "text", text, open };
    const { start, end, parameter } = found;
    const before = text.slice(0, start);
    if (parameter.lines.length > 1) return { kind: "body", before, parameter };
    let value = parameter.lines[0] ?? "";
    if (/\\[#!]/.test(value) && isQuoted(before)) value = value.replace(/\\([#!])/g, "$1");
    text = before + value + text.slice(end);
    if (!surroundings.spend(text.length)) return { kind: "spent" };
    open.push({ parameter, tail: text.length - start - value.length });
    from = start;
    if (trimStart(before) === "" && leading.test(text)) return { kind: "text", text, open };
  }
}

export function recursion(parameter: Parameter): SubstitutionProblem {
  return {
    code: "parameter-recursion",
    message: `$${shortened(parameter.name)} is defined by itself and is not replaced; give it a value without $${shortened(parameter.name)}`,
  };
}
