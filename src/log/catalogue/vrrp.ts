/**
 * Every line the VRRP process writes about instances, adverts and addresses. Sentences are keepalived's,
 * because operators' monitoring greps for them; what we know beyond them stands in the fields.
 */
import { entry, type LogLine } from "../entry.ts";

/** All lines speak of one instance. */
type Of<F = unknown> = { readonly instance: string } & F;
/** An advert that was not believed, or not wholly. */
type Complaint = Of<{ readonly from: string; readonly received: number; readonly expected: number }>;
type Compared = Of<{ readonly from: string; readonly priority: number; readonly ours: number }>;
type OfInterface<F = unknown> = { readonly interface: string } & F;

/** Id and fields of every line. */
export type VrrpLogFields = {
  readonly "entering-master": Of;
  readonly "entering-backup": Of<{ readonly init: boolean }>;
  readonly "entering-fault": Of<{ readonly init: boolean }>;
  readonly "fault-interface-down": Of<{ readonly interface: string }>;
  readonly "fault-no-source-address": Of;
  readonly "old-unicast-checksum": Of;
  readonly "timer-expired": Of<{ readonly micros: number }>;
  readonly "startup-delayed": { readonly micros: number };
  readonly "startup-completed": Record<never, never>;
  readonly "unknown-vrid": OfInterface<{ readonly virtualRouterId: number }>;
  readonly "advert-timeout": Of;
  readonly "advert-higher-priority": Compared;
  readonly "advert-higher-address": Compared;
  readonly "advert-lower-priority": Compared & { readonly forcing: boolean };
  readonly "advert-discarded": Compared;
  readonly "advert-own-address": Of<{ readonly from: string }>;
  readonly "backup-priority-zero": Of<{ readonly from: string }>;
  readonly "master-priority-zero": Of<{ readonly from: string }>;
  readonly "sent-priority-zero": Of;
  readonly "priority-changed": Of<{ readonly was: number; readonly now: number }>;
  readonly "preempt-delay-started": Of<{ readonly micros: number }>;
  readonly "preempt-delay-stopped": Of;
  readonly "two-owners": Of<{ readonly from: string }>;
  readonly "two-owners-yield": Of<{ readonly from: string }>;
  readonly "two-owners-ended": Of;
  readonly "interval-learned": Of<{ readonly was: number; readonly now: number }>;
  readonly "advert-failed": Of<{ readonly errno: number; readonly reason: string }>;
  readonly "rejected-protocol": Complaint;
  readonly "rejected-length": Complaint;
  readonly "rejected-hop-limit": Complaint;
  readonly "rejected-version": Complaint;
  readonly "rejected-auth-type-invalid": Complaint;
  readonly "rejected-auth-type-mismatch": Complaint;
  readonly "rejected-auth-failure": Complaint;
  readonly "rejected-interval": Complaint;
  readonly "rejected-type": Complaint;
  readonly "rejected-total-length": Complaint;
  readonly "rejected-checksum": Complaint & { readonly version: number };
  readonly "rejected-transport": Complaint;
  readonly "rejected-interval-zero": Complaint;
  readonly "rejected-no-addresses": Complaint;
  readonly "rejected-owner": Complaint;
  readonly "rejected-stranger": Complaint;
  readonly "rejected-peer-hop-limit": Complaint;
  readonly "rejected-ah-spi": Complaint;
  readonly "rejected-ah-replay": Complaint;
  readonly "rejected-ah-value": Complaint;
  readonly "rejected-hmac-missing": Complaint;
  readonly "rejected-hmac-malformed": Complaint;
  readonly "rejected-hmac-stale": Complaint;
  readonly "rejected-hmac-unknown-key": Complaint;
  readonly "rejected-hmac-invalid": Complaint;
  readonly "rejected-hmac-replay": Complaint;
  readonly "hmac-skew": Of<{ readonly from: string; readonly seconds: number }>;
  readonly "hmac-key-unusable": Of<{ readonly key: number; readonly reason: string }>;
  readonly "hmac-off": Of<{ readonly key: number }>;
  readonly "interval-differs": Complaint;
  readonly "address-count": Complaint;
  readonly "address-missing": Of<{
    readonly from: string;
    readonly address: string;
    readonly virtualRouterId: number;
  }>;
  readonly "setting-vips": Of;
  readonly "removing-vips": Of;
  readonly "setting-evips": Of;
  readonly "removing-evips": Of;
  readonly "setting-routes": Of;
  readonly "removing-routes": Of;
  readonly "setting-rules": Of;
  readonly "removing-rules": Of;
  readonly "setting-firewall": Of;
  readonly "removing-firewall": Of;
  readonly "iptables-unsuitable": { readonly reason: string };
  readonly "firewall-failed": { readonly reason: string };
  readonly "vip-left-configuration": Of<{
    readonly address: string;
    readonly prefixLength: number;
    readonly interface: string;
  }>;
  readonly "vip-failed": Of<{
    readonly operation: "add" | "delete";
    readonly address: string;
    /** null for a route or rule */
    readonly interface: string | null;
    readonly where: string;
    readonly code: string;
    readonly reason: string;
  }>;
  readonly "vip-interface-missing": Of<{
    readonly address: string;
    readonly interface: string;
    readonly where: string;
  }>;
  readonly "announce-queued": Of<{ readonly interface: string; readonly address: string }>;
  readonly "announce-sent": OfInterface<{ readonly address: string }>;
  readonly "announce-failed": OfInterface<{
    readonly address: string;
    readonly errno: number;
    readonly reason: string;
  }>;
  readonly "advertisement-queued": Of<{ readonly interface: string; readonly address: string }>;
  readonly "advertisement-sent": OfInterface<{ readonly address: string }>;
  readonly "advertisement-failed": OfInterface<{
    readonly address: string;
    readonly errno: number;
    readonly reason: string;
  }>;
  readonly "vip-removed": OfInterface<{ readonly address: string }>;
  readonly "object-monitor-failed": { readonly reason: string };
  readonly "object-removed": { readonly kind: string; readonly what: string };
  readonly "object-restored": Of<{ readonly what: string; readonly culprit: string }>;
  readonly "restore-given-up": Of;
  readonly "static-restored": { readonly kind: string; readonly what: string };
  readonly "static-interface-missing": OfInterface<{ readonly what: string; readonly where: string }>;
  readonly "interface-state": OfInterface<{ readonly up: boolean }>;
  readonly "interface-deleted": OfInterface;
  readonly "address-assigned": OfInterface<{ readonly address: string }>;
  readonly "address-deassigned": OfInterface<{ readonly address: string }>;
  readonly "bfd-tracked": Of<{ readonly session: string; readonly up: boolean }>;
  readonly "file-fault": Of<{ readonly file: string; readonly fault: boolean }>;
  readonly "group-syncing": { readonly group: string; readonly state: "MASTER" | "BACKUP" | "FAULT" };
  readonly "monitor-overrun": { readonly lost: number };
  readonly "monitor-open": Record<never, never>;
  readonly "route-open": Record<never, never>;
  readonly "announce-open": Record<never, never>;
  readonly "socket-failed": OfInterface<{ readonly reason: string }>;
};

export type VrrpLogId = keyof VrrpLogFields;
type Sentences = { readonly [K in VrrpLogId]: (fields: VrrpLogFields[K]) => LogLine };

const detail = { detail: true } as const;

/** The lines by id. `rejected-*` and `address-*` are written once per instance until its state changes. */
export const vrrpLog: Sentences = {
  "entering-master": entry("vrrp-entering-master", "info", (f) => `(${f.instance}) Entering MASTER STATE`),
  "entering-backup": entry(
    "vrrp-entering-backup",
    "info",
    (f) => `(${f.instance}) Entering BACKUP STATE${f.init ? " (init)" : ""}`,
  ),
  "entering-fault": entry(
    "vrrp-entering-fault",
    "info",
    (f) => `(${f.instance}) Entering FAULT STATE${f.init ? " (init)" : ""}`,
  ),
  "fault-interface-down": entry(
    "vrrp-fault-interface-down",
    "info",
    (f) => `(${f.instance}): entering FAULT state (interface ${f.interface} down)`,
  ),
  "fault-no-source-address": entry(
    "vrrp-fault-no-source-address",
    "info",
    (f) => `(${f.instance}): entering FAULT state (src address not configured)`,
  ),
  "old-unicast-checksum": entry(
    "vrrp-old-unicast-checksum",
    "info",
    (f) => `(${f.instance}) Setting unicast VRRPv3 checksum to old version`,
  ),
  "timer-expired": entry(
    "vrrp-timer-expired",
    "warning",
    (f) =>
      `(${f.instance}) VRRP thread timer expired ${(f.micros / 1_000_000).toFixed(6)} seconds ago: another router has taken over`,
  ),
  "startup-delayed": entry(
    "vrrp-startup-delayed",
    "info",
    (f) => `Delaying startup for ${f.micros / 1_000_000} seconds`,
  ),
  "startup-completed": entry("vrrp-startup-completed", "info", () => "Delayed start completed"),
  "unknown-vrid": entry(
    "vrrp-unknown-vrid",
    "info",
    (f) => `Unknown VRID(${f.virtualRouterId}) received on interface(${f.interface}). ignoring...`,
  ),
  "advert-timeout": entry(
    "vrrp-advert-timeout",
    "info",
    (f) => `(${f.instance}) Receive advertisement timeout`,
    detail,
  ),
  "advert-higher-priority": entry(
    "vrrp-advert-higher-priority",
    "info",
    (f) =>
      `(${f.instance}) Master received advert from ${f.from} with higher priority ${f.priority}, ours ${f.ours}`,
  ),
  "advert-higher-address": entry(
    "vrrp-advert-higher-address",
    "info",
    (f) =>
      `(${f.instance}) Master received advert from ${f.from} with same priority ${f.priority} but higher IP address than ours`,
  ),
  "advert-lower-priority": entry(
    "vrrp-advert-lower-priority",
    "info",
    (f) =>
      `(${f.instance}) Received advert from ${f.from} with lower priority ${f.priority}, ours ${f.ours}${f.forcing ? ", forcing new election" : ""}`,
  ),
  "advert-discarded": entry(
    "vrrp-advert-discarded",
    "info",
    (f) => `(${f.instance}) received lower priority (${f.priority}) advert from ${f.from} - discarding`,
  ),
  "advert-own-address": entry(
    "vrrp-advert-own-address",
    "warning",
    (f) => `(${f.instance}) WARNING - equal priority advert received from remote host with our IP address.`,
  ),
  "backup-priority-zero": entry(
    "vrrp-backup-priority-zero",
    "info",
    (f) => `(${f.instance}) Backup received priority 0 advertisement`,
    detail,
  ),
  "master-priority-zero": entry(
    "vrrp-master-priority-zero",
    "info",
    (f) => `(${f.instance}) Master received priority 0 message`,
    detail,
  ),
  "sent-priority-zero": entry(
    "vrrp-sent-priority-zero",
    "info",
    (f) => `(${f.instance}) sent 0 priority`,
    detail,
  ),
  "priority-changed": entry(
    "vrrp-priority-changed",
    "info",
    (f) => `(${f.instance}) Changing effective priority from ${f.was} to ${f.now}`,
  ),
  "preempt-delay-started": entry(
    "vrrp-preempt-delay-started",
    "info",
    (f) => `(${f.instance}) start preempt delay (${(f.micros / 1_000_000).toFixed(6)})`,
    detail,
  ),
  "preempt-delay-stopped": entry(
    "vrrp-preempt-delay-stopped",
    "info",
    (f) => `(${f.instance}) stop preempt delay`,
    detail,
  ),
  "two-owners": entry(
    "vrrp-two-owners",
    "error",
    (f) =>
      `(${f.instance}) CONFIGURATION ERROR: local instance and remote instance ${f.from} are both configured as address owner, please resolve`,
  ),
  "two-owners-yield": entry(
    "vrrp-two-owners-yield",
    "error",
    (f) =>
      `(${f.instance}) CONFIGURATION ERROR: remote instance ${f.from} is still advertising as address owner, please resolve - reducing local priority`,
  ),
  "two-owners-ended": entry(
    "vrrp-two-owners-ended",
    "info",
    (f) => `(${f.instance}) remote instance stopped advertising as address owner`,
  ),
  "interval-learned": entry(
    "vrrp-interval-learned",
    "info",
    (f) => `(${f.instance}) advertisement interval updated from ${f.was * 10}ms to ${f.now * 10}ms by master`,
    detail,
  ),
  "advert-failed": entry(
    "vrrp-advert-failed",
    "info",
    (f) => `(${f.instance}): send advert error ${f.errno} (${f.reason})`,
  ),
  "rejected-protocol": entry(
    "vrrp-rejected-protocol",
    "info",
    (f) => `(${f.instance}) Received protocol ${f.received} from ${f.from}, expecting ${f.expected}`,
  ),
  "rejected-length": entry(
    "vrrp-rejected-length",
    "info",
    (f) =>
      `(${f.instance}) vrrp packet too ${f.received < f.expected ? "short" : "long"}, length ${f.received} and expect ${f.expected}`,
  ),
  "rejected-hop-limit": entry(
    "vrrp-rejected-hop-limit",
    "info",
    (f) => `(${f.instance}) invalid TTL/HL from ${f.from}. Received ${f.received} and expect ${f.expected}`,
  ),
  "rejected-version": entry(
    "vrrp-rejected-version",
    "info",
    (f) =>
      `(${f.instance}) wrong VRRP version from ${f.from}. Received ${f.received} and expect ${f.expected}`,
  ),
  "rejected-auth-type-invalid": entry(
    "vrrp-rejected-auth-type-invalid",
    "info",
    (f) => `(${f.instance}) Invalid auth type from ${f.from}: ${f.received}`,
  ),
  "rejected-auth-type-mismatch": entry(
    "vrrp-rejected-auth-type-mismatch",
    "info",
    (f) => `(${f.instance}) received a ${f.received} auth from ${f.from}, expecting ${f.expected}!`,
  ),
  "rejected-auth-failure": entry(
    "vrrp-rejected-auth-failure",
    "info",
    (f) => `(${f.instance}) received an invalid passwd from ${f.from}!`,
  ),
  "rejected-interval": entry(
    "vrrp-rejected-interval",
    "info",
    (f) =>
      `(${f.instance}) advertisement interval mismatch with ${f.from} mine=${f.expected / 100} sec rcv'd=${f.received / 100} sec`,
  ),
  "rejected-type": entry(
    "vrrp-rejected-type",
    "info",
    (f) => `(${f.instance}) Invalid packet type. ${f.received} and expect ${f.expected}`,
  ),
  "rejected-total-length": entry(
    "vrrp-rejected-total-length",
    "info",
    (f) =>
      `(${f.instance}) ip_tot_len mismatch against received length. ${f.expected} and received ${f.received}`,
  ),
  "rejected-checksum": entry(
    "vrrp-rejected-checksum",
    "info",
    (f) => `(${f.instance}) Invalid VRRPv${f.version} checksum from ${f.from}`,
  ),
  "rejected-transport": entry(
    "vrrp-rejected-transport",
    "info",
    (f) =>
      `(${f.instance}) Expected ${f.expected === 1 ? "mult" : "un"}icast packet but received ${f.received === 1 ? "mult" : "un"}icast packet`,
  ),
  "rejected-interval-zero": entry(
    "vrrp-rejected-interval-zero",
    "info",
    (f) => `(${f.instance}) advertisement interval of zero received from ${f.from}`,
  ),
  "rejected-no-addresses": entry(
    "vrrp-rejected-no-addresses",
    "info",
    (f) => `(${f.instance}) advert without addresses received from ${f.from}`,
  ),
  "rejected-owner": entry(
    "vrrp-rejected-owner",
    "info",
    (f) => `(${f.instance}) Dropping packet(s) from ${f.from} since we are address owner`,
  ),
  "rejected-stranger": entry(
    "vrrp-rejected-stranger",
    "info",
    (f) => `(${f.instance}) unicast source address ${f.from} not a unicast peer`,
  ),
  "rejected-peer-hop-limit": entry(
    "vrrp-rejected-peer-hop-limit",
    "info",
    (f) =>
      `(${f.instance}) TTL/HL ${f.received} from ${f.from} ${f.received < f.expected ? "below" : "above"} the peer's limit ${f.expected}`,
  ),
  "rejected-ah-spi": entry(
    "vrrp-rejected-ah-spi",
    "info",
    (f) => `(${f.instance}) IPSEC AH : invalid IPSEC SPI value. ${f.received} and expect ${f.expected}`,
  ),
  "rejected-ah-replay": entry(
    "vrrp-rejected-ah-replay",
    "info",
    (f) =>
      `(${f.instance}) IPSEC-AH : sequence number ${f.received} already processed. Packet dropped. Local(${f.expected})`,
  ),
  "rejected-ah-value": entry(
    "vrrp-rejected-ah-value",
    "info",
    (f) =>
      `(${f.instance}) IPSEC-AH : invalid IPSEC HMAC-MD5 value. Due to fields mutation or bad password !`,
  ),
  "rejected-hmac-missing": entry(
    "vrrp-rejected-hmac-missing",
    "info",
    (f) => `(${f.instance}) advert without HMAC from ${f.from} dropped: auth_hmac is enforced`,
  ),
  "rejected-hmac-malformed": entry(
    "vrrp-rejected-hmac-malformed",
    "info",
    (f) => `(${f.instance}) malformed HMAC trailer from ${f.from}`,
  ),
  "rejected-hmac-stale": entry(
    "vrrp-rejected-hmac-stale",
    "info",
    (f) =>
      `(${f.instance}) advert from ${f.from} is ${Math.abs(f.received)} s ${f.received < 0 ? "old" : "ahead of our clock"}, more than time_window ${f.expected}: compare the clocks`,
  ),
  "rejected-hmac-unknown-key": entry(
    "vrrp-rejected-hmac-unknown-key",
    "info",
    (f) => `(${f.instance}) advert from ${f.from} is signed with unknown key ${f.received}`,
  ),
  "rejected-hmac-invalid": entry(
    "vrrp-rejected-hmac-invalid",
    "info",
    (f) => `(${f.instance}) invalid HMAC from ${f.from}: another key ${f.received}, or a changed advert`,
  ),
  "rejected-hmac-replay": entry(
    "vrrp-rejected-hmac-replay",
    "info",
    (f) => `(${f.instance}) replayed advert from ${f.from} dropped`,
  ),
  "hmac-skew": entry(
    "vrrp-hmac-skew",
    "warning",
    (f) =>
      `(${f.instance}) the clock of ${f.from} is ${Math.abs(f.seconds)} s ${f.seconds < 0 ? "behind" : "ahead of"} ours: more than half of auth_hmac's time_window`,
  ),
  "hmac-key-unusable": entry(
    "vrrp-hmac-key-unusable",
    "error",
    (f) => `(${f.instance}) auth_hmac key ${f.key} cannot be used: ${f.reason}`,
  ),
  "hmac-off": entry(
    "vrrp-hmac-off",
    "error",
    (f) => `(${f.instance}) auth_hmac is off and adverts are not signed: active_key ${f.key} cannot be used`,
  ),
  "interval-differs": entry(
    "vrrp-interval-differs",
    "info",
    (f) =>
      `(${f.instance}) advertisement interval mismatch with ${f.from} ours = ${f.expected} centi-sec rcv'd=${f.received} centi-sec`,
  ),
  "address-count": entry(
    "vrrp-address-count",
    "info",
    (f) => `(${f.instance}) expected ${f.expected} VIPs but received ${f.received}`,
  ),
  "address-missing": entry(
    "vrrp-address-missing",
    "info",
    (f) =>
      `(${f.instance}) ip address associated with VRID ${f.virtualRouterId} not present in advert from ${f.from}: ${f.address}`,
  ),
  "setting-vips": entry("vrrp-setting-vips", "info", (f) => `(${f.instance}) setting VIPs.`, detail),
  "removing-vips": entry("vrrp-removing-vips", "info", (f) => `(${f.instance}) removing VIPs.`, detail),
  "setting-evips": entry("vrrp-setting-evips", "info", (f) => `(${f.instance}) setting E-VIPs.`, detail),
  "removing-evips": entry("vrrp-removing-evips", "info", (f) => `(${f.instance}) removing E-VIPs.`, detail),
  "setting-routes": entry(
    "vrrp-setting-routes",
    "info",
    (f) => `(${f.instance}) setting Virtual Routes`,
    detail,
  ),
  "removing-routes": entry(
    "vrrp-removing-routes",
    "info",
    (f) => `(${f.instance}) removing Virtual Routes`,
    detail,
  ),
  "setting-rules": entry(
    "vrrp-setting-rules",
    "info",
    (f) => `(${f.instance}) setting Virtual Rules`,
    detail,
  ),
  "removing-rules": entry(
    "vrrp-removing-rules",
    "info",
    (f) => `(${f.instance}) removing Virtual Rules`,
    detail,
  ),
  "setting-firewall": entry(
    "vrrp-setting-firewall",
    "info",
    (f) => `(${f.instance}) setting firewall drop rule`,
    detail,
  ),
  "removing-firewall": entry(
    "vrrp-removing-firewall",
    "info",
    (f) => `(${f.instance}) removing firewall drop rule`,
    detail,
  ),
  "iptables-unsuitable": entry(
    "vrrp-iptables-unsuitable",
    "error",
    (f) => `vrrp_iptables cannot be used: ${f.reason}; using nftables`,
  ),
  "firewall-failed": entry(
    "vrrp-firewall-failed",
    "error",
    (f) => `firewall entries for no_accept or VMACs could not be changed: ${f.reason}`,
  ),
  "vip-left-configuration": entry(
    "vrrp-vip-left-configuration",
    "info",
    (f) => `(${f.instance}) ip address ${f.address}/${f.prefixLength} dev ${f.interface}, no longer exist`,
  ),
  "vip-failed": entry(
    "vrrp-vip-failed",
    "error",
    (f) =>
      `(${f.instance}) could not ${f.operation} ${f.address}${f.interface === null ? "" : ` ${f.operation === "add" ? "to" : "from"} ${f.interface}`} (${f.where}): ${f.reason}`,
  ),
  "vip-interface-missing": entry(
    "vrrp-vip-interface-missing",
    "warning",
    (f) => `(${f.instance}) ${f.address} (${f.where}) waits: there is no interface ${f.interface}`,
  ),
  "announce-queued": entry(
    "vrrp-announce-queued",
    "info",
    (f) => `(${f.instance}) Sending/queueing gratuitous ARPs on ${f.interface} for ${f.address}`,
    detail,
  ),
  "announce-sent": entry(
    "vrrp-announce-sent",
    "info",
    (f) => `Sending gratuitous ARP on ${f.interface} for ${f.address}`,
    detail,
  ),
  "announce-failed": entry(
    "vrrp-announce-failed",
    "info",
    (f) => `Error ${f.errno} (${f.reason}) sending gratuitous ARP on ${f.interface} for ${f.address}`,
  ),
  "advertisement-queued": entry(
    "vrrp-advertisement-queued",
    "info",
    (f) =>
      `(${f.instance}) Sending/queueing Unsolicited Neighbour Adverts on ${f.interface} for ${f.address}`,
    detail,
  ),
  "advertisement-sent": entry(
    "vrrp-advertisement-sent",
    "info",
    (f) => `Sending unsolicited Neighbour Advert on ${f.interface} for ${f.address}`,
    detail,
  ),
  "advertisement-failed": entry(
    "vrrp-advertisement-failed",
    "info",
    (f) =>
      `Error ${f.errno} (${f.reason}) sending unsolicited Neighbour Advert on ${f.interface} for ${f.address}`,
  ),
  "vip-removed": entry(
    "vrrp-vip-removed",
    "info",
    (f) => `Netlink reflector reports IP ${f.address} removed from ${f.interface}`,
  ),
  "object-monitor-failed": entry(
    "vrrp-object-monitor-failed",
    "error",
    (f) => `deletions of routes and rules by others are not seen: ${f.reason}`,
  ),
  "object-removed": entry(
    "vrrp-object-removed",
    "info",
    (f) => `Netlink reflector reports ${f.kind} ${f.what} removed`,
  ),
  "object-restored": entry(
    "vrrp-object-restored",
    "warning",
    (f) => `(${f.instance}) put back ${f.what}, which was deleted by ${f.culprit}`,
  ),
  "restore-given-up": entry(
    "vrrp-restore-given-up",
    "warning",
    (f) =>
      `(${f.instance}) objects are deleted again and again; they are no longer put back at once: resigning`,
  ),
  "static-restored": entry(
    "vrrp-static-restored",
    "info",
    (f) => `Restoring deleted static ${f.kind} ${f.what}`,
  ),
  "static-interface-missing": entry(
    "vrrp-static-interface-missing",
    "warning",
    (f) => `static ${f.what} (${f.where}) waits: there is no interface ${f.interface}`,
  ),
  "interface-state": entry(
    "vrrp-interface-state",
    "info",
    (f) => `Netlink reports ${f.interface} ${f.up ? "up" : "down"}`,
  ),
  "interface-deleted": entry(
    "vrrp-interface-deleted",
    "info",
    (f) => `Interface ${f.interface} deleted`,
    detail,
  ),
  "address-assigned": entry(
    "vrrp-address-assigned",
    "info",
    (f) => `Assigned address ${f.address} for interface ${f.interface}`,
    detail,
  ),
  "address-deassigned": entry(
    "vrrp-address-deassigned",
    "info",
    (f) => `Deassigned address ${f.address} from interface ${f.interface}`,
    detail,
  ),
  "bfd-tracked": entry(
    "vrrp-bfd-tracked",
    "info",
    (f) => `VRRP_Instance(${f.instance}) Tracked BFD instance ${f.session} is ${f.up ? "UP" : "DOWN"}`,
  ),
  "file-fault": entry(
    "vrrp-file-fault",
    "info",
    (f) => `(${f.instance}): tracked file ${f.file} ${f.fault ? "now" : "leaving"} FAULT state`,
  ),
  "group-syncing": entry(
    "vrrp-group-syncing",
    "info",
    (f) => `VRRP_Group(${f.group}) Syncing instances to ${f.state} state`,
  ),
  "monitor-overrun": entry(
    "vrrp-monitor-overrun",
    "warning",
    () => "Netlink: Receive buffer overrun on monitor socket - all interfaces and addresses read again",
  ),
  "monitor-open": entry("vrrp-monitor-open", "info", () => "Registering Kernel netlink reflector", detail),
  "route-open": entry("vrrp-route-open", "info", () => "Registering Kernel netlink command channel", detail),
  "announce-open": entry(
    "vrrp-announce-open",
    "info",
    () => "Registering gratuitous ARP shared channel",
    detail,
  ),
  "socket-failed": entry("vrrp-socket-failed", "error", (f) => `VRRP socket on ${f.interface}: ${f.reason}`),
};

/** Renders a line from the id and fields that the core chose. */
export function renderVrrpLog<K extends VrrpLogId>(id: K, fields: VrrpLogFields[K]): LogLine {
  return vrrpLog[id](fields);
}
