/**
 * The names that iproute2 gives to numbers: routing tables, protocols, scopes, service types, link
 * groups, realms. Knows the built-in ones, and reads the machine's files when a name is none of them.
 */
import type { NameTable } from "../../grammar/keywords/row.ts";

const builtIn: Readonly<Record<NameTable, Readonly<Record<string, number>>>> = {
  rt_tables: { unspec: 0, default: 253, main: 254, local: 255 },
  rt_protos: {
    unspec: 0,
    redirect: 1,
    kernel: 2,
    boot: 3,
    static: 4,
    gated: 8,
    ra: 9,
    mrt: 10,
    zebra: 11,
    bird: 12,
    dnrouted: 13,
    xorp: 14,
    ntk: 15,
    dhcp: 16,
    keepalived: 18,
    babel: 42,
    bgp: 186,
    isis: 187,
    ospf: 188,
    rip: 189,
    eigrp: 192,
  },
  rt_scopes: { global: 0, universe: 0, site: 200, link: 253, host: 254, nowhere: 255 },
  rt_dsfield: {},
  group: { default: 0 },
  rt_realms: { cosmos: 0 },
};

/** What the loader's system offers for this. */
export interface NameFiles {
  /** @throws when there is no such file */
  readFile(path: string): Uint8Array;
}

export class IprouteNames {
  readonly #files: NameFiles;
  /** a name in an earlier directory counts */
  readonly #directories: readonly string[];
  readonly #read = new Map<NameTable, ReadonlyMap<string, number>>();

  /** @param etc, usr where the files are, unless in the usual places */
  constructor(files: NameFiles, etc = "/etc/iproute2", usr = "/usr/share/iproute2") {
    this.#files = files;
    this.#directories = [etc, usr];
  }

  /** A number (decimal, 0x hexadecimal) or a name; undefined when it is neither. */
  number(table: NameTable, text: string): number | undefined {
    if (/^(0x[0-9a-f]{1,8}|[0-9]{1,10})$/i.test(text)) return Number(text);
    const known = builtIn[table];
    return Object.hasOwn(known, text) ? known[text] : this.#fromFiles(table).get(text);
  }

  /** The names that a message can offer. */
  known(table: NameTable): readonly string[] {
    return [...new Set([...Object.keys(builtIn[table]), ...this.#fromFiles(table).keys()])];
  }

  #fromFiles(table: NameTable): ReadonlyMap<string, number> {
    const before = this.#read.get(table);
    if (before !== undefined) return before;
    const names = new Map<string, number>();
    for (const directory of this.#directories)
      for (const line of this.#text(`${directory}/${table}`).split("\n")) {
        const match = /^\s*(0x[0-9a-f]+|[0-9]+)\s+([^\s#]+)/i.exec(line);
        const name = match?.[2];
        if (name !== undefined && !names.has(name)) names.set(name, Number(match?.[1]));
      }
    this.#read.set(table, names);
    return names;
  }

  #text(path: string): string {
    try {
      return Buffer.from(this.#files.readFile(path)).toString("utf8");
    } catch {
      // A machine without iproute2 has the built-in names only.
      return "";
    }
  }
}
