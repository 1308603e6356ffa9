/**
 * The operations between two tables of one virtual server that this process itself computed. Pure.
 * The comparison with what the kernel really holds is ipvs/diff.ts's; here both sides are ours.
 */
import type {
  IpvsDestination,
  IpvsEntry,
  IpvsOperation,
  IpvsService,
  ServiceIdentity,
} from "../ipvs/model.ts";

/**
 * New and changed servers come before leaving ones, so that an exchange never leaves the service
 * without any.
 *
 * @param before undefined: the service does not exist yet
 * @param after undefined: the service shall not exist
 */
export function entryChanges(before: IpvsEntry | undefined, after: IpvsEntry | undefined): IpvsOperation[] {
  if (after === undefined)
    return before === undefined ? [] : [{ kind: "deleteService", identity: before.service.identity }];
  const out: IpvsOperation[] = [];
  const service = after.service.identity;
  if (before === undefined) out.push({ kind: "addService", service: after.service });
  else if (!sameService(before.service, after.service))
    out.push({ kind: "editService", service: after.service });
  for (const [key, destination] of after.destinations) {
    const change = destinationChange(service, before?.destinations.get(key), destination);
    if (change !== undefined) out.push(change);
  }
  if (before === undefined) return out;
  for (const [key, destination] of before.destinations) {
    const change = after.destinations.has(key)
      ? undefined
      : destinationChange(service, destination, undefined);
    if (change !== undefined) out.push(change);
  }
  return out;
}

/** The one operation, if any, that turns `was` into `now`. */
export function destinationChange(
  service: ServiceIdentity,
  was: IpvsDestination | undefined,
  now: IpvsDestination | undefined,
): IpvsOperation | undefined {
  if (now === undefined) {
    if (was === undefined) return undefined;
    return { kind: "deleteDestination", service, destination: { address: was.address, port: was.port } };
  }
  if (was === undefined) return { kind: "addDestination", service, destination: now };
  return sameDestination(was, now) ? undefined : { kind: "editDestination", service, destination: now };
}

function sameService(a: IpvsService, b: IpvsService): boolean {
  return (
    a.scheduler === b.scheduler &&
    a.flags === b.flags &&
    a.persistenceTimeout === b.persistenceTimeout &&
    a.persistenceEngine === b.persistenceEngine &&
    a.persistencePrefixLength === b.persistencePrefixLength
  );
}

function sameDestination(a: IpvsDestination, b: IpvsDestination): boolean {
  return (
    a.weight === b.weight &&
    a.forwarding === b.forwarding &&
    a.upperThreshold === b.upperThreshold &&
    a.lowerThreshold === b.lowerThreshold
  );
}
