/**
 * Sockets that carry VRRP adverts and Ethernet frames. Decides socket options and the IP headers; never
 * reads what is inside a packet.
 */
import { bytesOf, familyOf, formatIpAddress, type IpAddress } from "../base/address.ts";
import { DaemonError } from "../base/errors.ts";
import { type Datagram, ipv4Packet, isMulticast, parseIpv4Datagram } from "../base/ip-packet.ts";
import { after, between, type Micros, millis } from "../base/units.ts";
import {
  AF_INET,
  AF_INET6,
  AF_PACKET,
  IP_ADD_MEMBERSHIP,
  IP_FREEBIND,
  IP_HDRINCL,
  IP_MULTICAST_ALL,
  IP_MULTICAST_IF,
  IP_MULTICAST_LOOP,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_RAW,
  IPV6_CHECKSUM,
  IPV6_FREEBIND,
  IPV6_HOPLIMIT,
  IPV6_JOIN_GROUP,
  IPV6_MULTICAST_ALL,
  IPV6_MULTICAST_IF,
  IPV6_MULTICAST_LOOP,
  IPV6_PKTINFO,
  IPV6_RECVHOPLIMIT,
  IPV6_RECVPKTINFO,
  IPV6_TCLASS,
  MSG_DONTROUTE,
  SO_BINDTODEVICE,
  SO_PRIORITY,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SOCK_DGRAM,
  SOCK_RAW,
  SOL_SOCKET,
} from "./constants.ts";
import type { ControlMessage, Fd, Native, NativeTimer, Poll, Received } from "./native-api.ts";
import { decodeSocketAddress, internetAddress, linkAddress } from "./sockaddr.ts";

/** What a VRRP socket tells; both run on the event loop. */
export interface VrrpSocketListener {
  /** @param datagram its bytes are views that live only during the call */
  packet(datagram: Datagram): void;
  /** Receiving failed; the socket goes on. */
  error(error: DaemonError): void;
}

/** Where a socket listens and through what it sends. */
export interface VrrpSocketPlace {
  /** 0: any interface, which only unicast can do */
  readonly ifindex: number;
  /** the name of the interface that has `ifindex`, or of a VRF; empty: any */
  readonly ifname: string;
  /** 112, or 51 when the adverts stand behind an authentication header */
  readonly protocol: number;
  /** a group to join, or the unicast address that peers send to, which this machine need not have yet */
  readonly address: IpAddress;
}

/** One datagram that goes out. */
export interface OutgoingDatagram {
  /** need not be an address of this machine */
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** TTL or hop limit, 0-255 */
  readonly hopLimit: number;
  readonly payload: Uint8Array;
  /** completes an IPv4 packet that depends on its own header, in place */
  readonly seal?: ((packet: Buffer) => void) | undefined;
}

/** The receive and send sockets of one place. */
export interface VrrpSocket {
  /**
   * One advert behind an IP header of ours: traffic class 0xC0; over IPv4 no fragment bits and an id that
   * counts up and is never 0; over IPv6 the kernel writes the checksum into bytes 6 and 7 of the payload.
   *
   * @returns false when the send queue is full and nothing went out
   * @throws DaemonError ENETDOWN, ENODEV, …; the socket goes on
   */
  send(datagram: OutgoingDatagram): boolean;
  /** Reads what waits now instead of at the next turn of the loop. */
  drain(): void;
  /** Makes room for so many bytes that wait to be read; there is always room for some thousand adverts. */
  reserve(bytes: number): void;
  close(): void;
}

const TRAFFIC_CLASS = 0xc0;
/** Where VRRP has its checksum, RFC 9568 §5.1 */
const CHECKSUM_OFFSET = 6;
/** 255 addresses with every header and trailer need 1,108 bytes; a longer packet arrives cut and fails its length check. */
const SLOT = 2048;
const SLOTS = 64;
/** Of all sockets: what is in it lives only during a call. */
const room: Buffer = Buffer.allocUnsafeSlow(SLOT * SLOTS);
const lengths: Int32Array = new Int32Array(SLOTS);
/** Bytes that may wait: some thousand adverts with what the kernel adds to each. */
const RECEIVE_BUFFER = 4 << 20;
/** The kernel doubles what it is asked for, in a C int. */
const LARGEST_BUFFER = (1 << 30) - 1;

/** Two wake-ups within this time: hundreds of routers are speaking. */
const BUSY: Micros = 300 as Micros;
/** How long adverts may then wait for each other; little against the shortest interval of 10 ms. */
const REST: Micros = millis(1);

/** The part that differs between IPv4 and IPv6. */
interface Carrier {
  readonly receiver: Fd;
  send(datagram: OutgoingDatagram): boolean;
  /** Reads one batch of what waits; `take` says whether to go on. @throws DaemonError */
  read(take: (datagram: Datagram) => boolean): void;
}

/**
 * Opens the sockets of one place, as RFC 9568 §5.1 and keepalived want them: bound to the interface, member
 * of the group there, deaf to other groups and to itself; or bound to the unicast source address.
 *
 * @throws DaemonError, for example EPERM or ENODEV
 */
export function openVrrpSocket(
  native: Native,
  place: VrrpSocketPlace,
  listener: VrrpSocketListener,
): VrrpSocket {
  const opened: Fd[] = [];
  const open = (domain: number, protocol: number): Fd => {
    const fd = native.socket(domain, SOCK_RAW, protocol);
    opened.push(fd);
    if (place.ifname !== "")
      native.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, Buffer.from(`${place.ifname}\0`));
    return fd;
  };
  let closed = false;
  let reserved = RECEIVE_BUFFER;
  let poll: Poll;
  let carrier: Carrier;
  try {
    carrier =
      familyOf(place.address) === "ipv4" ? overIpv4(native, place, open) : overIpv6(native, place, open);
    growReceiveBuffer(native, carrier.receiver, RECEIVE_BUFFER);
    poll = native.poll(carrier.receiver, "read", onReadable);
  } catch (e) {
    for (const fd of opened) native.close(fd);
    throw e;
  }

  /** One batch a turn of the loop: a flood must not starve the timers. */
  function drain(): void {
    try {
      carrier.read((datagram) => {
        listener.packet(datagram);
        return !closed;
      });
    } catch (e) {
      if (!(e instanceof DaemonError)) throw e;
      listener.error(e);
    }
  }

  let wokenAt = native.now();
  let rest: NativeTimer | undefined;
  /** While one advert follows the other, waking up for each costs more than reading it. */
  function onReadable(): void {
    const now = native.now();
    const busy = between(wokenAt, now) < BUSY;
    wokenAt = now;
    drain();
    if (!busy || closed) return;
    poll.close();
    rest ??= native.timer(() => {
      if (!closed) poll = native.poll(carrier.receiver, "read", onReadable);
      drain();
    });
    rest.set(after(now, REST));
  }

  return {
    send: carrier.send,
    drain,
    reserve: (bytes) => {
      if (bytes <= reserved) return;
      reserved = bytes;
      growReceiveBuffer(native, carrier.receiver, bytes);
    },
    close: () => {
      if (closed) return;
      closed = true;
      rest?.close();
      poll.close();
      for (const fd of opened) native.close(fd);
    },
  };
}

/** Adverts of hundreds of routers come in bursts; what finds no room is lost without a word. */
function growReceiveBuffer(native: Native, fd: Fd, bytes: number): void {
  for (const option of [SO_RCVBUFFORCE, SO_RCVBUF]) {
    try {
      native.setsockopt(fd, SOL_SOCKET, option, Math.min(bytes, LARGEST_BUFFER));
      return;
    } catch (e) {
      // Beyond the system's limit only with CAP_NET_ADMIN; the ordinary option takes what it gets.
      if (!(e instanceof DaemonError)) throw e;
    }
  }
}

type Open = (domain: number, protocol: number) => Fd;

/** Two sockets: what the sending one would receive is none of its business. */
function overIpv4(native: Native, place: VrrpSocketPlace, open: Open): Carrier {
  const multicast = isMulticast(place.address);
  const receiver = open(AF_INET, place.protocol);
  native.setsockopt(receiver, IPPROTO_IP, IP_MULTICAST_ALL, 0);
  const membership = multicastRequest(place.address, place.ifindex);
  if (multicast) native.setsockopt(receiver, IPPROTO_IP, IP_ADD_MEMBERSHIP, membership);
  else native.setsockopt(receiver, IPPROTO_IP, IP_FREEBIND, 1);
  native.bind(receiver, internetAddress(place.address, 0));
  // IPPROTO_RAW: includes the header by itself and receives nothing.
  const sender = open(AF_INET, IPPROTO_RAW);
  native.setsockopt(sender, IPPROTO_IP, IP_HDRINCL, 1);
  if (multicast) {
    native.setsockopt(sender, IPPROTO_IP, IP_MULTICAST_LOOP, 0);
    native.setsockopt(sender, IPPROTO_IP, IP_MULTICAST_IF, membership);
  }
  native.setsockopt(sender, SOL_SOCKET, SO_PRIORITY, 6);
  const flags = multicast ? MSG_DONTROUTE : 0;
  let id = 0;
  return {
    receiver,
    send: (datagram) => {
      id = id === 0xffff ? 1 : id + 1;
      const packet = ipv4Packet({ ...datagram, id, protocol: place.protocol });
      datagram.seal?.(packet);
      return native.send(sender, packet, internetAddress(datagram.destination, 0), flags);
    },
    read: (take) => {
      const count = native.receiveBatch(receiver, room, SLOT, lengths) ?? 0;
      for (let i = 0; i < count; i++) {
        const datagram = parseIpv4Datagram(room.subarray(i * SLOT, i * SLOT + (lengths[i] ?? 0)));
        if (datagram !== undefined && !take(datagram)) return;
      }
    },
  };
}

/** One socket: the kernel has no raw IPv6 socket of protocol 112 that sends only. */
function overIpv6(native: Native, place: VrrpSocketPlace, open: Open): Carrier {
  const multicast = isMulticast(place.address);
  const fd = open(AF_INET6, place.protocol);
  native.setsockopt(fd, IPPROTO_IPV6, IPV6_CHECKSUM, CHECKSUM_OFFSET);
  native.setsockopt(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
  native.setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
  native.setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, TRAFFIC_CLASS);
  native.setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
  // Also lets adverts come from an address that duplicate address detection still looks into.
  native.setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, 1);
  if (multicast) {
    native.setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, multicastRequest6(place.address, place.ifindex));
    native.setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, place.ifindex);
    native.setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0);
  }
  native.setsockopt(fd, SOL_SOCKET, SO_PRIORITY, 6);
  native.bind(fd, internetAddress(place.address, 0, place.ifindex));
  return {
    receiver: fd,
    send: ({ source, destination, hopLimit, payload }) =>
      native.send(fd, payload, internetAddress(destination, 0, place.ifindex), 0, [
        { level: IPPROTO_IPV6, type: IPV6_PKTINFO, data: packetInfo(source, place.ifindex) },
        { level: IPPROTO_IPV6, type: IPV6_HOPLIMIT, data: int(hopLimit) },
      ]),
    read: (take) => {
      for (let i = 0; i < SLOTS; i++) {
        const received = native.receive(fd, room);
        if (received === undefined) return;
        const datagram = readIpv6(received, room.subarray(0, received.length), place.protocol);
        if (datagram !== undefined && !take(datagram)) return;
      }
    },
  };
}

function readIpv6(received: Received, payload: Buffer, protocol: number): Datagram | undefined {
  const from = decodeSocketAddress(received.from);
  const info = control(received, IPV6_PKTINFO);
  const hops = control(received, IPV6_HOPLIMIT);
  if (from?.kind !== "inet" || info === undefined || hops === undefined) return undefined;
  return {
    source: from.address,
    destination: formatIpAddress(info.subarray(0, 16)),
    hopLimit: Buffer.from(hops).readInt32LE(0),
    protocol,
    header: payload.subarray(0, 0),
    totalLength: undefined,
    payload,
  };
}

function control({ control: messages }: Received, type: number): Uint8Array | undefined {
  return messages.find((m: ControlMessage) => m.level === IPPROTO_IPV6 && m.type === type)?.data;
}

/** struct in6_pktinfo, linux/ipv6.h */
function packetInfo(source: IpAddress, ifindex: number): Uint8Array {
  const out = Buffer.alloc(20);
  out.set(bytesOf(source));
  out.writeInt32LE(ifindex, 16);
  return out;
}

function int(value: number): Uint8Array {
  const out = Buffer.alloc(4);
  out.writeInt32LE(value);
  return out;
}

/** struct ip_mreqn without a local address, netinet/in.h */
function multicastRequest(group: IpAddress, ifindex: number): Uint8Array {
  const out = Buffer.alloc(12);
  out.set(bytesOf(group));
  out.writeInt32LE(ifindex, 8);
  return out;
}

/** struct ipv6_mreq, linux/in6.h */
function multicastRequest6(group: IpAddress, ifindex: number): Uint8Array {
  return packetInfo(group, ifindex);
}

/** A frame with its Ethernet header, or a packet for which the kernel makes the link's header. */
export type LinkFrame =
  | { readonly ifindex: number; readonly frame: Uint8Array }
  | {
      readonly ifindex: number;
      readonly packet: Uint8Array;
      /** ETH_P_* */
      readonly protocol: number;
      /** link layer address of the receiver, at most 32 bytes */
      readonly to: Uint8Array;
    };

/** Sends frames (AF_PACKET); receives nothing. */
export interface PacketSocket {
  /**
   * @returns how many went out. Fewer than all: sending the rest again goes on or tells what is wrong
   * @throws DaemonError ENETDOWN while the link is down, ENXIO when it is gone; the socket goes on
   */
  send(frames: readonly LinkFrame[]): number;
  close(): void;
}

/** @throws DaemonError EPERM without CAP_NET_RAW */
export function openPacketSocket(native: Native): PacketSocket {
  const raw = native.socket(AF_PACKET, SOCK_RAW, 0);
  let cooked: Fd | undefined;
  return {
    send: (frames) => {
      const whole = frames.findIndex((f) => "packet" in f);
      if (whole !== 0) {
        const first = whole < 0 ? frames : frames.slice(0, whole);
        return native.sendBatch(raw, first.map(wholeFrame));
      }
      const rest = frames.findIndex((f) => "frame" in f);
      // Few machines have such links.
      cooked ??= native.socket(AF_PACKET, SOCK_DGRAM, 0);
      return native.sendBatch(cooked, (rest < 0 ? frames : frames.slice(0, rest)).map(packetFor));
    },
    close: () => {
      native.close(raw);
      if (cooked !== undefined) native.close(cooked);
    },
  };
}

interface Addressed {
  readonly data: Uint8Array;
  readonly address: Uint8Array;
}

function wholeFrame(f: LinkFrame): Addressed {
  const data = "frame" in f ? f.frame : f.packet;
  const etherType = ((data[12] ?? 0) << 8) | (data[13] ?? 0);
  return { data, address: linkAddress(f.ifindex, etherType, data.subarray(0, 6)) };
}

function packetFor(f: LinkFrame): Addressed {
  if ("frame" in f) return wholeFrame(f);
  return { data: f.packet, address: linkAddress(f.ifindex, f.protocol, f.to) };
}
