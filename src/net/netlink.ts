/**
 * One netlink socket: requests, batches and dumps, synchronously. Decides which acknowledgement belongs to
 * which request and whether a dump was consistent; never knows what the messages mean.
 *
 * The kernel handles a request inside sendmsg(2) and produces a dump inside recvmsg(2), so nothing here
 * ever waits: an answer that is not there will not come.
 */
import { attributes } from "../base/attributes.ts";
import { DaemonError } from "../base/errors.ts";
import {
  AF_NETLINK,
  EAGAIN,
  ENOBUFS,
  NETLINK_CAP_ACK,
  NETLINK_EXT_ACK,
  NETLINK_GET_STRICT_CHK,
  NLM_F_ACK,
  NLM_F_ACK_TLVS,
  NLM_F_CAPPED,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSGERR_ATTR_MSG,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SOCK_RAW,
  SOL_NETLINK,
  SOL_SOCKET,
} from "./constants.ts";
import { kernelError } from "./errno.ts";
import type { Fd, Native } from "./native-api.ts";
import { netlinkAddress } from "./sockaddr.ts";

/** A request without its header. NLM_F_REQUEST and, where due, NLM_F_ACK are added to `flags`. */
export interface NetlinkRequest {
  readonly type: number;
  readonly flags: number;
  /** family header and attributes */
  readonly body: Uint8Array;
  /** what an error calls it, for example `RTM_NEWADDR`; `netlink` when absent */
  readonly name?: string;
}

/** A message from the kernel. `body` belongs to the receiver. */
export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  readonly body: Buffer;
  /** of a notification: netlink port of the request that caused it; 0: the kernel itself, or unknown */
  readonly port: number;
}

const HEADER = 16;
/** Messages a sendmsg(2): more gain nothing and fill the receive buffer with acknowledgements. */
const BATCH = 64;
/** Bytes a sendmsg(2), well under the default send buffer. */
const BATCH_BYTES = 64 * 1024;
/** A slot per acknowledgement, which holds an error, a header and a sentence; one batch fits. */
const ACK_SLOT = 2048;
/** The kernel builds dumps in parts of at most 32 KiB; a single message may be longer. */
const DUMP_SLOT = 64 * 1024;
const DUMP_ATTEMPTS = 8;

const align = (n: number): number => (n + 3) & ~3;

/** Buffers of all sockets: every call is synchronous, so two sockets never need them at once. */
let sendBuffer = Buffer.allocUnsafe(BATCH_BYTES);
const receiveBuffer = Buffer.allocUnsafe(8 * DUMP_SLOT);

export class NetlinkSocket {
  /** For readiness: `native.poll(socket.fd, …)` when `groups` were joined. */
  readonly fd: Fd;
  readonly #native: Native;
  #sequence = 0;

  /**
   * @param protocol NETLINK_ROUTE, NETLINK_GENERIC, …
   * @param options.groups multicast groups 1-32 as a bit mask
   * @param options.receiveBuffer bytes, forced beyond the system's limit where allowed
   * @throws DaemonError
   */
  constructor(
    native: Native,
    protocol: number,
    options: { readonly groups?: number; readonly receiveBuffer?: number } = {},
  ) {
    this.#native = native;
    this.fd = native.socket(AF_NETLINK, SOCK_RAW, protocol);
    try {
      // An old kernel may lack any of the three; all work without.
      for (const option of [NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK])
        this.#trySetOption(SOL_NETLINK, option, 1);
      if (options.receiveBuffer !== undefined) this.#growReceiveBuffer(options.receiveBuffer);
      native.bind(this.fd, netlinkAddress(0, options.groups ?? 0));
    } catch (e) {
      native.close(this.fd);
      throw e;
    }
  }

  /**
   * Sends all requests, up to 64 in one system call, and reads all acknowledgements.
   *
   * @returns what the kernel said to request i at index i, undefined for success. ENOBUFS stands for an
   * acknowledgement that was lost: whether the request took effect is unknown
   */
  requestBatch(requests: readonly NetlinkRequest[]): readonly (DaemonError | undefined)[] {
    const results = new Array<DaemonError | undefined>(requests.length).fill(undefined);
    for (let done = 0; done < requests.length; ) {
      if (this.#sequence > 0x7fff_0000) this.#sequence = 0;
      const first = this.#sequence + 1;
      const { count, bytes } = this.#encode(requests, done);
      const refused = this.#send(bytes);
      if (refused !== undefined) results.fill(refused, done, done + count);
      else this.#readAcknowledgements(requests, results, { first, count, offset: done });
      done += count;
    }
    return results;
  }

  /**
   * All or nothing: requests between the two messages that frame a transaction, in one system call.
   *
   * @param frame as nf_tables has it; its messages are not acknowledged
   * @returns what the kernel said to request i at index i; one refusal, and none took effect
   */
  transaction(
    requests: readonly NetlinkRequest[],
    frame: { readonly begin: NetlinkRequest; readonly end: NetlinkRequest },
  ): readonly (DaemonError | undefined)[] {
    const results = new Array<DaemonError | undefined>(requests.length).fill(undefined);
    if (requests.length === 0) return results;
    if (this.#sequence > 0x7fff_0000) this.#sequence = 0;
    let bytes = 0;
    const append = (request: NetlinkRequest, flags: number): void => {
      this.#append(bytes, request, NLM_F_REQUEST | flags);
      bytes += align(HEADER + request.body.length);
    };
    append(frame.begin, 0);
    const first = this.#sequence + 1;
    for (const request of requests) append(request, NLM_F_ACK);
    append(frame.end, 0);
    const refused = this.#send(bytes);
    if (refused !== undefined) results.fill(refused);
    else this.#readAcknowledgements(requests, results, { first, count: requests.length, offset: 0 });
    return results;
  }

  /**
   * One request with its answers up to the acknowledgement.
   *
   * @throws DaemonError what the kernel refused it with
   */
  request(request: NetlinkRequest): readonly NetlinkMessage[] {
    return this.#exchange(request, NLM_F_ACK).messages;
  }

  /**
   * A whole table. Begins again when the kernel says that the table changed under way.
   *
   * @throws DaemonError what the kernel refused it with; EAGAIN when the table never held still
   */
  dump(request: NetlinkRequest): readonly NetlinkMessage[] {
    for (let attempt = 0; attempt < DUMP_ATTEMPTS; attempt++) {
      const { messages, interrupted } = this.#exchange(request, NLM_F_DUMP);
      if (!interrupted) return messages;
    }
    throw kernelError(nameOf(request), EAGAIN, "the table changed during every attempt");
  }

  /**
   * Notifications that wait, when `groups` were joined.
   *
   * @returns undefined when nothing waits any more; the list may be empty before that
   * @throws DaemonError ENOBUFS or EMSGSIZE: notifications were lost
   */
  notifications(): readonly NetlinkMessage[] | undefined {
    const length = this.#native.receiveNetlink(this.fd, receiveBuffer, DUMP_SLOT);
    if (length === undefined) return undefined;
    const messages: NetlinkMessage[] = [];
    eachMessage(length, (type, flags, _sequence, at, end) => {
      messages.push({ type, flags, body: copyOf(at, end), port: portOf(at) });
    });
    return messages;
  }

  close(): void {
    this.#native.close(this.fd);
  }

  #trySetOption(level: number, option: number, value: number): boolean {
    try {
      this.#native.setsockopt(this.fd, level, option, value);
      return true;
    } catch (e) {
      if (e instanceof DaemonError) return false;
      throw e;
    }
  }

  #growReceiveBuffer(bytes: number): void {
    if (!this.#trySetOption(SOL_SOCKET, SO_RCVBUFFORCE, bytes))
      this.#native.setsockopt(this.fd, SOL_SOCKET, SO_RCVBUF, bytes);
  }

  /** Encodes as many requests as one call takes into the send buffer. */
  #encode(requests: readonly NetlinkRequest[], from: number): { count: number; bytes: number } {
    let bytes = 0;
    let count = 0;
    while (count < BATCH && from + count < requests.length) {
      const request = requests[from + count] as NetlinkRequest;
      const size = align(HEADER + request.body.length);
      if (count > 0 && bytes + size > BATCH_BYTES) break;
      this.#append(bytes, request, NLM_F_REQUEST | NLM_F_ACK);
      bytes += size;
      count++;
    }
    return { count, bytes };
  }

  #append(at: number, request: NetlinkRequest, flags: number): void {
    const length = HEADER + request.body.length;
    if (at + align(length) > sendBuffer.length) {
      const grown = Buffer.allocUnsafe(at + align(length));
      grown.set(sendBuffer);
      sendBuffer = grown;
    }
    this.#sequence++;
    sendBuffer.writeUInt32LE(length, at);
    sendBuffer.writeUInt16LE(request.type, at + 4);
    sendBuffer.writeUInt16LE(request.flags | flags, at + 6);
    sendBuffer.writeUInt32LE(this.#sequence, at + 8);
    sendBuffer.writeUInt32LE(0, at + 12);
    sendBuffer.set(request.body, at + HEADER);
    sendBuffer.fill(0, at + length, at + align(length));
  }

  #send(bytes: number): DaemonError | undefined {
    try {
      return this.#native.send(this.fd, sendBuffer.subarray(0, bytes))
        ? undefined
        : kernelError("sendmsg", EAGAIN);
    } catch (e) {
      if (e instanceof DaemonError) return e;
      throw e;
    }
  }

  /** Acknowledgements come in the order of the requests; one that is missing was lost for want of room. */
  #readAcknowledgements(
    requests: readonly NetlinkRequest[],
    results: (DaemonError | undefined)[],
    batch: { readonly first: number; readonly count: number; readonly offset: number },
  ): void {
    let seen = 0;
    let overrun: DaemonError | undefined;
    const fillLost = (from: number, to: number): void => {
      results.fill(overrun ?? kernelError("recvmmsg", ENOBUFS), batch.offset + from, batch.offset + to);
    };
    while (seen < batch.count) {
      const length = this.#receive(ACK_SLOT);
      if (length instanceof DaemonError) {
        overrun = length; // what was queued before the overrun can still be read
        continue;
      }
      if (length === undefined) {
        fillLost(seen, batch.count);
        return;
      }
      eachMessage(length, (type, flags, sequence, at, end) => {
        const index = sequence - batch.first;
        if (type !== NLMSG_ERROR || index < seen || index >= batch.count || end - at < 4) return;
        if (index > seen) fillLost(seen, index);
        const i = batch.offset + index;
        results[i] = errorOf(requests[i] as NetlinkRequest, flags, at, end);
        seen = index + 1;
      });
    }
  }

  /** @returns bytes received, undefined when nothing waits, or the error that says that messages were lost */
  #receive(slot: number): number | DaemonError | undefined {
    try {
      return this.#native.receiveNetlink(this.fd, receiveBuffer, slot);
    } catch (e) {
      if (e instanceof DaemonError && (e.code === "ENOBUFS" || e.code === "EMSGSIZE")) return e;
      throw e;
    }
  }

  #exchange(request: NetlinkRequest, flags: number): { messages: NetlinkMessage[]; interrupted: boolean } {
    this.#append(0, request, NLM_F_REQUEST | flags);
    const sequence = this.#sequence;
    const refused = this.#send(align(HEADER + request.body.length));
    if (refused !== undefined) throw refused;
    const messages: NetlinkMessage[] = [];
    const state = { done: false, interrupted: false, error: undefined as DaemonError | undefined };
    while (!state.done) {
      const length = this.#receive(DUMP_SLOT);
      if (length instanceof DaemonError) {
        this.#discard();
        throw length;
      }
      if (length === undefined) throw kernelError("recvmmsg", EAGAIN, "the kernel did not finish its answer");
      eachMessage(length, (type, messageFlags, answers, at, end) => {
        if (answers !== sequence || state.done) return;
        if ((messageFlags & NLM_F_DUMP_INTR) !== 0) state.interrupted = true;
        if (type === NLMSG_ERROR || type === NLMSG_DONE) {
          state.done = true;
          if (end - at >= 4) state.error = errorOf(request, messageFlags, at, end, type === NLMSG_DONE);
        } else messages.push({ type, flags: messageFlags, body: copyOf(at, end), port: portOf(at) });
      });
    }
    if (state.error !== undefined) throw state.error;
    return { messages, interrupted: state.interrupted };
  }

  /** What is still queued belongs to an exchange that failed and must not be met by the next. */
  #discard(): void {
    while (this.#receive(DUMP_SLOT) !== undefined);
  }
}

/** Calls `visit` for each whole message among the first `length` bytes received; `at`..`end` is its body. */
function eachMessage(
  length: number,
  visit: (type: number, flags: number, sequence: number, at: number, end: number) => void,
): void {
  for (let at = 0; at + HEADER <= length; ) {
    const size = receiveBuffer.readUInt32LE(at);
    if (size < HEADER || at + size > length) return;
    visit(
      receiveBuffer.readUInt16LE(at + 4),
      receiveBuffer.readUInt16LE(at + 6),
      receiveBuffer.readUInt32LE(at + 8),
      at + HEADER,
      at + size,
    );
    at += align(size);
  }
}

/** nlmsg_pid of the message whose body begins at `at`. */
function portOf(at: number): number {
  return receiveBuffer.readUInt32LE(at - 4);
}

function copyOf(at: number, end: number): Buffer {
  return Buffer.from(receiveBuffer.subarray(at, end));
}

/**
 * Reads NLMSG_ERROR, or the status of NLMSG_DONE, whose attributes follow without an echoed request.
 *
 * @returns undefined for an acknowledgement without error
 */
function errorOf(
  request: NetlinkRequest,
  flags: number,
  at: number,
  end: number,
  ofDump = false,
): DaemonError | undefined {
  const errno = -receiveBuffer.readInt32LE(at);
  if (errno <= 0) return undefined;
  const name = nameOf(request);
  if ((flags & NLM_F_ACK_TLVS) === 0) return kernelError(name, errno);
  let text = at + 4;
  if (!ofDump) {
    if (text + HEADER > end) return kernelError(name, errno);
    text += (flags & NLM_F_CAPPED) !== 0 ? HEADER : align(receiveBuffer.readUInt32LE(text));
  }
  for (const a of attributes(receiveBuffer.subarray(0, end), text))
    if (a.type === NLMSGERR_ATTR_MSG)
      return kernelError(name, errno, a.payload.toString("utf8").replace(/\0.*$/s, ""));
  return kernelError(name, errno);
}

function nameOf(request: NetlinkRequest): string {
  return request.name ?? "netlink";
}
