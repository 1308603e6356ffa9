/**
 * Where text comes from. Every token carries a source id and an offset; line, column and the chain of
 * includes are computed only when somebody asks. Later layers (parameters, sequences) add sources whose
 * text is the expanded line and whose origin is the place it was expanded from.
 */

/** Why a source exists at all, when it is not the main file. */
export interface Origin {
  readonly note: "included from" | "expanded from";
  readonly source: number;
  readonly offset: number;
}

export interface Source {
  readonly id: number;
  readonly name: string;
  readonly text: string;
  readonly origin: Origin | undefined;
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

  add(name: string, text: string, origin?: Origin): Source {
    const source = { id: this.#sources.length, name, text, origin };
    this.#sources.push(source);
    return source;
  }

  get(id: number): Source {
    const source = this.#sources[id];
    if (source === undefined) throw new RangeError(`no source ${id}`);
    return source;
  }

  place(id: number, offset: number): Place {
    const starts = this.#starts(id);
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return { file: this.get(id).name, line: low + 1, column: offset - (starts[low] as number) + 1 };
  }

  /** The text of the line that contains an offset, without its line end. */
  lineText(id: number, offset: number): string {
    const text = this.get(id).text;
    const start = offset === 0 ? 0 : text.lastIndexOf("\n", offset - 1) + 1;
    const end = text.indexOf("\n", offset);
    const line = text.slice(start, end < 0 ? text.length : end);
    return line.endsWith("\r") ? line.slice(0, -1) : line;
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
