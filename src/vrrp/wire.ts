/**
 * How one virtual router speaks and whom it believes: where its adverts go, what they look like, which
 * rules arriving ones must meet. Keeps what authentication has to remember between adverts; never sends,
 * and never decides what an advert means.
 */
import { bytesOf, type Family, type IpAddress } from "../base/address.ts";
import type { Datagram } from "../base/ip-packet.ts";
import type { GlobalDefs, VrrpInstanceConfig } from "../config/model.ts";
import { type CheckedAdvert, checkAdvert, type ReceiveRules } from "./admission.ts";
import { HmacSession, TRAILER_LENGTH } from "./auth-hmac.ts";
import { AuthenticationHeader, type Mac } from "./authentication-header.ts";
import {
  AH_LENGTH,
  type Authentication,
  advertLength,
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

/** What authentication needs besides the configuration. */
export interface Secrets {
  /** undefined: no instance needs it */
  readonly mac: Mac | undefined;
  /** keys of `auth_hmac` by id; undefined: none, or none to sign with, so that it is off */
  keysOf(config: VrrpInstanceConfig): ReadonlyMap<number, Uint8Array> | undefined;
  /** wall time in microseconds since the epoch */
  wallMicros(): number;
}

/** Of configurations without authentication. */
export const noSecrets: Secrets = { mac: undefined, keysOf: () => undefined, wallMicros: () => 0 };

/** What all wires share. */
export interface WireContext {
  readonly groups: McastGroups;
  /** `vrrp_rx_bufs_policy` and `vrrp_rx_bufs_multiplier` */
  readonly buffers?: { readonly policy: number | "mtu" | "advert"; readonly multiplier: number } | undefined;
  readonly secrets: Secrets;
}

/** Packets for which an instance's share of a receive buffer has room, `vrrp_rx_bufs_multiplier`. */
const DEFAULT_MULTIPLIER = 3;

/** What a configuration says for all wires. */
export function contextOf(global: GlobalDefs, secrets: Secrets): WireContext {
  const { vrrpMcastGroup4: ipv4, vrrpMcastGroup6: ipv6 = standardGroups.ipv6 } = global;
  const { vrrpRxBufsPolicy: policy, vrrpRxBufsMultiplier: multiplier = DEFAULT_MULTIPLIER } = global;
  const buffers = policy === undefined ? undefined : { policy, multiplier };
  return { groups: { ipv4, ipv6 }, buffers, secrets };
}

/** Something about a believed advert that an operator should know. */
export type WireNews =
  | { readonly kind: "old-checksum" }
  /** positive: the sender's clock is ahead */
  | { readonly kind: "skew"; readonly seconds: number };

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
  /** bytes of receive buffer that the operator wants for this router; 0: no wish */
  readonly buffer: number;
}

/** What follows from the configuration. */
interface Settings {
  readonly config: VrrpInstanceConfig;
  readonly context: WireContext;
  readonly authentication: Authentication;
  readonly rules: ReceiveRules;
  readonly destinations: readonly IpAddress[];
  /** undefined: authentication is not of type AH */
  readonly header: AuthenticationHeader | undefined;
  /** undefined: no `auth_hmac` */
  readonly hmac: HmacSession | undefined;
}

/** The same advert again, as long as nothing of it changes. */
interface LastAdvert {
  readonly params: VrrpParams;
  readonly priority: number;
  readonly source: IpAddress;
  readonly pdus: readonly Uint8Array[];
}

/** A believed advert: as long as the same one comes again, the same answer holds. */
interface Heard {
  readonly rules: ReceiveRules;
  /** with bytes of its own */
  readonly datagram: Datagram;
  readonly answer: { readonly checked: CheckedAdvert; readonly news: undefined };
}

/** Equal in all that is checked; id and checksum of the IP header are not. */
function sameDatagram(a: Datagram, b: Datagram): boolean {
  return (
    a.source === b.source &&
    a.destination === b.destination &&
    a.hopLimit === b.hopLimit &&
    a.protocol === b.protocol &&
    a.totalLength === b.totalLength &&
    a.header.length === b.header.length &&
    Buffer.compare(a.payload, b.payload) === 0
  );
}

export class Wire {
  #settings: Settings;
  /** our adverts carry the old unicast checksum: configured, or a peer was heard that writes it */
  #oldChecksum: boolean;
  #last: LastAdvert | undefined;
  #heard: Heard | undefined;
  #skewed = false;

  constructor(config: VrrpInstanceConfig, context: WireContext) {
    this.#settings = settingsOf(config, context, undefined);
    this.#oldChecksum = config.oldUnicastChecksum === "always";
  }

  /** A reload gives other words. Sequences go on, that of `auth_hmac` as long as its own words stay. */
  configure(config: VrrpInstanceConfig, context: WireContext): void {
    this.#settings = settingsOf(config, context, this.#settings);
    this.#oldChecksum = config.oldUnicastChecksum === "always";
    this.#last = undefined;
  }

  /** @param source what our adverts come from; undefined: nothing can be heard with unicast */
  listening(source: IpAddress | undefined): Listening | undefined {
    const { config, context, authentication, destinations } = this.#settings;
    const isUnicast = config.unicast !== undefined;
    const address = isUnicast ? source : destinations[0];
    if (address === undefined) return undefined;
    const protocol = authentication.type === "ah" ? PROTOCOL_AH : PROTOCOL_VRRP;
    const peers = isUnicast ? new Set(destinations) : undefined;
    return { protocol, address, peers, buffer: bufferOf(config, context) };
  }

  /** @returns the checks' answer; the first advert with an old checksum makes ours old, too */
  check(datagram: Datagram): { readonly checked: CheckedAdvert; readonly news: WireNews | undefined } {
    const { rules, hmac } = this.#settings;
    const again = this.#heard;
    if (again !== undefined && again.rules === rules && sameDatagram(again.datagram, datagram))
      return again.answer;
    const checked = checkAdvert(datagram, rules);
    if (!checked.ok) return { checked, news: undefined };
    // What proves its freshness is never the same twice, and must be looked at each time.
    if (rules.verifyHeader === undefined && rules.verifyTrailer === undefined)
      this.#heard = {
        rules,
        datagram: { ...datagram, payload: Uint8Array.from(datagram.payload) },
        answer: { checked, news: undefined },
      };
    if (checked.oldChecksum && !this.#oldChecksum) {
      this.#oldChecksum = true;
      this.#last = undefined;
      return { checked, news: { kind: "old-checksum" } };
    }
    const seconds = hmac?.skew ?? 0;
    const isNews = seconds !== 0 && !this.#skewed;
    this.#skewed = seconds !== 0;
    return { checked, news: isNews ? { kind: "skew", seconds } : undefined };
  }

  /** The advert of a router, one for each who shall hear it. @param priority 0 resigns */
  adverts(params: VrrpParams, priority: number, source: IpAddress): readonly Outgoing[] {
    const { config, destinations, header } = this.#settings;
    const hopLimit = config.unicast?.ttl ?? HOP_LIMIT;
    const pdus = this.#pdus(params, priority, source);
    const trailer = this.#trailer(pdus[0], source);
    // Copies of one advert have one number.
    const sequence = header?.next() ?? 0;
    return pdus.flatMap((pdu, i): Outgoing[] => {
      const destination = destinations[i];
      if (destination === undefined) return [];
      const to = { source, destination, hopLimit };
      if (trailer !== undefined) return [{ ...to, payload: Buffer.concat([pdu, trailer]) }];
      if (header === undefined) return [{ ...to, payload: pdu }];
      const seal = (packet: Buffer): void => header.seal(packet, config.unicast === undefined);
      return [{ ...to, payload: header.wrap(pdu, bytesOf(source), sequence), seal }];
    });
  }

  /** It covers neither checksum nor destination: one is good for all peers. */
  #trailer(pdu: Uint8Array | undefined, source: IpAddress): Uint8Array | undefined {
    const { context, hmac } = this.#settings;
    if (pdu === undefined || hmac?.signs !== true) return undefined;
    return hmac.sign(pdu, source, context.secrets.wallMicros());
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
    const { config, context } = this.#settings;
    if (config.family === "ipv6") return { kind: "kernel" };
    if (config.version === 2 || config.v3ChecksumAsV2 === true) return { kind: "message-only" };
    const isOld = this.#oldChecksum && config.unicast !== undefined;
    return { kind: "pseudo-header", source, destination: isOld ? context.groups.ipv4 : destination };
  }
}

/** @param before whose sequences go on */
function settingsOf(
  config: VrrpInstanceConfig,
  context: WireContext,
  before: Settings | undefined,
): Settings {
  const { groups, secrets } = context;
  const multicast = config.unicast === undefined;
  const header = headerOf(config, secrets.mac, before?.header);
  const hmac = sessionOf(config, secrets, before?.hmac);
  return {
    config,
    context,
    authentication: authenticationOf(config),
    header,
    hmac,
    destinations: config.unicast?.peers.map(({ address }) => address) ?? [
      config.mcastDstIp ?? groups[config.family],
    ],
    rules: {
      ...receiveRulesOf(config, groups),
      // What is signed must come from a known sender: only then replays can be told.
      ...(hmac === undefined ? {} : { peers: config.unicast?.peers }),
      verifyHeader: header && ((datagram) => header.verify(datagram, multicast)),
      verifyTrailer:
        hmac && ((pdu, trailer, source) => hmac.verify(pdu, trailer, source, secrets.wallMicros())),
    },
  };
}

/** Bytes of the largest frame that Ethernet carries, whatever an interface's MTU is. */
const JUMBO_FRAME = 9216;
/** Bytes of the largest headers in front of an advert and behind it. */
const AROUND = 40 + AH_LENGTH + TRAILER_LENGTH;

/** What the operator wants a socket's buffer to hold for this router. */
function bufferOf(c: VrrpInstanceConfig, { buffers }: WireContext): number {
  if (c.kernelRxBufSize !== undefined) return c.kernelRxBufSize;
  if (buffers === undefined) return 0;
  const { policy, multiplier } = buffers;
  if (typeof policy === "number") return policy;
  const advert = AROUND + advertLength(c.version, c.family, c.virtualIpaddress.length);
  return multiplier * (policy === "mtu" ? JUMBO_FRAME : advert);
}

function headerOf(
  { authentication }: VrrpInstanceConfig,
  mac: Mac | undefined,
  before: AuthenticationHeader | undefined,
): AuthenticationHeader | undefined {
  if (authentication?.type !== "AH" || mac === undefined) return undefined;
  const key = passwordData(authentication.password);
  before?.rekey(key);
  return before ?? new AuthenticationHeader(mac, key);
}

function sessionOf(
  config: VrrpInstanceConfig,
  { mac, keysOf }: Secrets,
  before: HmacSession | undefined,
): HmacSession | undefined {
  const { authHmac, unicast } = config;
  const keys = authHmac === undefined ? undefined : keysOf(config);
  if (authHmac === undefined || keys === undefined || mac === undefined) return undefined;
  const { activeKey, timeWindow, antiReplay, mode } = authHmac;
  const rules = { keys, activeKey, timeWindow, antiReplay, mode, peers: unicast?.peers.length };
  return before?.follows(rules) === true ? before : new HmacSession(mac, rules);
}

function authenticationOf({ authentication }: VrrpInstanceConfig): Authentication {
  if (authentication === undefined) return { type: "none" };
  if (authentication.type === "AH") return { type: "ah" };
  return { type: "pass", data: passwordData(authentication.password) };
}

/** What the words of a vrrp_instance ask of arriving adverts. */
function receiveRulesOf(c: VrrpInstanceConfig, groups: McastGroups): ReceiveRules {
  const isUnicast = c.unicast !== undefined;
  return {
    version: c.version,
    family: c.family,
    authentication: authenticationOf(c),
    interval: c.advertInt,
    transport: isUnicast ? "unicast" : "multicast",
    checksum: c.v3ChecksumAsV2 === true && c.version === 3 ? "any" : "verified",
    oldChecksumGroup:
      c.version === 3 && isUnicast && c.oldUnicastChecksum !== "never" ? groups.ipv4 : undefined,
    ignoresAll: c.priority === 255 && c.ownerIgnoreAdverts === true,
    peers: c.unicast?.checkSource === true ? c.unicast.peers : undefined,
  };
}
