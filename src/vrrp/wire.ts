/**
 * How one virtual router speaks and whom it believes: where its adverts go, what they look like, which
 * rules arriving ones must meet. Keeps what authentication has to remember between adverts; never sends,
 * and never decides what an advert means.
 */
import type { Family, IpAddress } from "../base/address.ts";
import type { Datagram } from "../base/ip-packet.ts";
import type { VrrpInstanceConfig } from "../config/model.ts";
import type { UnicastConfig } from "../config/model-vrrp.ts";
import { type CheckedAdvert, checkAdvert, type ReceiveRules } from "./admission.ts";
import {
  type Authentication,
  type ChecksumMode,
  encodeAdvert,
  HOP_LIMIT,
  PROTOCOL_AH,
  PROTOCOL_VRRP,
  passwordData,
} from "./packet.ts";
import type { VrrpParams } from "./state.ts";

/** The groups of instances that name none: `vrrp_mcast_group4` and `vrrp_mcast_group6`. */
export type McastGroups = Readonly<Record<Family, IpAddress>>;

/** RFC 9568 §5.1.1.2 and §5.1.2.2. */
export const standardGroups: McastGroups = {
  ipv4: "224.0.0.18" as IpAddress,
  ipv6: "ff02::12" as IpAddress,
};

/** One advert for one destination; `OutgoingDatagram` of src/net/raw-socket.ts. */
export interface Outgoing {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly hopLimit: number;
  readonly payload: Uint8Array;
  /** completes the IPv4 packet in place */
  readonly seal?: ((packet: Buffer) => void) | undefined;
}

/** What a socket must be opened for. */
export interface Listening {
  readonly protocol: number;
  /** the group, or our own address with unicast */
  readonly address: IpAddress;
  /** whose adverts are ours when several routers listen there with one VRID; undefined: everybody's */
  readonly peers: ReadonlySet<IpAddress> | undefined;
}

/** What follows from the configuration alone. */
interface Settings {
  readonly config: VrrpInstanceConfig;
  readonly groups: McastGroups;
  readonly authentication: Authentication;
  readonly rules: ReceiveRules;
  readonly destinations: readonly IpAddress[];
}

/** The same advert again, as long as nothing of it changes. */
interface LastAdvert {
  readonly params: VrrpParams;
  readonly priority: number;
  readonly source: IpAddress;
  readonly pdus: readonly Uint8Array[];
}

export class Wire {
  #settings: Settings;
  /** our adverts carry the old unicast checksum: configured, or a peer was heard that writes it */
  #oldChecksum: boolean;
  #last: LastAdvert | undefined;

  constructor(config: VrrpInstanceConfig, groups: McastGroups) {
    this.#settings = settingsOf(config, groups);
    this.#oldChecksum = config.oldUnicastChecksum === "always";
  }

  /** A reload gives other words; sequence numbers go on. */
  configure(config: VrrpInstanceConfig, groups: McastGroups): void {
    this.#settings = settingsOf(config, groups);
    this.#oldChecksum = config.oldUnicastChecksum === "always";
    this.#last = undefined;
  }

  /** @param source what our adverts come from; undefined: nothing can be heard with unicast */
  listening(source: IpAddress | undefined): Listening | undefined {
    const { config, authentication, destinations } = this.#settings;
    const isUnicast = config.unicast !== undefined;
    const address = isUnicast ? source : destinations[0];
    if (address === undefined) return undefined;
    const protocol = authentication.type === "ah" ? PROTOCOL_AH : PROTOCOL_VRRP;
    return { protocol, address, peers: isUnicast ? new Set(destinations) : undefined };
  }

  /** @returns the checks' answer; the first advert with an old checksum makes ours old, too */
  check(datagram: Datagram): CheckedAdvert & { readonly switched: boolean } {
    const checked = checkAdvert(datagram, this.#settings.rules);
    const switched = checked.ok && checked.oldChecksum && !this.#oldChecksum;
    if (switched) {
      this.#oldChecksum = true;
      this.#last = undefined;
    }
    return { ...checked, switched };
  }

  /** The advert of a router, one for each who shall hear it. @param priority 0 resigns */
  adverts(params: VrrpParams, priority: number, source: IpAddress): readonly Outgoing[] {
    const { config, destinations } = this.#settings;
    const hopLimit = config.unicast?.ttl ?? HOP_LIMIT;
    return this.#pdus(params, priority, source).flatMap((payload, i) => {
      const destination = destinations[i];
      return destination === undefined ? [] : { source, destination, hopLimit, payload };
    });
  }

  #pdus(params: VrrpParams, priority: number, source: IpAddress): readonly Uint8Array[] {
    const last = this.#last;
    if (last?.params === params && last.priority === priority && last.source === source) return last.pdus;
    const { config, authentication, destinations } = this.#settings;
    const { version, virtualRouterId, advertInterval: interval, addresses } = params;
    const advert = { version, virtualRouterId, priority, interval, addresses };
    const pdus = destinations.map((destination) =>
      encodeAdvert(advert, config.family, authentication, this.#checksum(source, destination)),
    );
    this.#last = { params, priority, source, pdus };
    return pdus;
  }

  #checksum(source: IpAddress, destination: IpAddress): ChecksumMode {
    const { config, groups } = this.#settings;
    if (config.family === "ipv6") return { kind: "kernel" };
    if (config.version === 2 || config.v3ChecksumAsV2 === true) return { kind: "message-only" };
    const isOld = this.#oldChecksum && config.unicast !== undefined;
    return { kind: "pseudo-header", source, destination: isOld ? groups.ipv4 : destination };
  }
}

function settingsOf(config: VrrpInstanceConfig, groups: McastGroups): Settings {
  return {
    config,
    groups,
    authentication: authenticationOf(config),
    rules: receiveRulesOf(config, groups),
    destinations: config.unicast?.peers.map(({ address }) => address) ?? [
      config.mcastDstIp ?? groups[config.family],
    ],
  };
}

function authenticationOf({ authentication }: VrrpInstanceConfig): Authentication {
  if (authentication === undefined) return { type: "none" };
  if (authentication.type === "AH") return { type: "ah" };
  return { type: "pass", data: passwordData(authentication.password) };
}

/** What the words of a vrrp_instance ask of arriving adverts. */
export function receiveRulesOf(c: VrrpInstanceConfig, groups: McastGroups): ReceiveRules {
  return {
    version: c.version,
    family: c.family,
    authentication: authenticationOf(c),
    interval: c.advertInt,
    transport: c.unicast === undefined ? "multicast" : "unicast",
    checksum: c.v3ChecksumAsV2 === true && c.version === 3 ? "any" : "verified",
    oldChecksumGroup: forgivesOldChecksum(c) ? groups.ipv4 : undefined,
    ignoresAll: c.priority === 255 && c.ownerIgnoreAdverts === true,
    peers: peersOf(c.unicast),
  };
}

function forgivesOldChecksum(c: VrrpInstanceConfig): boolean {
  return c.version === 3 && c.unicast !== undefined && c.oldUnicastChecksum !== "never";
}

function peersOf(unicast: UnicastConfig | undefined): ReceiveRules["peers"] {
  return unicast?.checkSource === true ? unicast.peers : undefined;
}
