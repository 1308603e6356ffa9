/** Debian's keepalived and ours on one wire, every case both ways round. */
import { after, describe, test } from "node:test";
import type { Make } from "../lab/daemon.ts";
import { ROUTERS, type Router } from "../lab/wire.ts";
import { type MatrixTimes, play } from "./vrrp-matrix.ts";
import { cases } from "./vrrp-matrix-cases.ts";

/** They mostly wait. */
const AT_ONCE = 10;

/** `MATRIX_MAKES=c/c,ours/ours` plays other pairs: the first shows that a row is valid. */
const pairs = (process.env["MATRIX_MAKES"] ?? "c/ours,ours/c").split(",").map((text) => {
  const [r1, r2] = text.split("/") as [Make, Make];
  return { r1, r2 };
});

function table(results: ReadonlyMap<string, MatrixTimes>): string {
  const columns = ["stop", "kill", "link", "back", "clean", "overlap"] as const;
  const width = Math.max(...[...results.keys()].map((name) => name.length));
  const head = `${"milliseconds".padEnd(width)} ${columns.map((c) => c.padStart(8)).join("")}`;
  const rows = [...results].map(
    ([name, times]) =>
      `${name.padEnd(width)} ${columns.map((c) => times[c].toFixed(0).padStart(8)).join("")}`,
  );
  return [head, ...rows.sort()].join("\n");
}

describe("the interop matrix", { concurrency: AT_ONCE }, () => {
  const results = new Map<string, MatrixTimes>();
  after(() => {
    if (results.size > 0) process.stdout.write(`${table(results)}\n`);
  });
  for (const row of cases)
    for (const makes of pairs) {
      const who = ROUTERS.map((router: Router) => makes[router]).join(" over ");
      test(`${row.name}: ${who}`, async () => {
        results.set(`${row.name}: ${who}`, await play(row, makes));
      });
    }
});
