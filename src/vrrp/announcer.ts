/**
 * Sends gratuitous ARPs and neighbour advertisements over what `announce.ts` decides: one queue per
 * interface and kind, or per garp_group, frames round-robin over the addresses. Keeps what still waits;
 * never decides when an instance announces.
 */
import { type Family, familyOf, type IpAddress } from "../base/address.ts";
import { DaemonError } from "../base/errors.ts";
import type { Instant, Micros } from "../base/units.ts";
import type { GarpGroupConfig } from "../config/model-vrrp.ts";
import {
  ETHERTYPE_ARP,
  ETHERTYPE_IPV6,
  gratuitousArp,
  infinibandAllNodes,
  infinibandArp,
  neighbourAdvertisement,
  neighbourPacket,
} from "./frames.ts";
import { PacedQueue } from "./pace.ts";

/** A frame with its link header, or a packet for which the kernel makes one. */
export type OutgoingFrame =
  | { readonly ifindex: number; readonly frame: Uint8Array }
  | {
      readonly ifindex: number;
      readonly packet: Uint8Array;
      /** ETH_P_* */
      readonly protocol: number;
      /** link layer address of the receiver */
      readonly to: Uint8Array;
    };

/** Where frames go; `PacketSocket` of src/net/raw-socket.ts. */
export interface FrameSender {
  /** @returns how many went out; sending the rest again goes on or tells what is wrong @throws DaemonError */
  send(frames: readonly OutgoingFrame[]): number;
}

/** What the announcer tells. */
export interface AnnouncerListener {
  sent(interfaceName: string, address: IpAddress): void;
  failed(interfaceName: string, address: IpAddress, error: DaemonError | undefined): void;
  /** whether an interface forwards IPv6, so that neighbours see a router */
  forwards(interfaceName: string): boolean;
}

/** The interface that holds an address. */
export interface AnnounceLink {
  readonly index: number;
  readonly name: string;
  /** 6 bytes on Ethernet, 20 on InfiniBand; others cannot be announced */
  readonly mac: Uint8Array;
  /** IFF_* of linux/if.h */
  readonly flags: number;
  /** on InfiniBand */
  readonly broadcast?: Uint8Array;
  /** the interface whose wire it is on, of which the limits count */
  readonly wire: string;
}

/** The least pauses between two frames, 0 for none. */
export interface AnnounceLimits {
  readonly garpInterval: Micros;
  readonly gnaInterval: Micros;
  /** interfaces that share one limit, instead of the above */
  readonly groups: readonly GarpGroupConfig[];
}

interface Target {
  readonly link: AnnounceLink;
  readonly address: IpAddress;
}

interface Lane {
  interval: Micros;
  readonly queue: PacedQueue<Target>;
}

const IFF_NOARP = 0x80;
/** Frames a turn: some hundred instances that become active at once must not delay adverts. */
const FRAMES_PER_TURN = 256;

export class Announcer {
  readonly #sender: FrameSender;
  readonly #listener: AnnouncerListener;
  readonly #lanes = new Map<string, Lane>();
  #limits: AnnounceLimits = { garpInterval: 0 as Micros, gnaInterval: 0 as Micros, groups: [] };
  #groups: ReadonlyMap<string, GarpGroupConfig> = new Map();

  constructor(sender: FrameSender, listener: AnnouncerListener) {
    this.#sender = sender;
    this.#listener = listener;
  }

  /** The limits of a configuration; what waits goes on under those it was queued with. */
  configure(limits: AnnounceLimits): void {
    this.#limits = limits;
    this.#groups = new Map(limits.groups.flatMap((group) => group.interfaces.map((name) => [name, group])));
  }

  /** Queues `rounds` frames for each address; {@link flush} sends them. */
  offer(link: AnnounceLink, addresses: readonly IpAddress[], rounds: number): void {
    if (rounds <= 0 || !canAnnounce(link)) return;
    for (const address of addresses)
      this.#lane(link, familyOf(address)).queue.add(`${link.index} ${address}`, { link, address }, rounds);
  }

  /** These addresses are no longer ours: what waits for them is forgotten. */
  withdraw(ifindex: number, addresses: readonly IpAddress[]): void {
    for (const { queue } of this.#lanes.values()) {
      if (queue.next() === undefined) continue;
      for (const address of addresses) queue.remove(`${ifindex} ${address}`);
    }
  }

  /** Sends what may go at `now`. */
  flush(now: Instant): void {
    let room = FRAMES_PER_TURN;
    for (const { queue, interval } of this.#lanes.values()) {
      const targets = queue.take(interval, now, room);
      if (targets.length > 0) this.#send(targets);
      room -= targets.length;
    }
  }

  /** When {@link flush} has more to send. */
  next(): Instant | undefined {
    let earliest: Instant | undefined;
    for (const { queue } of this.#lanes.values()) {
      const at = queue.next();
      if (at !== undefined && (earliest === undefined || at < earliest)) earliest = at;
    }
    return earliest;
  }

  #lane({ wire }: AnnounceLink, family: Family): Lane {
    const group = this.#groups.get(wire);
    const { garpInterval, gnaInterval } = group ?? this.#limits;
    const key = `${family} ${group?.where ?? wire}`;
    const lane = this.#lanes.get(key) ?? { interval: 0 as Micros, queue: new PacedQueue<Target>() };
    lane.interval = family === "ipv4" ? garpInterval : gnaInterval;
    this.#lanes.set(key, lane);
    return lane;
  }

  #send(targets: readonly Target[]): void {
    const made = new Map<Target, OutgoingFrame>();
    for (const target of targets) if (!made.has(target)) made.set(target, this.#frame(target));
    let rest = targets;
    while (rest.length > 0) {
      let sent = 0;
      let error: DaemonError | undefined;
      try {
        sent = this.#sender.send(rest.map((target) => made.get(target) as OutgoingFrame));
      } catch (e) {
        if (!(e instanceof DaemonError)) throw e;
        error = e;
      }
      for (const { link, address } of rest.slice(0, sent)) this.#listener.sent(link.name, address);
      const refused = rest[sent];
      rest = rest.slice(sent);
      if (sent > 0 || refused === undefined) continue;
      // One line for a burst that the interface refuses: the next burst is a new chance.
      this.#listener.failed(refused.link.name, refused.address, error);
      rest = rest.filter(({ link }) => link.index !== refused.link.index);
    }
  }

  #frame({ link, address }: Target): OutgoingFrame {
    const { index: ifindex, mac, broadcast } = link;
    if (familyOf(address) === "ipv4")
      return broadcast === undefined
        ? { ifindex, frame: gratuitousArp(mac, address) }
        : { ifindex, packet: infinibandArp(mac, broadcast, address), protocol: ETHERTYPE_ARP, to: broadcast };
    const isRouter = this.#listener.forwards(link.name);
    return broadcast === undefined
      ? { ifindex, frame: neighbourAdvertisement(mac, address, isRouter) }
      : {
          ifindex,
          packet: neighbourPacket(mac, address, isRouter),
          protocol: ETHERTYPE_IPV6,
          to: infinibandAllNodes(broadcast),
        };
  }
}

/** Neighbours of some interfaces are not found by asking. */
function canAnnounce({ mac, flags, broadcast }: AnnounceLink): boolean {
  if ((flags & IFF_NOARP) !== 0) return false;
  return broadcast === undefined ? mac.length === 6 : mac.length === 20 && broadcast.length === 20;
}
