/**
 * The shell around the interfaces: follows links and addresses, makes VMACs and ipvlans, and tells which
 * routers have to look again. Decides nothing about a router.
 */
import type { Clock } from "../base/clock.ts";
import { assertNever } from "../base/errors.ts";
import type { Micros } from "../base/units.ts";
import type { ConfigModel, VrrpInstanceConfig } from "../config/model.ts";
import { renderVrrpLog } from "../log/catalogue/vrrp.ts";
import { renderInterfaceLog } from "../log/catalogue/vrrp-interfaces.ts";
import type { FieldValue, Logger } from "../log/entry.ts";
import type { DivertedVmac } from "../net/kernel-objects.ts";
import { LinkSocket } from "../net/link-socket.ts";
import { InterfaceMonitor, type MonitorEvent } from "../net/monitor.ts";
import type { Native } from "../net/native-api.ts";
import { NetworkParameters } from "../net/network-parameters.ts";
import type { InterfaceAddress, Link } from "../net/rtnetlink.ts";
import { SysctlFiles } from "../net/sysctl-files.ts";
import { type Delays, limited, longestDelay } from "./debounce.ts";
import { DeviceKeeper, type InterfaceLogWriter } from "./device-keeper.ts";
import { type PlacedInstance, planDevices } from "./devices.ts";
import type { RuntimeHost } from "./host.ts";
import { LinkStates } from "./link-states-runtime.ts";
import type { Planned, Router } from "./router.ts";
import type { Surroundings } from "./surroundings.ts";
import { type Changes, Sysctls } from "./sysctls.ts";
import type { LogWriter } from "./turn.ts";
import { InterfaceWatch } from "./watch.ts";

/** What the interfaces work with and whom they tell. */
export interface InterfacesHost {
  readonly native: Native;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly memory: Pick<RuntimeHost, "remember" | "remembered">;
  /** VMACs of ours whose membership reports shall leave by their parents, from now on */
  divert(vmacs: readonly DivertedVmac[]): void;
  /** something about the interfaces of these routers is different; `moved`: addresses there have a new MAC */
  changed(routers: ReadonlySet<Router>, moved: boolean): void;
  /** something about an interface is different, whoever uses it */
  linkChanged(name: string): void;
  /** {@link Interfaces.segmentOf} may give other answers */
  segmentsChanged(): void;
  /** an interface is gone with all that was on it */
  gone(ifindex: number, name: string): void;
  /**
   * An address is gone from an interface.
   *
   * @param port netlink port of who deleted it
   * @returns whether it is one that we set
   */
  addressGone(address: InterfaceAddress, port: number): boolean;
  /** {@link Interfaces.settle} has something to do */
  askSettle(): void;
}

/** Whether the kernel reports memberships of 224.0.0.x, which switches forward anyway. */
const IGMP = "net/ipv4/igmp_link_local_mcast_reports";
const NO_DELAYS: Delays = { down: 0 as Micros, up: 0 as Micros };

export class Interfaces {
  /** kernel parameters that are put back at the end, for whoever needs some */
  readonly sysctls: Sysctls;
  readonly #host: InterfacesHost;
  readonly #log: LogWriter;
  readonly #logInterface: InterfaceLogWriter;
  readonly #monitor: InterfaceMonitor;
  readonly #watch = new InterfaceWatch<Router>();
  readonly #devices: DeviceKeeper;
  readonly #states: LinkStates;
  #delays: ReadonlyMap<string, Delays> = new Map();
  #linkSocket: LinkSocket | undefined;
  #disturbed = false;
  #remembering = false;
  #inherited = false;
  /** `dynamic_interfaces allow_if_changes`: what an interface lies on today says nothing about tomorrow */
  #followsChanges = false;
  #localIgmpDisabled = false;

  /** @throws DaemonError */
  constructor(host: InterfacesHost) {
    this.#host = host;
    this.#log = (id, fields) => host.logger.write(renderVrrpLog(id, fields));
    this.#logInterface = (id, fields) => host.logger.write(renderInterfaceLog(id, fields));
    this.#monitor = new InterfaceMonitor(host.native, (e) => this.#onMonitor(e));
    this.#log("monitor-open", {});
    const socket = (): LinkSocket => {
      this.#linkSocket ??= new LinkSocket(host.native);
      return this.#linkSocket;
    };
    const files = new NetworkParameters(new SysctlFiles(), {
      indexOf: (name) => host.native.ifNameToIndex(name),
      request: (request) => socket().request(request),
    });
    this.sysctls = new Sysctls(files, {
      changed: (sysctl, was, now, restored) => {
        this.#remember();
        if (!/\/(all|default)\/rp_filter$/.test(sysctl)) return;
        if (restored) this.#logInterface("sysctl-reset", { sysctl, now });
        else this.#logInterface("sysctl-set", { sysctl, was, now });
      },
      failed: (sysctl, value, { message: reason }) =>
        this.#logInterface("sysctl-failed", { sysctl, value, reason }),
    });
    this.#devices = new DeviceKeeper({
      kernel: {
        create: (link) => socket().create(link),
        change: (change) => socket().change(change),
        delete: (indices) => socket().delete(indices),
        addAddress: (address) => socket().addAddress(address),
      },
      indexOf: (name) => host.native.ifNameToIndex(name),
      view: this.#monitor,
      sysctls: this.sysctls,
      files,
      beforeUp: () => this.#divert(),
      log: this.#logInterface,
    });
    this.#states = new LinkStates({
      native: host.native,
      clock: host.clock,
      linkByName: (name) => this.linkByName(name),
      delaysOf: (name) => this.#delaysOf(name),
      told: (name) => this.#watch.told(name),
      believe: (name, up) => this.#watch.turned(name, up),
      changed: (name) => this.#tell(name),
      reported: ({ polled, ...state }) => {
        if (polled) this.#logInterface("linkbeat-state", state);
        else this.#log("interface-state", state);
      },
      log: this.#logInterface,
    });
  }

  /** Links with the state that is believed of them, for those who judge routers. */
  readonly seen: Surroundings = {
    linkByName: (name) => {
      const link = this.linkByName(name);
      if (link === undefined) return undefined;
      const up = this.#watch.told(name) ?? link.up;
      return up === link.up ? link : { ...link, up };
    },
    addresses: () => this.addresses(),
  };

  get links(): ReadonlyMap<number, Link> {
    return this.#monitor.links;
  }

  linkByName(name: string): Link | undefined {
    return this.#monitor.linkByName(name);
  }

  addresses(): readonly InterfaceAddress[] {
    return this.#monitor.addresses();
  }

  /** Virtual addresses of all routers: never a source. */
  get virtual(): InterfaceWatch<Router>["virtual"] {
    return this.#watch.virtual;
  }

  /** The interface whose wire an interface is on: the lower one of a macvlan or ipvlan. */
  segmentOf(name: string): string {
    const link = this.#followsChanges ? undefined : this.linkByName(name);
    const lower = link !== undefined && isStacked(link) ? link.parent : undefined;
    return (lower === undefined ? undefined : this.links.get(lower)?.name) ?? name;
  }

  /** Makes the devices that instances need. @returns the instances with the interfaces they use */
  place(
    model: Pick<ConfigModel, "global" | "syncGroups">,
    instances: readonly VrrpInstanceConfig[],
  ): readonly PlacedInstance[] {
    if (!this.#inherited) this.sysctls.inherit(changesIn(this.#host.memory.remembered()));
    this.#inherited = true;
    this.#followsChanges = model.global.dynamicInterfaces === "allow_if_changes";
    if (model.global.disableLocalIgmp === true) this.sysctls.hold(IGMP, IGMP, "0");
    else this.sysctls.release(IGMP);
    this.#localIgmpDisabled = model.global.disableLocalIgmp === true;
    const { vmacPrefix = "vrrp", vmacAddrPrefix = vmacPrefix } = model.global;
    const groups = model.syncGroups?.map((group) => group.members) ?? [];
    const settings = { prefix: vmacPrefix, addressPrefix: vmacAddrPrefix, groups };
    const links = [...this.#monitor.links.values()];
    const plans = planDevices(instances, settings, links, this.#devices.ours);
    for (const { instance, name } of plans.clashes)
      this.#logInterface("device-name-taken", { instance, device: name });
    for (const { name: instance, deviceTakenBy: other } of plans.instances)
      if (other !== undefined) this.#logInterface("device-shared", { instance, other });
    this.#devices.require(plans.devices);
    if (plans.devices.length > 0) this.#monitor.drain();
    return plans.instances;
  }

  /** Notes which interfaces matter to whom, which are polled, and whose changes must last. */
  watch(model: ConfigModel, planned: readonly Planned[]): void {
    const { interfaceDelays = [], linkbeatInterfaces = [], global } = model;
    this.#delays = new Map(interfaceDelays.map((delays) => [delays.interface, delays]));
    const users = model.vrrpInstances.filter(
      (c) => global.linkbeatUsePolling === true || c.linkbeatUsePolling,
    );
    const polled = users.flatMap((c) =>
      c.interface === "" ? [] : { interface: c.interface, method: undefined },
    );
    this.#states.poll([...linkbeatInterfaces, ...polled]);
    const met = this.#watch.rebuild(planned, (name) => {
      const link = this.linkByName(name);
      return link !== undefined && this.#states.isUp(link);
    });
    this.#checkDelays();
    const names = new Map(met.map((name) => [this.linkByName(name)?.index, name]));
    for (const { ifindex, address } of this.addresses()) {
      const name = names.get(ifindex);
      if (name !== undefined && !this.#watch.virtual.has(address))
        this.#log("address-assigned", { interface: name, address });
    }
  }

  /** Deletes devices that the last configuration does not need. */
  retire(): void {
    this.#devices.retire();
    this.sysctls.forgo();
    this.#divert();
  }

  /** Makes devices again that somebody deleted, or whose parent came back. */
  settle(): void {
    if (!this.#disturbed) return;
    this.#disturbed = false;
    this.#devices.mend();
    this.#divert();
  }

  /** Reads now what the kernel tells about links and addresses. */
  drain(): void {
    this.#monitor.drain();
  }

  /** @param release false leaves devices and kernel parameters as they are (-V) */
  close(release: boolean): void {
    this.#states.close();
    this.#monitor.close();
    this.#devices.close(release);
    if (release) this.sysctls.releaseAll();
    this.#linkSocket?.close();
  }

  #onMonitor(e: MonitorEvent): void {
    switch (e.kind) {
      case "linkChanged":
        if (e.appeared) {
          this.sysctls.interfaceAppeared(e.link.name);
          if (this.#watch.of(e.link.name) !== undefined)
            this.#logInterface("interface-added", { interface: e.link.name });
        }
        if (isStacked(e.link) && !this.#devices.owns(e.link.index)) this.#host.segmentsChanged();
        this.#disturb(e.link.name);
        this.#states.observe(e.link.name);
        this.#tell(e.link.name, e.moved);
        this.#host.linkChanged(e.link.name);
        return;
      case "linkRenamed":
        this.#logInterface("interface-renamed", { from: e.from, to: e.to });
        this.sysctls.interfaceRenamed(e.from, e.to);
        this.sysctls.interfaceAppeared(e.to);
        this.#disturb(e.from);
        this.#states.observe(e.from);
        this.#tell(e.from);
        return;
      case "linkGone":
        this.#devices.linkGone(e.index);
        this.#disturb(e.name);
        this.#states.observe(e.name);
        if (this.#watch.of(e.name) !== undefined) this.#log("interface-deleted", { interface: e.name });
        this.#host.gone(e.index, e.name);
        this.#tell(e.name);
        return;
      case "addressAdded":
        this.#addressChanged(e.address, "address-assigned");
        return;
      case "addressGone":
        if (this.#devices.owns(e.address.ifindex) && !this.#watch.virtual.has(e.address.address)) {
          this.#disturbed = true;
          this.#host.askSettle();
        }
        if (!this.#host.addressGone(e.address, e.port)) this.#addressChanged(e.address, "address-deassigned");
        return;
      case "resynced":
        this.#devices.linksRead();
        this.#disturbed = true;
        this.#host.askSettle();
        this.#log("monitor-overrun", { lost: e.lost });
        return;
      default:
        assertNever(e);
    }
  }

  /** Once for all changes of a turn. */
  #remember(): void {
    if (this.#remembering) return;
    this.#remembering = true;
    queueMicrotask(() => {
      this.#remembering = false;
      this.#host.memory.remember({ sysctls: this.sysctls.changes() });
    });
  }

  #divert(): void {
    const reporting = this.#devices.diverted.filter((v) => v.family === "ipv6" || !this.#localIgmpDisabled);
    this.#host.divert(reporting);
  }

  #disturb(name: string): void {
    if (!this.#devices.concerns(name)) return;
    this.#disturbed = true;
    this.#host.askSettle();
  }

  /** VMACs have their parent's delays; none is longer than any router on the interface can bear. */
  #delaysOf(name: string): Delays {
    const delays = this.#delays.get(name) ?? this.#delays.get(this.#devices.parentOf(name) ?? name);
    if (delays === undefined) return NO_DELAYS;
    const limits = [...(this.#watch.of(name) ?? [])].map(limitOf);
    return limits.reduce(limited, delays);
  }

  #checkDelays(): void {
    for (const [name, delays] of this.#delays)
      for (const router of this.#watch.of(name) ?? [])
        if (Math.max(delays.down, delays.up) > limitOf(router)) {
          const { name: instance, downTimerAdverts } = router.config;
          this.#logInterface("debounce-limited", { instance, interface: name, downTimerAdverts });
        }
  }

  #tell(name: string, moved = false): void {
    const routers = this.#watch.of(name);
    if (routers !== undefined) this.#host.changed(routers, moved);
  }

  #addressChanged(a: InterfaceAddress, id: "address-assigned" | "address-deassigned"): void {
    if (this.#watch.virtual.has(a.address)) return;
    // A router without an interface has its source anywhere.
    if (this.#watch.of("") !== undefined) this.#tell("");
    const name = this.#monitor.links.get(a.ifindex)?.name;
    if (name === undefined || this.#watch.of(name) === undefined) return;
    if (!this.#watch.retired.has(a.address)) this.#log(id, { interface: name, address: a.address });
    this.#tell(name);
  }
}

/** A backup's wait counts with the interval that it has learned. */
function limitOf({ params, state }: Router): Micros {
  const interval = state.name === "backup" ? state.activeAdverInterval : params.advertInterval;
  return longestDelay(params.downTimerAdverts, interval);
}

function isStacked(link: Link): boolean {
  return link.kind === "macvlan" || link.kind === "ipvlan";
}

/** The part of what a predecessor left that is ours; nothing when it is of another shape. */
function changesIn(memory: FieldValue | undefined): Changes {
  if (typeof memory !== "object" || memory === null || !("sysctls" in memory)) return {};
  const { sysctls } = memory;
  if (typeof sysctls !== "object" || sysctls === null) return {};
  const changes = Object.entries(sysctls).flatMap(([name, change]) => {
    const [value, original] = Array.isArray(change) ? (change as readonly FieldValue[]) : [];
    return typeof value === "string" && typeof original === "string"
      ? [[name, [value, original]] as const]
      : [];
  });
  return Object.fromEntries(changes);
}
