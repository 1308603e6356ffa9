/**
 * UDP sockets for protocols that live by the TTL: the receiver tells TTL and destination of every datagram,
 * the sender sets TTL and source port. Decides socket options; never reads what is inside a datagram.
 *
 * Node's own sockets (and dgram-as-promised, which wraps them) can set a TTL, but tell neither the TTL nor
 * the destination of what they receive.
 */
import { type Family, formatIpAddress, type IpAddress } from "../base/address.ts";
import { DaemonError } from "../base/errors.ts";
import {
  AF_INET,
  AF_INET6,
  EADDRINUSE,
  EAFNOSUPPORT,
  IP_PKTINFO,
  IP_RECVTTL,
  IP_TOS,
  IP_TTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_HOPLIMIT,
  IPV6_PKTINFO,
  IPV6_RECVHOPLIMIT,
  IPV6_RECVPKTINFO,
  IPV6_TCLASS,
  IPV6_UNICAST_HOPS,
  IPV6_V6ONLY,
  SO_RCVBUF,
  SOCK_DGRAM,
  SOL_SOCKET,
} from "./constants.ts";
import type { ControlMessage, Fd, Native } from "./native-api.ts";
import { decodeSocketAddress, internetAddress } from "./sockaddr.ts";

export interface UdpDatagram {
  /** a view that lives only during the call; longer datagrams than the room arrive cut off */
  readonly payload: Buffer;
  readonly from: IpAddress;
  readonly fromPort: number;
  /** the address it was sent to; undefined when the kernel did not tell */
  readonly to: IpAddress | undefined;
  /** TTL or hop limit as it arrived; undefined when the kernel did not tell */
  readonly ttl: number | undefined;
}

/** Both run on the event loop. */
export interface UdpReceiverListener {
  datagram(datagram: UdpDatagram): void;
  /** Receiving failed; the socket goes on. */
  error(error: DaemonError): void;
}

export interface UdpReceiver {
  /** Reads what waits now instead of at the next turn of the loop. @param most datagrams */
  drain(most: number): void;
  close(): void;
}

export interface UdpSender {
  /**
   * @returns false when the send queue is full and nothing went out
   * @throws DaemonError ENETUNREACH, EPERM, …; the socket goes on
   */
  send(data: Uint8Array): boolean;
  readonly port: number;
  close(): void;
}

const ROOM = 2048;
/** Datagrams a turn of the loop: a flood must not starve the timers. */
const PER_TURN = 64;
/** Internetwork control, RFC 791 precedence 6: the last to be dropped */
const TRAFFIC_CLASS = 0xc0;
/** How many source ports are tried before the last refusal is final. */
const PORT_ATTEMPTS = 64;

/**
 * Listens on all addresses: both families through one socket, IPv4 alone where the kernel has no IPv6.
 *
 * @throws DaemonError EADDRINUSE, …
 */
export function openUdpReceiver(native: Native, port: number, listener: UdpReceiverListener): UdpReceiver {
  const fd = openListening(native, port);
  const room = Buffer.allocUnsafe(ROOM);
  let closed = false;

  function drain(most: number): void {
    for (let n = 0; n < most && !closed; n++) {
      try {
        const received = native.receive(fd, room);
        if (received === undefined) return;
        const datagram = describe(room.subarray(0, received.length), received.from, received.control);
        if (datagram !== undefined) listener.datagram(datagram);
      } catch (e) {
        if (!(e instanceof DaemonError)) throw e;
        listener.error(e);
      }
    }
  }

  const poll = native.poll(fd, "read", () => drain(PER_TURN));
  return {
    drain,
    close: () => {
      if (closed) return;
      closed = true;
      poll.close();
      native.close(fd);
    },
  };
}

function openListening(native: Native, port: number): Fd {
  let family: Family = "ipv6";
  let fd: Fd;
  try {
    fd = native.socket(AF_INET6, SOCK_DGRAM, 0);
  } catch (e) {
    if (!(e instanceof DaemonError) || e.errno !== EAFNOSUPPORT) throw e;
    family = "ipv4";
    fd = native.socket(AF_INET, SOCK_DGRAM, 0);
  }
  try {
    native.setsockopt(fd, IPPROTO_IP, IP_RECVTTL, 1);
    native.setsockopt(fd, IPPROTO_IP, IP_PKTINFO, 1);
    if (family === "ipv6") {
      native.setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
      native.setsockopt(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
      native.setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    }
    native.bind(fd, internetAddress(wildcard(family), port));
    return fd;
  } catch (e) {
    native.close(fd);
    throw e;
  }
}

function describe(
  payload: Buffer,
  sender: Uint8Array,
  control: readonly ControlMessage[],
): UdpDatagram | undefined {
  const from = decodeSocketAddress(sender);
  if (from === undefined || from.kind !== "inet") return undefined;
  let to: IpAddress | undefined;
  let ttl: number | undefined;
  for (const { level, type, data } of control) {
    const b = Buffer.from(data.buffer, data.byteOffset, data.length);
    if (level === IPPROTO_IP && type === IP_TTL) ttl = b.readInt32LE(0);
    else if (level === IPPROTO_IPV6 && type === IPV6_HOPLIMIT) ttl = b.readInt32LE(0);
    // struct in_pktinfo: ifindex, local address, destination; struct in6_pktinfo: destination, ifindex
    else if (level === IPPROTO_IP && type === IP_PKTINFO) to = formatIpAddress(b.subarray(8, 12));
    else if (level === IPPROTO_IPV6 && type === IPV6_PKTINFO)
      to ??= unmapped(formatIpAddress(b.subarray(0, 16)));
  }
  return { payload, from: unmapped(from.address), fromPort: from.port, to, ttl };
}

/** An IPv4 address as itself: a socket for both families shows it as `::ffff:10.0.0.1`. */
function unmapped(address: IpAddress): IpAddress {
  return (address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address) as IpAddress;
}

export interface UdpSenderPlace {
  readonly destination: IpAddress;
  readonly port: number;
  readonly family: Family;
  /** undefined: the kernel's choice */
  readonly source: IpAddress | undefined;
  /** 1-255 */
  readonly ttl: number;
  /** the ports to choose from */
  readonly sourcePorts: { readonly first: number; readonly last: number };
  /** 0 to 1 */
  readonly random: () => number;
}

/**
 * A socket that sends from a port of its own, chosen at random, and keeps nothing that comes back.
 *
 * @throws DaemonError EADDRNOTAVAIL when the source is not this machine's, …
 */
export function openUdpSender(native: Native, place: UdpSenderPlace): UdpSender {
  const destination = internetAddress(place.destination, place.port);
  const fd = native.socket(place.family === "ipv4" ? AF_INET : AF_INET6, SOCK_DGRAM, 0);
  let port: number;
  try {
    // what arrives here is for the receiver's port or for nobody
    native.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, 0);
    if (place.family === "ipv4") {
      native.setsockopt(fd, IPPROTO_IP, IP_TTL, place.ttl);
      native.setsockopt(fd, IPPROTO_IP, IP_TOS, TRAFFIC_CLASS);
    } else {
      native.setsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, place.ttl);
      native.setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, TRAFFIC_CLASS);
    }
    port = bindToAny(native, fd, place);
  } catch (e) {
    native.close(fd);
    throw e;
  }
  let closed = false;
  return {
    port,
    send: (data) => native.send(fd, data, destination),
    close: () => {
      if (!closed) native.close(fd);
      closed = true;
    },
  };
}

function bindToAny(native: Native, fd: Fd, place: UdpSenderPlace): number {
  const { first, last } = place.sourcePorts;
  for (let attempt = 1; ; attempt++) {
    const port = first + Math.floor(place.random() * (last - first + 1));
    try {
      native.bind(fd, internetAddress(place.source ?? wildcard(place.family), port));
      return port;
    } catch (e) {
      if (!(e instanceof DaemonError) || e.errno !== EADDRINUSE || attempt === PORT_ATTEMPTS) throw e;
    }
  }
}

function wildcard(family: Family): IpAddress {
  return (family === "ipv4" ? "0.0.0.0" : "::") as IpAddress;
}
