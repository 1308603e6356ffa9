/** Writes ledger.md: `dist/node test/bfd/ledger.ts`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Ledger, ledgerText } from "../lab/ledger.ts";
import { clauses } from "./clauses.ts";

export const ledger: Ledger = { folder: "test/bfd", clauses };

if (process.argv[1] === import.meta.filename)
  writeFileSync(join(import.meta.dirname, "ledger.md"), ledgerText(ledger));
