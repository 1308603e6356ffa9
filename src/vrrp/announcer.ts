/**
 * Sends gratuitous ARPs over what `announce.ts` decides: one pace per interface, frames round-robin over
 * the addresses. Keeps queues of what still waits; never decides when an instance announces.
 */
import type { IpAddress } from "../base/address.ts";
import { DaemonError } from "../base/errors.ts";
import type { Instant, Micros } from "../base/units.ts";
import { enqueue, gratuitousArp, idlePace, nextRelease, type Pace, release, withdraw } from "./announce.ts";

/** Where frames go; `PacketSocket` of src/net/raw-socket.ts. */
export interface FrameSender {
  send(ifindex: number, frames: readonly Uint8Array[]): number;
}

/** What the announcer tells. */
export interface AnnouncerListener {
  sent(interfaceName: string, address: IpAddress): void;
  failed(interfaceName: string, address: IpAddress, error: DaemonError | undefined): void;
}

/** The interface that holds an address. */
export interface AnnounceLink {
  readonly index: number;
  readonly name: string;
  /** 6 bytes; others cannot be announced */
  readonly mac: Uint8Array;
}

interface Lane {
  link: AnnounceLink;
  /** least pause between two frames, 0 for none */
  interval: Micros;
  pace: Pace<IpAddress>;
}

export class Announcer {
  readonly #sender: FrameSender;
  readonly #listener: AnnouncerListener;
  readonly #lanes = new Map<number, Lane>();

  constructor(sender: FrameSender, listener: AnnouncerListener) {
    this.#sender = sender;
    this.#listener = listener;
  }

  /** Queues `rounds` frames for each address; {@link flush} sends them. */
  offer(link: AnnounceLink, addresses: readonly IpAddress[], rounds: number, interval: Micros): void {
    if (link.mac.length !== 6 || rounds <= 0) return;
    const lane = this.#lanes.get(link.index) ?? { link, interval, pace: idlePace<IpAddress>() };
    lane.link = link;
    lane.interval = interval;
    lane.pace = enqueue(lane.pace, addresses, rounds);
    this.#lanes.set(link.index, lane);
  }

  /** These addresses are no longer ours: what waits for them is forgotten. */
  withdraw(ifindex: number, addresses: ReadonlySet<IpAddress>): void {
    const lane = this.#lanes.get(ifindex);
    if (lane !== undefined) lane.pace = withdraw(lane.pace, (address) => addresses.has(address));
  }

  /** Sends what may go at `now`. */
  flush(now: Instant): void {
    for (const lane of this.#lanes.values()) {
      const taken = release(lane.pace, lane.interval, now);
      lane.pace = taken.pace;
      if (taken.frames.length > 0) this.#send(lane.link, taken.frames);
    }
  }

  /** When {@link flush} has more to send. */
  next(): Instant | undefined {
    let earliest: Instant | undefined;
    for (const { pace } of this.#lanes.values()) {
      const at = nextRelease(pace);
      if (at !== undefined && (earliest === undefined || at < earliest)) earliest = at;
    }
    return earliest;
  }

  #send(link: AnnounceLink, addresses: readonly IpAddress[]): void {
    const frames = new Map([...new Set(addresses)].map((a) => [a, gratuitousArp(link.mac, a)]));
    let rest = addresses;
    while (rest.length > 0) {
      let sent = 0;
      let error: DaemonError | undefined;
      try {
        sent = this.#sender.send(
          link.index,
          rest.map((a) => frames.get(a) as Uint8Array),
        );
      } catch (e) {
        if (!(e instanceof DaemonError)) throw e;
        error = e;
      }
      for (const address of rest.slice(0, sent)) this.#listener.sent(link.name, address);
      const refused = rest[sent];
      // One line for a burst that the interface refuses: the next burst is a new chance.
      if (sent === 0 && refused !== undefined) {
        this.#listener.failed(link.name, refused, error);
        return;
      }
      rest = rest.slice(sent);
    }
  }
}
