/**
 * What RFC 9568 (with errata 7949, 8298 to 8301) and RFC 3768 demand of a router, clause by clause in our
 * words, and how each is held: by recorded cases, elsewhere, or not, with the reason. The cases' first lines
 * name the clauses; ledger.ts joins both.
 */

import type { Clause } from "../lab/ledger.ts";

const nothingAnswers =
  "the kernel answers for the addresses that are set on an interface, and for no others; the cases show when they are set";

export const clauses: readonly Clause[] = [
  // RFC 9568
  {
    id: "9568-5.1.1.2",
    says: "packets to 224.0.0.18 and ff02::12 are never forwarded, whatever their TTL",
    held: "the kernel routes no groups of link scope; adverts are sent with MSG_DONTROUTE",
  },
  { id: "9568-5.1.1.3", says: "TTL 255 is sent, and any other is discarded" },
  { id: "9568-5.1.2.3", says: "hop limit 255 is sent over IPv6, and any other is discarded" },
  { id: "9568-5.1.1.4", says: "the protocol is 112" },
  { id: "9568-5.1.2.4", says: "over IPv6 the next header is 112" },
  { id: "9568-5.2.1", says: "the version is 3, and others are discarded" },
  { id: "9568-5.2.2", says: "the type is 1, and unknown ones are discarded" },
  { id: "9568-5.2.3", says: "the virtual router's number is 1 to 255" },
  { id: "9568-5.2.4-owner", says: "an address owner sends 255, others 1 to 254" },
  { id: "9568-5.2.4-zero", says: "0 says that the sender stops being active" },
  { id: "9568-5.2.5", says: "an advert without addresses is discarded (erratum 8299)" },
  { id: "9568-5.2.6", says: "reserved bits are sent as zero and ignored when received" },
  { id: "9568-5.2.7", says: "the interval has twelve bits of centiseconds" },
  { id: "9568-5.2.8", says: "the checksum is right" },
  {
    id: "9568-5.2.8-message",
    says: "over IPv4 the checksum covers the message alone",
    broken:
      "sent with a pseudo-header, as RFC 5798 and every keepalived do, which would refuse the other form; v3_checksum_as_v2 sends it, and it is always believed",
  },
  { id: "9568-5.2.9-family", says: "all addresses are of the carrying header's family" },
  {
    id: "9568-5.2.9-link-local",
    says: "over IPv6 the first address is the router's link-local one (erratum 8300)",
    broken:
      "demanded in strict mode only, as in keepalived: existing configurations begin with global addresses",
    test: [
      "test/config/cases/vrrp-full.txt",
      "strict mode for all, with IPv6, unicast, no addresses, an owner and exceptions",
    ],
  },
  { id: "9568-6.1-skew", says: "Skew_Time is (256 - priority) * Active_Adver_Interval / 256" },
  { id: "9568-6.1-down", says: "Active_Down_Interval is three intervals and the skew" },
  {
    id: "9568-6.1-accept",
    says: "without Accept_Mode only the owner accepts packets to the addresses",
    broken: "keepalived accepts them unless no_accept or strict mode is set, and operators rely on that",
    test: ["test/config/cases/vrrp-full.txt", "strict mode, word by word"],
  },
  { id: "9568-6.4.1-owner", says: "an owner starts with an advert, its addresses and announcements" },
  { id: "9568-6.4.1-backup", says: "others start as backup and wait" },
  {
    id: "9568-6.4.2-silent",
    says: "a backup answers for none of the addresses, and sends no RA for them",
    held: nothingAnswers,
  },
  { id: "9568-6.4.2-shutdown", says: "a backup that stops cancels its timer and says nothing" },
  { id: "9568-6.4.2-timer", says: "the timer fires: advert, announcements, active (erratum 7949)" },
  { id: "9568-6.4.2-zero", says: "after priority 0 a backup waits for the skew" },
  { id: "9568-6.4.2-obey", says: "an advert of no lower priority restarts the timer with its interval" },
  { id: "9568-6.4.2-discard", says: "a lower one is discarded, unless preemption is off" },
  { id: "9568-6.4.3-owns", says: "the active router answers for the addresses", held: nothingAnswers },
  { id: "9568-6.4.3-shutdown", says: "an active router that stops sends priority 0" },
  { id: "9568-6.4.3-adver", says: "each Adver_Interval it sends an advert" },
  { id: "9568-6.4.3-zero", says: "it answers priority 0 with an advert at once and restarts its timer" },
  { id: "9568-6.4.3-higher", says: "it yields to a higher priority and adopts its interval" },
  { id: "9568-6.4.3-equal", says: "it yields to an equal priority of a greater address" },
  { id: "9568-6.4.3-lower", says: "it discards any other and sends an advert at once" },
  { id: "9568-7.1-ttl", says: "check: TTL or hop limit 255" },
  { id: "9568-7.1-version", says: "check: version 3" },
  { id: "9568-7.1-type", says: "check: type 1" },
  { id: "9568-7.1-complete", says: "check: the packet is whole" },
  { id: "9568-7.1-checksum", says: "check: the checksum" },
  { id: "9568-7.1-vrid", says: "check: a virtual router of this interface (erratum 8298)" },
  { id: "9568-7.1-interval-zero", says: "check: the interval is not zero (erratum 8301)" },
  {
    id: "9568-7.1-owner",
    says: "check: we are not the owner",
    held: "with owner_ignore_adverts, which strict mode sets; else keepalived lets owners hear each other, to end a wrong configuration with two of them",
  },
  { id: "9568-7.1-list", says: "the lists of addresses may be compared; a difference is logged" },
  { id: "9568-7.1-interval", says: "another interval is no reason to discard" },
  { id: "9568-7.1-log", says: "what is discarded is logged, at a limited rate" },
  { id: "9568-7.2", says: "the fields are filled in; the source is the primary or link-local address" },
  {
    id: "9568-7.2-vmac",
    says: "the source MAC of adverts is the virtual router's",
    broken: "with use_vmac only, as in keepalived",
    test: [
      "test/vrrp/devices.test.ts",
      "use_vmac: one with the virtual router's MAC, for addresses and adverts; the parent gives the source",
    ],
  },
  {
    id: "9568-7.3",
    says: "the virtual MAC is 00-00-5E-00-01-VRID, over IPv6 00-00-5E-00-02-VRID",
    test: [
      "test/vrrp/devices.test.ts",
      "use_vmac: one with the virtual router's MAC, for addresses and adverts; the parent gives the source",
    ],
  },
  {
    id: "9568-7.4",
    says: "the virtual MAC does not form an interface identifier",
    test: [
      "test/vrrp/devices.test.ts",
      "IPv6: its own link-local address is the source, unless the parent transmits",
    ],
  },
  {
    id: "9568-8.1.1",
    says: "ICMP redirects come from the virtual router that got the packet",
    held: "the kernel's part",
  },
  {
    id: "9568-8.1.2",
    says: "hosts are answered with the virtual MAC, never with the physical one",
    broken: "with use_vmac only; without it addresses move with announcements, as in keepalived",
  },
  { id: "9568-8.1.3", says: "proxy ARP uses the virtual MAC", held: "the kernel's part, on a VMAC" },
  {
    id: "9568-8.2.2",
    says: "neighbour solicitations carry the virtual MAC",
    held: "the kernel's part, on a VMAC",
  },
  {
    id: "9568-8.2.3",
    says: "router advertisements are the same from all routers",
    held: "radvd's part: keepalived sends none",
  },
  {
    id: "9568-8.3.1",
    says: "packets to the addresses are not forwarded by a router that is not their owner (SHOULD NOT)",
    held: "the kernel delivers what is addressed to an address that is set",
  },
  {
    id: "9568-8.4.2",
    says: "with both versions in use an active router sends both",
    broken: "an instance has one version, as in keepalived; two instances do both",
  },
  // RFC 3768
  { id: "3768-5.3.6-length", says: "over IPv4 there are always eight bytes of authentication data" },
  { id: "3768-5.3.7", says: "the interval is whole seconds" },
  { id: "3768-5.3.8", says: "the checksum covers the message, without a pseudo-header" },
  { id: "3768-6.1-skew", says: "Skew_Time is (256 - priority) / 256 seconds" },
  { id: "3768-7.1-version", says: "check: version 2" },
  { id: "3768-7.1-auth", says: "check: the configured type of authentication, and what it verifies" },
  { id: "3768-7.1-interval", says: "check: our own interval, else the advert is discarded" },
  {
    id: "3768-7.1-list",
    says: "another list of addresses, not from the owner, is discarded when it is checked",
    broken: "counted and logged only, as in keepalived: a discarded advert would make two routers active",
    test: ["test/vrrp/cases.test.ts", "address-list"],
  },
];
