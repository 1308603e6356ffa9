/**
 * Which sockets the routers need: one pair per interface and group, opened for the first router there and
 * closed after the last. Finds the router of a packet; never judges the packet.
 */
import type { IpAddress } from "../base/address.ts";
import type { DaemonError } from "../base/errors.ts";
import { type Datagram, parseIpv4Datagram, peekVirtualRouterId } from "./packet.ts";

/** The part of `VrrpSocket` (src/net/raw-socket.ts) that is needed here. */
export interface AdvertSocket {
  send(source: IpAddress, destination: IpAddress, pdu: Uint8Array): boolean;
  drain(): void;
  close(): void;
}

export interface SocketPlace {
  readonly ifindex: number;
  readonly ifname: string;
  readonly group: IpAddress;
}

/** How sockets are opened and where their packets go. */
export interface SocketHost<Member> {
  /** @throws DaemonError */
  open(
    place: SocketPlace,
    listener: { packet(packet: Uint8Array): void; error(error: DaemonError): void },
  ): AdvertSocket;
  packet(member: Member, datagram: Datagram): void;
  error(place: SocketPlace, error: DaemonError): void;
}

interface Pool<Member> {
  readonly key: string;
  readonly socket: AdvertSocket;
  readonly group: IpAddress;
  readonly members: Map<number, Member>;
}

/** Reads of a socket before a deadline is believed; more waiting than this is a flood. */
const DRAIN_LIMIT = 32;

export class AdvertSockets<Member> {
  readonly #host: SocketHost<Member>;
  readonly #pools = new Map<string, Pool<Member>>();
  readonly #places = new Map<Member, { readonly pool: Pool<Member>; readonly virtualRouterId: number }>();
  #received = 0;

  constructor(host: SocketHost<Member>) {
    this.#host = host;
  }

  /**
   * Gives a member its place; it leaves an earlier one.
   *
   * @throws DaemonError when the socket cannot be opened; the member then has no place
   */
  join(member: Member, virtualRouterId: number, place: SocketPlace): void {
    const key = `${place.ifindex} ${place.group}`;
    const before = this.#places.get(member);
    if (before?.pool.key === key && before.virtualRouterId === virtualRouterId) return;
    this.leave(member);
    const pool = this.#pools.get(key) ?? this.#open(key, place);
    pool.members.set(virtualRouterId, member);
    this.#places.set(member, { pool, virtualRouterId });
  }

  leave(member: Member): void {
    const place = this.#places.get(member);
    if (place === undefined) return;
    this.#places.delete(member);
    place.pool.members.delete(place.virtualRouterId);
    if (place.pool.members.size > 0) return;
    place.pool.socket.close();
    this.#pools.delete(place.pool.key);
  }

  /** The group that a member's adverts go to; undefined when it has no place. */
  groupOf(member: Member): IpAddress | undefined {
    return this.#places.get(member)?.pool.group;
  }

  /** @returns false when nothing went out: no place, or no room @throws DaemonError */
  send(member: Member, source: IpAddress, pdu: Uint8Array): boolean {
    const pool = this.#places.get(member)?.pool;
    return pool?.socket.send(source, pool.group, pdu) ?? false;
  }

  /** Reads all that waits, on all sockets. */
  drain(): void {
    for (const { socket } of [...this.#pools.values()]) {
      for (let reads = 0; reads < DRAIN_LIMIT; reads++) {
        const before = this.#received;
        socket.drain();
        if (this.#received === before) break;
      }
    }
  }

  close(): void {
    for (const member of [...this.#places.keys()]) this.leave(member);
  }

  #open(key: string, place: SocketPlace): Pool<Member> {
    const members = new Map<number, Member>();
    const socket = this.#host.open(place, {
      packet: (packet) => this.#receive(members, packet),
      error: (error) => this.#host.error(place, error),
    });
    const pool = { key, socket, group: place.group, members };
    this.#pools.set(key, pool);
    return pool;
  }

  #receive(members: ReadonlyMap<number, Member>, packet: Uint8Array): void {
    this.#received++;
    const datagram = parseIpv4Datagram(packet);
    if (datagram === undefined) return;
    const member = members.get(peekVirtualRouterId(datagram) ?? 0);
    if (member !== undefined) this.#host.packet(member, datagram);
  }
}
