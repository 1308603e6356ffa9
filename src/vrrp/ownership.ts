/**
 * Which addresses must be added and deleted so that an instance's interfaces hold exactly what it should
 * own. Compares what is wanted with what is there; never talks to the kernel, and running it twice does
 * nothing the second time.
 */
import type { IpAddress } from "../base/address.ts";

/** An address on an interface, as the kernel knows it. */
export interface OwnedAddress {
  readonly ifindex: number;
  readonly address: IpAddress;
  readonly prefixLength: number;
  readonly label?: string;
  readonly broadcast?: IpAddress;
  /** rtnetlink scope, 0 is global */
  readonly scope: number;
}

export type OwnershipOperation = OwnedAddress & { readonly kind: "add" | "delete" };

/** What the kernel tells addresses apart by. */
export function addressKey(a: Pick<OwnedAddress, "ifindex" | "address" | "prefixLength">): string {
  return `${a.ifindex} ${a.address}/${a.prefixLength}`;
}

/**
 * Deletions first, in reverse order of `actual`, so that secondary addresses go before their primary;
 * then additions in the order of `desired`, which decides what becomes primary.
 *
 * @param actual what is there and is ours to delete
 * @param desired what should be there; of two entries with one key the first counts
 */
export function diffAddresses(
  actual: readonly OwnedAddress[],
  desired: readonly OwnedAddress[],
): OwnershipOperation[] {
  const wanted = new Map<string, OwnedAddress>();
  for (const d of desired) if (!wanted.has(addressKey(d))) wanted.set(addressKey(d), d);
  const kept = new Set<string>();
  const operations: OwnershipOperation[] = [];
  for (const a of [...actual].reverse()) {
    const d = wanted.get(addressKey(a));
    if (d !== undefined && sameAttributes(a, d)) kept.add(addressKey(a));
    else operations.push({ ...a, kind: "delete" });
  }
  for (const [key, d] of wanted) if (!kept.has(key)) operations.push({ ...d, kind: "add" });
  return operations;
}

/** A label or broadcast that the configuration does not name may be whatever the kernel chose. */
function sameAttributes(actual: OwnedAddress, desired: OwnedAddress): boolean {
  return (
    actual.scope === desired.scope &&
    (desired.label === undefined || desired.label === actual.label) &&
    (desired.broadcast === undefined || desired.broadcast === actual.broadcast)
  );
}
