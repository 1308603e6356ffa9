/**
 * Which addresses of a router are announced on which interface, when its turn has come. Joins what
 * instances ask for with the interfaces that hold their addresses; the announcer sends.
 */
import { familyOf, type IpAddress } from "../base/address.ts";
import type { Instant, Micros } from "../base/units.ts";
import type { ConfigModel } from "../config/model.ts";
import type { KernelObject } from "../net/kernel-objects.ts";
import { type AnnounceLink, Announcer, type FrameSender } from "./announcer.ts";
import { needsExtraAnnouncements } from "./devices.ts";
import type { Router } from "./router.ts";
import type { LogWriter } from "./turn.ts";

/** An interface as far as announcements care; `Link` of src/net/rtnetlink.ts. */
export interface AnnouncingLink extends Omit<AnnounceLink, "wire"> {
  readonly kind: string | undefined;
  readonly parent: number | undefined;
}

export interface AnnouncementPorts {
  readonly frames: FrameSender;
  readonly links: { readonly links: ReadonlyMap<number, AnnouncingLink> };
  readonly log: LogWriter;
  /** whether an interface forwards IPv6 */
  forwards(interfaceName: string): boolean;
}

/** What a router asks for: rounds over all its addresses, and one frame on each further interface. */
interface Request {
  readonly router: Router;
  readonly rounds: number;
  readonly extra: boolean;
}

const EAGAIN = 11;

export class Announcements {
  readonly #ports: AnnouncementPorts;
  readonly #announcer: Announcer;
  #requests: Request[] = [];
  /** whose source address is announced once */
  #sources: Router[] = [];

  constructor(ports: AnnouncementPorts) {
    this.#ports = ports;
    const { log } = ports;
    this.#announcer = new Announcer(ports.frames, {
      sent: (name, address) => log(idOf("sent", address), { interface: name, address }),
      failed: (name, address, error) =>
        log(idOf("failed", address), {
          interface: name,
          address,
          errno: error?.errno ?? EAGAIN,
          reason: error?.message ?? "the interface takes no more",
        }),
      forwards: (name) => ports.forwards(name),
    });
  }

  /** The limits of a configuration. */
  configure({ global, vrrpInstances, garpGroups = [] }: ConfigModel): void {
    this.#announcer.configure({
      garpInterval: vrrpInstances[0]?.garp.interval ?? (0 as Micros),
      gnaInterval: global.gnaInterval ?? (0 as Micros),
      groups: garpGroups,
    });
  }

  /** Notes a wish; {@link settle} fulfils it. */
  ask(router: Router, rounds: number, extra: boolean): void {
    if (rounds > 0 || extra) this.#requests.push({ router, rounds, extra });
  }

  /** The source address of unicast adverts, on the interface as configured: peers may remember another MAC. */
  askSource(router: Router): void {
    this.#sources.push(router);
  }

  /** Sends what was asked for and what waits, as far as the limits allow. */
  settle(now: Instant, objectsOf: (router: Router) => readonly KernelObject[]): void {
    const requests = this.#requests;
    this.#requests = [];
    for (const { router, rounds, extra } of requests) {
      if (router.state.name !== "active") continue;
      const addresses = byInterface(objectsOf(router));
      if (rounds > 0) this.#offer(router, addresses, rounds);
      if (extra) this.#offer(router, this.#furtherInterfaces(router, addresses), 1);
    }
    const sources = this.#sources;
    this.#sources = [];
    for (const router of sources) this.#offerSource(router);
    this.#announcer.flush(now);
  }

  /** These are no longer ours: what waits for them is forgotten. */
  withdraw(objects: readonly KernelObject[]): void {
    if (this.#announcer.next() === undefined) return;
    for (const [ifindex, addresses] of byInterface(objects)) this.#announcer.withdraw(ifindex, addresses);
  }

  /** When {@link settle} has more to send. */
  next(): Instant | undefined {
    return this.#announcer.next();
  }

  #offer(router: Router, addresses: ReadonlyMap<number, readonly IpAddress[]>, rounds: number): void {
    for (const [ifindex, list] of addresses) {
      const link = this.#ports.links.links.get(ifindex);
      if (link === undefined) continue;
      for (const address of list)
        this.#ports.log(idOf("queued", address), {
          instance: router.config.name,
          interface: link.name,
          address,
        });
      this.#announcer.offer({ ...link, wire: this.#wireOf(link) }, list, rounds);
    }
  }

  #offerSource(router: Router): void {
    const source = router.params.sourceAddress;
    const link = [...this.#ports.links.links.values()].find(({ name }) => name === router.config.interface);
    if (source !== undefined && link !== undefined) this.#offer(router, new Map([[link.index, [source]]]), 1);
  }

  /**
   * One address of each VMAC that carries some, so that switches keep its MAC in their tables; the adverts
   * do that for the instance's own interface.
   *
   * @see keepalived.conf(5) "garp_extra_if"
   */
  #furtherInterfaces(
    { config }: Router,
    addresses: ReadonlyMap<number, readonly IpAddress[]>,
  ): ReadonlyMap<number, readonly IpAddress[]> {
    return new Map(
      [...addresses].flatMap(([ifindex, list]) => {
        const link = this.#ports.links.links.get(ifindex);
        if (link === undefined || !needsExtraAnnouncements(config, link)) return [];
        return [[ifindex, list.slice(0, 1)] as const];
      }),
    );
  }

  /** VMACs share the wire, and so the limits, of what they lie on. */
  #wireOf({ kind, parent, name }: AnnouncingLink): string {
    if (parent === undefined || (kind !== "macvlan" && kind !== "ipvlan")) return name;
    return this.#ports.links.links.get(parent)?.name ?? name;
  }
}

function byInterface(objects: readonly KernelObject[]): ReadonlyMap<number, readonly IpAddress[]> {
  const map = new Map<number, IpAddress[]>();
  for (const object of objects) {
    if (object.kind !== "address") continue;
    const { ifindex, address } = object.address;
    const list = map.get(ifindex);
    if (list === undefined) map.set(ifindex, [address]);
    else list.push(address);
  }
  return map;
}

type Stage = "queued" | "sent" | "failed";

function idOf<S extends Stage>(stage: S, address: IpAddress): `announce-${S}` | `advertisement-${S}` {
  return familyOf(address) === "ipv4" ? `announce-${stage}` : `advertisement-${stage}`;
}
