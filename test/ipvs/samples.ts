/** Short ways to say services and destinations in tests. */
import { type IpAddress, parseIpAddress } from "../../src/base/address.ts";
import type { Seconds } from "../../src/base/units.ts";
import type { Protocol } from "../../src/config/model.ts";
import {
  destinationKey,
  type IpvsDestination,
  type IpvsEntry,
  type IpvsService,
  type IpvsTable,
  type ServiceIdentity,
  serviceKey,
} from "../../src/ipvs/model.ts";

export function ip(text: string): IpAddress {
  const parsed = parseIpAddress(text);
  if (parsed === undefined) throw new TypeError(`not an address: ${text}`);
  return parsed;
}

export function address(protocol: Protocol, text: string, port: number): ServiceIdentity {
  return { kind: "address", protocol, address: ip(text), port };
}

/** A plain round robin service unless told otherwise. */
export function service(
  identity: ServiceIdentity,
  more: Partial<Omit<IpvsService, "identity" | "persistenceTimeout">> & { readonly timeout?: number } = {},
): IpvsService {
  const ipv6 = identity.kind === "fwmark" ? identity.family === "ipv6" : identity.address.includes(":");
  const { timeout, ...rest } = more;
  return {
    identity,
    scheduler: "rr",
    flags: 0,
    persistenceTimeout: timeout as Seconds | undefined,
    persistenceEngine: undefined,
    persistencePrefixLength: ipv6 ? 128 : 32,
    ...rest,
  };
}

/** A directly routed server of weight 1 unless told otherwise. */
export function destination(
  text: string,
  port: number,
  more: Partial<Omit<IpvsDestination, "address" | "port">> = {},
): IpvsDestination {
  return {
    address: ip(text),
    port,
    forwarding: "direct",
    weight: 1,
    upperThreshold: 0,
    lowerThreshold: 0,
    ...more,
  };
}

export function entryOf(s: IpvsService, destinations: readonly IpvsDestination[] = []): IpvsEntry {
  return { service: s, destinations: new Map(destinations.map((d) => [destinationKey(d), d])) };
}

export function tableOf(...entries: readonly IpvsEntry[]): IpvsTable {
  return new Map(entries.map((e) => [serviceKey(e.service.identity), e]));
}
