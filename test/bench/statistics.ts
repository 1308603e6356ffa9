/** Order statistics and the printed table of ratios. */

/** @param q 0 to 1; nearest rank on the sorted copy */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export interface Row {
  readonly name: string;
  readonly unit: string;
  readonly c: number;
  readonly ours: number;
  /** the ratio ours / C that the project wants to stay under */
  readonly target: number;
}

/** One aligned line per measurement, ratio first read. */
export function renderTable(rows: readonly Row[]): string {
  const head = ["measurement", "unit", "C", "ours", "ratio", "target"];
  const body = rows.map((r) => [
    r.name,
    r.unit,
    r.c.toFixed(r.c < 10 ? 2 : 0),
    r.ours.toFixed(r.ours < 10 ? 2 : 0),
    (r.ours / r.c).toFixed(2),
    `<= ${r.target}${r.ours / r.c <= r.target ? "" : "  MISSED"}`,
  ]);
  const widths = head.map((h, i) => Math.max(h.length, ...body.map((b) => (b[i] ?? "").length)));
  return [head, ...body].map((cells) => cells.map((c, i) => c.padEnd(widths[i] ?? 0)).join("  ")).join("\n");
}
