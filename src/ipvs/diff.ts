/**
 * Actual table × desired table → the operations that make one into the other. Pure; decides what is
 * sent and in which order, never whether the desired table is right.
 */
import type { IpvsDestination, IpvsEntry, IpvsOperation, IpvsService, IpvsTable } from "./model.ts";

export interface DiffOptions {
  /**
   * What happens to a service that is in the kernel but not desired: `delete` makes the tables equal,
   * `keep` leaves it to whoever made it. Default `delete`.
   */
  readonly foreign?: "keep" | "delete";
  /**
   * Services, by `serviceKey`, that this daemon made: with `keep` only these are deleted when they are
   * no longer desired. Default: none.
   */
  readonly owned?: ReadonlySet<string>;
}

/**
 * The smallest list of operations after which `actual` equals `desired`; nothing when it does already.
 *
 * First whole services go, then each desired service in the order of its table: the service itself, new
 * destinations, changed ones, and destinations that leave at last, so that a service whose servers are
 * exchanged is never without one. Destinations of a desired service are all ours.
 */
export function diffTables(
  actual: IpvsTable,
  desired: IpvsTable,
  options: DiffOptions = {},
): IpvsOperation[] {
  const { foreign = "delete", owned } = options;
  const out: IpvsOperation[] = [];
  for (const [key, { service }] of actual)
    if (!desired.has(key) && (foreign === "delete" || owned?.has(key) === true))
      out.push({ kind: "deleteService", identity: service.identity });
  for (const [key, entry] of desired) pushEntry(out, actual.get(key), entry);
  return out;
}

function pushEntry(out: IpvsOperation[], actual: IpvsEntry | undefined, desired: IpvsEntry): void {
  const { service } = desired;
  if (actual === undefined) out.push({ kind: "addService", service });
  else if (!sameService(actual.service, service)) out.push({ kind: "editService", service });
  const identity = service.identity;
  const edits: IpvsOperation[] = [];
  for (const [key, destination] of desired.destinations) {
    const present = actual?.destinations.get(key);
    if (present === undefined) out.push({ kind: "addDestination", service: identity, destination });
    else if (!sameDestination(present, destination))
      edits.push({ kind: "editDestination", service: identity, destination });
  }
  for (const edit of edits) out.push(edit);
  if (actual === undefined) return;
  for (const [key, { address, port }] of actual.destinations)
    if (!desired.destinations.has(key))
      out.push({ kind: "deleteDestination", service: identity, destination: { address, port } });
}

/** Two services with the same identity that the kernel would treat alike. */
function sameService(a: IpvsService, b: IpvsService): boolean {
  return (
    a.scheduler === b.scheduler &&
    a.flags === b.flags &&
    a.persistenceTimeout === b.persistenceTimeout &&
    a.persistenceEngine === b.persistenceEngine &&
    a.persistencePrefixLength === b.persistencePrefixLength
  );
}

/** Two destinations with the same address and port that the kernel would treat alike. */
function sameDestination(a: IpvsDestination, b: IpvsDestination): boolean {
  return (
    a.forwarding === b.forwarding &&
    a.weight === b.weight &&
    a.upperThreshold === b.upperThreshold &&
    a.lowerThreshold === b.lowerThreshold
  );
}
