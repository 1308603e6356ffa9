import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ledgerFaults, ledgerText } from "../lab/ledger.ts";
import { ledger } from "./ledger.ts";

test("every clause is held: by cases for and against it, elsewhere, or broken with a reason", () => {
  assert.deepEqual(ledgerFaults(ledger), []);
});

test("ledger.md is up to date (dist/node test/bfd/ledger.ts)", () => {
  assert.equal(readFileSync(join(import.meta.dirname, "ledger.md"), "utf8"), ledgerText(ledger));
});
