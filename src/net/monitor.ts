/**
 * Follows links and addresses. Decides what changed, also after the kernel dropped messages (ENOBUFS: dump
 * again, report the differences); never decides what a change means.
 */
import { DaemonError } from "../base/errors.ts";
import { after, millis } from "../base/units.ts";
import {
  NETLINK_ROUTE,
  RTM_DELADDR,
  RTM_DELLINK,
  RTM_NEWADDR,
  RTM_NEWLINK,
  RTMGRP_IPV4_IFADDR,
  RTMGRP_IPV6_IFADDR,
  RTMGRP_LINK,
} from "./constants.ts";
import type { Native, NativeTimer, Poll } from "./native-api.ts";
import { type NetlinkMessage, NetlinkSocket } from "./netlink.ts";
import { decodeAddress, decodeLink, type InterfaceAddress, type Link, RouteSocket } from "./rtnetlink.ts";

export type MonitorEvent =
  /** `appeared`: nothing was known of it before; `moved`: that, or it has another MAC */
  | {
      readonly kind: "linkChanged";
      readonly link: Link;
      readonly appeared: boolean;
      readonly moved: boolean;
    }
  /** the same link under another name; before the `linkChanged` that this is */
  | { readonly kind: "linkRenamed"; readonly index: number; readonly from: string; readonly to: string }
  | { readonly kind: "linkGone"; readonly index: number; readonly name: string }
  | { readonly kind: "addressAdded"; readonly address: InterfaceAddress }
  /** `port`: netlink port of the request that deleted it, where the kernel says it */
  | { readonly kind: "addressGone"; readonly address: InterfaceAddress; readonly port: number }
  /** After an overrun: the differences were reported before this. `lost` counts overruns so far. */
  | { readonly kind: "resynced"; readonly lost: number };

const DEFAULT_RECEIVE_BUFFER = 1024 * 1024;
/** Receive calls a turn of the loop: a storm of events must not starve the timers. */
const READS_PER_TURN = 64;
/** Until the next attempt when the kernel could not be asked. */
const RETRY = millis(100);

export class InterfaceMonitor {
  readonly #native: Native;
  readonly #onEvent: (event: MonitorEvent) => void;
  readonly #socket: NetlinkSocket;
  readonly #route: RouteSocket;
  readonly #poll: Poll;
  readonly #retry: NativeTimer;
  #links: Map<number, Link>;
  /** the same by name */
  readonly #named: Map<string, Link>;
  #addresses: Map<string, InterfaceAddress>;
  #overruns = 0;
  /** The kernel dropped messages and the tables were not read again yet. */
  #stale = false;
  #closed = false;

  /**
   * Takes the first snapshot before it returns; `onEvent` hears only what changes later. What `onEvent`
   * throws becomes an uncaught exception and does not keep later events from it.
   *
   * @param options.receiveBuffer bytes, 1 MiB by default
   * @throws DaemonError
   */
  constructor(
    native: Native,
    onEvent: (event: MonitorEvent) => void,
    options: { readonly receiveBuffer?: number } = {},
  ) {
    this.#native = native;
    this.#onEvent = onEvent;
    this.#route = new RouteSocket(native);
    // Join the groups first, then read the tables: nothing can happen in between unseen.
    this.#socket = new NetlinkSocket(native, NETLINK_ROUTE, {
      groups: RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
      receiveBuffer: options.receiveBuffer ?? DEFAULT_RECEIVE_BUFFER,
    });
    this.#links = new Map(this.#route.links().map((link) => [link.index, link]));
    this.#named = new Map([...this.#links.values()].map((link) => [link.name, link]));
    this.#addresses = new Map(this.#route.addresses().map((address) => [keyOf(address), address]));
    this.#retry = native.timer(() => this.drain());
    this.#poll = native.poll(this.#socket.fd, "read", () => this.drain());
  }

  /** All links by index, as last known. */
  get links(): ReadonlyMap<number, Link> {
    return this.#links;
  }

  /** All addresses, as last known. */
  addresses(): readonly InterfaceAddress[] {
    return [...this.#addresses.values()];
  }

  /** @returns the link that has the name now, as last known */
  linkByName(name: string): Link | undefined {
    return this.#named.get(name);
  }

  /**
   * Reads what waits now instead of at the next turn of the loop. After a loss the tables are read only
   * when nothing waits any more: until then the kernel goes on dropping messages, and says so no second
   * time.
   */
  drain(): void {
    for (let reads = 0; reads < READS_PER_TURN && !this.#closed; reads++) {
      const messages = this.#read();
      if (messages === undefined) {
        if (this.#stale) this.#resync();
        return;
      }
      for (const message of messages) if (!this.#stale) this.#follow(message);
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#poll.close();
    this.#retry.close();
    this.#socket.close();
    this.#route.close();
  }

  #read(): readonly NetlinkMessage[] | undefined {
    try {
      return this.#socket.notifications();
    } catch (e) {
      if (!(e instanceof DaemonError) || (e.code !== "ENOBUFS" && e.code !== "EMSGSIZE")) throw e;
      this.#stale = true;
      this.#overruns++;
      return [];
    }
  }

  #follow(message: NetlinkMessage): void {
    if (message.type === RTM_NEWLINK || message.type === RTM_DELLINK) {
      const link = decodeLink(message.body);
      if (link === undefined) return;
      if (message.type === RTM_NEWLINK) this.#linkIs(link);
      else this.#linkGone(link.index);
    } else if (message.type === RTM_NEWADDR || message.type === RTM_DELADDR) {
      const address = decodeAddress(message.body);
      if (address === undefined) return;
      if (message.type === RTM_NEWADDR) this.#addressIs(address);
      else this.#addressGone(keyOf(address), message.port);
    }
  }

  #linkIs(link: Link): void {
    const before = this.#links.get(link.index);
    if (before !== undefined) this.#unname(before);
    this.#links.set(link.index, link);
    this.#named.set(link.name, link);
    if (before !== undefined && before.name !== link.name)
      this.#emit({ kind: "linkRenamed", index: link.index, from: before.name, to: link.name });
    if (before === undefined || !sameLink(before, link)) {
      const moved = before === undefined || Buffer.compare(before.mac, link.mac) !== 0;
      this.#emit({ kind: "linkChanged", link, appeared: before === undefined, moved });
    }
  }

  #linkGone(index: number): void {
    const before = this.#links.get(index);
    if (before === undefined) return;
    this.#links.delete(index);
    this.#unname(before);
    this.#emit({ kind: "linkGone", index, name: before.name });
  }

  /** Another link may have the name already: news of the two are not always in order. */
  #unname(link: Link): void {
    if (this.#named.get(link.name)?.index === link.index) this.#named.delete(link.name);
  }

  /** Flags and labels of a known address are remembered without an event. */
  #addressIs(address: InterfaceAddress): void {
    const key = keyOf(address);
    const known = this.#addresses.has(key);
    this.#addresses.set(key, address);
    if (!known) this.#emit({ kind: "addressAdded", address });
  }

  #addressGone(key: string, port = 0): void {
    const before = this.#addresses.get(key);
    if (before === undefined) return;
    this.#addresses.delete(key);
    this.#emit({ kind: "addressGone", address: before, port });
  }

  #resync(): void {
    let links: readonly Link[];
    let addresses: readonly InterfaceAddress[];
    try {
      links = this.#route.links();
      addresses = this.#route.addresses();
    } catch (e) {
      if (!(e instanceof DaemonError)) throw e;
      this.#retry.set(after(this.#native.now(), RETRY));
      return;
    }
    this.#stale = false;
    const present = new Set(addresses.map(keyOf));
    for (const key of [...this.#addresses.keys()]) if (!present.has(key)) this.#addressGone(key);
    const indexes = new Set(links.map((link) => link.index));
    for (const index of [...this.#links.keys()]) if (!indexes.has(index)) this.#linkGone(index);
    for (const link of links) this.#linkIs(link);
    for (const address of addresses) this.#addressIs(address);
    this.#emit({ kind: "resynced", lost: this.#overruns });
  }

  #emit(event: MonitorEvent): void {
    if (this.#closed) return;
    try {
      this.#onEvent(event);
    } catch (e) {
      queueMicrotask(() => {
        throw e;
      });
    }
  }
}

/** An interface holds an address once per prefix length. */
function keyOf(a: InterfaceAddress): string {
  return `${a.ifindex} ${a.address}/${a.prefixLength}`;
}

function sameLink(a: Link, b: Link): boolean {
  return (
    a.name === b.name &&
    a.flags === b.flags &&
    a.mtu === b.mtu &&
    a.arphrd === b.arphrd &&
    a.kind === b.kind &&
    a.parent === b.parent &&
    a.master === b.master &&
    a.group === b.group &&
    a.macvlanMode === b.macvlanMode &&
    Buffer.compare(a.mac, b.mac) === 0
  );
}
