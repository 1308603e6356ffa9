/**
 * The keywords of the file itself, outside every block.
 */
import type { BlockTable } from "./row.ts";

const root: BlockTable = {
  block: "(root)",
  rows: [
    {
      keyword: "linkbeat_use_polling",
      argument: { kind: "none" },
      help: "use link polling instead of netlink on all instance interfaces",
      effect: "parsed",
    },
    {
      keyword: "net_namespace",
      argument: { kind: "string" },
      help: "run in network namespace NAME; implies PID directory and mount namespace",
      effect: "parsed",
    },
    {
      keyword: "net_namespace_ipvs",
      argument: { kind: "words", least: 0 },
      default: "process namespace",
      help: "program IPVS in another namespace; no NAME = PID 1's namespace",
      effect: "parsed",
    },
    {
      keyword: "namespace_with_ipsets",
      argument: { kind: "none" },
      help: "allow ipsets in a namespace on kernels before 3.13",
      effect: "parsed",
    },
    {
      keyword: "use_pid_dir",
      argument: { kind: "none" },
      help: "put PID files under RUNSTATEDIR/keepalived/",
      effect: "parsed",
    },
    {
      keyword: "instance",
      argument: { kind: "string" },
      help: "suffix PID files, syslog ident and logs with NAME; implies PID directory",
      effect: "parsed",
    },
    {
      keyword: "child_wait_time",
      argument: { kind: "integer", min: 0, max: 4294967295, unit: "s" },
      field: "global.childWaitTime",
      default: "5",
      help: "time parent waits for children to exit before SIGKILL",
      effect: "works",
    },
    {
      keyword: "global_defs",
      argument: { kind: "block", block: "global_defs", head: "none" },
      help: "daemon-wide settings",
      effect: "works",
    },
    {
      keyword: "track_group",
      argument: { kind: "block", block: "track_group", head: "name" },
      help: "list of instances affected by static entries that name the group",
      effect: "parsed",
    },
    {
      keyword: "static_ipaddress",
      argument: { kind: "list", items: "anything" },
      help: "addresses kept on the host for daemon lifetime",
      effect: "parsed",
    },
    {
      keyword: "static_routes",
      argument: { kind: "list", items: "anything" },
      help: "routes kept for daemon lifetime",
      effect: "parsed",
    },
    {
      keyword: "static_rules",
      argument: { kind: "list", items: "anything" },
      help: "policy rules kept for daemon lifetime",
      effect: "parsed",
    },
    {
      keyword: "linkbeat_interfaces",
      argument: { kind: "list", items: "anything" },
      help: "interfaces whose link state is polled",
      effect: "parsed",
    },
    {
      keyword: "interface_up_down_delays",
      argument: { kind: "list", items: "anything" },
      help: "debounce link state changes",
      effect: "parsed",
    },
    {
      keyword: "vrrp_sync_group",
      argument: { kind: "block", block: "vrrp_sync_group", head: "name" },
      help: "instances that change state together",
      effect: "parsed",
    },
    {
      keyword: "garp_group",
      argument: { kind: "block", block: "garp_group", head: "none" },
      help: "GARP/NA rate limit shared by interfaces",
      effect: "parsed",
    },
    {
      keyword: "vrrp_instance",
      argument: { kind: "block", block: "vrrp_instance", head: "name" },
      help: "one virtual router",
      effect: "works",
    },
    {
      keyword: "vrrp_script",
      argument: { kind: "block", block: "vrrp_script", head: "name" },
      help: "periodic command whose result is tracked",
      effect: "parsed",
    },
    {
      keyword: "vrrp_track_process",
      argument: { kind: "block", block: "vrrp_track_process", head: "name" },
      help: "watch number of running processes",
      effect: "parsed",
    },
    {
      keyword: "track_file",
      argument: { kind: "block", block: "track_file", head: "name" },
      help: "file holding an integer that is tracked",
      effect: "parsed",
    },
    {
      keyword: "vrrp_track_file",
      argument: { kind: "block", block: "vrrp_track_file", head: "name" },
      help: "same as track_file",
      effect: "parsed",
    },
    {
      keyword: "bfd_instance",
      argument: { kind: "block", block: "bfd_instance", head: "name" },
      help: "BFD session (RFC 5880/5881/5883)",
      effect: "parsed",
    },
    {
      keyword: "SSL",
      argument: { kind: "block", block: "SSL", head: "none" },
      default: "auto-generated context",
      help: "client TLS material for SSL_GET",
      effect: "parsed",
    },
    {
      keyword: "virtual_server_group",
      argument: { kind: "list", items: "anything" },
      help: "set of addresses/ranges/fwmarks sharing real servers",
      effect: "parsed",
    },
    {
      keyword: "virtual_server",
      argument: { kind: "block", block: "virtual_server", head: "virtualServer" },
      help: "one IPVS service (or several via group)",
      effect: "works",
    },
  ],
};

const ssl: BlockTable = {
  block: "SSL",
  rows: [
    {
      keyword: "password",
      secret: true,
      argument: { kind: "string" },
      help: "private key passphrase",
      effect: "parsed",
    },
    { keyword: "ca", argument: { kind: "string" }, help: "CA file", effect: "parsed" },
    { keyword: "certificate", argument: { kind: "string" }, help: "client certificate", effect: "parsed" },
    { keyword: "key", argument: { kind: "string" }, help: "client private key", effect: "parsed" },
  ],
};

export const rootTables: readonly BlockTable[] = [root, ssl];
