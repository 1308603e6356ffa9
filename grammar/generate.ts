/**
 * `npm run grammar`: writes everything that is made from the tables - the reference, editor syntax,
 * shell completion, the schema of the model. A test holds what is written to what would be written.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { completions } from "./generate/completion.ts";
import { reference } from "./generate/reference.ts";
import { modelSchema } from "./generate/schema.ts";
import { textMate } from "./generate/textmate.ts";
import { vim } from "./generate/vim.ts";

/** Every generated file with its contents; paths from the root of the repository. */
export function generatedFiles(): ReadonlyMap<string, string> {
  return new Map([
    ["grammar/REFERENCE.md", reference()],
    ["grammar/model.schema.json", modelSchema()],
    ...vim(),
    ...textMate(),
    ...completions(),
  ]);
}

if (process.argv[1] === import.meta.filename) {
  const root = path.resolve(import.meta.dirname, "..");
  for (const [file, text] of generatedFiles()) {
    const target = path.join(root, file);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, text);
  }
}
