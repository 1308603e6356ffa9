/**
 * Makes the VMACs and ipvlans of a plan, sees that they stay, and takes them away afterwards. Knows which
 * links are its own; decides for each device whether to make, adopt, mend or refuse it, and leaves which
 * devices there should be to `devices.ts`.
 */
import { bytesOf, familyOf, formatIpAddress, type IpAddress } from "../base/address.ts";
import { DaemonError } from "../base/errors.ts";
import type { InterfaceLogFields, InterfaceLogId } from "../log/catalogue/vrrp-interfaces.ts";
import type { DivertedVmac, KernelAddress } from "../net/kernel-objects.ts";
import {
  type DeviceLink,
  type DevicePlan,
  deviceIdentity,
  deviceSysctls,
  linkIdentity,
  macBytes,
  parentSysctls,
  rpFilterSysctls,
} from "./devices.ts";
import type { SysctlAccess, Sysctls } from "./sysctls.ts";

/** A link as far as devices are made of it; `Link` of src/net/rtnetlink.ts. */
export interface KeptLink extends DeviceLink {
  /** ARPHRD_* of linux/if_arp.h */
  readonly arphrd: number;
  /** IFF_* of linux/if.h */
  readonly flags: number;
  readonly master: number | undefined;
  readonly group: number;
}

/** Changes links; `LinkSocket` of src/net/link-socket.ts. Refusals are thrown as DaemonError. */
export interface LinkKernel {
  create(link: {
    readonly name: string;
    readonly parent: number;
    readonly group: number;
    readonly master: number | undefined;
    readonly type:
      | { readonly kind: "macvlan"; readonly mac: Uint8Array }
      | { readonly kind: "ipvlan"; readonly flags: "bridge" | "private" | "vepa" };
  }): void;
  change(change: {
    readonly index: number;
    readonly up?: boolean;
    readonly mac?: Uint8Array;
    readonly group?: number;
    readonly master?: number;
  }): void;
  /** @returns the refusal of link i at index i, ENODEV when it is gone; throws nothing */
  delete(indices: readonly number[]): readonly (DaemonError | undefined)[];
  addAddress(address: KernelAddress): void;
}

export type InterfaceLogWriter = <K extends InterfaceLogId>(id: K, fields: InterfaceLogFields[K]) => void;

/** What devices are made with. */
export interface DevicePorts {
  readonly kernel: LinkKernel;
  /** 0: there is no such interface */
  indexOf(name: string): number;
  /** links as last heard of */
  readonly view: {
    readonly links: ReadonlyMap<number, KeptLink>;
    linkByName(name: string): KeptLink | undefined;
    addresses(): readonly KernelAddress[];
  };
  readonly sysctls: Sysctls;
  readonly files: SysctlAccess;
  /** devices are there, down, and about to be set up */
  beforeUp(): void;
  readonly log: InterfaceLogWriter;
}

/** A device that is there and has to be set up. */
interface Fresh {
  readonly plan: DevicePlan;
  readonly index: number;
  readonly parent: KeptLink;
  /** made by us, and not adopted */
  readonly made: boolean;
}

/** ARPHRD_ETHER of linux/if_arp.h */
const ETHERNET = 1;
const IFF_UP = 0x1;
const SCOPE_LINK = 253;
/** owner of what all IPv4 VMACs together need */
const RP_FILTER_OWNER = "rp_filter";

export class DeviceKeeper {
  readonly #ports: DevicePorts;
  #plans: readonly DevicePlan[] = [];
  /** plans by index of the links that exist for them */
  readonly #made = new Map<number, DevicePlan>();
  /** what a parent gave to a device stays, though the parent may get another one */
  readonly #linkLocals = new Map<number, IpAddress>();
  /** why there is no device, by name */
  readonly #refused = new Map<string, string>();
  #fresh: Fresh[] = [];

  constructor(ports: DevicePorts) {
    this.#ports = ports;
  }

  /** Indices of the links that are ours. */
  get ours(): ReadonlySet<number> {
    return new Set(this.#made.keys());
  }

  /** Our VMACs with their parents, once for each family that they speak. */
  get diverted(): readonly DivertedVmac[] {
    return [...this.#made].flatMap(([ifindex, plan]) => {
      const parent = this.#ports.view.linkByName(plan.parent)?.index;
      if (plan.type.kind !== "macvlan" || parent === undefined) return [];
      const families = plan.family === "ipv4" && plan.ipv6 ? (["ipv4", "ipv6"] as const) : [plan.family];
      return families.map((family) => ({ ifindex, parent, family }));
    });
  }

  /** Whether a link is ours. */
  owns(index: number): boolean {
    return this.#made.has(index);
  }

  /** Whether an interface is a device of the plan or the parent of one. */
  concerns(name: string): boolean {
    return this.#plans.some((plan) => plan.name === name || plan.parent === name);
  }

  /** The parent of a device of the plan. */
  parentOf(name: string): string | undefined {
    return this.#plans.find((plan) => plan.name === name)?.parent;
  }

  /** Makes what is missing. What is no longer planned stays until {@link retire}. */
  require(plans: readonly DevicePlan[]): void {
    this.#plans = plans;
    for (const name of this.#refused.keys())
      if (!plans.some((plan) => plan.name === name)) this.#refused.delete(name);
    this.mend();
  }

  /** Looks at the links again: makes what was deleted, and what its parent did not allow before. */
  mend(): void {
    const links = new Map([...this.#ports.view.links.values()].map((link) => [linkIdentity(link), link]));
    const indices = new Map([...this.#made].map(([index, plan]) => [plan.name, index]));
    for (const plan of this.#plans) this.#mendOne(plan, links, indices.get(plan.name));
    const fresh = this.#fresh;
    this.#fresh = [];
    if (fresh.length > 0) this.#ports.beforeUp();
    for (const device of fresh) this.#setUp(device);
    this.#mendAddresses(new Set(fresh.map(({ index }) => index)));
    this.#guardRpFilter();
  }

  /** Deletes our devices that the plan does not have. */
  retire(): void {
    const kept = new Set(this.#plans.map((plan) => plan.name));
    this.#delete([...this.#made].filter(([, plan]) => !kept.has(plan.name)));
    this.#guardRpFilter();
  }

  /** A link is gone; if it was ours, {@link mend} makes it anew. */
  linkGone(index: number): void {
    this.#forget(index);
  }

  /** All links were read again: what is not among them is gone. */
  linksRead(): void {
    for (const index of this.#made.keys()) if (!this.#ports.view.links.has(index)) this.#forget(index);
  }

  /** @param release false leaves devices and what they need as they are */
  close(release: boolean): void {
    if (!release) return;
    this.#plans = [];
    this.retire();
  }

  #mendOne(
    plan: DevicePlan,
    links: ReadonlyMap<string | undefined, KeptLink>,
    index: number | undefined,
  ): void {
    const { view } = this.#ports;
    // Made a moment ago, and its news not read yet.
    if (index !== undefined && !view.links.has(index)) return;
    const parent = view.linkByName(plan.parent);
    if (parent === undefined) {
      // The parent has another name now, and whoever gets its old one is the next parent.
      if (index !== undefined) this.#delete([[index, plan]]);
      return;
    }
    const found = links.get(deviceIdentity(plan, parent));
    const named = view.linkByName(plan.name);
    if (found?.name === plan.name) this.#take(plan, found.index, parent);
    else if (plan.type.kind === "macvlan" && parent.arphrd !== ETHERNET)
      this.#refuse(plan, `${plan.parent} is not Ethernet`);
    else if (found !== undefined && !this.#made.has(found.index))
      this.#refuse(plan, `${found.name} has its MAC already`);
    else if (named !== undefined && !this.#made.has(named.index))
      this.#refuse(plan, "another interface has that name");
    else {
      // Ours under another name is of no use, and there cannot be two with one MAC; or somebody changed
      // its MAC, or a reload its parent.
      const wrong = [...new Set([found, named])].filter((link) => link !== undefined);
      this.#delete(wrong.map((link) => [link.index, plan]));
      this.#create(plan, parent);
    }
  }

  /** What is there already: ours, perhaps with other wishes than before, or left by somebody. */
  #take(plan: DevicePlan, index: number, parent: KeptLink): void {
    const before = this.#made.get(index);
    if (before !== undefined) this.#followVrf(plan, index, parent);
    if (before === plan) return;
    this.#made.set(index, plan);
    if (before !== undefined && JSON.stringify(before) === JSON.stringify(plan)) return;
    if (before === undefined)
      this.#ports.log("device-adopted", { instance: plan.instance, device: plan.name });
    this.#equip({ plan, index, parent, made: false });
  }

  #create(plan: DevicePlan, parent: KeptLink): void {
    const { kernel } = this.#ports;
    const { type } = plan;
    const made = this.#attempt(plan, () => {
      kernel.create({
        name: plan.name,
        parent: parent.index,
        group: plan.group ?? parent.group,
        master: this.#vrfOf(parent),
        type: type.kind === "macvlan" ? { kind: "macvlan", mac: macBytes(type.mac) } : type,
      });
    });
    const index = made ? this.#ports.indexOf(plan.name) : 0;
    if (index !== 0) this.#equip({ plan, index, parent, made: true });
  }

  /** Gives a device that is there the parameters that it needs before it is up. */
  #equip(device: Fresh): void {
    const { plan, index } = device;
    const { sysctls, files, log } = this.#ports;
    this.#made.set(index, plan);
    this.#fresh.push(device);
    for (const { name, value } of deviceSysctls(plan)) {
      try {
        if (files.read(name) !== undefined) files.write(name, value);
      } catch (e) {
        if (!(e instanceof DaemonError)) throw e;
        log("sysctl-failed", { sysctl: name, value, reason: e.message });
      }
    }
    for (const { name, value } of parentSysctls(plan)) sysctls.hold(ownerOf(plan), name, value);
  }

  #setUp({ plan, index, parent, made }: Fresh): void {
    const { kernel, log } = this.#ports;
    // A reload may have given one that is there another group.
    const group = made ? undefined : (plan.group ?? parent.group);
    const change = { index, up: true, ...(group === undefined ? {} : { group }) };
    if (!this.#attempt(plan, () => kernel.change(change))) {
      this.#delete([[index, plan]]);
      return;
    }
    for (const address of this.#addressesOf(plan, index, parent)) this.#addAddress(plan, address);
    if (plan.announceParent)
      this.#attempt(plan, () => kernel.change({ index: parent.index, group: parent.group }));
    this.#refused.delete(plan.name);
    if (!made) return;
    const kind = plan.type.kind === "macvlan" ? "VMAC" : "ipvlan";
    log("device-created", { instance: plan.instance, device: plan.name, kind });
  }

  /** Over IPv6 a device that somebody set down and up again has lost its address. */
  #mendAddresses(fresh: ReadonlySet<number>): void {
    const { view } = this.#ports;
    let there: ReadonlySet<string> | undefined;
    for (const [index, plan] of this.#made) {
      const link = view.links.get(index);
      const parent = view.linkByName(plan.parent);
      if (fresh.has(index) || link === undefined || parent === undefined || (link.flags & IFF_UP) === 0)
        continue;
      for (const address of this.#addressesOf(plan, index, parent)) {
        there ??= new Set(view.addresses().map((a) => `${a.ifindex} ${a.address}`));
        if (!there.has(`${index} ${address.address}`)) this.#addAddress(plan, address);
      }
    }
  }

  #addressesOf(plan: DevicePlan, ifindex: number, parent: KeptLink): readonly KernelAddress[] {
    const addresses: KernelAddress[] = [];
    if (plan.address !== undefined) addresses.push({ ifindex, scope: 0, ...plan.address });
    if (plan.linkLocal !== undefined) {
      const ofParent = this.#linkLocals.get(ifindex) ?? this.#linkLocalOf(parent);
      const address = plan.linkLocal === "parent" ? ofParent : plan.linkLocal;
      this.#linkLocals.set(ifindex, ofParent);
      addresses.push({ ifindex, scope: SCOPE_LINK, address, prefixLength: 64, preferredLft: 0 });
    }
    return addresses;
  }

  #addAddress(plan: DevicePlan, address: KernelAddress): void {
    this.#attempt(plan, () => this.#ports.kernel.addAddress(address));
  }

  #linkLocalOf(parent: KeptLink): IpAddress {
    const own = this.#ports.view
      .addresses()
      .find((a) => a.ifindex === parent.index && a.scope === SCOPE_LINK && familyOf(a.address) === "ipv6");
    return own?.address ?? interfaceIdentifier(parent.mac);
  }

  /** A parent that was put into a VRF or taken out of one takes its devices along. */
  #followVrf(plan: DevicePlan, index: number, parent: KeptLink): void {
    const { links } = this.#ports.view;
    const link = links.get(index);
    const now = link && this.#vrfOf(link);
    const wanted = this.#vrfOf(parent);
    if (now !== wanted) this.#attempt(plan, () => this.#ports.kernel.change({ index, master: wanted ?? 0 }));
  }

  #vrfOf(link: KeptLink): number | undefined {
    const master = link.master === undefined ? undefined : this.#ports.view.links.get(link.master);
    return master?.kind === "vrf" ? master.index : undefined;
  }

  #guardRpFilter(): void {
    const { sysctls, view } = this.#ports;
    const plans = [...this.#made.values()];
    if (!plans.some((plan) => parentSysctls(plan).length > 0)) {
      sysctls.release(RP_FILTER_OWNER);
      return;
    }
    sysctls.holdInherited(RP_FILTER_OWNER, "rp_filter");
    // Read for every interface only when it matters: this is looked at again with each change of a device.
    if (Number(sysctls.current("net/ipv4/conf/all/rp_filter") ?? 0) === 0) return;
    const names = ["default", ...[...view.links.values()].map((link) => link.name), "all"];
    const values = names.flatMap((name) => {
      const value = sysctls.current(`net/ipv4/conf/${name}/rp_filter`);
      return value === undefined ? [] : [[name, Number(value)] as const];
    });
    for (const { name, value } of rpFilterSysctls(plans, new Map(values)))
      sysctls.hold(RP_FILTER_OWNER, name, value);
  }

  #delete(doomed: readonly (readonly [index: number, plan: DevicePlan])[]): void {
    const { kernel, log } = this.#ports;
    for (const [index] of doomed) this.#forget(index);
    const refusals = kernel.delete(doomed.map(([index]) => index));
    doomed.forEach(([, { instance, name: device }], i) => {
      const refusal = refusals[i];
      if (refusal === undefined) log("device-removed", { instance, device });
      else if (refusal.code !== "ENODEV")
        log("device-remove-failed", { instance, device, reason: refusal.message });
    });
  }

  #forget(index: number): void {
    const plan = this.#made.get(index);
    if (plan === undefined) return;
    this.#made.delete(index);
    this.#linkLocals.delete(index);
    this.#ports.sysctls.release(ownerOf(plan));
  }

  /** @returns whether the kernel agreed */
  #attempt(plan: DevicePlan, change: () => void): boolean {
    try {
      change();
      return true;
    } catch (e) {
      if (!(e instanceof DaemonError)) throw e;
      this.#refuse(plan, e.message);
      return false;
    }
  }

  /** One line for one reason: the next look at the links meets it again. */
  #refuse(plan: DevicePlan, reason: string): void {
    if (this.#refused.get(plan.name) === reason) return;
    this.#refused.set(plan.name, reason);
    this.#ports.log("device-failed", {
      instance: plan.instance,
      device: plan.name,
      parent: plan.parent,
      reason,
    });
  }
}

function ownerOf(plan: DevicePlan): string {
  return `device ${plan.name}`;
}

/** fe80:: and the EUI-64 of a MAC. @see RFC 4291 appendix A */
export function interfaceIdentifier(mac: Uint8Array): IpAddress {
  const bytes = new Uint8Array(16);
  bytes.set(bytesOf("fe80::" as IpAddress));
  bytes.set(mac.subarray(0, 3), 8);
  bytes.set([0xff, 0xfe], 11);
  bytes.set(mac.subarray(3, 6), 13);
  bytes[8] = (bytes[8] ?? 0) ^ 0x02;
  return formatIpAddress(bytes);
}
