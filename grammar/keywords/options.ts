/** The option words of the keywords of an instance, and the tables of all option words. */
import { addressItem } from "./address.ts";
import { encapIla, encapIp, encapIp6, encapMpls, nexthopItem, routeItem } from "./route.ts";
import type { OptionTable } from "./row.ts";
import { ruleItem } from "./rule.ts";

export const trackItem: OptionTable = {
  item: "track_*",
  rows: [
    {
      keyword: "weight",
      argument: "integer",
      min: -254,
      max: 254,
      default: "the object's",
      help: "contribution to the priority; 0: failure is a fault",
      effect: "parsed",
    },
    {
      keyword: "reverse",
      argument: "none",
      default: "the object's",
      help: "the other way round",
      effect: "parsed",
    },
    {
      keyword: "noreverse",
      argument: "none",
      help: "cancels the reverse of the object; not for interfaces",
      effect: "parsed",
    },
  ],
};

export const unicastPeerItem: OptionTable = {
  item: "unicast_peer",
  rows: [
    {
      keyword: "min_ttl",
      argument: "integer",
      min: 0,
      max: 255,
      default: "0",
      help: "least TTL that is accepted from the peer; implies check_unicast_src",
      effect: "works",
    },
    {
      keyword: "max_ttl",
      argument: "integer",
      min: 0,
      max: 255,
      default: "255",
      help: "largest TTL that is accepted from the peer; implies check_unicast_src",
      effect: "works",
    },
  ],
};

export const vmacItem: OptionTable = {
  item: "use_vmac",
  rows: [
    {
      keyword: "name",
      argument: "interface",
      help: "introduces a name that is an option word itself",
      effect: "works",
    },
    {
      keyword: "netlink_notify_msg",
      argument: "none",
      help: "make the kernel report the parent interface",
      effect: "works",
    },
    {
      keyword: "group",
      argument: "id",
      names: "group",
      min: 0,
      max: 4294967295,
      default: "the parent's",
      help: "link group of the new interface",
      effect: "works",
    },
  ],
};

export const ipvlanItem: OptionTable = {
  item: "use_ipvlan",
  rows: [
    {
      keyword: "name",
      argument: "interface",
      help: "introduces a name that is an option word itself",
      effect: "works",
    },
    { keyword: "bridge", argument: "none", default: "this one", help: "bridge mode", effect: "works" },
    { keyword: "private", argument: "none", help: "private mode", effect: "works" },
    { keyword: "vepa", argument: "none", help: "VEPA mode", effect: "works" },
    {
      keyword: "group",
      argument: "id",
      names: "group",
      min: 0,
      max: 4294967295,
      help: "link group of the new interface",
      effect: "works",
    },
  ],
};

export const optionTables: readonly OptionTable[] = [
  addressItem,
  routeItem,
  nexthopItem,
  encapIp,
  encapIp6,
  encapMpls,
  encapIla,
  ruleItem,
  trackItem,
  unicastPeerItem,
  vmacItem,
  ipvlanItem,
];
