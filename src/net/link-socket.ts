/**
 * Makes, changes and deletes links over rtnetlink. Decides how a wanted link becomes kernel messages; never
 * decides which links are wanted.
 */
import { AttributeWriter } from "../base/attributes.ts";
import type { DaemonError } from "../base/errors.ts";
import {
  IFF_UP,
  IFLA_ADDRESS,
  IFLA_GROUP,
  IFLA_IFNAME,
  IFLA_INFO_DATA,
  IFLA_INFO_KIND,
  IFLA_IPVLAN_FLAGS,
  IFLA_IPVLAN_MODE,
  IFLA_LINK,
  IFLA_LINKINFO,
  IFLA_MACVLAN_MODE,
  IFLA_MASTER,
  IPVLAN_F_PRIVATE,
  IPVLAN_F_VEPA,
  IPVLAN_MODE_L2,
  MACVLAN_MODE_PRIVATE,
  NETLINK_ROUTE,
  NLM_F_CREATE,
  NLM_F_EXCL,
  RTM_DELLINK,
  RTM_NEWLINK,
  RTM_SETLINK,
} from "./constants.ts";
import type { KernelAddress } from "./kernel-objects.ts";
import type { Native } from "./native-api.ts";
import { type NetlinkRequest, NetlinkSocket } from "./netlink.ts";
import { addressRequest } from "./rtnetlink.ts";

/** A link on top of another one. It is made down. */
export interface NewLink {
  readonly name: string;
  /** index of the lower link */
  readonly parent: number;
  /** 0-4294967295 */
  readonly group: number;
  /** index of a VRF to belong to */
  readonly master: number | undefined;
  readonly type: /** private mode: no frames between it and its siblings */
    | { readonly kind: "macvlan"; readonly mac: Uint8Array }
    /** layer 2 mode */
    | { readonly kind: "ipvlan"; readonly flags: "bridge" | "private" | "vepa" };
}

/** What may be changed about a link; what is absent stays. */
export interface LinkChange {
  readonly index: number;
  readonly up?: boolean;
  readonly mac?: Uint8Array;
  readonly group?: number;
  /** 0: none */
  readonly master?: number;
}

/** So many links are deleted one by one. */
const FEW = 2;
/** A link group that nobody else has: the letters KALV. */
const DOOMED = 0x4b_41_4c_56;

/** Changes links of the network namespace in which it was opened. */
export class LinkSocket {
  readonly #socket: NetlinkSocket;

  /** @throws DaemonError */
  constructor(native: Native) {
    this.#socket = new NetlinkSocket(native, NETLINK_ROUTE);
  }

  /** @throws DaemonError EEXIST for a name that is taken, EOPNOTSUPP for a kernel without the kind */
  create(link: NewLink): void {
    this.#socket.request(newLinkRequest(link));
  }

  /** @throws DaemonError ENODEV when it is gone, EADDRINUSE for a MAC that a sibling has */
  change(change: LinkChange): void {
    this.#socket.request(changeLinkRequest(change));
  }

  /**
   * Deletes links. Of many the kernel waits for every single one until nobody uses it any more, but once for
   * a whole group: they get a group of their own first.
   *
   * @returns the refusal of link i at index i, undefined for success; ENODEV when it is gone
   */
  delete(indices: readonly number[]): readonly (DaemonError | undefined)[] {
    if (indices.length <= FEW) return this.#socket.requestBatch(indices.map((index) => deleteRequest(index)));
    const marked = this.#socket.requestBatch(
      indices.map((index) => changeLinkRequest({ index, group: DOOMED })),
    );
    const [refusal] = this.#socket.requestBatch([deleteRequest(0, DOOMED)]);
    return marked.map((error) => error ?? refusal);
  }

  /** One that is there already is no error. @throws DaemonError */
  addAddress(address: KernelAddress): void {
    this.#socket.request(addressRequest("add", address));
  }

  /** @throws DaemonError */
  request(request: NetlinkRequest): void {
    this.#socket.request(request);
  }

  close(): void {
    this.#socket.close();
  }
}

/** RTM_NEWLINK for a link that must not exist yet. */
export function newLinkRequest(link: NewLink): NetlinkRequest {
  const { type } = link;
  const body = new AttributeWriter(linkHeader(0, 0, 0))
    .string(IFLA_IFNAME, link.name)
    .u32(IFLA_LINK, link.parent)
    .u32(IFLA_GROUP, link.group);
  if (type.kind === "macvlan") body.bytes(IFLA_ADDRESS, type.mac);
  if (link.master !== undefined) body.u32(IFLA_MASTER, link.master);
  body.nested(IFLA_LINKINFO, (info) =>
    info.string(IFLA_INFO_KIND, type.kind).nested(IFLA_INFO_DATA, (data) => {
      if (type.kind === "macvlan") data.u32(IFLA_MACVLAN_MODE, MACVLAN_MODE_PRIVATE);
      else
        data.u16(IFLA_IPVLAN_MODE, IPVLAN_MODE_L2).u16(
          IFLA_IPVLAN_FLAGS,
          {
            bridge: 0,
            private: IPVLAN_F_PRIVATE,
            vepa: IPVLAN_F_VEPA,
          }[type.flags],
        );
    }),
  );
  return {
    type: RTM_NEWLINK,
    flags: NLM_F_CREATE | NLM_F_EXCL,
    body: body.finish(),
    name: "RTM_NEWLINK",
  };
}

/** RTM_SETLINK by index. */
export function changeLinkRequest(change: LinkChange): NetlinkRequest {
  const { index, up, mac, group, master } = change;
  const body = new AttributeWriter(
    linkHeader(index, up === true ? IFF_UP : 0, up === undefined ? 0 : IFF_UP),
  );
  if (mac !== undefined) body.bytes(IFLA_ADDRESS, mac);
  if (group !== undefined) body.u32(IFLA_GROUP, group);
  if (master !== undefined) body.u32(IFLA_MASTER, master);
  return { type: RTM_SETLINK, flags: 0, body: body.finish(), name: "RTM_SETLINK" };
}

/** @param group deletes all links of it; `index` is 0 then */
function deleteRequest(index: number, group?: number): NetlinkRequest {
  const body = new AttributeWriter(linkHeader(index, 0, 0));
  if (group !== undefined) body.u32(IFLA_GROUP, group);
  return { type: RTM_DELLINK, flags: 0, body: body.finish(), name: "RTM_DELLINK" };
}

/** struct ifinfomsg, linux/rtnetlink.h */
function linkHeader(index: number, flags: number, change: number): Uint8Array {
  const header = Buffer.alloc(16);
  header.writeInt32LE(index, 4);
  header.writeUInt32LE(flags, 8);
  header.writeUInt32LE(change, 12);
  return header;
}
