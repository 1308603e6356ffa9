/**
 * Generic netlink (linux/genetlink.h): the name of a family becomes its number. Never knows a family.
 */
import { AttributeWriter, attributes } from "../base/attributes.ts";
import {
  CTRL_ATTR_FAMILY_ID,
  CTRL_ATTR_FAMILY_NAME,
  CTRL_CMD_GETFAMILY,
  ENOENT,
  GENL_ID_CTRL,
} from "./constants.ts";
import { kernelError } from "./errno.ts";
import type { NetlinkSocket } from "./netlink.ts";

/** Bytes of `genericHeader`: where the attributes of a generic netlink body begin. */
export const GENERIC_HEADER_LENGTH = 4;

/** struct genlmsghdr: the header of every generic netlink body */
export function genericHeader(command: number, version: number): Uint8Array {
  return Uint8Array.of(command, version, 0, 0);
}

/**
 * Asks the kernel for the number of a family; the kernel may load the module that offers it.
 *
 * @param socket a NETLINK_GENERIC socket
 * @param name for example `IPVS`, at most 15 bytes
 * @returns the message type of the family
 * @throws DaemonError ENOENT when the kernel has no such family
 */
export function resolveFamily(socket: NetlinkSocket, name: string): number {
  const body = new AttributeWriter(genericHeader(CTRL_CMD_GETFAMILY, 1)).string(CTRL_ATTR_FAMILY_NAME, name);
  for (const answer of socket.request({
    type: GENL_ID_CTRL,
    flags: 0,
    body: body.finish(),
    name: `CTRL_CMD_GETFAMILY ${name}`,
  }))
    for (const a of attributes(answer.body, GENERIC_HEADER_LENGTH))
      if (a.type === CTRL_ATTR_FAMILY_ID && a.payload.length === 2) return a.payload.readUInt16LE(0);
  throw kernelError("CTRL_CMD_GETFAMILY", ENOENT, name);
}
