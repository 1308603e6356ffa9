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
    }
  /** decimal number; the model holds integer microseconds */
  | {
      readonly kind: "duration";
      /** seconds */
      readonly min: number;
      readonly max: number;
    }
  | {
      readonly kind: "word";
      readonly words: readonly string[];
      readonly ignoreCase?: boolean;
      readonly optional?: boolean;
    }
  | { readonly kind: "string"; readonly max?: number; readonly optional?: boolean }
  | { readonly kind: "interface" }
  | { readonly kind: "address"; readonly multicast?: boolean }
  /** ADDR [PORT] */
  | { readonly kind: "endpoint" }
  /** HOST|ADDR [PORT] */
  | { readonly kind: "host"; readonly port: number }
  /** SCRIPT [user [group]] */
  | { readonly kind: "script" }
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
  | { readonly kind: "forwarding" }
  | { readonly kind: "cpus" }
  /** anything, kept as words; `least` are required */
  | { readonly kind: "words"; readonly least: number }
  /** `{ … }` with values, one or several a line */
  | { readonly kind: "list"; readonly items: "words" | "addresses" | "interfaces" | "anything" }
  /** `{ … }` with keywords of another table */
  | { readonly kind: "block"; readonly block: string; readonly head: BlockHead };

export type BlockHead = "none" | "name" | "virtualServer" | "endpoint";

export interface KeywordRow {
  readonly keyword: string;
  readonly argument: Argument;
  /** path of the value in the block's part of the model; absent while the model has no place for it */
  readonly field?: string;
  /** as one would write it, or in words where it depends on something else */
  readonly default?: string;
  readonly help: string;
  /** first version that knows it, where that matters */
  readonly since?: string;
  /** other spellings */
  readonly aliases?: readonly string[];
  /** spellings that still work but are reported */
  readonly deprecated?: readonly string[];
  /**
   * what a second one in the same block does; `last` unless said otherwise. `strongest`: the word that
   * stands first in the row's list wins, wherever it is.
   */
  readonly again?: "last" | "first" | "add" | "strongest";
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

/** One option word of an address line (`10.0.0.1/24 dev eth0 label eth0:1`). */
export interface OptionRow {
  readonly keyword: string;
  readonly aliases?: readonly string[];
  readonly argument: "none" | "interface" | "scope" | "broadcast" | "label" | "address" | "word";
  readonly help: string;
  readonly effect: "works" | "parsed";
}
