/** The sentences of the VRRP process, literally: people grep for them. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { renderVrrpLog, type VrrpLogFields, type VrrpLogId, vrrpLog } from "../../src/log/catalogue/vrrp.ts";

type Sentence = { readonly [K in VrrpLogId]: readonly [K, VrrpLogFields[K], string] }[VrrpLogId];
const of = { instance: "VI_1" };
const from = { ...of, from: "10.9.0.2" };
const compared = { ...from, priority: 90, ours: 100 };
const bad = { ...from, received: 1, expected: 0 };
const eth0 = { interface: "eth0" };

/** As Debian's keepalived 2.2.7 writes them, or as the reference quotes 2.4.3; first those of ordinary life. */
const always: readonly Sentence[] = [
  ["entering-master", of, "(VI_1) Entering MASTER STATE"],
  ["entering-backup", { ...of, init: false }, "(VI_1) Entering BACKUP STATE"],
  ["entering-backup", { ...of, init: true }, "(VI_1) Entering BACKUP STATE (init)"],
  ["entering-fault", { ...of, init: false }, "(VI_1) Entering FAULT STATE"],
  ["entering-fault", { ...of, init: true }, "(VI_1) Entering FAULT STATE (init)"],
  ["fault-interface-down", { ...of, ...eth0 }, "(VI_1): entering FAULT state (interface eth0 down)"],
  ["fault-no-source-address", of, "(VI_1): entering FAULT state (src address not configured)"],
  [
    "timer-expired",
    { ...of, micros: 4_250_000 },
    "(VI_1) VRRP thread timer expired 4.250000 seconds ago: another router has taken over",
  ],
  ["startup-delayed", { micros: 2_500_000 }, "Delaying startup for 2.5 seconds"],
  ["startup-completed", {}, "Delayed start completed"],
  [
    "unknown-vrid",
    { interface: "eth0", virtualRouterId: 7 },
    "Unknown VRID(7) received on interface(eth0). ignoring...",
  ],
  ["old-unicast-checksum", of, "(VI_1) Setting unicast VRRPv3 checksum to old version"],
  [
    "advert-higher-priority",
    { ...from, priority: 100, ours: 90 },
    "(VI_1) Master received advert from 10.9.0.2 with higher priority 100, ours 90",
  ],
  [
    "advert-higher-address",
    { ...from, priority: 100, ours: 100 },
    "(VI_1) Master received advert from 10.9.0.2 with same priority 100 but higher IP address than ours",
  ],
  [
    "advert-lower-priority",
    { ...compared, forcing: true },
    "(VI_1) Received advert from 10.9.0.2 with lower priority 90, ours 100, forcing new election",
  ],
  [
    "advert-lower-priority",
    { ...compared, forcing: false },
    "(VI_1) Received advert from 10.9.0.2 with lower priority 90, ours 100",
  ],
  ["advert-discarded", compared, "(VI_1) received lower priority (90) advert from 10.9.0.2 - discarding"],
  [
    "advert-own-address",
    from,
    "(VI_1) WARNING - equal priority advert received from remote host with our IP address.",
  ],
  ["priority-changed", { ...of, was: 100, now: 80 }, "(VI_1) Changing effective priority from 100 to 80"],
  [
    "two-owners",
    from,
    "(VI_1) CONFIGURATION ERROR: local instance and remote instance 10.9.0.2 are both configured as address owner, please resolve",
  ],
  [
    "two-owners-yield",
    from,
    "(VI_1) CONFIGURATION ERROR: remote instance 10.9.0.2 is still advertising as address owner, please resolve - reducing local priority",
  ],
  ["two-owners-ended", of, "(VI_1) remote instance stopped advertising as address owner"],
  [
    "advert-failed",
    { ...of, errno: 19, reason: "No such device" },
    "(VI_1): send advert error 19 (No such device)",
  ],
  [
    "rejected-protocol",
    { ...bad, received: 51, expected: 112 },
    "(VI_1) Received protocol 51 from 10.9.0.2, expecting 112",
  ],
  [
    "rejected-length",
    { ...bad, received: 40, expected: 48 },
    "(VI_1) vrrp packet too short, length 40 and expect 48",
  ],
  [
    "rejected-length",
    { ...bad, received: 52, expected: 48 },
    "(VI_1) vrrp packet too long, length 52 and expect 48",
  ],
  [
    "rejected-hop-limit",
    { ...bad, received: 254, expected: 255 },
    "(VI_1) invalid TTL/HL from 10.9.0.2. Received 254 and expect 255",
  ],
  [
    "rejected-version",
    { ...bad, received: 3, expected: 2 },
    "(VI_1) wrong VRRP version from 10.9.0.2. Received 3 and expect 2",
  ],
  ["rejected-auth-type-invalid", { ...bad, received: 7 }, "(VI_1) Invalid auth type from 10.9.0.2: 7"],
  ["rejected-auth-type-mismatch", bad, "(VI_1) received a 1 auth from 10.9.0.2, expecting 0!"],
  ["rejected-auth-failure", bad, "(VI_1) received an invalid passwd from 10.9.0.2!"],
  [
    "rejected-interval",
    { ...bad, received: 200, expected: 100 },
    "(VI_1) advertisement interval mismatch with 10.9.0.2 mine=1 sec rcv'd=2 sec",
  ],
  ["rejected-type", { ...bad, received: 2, expected: 1 }, "(VI_1) Invalid packet type. 2 and expect 1"],
  [
    "rejected-total-length",
    { ...bad, received: 48, expected: 52 },
    "(VI_1) ip_tot_len mismatch against received length. 52 and received 48",
  ],
  ["rejected-checksum", { ...bad, version: 3 }, "(VI_1) Invalid VRRPv3 checksum from 10.9.0.2"],
  [
    "rejected-transport",
    { ...bad, received: 0, expected: 1 },
    "(VI_1) Expected multicast packet but received unicast packet",
  ],
  ["rejected-interval-zero", bad, "(VI_1) advertisement interval of zero received from 10.9.0.2"],
  ["rejected-no-addresses", bad, "(VI_1) advert without addresses received from 10.9.0.2"],
  ["rejected-owner", bad, "(VI_1) Dropping packet(s) from 10.9.0.2 since we are address owner"],
  ["rejected-stranger", bad, "(VI_1) unicast source address 10.9.0.2 not a unicast peer"],
  [
    "rejected-peer-hop-limit",
    { ...bad, received: 9, expected: 10 },
    "(VI_1) TTL/HL 9 from 10.9.0.2 below the peer's limit 10",
  ],
  [
    "rejected-ah-spi",
    { ...bad, received: 5, expected: 6 },
    "(VI_1) IPSEC AH : invalid IPSEC SPI value. 5 and expect 6",
  ],
  [
    "rejected-ah-replay",
    { ...bad, received: 5, expected: 6 },
    "(VI_1) IPSEC-AH : sequence number 5 already processed. Packet dropped. Local(6)",
  ],
  [
    "rejected-ah-value",
    bad,
    "(VI_1) IPSEC-AH : invalid IPSEC HMAC-MD5 value. Due to fields mutation or bad password !",
  ],
  ["rejected-hmac-missing", bad, "(VI_1) advert without HMAC from 10.9.0.2 dropped: auth_hmac is enforced"],
  ["rejected-hmac-malformed", bad, "(VI_1) malformed HMAC trailer from 10.9.0.2"],
  [
    "rejected-hmac-stale",
    { ...bad, received: -9, expected: 5 },
    "(VI_1) advert from 10.9.0.2 is 9 s old, more than time_window 5: compare the clocks",
  ],
  [
    "rejected-hmac-unknown-key",
    { ...bad, received: 8 },
    "(VI_1) advert from 10.9.0.2 is signed with unknown key 8",
  ],
  [
    "rejected-hmac-invalid",
    { ...bad, received: 7 },
    "(VI_1) invalid HMAC from 10.9.0.2: another key 7, or a changed advert",
  ],
  ["rejected-hmac-replay", bad, "(VI_1) replayed advert from 10.9.0.2 dropped"],
  [
    "hmac-skew",
    { ...of, from: "10.9.0.2", seconds: 4 },
    "(VI_1) the clock of 10.9.0.2 is 4 s ahead of ours: more than half of auth_hmac's time_window",
  ],
  ["hmac-key-unusable", { ...of, key: 7, reason: "ENOENT" }, "(VI_1) auth_hmac key 7 cannot be used: ENOENT"],
  [
    "hmac-off",
    { ...of, key: 7 },
    "(VI_1) auth_hmac is off and adverts are not signed: active_key 7 cannot be used",
  ],
  [
    "interval-differs",
    { ...bad, received: 10, expected: 100 },
    "(VI_1) advertisement interval mismatch with 10.9.0.2 ours = 100 centi-sec rcv'd=10 centi-sec",
  ],
  ["address-count", { ...bad, received: 1, expected: 2 }, "(VI_1) expected 2 VIPs but received 1"],
  [
    "address-missing",
    { ...from, address: "10.9.0.100", virtualRouterId: 51 },
    "(VI_1) ip address associated with VRID 51 not present in advert from 10.9.0.2: 10.9.0.100",
  ],
  [
    "vip-left-configuration",
    { ...of, ...eth0, address: "10.9.0.100", prefixLength: 32 },
    "(VI_1) ip address 10.9.0.100/32 dev eth0, no longer exist",
  ],
  [
    "vip-failed",
    {
      ...of,
      ...eth0,
      operation: "add",
      address: "10.9.0.100",
      where: "keepalived.conf:12",
      code: "EACCES",
      reason: "RTM_NEWADDR: EACCES",
    },
    "(VI_1) could not add 10.9.0.100 to eth0 (keepalived.conf:12): RTM_NEWADDR: EACCES",
  ],
  [
    "vip-interface-missing",
    { ...of, ...eth0, address: "10.9.0.100", where: "keepalived.conf:12" },
    "(VI_1) 10.9.0.100 (keepalived.conf:12) waits: there is no interface eth0",
  ],
  [
    "announce-failed",
    { ...eth0, address: "10.9.0.100", errno: 100, reason: "Network is down" },
    "Error 100 (Network is down) sending gratuitous ARP on eth0 for 10.9.0.100",
  ],
  [
    "advertisement-failed",
    { ...eth0, address: "2001:db8::1", errno: 100, reason: "Network is down" },
    "Error 100 (Network is down) sending unsolicited Neighbour Advert on eth0 for 2001:db8::1",
  ],
  [
    "vip-removed",
    { ...eth0, address: "10.9.0.100" },
    "Netlink reflector reports IP 10.9.0.100 removed from eth0",
  ],
  [
    "object-monitor-failed",
    { reason: "socket: EMFILE" },
    "deletions of routes and rules by others are not seen: socket: EMFILE",
  ],
  [
    "iptables-unsuitable",
    { reason: "there is no iptables command" },
    "vrrp_iptables cannot be used: there is no iptables command; using nftables",
  ],
  [
    "firewall-failed",
    { reason: "NFT_MSG_NEWRULE: ENOENT" },
    "firewall entries for no_accept or VMACs could not be changed: NFT_MSG_NEWRULE: ENOENT",
  ],
  [
    "object-removed",
    { kind: "route", what: "10.8.0.0/24 via 10.9.0.8" },
    "Netlink reflector reports route 10.8.0.0/24 via 10.9.0.8 removed",
  ],
  [
    "object-restored",
    { ...of, what: "10.9.0.100/32 dev eth0", culprit: "dhclient (process 812)" },
    "(VI_1) put back 10.9.0.100/32 dev eth0, which was deleted by dhclient (process 812)",
  ],
  [
    "restore-given-up",
    of,
    "(VI_1) objects are deleted again and again; they are no longer put back at once: resigning",
  ],
  [
    "static-restored",
    { kind: "address", what: "10.7.0.1/24 dev eth0" },
    "Restoring deleted static address 10.7.0.1/24 dev eth0",
  ],
  [
    "static-interface-missing",
    { ...eth0, what: "10.7.0.1", where: "keepalived.conf:3" },
    "static 10.7.0.1 (keepalived.conf:3) waits: there is no interface eth0",
  ],
  ["interface-state", { ...eth0, up: true }, "Netlink reports eth0 up"],
  ["interface-state", { ...eth0, up: false }, "Netlink reports eth0 down"],
  ["bfd-tracked", { ...of, session: "s1", up: true }, "VRRP_Instance(VI_1) Tracked BFD instance s1 is UP"],
  ["file-fault", { ...of, file: "tf", fault: true }, "(VI_1): tracked file tf now FAULT state"],
  ["group-syncing", { group: "G1", state: "MASTER" }, "VRRP_Group(G1) Syncing instances to MASTER state"],
  [
    "monitor-overrun",
    { lost: 1 },
    "Netlink: Receive buffer overrun on monitor socket - all interfaces and addresses read again",
  ],
  ["socket-failed", { ...eth0, reason: "bind: ENODEV" }, "VRRP socket on eth0: bind: ENODEV"],
];

/** Only with --log-detail. */
const detailed: readonly Sentence[] = [
  ["advert-timeout", of, "(VI_1) Receive advertisement timeout"],
  ["backup-priority-zero", from, "(VI_1) Backup received priority 0 advertisement"],
  ["master-priority-zero", from, "(VI_1) Master received priority 0 message"],
  ["sent-priority-zero", of, "(VI_1) sent 0 priority"],
  ["preempt-delay-started", { ...of, micros: 3_000_000 }, "(VI_1) start preempt delay (3.000000)"],
  ["preempt-delay-stopped", of, "(VI_1) stop preempt delay"],
  [
    "interval-learned",
    { ...of, was: 100, now: 10 },
    "(VI_1) advertisement interval updated from 1000ms to 100ms by master",
  ],
  ["setting-vips", of, "(VI_1) setting VIPs."],
  ["removing-vips", of, "(VI_1) removing VIPs."],
  ["setting-evips", of, "(VI_1) setting E-VIPs."],
  ["removing-evips", of, "(VI_1) removing E-VIPs."],
  ["setting-routes", of, "(VI_1) setting Virtual Routes"],
  ["removing-routes", of, "(VI_1) removing Virtual Routes"],
  ["setting-rules", of, "(VI_1) setting Virtual Rules"],
  ["removing-rules", of, "(VI_1) removing Virtual Rules"],
  ["setting-firewall", of, "(VI_1) setting firewall drop rule"],
  ["removing-firewall", of, "(VI_1) removing firewall drop rule"],
  [
    "announce-queued",
    { ...of, ...eth0, address: "10.9.0.100" },
    "(VI_1) Sending/queueing gratuitous ARPs on eth0 for 10.9.0.100",
  ],
  [
    "advertisement-queued",
    { ...of, ...eth0, address: "2001:db8::1" },
    "(VI_1) Sending/queueing Unsolicited Neighbour Adverts on eth0 for 2001:db8::1",
  ],
  [
    "advertisement-sent",
    { ...eth0, address: "2001:db8::1" },
    "Sending unsolicited Neighbour Advert on eth0 for 2001:db8::1",
  ],
  ["announce-sent", { ...eth0, address: "10.9.0.100" }, "Sending gratuitous ARP on eth0 for 10.9.0.100"],
  ["interface-deleted", eth0, "Interface eth0 deleted"],
  ["address-assigned", { ...eth0, address: "10.9.0.1" }, "Assigned address 10.9.0.1 for interface eth0"],
  ["address-deassigned", { ...eth0, address: "10.9.0.1" }, "Deassigned address 10.9.0.1 from interface eth0"],
  ["monitor-open", {}, "Registering Kernel netlink reflector"],
  ["route-open", {}, "Registering Kernel netlink command channel"],
  ["announce-open", {}, "Registering gratuitous ARP shared channel"],
];

describe("log sentences", () => {
  const render = ([id, fields]: Sentence) => renderVrrpLog(id, fields as VrrpLogFields[typeof id]);

  test("are keepalived's, byte for byte", () => {
    for (const sentence of [...always, ...detailed]) assert.equal(render(sentence).text, sentence[2]);
  });

  test("details are written with --log-detail only, the rest always", () => {
    for (const sentence of always) assert.equal(render(sentence).detail, false, sentence[0]);
    for (const sentence of detailed) assert.equal(render(sentence).detail, true, sentence[0]);
  });

  test("each one is in this list", () => {
    const listed = new Set([...always, ...detailed].map(([id]) => id));
    assert.deepEqual([...listed].sort(), Object.keys(vrrpLog).sort());
  });
});
