/**
 * Where text comes from. Every token carries a source id and an offset; line, column and the chain of
 * includes are computed only when somebody asks. Lines that parameters and sequences have made are
 * sources of their own, whose places are those of the line in the file that they were made from.
 */

/** Why a source exists at all, when it is not the main file. */
export interface Origin {
  readonly note: "included from" | "expanded from";
  readonly source: number;
  readonly offset: number;
}

/** How one line of an expanded source came about. */
export interface Expansion {
  /** the variables of the sequences around it, `i=3, j=1`; empty without any */
  readonly values: string;
  /** the line of a multi-line definition that it repeats; source -1: none */
  readonly definedSource: number;
  readonly definedOffset: number;
}

export interface Source {
  readonly id: number;
  readonly name: string;
  readonly text: string;
  readonly origin: Origin | undefined;
  /** of an expanded source, one for each of its lines */
  readonly expansions: readonly Expansion[] | undefined;
}

/** A place for people: 1-based line and column (in characters). */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** All texts that one load has read, found by id. */
export class SourceMap {
  readonly #sources: Source[] = [];
  readonly #lineStarts = new Map<number, Uint32Array>();

  add(name: string, text: string, origin?: Origin, expansions?: readonly Expansion[]): Source {
    const source = { id: this.#sources.length, name, text, origin, expansions };
    this.#sources.push(source);
    return source;
  }

  get(id: number): Source {
    const source = this.#sources[id];
    if (source === undefined) throw new RangeError(`no source ${id}`);
    return source;
  }

  /** The place in a file; for an expanded line, the line that it was expanded from. */
  place(id: number, offset: number): Place {
    const { name, origin, expansions } = this.get(id);
    if (expansions !== undefined && origin !== undefined) return this.place(origin.source, origin.offset);
    const line = this.#lineIndex(id, offset);
    return { file: name, line: line + 1, column: this.columnInLine(id, offset) };
  }

  /** A span for people, its end behind the last character; for an expanded line, all of the line it came from. */
  range(id: number, start: number, end: number): { readonly from: Place; readonly to: Place } {
    const from = this.place(id, start);
    const { origin, expansions } = this.get(id);
    if (expansions === undefined || origin === undefined) return { from, to: this.place(id, end) };
    const line = this.lineText(origin.source, origin.offset);
    return { from, to: { ...from, column: line.length + 1 } };
  }

  /** 1-based column within `lineText`, which for an expanded line is no column of the file. */
  columnInLine(id: number, offset: number): number {
    return offset - (this.#starts(id)[this.#lineIndex(id, offset)] as number) + 1;
  }

  /** The text of the line that contains an offset, expanded where it is, without its line end. */
  lineText(id: number, offset: number): string {
    const text = this.get(id).text;
    const start = offset === 0 ? 0 : text.lastIndexOf("\n", offset - 1) + 1;
    const end = text.indexOf("\n", offset);
    const line = text.slice(start, end < 0 ? text.length : end);
    return line.endsWith("\r") ? line.slice(0, -1) : line;
  }

  /** How the line at an offset was expanded; undefined for text that stands in a file. */
  expansionAt(id: number, offset: number): Expansion | undefined {
    return this.get(id).expansions?.[this.#lineIndex(id, offset)];
  }

  /**
   * Numbers that put places in the order of the text when they are compared one by one: the offset in
   * the main file first, then for each file or expansion on the way its id and the offset in it.
   */
  orderOf(id: number, offset: number): readonly number[] {
    const { origin } = this.get(id);
    if (origin === undefined) return [offset];
    return [...this.orderOf(origin.source, origin.offset), id, offset];
  }

  /** 0-based */
  #lineIndex(id: number, offset: number): number {
    const starts = this.#starts(id);
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #starts(id: number): Uint32Array {
    const known = this.#lineStarts.get(id);
    if (known !== undefined) return known;
    const text = this.get(id).text;
    const starts = [0];
    for (let i = text.indexOf("\n"); i >= 0; i = text.indexOf("\n", i + 1)) starts.push(i + 1);
    const packed = Uint32Array.from(starts);
    this.#lineStarts.set(id, packed);
    return packed;
  }
}
