/**
 * Which sockets the routers need: one pair per interface, protocol and group or unicast address, opened for
 * the first router there and closed after the last. Finds the router of a packet; never judges the packet.
 */
import type { IpAddress } from "../base/address.ts";
import type { DaemonError } from "../base/errors.ts";
import type { Datagram } from "../base/ip-packet.ts";
import { peekVirtualRouterId } from "./packet.ts";
import type { Outgoing } from "./wire.ts";

/** The part of `VrrpSocket` (src/net/raw-socket.ts) that is needed here. */
export interface AdvertSocket {
  send(datagram: Outgoing): boolean;
  drain(): void;
  reserve(bytes: number): void;
  close(): void;
}

/** `VrrpSocketPlace` of src/net/raw-socket.ts. */
export interface SocketPlace {
  /** 0: any interface */
  readonly ifindex: number;
  /** empty: any interface */
  readonly ifname: string;
  readonly protocol: number;
  readonly address: IpAddress;
}

/** Whose packets a member takes. */
export interface Claim {
  readonly virtualRouterId: number;
  /** senders that are this member's, when several share VRID and place; undefined: everybody */
  readonly peers: ReadonlySet<IpAddress> | undefined;
  /** bytes of the receive buffer that the operator wants for it */
  readonly buffer: number;
}

/** How sockets are opened and where their packets go. */
export interface SocketHost<Member> {
  /** @throws DaemonError */
  open(
    place: SocketPlace,
    listener: { packet(datagram: Datagram): void; error(error: DaemonError): void },
  ): AdvertSocket;
  packet(member: Member, datagram: Datagram): void;
  /** an advert that is for none of the members */
  unknown(place: SocketPlace, virtualRouterId: number): void;
  error(place: SocketPlace, error: DaemonError): void;
}

interface Pool<Member> {
  readonly key: string;
  readonly socket: AdvertSocket;
  readonly members: Map<number, readonly Seat<Member>[]>;
  /** bytes of receive buffer that the members want */
  wanted: number;
}

interface Seat<Member> {
  readonly member: Member;
  readonly pool: Pool<Member>;
  claim: Claim;
  /** who was heard last */
  heard: IpAddress | undefined;
}

/** Reads of a socket before a deadline is believed; more waiting than this is a flood. */
const DRAIN_LIMIT = 32;

export class AdvertSockets<Member> {
  readonly #host: SocketHost<Member>;
  readonly #pools = new Map<string, Pool<Member>>();
  readonly #seats = new Map<Member, Seat<Member>>();
  #received = 0;

  constructor(host: SocketHost<Member>) {
    this.#host = host;
  }

  /**
   * Gives a member its place; it leaves an earlier one.
   *
   * @param place need not be on the member's configured interface: a VMAC's, its parent's
   * @throws DaemonError when the socket cannot be opened; the member then has no place
   */
  join(member: Member, claim: Claim, place: SocketPlace): void {
    const key = `${place.ifindex} ${place.ifname} ${place.protocol} ${place.address}`;
    const before = this.#seats.get(member);
    if (before?.pool.key === key && before.claim.virtualRouterId === claim.virtualRouterId) {
      reserve(before.pool, before.claim.buffer, claim.buffer);
      before.claim = claim;
      return;
    }
    this.leave(member);
    const pool = this.#pools.get(key) ?? this.#open(key, place);
    const seat: Seat<Member> = { member, pool, claim, heard: undefined };
    const others = pool.members.get(claim.virtualRouterId) ?? [];
    pool.members.set(claim.virtualRouterId, [...others, seat]);
    this.#seats.set(member, seat);
    reserve(pool, 0, claim.buffer);
  }

  leave(member: Member): void {
    const seat = this.#seats.get(member);
    if (seat === undefined) return;
    this.#seats.delete(member);
    const { pool, claim } = seat;
    reserve(pool, claim.buffer, 0);
    const others = (pool.members.get(claim.virtualRouterId) ?? []).filter((other) => other !== seat);
    if (others.length > 0) pool.members.set(claim.virtualRouterId, others);
    else pool.members.delete(claim.virtualRouterId);
    if (pool.members.size > 0) return;
    pool.socket.close();
    this.#pools.delete(pool.key);
  }

  /** @returns false when nothing went out: no place, or no room @throws DaemonError */
  send(member: Member, datagram: Outgoing): boolean {
    return this.#seats.get(member)?.pool.socket.send(datagram) ?? false;
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
    for (const member of [...this.#seats.keys()]) this.leave(member);
  }

  #open(key: string, place: SocketPlace): Pool<Member> {
    const members = new Map<number, readonly Seat<Member>[]>();
    const socket = this.#host.open(place, {
      packet: (datagram) => this.#receive(place, members, datagram),
      error: (error) => this.#host.error(place, error),
    });
    const pool = { key, socket, members, wanted: 0 };
    this.#pools.set(key, pool);
    return pool;
  }

  #receive(
    place: SocketPlace,
    members: ReadonlyMap<number, readonly Seat<Member>[]>,
    datagram: Datagram,
  ): void {
    this.#received++;
    const virtualRouterId = peekVirtualRouterId(datagram);
    if (virtualRouterId === undefined) return;
    const seat = seatFor(members.get(virtualRouterId) ?? [], datagram.source);
    if (seat === undefined) {
      this.#host.unknown(place, virtualRouterId);
      return;
    }
    seat.heard = datagram.source;
    this.#host.packet(seat.member, datagram);
  }
}

/** One socket has room for all its members. */
function reserve<Member>(pool: Pool<Member>, before: number, now: number): void {
  pool.wanted += now - before;
  if (now > before) pool.socket.reserve(pool.wanted);
}

/** Several unicast routers may share a VRID: first the one that heard this sender last, then peer lists. */
function seatFor<Member>(seats: readonly Seat<Member>[], from: IpAddress): Seat<Member> | undefined {
  if (seats.length < 2) return seats[0];
  return seats.find((s) => s.heard === from) ?? seats.find((s) => s.claim.peers?.has(from)) ?? seats[0];
}
