/**
 * nf_tables messages and expressions as bytes. Decides layout only: which rules there are says
 * `nftables-table.ts`.
 *
 * @see linux/netfilter/nf_tables.h, linux/netfilter/nfnetlink.h
 */
import { AttributeWriter } from "../base/attributes.ts";
import { NLM_F_APPEND, NLM_F_CREATE } from "./constants.ts";
import type { NetlinkRequest } from "./netlink.ts";

/** NFPROTO_* of linux/netfilter.h: the same numbers as AF_INET and AF_INET6. */
export type NftFamily = 2 | 10;

const SUBSYSTEM = 10;
const NFNL_MSG_BATCH_BEGIN = 0x10;
const NFNL_MSG_BATCH_END = 0x11;
const NFT_MSG_NEWTABLE = 0;
const NFT_MSG_DELTABLE = 2;
const NFT_MSG_NEWCHAIN = 3;
const NFT_MSG_NEWRULE = 6;
const NFT_MSG_NEWSET = 9;
const NFT_MSG_NEWSETELEM = 12;
const NFT_MSG_DELSETELEM = 14;

/** TYPE_* of the nft command, by which it shows keys. */
export const keyTypes = {
  ipv4Address: { type: 7, length: 4 },
  ipv6Address: { type: 8, length: 16 },
  interfaceIndex: { type: 20, length: 4, isHostOrder: true },
  icmpv6Type: { type: 29, length: 1 },
  interfaceName: { type: 41, length: 16 },
} as const;
export interface KeyType {
  readonly type: number;
  /** bytes */
  readonly length: number;
  /** a number of this machine, not of a packet */
  readonly isHostOrder?: boolean;
}

/** Two keys behind each other, each in a register of its own. */
export function concatenated(a: KeyType, b: KeyType): KeyType {
  return { type: (a.type << 6) | b.type, length: a.length + b.length };
}

/** struct nfgenmsg */
function header(family: number, resource = 0): Uint8Array {
  return Uint8Array.of(family, 0, resource >> 8, resource & 255);
}

function message(type: number, flags: number, name: string, body: AttributeWriter): NetlinkRequest {
  return { type: (SUBSYSTEM << 8) | type, flags, body: body.finish(), name };
}

/** The frame of a transaction. */
export const batch: { readonly begin: NetlinkRequest; readonly end: NetlinkRequest } = {
  begin: { type: NFNL_MSG_BATCH_BEGIN, flags: 0, body: header(0, SUBSYSTEM), name: "NFNL_MSG_BATCH_BEGIN" },
  end: { type: NFNL_MSG_BATCH_END, flags: 0, body: header(0, SUBSYSTEM), name: "NFNL_MSG_BATCH_END" },
};

function be32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeInt32BE(value | 0);
  return out;
}

/** Creating a table that is there is no error. */
export function newTable(family: NftFamily, table: string): NetlinkRequest {
  const body = new AttributeWriter(header(family)).string(1, table).bytes(2, be32(0));
  return message(NFT_MSG_NEWTABLE, NLM_F_CREATE, "NFT_MSG_NEWTABLE", body);
}

/** With all that is in it. */
export function deleteTable(family: NftFamily, table: string): NetlinkRequest {
  return message(
    NFT_MSG_DELTABLE,
    0,
    "NFT_MSG_DELTABLE",
    new AttributeWriter(header(family)).string(1, table),
  );
}

/** @param base NF_INET_* hook and priority; without it the chain is entered by goto only */
export function newChain(
  family: NftFamily,
  table: string,
  name: string,
  base?: { readonly hook: number; readonly priority: number },
): NetlinkRequest {
  const body = new AttributeWriter(header(family)).string(1, table).string(3, name);
  if (base !== undefined) {
    body.nested(4, (hook) => hook.bytes(1, be32(base.hook)).bytes(2, be32(base.priority)));
    body.bytes(5, be32(NF_ACCEPT)).string(7, "filter");
  }
  return message(NFT_MSG_NEWCHAIN, NLM_F_CREATE, "NFT_MSG_NEWCHAIN", body);
}

const NFT_SET_CONSTANT = 2;
const NFT_SET_MAP = 8;

/** @param set.data makes it a map */
export function newSet(
  family: NftFamily,
  table: string,
  set: {
    readonly name: string;
    readonly id: number;
    readonly key: KeyType;
    readonly data?: KeyType;
    readonly constant?: boolean;
  },
): NetlinkRequest {
  const { name, id, key, data, constant = false } = set;
  const flags = (constant ? NFT_SET_CONSTANT : 0) | (data === undefined ? 0 : NFT_SET_MAP);
  const body = new AttributeWriter(header(family)).string(1, table).string(2, name).bytes(3, be32(flags));
  body.bytes(4, be32(key.type)).bytes(5, be32(key.length));
  if (data !== undefined) body.bytes(6, be32(data.type)).bytes(7, be32(data.length));
  body.bytes(10, be32(id));
  const notes = [...byteOrder(0, key), ...(data === undefined ? [] : byteOrder(1, data))];
  if (notes.length > 0) body.bytes(13, Uint8Array.from(notes));
  return message(NFT_MSG_NEWSET, NLM_F_CREATE, "NFT_MSG_NEWSET", body);
}

/** A note for the nft command, which would show numbers of this machine turned round. @param note 0 key, 1 data */
function byteOrder(note: 0 | 1, { isHostOrder = false }: KeyType): readonly number[] {
  return isHostOrder ? [note, 4, 1, 0, 0, 0] : [];
}

/** An element, and its data when the set is a map. */
export interface SetElement {
  readonly key: Uint8Array;
  readonly data?: Uint8Array;
}

/** @param elements at most some thousand: they stand in one attribute */
export function setElements(
  action: "add" | "delete",
  family: NftFamily,
  table: string,
  set: string,
  elements: readonly SetElement[],
): NetlinkRequest {
  const body = new AttributeWriter(header(family)).string(1, table).string(2, set);
  body.nested(3, (list) => {
    for (const { key, data } of elements)
      list.nested(1, (element) => {
        element.nested(1, (value) => value.bytes(1, key));
        if (data !== undefined) element.nested(2, (value) => value.bytes(1, data));
      });
  });
  return action === "add"
    ? message(NFT_MSG_NEWSETELEM, NLM_F_CREATE, "NFT_MSG_NEWSETELEM", body)
    : message(NFT_MSG_DELSETELEM, 0, "NFT_MSG_DELSETELEM", body);
}

export interface Expression {
  readonly name: string;
  write(data: AttributeWriter): void;
}

/** Behind the rules that are there. */
export function newRule(
  family: NftFamily,
  table: string,
  chain: string,
  expressions: readonly Expression[],
): NetlinkRequest {
  const body = new AttributeWriter(header(family)).string(1, table).string(2, chain);
  body.nested(4, (list) => {
    for (const e of expressions)
      list.nested(1, (element) => {
        element.string(1, e.name);
        element.nested(2, (data) => e.write(data));
      });
  });
  return message(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, "NFT_MSG_NEWRULE", body);
}

/** Registers are numbered from 1, of 16 bytes each; a key of two parts fills two in a row. */
export type Register = 1 | 2;

const BASES = { network: 1, transport: 2 } as const;

export function payload(
  base: keyof typeof BASES,
  offset: number,
  length: number,
  into: Register,
): Expression {
  return {
    name: "payload",
    write: (data) =>
      data.bytes(1, be32(into)).bytes(2, be32(BASES[base])).bytes(3, be32(offset)).bytes(4, be32(length)),
  };
}

const META_KEYS = { iif: 4, oif: 5, iifname: 6, oifname: 7, l4proto: 16, oifkind: 27 } as const;

export function meta(key: keyof typeof META_KEYS, into: Register): Expression {
  return { name: "meta", write: (data) => data.bytes(2, be32(META_KEYS[key])).bytes(1, be32(into)) };
}

export function equals(register: Register, value: Uint8Array): Expression {
  return {
    name: "cmp",
    write: (data) =>
      data
        .bytes(1, be32(register))
        .bytes(2, be32(0))
        .nested(3, (nest) => nest.bytes(1, value)),
  };
}

export function masked(register: Register, mask: Uint8Array): Expression {
  return {
    name: "bitwise",
    write: (data) =>
      data
        .bytes(1, be32(register))
        .bytes(2, be32(register))
        .bytes(3, be32(mask.length))
        .nested(4, (nest) => nest.bytes(1, mask))
        .nested(5, (nest) => nest.bytes(1, new Uint8Array(mask.length))),
  };
}

/** @param into where the data of a map goes; without it the packet only has to be in the set */
export function lookup(
  set: { readonly name: string; readonly id: number },
  key: Register,
  into?: Register,
): Expression {
  return {
    name: "lookup",
    write: (data) => {
      data.string(1, set.name).bytes(2, be32(key)).bytes(4, be32(set.id));
      if (into !== undefined) data.bytes(3, be32(into));
    },
  };
}

/** Sends a copy to the address in one register by the interface in another. */
export function duplicate(address: Register, device: Register): Expression {
  return { name: "dup", write: (data) => data.bytes(1, be32(address)).bytes(2, be32(device)) };
}

export const counter: Expression = { name: "counter", write: () => {} };

const NF_ACCEPT = 1;
const NFT_GOTO = -4;
const VERDICTS = { drop: 0, accept: 1 } as const;

/** What becomes of a packet. */
export type Verdict = "drop" | "accept" | { readonly goto: string };

export function verdict(v: Verdict): Expression {
  return {
    name: "immediate",
    write: (data) =>
      data.bytes(1, be32(0)).nested(2, (value) =>
        value.nested(2, (nest) => {
          if (typeof v === "string") nest.bytes(1, be32(VERDICTS[v]));
          else nest.bytes(1, be32(NFT_GOTO)).string(2, v.goto);
        }),
      ),
  };
}
