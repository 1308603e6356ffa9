/** What a child says of a reload, in one line. */

export interface Changes {
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
}

/**
 * @param what is counted, for example `vrrp instances`
 * @returns for example `vrrp instances: 1 added, 2 changed`; empty when everything stayed as it was
 */
export function reloadSummary(what: string, { added, removed, changed }: Changes): string {
  const parts = [
    [added, "added"],
    [removed, "removed"],
    [changed, "changed"],
  ] as const;
  const said = parts.filter(([n]) => n > 0).map(([n, word]) => `${n} ${word}`);
  return said.length === 0 ? "" : `${what}: ${said.join(", ")}`;
}
