/**
 * Finds the session that a packet belongs to. Decides by discriminators and addresses only; knows neither
 * sockets nor states.
 *
 * @see RFC 5880 §6.3, §6.8.6
 */
import type { IpAddress } from "../base/address.ts";

/** Where a session's packets come from and go to. */
export interface SessionPlace {
  readonly neighbor: IpAddress;
  /** undefined: any address of this machine */
  readonly source: IpAddress | undefined;
  readonly multihop: boolean;
}

/** What of a received packet says whose it is. */
export interface PacketPlace {
  readonly yourDiscriminator: number;
  readonly from: IpAddress;
  readonly to: IpAddress | undefined;
  readonly multihop: boolean;
}

export class SessionDirectory<T> {
  readonly #byDiscriminator = new Map<number, T>();
  readonly #byPlace = new Map<string, T>();

  /** @param discriminator this system's, taken by nobody else */
  add(session: T, discriminator: number, place: SessionPlace): void {
    this.#byDiscriminator.set(discriminator, session);
    this.#byPlace.set(keyOf(place.neighbor, place.source, place.multihop), session);
  }

  remove(discriminator: number, place: SessionPlace): void {
    this.#byDiscriminator.delete(discriminator);
    this.#byPlace.delete(keyOf(place.neighbor, place.source, place.multihop));
  }

  /** A discriminator that no session of this system has, 1 to 2^32-1. @param random 0 to 1 */
  freshDiscriminator(random: () => number): number {
    for (;;) {
      const candidate = 1 + Math.floor(random() * 0xffff_ffff);
      if (!this.#byDiscriminator.has(candidate)) return candidate;
    }
  }

  /** Without a discriminator of ours the addresses decide; a session with a source address goes first. */
  find(packet: PacketPlace): T | undefined {
    if (packet.yourDiscriminator !== 0) return this.#byDiscriminator.get(packet.yourDiscriminator);
    const { from, to, multihop } = packet;
    const exact = to === undefined ? undefined : this.#byPlace.get(keyOf(from, to, multihop));
    return exact ?? this.#byPlace.get(keyOf(from, undefined, multihop));
  }
}

function keyOf(neighbor: IpAddress, source: IpAddress | undefined, multihop: boolean): string {
  return `${multihop ? "multihop" : "hop"} ${neighbor} ${source ?? "*"}`;
}
