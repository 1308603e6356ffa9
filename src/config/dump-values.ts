/**
 * A value of the model back to the words behind its keyword, by the kind of argument that the keyword's
 * row names. The opposite of arguments.ts.
 */
import type { Argument, KeywordRow } from "../../grammar/keywords/row.ts";

/** TUN may have options and stays as it was written. */
const forwardings: Readonly<Record<string, string>> = { masquerade: "NAT", direct: "DR" };

/**
 * @returns the words behind the keyword, `none` when the line has to be left out, `unknown` when the
 *   kind of value has no way back and the line stays as it was written
 */
export function writeValue(row: KeywordRow, value: unknown): readonly string[] | "none" | "unknown" {
  const { argument } = row;
  // An address that is not taken still says which family an instance is of.
  if (value === undefined) return argument.kind === "address" ? "unknown" : "none";
  switch (argument.kind) {
    case "none":
      return value === true ? [] : value === false ? "none" : "unknown";
    case "boolean":
      return typeof value === "boolean" ? [String(value)] : "unknown";
    case "integer":
    case "duration":
      return typeof value === "number" ? writeNumber(row, argument, value) : "unknown";
    case "word":
      return typeof value === "string" ? writeWord(argument, value) : "unknown";
    case "interface":
      // An instance without interface: unicast only.
      return typeof value !== "string" ? "unknown" : value === "" ? "none" : [value];
    case "string":
    case "address":
    case "digest":
    case "scheduler":
      return typeof value === "string" ? [value] : "unknown";
    case "forwarding": {
      const word = typeof value === "string" ? forwardings[value] : undefined;
      return word === undefined ? "unknown" : [word];
    }
    case "host":
      return isRecord(value) && typeof value["host"] === "string"
        ? [value["host"], String(value["port"])]
        : "unknown";
    case "endpoint":
      return isRecord(value) && typeof value["address"] === "string"
        ? [value["address"], String(value["port"])]
        : "unknown";
    case "statusCodes":
      return Array.isArray(value) ? value.map(writeRange) : "unknown";
    case "cpus":
      return Array.isArray(value) && value.length > 0 ? value.map(String) : "none";
    default:
      return "unknown";
  }
}

function writeNumber(
  row: KeywordRow,
  argument: Extract<Argument, { kind: "integer" | "duration" }>,
  value: number,
): readonly string[] | "unknown" {
  const written = value / (row.scale ?? scaleOf(argument));
  // What the builder made of a value may be nothing that one can write: a quorum of 0, for example.
  if (written < argument.min || written > argument.max) return "unknown";
  if (argument.kind === "integer" && !Number.isInteger(written)) return "unknown";
  return [String(Number(written.toFixed(6)))];
}

/** Durations are microseconds in the model, numbers are what they are unless their row has a scale. */
function scaleOf(argument: Extract<Argument, { kind: "integer" | "duration" }>): number {
  if (argument.kind === "duration") return argument.unit === "ms" ? 1000 : 1_000_000;
  return argument.unit === "s" ? 1_000_000 : 1;
}

function writeWord(
  argument: Extract<Argument, { kind: "word" }>,
  value: string,
): readonly string[] | "unknown" {
  const word = argument.words.find((w) => w === value || w.toLowerCase() === value);
  return word === undefined ? "unknown" : [word];
}

function writeRange(range: unknown): string {
  const { from, to } = range as { readonly from: number; readonly to: number };
  return from === to ? String(from) : `${from}-${to}`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
