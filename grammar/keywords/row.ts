/**
 * The shape of the keyword tables: one row per keyword and block. Parsing, checking, defaults, messages,
 * dumps and help are driven by these rows; a keyword that is known anywhere else is a defect.
 */

/** What may follow a keyword. */
export type Argument =
  /** nothing; the keyword alone switches something on */
  | { readonly kind: "none" }
  /** `[BOOL]`: true|on|yes|false|off|no; the bare keyword means true */
  | { readonly kind: "boolean" }
  | {
      readonly kind: "integer";
      readonly min: number;
      readonly max: number;
      readonly unit?: "s" | "us" | "bytes";
      /** value of the bare keyword; without it the number is required */
      readonly bare?: number;
      /** a number beyond the range becomes the end of the range (reported) */
      readonly clamp?: boolean;
    }
  /** decimal number; the model holds integer microseconds */
  | {
      readonly kind: "duration";
      /** seconds, or what `unit` says */
      readonly min: number;
      readonly max: number;
      /** how the number is written; seconds without it */
      readonly unit?: "ms";
    }
  /** -MOST..MOST [reverse] */
  | { readonly kind: "weight"; readonly most: 253 | 254 }
  | {
      readonly kind: "word";
      readonly words: readonly string[];
      readonly ignoreCase?: boolean;
      readonly optional?: boolean;
    }
  /** `escaped`: with quotes and backslashes as in scripts */
  | {
      readonly kind: "string";
      readonly max?: number;
      readonly optional?: boolean;
      readonly escaped?: boolean;
    }
  | { readonly kind: "interface" }
  | { readonly kind: "address"; readonly multicast?: boolean }
  /** ADDR [PORT] */
  | { readonly kind: "endpoint" }
  /** HOST|ADDR [PORT] */
  | { readonly kind: "host"; readonly port: number }
  /** SCRIPT [user [group]]; `optional`: the keyword may stand alone */
  | { readonly kind: "script"; readonly optional?: boolean }
  /** USER [GROUP] */
  | { readonly kind: "user" }
  /** dotted IPv4 mask or IPv6 prefix length */
  | { readonly kind: "netmask" }
  /** N or A-B, repeated, 100 to 599 */
  | { readonly kind: "statusCodes" }
  /** 32 hexadecimal digits */
  | { readonly kind: "digest" }
  /** IPVS scheduler name */
  | { readonly kind: "scheduler" }
  /** NAT | DR | TUN [tunnel options] */
  | { readonly kind: "forwarding"; readonly options: readonly InlineOption[] }
  | { readonly kind: "cpus" }
  /** option words with their values in any order, behind an interface where `head` says so */
  | {
      readonly kind: "options";
      readonly head?: "interface";
      /** option words whose values may stand alone, in this order, directly behind the head */
      readonly positional?: readonly string[];
      readonly options: readonly InlineOption[];
    }
  /** hexadecimal digits in pairs, blanks allowed; with `wildcards` an x stands for any digit */
  | { readonly kind: "hex"; readonly wildcards: boolean; readonly optional?: boolean }
  /** PATH [USER [GROUP]] of a FIFO */
  | { readonly kind: "fifo" }
  /** anything, kept as words; `least` are required */
  | { readonly kind: "words"; readonly least: number }
  /** `{ … }` with values, one or several a line */
  | {
      readonly kind: "list";
      readonly items: "words" | "addresses" | "interfaces" | "anything";
      /** a name stands between keyword and brace */
      readonly named?: boolean;
    }
  /** `{ … }` with keywords of another table */
  | { readonly kind: "block"; readonly block: string; readonly head: BlockHead };

/** A word that may follow a keyword on its line, with its own value. */
export interface InlineOption {
  readonly keyword: string;
  readonly argument: Extract<Argument, { kind: "none" | "integer" | "word" | "string" | "address" }>;
  readonly default?: string;
  readonly help: string;
  readonly since?: string;
}

export type BlockHead = "none" | "name" | "virtualServer" | "endpoint";

export interface KeywordRow {
  readonly keyword: string;
  readonly argument: Argument;
  /** how the argument is written, where its kind does not say it: `{ IFNAME [weight N] ... }` */
  readonly syntax?: string;
  /** path of the value in the block's part of the model; absent while the model has no place for it */
  readonly field?: string;
  /** model units per unit as written, where it is not a microsecond per duration or just the number */
  readonly scale?: number;
  /** what stands for an absent one cannot be written: its presence alone means something */
  readonly implicit?: boolean;
  /** as one would write it, or in words where it depends on something else */
  readonly default?: string;
  readonly help: string;
  /** first version that knows it, where that matters */
  readonly since?: string;
  /** other spellings */
  readonly aliases?: readonly string[];
  /** spellings that still work but are reported */
  readonly deprecated?: readonly string[];
  /** old spellings that keepalived takes without a word; we name the present one, and nothing else changes */
  readonly former?: readonly string[];
  /**
   * what a second one in the same block does; `last` unless said otherwise. `strongest`: the word that
   * stands first in the row's list wins, wherever it is. `replace`: a block takes the place of the one before
   * it as a whole, where `last` would go on with it.
   */
  readonly again?: "last" | "first" | "add" | "strongest" | "replace";
  /** value that is taken when the given one is not valid; without it the line is dropped */
  readonly fallback?: string | number;
  /** never shown in a message */
  readonly secret?: boolean;
  /** without its argument the line is dropped, instead of the whole configuration */
  readonly lenient?: boolean;
  /** `parsed`: accepted and checked, but does nothing yet; a note says so */
  readonly effect: "works" | "parsed";
}

export interface BlockTable {
  /** the name under which `Argument.block` finds it; `(root)` is the file itself */
  readonly block: string;
  readonly rows: readonly KeywordRow[];
}

/** What may follow an option word inside a line. */
export type OptionArgument =
  | "none"
  | "interface"
  /** ADDR, + or - */
  | "broadcast"
  | "label"
  | "address"
  /** ADDR[/LEN], or `default`, `any`, `all` */
  | "prefix"
  /** [inet|inet6] ADDR */
  | "gateway"
  /** number in `min`..`max` */
  | "integer"
  /** number with a unit (`s`, `ms`), milliseconds without one */
  | "time"
  /** number, or a name from a table of iproute2: `names` says which */
  | "id"
  /** [SRC/]DST, each a number or a name of `rt_realms` */
  | "realms"
  /** VALUE[/MASK] */
  | "mark"
  /** START-END */
  | "range"
  /** one of `words` */
  | "choice"
  /** further words of another item: the encapsulations, the hops of a route */
  | "item"
  | "word";

/** Which file of iproute2 gives names to numbers. */
export type NameTable = "rt_tables" | "rt_protos" | "rt_scopes" | "rt_dsfield" | "group" | "rt_realms";

/** One option word of a line (`10.0.0.1/24 dev eth0 label eth0:1`). */
export interface OptionRow {
  readonly keyword: string;
  readonly aliases?: readonly string[];
  /** spellings that still work but are reported */
  readonly deprecated?: readonly string[];
  readonly argument: OptionArgument;
  /** range of an `integer` and of the numbers of an `id`, a `range` */
  readonly min?: number;
  readonly max?: number;
  readonly names?: NameTable;
  /** of a `choice` */
  readonly words?: readonly string[];
  /** `lock` may stand before the value */
  readonly lock?: boolean;
  /** how it is written, where `argument` does not say it */
  readonly syntax?: string;
  readonly default?: string;
  readonly help: string;
  readonly effect: "works" | "parsed";
}

/** The option words of one kind of line. */
export interface OptionTable {
  /** `address-item`, `route-item`, `track_*`: what the reference calls it */
  readonly item: string;
  readonly rows: readonly OptionRow[];
}
