/**
 * Where an instance speaks and as whom: interface, VMAC or ipvlan, source and destination, unicast peers.
 */
import { ipvlanItem, unicastPeerItem, vmacItem } from "../../grammar/keywords/options.ts";
import type { Statement } from "../../grammar/parser.ts";
import { type Family, familyOf, type IpAddress, parseIpAddress } from "../base/address.ts";
import type { Draft } from "./draft.ts";
import type { IpvlanConfig, UnicastConfig, UnicastPeer, VmacConfig } from "./model-vrrp.ts";
import { isLinkLocal } from "./numbers.ts";
import { type OptionContext, OptionValues, OptionWords, readOption, readPrefix } from "./option-words.ts";
import { reportAtEnd } from "./report-at-end.ts";
import type { Reporter } from "./reporter.ts";
import { readHostAddress } from "./words.ts";

const peerOptions: OptionWords = new OptionWords(unicastPeerItem);
const vmacOptions: OptionWords = new OptionWords(vmacItem);
const ipvlanOptions: OptionWords = new OptionWords(ipvlanItem);

/** The first address that is read decides for the whole instance. */
export function readFamily(draft: Draft): Family {
  for (const { row, value } of draft.cells) {
    if (row.keyword === "native_ipv6") return "ipv6";
    if (/^(mcast_src_ip|unicast_src_ip|mcast_dst_ip)$/.test(row.keyword)) return familyOf(value as IpAddress);
    if (row.keyword !== "virtual_ipaddress" && row.keyword !== "unicast_peer") continue;
    for (const line of value as readonly Statement[]) {
      const address = parseIpAddress((line.words[0] ?? "").replace(/\/.*$/, ""));
      if (address !== undefined) return familyOf(address);
    }
  }
  return "ipv4";
}

/** An address of the instance's family; another one is ignored. */
export function readOwnAddress(
  reporter: Reporter,
  draft: Draft,
  keyword: string,
  family: Family,
): IpAddress | undefined {
  const address = draft.text(keyword) as IpAddress | undefined;
  if (address === undefined || familyOf(address) === family) return address;
  reporter.word(
    "address-family",
    draft.statementOf(keyword),
    1,
    `${keyword} ${address} is not of the instance's family (${family}) and is ignored; write an ${family} address`,
  );
  return undefined;
}

export interface UnicastFacts {
  readonly name: string;
  readonly family: Family;
  readonly source: IpAddress | undefined;
  /** `vrrp_check_unicast_src` */
  readonly checksSource: boolean;
}

/** @returns undefined: multicast */
export function readUnicast(
  context: OptionContext,
  draft: Draft,
  { family, name, source, checksSource }: UnicastFacts,
): UnicastConfig | undefined {
  const { reporter } = context;
  const keyword = ["unicast_src_ip", "unicast_peer", "unicast_fault_no_peer"].find((word) => draft.has(word));
  const { peers, limited } = readPeers(context, draft, family);
  const faultNoPeer = draft.has("unicast_fault_no_peer");
  let ttl = draft.number("unicast_ttl");
  if (ttl !== undefined && peers.length === 0) {
    reporter.word(
      "setting-cleared",
      draft.statementOf("unicast_ttl"),
      0,
      `unicast_ttl of ${name} needs unicast peers and is ignored; add unicast_peer { ADDR }`,
    );
    ttl = undefined;
  }
  if (keyword !== undefined && peers.length === 0 && !faultNoPeer)
    reporter.word(
      "unicast-no-peer",
      draft.statementOf(keyword),
      0,
      `${name} has ${keyword} but no peers and so uses multicast, which is deprecated; add unicast_peer { ADDR }, or unicast_fault_no_peer to stay in FAULT`,
    );
  if (peers.length === 0 && !faultNoPeer) return undefined;
  const checkSource = draft.has("check_unicast_src") || checksSource || limited;
  return { source, peers, checkSource, faultNoPeer, ttl };
}

function readPeers(
  context: OptionContext,
  draft: Draft,
  family: Family,
): { readonly peers: readonly UnicastPeer[]; readonly limited: boolean } {
  const peers: UnicastPeer[] = [];
  let limited = false;
  for (const line of draft.lines("unicast_peer")) {
    const values = new OptionValues();
    const where = context.reporter.where(line);
    let address: IpAddress | undefined;
    for (let at = 0; at < line.words.length; ) {
      const row = peerOptions.row(line.words[at] as string);
      if (row !== undefined) {
        at = readOption(context, line, at, row, values).next;
        continue;
      }
      // Several peers may share a line.
      if (address !== undefined) peers.push(peerOf(where, address, values));
      address = readPeerAddress(context.reporter, line, at++, family);
    }
    limited ||= values.has("min_ttl") || values.has("max_ttl");
    if (address !== undefined) peers.push(peerOf(where, address, values));
  }
  return { peers, limited };
}

function peerOf(where: string, address: IpAddress, values: OptionValues): UnicastPeer {
  return { where, address, minTtl: values.number("min_ttl") ?? 0, maxTtl: values.number("max_ttl") ?? 255 };
}

function readPeerAddress(
  reporter: Reporter,
  line: Statement,
  word: number,
  family: Family,
): IpAddress | undefined {
  const address = readHostAddress(reporter, line, word, "unicast peer");
  if (address === undefined || familyOf(address) === family) return address;
  reporter.word(
    "address-family",
    line,
    word,
    `unicast peer ${address} is not of the instance's family (${family}) and is ignored; write an ${family} address`,
  );
  return undefined;
}

/**
 * `mcast_dst_ip`: useless with unicast, and link-local for IPv6.
 *
 * @param standard the global group; to name that one is to name none, two such instances hear each other
 */
export function readDestination(
  reporter: Reporter,
  draft: Draft,
  family: Family,
  unicast: UnicastConfig | undefined,
  standard: IpAddress | undefined,
): IpAddress | undefined {
  const address = readOwnAddress(reporter, draft, "mcast_dst_ip", family);
  if (address === undefined) return undefined;
  const statement = draft.statementOf("mcast_dst_ip");
  if (unicast !== undefined) {
    reporter.word(
      "setting-cleared",
      statement,
      0,
      "mcast_dst_ip has no effect with unicast and is ignored; remove it",
    );
    return undefined;
  }
  if (family === "ipv6" && !/^ff[0-9a-f]2:/.test(address)) {
    reporter.word(
      "not-multicast",
      statement,
      1,
      `mcast_dst_ip ${address} is not of link-local scope and is ignored; write ff02::…`,
    );
    return undefined;
  }
  return address === standard ? undefined : address;
}

/** Six octets, or five and the VRID. Multicast and the range of RFC 9568 §7.3 are not for this. */
export function readVmac(
  context: OptionContext,
  draft: Draft,
  vrid: number,
  claim: (name: string, statement: Statement) => boolean,
): VmacConfig | undefined {
  const words = draft.words("use_vmac");
  if (words === undefined) return undefined;
  const statement = draft.statementOf("use_vmac");
  const values = new OptionValues();
  let [name, mac]: (string | undefined)[] = [];
  for (let at = 1; at < statement.words.length; ) {
    const word = statement.words[at] as string;
    const row = vmacOptions.row(word);
    if (row !== undefined) {
      at = readOption(context, statement, at, row, values).next;
      continue;
    }
    if (/^([0-9a-f]{1,2}:){4,5}[0-9a-f]{1,2}$/i.test(word))
      mac = readMac(context.reporter, statement, at, vrid);
    else if (name === undefined && Buffer.byteLength(word) <= 15) name = word;
    else
      context.reporter.word(
        "vmac-invalid",
        statement,
        at,
        `"${word}" is neither a MAC address nor a possible interface name, it is ignored; write: use_vmac NAME`,
      );
    at++;
  }
  name = values.text("name") ?? name;
  if (name !== undefined && !claim(name, statement)) name = undefined;
  return { name, mac, netlinkNotifyMsg: values.flag("netlink_notify_msg"), group: values.number("group") };
}

function readMac(reporter: Reporter, statement: Statement, word: number, vrid: number): string | undefined {
  const text = (statement.words[word] ?? "").toLowerCase();
  const octets = text.split(":").map((octet) => octet.padStart(2, "0"));
  if (octets.length === 5) octets.push(vrid.toString(16).padStart(2, "0"));
  const isMulticast = (Number.parseInt(octets[0] ?? "0", 16) & 1) !== 0;
  const isReserved = octets.slice(0, 4).join(":") === "00:00:5e:00";
  if (!isMulticast && !isReserved) return octets.join(":");
  reporter.word(
    "vmac-invalid",
    statement,
    word,
    `${text} is ${isMulticast ? "a multicast address" : "of the range that VRRP gives out itself"} and is ignored; write another one or none`,
  );
  return undefined;
}

/** An IPv4 ipvlan needs an address, which is the source of the adverts too. */
export function readIpvlan(
  context: OptionContext,
  draft: Draft,
  family: Family,
  instance: string,
): IpvlanConfig | undefined {
  if (!draft.has("use_ipvlan")) return undefined;
  const statement = draft.statementOf("use_ipvlan");
  const values = new OptionValues();
  let name: string | undefined;
  let address: IpvlanConfig["address"];
  for (let at = 1; at < statement.words.length; ) {
    const word = statement.words[at] as string;
    const row = ipvlanOptions.row(word);
    if (row !== undefined) {
      at = readOption(context, statement, at, row, values).next;
      continue;
    }
    const prefix = /[.:]/.test(word) && parseIpAddress(word.replace(/\/.*$/, "")) !== undefined;
    if (prefix) address = readPrefix(word);
    else if (name === undefined && Buffer.byteLength(word) <= 15) name = word;
    else
      context.reporter.word(
        "vmac-invalid",
        statement,
        at,
        `"${word}" is neither an address nor a possible interface name, it is ignored; write: use_ipvlan NAME ADDR`,
      );
    at++;
  }
  if (family === "ipv4" && address === undefined)
    context.reporter.word(
      "ipvlan-no-address",
      statement,
      0,
      `use_ipvlan of ${instance} needs an address; write: use_ipvlan [NAME] ADDR[/LEN]`,
    );
  const mode = values.has("private") ? "private" : values.has("vepa") ? "vepa" : "bridge";
  return { name: values.text("name") ?? name, address, mode, group: values.number("group") };
}

/** `vmac_xmit_base`: forced where unicast meets a VMAC, without sense where there is none. */
export function readXmitBase(
  reporter: Reporter,
  draft: Draft,
  name: string,
  hasVmac: boolean,
  unicast: UnicastConfig | undefined,
): boolean {
  const given = draft.has("vmac_xmit_base");
  if (given && !hasVmac) {
    reporter.word(
      "setting-cleared",
      draft.statementOf("vmac_xmit_base"),
      0,
      `vmac_xmit_base of ${name} has no effect without use_vmac and is cleared; remove it`,
    );
    return false;
  }
  if (given || !hasVmac || unicast === undefined) return given;
  reportAtEnd(
    reporter,
    "setting-forced",
    draft,
    `unicast and use_vmac of ${name} need vmac_xmit_base, which is set; write it`,
  );
  return true;
}

/** RFC 9568 §5.2.9: the first IPv6 address is a link-local one. */
export function isFirstAddressFit(family: Family, first: IpAddress | undefined): boolean {
  return family === "ipv4" || first === undefined || isLinkLocal(first);
}
