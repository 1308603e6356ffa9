/**
 * What a turn of the loop does after its adverts: addresses of all routers in one batch, then
 * announcements, then notifications, so that no router's addresses delay another one's advert.
 * Keeps what was asked for until then; decides nothing about states.
 */
import { familyOf, type IpAddress } from "../base/address.ts";
import type { Instant } from "../base/units.ts";
import type { VrrpLogFields, VrrpLogId } from "../log/catalogue/vrrp.ts";
import { noAnnouncements } from "./announce.ts";
import { type AnnounceLink, Announcer, type FrameSender } from "./announcer.ts";
import { AddressHoldings, type AddressKernel } from "./holdings.ts";
import { addressKey, type OwnedAddress } from "./ownership.ts";
import type { Router } from "./router.ts";
import { allAddresses, ownedAddress } from "./settings.ts";
import type { Transition } from "./state.ts";

export type LogWriter = <K extends VrrpLogId>(id: K, fields: VrrpLogFields[K]) => void;

/** What a turn works with. */
export interface TurnPorts {
  readonly kernel: AddressKernel;
  readonly frames: FrameSender;
  readonly links: {
    linkByName(name: string): AnnounceLink | undefined;
    readonly links: ReadonlyMap<number, AnnounceLink>;
  };
  readonly log: LogWriter;
  /** --release-vips: delete addresses even if this process did not set them */
  readonly releaseVips: boolean;
  transition(router: Router, transition: Transition): void;
}

export class Turn {
  readonly #ports: TurnPorts;
  readonly #holdings: AddressHoldings<Router>;
  readonly #announcer: Announcer;
  #announcements: { readonly router: Router; readonly rounds: number }[] = [];
  #notices: (() => void)[] = [];
  #suspects: OwnedAddress[] = [];

  constructor(ports: TurnPorts) {
    this.#ports = ports;
    this.#holdings = new AddressHoldings<Router>(ports.kernel);
    this.#announcer = new Announcer(ports.frames, {
      sent: (name, address) => ports.log("announce-sent", { interface: name, address }),
      failed: (name, address, error) =>
        ports.log("announce-failed", {
          interface: name,
          address,
          errno: error?.errno ?? 11,
          reason: error?.message ?? "the interface takes no more",
        }),
    });
  }

  /** All addresses of a router shall be on their interfaces. */
  own(router: Router): void {
    const { config } = router;
    this.#ports.log("setting-vips", { instance: config.name });
    if (config.virtualIpaddressExcluded.length > 0)
      this.#ports.log("setting-evips", { instance: config.name });
    for (const { dev = config.interface, address, where } of allAddresses(config)) {
      if (this.#ports.links.linkByName(dev) !== undefined) continue;
      this.#ports.log("vip-interface-missing", { instance: config.name, address, interface: dev, where });
    }
    this.keep(router);
  }

  /** The same, silently: an interface may have come back without them. */
  keep(router: Router): void {
    this.#holdings.want(router, this.#desired(router));
  }

  /** None of a router's addresses shall stay, and none be announced. */
  release(router: Router): void {
    this.#logRelease(router);
    router.schedule = noAnnouncements;
    for (const [ifindex, addresses] of byInterface(this.#holdings.held(router)))
      this.#announcer.withdraw(ifindex, new Set(addresses));
    this.#holdings.want(router, [], this.#ports.releaseVips ? this.#desired(router) : []);
  }

  /** Addresses that a killed predecessor left behind would look like a second owner: they go at once. */
  removeLeftovers(routers: Iterable<Router>, present: readonly OwnedAddress[]): void {
    const there = new Set(present.map(addressKey));
    for (const router of routers) {
      this.#logRelease(router);
      const left = this.#desired(router).filter((a) => there.has(addressKey(a)));
      this.#holdings.want(router, [], left);
    }
    this.#settleAddresses();
  }

  announce(router: Router, rounds: number): void {
    if (rounds > 0) this.#announcements.push({ router, rounds });
  }

  publish(router: Router, transition: Transition): void {
    this.notice(() => this.#ports.transition(router, transition));
  }

  /** What is told at the end of the turn, in the order in which it was asked for. */
  notice(tell: () => void): void {
    this.#notices.push(tell);
  }

  /** Does what was asked for, in the order that is contract. */
  settle(now: Instant): void {
    this.#settleAddresses();
    const announcements = this.#announcements;
    this.#announcements = [];
    for (const { router, rounds } of announcements)
      if (router.state.name === "active") this.#offer(router, rounds);
    this.#announcer.flush(now);
    const notices = this.#notices;
    this.#notices = [];
    for (const tell of notices) tell();
  }

  /** When paced announcements have more to send. */
  nextAnnouncement(): Instant | undefined {
    return this.#announcer.next();
  }

  /** An address vanished. @returns whether it is one that we hold, to be looked into by {@link losses} */
  suspect(address: OwnedAddress): boolean {
    if (!this.#holdings.isHeld(address)) return false;
    this.#suspects.push(address);
    return true;
  }

  /** Routers that lost addresses to somebody else: one look at the kernel for any number of reports. */
  losses(): ReadonlyMap<Router, readonly OwnedAddress[]> {
    if (this.#suspects.length === 0) return new Map();
    const suspects = this.#suspects;
    this.#suspects = [];
    const lost = this.#holdings.confirmLost(suspects);
    if (lost === undefined) this.#suspects = suspects;
    return lost ?? new Map();
  }

  forgetInterface(ifindex: number): void {
    this.#holdings.forgetInterface(ifindex);
  }

  #desired({ config }: Router): readonly OwnedAddress[] {
    const indexOf = (name: string): number | undefined => this.#ports.links.linkByName(name)?.index;
    return allAddresses(config).flatMap((v) => ownedAddress(config, v, indexOf) ?? []);
  }

  #logRelease({ config }: Router): void {
    this.#ports.log("removing-vips", { instance: config.name });
    if (config.virtualIpaddressExcluded.length > 0)
      this.#ports.log("removing-evips", { instance: config.name });
  }

  #settleAddresses(): void {
    for (const { owner, operation, error } of this.#holdings.settle()) {
      const { config } = owner;
      const { address, ifindex, kind } = operation;
      this.#ports.log("vip-failed", {
        instance: config.name,
        operation: kind,
        address,
        interface: this.#ports.links.links.get(ifindex)?.name ?? `${ifindex}`,
        where: allAddresses(config).find((v) => v.address === address)?.where ?? config.where,
        code: error.code,
        reason: error.message,
      });
    }
  }

  #offer(router: Router, rounds: number): void {
    const { config } = router;
    for (const [ifindex, addresses] of byInterface(this.#desired(router))) {
      const link = this.#ports.links.links.get(ifindex);
      if (link === undefined) continue;
      const ipv4 = addresses.filter((a) => familyOf(a) === "ipv4");
      for (const address of ipv4)
        this.#ports.log("announce-queued", { instance: config.name, interface: link.name, address });
      this.#announcer.offer(link, ipv4, rounds, config.garp.interval);
    }
  }
}

function byInterface(addresses: readonly OwnedAddress[]): ReadonlyMap<number, readonly IpAddress[]> {
  const map = new Map<number, IpAddress[]>();
  for (const { ifindex, address } of addresses) {
    const list = map.get(ifindex);
    if (list === undefined) map.set(ifindex, [address]);
    else list.push(address);
  }
  return map;
}
