/**
 * The shell around the VRRP machines: sockets, one timer for all deadlines, the interface monitor. Feeds
 * events in, performs effects in their order, adverts before addresses before announcements before
 * notifications over all routers of a turn. Decides nothing that a core could decide.
 */
import { familyOf, type IpAddress } from "../base/address.ts";
import type { Clock } from "../base/clock.ts";
import { assertNever, DaemonError } from "../base/errors.ts";
import type { Instant } from "../base/units.ts";
import type { ConfigModel, VrrpInstanceConfig } from "../config/model.ts";
import { renderVrrpLog, type VrrpLogFields, type VrrpLogId } from "../log/catalogue/vrrp.ts";
import type { FieldValue, Logger } from "../log/entry.ts";
import { InterfaceMonitor, type MonitorEvent } from "../net/monitor.ts";
import type { Native, NativeTimer } from "../net/native-api.ts";
import { openPacketSocket, openVrrpSocket, type PacketSocket, type VrrpSocket } from "../net/raw-socket.ts";
import { type InterfaceAddress, RouteSocket } from "../net/rtnetlink.ts";
import {
  announceLowerPriority,
  announceTakeover,
  dueAnnouncement,
  nextAnnouncement,
  noAnnouncements,
} from "./announce.ts";
import { Announcer } from "./announcer.ts";
import { DeadlineQueue } from "./deadlines.ts";
import { AddressHoldings } from "./holdings.ts";
import { step } from "./instance.ts";
import { addressKey, type OwnedAddress } from "./ownership.ts";
import { checkAdvert, encodeAdvert, parseIpv4Datagram, peekVirtualRouterId } from "./packet.ts";
import { createRouter, type Router, snapshotOf } from "./router.ts";
import {
  addressChange,
  allAddresses,
  announceTimesOf,
  authenticationOf,
  instanceKey,
  ownedAddress,
  paramsOf,
  receiveRulesOf,
  trackersOf,
} from "./settings.ts";
import { type FaultCause, nextDeadline, type VrrpEffect, type VrrpEvent, type VrrpParams } from "./state.ts";
import { evaluateTrackers } from "./tracker.ts";

export type Transition = Extract<VrrpEffect, { kind: "publishTransition" }>;

export interface RuntimeHost {
  readonly native: Native;
  readonly clock: Clock;
  readonly logger: Logger;
  /** --release-vips: on leaving, delete addresses even if this process did not set them */
  readonly releaseVips: boolean;
  /** an instance changed its state; called in order, after its addresses are set */
  onTransition(config: VrrpInstanceConfig, transition: Transition): void;
  /** something that {@link VrrpRuntime.snapshot} shows has changed */
  onChange(): void;
}

/** A socket pair and the routers that share it. */
interface SocketPool {
  readonly ifindex: number;
  readonly group: IpAddress;
  readonly socket: VrrpSocket;
  readonly routers: Map<number, Router>;
}

const IFF_LOOPBACK = 0x8;
const IFF_MULTICAST = 0x1000;
const SCOPE_HOST = 254;
/** Reads of a socket before a deadline is believed; more waiting than this is a flood. */
const DRAIN_LIMIT = 32;

export class VrrpRuntime {
  readonly #host: RuntimeHost;
  readonly #route: RouteSocket;
  readonly #packets: PacketSocket;
  readonly #monitor: InterfaceMonitor;
  readonly #timer: NativeTimer;
  readonly #announcer: Announcer;
  readonly #holdings: AddressHoldings<Router>;
  readonly #deadlines = new DeadlineQueue<Router>();
  readonly #pools = new Map<string, SocketPool>();
  #routers = new Map<string, Router>();
  /** who depends on an interface, by its name */
  #watchers = new Map<string, Set<Router>>();
  /** virtual addresses of all routers: never a source address */
  #virtual = new Set<IpAddress>();
  #group: IpAddress | undefined;
  #links = new Map<string, boolean>();
  #suspects: InterfaceAddress[] = [];
  /** effects that wait for the end of the turn */
  #transitions: { readonly router: Router; readonly transition: Transition }[] = [];
  #announcements: { readonly router: Router; readonly rounds: number }[] = [];
  #settleAsked = false;
  #armedAt: Instant | undefined;
  #received = 0;
  #closed = false;

  /** @throws DaemonError without the rights to open raw sockets */
  constructor(host: RuntimeHost) {
    this.#host = host;
    this.#monitor = new InterfaceMonitor(host.native, (e) => this.#onMonitor(e));
    this.#log("monitor-open", {});
    this.#route = new RouteSocket(host.native);
    this.#log("route-open", {});
    this.#packets = openPacketSocket(host.native);
    this.#log("announce-open", {});
    this.#timer = host.native.timer(() => this.#onTimer());
    this.#holdings = new AddressHoldings<Router>(this.#route);
    this.#announcer = new Announcer(this.#packets, {
      sent: (name, address) => this.#log("announce-sent", { interface: name, address }),
      failed: (name, address, error) =>
        this.#log("announce-failed", {
          interface: name,
          address,
          errno: error?.errno ?? 11,
          reason: error?.message ?? "the interface takes no more",
        }),
    });
  }

  /** Puts a configuration in force: new instances start, kept ones adapt, others leave. */
  apply(model: ConfigModel): { readonly added: number; readonly removed: number; readonly changed: number } {
    const first = this.#group === undefined;
    for (const router of this.#routers.values()) this.#dispatch(router, { kind: "reloadBegins" });
    const before = this.#routers;
    const regrouped = this.#group !== undefined && this.#group !== model.global.vrrpMcastGroup4;
    this.#group = model.global.vrrpMcastGroup4;
    const next = new Map<string, Router>();
    const added: Router[] = [];
    const kept: { readonly router: Router; readonly config: VrrpInstanceConfig }[] = [];
    for (const config of model.vrrpInstances) {
      let key = instanceKey(config);
      const duplicate = next.has(key);
      if (duplicate) key = `${key} ${config.name}`;
      const known = before.get(key);
      const router = known ?? createRouter(config);
      router.duplicate = duplicate;
      next.set(key, router);
      if (known === undefined) added.push(router);
      else kept.push({ router, config });
    }
    const removed = [...before].filter(([key]) => !next.has(key)).map(([, router]) => router);
    this.#routers = next;
    for (const router of removed) this.#remove(router);
    this.#index(model.vrrpInstances);
    if (regrouped) for (const { router } of kept) this.#closeSocket(router);
    const changed = kept.filter(({ router, config }) => this.#adapt(router, config)).length;
    if (first) this.#removeLeftovers(added);
    for (const router of added) this.#begin(router);
    this.#settle();
    return { added: added.length, removed: removed.length, changed };
  }

  /** @param release false leaves addresses where they are and says nothing to the others (-V) */
  stop(release: boolean): void {
    for (const router of this.#routers.values()) this.#dispatch(router, { kind: "shutdown", release });
    this.#settle();
    this.#closed = true;
    this.#timer.close();
    this.#monitor.close();
    for (const pool of this.#pools.values()) pool.socket.close();
    this.#packets.close();
    this.#route.close();
  }

  snapshot(): FieldValue {
    return { instances: [...this.#routers.values()].map(snapshotOf) };
  }

  // ---- configuration ---------------------------------------------------------------------------------

  #index(instances: readonly VrrpInstanceConfig[]): void {
    this.#virtual = new Set(instances.flatMap((c) => allAddresses(c).map((v) => v.address)));
    this.#watchers = new Map();
    for (const router of this.#routers.values()) {
      const config = instances.find((c) => instanceKey(c) === router.key) ?? router.config;
      const devices = allAddresses(config).map((v) => v.dev ?? config.interface);
      const names = [config.interface, ...devices, ...trackersOf(config).map((t) => t.interface)];
      for (const name of names) {
        const set = this.#watchers.get(name) ?? new Set();
        this.#watchers.set(name, set.add(router));
      }
    }
    for (const name of this.#watchers.keys())
      if (!this.#links.has(name)) this.#links.set(name, this.#monitor.linkByName(name)?.up ?? false);
  }

  /** Addresses of ours that a killed predecessor left behind would look like a second owner. */
  #removeLeftovers(routers: readonly Router[]): void {
    const present = new Set(this.#monitor.addresses().map(addressKey));
    for (const router of routers) {
      this.#logRelease(router);
      this.#holdings.want(
        router,
        [],
        this.#desired(router).filter((a) => present.has(addressKey(a))),
      );
    }
    this.#settleAddresses();
    this.#monitor.drain();
  }

  #begin(router: Router): void {
    for (const { address } of this.#monitor.addresses().filter((a) => this.#isSourceOf(router, a)))
      this.#log("address-assigned", { interface: router.config.interface, address });
    this.#refresh(router);
    this.#dispatch(router, { kind: "startup" });
  }

  /** @returns whether anything is different */
  #adapt(router: Router, config: VrrpInstanceConfig): boolean {
    const was = router.config;
    if (sameConfig(was, config)) {
      router.config = config;
      this.#refresh(router);
      return false;
    }
    const addresses = addressChange(was, config);
    if (router.state.name === "active") this.#logLeaving(was, config);
    router.config = config;
    router.rules = receiveRulesOf(config);
    router.authentication = authenticationOf(config);
    router.trackers = trackersOf(config);
    this.#refresh(router, addresses);
    return true;
  }

  #remove(router: Router): void {
    this.#dispatch(router, { kind: "removed" });
    this.#closeSocket(router);
  }

  #logLeaving(was: VrrpInstanceConfig, config: VrrpInstanceConfig): void {
    const text = (c: VrrpInstanceConfig) => (v: (typeof c.virtualIpaddress)[number]) =>
      `${v.address}/${v.prefixLength} ${v.dev ?? c.interface}`;
    const staying = new Set(allAddresses(config).map(text(config)));
    for (const v of allAddresses(was)) {
      if (staying.has(text(was)(v))) continue;
      this.#log("vip-left-configuration", {
        instance: config.name,
        address: v.address,
        prefixLength: v.prefixLength,
        interface: v.dev ?? was.interface,
      });
    }
  }

  // ---- what the machine looks like ---------------------------------------------------------------------

  /** Looks at links and addresses again and tells the router's machine what is different. */
  #refresh(router: Router, addresses: "same" | "changed" | "added" = "same"): void {
    const { config } = router;
    const link = this.#monitor.linkByName(config.interface);
    if (router.ifindex !== link?.index) this.#closeSocket(router);
    router.ifindex = link?.index;
    const source = this.#sourceOf(router);
    const isUp = (name: string): boolean => this.#monitor.linkByName(name)?.up ?? false;
    const tracked = evaluateTrackers(config.priority, router.trackers, isUp);
    const causes = new Set<FaultCause>(tracked.faults);
    if (link === undefined || (!link.up && !config.dontTrackPrimary)) causes.add("interface-down");
    if (source === undefined) causes.add("no-source-address");
    if (router.duplicate) causes.add("duplicate-vrid");
    if (link !== undefined && !canMulticast(link.flags)) causes.add("configuration");
    if (!this.#openSocket(router)) causes.add("socket-failed");

    const params = paramsOf(config, tracked.priority, source ?? router.params.sourceAddress);
    if (addresses !== "same" || !sameParams(params, router.params)) {
      this.#dispatch(router, { kind: "paramsChanged", params, addresses });
      router.params = params;
      this.#rearm(router);
    }
    const before = router.causes;
    router.causes = causes;
    for (const cause of causes)
      if (!before.has(cause)) this.#dispatch(router, { kind: "faultRaised", cause });
    for (const cause of before)
      if (!causes.has(cause)) this.#dispatch(router, { kind: "faultCleared", cause });
  }

  /** The configured source, else the first IPv4 address of the interface that is nobody's virtual one. */
  #sourceOf(router: Router): IpAddress | undefined {
    if (router.config.mcastSrcIp !== undefined) return router.config.mcastSrcIp;
    const candidates = this.#monitor.addresses().filter((a) => this.#isSourceOf(router, a));
    const current = router.params.sourceAddress;
    // A source that still exists stays: others know us by it, and ties are decided by it.
    return candidates.find((a) => a.address === current)?.address ?? candidates[0]?.address;
  }

  #isSourceOf(router: Router, a: InterfaceAddress): boolean {
    return (
      a.ifindex === this.#monitor.linkByName(router.config.interface)?.index &&
      familyOf(a.address) === router.config.family &&
      a.scope < SCOPE_HOST &&
      !this.#virtual.has(a.address)
    );
  }

  #desired(router: Router): readonly OwnedAddress[] {
    const { config } = router;
    const indexOf = (name: string): number | undefined => this.#monitor.linkByName(name)?.index;
    return allAddresses(config).flatMap((v) => ownedAddress(config, v, indexOf) ?? []);
  }

  // ---- sockets -----------------------------------------------------------------------------------------

  /** @returns false when the kernel refuses; a missing interface is another fault */
  #openSocket(router: Router): boolean {
    const { ifindex } = router;
    const group = this.#group;
    if (ifindex === undefined || group === undefined || router.duplicate) return true;
    const key = `${ifindex} ${group}`;
    let pool = this.#pools.get(key);
    if (pool === undefined) {
      const routers = new Map<number, Router>();
      const ifname = router.config.interface;
      try {
        const socket = openVrrpSocket(
          this.#host.native,
          { ifindex, ifname, group },
          {
            packet: (packet) => this.#onPacket(routers, packet),
            error: (error) => this.#log("socket-failed", { interface: ifname, reason: error.message }),
          },
        );
        pool = { ifindex, group, socket, routers };
      } catch (e) {
        if (!(e instanceof DaemonError)) throw e;
        this.#log("socket-failed", { interface: ifname, reason: e.message });
        return false;
      }
      this.#pools.set(key, pool);
    }
    pool.routers.set(router.config.virtualRouterId, router);
    return true;
  }

  #poolOf(router: Router): SocketPool | undefined {
    return router.ifindex === undefined || this.#group === undefined
      ? undefined
      : this.#pools.get(`${router.ifindex} ${this.#group}`);
  }

  #closeSocket(router: Router): void {
    for (const [key, pool] of this.#pools) {
      if (pool.routers.get(router.config.virtualRouterId) !== router) continue;
      pool.routers.delete(router.config.virtualRouterId);
      if (pool.routers.size > 0) continue;
      pool.socket.close();
      this.#pools.delete(key);
    }
  }

  #onPacket(routers: ReadonlyMap<number, Router>, packet: Uint8Array): void {
    this.#received++;
    const datagram = parseIpv4Datagram(packet);
    if (datagram === undefined) return;
    const router = routers.get(peekVirtualRouterId(datagram) ?? 0);
    // Before the checks: a router in fault neither believes nor complains.
    if (router === undefined || (router.state.name !== "backup" && router.state.name !== "active")) return;
    const checked = checkAdvert(datagram, router.rules);
    if (checked.ok) {
      const { advert, from } = checked;
      router.lastAdvert = { from, priority: advert.priority, at: this.#host.clock.now() };
      this.#dispatch(router, { kind: "advertReceived", advert, from });
    } else {
      const { reason, from, received, expected } = checked;
      this.#dispatch(router, { kind: "advertRejected", reason, from, received, expected });
    }
  }

  // ---- time --------------------------------------------------------------------------------------------

  /**
   * What waits in the sockets happened before the deadline: it is heard first, so that a process that
   * slept does not take over from a router that is alive.
   */
  #onTimer(): void {
    this.#armedAt = undefined;
    this.#monitor.drain();
    for (const { socket } of [...this.#pools.values()]) {
      for (let reads = 0; reads < DRAIN_LIMIT; reads++) {
        const before = this.#received;
        socket.drain();
        if (this.#received === before) break;
      }
    }
    const now = this.#host.clock.now();
    for (let router = this.#deadlines.takeDue(now); router !== undefined; ) {
      this.#dispatch(router, { kind: "deadline" });
      this.#announceDue(router, now);
      this.#rearm(router);
      router = this.#deadlines.takeDue(now);
    }
    this.#settle();
    this.#arm();
  }

  #announceDue(router: Router, now: Instant): void {
    const times = announceTimesOf(router.config);
    const due = dueAnnouncement(times, router.schedule, now);
    router.schedule = due.schedule;
    if (due.rounds > 0) this.#announcements.push({ router, rounds: due.rounds });
  }

  #rearm(router: Router): void {
    const state = nextDeadline(router.state);
    const burst = nextAnnouncement(router.schedule);
    this.#deadlines.set(
      router,
      state === undefined || (burst !== undefined && burst < state) ? burst : state,
    );
  }

  #arm(): void {
    const announce = this.#announcer.next();
    const due = this.#deadlines.next();
    const at = due === undefined || (announce !== undefined && announce < due) ? announce : due;
    if (at === this.#armedAt || this.#closed) return;
    this.#armedAt = at;
    if (at === undefined) this.#timer.clear();
    else this.#timer.set(at);
  }

  // ---- events and effects --------------------------------------------------------------------------------

  #dispatch(router: Router, event: VrrpEvent): void {
    const now = this.#host.clock.now();
    const { state, effects } = step(router.params, router.state, now, event);
    const params: VrrpParams = event.kind === "paramsChanged" ? event.params : router.params;
    router.state = state;
    router.params = params;
    for (const effect of effects) this.#perform(router, effect, now);
    this.#rearm(router);
    this.#askSettle();
  }

  #perform(router: Router, effect: VrrpEffect, now: Instant): void {
    switch (effect.kind) {
      case "sendAdvert":
        this.#sendAdvert(router, effect.priority);
        return;
      case "setOwned":
        this.#setOwned(router, effect.owned);
        return;
      case "announce": {
        const times = announceTimesOf(router.config);
        const a =
          effect.round === "takeover"
            ? announceTakeover(times, now)
            : announceLowerPriority(times, router.schedule, now);
        router.schedule = a.schedule;
        this.#announcements.push({ router, rounds: a.rounds });
        return;
      }
      case "publishTransition":
        router.lastTransition = Date.now() / 1000;
        this.#transitions.push({ router, transition: effect });
        return;
      case "count":
        router.counters[effect.counter]++;
        return;
      case "log":
        // The union ties id and fields together; the compiler cannot follow that through a property.
        this.#log(effect.id, effect.fields as VrrpLogFields[typeof effect.id]);
        return;
      default:
        assertNever(effect);
    }
  }

  #sendAdvert(router: Router, priority: number): void {
    const { params: p, config } = router;
    const pool = this.#poolOf(router);
    if (pool === undefined || p.sourceAddress === undefined) return;
    const pdu = encodeAdvert(
      {
        version: p.version,
        virtualRouterId: p.virtualRouterId,
        priority,
        interval: p.advertInterval,
        addresses: p.addresses,
      },
      config.family,
      router.authentication,
      p.version === 2
        ? { kind: "message-only" }
        : { kind: "pseudo-header", source: p.sourceAddress, destination: pool.group },
    );
    try {
      pool.socket.send(p.sourceAddress, pool.group, pdu);
      router.counters.advertSent++;
    } catch (e) {
      if (!(e instanceof DaemonError)) throw e;
      this.#dispatch(router, {
        kind: "effectFailed",
        effect: "sendAdvert",
        errno: e.errno,
        reason: e.message,
      });
    }
  }

  #setOwned(router: Router, owned: boolean): void {
    const { config } = router;
    if (owned) {
      this.#log("setting-vips", { instance: config.name });
      if (config.virtualIpaddressExcluded.length > 0) this.#log("setting-evips", { instance: config.name });
      for (const v of allAddresses(config)) {
        const dev = v.dev ?? config.interface;
        if (this.#monitor.linkByName(dev) !== undefined) continue;
        const { address, where } = v;
        this.#log("vip-interface-missing", { instance: config.name, address, interface: dev, where });
      }
      this.#holdings.want(router, this.#desired(router));
      return;
    }
    this.#logRelease(router);
    router.schedule = noAnnouncements;
    for (const [ifindex, addresses] of byInterface(this.#holdings.held(router)))
      this.#announcer.withdraw(ifindex, new Set(addresses));
    this.#holdings.want(router, [], this.#host.releaseVips ? this.#desired(router) : []);
  }

  #logRelease({ config }: Router): void {
    this.#log("removing-vips", { instance: config.name });
    if (config.virtualIpaddressExcluded.length > 0) this.#log("removing-evips", { instance: config.name });
  }

  /** The end of the turn comes after the callback that started it, or earlier by {@link #settle}. */
  #askSettle(): void {
    if (this.#settleAsked) return;
    this.#settleAsked = true;
    queueMicrotask(() => {
      if (!this.#settleAsked || this.#closed) return;
      this.#settle();
    });
  }

  /** Addresses, announcements, notifications: what the adverts of this turn promised. */
  #settle(): void {
    this.#settleAsked = false;
    this.#confirmSuspects();
    this.#settleAddresses();
    const announcements = this.#announcements;
    this.#announcements = [];
    for (const { router, rounds } of announcements)
      if (router.state.name === "active") this.#offer(router, rounds);
    this.#announcer.flush(this.#host.clock.now());
    const transitions = this.#transitions;
    this.#transitions = [];
    for (const { router, transition } of transitions) this.#host.onTransition(router.config, transition);
    this.#arm();
    this.#host.onChange();
  }

  #settleAddresses(): void {
    for (const { owner, operation, error } of this.#holdings.settle()) {
      const { address, ifindex, kind } = operation;
      this.#log("vip-failed", {
        instance: owner.config.name,
        operation: kind,
        address,
        interface: this.#monitor.links.get(ifindex)?.name ?? `${ifindex}`,
        where: allAddresses(owner.config).find((v) => v.address === address)?.where ?? owner.config.where,
        code: error.code,
        reason: error.message,
      });
    }
  }

  #offer(router: Router, rounds: number): void {
    const { config } = router;
    for (const [ifindex, addresses] of byInterface(this.#desired(router))) {
      const link = this.#monitor.links.get(ifindex);
      if (link === undefined) continue;
      const ipv4 = addresses.filter((a) => familyOf(a) === "ipv4");
      for (const address of ipv4)
        this.#log("announce-queued", { instance: config.name, interface: link.name, address });
      this.#announcer.offer(link, ipv4, rounds, config.garp.interval);
    }
  }

  // ---- interfaces ----------------------------------------------------------------------------------------

  #onMonitor(e: MonitorEvent): void {
    switch (e.kind) {
      case "linkChanged":
        this.#linkState(e.link.name, e.link.up);
        this.#refreshWatchers(e.link.name);
        return;
      case "linkGone":
        this.#linkState(e.name, false);
        if (this.#watchers.has(e.name)) this.#log("interface-deleted", { interface: e.name });
        this.#holdings.forgetInterface(e.index);
        this.#refreshWatchers(e.name);
        return;
      case "addressAdded":
        this.#addressChanged(e.address, "address-assigned");
        return;
      case "addressGone":
        this.#addressChanged(e.address, "address-deassigned");
        return;
      case "resynced":
        this.#log("monitor-overrun", { lost: e.lost });
        return;
      default:
        assertNever(e);
    }
  }

  #linkState(name: string, up: boolean): void {
    if (!this.#watchers.has(name) || this.#links.get(name) === up) return;
    this.#links.set(name, up);
    this.#log("interface-state", { interface: name, up });
  }

  #refreshWatchers(name: string): void {
    for (const router of this.#watchers.get(name) ?? []) {
      this.#refresh(router);
      // An interface of one of our addresses came back empty: they return with it.
      if (router.state.name === "active") this.#holdings.want(router, this.#desired(router));
      this.#askSettle();
    }
  }

  #addressChanged(a: InterfaceAddress, id: "address-assigned" | "address-deassigned"): void {
    if (this.#virtual.has(a.address)) {
      if (id === "address-deassigned" && this.#holdings.isHeld(a)) {
        this.#suspects.push(a);
        this.#askSettle();
      }
      return;
    }
    const name = this.#monitor.links.get(a.ifindex)?.name;
    if (name === undefined || !this.#watchers.has(name)) return;
    this.#log(id, { interface: name, address: a.address });
    this.#refreshWatchers(name);
  }

  /** Reports of vanished addresses of ours, checked together: one look at the kernel for any number. */
  #confirmSuspects(): void {
    if (this.#suspects.length === 0) return;
    const suspects = this.#suspects;
    this.#suspects = [];
    for (const [router, addresses] of this.#holdings.confirmLost(suspects)) {
      const tracked = addresses.filter((a) => !isUntracked(router.config, a));
      for (const { address, ifindex } of tracked) {
        const name = this.#monitor.links.get(ifindex)?.name ?? `${ifindex}`;
        this.#log("vip-removed", { address, interface: name });
      }
      if (tracked.length > 0) this.#dispatch(router, { kind: "addressLost" });
    }
  }

  #log<K extends VrrpLogId>(id: K, fields: VrrpLogFields[K]): void {
    this.#host.logger.write(renderVrrpLog(id, fields));
  }
}

function isUntracked(config: VrrpInstanceConfig, a: OwnedAddress): boolean {
  return allAddresses(config).some((v) => v.address === a.address && v.noTrack);
}

function canMulticast(flags: number): boolean {
  return (flags & IFF_MULTICAST) !== 0 && (flags & IFF_LOOPBACK) === 0;
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

function sameParams(a: VrrpParams, b: VrrpParams): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Where a block stands in the file is no difference. */
function sameConfig(a: VrrpInstanceConfig, b: VrrpInstanceConfig): boolean {
  const text = (c: VrrpInstanceConfig): string =>
    JSON.stringify(c, (name, value: unknown) => (name === "where" ? undefined : value));
  return text(a) === text(b);
}
