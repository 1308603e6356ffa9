/**
 * Socket addresses as the kernel's structs (bits/sockaddr.h and friends) and back. Pure; decides byte
 * layout, never resolves a name. Encoding of sockaddr_un is in base/unix-address.ts.
 */
import { bytesOf, familyOf, formatIpAddress, type IpAddress } from "../base/address.ts";
import { AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_UNIX } from "./constants.ts";

/** What a decoded address says; `other` for families that nothing here speaks. */
export type SocketAddress =
  | { readonly kind: "inet"; readonly address: IpAddress; readonly port: number; readonly scopeId: number }
  | { readonly kind: "unix"; readonly path: string; readonly abstract: boolean }
  | { readonly kind: "netlink"; readonly port: number; readonly groups: number }
  | {
      readonly kind: "link";
      /** ETH_P_* in host byte order */
      readonly protocol: number;
      readonly ifindex: number;
      readonly mac: Uint8Array;
    }
  | { readonly kind: "other"; readonly family: number };

/**
 * struct sockaddr_in or sockaddr_in6, by the family of the address.
 *
 * @param port 0-65535
 * @param scopeId interface index for link-local IPv6 addresses
 */
export function internetAddress(address: IpAddress, port: number, scopeId = 0): Buffer {
  if (familyOf(address) === "ipv4") {
    const out = Buffer.alloc(16);
    out.writeUInt16LE(AF_INET, 0);
    out.writeUInt16BE(port, 2);
    out.set(bytesOf(address), 4);
    return out;
  }
  const out = Buffer.alloc(28);
  out.writeUInt16LE(AF_INET6, 0);
  out.writeUInt16BE(port, 2);
  out.set(bytesOf(address), 8);
  out.writeUInt32LE(scopeId, 24);
  return out;
}

/** struct sockaddr_nl. @param groups bit mask of groups 1-32 */
export function netlinkAddress(port: number, groups: number): Buffer {
  const out = Buffer.alloc(12);
  out.writeUInt16LE(AF_NETLINK, 0);
  out.writeUInt32LE(port, 4);
  out.writeUInt32LE(groups >>> 0, 8);
  return out;
}

/** struct sockaddr_ll, longer than declared for addresses of more than 8 bytes. @param protocol ETH_P_* in host byte order @param mac at most 32 bytes */
export function linkAddress(ifindex: number, protocol: number, mac: Uint8Array): Buffer {
  const out = Buffer.alloc(Math.max(20, 12 + mac.length));
  out.writeUInt16LE(AF_PACKET, 0);
  out.writeUInt16BE(protocol, 2);
  out.writeInt32LE(ifindex, 4);
  out.writeUInt8(mac.length, 11);
  out.set(mac, 12);
  return out;
}

/** @returns undefined when the bytes are too short for the family that they name */
export function decodeSocketAddress(bytes: Uint8Array): SocketAddress | undefined {
  const b = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (b.length < 2) return undefined;
  const family = b.readUInt16LE(0);
  switch (family) {
    case AF_INET:
      if (b.length < 8) return undefined;
      return {
        kind: "inet",
        address: formatIpAddress(b.subarray(4, 8)),
        port: b.readUInt16BE(2),
        scopeId: 0,
      };
    case AF_INET6:
      if (b.length < 28) return undefined;
      return {
        kind: "inet",
        address: formatIpAddress(b.subarray(8, 24)),
        port: b.readUInt16BE(2),
        scopeId: b.readUInt32LE(24),
      };
    case AF_UNIX: {
      const abstract = b.length > 3 && b[2] === 0;
      const name = b.subarray(abstract ? 3 : 2);
      const end = abstract ? -1 : name.indexOf(0);
      return { kind: "unix", path: name.toString("utf8", 0, end < 0 ? name.length : end), abstract };
    }
    case AF_NETLINK:
      if (b.length < 12) return undefined;
      return { kind: "netlink", port: b.readUInt32LE(4), groups: b.readUInt32LE(8) };
    case AF_PACKET: {
      const macLength = b[11];
      if (b.length < 12 || macLength === undefined || b.length < 12 + macLength) return undefined;
      return {
        kind: "link",
        protocol: b.readUInt16BE(2),
        ifindex: b.readInt32LE(4),
        mac: Uint8Array.from(b.subarray(12, 12 + macLength)),
      };
    }
    default:
      return { kind: "other", family };
  }
}
