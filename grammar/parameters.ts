/**
 * Substitution parameters: their definitions, where a line refers to them, and the values of those that
 * are defined from the beginning (keepalived.conf(5), "Parameter substitution"). Never decides what a
 * line means once it is substituted.
 */

import { shortened } from "./blanks.ts";

/** A definition; another one of the same name is another object. */
export class Parameter {
  readonly name: string;
  /** one line, or those of a multi-line definition */
  readonly lines: readonly string[];
  /** where the lines stand; undefined for values that were computed */
  readonly places: readonly { readonly source: number; readonly offset: number }[] | undefined;

  constructor(name: string, lines: readonly string[], places?: Parameter["places"]) {
    this.name = name;
    this.lines = lines;
    this.places = places;
  }
}

/** What the predefined parameters need to know. */
export interface Surroundings {
  /** compared with the word behind `@` */
  readonly configId: string;
  /** `${_ENV NAME}` */
  environment(name: string): string | undefined;
  /** the directory of a file that is being read, absolute */
  directoryOf(file: string): string;
  /** an integer from `min` to `max`, both included */
  random(min: number, max: number): number;
}

/** A reference to a parameter that is defined. */
export interface Reference {
  /** offset of the `$` */
  readonly start: number;
  /** offset behind the last character */
  readonly end: number;
  readonly parameter: Parameter;
}

/** A reference that is defined, but wrong in itself; it stays as it is. */
export interface ParameterProblem {
  readonly code: "parameter-invalid" | "environment-unset";
  /** what is wrong; what to write instead */
  readonly message: string;
}

/** `$NAME` before a blank, `)` or the end; `${NAME}` and `${_NAME ARGUMENTS}` anywhere. */
const reference =
  /\$(?:\{([A-Za-z_][A-Za-z0-9_]*)((?:[ \t]+[^\s{}]+)*)[ \t]*\}|([A-Za-z_][A-Za-z0-9_]*)(?=[ \t\r\f\v)]|$))/g;

const predefined: ReadonlySet<string> = new Set(["_PWD", "_INSTANCE", "_RANDOM", "_ENV", "_HASH", "_BANG"]);

export class Parameters {
  readonly #defined = new Map<string, Parameter>();
  readonly #surroundings: Surroundings;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  define(parameter: Parameter): void {
    this.#defined.set(parameter.name, parameter);
  }

  /**
   * The first reference to something defined.
   *
   * @param from offset where the search begins
   * @param file the file that is being read
   * @param skip references that are to stay as they are
   */
  find(
    text: string,
    from: number,
    file: string,
    skip: (parameter: Parameter, start: number, end: number) => boolean,
    complain: (problem: ParameterProblem) => void,
  ): Reference | undefined {
    reference.lastIndex = from;
    for (let match = reference.exec(text); match !== null; match = reference.exec(text)) {
      const start = match.index;
      const end = start + match[0].length;
      const name = (match[1] ?? match[3]) as string;
      const words = (match[2] ?? "").split(/[ \t]+/).filter((word) => word !== "");
      const parameter = this.#lookUp(name, words, file, complain);
      if (parameter !== undefined && !skip(parameter, start, end)) return { start, end, parameter };
      reference.lastIndex = end;
    }
    return undefined;
  }

  #lookUp(
    name: string,
    words: readonly string[],
    file: string,
    complain: (problem: ParameterProblem) => void,
  ): Parameter | undefined {
    const own = this.#defined.get(name);
    if (own !== undefined) return words.length === 0 ? own : undefined;
    if (!predefined.has(name)) return undefined;
    const { configId, directoryOf } = this.#surroundings;
    if (name === "_RANDOM") return this.#random(words, complain);
    if (name === "_ENV") return this.#environment(words, complain);
    if (words.length > 0) {
      complain({ code: "parameter-invalid", message: `\${${name}} takes no arguments; write \${${name}}` });
      return undefined;
    }
    switch (name) {
      case "_PWD":
        return new Parameter(name, [directoryOf(file)]);
      case "_INSTANCE":
        return new Parameter(name, [configId]);
      default:
        return new Parameter(name, [name === "_HASH" ? "#" : "!"]);
    }
  }

  #random(words: readonly string[], complain: (problem: ParameterProblem) => void): Parameter | undefined {
    const bounds = words.map((word) => (/^[0-9]{1,9}$/.test(word) ? Number(word) : undefined));
    const [min = 0, max = 32_767] = bounds;
    if (bounds.includes(undefined) || words.length > 2) {
      complain({
        code: "parameter-invalid",
        message: `\${_RANDOM} takes at most two numbers, from 0 on; write \${_RANDOM MIN MAX}`,
      });
      return undefined;
    }
    if (min > max) {
      complain({
        code: "parameter-invalid",
        message: `\${_RANDOM} cannot be between ${min} and ${max}, and is ${min}; write the smaller number first`,
      });
      return new Parameter("_RANDOM", [String(min)]);
    }
    return new Parameter("_RANDOM", [String(this.#surroundings.random(min, max))]);
  }

  #environment(
    words: readonly string[],
    complain: (problem: ParameterProblem) => void,
  ): Parameter | undefined {
    const [variable] = words;
    if (variable === undefined || words.length > 1) {
      complain({
        code: "parameter-invalid",
        message: `\${_ENV} takes the name of one environment variable; write \${_ENV NAME}`,
      });
      return undefined;
    }
    const value = this.#surroundings.environment(variable);
    if (value === undefined)
      complain({
        code: "environment-unset",
        message: `the environment has no variable ${shortened(variable)}, nothing is put in its place; set it or write the value`,
      });
    // A line break in it would begin a line that nobody sees in the file.
    return new Parameter("_ENV", [(value ?? "").replace(/[\n\0]/g, " ")]);
  }
}
