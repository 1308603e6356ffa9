/**
 * VMACs and ipvlans: which ones a configuration needs, what they are called, which instance and which
 * address lives on which. Decides from the configuration and a view of the links; never makes one.
 *
 * @see keepalived.conf(5) use_vmac, use_vmac_addr, vmac_xmit_base, use_ipvlan; RFC 9568 §7.3
 */
import { type Family, familyOf, type IpAddress } from "../base/address.ts";
import type { VirtualAddress, VrrpInstanceConfig } from "../config/model.ts";

/** The part of a link that matters here; `Link` of src/net/rtnetlink.ts. */
export interface DeviceLink {
  readonly index: number;
  readonly name: string;
  readonly mac: Uint8Array;
  readonly kind: string | undefined;
  readonly parent: number | undefined;
  /** MACVLAN_MODE_* of linux/if_link.h */
  readonly macvlanMode: number | undefined;
}

/** The interfaces that an instance really uses. */
export interface Placement {
  /** the VMAC or ipvlan */
  readonly device: string;
  /** where its addresses live: the VMAC, but not an ipvlan */
  readonly own: string;
  /** where adverts are sent and received */
  readonly wire: string;
  /** whose addresses adverts come from */
  readonly source: string;
}

/** An instance whose addresses name the interface that they live on, and that knows its own. */
export interface PlacedInstance extends VrrpInstanceConfig {
  /** undefined: everything is on the configured interface */
  readonly placement?: Placement;
  /** another instance, outside its groups, has this device already: it stays in fault */
  readonly deviceTakenBy?: string;
}

/** Where an instance's addresses live that name no interface: its VMAC, or the configured interface. */
export function ownInterface(c: PlacedInstance): string {
  return c.placement?.own ?? c.interface;
}

/**
 * Whether switches would forget the MAC of an interface that carries addresses of an instance: its adverts
 * keep it known only where they go out.
 *
 * @see keepalived.conf(5) "garp_extra_if"
 */
export function needsExtraAnnouncements(c: PlacedInstance, link: Pick<DeviceLink, "name" | "kind">): boolean {
  if (link.name === ownInterface(c) && c.vmacXmitBase !== true) return false;
  return c.garpExtraIf?.all === true || link.kind === "macvlan";
}

/** A device that must exist while the configuration is in force. */
export interface DevicePlan {
  readonly name: string;
  readonly parent: string;
  readonly type:
    | { readonly kind: "macvlan"; readonly mac: string }
    | { readonly kind: "ipvlan"; readonly flags: "bridge" | "private" | "vepa" };
  /** undefined: the parent's */
  readonly group: number | undefined;
  /** of the router whose traffic it carries; IPv4 needs rules for ARP */
  readonly family: Family;
  readonly ipv6: boolean;
  /** `parent`: what the parent has, or made of its MAC */
  readonly linkLocal: IpAddress | "parent" | undefined;
  readonly address: { readonly address: IpAddress; readonly prefixLength: number } | undefined;
  /** the kernel is asked to report the parent again after the device was made */
  readonly announceParent: boolean;
  /** the instance that is named in messages: the first one that needs it */
  readonly instance: string;
}

export interface DeviceSettings {
  /** `vmac_prefix`, default vrrp */
  readonly prefix: string;
  /** `vmac_addr_prefix`, default `vmac_prefix` */
  readonly addressPrefix: string;
  /** members of each sync group, who may share a device */
  readonly groups: readonly (readonly string[])[];
}

/** A name of the file that cannot be used. */
export interface DeviceNameClash {
  readonly instance: string;
  readonly name: string;
}

export interface DevicePlans {
  readonly instances: readonly PlacedInstance[];
  readonly devices: readonly DevicePlan[];
  readonly clashes: readonly DeviceNameClash[];
}

const MACVLAN_MODE_PRIVATE = 1;

/**
 * @param links as they are now
 * @param ours indices of links that this process made: these may be renamed
 */
export function planDevices(
  instances: readonly VrrpInstanceConfig[],
  settings: DeviceSettings,
  links: readonly DeviceLink[],
  ours: ReadonlySet<number>,
): DevicePlans {
  const planner = new Planner(settings, links, ours);
  return {
    instances: instances.map((c) => planner.placeAddresses(planner.placeInstance(c))),
    devices: [...planner.devices.values()],
    clashes: planner.clashes,
  };
}

/** The virtual router's MAC. @see RFC 9568 §7.3 */
export function virtualMac(family: Family, virtualRouterId: number): string {
  return `00:00:5e:00:0${family === "ipv4" ? 1 : 2}:${virtualRouterId.toString(16).padStart(2, "0")}`;
}

/** 6 bytes of a MAC in text. */
export function macBytes(mac: string): Uint8Array {
  return Uint8Array.from(mac.split(":"), (octet) => Number.parseInt(octet, 16));
}

/**
 * What tells devices apart whatever they are called: a macvlan by parent and MAC, an ipvlan by parent and
 * name. undefined: no link that could be a device of ours.
 */
export function linkIdentity(link: DeviceLink): string | undefined {
  if (link.parent === undefined) return undefined;
  if (link.kind === "ipvlan") return `ipvlan ${link.parent} ${link.name}`;
  if (link.kind !== "macvlan" || link.macvlanMode !== MACVLAN_MODE_PRIVATE) return undefined;
  return `macvlan ${link.parent} ${macText(link.mac)}`;
}

/** The {@link linkIdentity} that the device of a plan has on this parent. */
export function deviceIdentity(plan: Pick<DevicePlan, "name" | "type">, parent: DeviceLink): string {
  // A macvlan on a macvlan is put on the lower one's parent by the kernel.
  const lower = parent.kind === "macvlan" ? parent.parent : parent.index;
  return plan.type.kind === "ipvlan" ? `ipvlan ${lower} ${plan.name}` : `macvlan ${lower} ${plan.type.mac}`;
}

function macText(mac: Uint8Array): string {
  return [...mac].map((octet) => octet.toString(16).padStart(2, "0")).join(":");
}

type Wish = Omit<DevicePlan, "name"> & { readonly name: string | undefined; readonly prefix: string };

class Planner {
  readonly devices = new Map<string, DevicePlan>();
  readonly clashes: DeviceNameClash[] = [];
  readonly #settings: DeviceSettings;
  readonly #links: ReadonlyMap<string, DeviceLink>;
  readonly #byIdentity: ReadonlyMap<string | undefined, DeviceLink>;
  readonly #ours: ReadonlySet<number>;
  readonly #names = new Set<string>();

  constructor(settings: DeviceSettings, links: readonly DeviceLink[], ours: ReadonlySet<number>) {
    this.#settings = settings;
    this.#links = new Map(links.map((link) => [link.name, link]));
    this.#byIdentity = new Map(links.map((link) => [linkIdentity(link), link]));
    this.#ours = ours;
  }

  placeInstance(c: VrrpInstanceConfig): PlacedInstance {
    if (c.interface === "" || (c.vmac === undefined && c.ipvlan === undefined)) return c;
    const { vmac, ipvlan } = c;
    const xmitBase = c.vmacXmitBase === true;
    const common = {
      parent: c.interface,
      family: c.family,
      prefix: this.#settings.prefix,
      instance: c.name,
    };
    const device = this.#device(
      c,
      vmac !== undefined
        ? {
            ...common,
            ipv6: c.family === "ipv6" || hasIpv6(c),
            name: vmac.name,
            type: { kind: "macvlan", mac: vmac.mac ?? virtualMac(c.family, c.virtualRouterId) },
            group: vmac.group,
            linkLocal: c.family === "ipv6" && !xmitBase ? (c.mcastSrcIp ?? "parent") : undefined,
            address: undefined,
            announceParent: vmac.netlinkNotifyMsg,
          }
        : {
            ...common,
            ipv6: c.family === "ipv6",
            name: ipvlan?.name,
            type: { kind: "ipvlan", flags: ipvlan?.mode ?? "bridge" },
            group: ipvlan?.group,
            linkLocal: undefined,
            address: ipvlan?.address,
            announceParent: false,
          },
    );
    const { name } = device.plan;
    const source = vmac !== undefined && (xmitBase || c.family === "ipv4") ? c.interface : name;
    const own = vmac === undefined ? c.interface : name;
    return {
      ...c,
      placement: { device: name, own, wire: xmitBase ? c.interface : name, source },
      ...(device.takenBy === undefined ? {} : { deviceTakenBy: device.takenBy }),
    };
  }

  placeAddresses(c: PlacedInstance): PlacedInstance {
    if (c.placement === undefined && !wantsAddressDevices(c)) return c;
    let takenBy = c.deviceTakenBy;
    const own = c.vmac === undefined ? undefined : c.placement?.own;
    const place = (v: VirtualAddress): VirtualAddress => {
      const parent = v.dev ?? c.interface;
      const wantsDevice = v.useVmac === true || c.useVmacAddr === true;
      const fitsOwn = parent === c.interface && familyOf(v.address) === c.family;
      if (own !== undefined && (wantsDevice ? fitsOwn : v.dev === undefined)) return { ...v, dev: own };
      if (!wantsDevice) return v;
      const family = familyOf(v.address);
      const device = this.#device(c, {
        name: undefined,
        prefix: this.#settings.addressPrefix,
        parent,
        type: { kind: "macvlan", mac: virtualMac(family, c.virtualRouterId) },
        group: c.vmac?.group,
        family,
        ipv6: family === "ipv6",
        linkLocal: family === "ipv6" ? "parent" : undefined,
        address: undefined,
        announceParent: false,
        instance: c.name,
      });
      takenBy ??= device.takenBy;
      return { ...v, dev: device.plan.name };
    };
    const addresses = {
      virtualIpaddress: c.virtualIpaddress.map(place),
      virtualIpaddressExcluded: c.virtualIpaddressExcluded.map(place),
    };
    return { ...c, ...addresses, ...(takenBy === undefined ? {} : { deviceTakenBy: takenBy }) };
  }

  /** The device of a wish: one that is planned already, or a new plan with a name. */
  #device(c: VrrpInstanceConfig, wish: Wish): { plan: DevicePlan; takenBy: string | undefined } {
    const { prefix, name, ...rest } = wish;
    const { type, parent } = rest;
    const key = type.kind === "macvlan" ? `${parent} ${type.mac}` : `${parent} ipvlan ${c.name}`;
    const known = this.devices.get(key);
    if (known !== undefined) {
      const merged = {
        ...known,
        ipv6: known.ipv6 || rest.ipv6,
        linkLocal: known.linkLocal ?? rest.linkLocal,
      };
      this.devices.set(key, merged);
      return { plan: merged, takenBy: this.#mayShare(known.instance, c.name) ? undefined : known.instance };
    }
    const plan: DevicePlan = { ...rest, name: this.#name(c, wish) };
    this.#names.add(plan.name);
    this.devices.set(key, plan);
    return { plan, takenBy: undefined };
  }

  #mayShare(a: string, b: string): boolean {
    return a === b || this.#settings.groups.some((members) => members.includes(a) && members.includes(b));
  }

  #name(c: VrrpInstanceConfig, wish: Wish): string {
    const parent = this.#links.get(wish.parent);
    const existing = (name: string): DeviceLink | undefined =>
      parent && this.#byIdentity.get(deviceIdentity({ name, type: wish.type }, parent));
    const isFree = (name: string): boolean =>
      !this.#names.has(name) && (existing(name)?.name === name || !this.#links.has(name));
    const adopted = wish.type.kind === "macvlan" ? existing("") : undefined;
    const isOurs = adopted !== undefined && this.#ours.has(adopted.index);
    if (wish.name !== undefined && wish.name !== adopted?.name && (adopted === undefined || isOurs)) {
      if (isFree(wish.name)) return wish.name;
      this.clashes.push({ instance: c.name, name: wish.name });
    }
    if (adopted !== undefined && !this.#names.has(adopted.name)) return adopted.name;
    for (const name of candidateNames(wish.prefix, wish.family, c.virtualRouterId))
      if (isFree(name)) return name;
    return `${wish.prefix}.${c.virtualRouterId}`;
  }
}

/** vrrp.51, for IPv6 vrrp6.51, vrrp1.51, vrrp2.51, … as far as a name of an interface may be long. */
function* candidateNames(prefix: string, family: Family, virtualRouterId: number): Generator<string> {
  yield `${prefix}.${virtualRouterId}`;
  if (family === "ipv6") yield `${prefix}6.${virtualRouterId}`;
  for (let n = 1; n < 10_000; n++) {
    const name = `${prefix}${n}.${virtualRouterId}`;
    if (Buffer.byteLength(name) > 15) return;
    if (n !== 6) yield name;
  }
}

function hasIpv6(c: VrrpInstanceConfig): boolean {
  return [...c.virtualIpaddress, ...c.virtualIpaddressExcluded].some(
    (v) => familyOf(v.address) === "ipv6" && v.dev === undefined,
  );
}

function wantsAddressDevices(c: VrrpInstanceConfig): boolean {
  return (
    c.useVmacAddr === true ||
    [...c.virtualIpaddress, ...c.virtualIpaddressExcluded].some((v) => v.useVmac === true)
  );
}

/** A parameter of the kernel that a device needs. */
export interface SysctlWish {
  readonly name: string;
  readonly value: string;
}

/** What a device needs on itself; nobody puts it back, the device goes with it. */
export function deviceSysctls(plan: DevicePlan): readonly SysctlWish[] {
  const v4 = `net/ipv4/conf/${plan.name}`;
  const v6 = `net/ipv6/conf/${plan.name}`;
  const ipv6 = { name: `${v6}/disable_ipv6`, value: plan.ipv6 ? "0" : "1" };
  // An ipvlan has its parent's MAC, but the kernel makes it a link-local address of its own.
  if (plan.type.kind === "ipvlan") return [ipv6];
  const own = [ipv6, { name: `${v6}/addr_gen_mode`, value: "1" }];
  if (plan.family === "ipv6") return [{ name: `${v4}/arp_ignore`, value: "1" }, ...own];
  return [
    { name: `${v4}/arp_ignore`, value: "1" },
    { name: `${v4}/accept_local`, value: "1" },
    { name: `${v4}/rp_filter`, value: "0" },
    { name: `${v4}/promote_secondaries`, value: "1" },
    ...own,
  ];
}

/** What a device needs of its parent while it exists: not to answer for the device's addresses. */
export function parentSysctls(plan: DevicePlan): readonly SysctlWish[] {
  if (!filtersArp(plan)) return [];
  const parent = `net/ipv4/conf/${plan.parent}`;
  return [
    { name: `${parent}/arp_ignore`, value: "1" },
    { name: `${parent}/arp_filter`, value: "1" },
  ];
}

/**
 * While there are IPv4 VMACs `all.rp_filter`, of which the kernel takes the larger with the device's own,
 * must be 0; every interface keeps the filtering that it had through `all`.
 *
 * @param rpFilter by interface, with `all` and `default`
 */
export function rpFilterSysctls(
  plans: readonly DevicePlan[],
  rpFilter: ReadonlyMap<string, number>,
): readonly SysctlWish[] {
  const all = rpFilter.get("all") ?? 0;
  if (all === 0 || !plans.some(filtersArp)) return [];
  const devices = new Set(plans.map((plan) => plan.name));
  const raised = [...rpFilter].flatMap(([name, value]) =>
    name !== "all" && !devices.has(name) && value < all
      ? { name: `net/ipv4/conf/${name}/rp_filter`, value: `${all}` }
      : [],
  );
  return [...raised, { name: "net/ipv4/conf/all/rp_filter", value: "0" }];
}

function filtersArp(plan: DevicePlan): boolean {
  return plan.type.kind === "macvlan" && plan.family === "ipv4";
}
