/**
 * The keywords of the blocks that others refer to by name: scripts, files, processes, BFD sessions.
 */
import type { BlockTable } from "./row.ts";

const script: BlockTable = {
  block: "vrrp_script",
  rows: [
    {
      keyword: "script",
      argument: { kind: "script" },
      syntax: "COMMAND",
      default: "required",
      help: "command to run",
      effect: "works",
    },
    {
      keyword: "interval",
      argument: { kind: "duration", min: 0, max: 4294.967295 },
      default: "1",
      help: "time between runs",
      effect: "works",
    },
    {
      keyword: "timeout",
      argument: { kind: "duration", min: 0, max: 4294.967295 },
      default: "interval",
      help: "kill and count as failure after this time",
      effect: "works",
    },
    {
      keyword: "weight",
      argument: { kind: "weight", most: 253 },
      default: "0",
      help: "default priority contribution",
      effect: "works",
    },
    {
      keyword: "rise",
      argument: { kind: "integer", min: 1, max: 2147483647 },
      fallback: 1,
      default: "1",
      help: "successes needed to become OK",
      effect: "works",
    },
    {
      keyword: "fall",
      argument: { kind: "integer", min: 1, max: 2147483647 },
      fallback: 1,
      default: "1",
      help: "failures needed to become KO",
      effect: "works",
    },
    {
      keyword: "user",
      argument: { kind: "user" },
      syntax: "USER [GROUP|:|:GROUP]",
      default: "script_user",
      help: "identity to run as",
      effect: "works",
    },
    {
      keyword: "init_fail",
      argument: { kind: "none" },
      default: "off",
      help: "intended to start as failed",
      effect: "works",
    },
  ],
};

const trackProcess: BlockTable = {
  block: "vrrp_track_process",
  rows: [
    {
      keyword: "process",
      argument: { kind: "words", least: 1 },
      syntax: "PATH [PARAM…]",
      default: "required",
      help: "command name or full command to match",
      effect: "works",
    },
    {
      keyword: "param_match",
      argument: { kind: "word", words: ["initial", "partial"], optional: true },
      default: "exact",
      help: "how parameters are compared; sets full_command",
      effect: "works",
    },
    {
      keyword: "weight",
      argument: { kind: "weight", most: 254 },
      default: "0",
      help: "default priority contribution",
      effect: "works",
    },
    {
      keyword: "quorum",
      argument: { kind: "integer", min: 1, max: 65535 },
      default: "1",
      help: "minimum matching processes",
      effect: "works",
    },
    {
      keyword: "quorum_max",
      argument: { kind: "integer", min: 0, max: 65535 },
      default: "unlimited",
      help: "maximum matching processes",
      effect: "works",
    },
    {
      keyword: "delay",
      argument: { kind: "duration", min: 0.000001, max: 3600 },
      default: "0",
      help: "sets both delays below",
      effect: "works",
    },
    {
      keyword: "terminate_delay",
      argument: { kind: "duration", min: 0.000001, max: 3600 },
      default: "0",
      help: "delay after losing quorum before acting",
      effect: "works",
    },
    {
      keyword: "fork_delay",
      argument: { kind: "duration", min: 0.000001, max: 3600 },
      default: "0",
      help: "delay after gaining quorum by fork before acting",
      effect: "works",
    },
    {
      keyword: "full_command",
      argument: { kind: "none" },
      default: "off (match comm)",
      help: "match against the full command line",
      effect: "works",
    },
  ],
};

const trackFile: BlockTable = {
  block: "track_file",
  rows: [
    {
      keyword: "file",
      argument: { kind: "string" },
      default: "required",
      help: "file to watch (inotify on its directory)",
      effect: "works",
    },
    {
      keyword: "weight",
      argument: { kind: "weight", most: 254 },
      default: "1",
      help: "default multiplier",
      effect: "works",
    },
    {
      keyword: "init_file",
      argument: { kind: "words", least: 0 },
      syntax: "[VALUE] [overwrite]",
      default: "off; VALUE 0",
      help: "write initial value at startup if missing (or always)",
      effect: "works",
    },
  ],
};

const vrrpTrackFile: BlockTable = {
  block: "vrrp_track_file",
  rows: [
    {
      keyword: "file",
      argument: { kind: "string" },
      default: "required",
      help: "as track_file",
      effect: "works",
    },
    {
      keyword: "weight",
      argument: { kind: "weight", most: 254 },
      default: "1",
      help: "as track_file",
      effect: "works",
    },
    {
      keyword: "init_file",
      argument: { kind: "words", least: 0 },
      syntax: "[VALUE] [overwrite]",
      default: "off",
      help: "as track_file",
      effect: "works",
    },
  ],
};

const trackGroup: BlockTable = {
  block: "track_group",
  rows: [
    {
      keyword: "group",
      argument: { kind: "list", items: "anything" },
      syntax: "{ INSTANCE… }",
      again: "add",
      default: "required",
      help: "members of the static track group",
      effect: "works",
    },
  ],
};

const garpGroup: BlockTable = {
  block: "garp_group",
  rows: [
    {
      keyword: "garp_interval",
      argument: { kind: "duration", min: 0, max: 4294.967295 },
      default: "0",
      help: "gap between GARPs",
      effect: "works",
    },
    {
      keyword: "gna_interval",
      argument: { kind: "duration", min: 0, max: 4294.967295 },
      default: "0",
      help: "gap between NAs",
      effect: "works",
    },
    {
      keyword: "interface",
      argument: { kind: "interface" },
      help: "interface the limit applies to",
      effect: "works",
    },
    {
      keyword: "interfaces",
      argument: { kind: "list", items: "interfaces" },
      syntax: "{ INTERFACE… }",
      again: "add",
      help: "interfaces sharing one aggregated limit",
      effect: "works",
    },
  ],
};

const bfdInstance: BlockTable = {
  block: "bfd_instance",
  rows: [
    {
      keyword: "source_ip",
      argument: { kind: "address" },
      default: "kernel choice",
      help: "local address",
      effect: "works",
    },
    {
      keyword: "neighbor_ip",
      argument: { kind: "address" },
      aliases: ["neighbour_ip"],
      default: "required",
      help: "remote address",
      effect: "works",
    },
    {
      keyword: "min_rx",
      argument: { kind: "duration", min: 1, max: 4294967, unit: "ms" },
      default: "10",
      help: "required minimum receive interval",
      effect: "works",
    },
    {
      keyword: "min_tx",
      argument: { kind: "duration", min: 1, max: 4294967, unit: "ms" },
      default: "10",
      help: "desired transmit interval when up",
      effect: "works",
    },
    {
      keyword: "idle_tx",
      argument: { kind: "duration", min: 1000, max: 4294967, unit: "ms" },
      default: "1000",
      help: "transmit interval when not up",
      effect: "works",
    },
    {
      keyword: "multiplier",
      argument: { kind: "integer", min: 1, max: 255 },
      default: "5",
      help: "detection multiplier",
      effect: "works",
    },
    {
      keyword: "passive",
      argument: { kind: "none" },
      default: "off",
      help: "send only after hearing the peer",
      effect: "works",
    },
    {
      keyword: "ttl",
      argument: { kind: "integer", min: 1, max: 255 },
      aliases: ["hoplimit"],
      default: "255; from others at least 255 IPv4, 64 IPv6",
      help: "TTL/hop limit sent and expected",
      effect: "works",
    },
    {
      keyword: "max_hops",
      argument: { kind: "integer", min: -1, max: 255 },
      default: "0",
      help: "allowed TTL decrease on receive; 255 or -1 disables check",
      effect: "works",
    },
    {
      keyword: "multihop",
      argument: { kind: "boolean" },
      default: "false",
      help: "use port 4784 instead of 3784",
      effect: "works",
    },
    {
      keyword: "weight",
      argument: { kind: "weight", most: 253 },
      default: "0",
      help: "default track_bfd weight (VRRP only)",
      effect: "works",
    },
    {
      keyword: "vrrp",
      argument: { kind: "none" },
      default: "both processes",
      help: "deliver events only to listed processes (VRRP)",
      effect: "works",
    },
    {
      keyword: "checker",
      argument: { kind: "none" },
      default: "both processes",
      help: "deliver events only to listed processes (checker)",
      effect: "works",
    },
  ],
};

export const trackingTables: readonly BlockTable[] = [
  script,
  trackProcess,
  trackFile,
  vrrpTrackFile,
  trackGroup,
  garpGroup,
  bfdInstance,
];
