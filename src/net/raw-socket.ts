/**
 * Sockets that carry VRRP adverts and Ethernet frames. Decides socket options and the IPv4 header; never
 * reads what is inside a packet.
 */
import { bytesOf, type IpAddress } from "../base/address.ts";
import { DaemonError } from "../base/errors.ts";
import {
  AF_INET,
  AF_PACKET,
  IP_ADD_MEMBERSHIP,
  IP_HDRINCL,
  IP_MULTICAST_ALL,
  IP_MULTICAST_IF,
  IP_MULTICAST_LOOP,
  IPPROTO_IP,
  IPPROTO_RAW,
  IPPROTO_VRRP,
  MSG_DONTROUTE,
  SO_BINDTODEVICE,
  SO_PRIORITY,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SOCK_RAW,
  SOL_SOCKET,
} from "./constants.ts";
import type { Fd, Native, Poll } from "./native-api.ts";
import { internetAddress, linkAddress } from "./sockaddr.ts";

/** What a VRRP socket tells; both run on the event loop. */
export interface VrrpSocketListener {
  /** @param packet the whole IPv4 packet with its header; a view that lives only during the call */
  packet(packet: Buffer): void;
  /** Receiving failed; the socket goes on. */
  error(error: DaemonError): void;
}

/** The receive and send sockets of one interface and group. */
export interface VrrpSocket {
  /**
   * One advert behind an IPv4 header of ours: TOS 0xC0, TTL 255, no fragment bits, an id that counts up and
   * is never 0.
   *
   * @param source need not be an address of this machine
   * @returns false when the send queue is full and nothing went out
   * @throws DaemonError ENETDOWN, ENODEV, …; the socket goes on
   */
  send(source: IpAddress, destination: IpAddress, pdu: Uint8Array): boolean;
  /** Reads what waits now instead of at the next turn of the loop. */
  drain(): void;
  close(): void;
}

const HEADER = 20;
/** Internetwork control, RFC 791 precedence 6 */
const TOS = 0xc0;
const TTL = 255;
/** 255 addresses with every header and trailer need 1,108 bytes; a longer packet arrives cut and fails its length check. */
const SLOT = 2048;
const SLOTS = 64;
/** Of all sockets: what is in it lives only during a call. */
const room: Buffer = Buffer.allocUnsafeSlow(SLOT * SLOTS);
const lengths: Int32Array = new Int32Array(SLOTS);
/** Bytes that may wait: some thousand adverts with what the kernel adds to each. */
const RECEIVE_BUFFER = 4 << 20;

/**
 * Opens both sockets of VRRP over IPv4 multicast, as RFC 3768 §5.2 and keepalived want them: bound to the
 * interface, member of the group there, deaf to other groups and to itself.
 *
 * @param options.ifname must name the interface that has `ifindex`
 * @throws DaemonError, for example EPERM or ENODEV
 */
export function openVrrpSocket(
  native: Native,
  options: { readonly ifindex: number; readonly ifname: string; readonly group: IpAddress },
  listener: VrrpSocketListener,
): VrrpSocket {
  const opened: Fd[] = [];
  const open = (protocol: number): Fd => {
    const fd = native.socket(AF_INET, SOCK_RAW, protocol);
    opened.push(fd);
    native.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, Buffer.from(`${options.ifname}\0`));
    return fd;
  };
  const membership = multicastRequest(options.group, options.ifindex);
  let closed = false;
  let poll: Poll;
  let receiver: Fd;
  let sender: Fd;
  try {
    receiver = open(IPPROTO_VRRP);
    native.setsockopt(receiver, IPPROTO_IP, IP_MULTICAST_ALL, 0);
    native.setsockopt(receiver, IPPROTO_IP, IP_ADD_MEMBERSHIP, membership);
    native.bind(receiver, internetAddress(options.group, 0));
    growReceiveBuffer(native, receiver);
    // IPPROTO_RAW: includes the header by itself and receives nothing.
    sender = open(IPPROTO_RAW);
    native.setsockopt(sender, IPPROTO_IP, IP_HDRINCL, 1);
    native.setsockopt(sender, IPPROTO_IP, IP_MULTICAST_LOOP, 0);
    native.setsockopt(sender, IPPROTO_IP, IP_MULTICAST_IF, membership);
    native.setsockopt(sender, SOL_SOCKET, SO_PRIORITY, 6);
    poll = native.poll(receiver, "read", drain);
  } catch (e) {
    for (const fd of opened) native.close(fd);
    throw e;
  }

  /** One batch a turn of the loop: a flood must not starve the timers. */
  function drain(): void {
    try {
      const count = native.receiveBatch(receiver, room, SLOT, lengths) ?? 0;
      for (let i = 0; i < count && !closed; i++)
        listener.packet(room.subarray(i * SLOT, i * SLOT + (lengths[i] ?? 0)));
    } catch (e) {
      if (!(e instanceof DaemonError)) throw e;
      listener.error(e);
    }
  }

  let id = 0;
  return {
    send: (source, destination, pdu) => {
      id = id === 0xffff ? 1 : id + 1;
      const packet = ipv4Packet({ id, source, destination, payload: pdu });
      return native.send(sender, packet, internetAddress(destination, 0), MSG_DONTROUTE);
    },
    drain,
    close: () => {
      if (closed) return;
      closed = true;
      poll.close();
      for (const fd of opened) native.close(fd);
    },
  };
}

/** Adverts of hundreds of routers come in bursts; what finds no room is lost without a word. */
function growReceiveBuffer(native: Native, fd: Fd): void {
  for (const option of [SO_RCVBUFFORCE, SO_RCVBUF]) {
    try {
      native.setsockopt(fd, SOL_SOCKET, option, RECEIVE_BUFFER);
      return;
    } catch (e) {
      // Beyond the system's limit only with CAP_NET_ADMIN; the ordinary option takes what it gets.
      if (!(e instanceof DaemonError)) throw e;
    }
  }
}

/**
 * An IPv4 packet of protocol 112. The kernel writes the header checksum (raw(7), IP_HDRINCL).
 *
 * @param p.id 1-65535; the kernel would replace 0
 */
export function ipv4Packet(p: {
  readonly id: number;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly payload: Uint8Array;
}): Buffer {
  const out = Buffer.alloc(HEADER + p.payload.length);
  out[0] = 0x45;
  out[1] = TOS;
  out.writeUInt16BE(out.length, 2);
  out.writeUInt16BE(p.id, 4);
  out[8] = TTL;
  out[9] = IPPROTO_VRRP;
  out.set(bytesOf(p.source), 12);
  out.set(bytesOf(p.destination), 16);
  out.set(p.payload, HEADER);
  return out;
}

/** struct ip_mreqn without a local address, netinet/in.h */
function multicastRequest(group: IpAddress, ifindex: number): Uint8Array {
  const out = Buffer.alloc(12);
  out.set(bytesOf(group));
  out.writeInt32LE(ifindex, 8);
  return out;
}

/** Sends whole Ethernet frames (AF_PACKET); receives nothing. */
export interface PacketSocket {
  /**
   * @param frames complete frames with their Ethernet header
   * @returns how many went out. Fewer than all: sending the rest again goes on or tells what is wrong
   * @throws DaemonError ENETDOWN while the link is down, ENXIO when it is gone; the socket goes on
   */
  send(ifindex: number, frames: readonly Uint8Array[]): number;
  close(): void;
}

/** @throws DaemonError EPERM without CAP_NET_RAW */
export function openPacketSocket(native: Native): PacketSocket {
  const fd = native.socket(AF_PACKET, SOCK_RAW, 0);
  return {
    send: (ifindex, frames) =>
      native.sendBatch(
        fd,
        frames.map((data) => ({ data, address: linkAddress(ifindex, etherType(data), data.subarray(0, 6)) })),
      ),
    close: () => native.close(fd),
  };
}

function etherType(frame: Uint8Array): number {
  return ((frame[12] ?? 0) << 8) | (frame[13] ?? 0);
}
