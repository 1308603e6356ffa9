/**
 * Generic netlink (linux/genetlink.h): the name of a family becomes its number. Never knows a family.
 */
import { InternalError } from "../base/errors.ts";
import type { NetlinkSocket } from "./netlink.ts";

/** struct genlmsghdr, 4 bytes: the header of every generic netlink body */
export function genericHeader(command: number, version: number): Uint8Array {
  return Uint8Array.of(command, version, 0, 0);
}

/**
 * @param socket a NETLINK_GENERIC socket
 * @returns the message type of the family, for example of `IPVS`
 * @throws DaemonError ENOENT when the kernel has no such family
 */
export function resolveFamily(socket: NetlinkSocket, name: string): number {
  throw new InternalError(`not yet ${name} ${socket.fd}`);
}
