/**
 * The sockets of health checks over the native shim: one epoll for all of them, no stream objects.
 * Sets what the configuration asks for (source, interface, mark) and never decides about a result.
 */
import { createHash } from "node:crypto";
import { familyOf, type IpAddress } from "../base/address.ts";
import type { ProbeDigest, ProbeIo, ProbeReady, ProbeSocket, ProbeTarget } from "../checkers/checker.ts";
import type { ConnectConfig } from "../config/model.ts";
import { AF_INET, AF_INET6, IPPROTO_IP, SO_BINDTODEVICE, SOCK_STREAM, SOL_SOCKET } from "../net/constants.ts";
import type { Fd, Native, Poll } from "../net/native-api.ts";
import { internetAddress } from "../net/sockaddr.ts";

/** asm-generic/socket.h */
const SO_REUSEADDR = 2;
const SO_MARK = 36;
/** linux/in.h: the port is chosen at connect(), so that one source address serves many checks */
const IP_BIND_ADDRESS_NO_PORT = 24;
const MSG_NOSIGNAL = 0x4000;

interface PreparedTarget extends ProbeTarget {
  readonly domain: number;
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

  prepare(connect: ConnectConfig): ProbeTarget {
    const { address, port, bindto, bindPort, bindIf } = connect;
    const scope = bindIf !== undefined && isLinkLocal(address) ? this.#native.ifNameToIndex(bindIf) : 0;
    const any = (familyOf(address) === "ipv4" ? "0.0.0.0" : "::") as IpAddress;
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
      domain: familyOf(address) === "ipv4" ? AF_INET : AF_INET6,
      remote: internetAddress(address, port, scope),
      local,
      device: bindIf === undefined ? undefined : Buffer.from(`${bindIf}\0`),
    };
    return prepared;
  }

  connect(target: ProbeTarget): ProbeSocket {
    const native = this.#native;
    const { domain, remote, local, device, connect } = target as PreparedTarget;
    const fd = native.socket(domain, SOCK_STREAM, 0);
    try {
      if (connect.fwmark !== undefined && connect.fwmark !== 0)
        native.setsockopt(fd, SOL_SOCKET, SO_MARK, connect.fwmark | 0);
      if (device !== undefined) native.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device);
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

function fdOf(socket: ProbeSocket): Fd {
  return socket as number as Fd;
}

function isLinkLocal(address: IpAddress): boolean {
  return /^fe[89ab]/.test(address);
}
