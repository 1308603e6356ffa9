/**
 * What the text of a `track_file` says. Decides which number it is; never reads a file.
 *
 * @see keepalived.conf(5) track_file
 */

/** What strtol(3) with base 0 takes: blanks, a sign, then a hexadecimal, octal or decimal number. */
const NUMBER = /^[ \t\n\v\f\r]*([+-]?)(?:0[xX]([0-9a-fA-F]+)|(0[0-7]*)|([1-9][0-9]*))/;

/** @returns 0 for a text without a number, undefined for one outside 32 bits */
export function fileValue(text: string): number | undefined {
  const [, sign, hexadecimal, octal, decimal = "0"] = NUMBER.exec(text) ?? [];
  const size =
    hexadecimal !== undefined
      ? Number.parseInt(hexadecimal, 16)
      : octal !== undefined
        ? Number.parseInt(octal, 8)
        : Number(decimal);
  const value = sign === "-" && size !== 0 ? -size : size;
  return value < -2_147_483_648 || value > 2_147_483_647 ? undefined : value;
}
