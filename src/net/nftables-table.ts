/**
 * keepalived's nftables table: which sets, chains and rules keep traffic away from virtual addresses that
 * do not accept any, and divert the membership reports of VMACs to their parents. Decides what the table
 * of one family looks like; sends nothing.
 *
 * @see keepalived.conf(5) "no_accept", "nftables"
 */
import { bytesOf, type IpAddress } from "../base/address.ts";
import type { FirewallContent } from "./kernel-objects.ts";
import type { NetlinkRequest } from "./netlink.ts";
import {
  concatenated,
  counter,
  deleteTable,
  duplicate,
  type Expression,
  equals,
  type KeyType,
  keyTypes,
  lookup,
  masked,
  meta,
  type NftFamily,
  newChain,
  newRule,
  newSet,
  newTable,
  payload,
  type SetElement,
  setElements,
  type Verdict,
  verdict,
} from "./nftables-codec.ts";

/** `nftables`, `nftables_priority`, `nftables_counters`, `nftables_ifindex` */
export interface TableOptions {
  readonly table: string;
  readonly priority: number;
  readonly counters: boolean;
  /** link-local addresses are bound to the interface's index instead of its name */
  readonly byIndex: boolean;
}

/** Parts of the table that are made when they are first needed, and stay. */
export interface Layout {
  readonly addresses: boolean;
  readonly diversions: boolean;
}

/** Elements of one set, by text. */
export type Elements = ReadonlyMap<string, SetElement>;
/** Of each set of the table. */
export type Sets = ReadonlyMap<string, Elements>;

const HOOK_IN = 1;
const HOOK_OUT = 3;
const IPPROTO_IGMP = 2;
const IPPROTO_ICMPV6 = 58;
const ROUTER_SOLICITATION = 133;
const NEIGHBOUR_SOLICITATION = 135;
const NEIGHBOUR_ADVERTISEMENT = 136;
const MLD2_REPORT = 143;
/** fe80::/10, as far as a comparison of 16 bytes needs it */
const LINK_LOCAL = bytesOf("fe80::" as IpAddress);
const LINK_LOCAL_MASK = bytesOf("ffc0::" as IpAddress);
/** IFLA_INFO_KIND of a VMAC, in the 16 bytes of an interface's name */
const MACVLAN = text16("macvlan");

interface SetShape {
  readonly name: string;
  readonly id: number;
  readonly key: KeyType;
  readonly data?: KeyType;
  readonly constant?: boolean;
}

const vmacMap: SetShape = {
  name: "vmac_map",
  id: 1,
  key: keyTypes.interfaceIndex,
  data: keyTypes.interfaceIndex,
};
const vmacSet: SetShape = { name: "vmac_set", id: 2, key: keyTypes.interfaceIndex };
const neighbourDiscovery: SetShape = {
  name: "neighbor-discovery",
  id: 4,
  key: keyTypes.icmpv6Type,
  constant: true,
};
const linkLocalByIndex: SetShape = {
  name: "vips_link_local",
  id: 5,
  key: concatenated(keyTypes.ipv6Address, keyTypes.interfaceIndex),
};
const linkLocalByName: SetShape = {
  name: "vips_link_local_name",
  id: 6,
  key: concatenated(keyTypes.ipv6Address, keyTypes.interfaceName),
};

function vipsOf(family: NftFamily): SetShape {
  return { name: "vips", id: 3, key: family === 2 ? keyTypes.ipv4Address : keyTypes.ipv6Address };
}

/** What the sets of one family's table should hold. */
export function setsOf(family: NftFamily, content: FirewallContent, options: TableOptions): Sets {
  const wanted = family === 2 ? "." : ":";
  const vips = new Map<string, SetElement>();
  const local = new Map<string, SetElement>();
  for (const { address, ifindex, ifname } of content.refused) {
    if (!address.includes(wanted)) continue;
    if (!isLinkLocal(address)) vips.set(address, { key: bytesOf(address) });
    else {
      const device = options.byIndex ? u32(ifindex) : text16(ifname);
      local.set(`${address} ${options.byIndex ? ifindex : ifname}`, {
        key: Buffer.concat([bytesOf(address), device]),
      });
    }
  }
  const diverted = content.diverted.filter((d) => (d.family === "ipv4") === (family === 2));
  const map = new Map(
    diverted.map((d) => [`${d.ifindex} ${d.parent}`, { key: u32(d.ifindex), data: u32(d.parent) }]),
  );
  const sets: [string, Elements][] = [
    [vmacMap.name, map],
    ["vips", vips],
  ];
  if (family === 10) {
    sets.push([vmacSet.name, new Map(diverted.map((d) => [`${d.ifindex}`, { key: u32(d.ifindex) }]))]);
    sets.push([(options.byIndex ? linkLocalByIndex : linkLocalByName).name, local]);
  }
  return new Map(sets);
}

export function isLinkLocal(address: IpAddress): boolean {
  const [first = 0, second = 0] = bytesOf(address);
  return address.includes(":") && first === 0xfe && (second & 0xc0) === 0x80;
}

/** Which parts a content needs. */
export function layoutOf(sets: Sets): Layout {
  const size = (name: string): number => sets.get(name)?.size ?? 0;
  return {
    addresses: size("vips") + size(linkLocalByIndex.name) + size(linkLocalByName.name) > 0,
    diversions: size(vmacMap.name) > 0,
  };
}

/** Removes the table, whether it is there or not. */
export function withoutTable(family: NftFamily, table: string): NetlinkRequest[] {
  return [newTable(family, table), deleteTable(family, table)];
}

/** The whole table anew, instead of one that may be there. */
export function wholeTable(
  family: NftFamily,
  layout: Layout,
  sets: Sets,
  options: TableOptions,
): NetlinkRequest[] {
  const { table } = options;
  const build = new TableBuilder(family, options);
  if (layout.diversions) build.diversions();
  if (layout.addresses) build.addresses();
  const elements = changesOf(family, table, new Map(), sets);
  return [...withoutTable(family, table), newTable(family, table), ...build.requests, ...elements];
}

/** What leads from one content of the sets to another: elements that leave first. */
export function changesOf(family: NftFamily, table: string, before: Sets, after: Sets): NetlinkRequest[] {
  const requests: NetlinkRequest[] = [];
  for (const [set, elements] of after) {
    const old: Elements = before.get(set) ?? new Map();
    const gone = [...old].flatMap(([key, element]) => (elements.has(key) ? [] : element));
    const come = [...elements].flatMap(([key, element]) => (old.has(key) ? [] : element));
    for (const part of chunks(gone)) requests.push(setElements("delete", family, table, set, part));
    for (const part of chunks(come)) requests.push(setElements("add", family, table, set, part));
  }
  return requests;
}

/** An attribute holds 64 KiB. */
const CHUNK = 500;

function* chunks(elements: readonly SetElement[]): Generator<readonly SetElement[]> {
  for (let at = 0; at < elements.length; at += CHUNK) yield elements.slice(at, at + CHUNK);
}

class TableBuilder {
  readonly #sets: NetlinkRequest[] = [];
  readonly #chains: NetlinkRequest[] = [];
  readonly #rules: NetlinkRequest[] = [];
  readonly #family: NftFamily;
  readonly #options: TableOptions;

  constructor(family: NftFamily, options: TableOptions) {
    this.#family = family;
    this.#options = options;
    this.#chain("out", HOOK_OUT);
  }

  get requests(): readonly NetlinkRequest[] {
    return [...this.#sets, ...this.#chains, ...this.#rules];
  }

  /** Membership reports of a VMAC leave by its parent: a switch would learn the virtual MAC in the wrong place. */
  diversions(): void {
    const ipv4 = this.#family === 2;
    this.#set(vmacMap);
    const report = ipv4
      ? [payload("network", 9, 1, 1), equals(1, Uint8Array.of(IPPROTO_IGMP)), payload("network", 16, 4, 1)]
      : [...icmpv6(MLD2_REPORT), payload("network", 24, 16, 1)];
    this.#rule(
      "out",
      [...report, ...fromMacvlan, meta("oif", 2), lookup(vmacMap, 2, 2), duplicate(1, 2)],
      "drop",
    );
    if (ipv4) return;
    this.#set(vmacSet);
    const solicitation = icmpv6(ROUTER_SOLICITATION);
    this.#rule("out", [...solicitation, ...fromMacvlan, meta("oif", 2), lookup(vmacSet, 2)], "drop");
  }

  /** Nothing to or from the addresses, but for finding neighbours. */
  addresses(): void {
    this.#chain("in", HOOK_IN);
    this.#set(vipsOf(this.#family));
    if (this.#family === 2) {
      this.#dropAddresses("out", 12, 4);
      this.#dropAddresses("in", 16, 4);
      return;
    }
    this.#set(neighbourDiscovery);
    const types = [NEIGHBOUR_SOLICITATION, NEIGHBOUR_ADVERTISEMENT].map((t) => ({ key: Uint8Array.of(t) }));
    this.#sets.push(setElements("add", 10, this.#options.table, neighbourDiscovery.name, types));
    this.#set(this.#options.byIndex ? linkLocalByIndex : linkLocalByName);
    this.#chains.push(
      ...["in_link_local", "out_link_local"].map((name) => newChain(10, this.#options.table, name)),
    );
    for (const [chain, offset] of [
      ["out", 8],
      ["in", 24],
    ] as const) {
      this.#rule(
        chain,
        [
          payload("network", 6, 1, 1),
          equals(1, Uint8Array.of(IPPROTO_ICMPV6)),
          payload("transport", 0, 1, 1),
          lookup(neighbourDiscovery, 1),
        ],
        "accept",
      );
      const isLocal = [payload("network", offset, 16, 1), masked(1, LINK_LOCAL_MASK), equals(1, LINK_LOCAL)];
      this.#rule(chain, isLocal, { goto: `${chain}_link_local` });
      this.#dropAddresses(chain, offset, 16);
    }
    this.#dropLinkLocal("in", 24);
    this.#dropLinkLocal("out", 8);
  }

  #dropAddresses(chain: string, offset: number, length: number): void {
    this.#rule(chain, [payload("network", offset, length, 1), lookup(vipsOf(this.#family), 1)], "drop");
  }

  #dropLinkLocal(direction: "in" | "out", offset: number): void {
    const { byIndex } = this.#options;
    const device = byIndex ? (`${direction === "in" ? "i" : "o"}if` as const) : deviceName(direction);
    const set = byIndex ? linkLocalByIndex : linkLocalByName;
    this.#rule(
      `${direction}_link_local`,
      [payload("network", offset, 16, 1), meta(device, 2), lookup(set, 1)],
      "drop",
    );
  }

  #chain(name: string, hook: number): void {
    const { table, priority } = this.#options;
    this.#chains.push(newChain(this.#family, table, name, { hook, priority }));
  }

  #set(shape: SetShape): void {
    this.#sets.push(newSet(this.#family, this.#options.table, shape));
  }

  #rule(chain: string, match: readonly Expression[], then: Verdict): void {
    const counting = this.#options.counters ? [counter] : [];
    const expressions = [...match, ...counting, verdict(then)];
    this.#rules.push(newRule(this.#family, this.#options.table, chain, expressions));
  }
}

function deviceName(direction: "in" | "out"): "iifname" | "oifname" {
  return direction === "in" ? "iifname" : "oifname";
}

const fromMacvlan: readonly Expression[] = [meta("oifkind", 2), equals(2, MACVLAN)];

function icmpv6(type: number): readonly Expression[] {
  return [
    meta("l4proto", 1),
    equals(1, Uint8Array.of(IPPROTO_ICMPV6)),
    payload("transport", 0, 1, 1),
    equals(1, Uint8Array.of(type)),
  ];
}

/** Host byte order, as the kernel compares interface indexes. */
function u32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value);
  return out;
}

function text16(name: string): Buffer {
  const out = Buffer.alloc(16);
  out.write(name, 0, 15);
  return out;
}
