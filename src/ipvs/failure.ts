/**
 * What the kernel's refusal of one operation means, in the words of the configuration. Pure; decides
 * only the sentence. The causes of each number were seen with Linux 6.1 (net/netfilter/ipvs).
 */
import { familyOf } from "../base/address.ts";
import type { DaemonError } from "../base/errors.ts";
import { familyOfService } from "./codec.ts";
import { destinationKey, type IpvsOperation, type IpvsService, identityOf, serviceKey } from "./model.ts";

/**
 * The reason without the subject, to stand behind `virtual_server 10.0.0.1:80 (keepalived.conf:12): `,
 * for example `scheduler "foo": not found`.
 */
export function describeFailure(o: IpvsOperation, error: DaemonError): string {
  switch (error.code) {
    case "EPERM":
      return "not permitted, IPVS needs CAP_NET_ADMIN";
    case "EAFNOSUPPORT":
      return "the kernel's IPVS was built without IPv6";
    case "EEXIST":
      return `${subjectOf(o)}: already exists`;
    case "ESRCH":
      return `service ${serviceKey(identityOf(o))}: not found`;
    case "ENOENT":
      if (o.kind === "addService" || o.kind === "editService") return missingModule(o.service);
      return `${subjectOf(o)}: not found`;
    default:
      return `${subjectOf(o)}: ${suspect(o, error.code) ?? error.message}`;
  }
}

/** Where the number alone says little, but the operation shows what the kernel must have minded. */
function suspect(o: IpvsOperation, code: string): string | undefined {
  if (o.kind !== "addDestination" && o.kind !== "editDestination") return undefined;
  const { weight, lowerThreshold, upperThreshold, forwarding, address } = o.destination;
  if (code === "ERANGE" && lowerThreshold > upperThreshold)
    return `lower threshold ${lowerThreshold} is above the upper threshold ${upperThreshold}`;
  if (code === "ERANGE") return `weight ${weight} is out of range`;
  if (code === "EINVAL" && forwarding !== "tunnel" && familyOf(address) !== familyOfService(o.service))
    return "a server of the other address family can only be reached by TUN";
  // also for an IPv4 address in a namespace that has no local routing table yet
  if (code === "EINVAL") return "not a unicast address, or no interface was ever up here";
  return undefined;
}

/** The kernel does not say which of the two it missed. */
function missingModule(s: IpvsService): string {
  const scheduler = `scheduler "${s.scheduler}"`;
  if (s.persistenceEngine === undefined) return `${scheduler}: not found`;
  return `${scheduler} or persistence engine "${s.persistenceEngine}": not found`;
}

function subjectOf(o: IpvsOperation): string {
  return "destination" in o
    ? `destination ${destinationKey(o.destination)}`
    : `service ${serviceKey(identityOf(o))}`;
}
