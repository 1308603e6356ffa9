/**
 * A JSON schema of the model, for programs that read it: what the rows of the tables name as their
 * fields, nested as the blocks are. Fields that no keyword gives by itself (`where`, addresses of heads)
 * are not listed and not forbidden. Durations are microseconds unless the row has a scale.
 */
import type { Argument, KeywordRow } from "../keywords/row.ts";
import { blockNamed } from "../keywords/table.ts";
import { notice } from "./words.ts";

interface Schema {
  description?: string;
  type?: string | readonly string[];
  items?: Schema;
  properties?: Record<string, Schema>;
  anyOf?: Schema[];
}

export function modelSchema(): string {
  const root = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $comment: notice,
    title: "Effective configuration",
    ...blockSchema("(root)"),
  };
  return `${JSON.stringify(root, undefined, 2)}\n`;
}

function blockSchema(name: string): Schema {
  const schema: Schema = { type: "object" };
  for (const row of blockNamed(name).rows)
    if (row.field !== undefined) place(schema, row.field, valueSchema(row));
  return schema;
}

/** Puts a value at a dotted path; several rows for one path are alternatives. */
function place(schema: Schema, path: string, value: Schema): void {
  const [key = "", ...rest] = path.split(".");
  schema.properties ??= {};
  const { properties } = schema;
  const before = properties[key];
  if (rest.length > 0) {
    const inner = before ?? { type: "object" };
    properties[key] = inner;
    place(alternative(inner), rest.join("."), value);
  } else if (before === undefined) properties[key] = value;
  else properties[key] = merged(before, value);
}

/** Of a list the elements, of an object itself. */
function alternative(schema: Schema): Schema {
  return schema.type === "array" && schema.items !== undefined ? schema.items : schema;
}

/** Blocks of several kinds in one list: an element is one of them. */
function merged(a: Schema, b: Schema): Schema {
  if (a.type === "array" && b.type === "array" && a.items !== undefined && b.items !== undefined) {
    const before = a.items.anyOf ?? [a.items];
    return { ...a, items: { anyOf: [...before, b.items] } };
  }
  return a;
}

function valueSchema(row: KeywordRow): Schema {
  const { argument } = row;
  const description = row.help;
  if (argument.kind === "block") {
    const block = blockSchema(argument.block);
    return row.again === "add" || argument.head !== "none"
      ? { description, type: "array", items: block }
      : { ...block, description };
  }
  return { description: describe(row, argument), ...typeOf(argument) };
}

function describe(row: KeywordRow, argument: Argument): string {
  if (argument.kind !== "duration" && argument.kind !== "integer") return row.help;
  const isTime = argument.kind === "duration" || argument.unit === "s";
  if (!isTime || row.scale === 1) return row.help;
  return `${row.help} (${row.scale === 100 ? "hundredths of a second" : "microseconds"})`;
}

/** A flag may be a bit of a number, a word may be another one in the model. */
function typeOf(argument: Argument): Schema {
  switch (argument.kind) {
    case "integer":
    case "duration":
      return { type: ["integer", "null"] };
    case "string":
    case "interface":
    case "address":
    case "digest":
    case "scheduler":
      return { type: ["string", "null"] };
    case "statusCodes":
    case "cpus":
    case "list":
      return { type: ["array", "object", "null"] };
    default:
      return {};
  }
}
