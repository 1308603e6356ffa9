/**
 * One netlink socket: requests, batches and dumps, synchronously. Decides how acknowledgements belong to
 * requests; never knows what the messages mean.
 */
import { type DaemonError, InternalError } from "../base/errors.ts";
import type { Fd, Native } from "./native-api.ts";

/** A request without header. `flags` gets NLM_F_REQUEST and, where due, NLM_F_ACK added. */
export interface NetlinkRequest {
  readonly type: number;
  readonly flags: number;
  /** family header and attributes */
  readonly body: Uint8Array;
}

/** A message from the kernel. `body` is a view that lives only until the next call on the same socket. */
export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  readonly body: Buffer;
}

export class NetlinkSocket {
  /** For readiness: `native.poll(socket.fd, …)` when `groups` were joined. */
  readonly fd: Fd;

  /**
   * @param protocol NETLINK_ROUTE, NETLINK_GENERIC, …
   * @param options.groups multicast groups 1-32 as a bit mask
   * @param options.receiveBuffer bytes, forced beyond the system limit where allowed
   */
  constructor(
    native: Native,
    protocol: number,
    options: { readonly groups?: number; readonly receiveBuffer?: number } = {},
  ) {
    this.fd = native.socket(16, 3, protocol);
    void options;
  }

  /**
   * Sends all requests, up to 64 in one system call, and reads all acknowledgements.
   *
   * @returns what the kernel said to request i at index i, undefined for success
   */
  requestBatch(requests: readonly NetlinkRequest[]): readonly (DaemonError | undefined)[] {
    throw new InternalError(`not yet ${requests.length}`);
  }

  /** One request with its answers. @throws DaemonError what the kernel refused it with */
  request(request: NetlinkRequest): readonly NetlinkMessage[] {
    throw new InternalError(`not yet ${request.type}`);
  }

  /** A whole table; repeated when the kernel says it changed under way. @throws DaemonError */
  dump(request: NetlinkRequest): readonly NetlinkMessage[] {
    throw new InternalError(`not yet ${request.type}`);
  }

  close(): void {}
}
