/**
 * The IPVS table as plain data: services and destinations with identity keys. Two tables compare by
 * key and by the settings that keepalived controls; counters are not part of it.
 */
import type { Family, IpAddress } from "../base/address.ts";
import { assertNever } from "../base/errors.ts";
import type { Seconds } from "../base/units.ts";
import type { Forwarding, Protocol } from "../config/model.ts";

export type ServiceIdentity =
  | {
      readonly kind: "address";
      readonly protocol: Protocol;
      readonly address: IpAddress;
      readonly port: number;
    }
  | { readonly kind: "fwmark"; readonly mark: number; readonly family: Family };

export interface IpvsService {
  readonly identity: ServiceIdentity;
  readonly scheduler: string;
  /** IP_VS_SVC_F_* without HASHED; PERSISTENT is implied by `persistenceTimeout` */
  readonly flags: number;
  readonly persistenceTimeout: Seconds | undefined;
  readonly persistenceEngine: string | undefined;
  /**
   * Prefix length of the persistence granularity, 32 or 128 when none. Read from a kernel it can be -1:
   * an IPv4 mask with holes, which somebody else has set.
   */
  readonly persistencePrefixLength: number;
}

/** "local" and "bypass" exist in the kernel but not in a configuration: only a foreign entry has them. */
export type IpvsForwarding = Exclude<Forwarding, "fullNat"> | "local" | "bypass";

export interface IpvsDestination {
  readonly address: IpAddress;
  readonly port: number;
  readonly forwarding: IpvsForwarding;
  /** 0 to 2^31-1 */
  readonly weight: number;
  readonly upperThreshold: number;
  readonly lowerThreshold: number;
}

export interface IpvsEntry {
  readonly service: IpvsService;
  readonly destinations: ReadonlyMap<string, IpvsDestination>;
}

/** Services by `serviceKey`, destinations by `destinationKey`. */
export type IpvsTable = ReadonlyMap<string, IpvsEntry>;

/** `TCP 10.0.0.1:80`, `UDP [2001:db8::1]:53`, `FWM 7`, `FWM6 7`: unique and readable in messages. */
export function serviceKey(i: ServiceIdentity): string {
  if (i.kind === "fwmark") return i.family === "ipv6" ? `FWM6 ${i.mark}` : `FWM ${i.mark}`;
  return `${i.protocol.toUpperCase()} ${endpoint(i.address, i.port)}`;
}

/** `10.0.0.2:80`, `[2001:db8::2]:80` */
export function destinationKey(d: { readonly address: IpAddress; readonly port: number }): string {
  return endpoint(d.address, d.port);
}

function endpoint(address: IpAddress, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** One change of the kernel's table. Order matters: services before their destinations. */
export type IpvsOperation =
  | { readonly kind: "addService" | "editService"; readonly service: IpvsService }
  | { readonly kind: "deleteService"; readonly identity: ServiceIdentity }
  | {
      readonly kind: "addDestination" | "editDestination";
      readonly service: ServiceIdentity;
      readonly destination: IpvsDestination;
    }
  | {
      readonly kind: "deleteDestination";
      readonly service: ServiceIdentity;
      readonly destination: { readonly address: IpAddress; readonly port: number };
    };

/** Which service an operation is about. */
export function identityOf(o: IpvsOperation): ServiceIdentity {
  switch (o.kind) {
    case "addService":
    case "editService":
      return o.service.identity;
    case "deleteService":
      return o.identity;
    case "addDestination":
    case "editDestination":
    case "deleteDestination":
      return o.service;
    default:
      return assertNever(o);
  }
}
