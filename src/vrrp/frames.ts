/**
 * The frames that make neighbours and switches learn where an address lives: gratuitous ARP and
 * unsolicited neighbour advertisement, on Ethernet and on InfiniBand. Bytes only; sends nothing.
 *
 * @see RFC 826, RFC 4861 §4.4 and §7.2.6, RFC 4391 §9 (InfiniBand), RFC 9568 §6.4.2
 */
import { bytesOf, type IpAddress } from "../base/address.ts";

export const ETHERTYPE_ARP = 0x0806;
export const ETHERTYPE_IPV6 = 0x86dd;
const ETHERTYPE_IPV4 = 0x0800;
const ARPHRD_ETHER = 1;
const ARPHRD_INFINIBAND = 32;
const OPERATION_REQUEST = 1;
const ETHERNET_HEADER = 14;
const IPV6_HEADER = 40;
const ICMPV6 = 58;
const HOP_LIMIT = 255;
const NEIGHBOUR_ADVERTISEMENT = 136;
const FLAG_ROUTER = 0x80;
const FLAG_OVERRIDE = 0x20;
const OPTION_TARGET_LINK_LAYER = 2;
const ALL_NODES = bytesOf("ff02::1" as IpAddress);
/** where {@link ALL_NODES} goes on Ethernet, RFC 2464 §7 */
const ALL_NODES_MAC = Uint8Array.of(0x33, 0x33, 0, 0, 0, 1);

/**
 * An ARP request from the address, about itself. The target hardware address is broadcast, as keepalived
 * has it.
 *
 * @param mac 6 bytes, of the interface that holds the address
 * @param address IPv4
 */
export function gratuitousArp(mac: Uint8Array, address: IpAddress): Uint8Array {
  const frame = new Uint8Array(ETHERNET_HEADER + 28);
  frame.fill(0xff, 0, 6);
  frame.set(mac, 6);
  new DataView(frame.buffer).setUint16(12, ETHERTYPE_ARP);
  frame.set(arpBody(ARPHRD_ETHER, mac, new Uint8Array(6).fill(0xff), address), ETHERNET_HEADER);
  return frame;
}

/** The same for InfiniBand, without a link header. @param mac @param broadcast 20 bytes each */
export function infinibandArp(mac: Uint8Array, broadcast: Uint8Array, address: IpAddress): Uint8Array {
  return arpBody(ARPHRD_INFINIBAND, mac, broadcast, address);
}

function arpBody(hardware: number, mac: Uint8Array, target: Uint8Array, address: IpAddress): Uint8Array {
  const ip = bytesOf(address);
  const body = new Uint8Array(8 + 2 * (mac.length + 4));
  const view = new DataView(body.buffer);
  view.setUint16(0, hardware);
  view.setUint16(2, ETHERTYPE_IPV4);
  body[4] = mac.length;
  body[5] = 4;
  view.setUint16(6, OPERATION_REQUEST);
  body.set(mac, 8);
  body.set(ip, 8 + mac.length);
  body.set(target, 12 + mac.length);
  body.set(ip, 12 + 2 * mac.length);
  return body;
}

/**
 * To all nodes, overriding what they know.
 *
 * @param mac 6 bytes
 * @param address IPv6
 * @param isRouter the interface forwards
 */
export function neighbourAdvertisement(mac: Uint8Array, address: IpAddress, isRouter: boolean): Uint8Array {
  const packet = neighbourPacket(mac, address, isRouter);
  const frame = new Uint8Array(ETHERNET_HEADER + packet.length);
  frame.set(ALL_NODES_MAC);
  frame.set(mac, 6);
  new DataView(frame.buffer).setUint16(12, ETHERTYPE_IPV6);
  frame.set(packet, ETHERNET_HEADER);
  return frame;
}

/**
 * The same without a link header.
 *
 * @param mac 6 bytes, or 20 on InfiniBand, whose option has two bytes of padding before the address
 */
export function neighbourPacket(mac: Uint8Array, address: IpAddress, isRouter: boolean): Uint8Array {
  const padding = mac.length > 6 ? 2 : 0;
  const option = 2 + padding + mac.length;
  const length = 24 + option;
  const packet = new Uint8Array(IPV6_HEADER + length);
  const view = new DataView(packet.buffer);
  const source = bytesOf(address);
  packet[0] = 0x60;
  view.setUint16(4, length);
  packet[6] = ICMPV6;
  packet[7] = HOP_LIMIT;
  packet.set(source, 8);
  packet.set(ALL_NODES, 24);
  packet[IPV6_HEADER] = NEIGHBOUR_ADVERTISEMENT;
  packet[IPV6_HEADER + 4] = FLAG_OVERRIDE | (isRouter ? FLAG_ROUTER : 0);
  packet.set(source, IPV6_HEADER + 8);
  packet[IPV6_HEADER + 24] = OPTION_TARGET_LINK_LAYER;
  packet[IPV6_HEADER + 25] = option / 8;
  packet.set(mac, IPV6_HEADER + 26 + padding);
  view.setUint16(IPV6_HEADER + 2, icmpv6Checksum(packet, length));
  return packet;
}

/**
 * Where a packet to all nodes goes on InfiniBand.
 *
 * @param broadcast 20 bytes, of the interface; scope and partition are taken from it
 * @see RFC 4391 §4
 */
export function infinibandAllNodes(broadcast: Uint8Array): Uint8Array {
  const to = Uint8Array.from(broadcast);
  to.set([0x60, 0x1b], 6);
  to.set(ALL_NODES.subarray(6), 10);
  return to;
}

/** RFC 8200 §8.1: over the addresses, the length, the protocol and the message. */
function icmpv6Checksum(packet: Uint8Array, length: number): number {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
  let sum = length + ICMPV6;
  for (let at = 8; at < packet.length; at += 2) sum += view.getUint16(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
