/**
 * What a turn of the loop does after its adverts: addresses, routes and rules of all routers in one batch,
 * then announcements, then notifications, so that no router's addresses delay another one's advert.
 * Keeps what was asked for until then; decides nothing about states.
 */
import type { Instant } from "../base/units.ts";
import type { ConfigModel, VrrpInstanceConfig } from "../config/model.ts";
import type { VrrpLogFields, VrrpLogId } from "../log/catalogue/vrrp.ts";
import type { DivertedVmac, FirewallContent, KernelObject } from "../net/kernel-objects.ts";
import { noAnnouncements } from "./announce.ts";
import { type AnnouncementPorts, Announcements, type AnnouncingLink } from "./announcements.ts";
import { Firewall, type FirewallKernel } from "./firewall.ts";
import { Holdings, type ObjectKernel, type Refusal } from "./holdings.ts";
import { type Culprit, RestoreLimit, SuspectList } from "./losses.ts";
import {
  allAddresses,
  type Desired,
  describeObject,
  desiredStatics,
  type Interfaces,
  instanceObjects,
  isTracked,
  type StaticObjects,
  staticInterfaces,
  whereOf,
} from "./objects.ts";
import { interfacesOf, objectKey } from "./ownership.ts";
import type { Router } from "./router.ts";
import type { Transition } from "./state.ts";

export type LogWriter = <K extends VrrpLogId>(id: K, fields: VrrpLogFields[K]) => void;

/** What a turn works with. */
export interface TurnPorts extends AnnouncementPorts {
  readonly kernel: ObjectKernel;
  readonly links: Interfaces & {
    readonly links: ReadonlyMap<number, AnnouncingLink & { readonly up: boolean }>;
  };
  openFirewall(): FirewallKernel;
  /** --release-vips: delete addresses even if this process did not set them */
  readonly releaseVips: boolean;
  transition(router: Router, transition: Transition): void;
  /** somebody deleted an object of ours that was put back; says who, when that is known */
  restored(router: Router, what: string, culprit: Culprit): void;
}

/** Some milliseconds of the kernel's time. */
const OPERATIONS_PER_TURN = 64;

/** The owner of what the static blocks set. */
const STATICS = "static";
type Owner = Router | typeof STATICS;

const noStatics: StaticObjects = { addresses: [], routes: [], rules: [] };

export class Turn {
  readonly #ports: TurnPorts;
  readonly #holdings: Holdings<Owner>;
  readonly #announcements: Announcements;
  readonly #firewall: Firewall<Router>;
  readonly #suspects = new SuspectList();
  readonly #restores = new RestoreLimit<Router>();
  #statics: StaticObjects = noStatics;
  #notices: (() => void)[] = [];
  #settledAt = 0 as Instant;
  /** interfaces that are down or gone: the kernel drops their routes without a word */
  readonly #down = new Set<string>();
  /** owners of what was on an interface that came back */
  readonly #doubtful = new Set<Owner>();

  constructor(ports: TurnPorts) {
    this.#ports = ports;
    this.#holdings = new Holdings<Owner>(ports.kernel);
    this.#firewall = new Firewall<Router>(
      () => ports.openFirewall(),
      (error) => ports.log("firewall-failed", { reason: error.message }),
    );
    this.#announcements = new Announcements(ports);
  }

  /** All addresses, routes and rules of a router shall be in the kernel. */
  own(router: Router): void {
    const { config } = router;
    const instance = config.name;
    this.#ports.log("setting-vips", { instance });
    if (config.virtualIpaddressExcluded.length > 0) this.#ports.log("setting-evips", { instance });
    if (has(config.virtualRoutes)) this.#ports.log("setting-routes", { instance });
    if (has(config.virtualRules)) this.#ports.log("setting-rules", { instance });
    const { objects, waiting } = this.#desired(router);
    if (this.#firewall.refuse(router, this.#refusedBy(router, objects)) && refusesTraffic(config))
      this.#ports.log("setting-firewall", { instance });
    for (const { what, interface: name, where } of waiting)
      this.#ports.log("vip-interface-missing", { instance, address: what, interface: name, where });
    this.#holdings.want(router, objects);
  }

  /** The same, silently: an interface may have come back without them. */
  keep(router: Router): void {
    const { objects } = this.#desired(router);
    this.#holdings.want(router, objects);
    this.#firewall.refuse(router, this.#refusedBy(router, objects));
  }

  /** Nothing of a router shall stay, and none of its addresses be announced. */
  release(router: Router): void {
    this.#logRelease(router);
    router.schedule = noAnnouncements;
    this.#announcements.withdraw(this.#holdings.held(router));
    this.#firewall.refuse(router, []);
    this.#holdings.want(router, [], this.#ports.releaseVips ? this.#desired(router).objects : []);
  }

  /** What a killed predecessor left behind would look like a second owner: it goes at once. */
  removeLeftovers(routers: Iterable<Router>, statics: StaticObjects): void {
    const owners: Owner[] = [...routers];
    for (const router of owners) if (router !== STATICS) this.#logRelease(router);
    const wanted = new Map(
      owners.map((owner) => [owner, owner === STATICS ? [] : this.#desired(owner).objects]),
    );
    const refused = [...wanted].flatMap(([owner, objects]) =>
      owner === STATICS ? [] : this.#refusedBy(owner, objects),
    );
    this.#firewall.clear(refused);
    wanted.set(STATICS, desiredStatics(statics, this.#ports.links).objects);
    const there = this.#holdings.present([...wanted.values()].flat()) ?? new Set();
    for (const [owner, objects] of wanted) {
      const left = objects.filter((o) => there.has(objectKey(o)));
      if (left.length > 0) this.#holdings.want(owner, [], left);
    }
    this.#settleObjects();
  }

  /** The static blocks of a configuration: what is new is set, what is no longer there removed. */
  setStatics(statics: StaticObjects): void {
    const first = this.#statics === noStatics;
    this.#statics = statics;
    const { objects, waiting } = desiredStatics(statics, this.#ports.links);
    if (first)
      for (const { what, interface: name, where } of waiting)
        this.#ports.log("static-interface-missing", { what, interface: name, where });
    this.#holdings.want(STATICS, objects);
  }

  /** At the end, also when the instances' objects stay. */
  releaseStatics(): void {
    this.#statics = noStatics;
    this.#holdings.want(STATICS, []);
  }

  /** The limits of announcements that a configuration sets. */
  configure(model: ConfigModel): void {
    this.#announcements.configure(model);
  }

  /** These VMACs exist, and their membership reports shall leave by their parents. */
  divert(vmacs: readonly DivertedVmac[]): void {
    this.#firewall.divert(vmacs);
  }

  /** @param release false leaves the firewall as it is (-V) */
  close(release: boolean): void {
    this.#firewall.close(release);
  }

  /** The address that unicast peers know a router by. */
  announceSource(router: Router): void {
    this.#announcements.askSource(router);
  }

  /** @param extra also one frame on each further interface */
  announce(router: Router, rounds: number, extra = false): void {
    this.#announcements.ask(router, rounds, extra);
  }

  publish(router: Router, transition: Transition): void {
    this.notice(() => this.#ports.transition(router, transition));
  }

  /** What is told at the end of the turn, in the order in which it was asked for. */
  notice(tell: () => void): void {
    this.#notices.push(tell);
  }

  /**
   * Does what was asked for, in the order that is contract: announcements and notifications come after the
   * last address. Hundreds of instances at once take several turns, between which adverts go.
   *
   * @param whole false leaves the rest to the next call, which {@link next} asks for
   */
  settle(now: Instant, whole: boolean): void {
    this.#settledAt = now;
    do this.#settleObjects(whole ? Number.POSITIVE_INFINITY : OPERATIONS_PER_TURN);
    while (whole && this.#holdings.isUnsettled);
    if (this.#holdings.isUnsettled) return;
    this.#announcements.settle(now, (router) => this.#desired(router).objects);
    const notices = this.#notices;
    this.#notices = [];
    for (const tell of notices) tell();
  }

  /** When {@link settle} has more to do. */
  next(): Instant | undefined {
    return this.#holdings.isUnsettled ? this.#settledAt : this.#announcements.next();
  }

  /** An object vanished. @returns whether it is one that we hold, to be looked into by {@link losses} */
  suspect(key: string, culprit: Culprit): boolean {
    if (!this.#holdings.isHeld(key)) return false;
    this.#suspects.add(key, culprit);
    return true;
  }

  /** Whether {@link losses} has something to look into; what links do now should be known before. */
  get hasSuspects(): boolean {
    return this.#suspects.size > 0;
  }

  /** Reports were lost: every route and rule that we hold may be gone. @returns whether there are any */
  suspectRoutes(): boolean {
    const keys = this.#holdings.keys((o) => o.kind !== "address");
    for (const key of keys) this.#suspects.add(key, { port: 0 });
    return keys.length > 0;
  }

  /**
   * Routers that lost something that matters to somebody else, and must resign: one look at the kernel
   * for any number of reports. What can be put back is put back with the next {@link settle}.
   */
  losses(now: Instant): readonly Router[] {
    if (this.#suspects.size === 0) return [];
    const suspects = this.#suspects.take();
    const lost = this.#holdings.confirmLost(
      [...suspects.keys()],
      (owner, object) => owner === STATICS || isTracked(owner.config, object),
    );
    if (lost === undefined) {
      for (const [key, culprit] of suspects) this.#suspects.add(key, culprit);
      return [];
    }
    const resigning: Router[] = [];
    for (const [owner, objects] of lost) {
      if (owner === STATICS) this.#restoreStatics(objects);
      else if (this.#mustResign(owner, objects, suspects, now)) resigning.push(owner);
    }
    return resigning;
  }

  /** An interface changed. @returns whether {@link settle} has to set again what was on it */
  linkChanged(name: string): boolean {
    const link = this.#ports.links.linkByName(name);
    const up = link !== undefined && this.#ports.links.links.get(link.index)?.up === true;
    if (!up) this.#down.add(name);
    else if (this.#down.delete(name))
      for (const owner of this.#holdings.ownersOn(link.index)) this.#doubtful.add(owner);
    if (link !== undefined && staticInterfaces(this.#statics).includes(name))
      this.#holdings.want(STATICS, desiredStatics(this.#statics, this.#ports.links).objects);
    return up;
  }

  forgetInterface(ifindex: number, name: string): void {
    this.#down.add(name);
    this.#holdings.forgetInterface(ifindex);
  }

  /** What the kernel removed because an interface is down comes back with the interface, without fuss. */
  #mustResign(
    router: Router,
    objects: readonly KernelObject[],
    suspects: ReadonlyMap<string, Culprit>,
    now: Instant,
  ): boolean {
    if (router.state.name !== "active") return false;
    const lost = objects.filter((o) => this.#isUp(o));
    if (lost.length === 0) return false;
    for (const object of lost) this.#logLoss(object);
    if (router.config.vipRestore !== true) return true;
    if (!this.#restores.allows(router, lost, now)) {
      this.#ports.log("restore-given-up", { instance: router.config.name });
      return true;
    }
    this.#holdings.want(router, this.#desired(router).objects);
    this.announce(router, router.config.garp.masterRepeat);
    for (const object of lost)
      this.#ports.restored(router, this.#describe(object), suspects.get(objectKey(object)) ?? { port: 0 });
    return false;
  }

  #isUp(object: KernelObject): boolean {
    return interfacesOf(object).every((ifindex) => this.#ports.links.links.get(ifindex)?.up === true);
  }

  #logLoss(object: KernelObject): void {
    if (object.kind !== "address")
      this.#ports.log("object-removed", { kind: object.kind, what: this.#describe(object) });
    else {
      const { address, ifindex } = object.address;
      this.#ports.log("vip-removed", { address, interface: this.#nameOf(ifindex) });
    }
  }

  #restoreStatics(objects: readonly KernelObject[]): void {
    for (const object of objects) {
      if (!this.#isUp(object)) continue;
      this.#ports.log("static-restored", { kind: object.kind, what: this.#describe(object) });
    }
    this.#holdings.want(STATICS, desiredStatics(this.#statics, this.#ports.links).objects);
  }

  #describe(object: KernelObject): string {
    return describeObject(object, (ifindex) => this.#nameOf(ifindex));
  }

  #nameOf(ifindex: number): string {
    return this.#ports.links.links.get(ifindex)?.name ?? `${ifindex}`;
  }

  #desired({ config }: Router): Desired {
    return instanceObjects(config, this.#ports.links);
  }

  #logRelease({ config }: Router): void {
    const instance = config.name;
    if (has(config.virtualRules)) this.#ports.log("removing-rules", { instance });
    if (has(config.virtualRoutes)) this.#ports.log("removing-routes", { instance });
    this.#ports.log("removing-vips", { instance });
    if (config.virtualIpaddressExcluded.length > 0) this.#ports.log("removing-evips", { instance });
    if (refusesTraffic(config)) this.#ports.log("removing-firewall", { instance });
  }

  #refusedBy({ config }: Router, objects: readonly KernelObject[]): FirewallContent["refused"] {
    if (!refusesTraffic(config)) return [];
    return objects.flatMap((o) =>
      o.kind === "address" ? { ...o.address, ifname: this.#nameOf(o.address.ifindex) } : [],
    );
  }

  #settleObjects(most: number = Number.POSITIVE_INFINITY): void {
    this.#firewall.before();
    for (const refusal of this.#holdings.settle(most)) this.#logRefusal(refusal);
    if (this.#holdings.isUnsettled) return;
    for (const refusal of this.#holdings.verify(this.#doubtful)) this.#logRefusal(refusal);
    this.#doubtful.clear();
    this.#firewall.after();
  }

  #logRefusal({ owner, operation, error }: Refusal<Owner>): void {
    const { object, action } = operation;
    const where =
      owner === STATICS
        ? whereOf(object, this.#statics.addresses, "")
        : whereOf(object, allAddresses(owner.config), owner.config.where);
    const ifindex = object.kind === "address" ? object.address.ifindex : undefined;
    this.#ports.log("vip-failed", {
      instance: owner === STATICS ? STATICS : owner.config.name,
      operation: action,
      address:
        object.kind === "address" ? object.address.address : `${object.kind} ${this.#describe(object)}`,
      interface: ifindex === undefined ? null : this.#nameOf(ifindex),
      where,
      code: error.code,
      reason: error.message,
    });
  }
}

/** An owner accepts traffic whatever the keyword says. */
function refusesTraffic({ accept, priority }: VrrpInstanceConfig): boolean {
  return accept === false && priority !== 255;
}

function has(list: readonly unknown[] | undefined): boolean {
  return list !== undefined && list.length > 0;
}
