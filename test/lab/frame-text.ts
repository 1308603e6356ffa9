/**
 * Says in words what a frame is, so that frames of two daemons can be compared: everything that a receiver
 * could notice, nothing that differs by chance (interface's own addresses, ids, checksums).
 */

/** What stands for an interface's own Ethernet address. */
export type NameOfMac = (mac: string) => string;

const IPV4 = 0x0800;
const ARP = 0x0806;
const IPV6 = 0x86dd;
const VRRP = 112;
const AH = 51;
const ICMPV6 = 58;
const NEIGHBOUR_ADVERTISEMENT = 136;

/** @returns undefined for frames that are not compared: what kernels send on their own */
export function describeFrame(frame: Buffer, nameOf: NameOfMac): string | undefined {
  if (frame.length < 42) return undefined;
  const mac = (at: number): string => nameOf(frame.toString("hex", at, at + 6));
  const ethernet = `${mac(6)} > ${mac(0)}`;
  switch (frame.readUInt16BE(12)) {
    case ARP: {
      const operation = frame.readUInt16BE(20) === 1 ? "request" : "reply";
      return `arp ${operation} ${ethernet}, sender ${mac(22)} ${ipv4(frame, 28)}, target ${mac(32)} ${ipv4(frame, 38)}`;
    }
    case IPV4:
      return overIpv4(frame, ethernet);
    case IPV6:
      return overIpv6(frame, ethernet, mac);
    default:
      return undefined;
  }
}

function overIpv4(frame: Buffer, ethernet: string): string | undefined {
  const ip = 14;
  const body = ip + ((frame[ip] ?? 0) & 0x0f) * 4;
  const path = `${ethernet}, ${ipv4(frame, ip + 12)} > ${ipv4(frame, ip + 16)}`;
  const header = `tos ${hex(frame[ip + 1])}, flags ${hex((frame[ip + 6] ?? 0) >> 5)}, ttl ${frame[ip + 8]}`;
  const protocol = frame[ip + 9];
  const length = frame.readUInt16BE(ip + 2) - (body - ip);
  if (protocol === VRRP) return `advert ${path}, ${header}, ${advert(frame, body, length, 4)}`;
  if (protocol === AH) {
    const ah = (2 + (frame[body + 1] ?? 0)) * 4;
    const spi = ipv4(frame, body + 4);
    return `advert ${path}, ${header}, AH of ${ah} bytes with SPI ${spi}, ${advert(frame, body + ah, length - ah, 4)}`;
  }
  return undefined;
}

function overIpv6(frame: Buffer, ethernet: string, mac: (at: number) => string): string | undefined {
  const ip = 14;
  const body = ip + 40;
  const path = `${ethernet}, ${ipv6(frame, ip + 8)} > ${ipv6(frame, ip + 24)}`;
  const trafficClass = (frame.readUInt16BE(ip) >> 4) & 0xff;
  const header = `class ${hex(trafficClass)}, hop limit ${frame[ip + 7]}`;
  const length = frame.readUInt16BE(ip + 4);
  if (frame[ip + 6] === VRRP) return `advert ${path}, ${header}, ${advert(frame, body, length, 16)}`;
  if (frame[ip + 6] !== ICMPV6 || frame[body] !== NEIGHBOUR_ADVERTISEMENT) return undefined;
  const option = length > 24 ? `, link-layer address ${mac(body + 26)}` : "";
  return `neighbour advertisement ${path}, ${header}, flags ${hex(frame[body + 4])}, of ${ipv6(frame, body + 8)}${option}`;
}

function advert(frame: Buffer, at: number, length: number, size: 4 | 16): string {
  const [first = 0, id, priority, count = 0] = frame.subarray(at, at + 4);
  const interval = frame.readUInt16BE(at + 4);
  const addresses = Array.from({ length: count }, (_, i) =>
    size === 4 ? ipv4(frame, at + 8 + 4 * i) : ipv6(frame, at + 8 + 16 * i),
  );
  const rest = frame.toString("latin1", at + 8 + size * count, at + length).replaceAll("\0", "");
  return `version ${first >> 4}, type ${first & 15}, id ${id}, priority ${priority}, field ${hex(interval)}, ${length} bytes, [${addresses.join(" ")}]${rest === "" ? "" : ` "${rest}"`}`;
}

function hex(n: number | undefined): string {
  return `0x${(n ?? 0).toString(16)}`;
}

function ipv4(frame: Buffer, at: number): string {
  return [...frame.subarray(at, at + 4)].join(".");
}

/** Longest form without leading zeros: good enough to compare. */
function ipv6(frame: Buffer, at: number): string {
  return Array.from({ length: 8 }, (_, i) => frame.readUInt16BE(at + 2 * i).toString(16))
    .join(":")
    .replace(/(^|:)(0(:|$)){2,}/, "::");
}
