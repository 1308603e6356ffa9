/**
 * What an instance or a group tracks: the lines of `track_script`, `track_file`, `track_process`,
 * `track_bfd`, and the objects that these lines name. An object must stand before its use, as in
 * keepalived; one that comes too late is said to.
 */
import { trackItem } from "../../grammar/keywords/options.ts";
import { nearestOf } from "../../grammar/keywords/table.ts";
import type { Statement } from "../../grammar/parser.ts";
import type { Draft } from "./draft.ts";
import type { TrackedObject } from "./model-vrrp.ts";
import { OptionWords } from "./option-words.ts";
import { type Position, Reporter } from "./reporter.ts";
import { readInteger } from "./words.ts";

export type TrackedKind = "script" | "file" | "process" | "bfd";

interface KindFacts {
  /** the block that defines such an object */
  readonly block: string;
  /** largest weight that counts */
  readonly most: number;
  /** largest weight that is accepted, and reduced */
  readonly accepted: number;
}

const kinds: Readonly<Record<TrackedKind, KindFacts>> = {
  script: { block: "vrrp_script", most: 253, accepted: 254 },
  file: { block: "track_file", most: 254, accepted: 254 },
  process: { block: "vrrp_track_process", most: 254, accepted: 254 },
  bfd: { block: "bfd_instance", most: 253, accepted: 253 },
};

export const trackOptions: OptionWords = new OptionWords(trackItem);

/** An object that can be tracked: its own weight is the default of those who track it. */
export interface Trackable {
  readonly name: string;
  readonly weight: number;
  readonly reverse: boolean;
}

interface Unresolved {
  readonly kind: TrackedKind;
  readonly name: string;
  readonly owner: string;
  readonly position: Position;
}

/** All objects by kind and name, and who wanted one that was not there. */
export class Trackables {
  readonly #reporter: Reporter;
  readonly #byKind = new Map<TrackedKind, Map<string, { object: Trackable; position: Position }>>();
  readonly #used = new Set<Trackable>();
  readonly #unresolved: Unresolved[] = [];
  readonly #excused = new Set<string>();
  /** where a tracked object was asked for, for what is found out later */
  readonly #positions = new Map<TrackedObject, Position>();

  constructor(reporter: Reporter) {
    this.#reporter = reporter;
  }

  /**
   * The first definition of a name counts.
   *
   * @returns false when there is one already (reported)
   */
  add(kind: TrackedKind, object: Trackable, statement: Statement): boolean {
    const known = this.#byKind.get(kind) ?? new Map<string, { object: Trackable; position: Position }>();
    this.#byKind.set(kind, known);
    const before = known.get(object.name);
    if (before === undefined) {
      known.set(object.name, { object, position: Reporter.positionOf(statement) });
      return true;
    }
    this.#reporter.word(
      "keyword-repeated",
      statement,
      1,
      `${kinds[kind].block} ${object.name} is defined twice, the first one counts; remove one of them`,
      [this.#reporter.firstDefinedAt(before.position)],
    );
    return false;
  }

  /** A definition that was refused, with a message that is enough. */
  excuse(kind: TrackedKind, name: string): void {
    this.#excused.add(`${kind} ${name}`);
  }

  isUsed(object: Trackable): boolean {
    return this.#used.has(object);
  }

  positionOf(tracked: TrackedObject): Position | undefined {
    return this.#positions.get(tracked);
  }

  /**
   * The lines of one list.
   *
   * @param owner for messages: `vrrp_instance VI_1`
   */
  read(draft: Draft, kind: TrackedKind, owner: string): readonly TrackedObject[] {
    const result: TrackedObject[] = [];
    for (const line of draft.lines(`track_${kind}`)) {
      const name = line.words[0];
      if (name === undefined) continue;
      const found = this.#byKind.get(kind)?.get(name)?.object;
      if (found === undefined) {
        if (!this.#excused.has(`${kind} ${name}`))
          this.#unresolved.push({ kind, name, owner, position: Reporter.positionOf(line) });
        continue;
      }
      if (result.some((tracked) => tracked.name === name)) {
        this.#reporter.word(
          "track-duplicate",
          line,
          0,
          `${owner} tracks ${name} already, this line is ignored; remove one of them`,
        );
        continue;
      }
      this.#used.add(found);
      const tracked = this.#options(line, kind, found);
      this.#positions.set(tracked, Reporter.positionOf(line));
      result.push(tracked);
    }
    return result;
  }

  /** To be called once, when all objects are known. */
  reportUnresolved(): void {
    for (const { kind, name, owner, position } of this.#unresolved) {
      const { block } = kinds[kind];
      const known = this.#byKind.get(kind);
      const later = known?.get(name);
      const near = later === undefined ? nearestOf(known?.keys() ?? [], name) : undefined;
      const instead =
        later !== undefined
          ? `move its ${block} in front of this`
          : near === undefined
            ? `define it: ${block} ${name} { … }`
            : `did you mean ${near}?`;
      this.#reporter.word(
        "track-unknown",
        position,
        0,
        `${owner} tracks ${name}, which no ${block} before it defines, so that nothing is tracked; ${instead}`,
        later === undefined ? [] : [{ note: "defined here", span: this.#reporter.spanOf(later.position, 0) }],
      );
    }
  }

  #options(line: Statement, kind: TrackedKind, object: Trackable): TrackedObject {
    const { most, accepted } = kinds[kind];
    let { weight, reverse } = object;
    for (let i = 1; i < line.words.length; i++) {
      const word = line.words[i] as string;
      if (word === "reverse") reverse = true;
      else if (word === "noreverse") reverse = false;
      else if (word === "weight") {
        const value = readInteger(this.#reporter, line, ++i, "weight", -accepted, accepted);
        if (value !== undefined) weight = reduceWeight(this.#reporter, line, i, value, most);
      } else
        this.#reporter.word(
          "option-unknown",
          line,
          i,
          `unknown option "${word}", ignored${trackOptions.hint(word) || `; write: ${object.name} weight -${most}..${most} [reverse|noreverse]`}`,
        );
    }
    return { name: object.name, weight, reverse };
  }
}

/** 254 would make the priority an owner's: 253 is the most. */
export function reduceWeight(
  reporter: Reporter,
  line: Statement,
  word: number,
  value: number,
  most: number,
): number {
  const weight = Math.max(-most, Math.min(most, value));
  if (weight !== value)
    reporter.word(
      "number-corrected",
      line,
      word,
      `weight ${value} would make the priority an owner's; ${weight} is taken`,
    );
  return weight;
}
