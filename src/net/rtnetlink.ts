/**
 * Links and addresses over rtnetlink. Decides how a wanted address becomes a kernel message and how a
 * message becomes a link or an address; never decides which addresses are wanted.
 *
 * Address bodies go through the codecs of the `netlink` package. Links are read here: of some fifty
 * attributes six matter, and one that a newer kernel changed must not hide the link.
 */

import {
  type AddressFlags,
  formatAddressFlags,
  formatAddressMessage,
  parseAddressFlags,
  parseAddressMessage,
} from "netlink/dist/rt/structs.js";
import { AttrStream } from "netlink/dist/structs.js";
import { bytesOf, type Family, familyOf, formatIpAddress, type IpAddress } from "../base/address.ts";
import { AttributeWriter, attributes } from "../base/attributes.ts";
import type { DaemonError } from "../base/errors.ts";
import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  IFA_PROTO,
  IFF_RUNNING,
  IFF_UP,
  IFLA_ADDRESS,
  IFLA_BROADCAST,
  IFLA_EXT_MASK,
  IFLA_GROUP,
  IFLA_IFNAME,
  IFLA_INFO_DATA,
  IFLA_INFO_KIND,
  IFLA_LINK,
  IFLA_LINK_NETNSID,
  IFLA_LINKINFO,
  IFLA_MACVLAN_MODE,
  IFLA_MASTER,
  IFLA_MTU,
  IFLA_VRF_TABLE,
  IFLA_WIRELESS,
  NETLINK_ROUTE,
  NLM_F_CREATE,
  NLM_F_REPLACE,
  RTEXT_FILTER_SKIP_STATS,
  RTM_DELADDR,
  RTM_GETADDR,
  RTM_GETLINK,
  RTM_NEWADDR,
  RTPROT_KEEPALIVED,
} from "./constants.ts";
import type { KernelAddress, ObjectOperation, RouteIdentity, RuleIdentity } from "./kernel-objects.ts";
import type { Native } from "./native-api.ts";
import { type NetlinkRequest, NetlinkSocket } from "./netlink.ts";
import { decodeRoute, routeProtocol, routeRequest } from "./route-codec.ts";
import { RTM_GETROUTE, RTM_GETRULE } from "./route-constants.ts";
import { decodeRule, ruleRequest } from "./rule-codec.ts";

export interface Link {
  readonly index: number;
  readonly name: string;
  /** IFF_* of linux/if.h */
  readonly flags: number;
  /** bytes */
  readonly mtu: number;
  /** 6 bytes on Ethernet, 20 on InfiniBand, none on some tunnels */
  readonly mac: Uint8Array;
  /** where all hear it, on links with addresses of 20 bytes */
  readonly broadcast?: Uint8Array;
  /** ARPHRD_* of linux/if_arp.h; 1 is Ethernet */
  readonly arphrd: number;
  /** IFF_UP and IFF_RUNNING */
  readonly up: boolean;
  /** IFLA_INFO_KIND, for example `macvlan`; undefined for hardware and loopback */
  readonly kind: string | undefined;
  /** index of the lower device of a macvlan, ipvlan or vlan; undefined when none or in another namespace */
  readonly parent: number | undefined;
  /** routing table of a VRF */
  readonly vrfTable?: number;
  /** index of the bridge, bond or VRF that the link belongs to */
  readonly master: number | undefined;
  /** link group, 0 unless somebody gave another */
  readonly group: number;
  /** MACVLAN_MODE_* of linux/if_link.h; undefined for what is no macvlan */
  readonly macvlanMode: number | undefined;
}

export interface InterfaceAddress {
  readonly ifindex: number;
  /** the local address, on point-to-point links too */
  readonly address: IpAddress;
  readonly prefixLength: number;
  /** IPv4 only; the name of the interface unless somebody gave another */
  readonly label?: string;
  readonly broadcast?: IpAddress;
  /** 0 global, 200 site, 253 link, 254 host */
  readonly scope: number;
  /** IFA_F_* of linux/if_addr.h */
  readonly flags: number;
}

/** sizeof struct ifinfomsg */
const LINK_HEADER = 16;
/** of InfiniBand */
const LONG_ADDRESS = 20;
const LIFETIME_INFINITE = 0xffff_ffff;

/** Reads and changes links and addresses of the network namespace in which it was opened. */
export class RouteSocket {
  readonly #socket: NetlinkSocket;

  /** @throws DaemonError */
  constructor(native: Native) {
    this.#socket = new NetlinkSocket(native, NETLINK_ROUTE);
  }

  /** @throws DaemonError */
  links(): Link[] {
    const body = new AttributeWriter(new Uint8Array(LINK_HEADER)).u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    return this.#socket
      .dump({ type: RTM_GETLINK, flags: 0, body: body.finish(), name: "RTM_GETLINK" })
      .map((message) => decodeLink(message.body))
      .filter((link) => link !== undefined);
  }

  /** Of both families and all interfaces. @throws DaemonError */
  addresses(): InterfaceAddress[] {
    return this.#socket
      .dump({ type: RTM_GETADDR, flags: 0, body: new Uint8Array(8), name: "RTM_GETADDR" })
      .map((message) => decodeAddress(message.body))
      .filter((address) => address !== undefined);
  }

  /**
   * Applies in order, in batches. Adding an address that is there already succeeds.
   *
   * @returns the refusal of operation i at index i, undefined for success; EADDRNOTAVAIL, ESRCH or ENOENT
   * for deleting what is not there, ENODEV for an interface that is gone, EEXIST for a route or rule that
   * is there already
   */
  applyObjects(operations: readonly ObjectOperation[]): readonly (DaemonError | undefined)[] {
    return this.#socket.requestBatch(operations.map(objectRequest));
  }

  /** Routes of one family that were set under one protocol number, of all tables. @throws DaemonError */
  routes(family: Family, protocol: number): readonly RouteIdentity[] {
    const body = Buffer.alloc(12);
    body[0] = family === "ipv6" ? AF_INET6 : AF_INET;
    body[5] = protocol;
    return this.#socket
      .dump({ type: RTM_GETROUTE, flags: 0, body, name: "RTM_GETROUTE" })
      .flatMap((message) => {
        // Kernels before 5.0 do not filter.
        const route = routeProtocol(message.body) === protocol ? decodeRoute(message.body) : undefined;
        return route ?? [];
      });
  }

  /** @throws DaemonError */
  rules(family: Family): readonly RuleIdentity[] {
    const body = Buffer.alloc(12);
    body[0] = family === "ipv6" ? AF_INET6 : AF_INET;
    return this.#socket
      .dump({ type: RTM_GETRULE, flags: 0, body, name: "RTM_GETRULE" })
      .flatMap((message) => decodeRule(message.body) ?? []);
  }

  close(): void {
    this.#socket.close();
  }
}

function objectRequest({ action, object }: ObjectOperation): NetlinkRequest {
  switch (object.kind) {
    case "address":
      return addressRequest(action, object.address);
    case "route":
      return routeRequest(action, object.route);
    case "rule":
      return ruleRequest(action, object.rule);
  }
}

/** IFA_F_* by the word of the file; for IPv6 `-nodad` takes back what is the default here. */
const flagWords: ReadonlyMap<string, AddressFlags> = new Map<string, AddressFlags>([
  ["home", { homeaddress: true }],
  ["mngtmpaddr", { managetempaddr: true }],
  ["noprefixroute", { noprefixroute: true }],
  ["autojoin", { mcautojoin: true }],
]);

function addressFlags(a: KernelAddress, ipv6: boolean): AddressFlags {
  const words = a.addressFlags ?? [];
  return Object.assign(
    ipv6 && !words.includes("-nodad") ? { nodad: true } : {},
    ...words.map((word) => flagWords.get(word)),
  );
}

/**
 * RTM_NEWADDR or RTM_DELADDR with the attributes that keepalived sets: IPv6 without duplicate address
 * detection unless asked for, and IFA_PROTO, which kernels before 5.18 ignore.
 */
export function addressRequest(action: "add" | "delete", a: KernelAddress): NetlinkRequest {
  const ipv6 = familyOf(a.address) === "ipv6";
  const adding = action === "add";
  const flags = adding ? addressFlags(a, ipv6) : {};
  const preferred = a.preferredLft ?? (ipv6 && a.prefixLength === 128 ? 0 : "forever");
  const out = new AttrStream();
  formatAddressMessage(
    {
      kind: "address",
      data: {
        family: ipv6 ? AF_INET6 : AF_INET,
        prefixlen: a.prefixLength,
        flags: parseAddressFlags(formatAddressFlags(flags) & 0xff),
        scope: a.scope,
        index: a.ifindex,
      },
      attrs: {
        local: Buffer.from(bytesOf(a.address)),
        address: Buffer.from(bytesOf(a.peer ?? a.address)),
        ...(adding && a.label !== undefined && !ipv6 ? { label: a.label } : {}),
        ...(adding && a.broadcast !== undefined ? { broadcast: Buffer.from(bytesOf(a.broadcast)) } : {}),
        ...(adding && preferred !== "forever"
          ? { cacheInfo: { ifaPrefered: preferred, ifaValid: LIFETIME_INFINITE } }
          : {}),
        ...(formatAddressFlags(flags) > 0xff ? { flags } : {}),
      },
    },
    out,
  );
  if (adding) out.push(IFA_PROTO, Uint8Array.of(RTPROT_KEEPALIVED));
  return {
    type: adding ? RTM_NEWADDR : RTM_DELADDR,
    flags: adding ? NLM_F_CREATE | NLM_F_REPLACE : 0,
    body: Buffer.concat(out.bufs),
    name: adding ? "RTM_NEWADDR" : "RTM_DELADDR",
  };
}

/**
 * A body of RTM_NEWLINK or RTM_DELLINK.
 *
 * @returns undefined for a body that is damaged or does not describe the whole link: a bridge speaks about
 * its ports (AF_BRIDGE) and a wireless driver about its events with the same message types
 */
export function decodeLink(body: Buffer): Link | undefined {
  if (body.length < LINK_HEADER || body.readUInt8(0) !== AF_UNSPEC) return undefined;
  const index = body.readInt32LE(4);
  const flags = body.readUInt32LE(8);
  let name: string | undefined;
  let mtu = 0;
  let mac: Uint8Array = new Uint8Array();
  let kind: string | undefined;
  let lower: number | undefined;
  let lowerElsewhere = false;
  let vrfTable: number | undefined;
  let master: number | undefined;
  let group = 0;
  let macvlanMode: number | undefined;
  let broadcast: Uint8Array | undefined;
  for (const a of attributes(body, LINK_HEADER)) {
    if (a.type === IFLA_WIRELESS) return undefined;
    if (a.type === IFLA_IFNAME) name = textOf(a.payload);
    else if (a.type === IFLA_MTU) mtu = u32Of(a.payload) ?? 0;
    else if (a.type === IFLA_ADDRESS) mac = Uint8Array.from(a.payload);
    else if (a.type === IFLA_BROADCAST && a.payload.length === LONG_ADDRESS)
      broadcast = Uint8Array.from(a.payload);
    else if (a.type === IFLA_LINK) lower = u32Of(a.payload);
    else if (a.type === IFLA_LINK_NETNSID) lowerElsewhere = true;
    else if (a.type === IFLA_MASTER) master = u32Of(a.payload);
    else if (a.type === IFLA_GROUP) group = u32Of(a.payload) ?? 0;
    else if (a.type === IFLA_LINKINFO) {
      kind = kindOf(a.payload);
      if (kind === "vrf") vrfTable = kindNumber(a.payload, IFLA_VRF_TABLE);
      if (kind === "macvlan") macvlanMode = kindNumber(a.payload, IFLA_MACVLAN_MODE);
    }
  }
  if (name === undefined) return undefined;
  return {
    index,
    name,
    flags,
    mtu,
    mac,
    ...(broadcast === undefined ? {} : { broadcast }),
    arphrd: body.readUInt16LE(2),
    up: (flags & IFF_UP) !== 0 && (flags & IFF_RUNNING) !== 0,
    kind,
    // the other end of a veth pair stands in the same attribute, but it carries nothing
    parent: lower === 0 || lower === index || lowerElsewhere || kind === "veth" ? undefined : lower,
    ...(vrfTable === undefined ? {} : { vrfTable }),
    master,
    group,
    macvlanMode,
  };
}

/** A body of RTM_NEWADDR or RTM_DELADDR. @returns undefined when it is damaged */
export function decodeAddress(body: Buffer): InterfaceAddress | undefined {
  try {
    const { data, attrs } = parseAddressMessage(body);
    const local = attrs.local ?? attrs.address;
    const size = data.family === AF_INET ? 4 : data.family === AF_INET6 ? 16 : 0;
    if (local === undefined || local.length !== size || data.index === undefined) return undefined;
    if (attrs.broadcast !== undefined && attrs.broadcast.length !== size) return undefined;
    return {
      ifindex: data.index,
      address: formatIpAddress(local),
      prefixLength: data.prefixlen ?? 0,
      ...(attrs.label === undefined ? {} : { label: attrs.label }),
      ...(attrs.broadcast === undefined ? {} : { broadcast: formatIpAddress(attrs.broadcast) }),
      scope: data.scope ?? 0,
      flags: formatAddressFlags(attrs.flags ?? data.flags ?? {}),
    };
  } catch {
    return undefined; // the codec throws plain errors for lengths that do not fit
  }
}

function kindOf(info: Buffer): string | undefined {
  for (const a of attributes(info)) if (a.type === IFLA_INFO_KIND) return textOf(a.payload);
  return undefined;
}

/** A number that the kind of a link keeps in IFLA_INFO_DATA. */
function kindNumber(info: Buffer, type: number): number | undefined {
  for (const data of attributes(info))
    if (data.type === IFLA_INFO_DATA)
      for (const a of attributes(data.payload)) if (a.type === type) return u32Of(a.payload);
  return undefined;
}

/** The payload up to its first NUL. */
function textOf(payload: Buffer): string {
  const end = payload.indexOf(0);
  return payload.toString("utf8", 0, end < 0 ? payload.length : end);
}

function u32Of(payload: Buffer): number | undefined {
  return payload.length === 4 ? payload.readUInt32LE(0) : undefined;
}
