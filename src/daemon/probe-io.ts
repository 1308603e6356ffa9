/**
 * The sockets of health checks over the native shim: one epoll for all of them, no stream objects.
 * Sets what the configuration asks for (source, interface, mark) and never decides about a result.
 */
import { createHash } from "node:crypto";
import { familyOf, type IpAddress } from "../base/address.ts";
import type {
  ProbeDigest,
  ProbeIo,
  ProbeReady,
  ProbeSocket,
  ProbeTarget,
  Transport,
} from "../checkers/checker.ts";
import type { ConnectConfig } from "../config/model.ts";
import {
  AF_INET,
  AF_INET6,
  IPPROTO_IP,
  IPPROTO_IPV6,
  SO_BINDTODEVICE,
  SOCK_DGRAM,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../net/constants.ts";
import type { ControlMessage, Fd, Native, Poll } from "../net/native-api.ts";
import { internetAddress } from "../net/sockaddr.ts";

/** asm-generic/socket.h */
const SO_REUSEADDR = 2;
const SO_MARK = 36;
/** linux/in.h: the port is chosen at connect(), so that one source address serves many checks */
const IP_BIND_ADDRESS_NO_PORT = 24;
const MSG_NOSIGNAL = 0x4000;

/** linux/in.h, linux/in6.h: errors that come back are kept with what they say */
const IP_RECVERR = 11;
const IPV6_RECVERR = 25;
/** linux/errqueue.h */
const SO_EE_ORIGIN_ICMP = 2;
const SO_EE_ORIGIN_ICMP6 = 3;
const MSG_ERRQUEUE = 0x2000;
/** linux/icmp.h, linux/icmpv6.h */
const IPPROTO_ICMP = 1;
const IPPROTO_ICMPV6 = 58;
const ICMP_DEST_UNREACH = 3;
const ICMPV6_DEST_UNREACH = 1;
/** Room for the datagram that an error is about; what it said is of no interest. */
const REFUSED = new Uint8Array(64);

interface PreparedTarget extends ProbeTarget {
  readonly domain: number;
  readonly type: number;
  readonly protocol: number;
  readonly remote: Uint8Array;
  readonly local: Uint8Array | undefined;
  readonly device: Uint8Array | undefined;
}

export class NativeProbeIo implements ProbeIo {
  readonly #native: Native;
  /** watches of sockets that may be watched for something else; most are closed instead */
  readonly #watches: (Poll | undefined)[] = [];

  constructor(native: Native) {
    this.#native = native;
  }

  prepare(connect: ConnectConfig, transport: Transport = "tcp"): ProbeTarget {
    const { address, port, bindto, bindPort, bindIf } = connect;
    const scope = bindIf !== undefined && isLinkLocal(address) ? this.#native.ifNameToIndex(bindIf) : 0;
    const isV4 = familyOf(address) === "ipv4";
    const any = (isV4 ? "0.0.0.0" : "::") as IpAddress;
    const local =
      bindto === undefined && bindPort === undefined
        ? undefined
        : internetAddress(
            bindto ?? any,
            bindPort ?? 0,
            bindto !== undefined && isLinkLocal(bindto) ? scope : 0,
          );
    const prepared: PreparedTarget = {
      connect,
      domain: isV4 ? AF_INET : AF_INET6,
      type: transport === "tcp" ? SOCK_STREAM : SOCK_DGRAM,
      protocol: transport === "icmp" ? (isV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6) : 0,
      remote: internetAddress(address, port, scope),
      local,
      device: bindIf === undefined ? undefined : Buffer.from(`${bindIf}\0`),
    };
    return prepared;
  }

  connect(target: ProbeTarget): ProbeSocket {
    const native = this.#native;
    const { domain, type, protocol, remote, local, device, connect } = target as PreparedTarget;
    const fd = native.socket(domain, type, protocol);
    try {
      if (connect.fwmark !== undefined && connect.fwmark !== 0)
        native.setsockopt(fd, SOL_SOCKET, SO_MARK, connect.fwmark | 0);
      if (device !== undefined) native.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device);
      if (type === SOCK_DGRAM && protocol === 0)
        if (domain === AF_INET) native.setsockopt(fd, IPPROTO_IP, IP_RECVERR, 1);
        else native.setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
      if (local !== undefined) {
        if (connect.bindPort === undefined) native.setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
        else native.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
        native.bind(fd, local);
      }
      native.connect(fd, remote);
      return fd as number as ProbeSocket;
    } catch (error) {
      native.close(fd);
      throw error;
    }
  }

  watch(socket: ProbeSocket, interest: "read" | "write", ready: ProbeReady): void {
    const fd = fdOf(socket);
    this.#watches[fd]?.close();
    this.#watches[fd] = this.#native.poll(fd, interest, ready);
  }

  send(socket: ProbeSocket, data: Uint8Array): boolean {
    return this.#native.send(fdOf(socket), data, undefined, MSG_NOSIGNAL);
  }

  receive(socket: ProbeSocket, into: Uint8Array): number | undefined {
    return this.#native.read(fdOf(socket), into);
  }

  receiveRefusal(socket: ProbeSocket): { readonly unreachable: boolean } | undefined {
    const received = this.#native.receive(fdOf(socket), REFUSED, MSG_ERRQUEUE);
    if (received === undefined) return undefined;
    return { unreachable: received.control.some(isUnreachable) };
  }

  close(socket: ProbeSocket): void {
    const fd = fdOf(socket);
    this.#watches[fd] = undefined;
    this.#native.close(fd);
  }

  digest(): ProbeDigest {
    const hash = createHash("md5");
    return {
      update: (data) => {
        hash.update(data);
      },
      hex: () => hash.digest("hex"),
    };
  }
}

/** struct sock_extended_err: ee_origin and ee_type lie behind ee_errno. */
function isUnreachable({ level, type, data }: ControlMessage): boolean {
  const [origin, icmp] = [data[4], data[5]];
  if (level === IPPROTO_IP && type === IP_RECVERR)
    return origin === SO_EE_ORIGIN_ICMP && icmp === ICMP_DEST_UNREACH;
  if (level === IPPROTO_IPV6 && type === IPV6_RECVERR)
    return origin === SO_EE_ORIGIN_ICMP6 && icmp === ICMPV6_DEST_UNREACH;
  return false;
}

function fdOf(socket: ProbeSocket): Fd {
  return socket as number as Fd;
}

function isLinkLocal(address: IpAddress): boolean {
  return /^fe[89ab]/.test(address);
}
