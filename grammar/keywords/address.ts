/**
 * The option words of an address line in `virtual_ipaddress`, `virtual_ipaddress_excluded` and
 * `static_ipaddress`.
 */
import type { OptionTable } from "./row.ts";

export const addressItem: OptionTable = {
  item: "address-item",
  rows: [
    {
      keyword: "dev",
      argument: "interface",
      default: "the instance's interface, or default_interface",
      help: "interface to configure on",
      effect: "works",
    },
    {
      keyword: "scope",
      argument: "id",
      names: "rt_scopes",
      min: 0,
      max: 255,
      default: "global",
      help: "address scope, IPv4 only",
      effect: "works",
    },
    {
      keyword: "brd",
      aliases: ["broadcast"],
      argument: "broadcast",
      help: "broadcast address, IPv4 only; + is all ones, - all zeros",
      effect: "works",
    },
    { keyword: "label", argument: "label", help: "address label, at most 15 characters", effect: "works" },
    { keyword: "peer", argument: "prefix", help: "point-to-point peer", effect: "works" },
    { keyword: "home", argument: "none", help: "IPv6 home address flag", effect: "works" },
    {
      keyword: "-nodad",
      argument: "none",
      default: "duplicate address detection is off for IPv6",
      help: "let the kernel detect duplicates",
      effect: "works",
    },
    { keyword: "mngtmpaddr", argument: "none", help: "kernel manages temporary addresses", effect: "works" },
    { keyword: "noprefixroute", argument: "none", help: "no automatic prefix route", effect: "works" },
    { keyword: "autojoin", argument: "none", help: "kernel joins the multicast group", effect: "works" },
    { keyword: "no_track", argument: "none", help: "do not react when somebody deletes it", effect: "works" },
    {
      keyword: "preferred_lft",
      argument: "word",
      syntax: "0..4294967295|forever",
      default: "0 for an IPv6 /128, else forever",
      help: "preferred lifetime in seconds",
      effect: "works",
    },
    {
      keyword: "track_group",
      argument: "word",
      help: "instances that fail with the address; static_ipaddress only",
      effect: "works",
    },
    {
      keyword: "use_vmac",
      argument: "none",
      help: "put the address on a VMAC of its own; not in static_ipaddress",
      effect: "works",
    },
  ],
};
