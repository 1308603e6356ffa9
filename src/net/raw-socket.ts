/**
 * Sockets that carry VRRP adverts and Ethernet frames. Decides socket options and the IPv4 header;
 * never reads what is inside a packet.
 */
import type { IpAddress } from "../base/address.ts";
import { type DaemonError, InternalError } from "../base/errors.ts";
import type { Native } from "./native-api.ts";

/** What a VRRP socket tells; both run on the event loop. */
export interface VrrpSocketListener {
  /** @param packet the whole IPv4 packet with its header; a view that lives only during the call */
  packet(packet: Buffer): void;
  /** The socket goes on. ENETDOWN when the link went down. */
  error(error: DaemonError): void;
}

/** The receive and send sockets of one interface and group. */
export interface VrrpSocket {
  /**
   * One advert with IPv4 header: TOS 0xC0, TTL 255, DF clear, an id that counts up and is never 0.
   *
   * @returns false when the send queue is full and nothing went out
   * @throws DaemonError ENETDOWN, ENODEV, …
   */
  send(source: IpAddress, destination: IpAddress, pdu: Uint8Array): boolean;
  /** Reads what waits now instead of at the next turn of the loop. */
  drain(): void;
  close(): void;
}

/** @throws DaemonError, for example EPERM or ENODEV */
export function openVrrpSocket(
  native: Native,
  options: { readonly ifindex: number; readonly ifname: string; readonly group: IpAddress },
  listener: VrrpSocketListener,
): VrrpSocket {
  throw new InternalError(`not yet ${native} ${options} ${listener}`);
}

/** Sends whole link-layer frames (AF_PACKET); receives nothing. */
export interface PacketSocket {
  /**
   * @param frames complete frames with their Ethernet header
   * @returns how many went out; when fewer, call again with the rest: it sends or throws why not
   * @throws DaemonError ENETDOWN while the link is down, ENXIO when it is gone; the socket goes on
   */
  send(ifindex: number, frames: readonly Uint8Array[]): number;
  close(): void;
}

/** @throws DaemonError EPERM */
export function openPacketSocket(native: Native): PacketSocket {
  throw new InternalError(`not yet ${native}`);
}
