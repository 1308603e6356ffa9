/**
 * What RFC 5880, 5881 and 5883 demand of a system in asynchronous mode, clause by clause in our words, and how
 * each is held: by recorded cases, elsewhere, or not, with the reason. The cases' first lines name the clauses;
 * ledger.ts joins both.
 */
import type { Clause } from "../lab/ledger.ts";

const packets = "test/bfd/packet.test.ts";
const sessions = "test/bfd/sessions.test.ts";

export const clauses: readonly Clause[] = [
  { id: "5880-4.1", says: "the layout of the control packet", test: [packets, "as keepalived writes it"] },
  {
    id: "5880-6.3-select",
    says: "Your Discriminator alone selects the session once it is known",
    test: ["test/bfd/directory.test.ts", "goes by Your Discriminator alone when there is one"],
  },
  {
    id: "5880-6.3-unique",
    says: "the local discriminator is unique and not zero",
    test: ["test/bfd/directory.test.ts", "gives no discriminator twice, and never 0"],
  },
  {
    id: "5880-6.3-changed",
    says: "the other's discriminator may change at any time",
    test: ["test/bfd/cases.test.ts", "restarted-neighbour"],
  },
  {
    id: "5880-6.5-scheduled",
    says: "P stands on scheduled packets until F comes, and no packet is added for it",
  },
  { id: "5880-6.5-both", says: "P and F never stand together", test: [packets, "P together with F"] },
  { id: "5880-6.6-poll", says: "under the other's demand only a poll sequence is sent" },
  { id: "5880-6.7", says: "authentication, where it is used", broken: "there is none, as in keepalived" },
  {
    id: "5880-6.8.1-forget",
    says: "after a detection time without packets the other's discriminator is zero",
  },
  { id: "5880-6.8.2", says: "the transmit interval is the slower of ours and what the other can take" },
  { id: "5880-6.8.3-poll", says: "while Up a changed interval starts a poll sequence" },
  { id: "5880-6.8.3-transmit", says: "while Up a slower transmit interval waits for F" },
  {
    id: "5880-6.8.3-detection",
    says: "while Up a smaller Required Min RX counts for detection after F only",
  },
  { id: "5880-6.8.3-slow", says: "while not Up the desired interval is a second at least" },
  { id: "5880-6.8.4-time", says: "the detection time is the other's multiplier times the slower interval" },
  { id: "5880-6.8.4-expiry", says: "Init and Up end in Down with diagnostic 1 after the detection time" },
  {
    id: "5880-6.8.6-version",
    says: "a version other than 1 is discarded",
    test: [packets, "version 2 (RFC 5880 §6.8.6)"],
  },
  {
    id: "5880-6.8.6-length",
    says: "a length below 24 or beyond the datagram is discarded",
    test: [packets, "a length beyond the datagram"],
  },
  {
    id: "5880-6.8.6-multiplier",
    says: "a multiplier of zero is discarded",
    test: [packets, "a multiplier of 0"],
  },
  {
    id: "5880-6.8.6-multipoint",
    says: "a set multipoint bit is discarded",
    test: [packets, "the multipoint bit"],
  },
  {
    id: "5880-6.8.6-my",
    says: "My Discriminator zero is discarded",
    test: [packets, "My Discriminator 0"],
  },
  {
    id: "5880-6.8.6-your",
    says: "Your Discriminator zero is discarded in Init and Up, and so is one that nobody has",
    test: [packets, "Your Discriminator 0 in Up"],
  },
  {
    id: "5880-6.8.6-authenticated",
    says: "the A bit is discarded where no authentication is in use",
    test: [packets, "the A bit, as no authentication is in use"],
  },
  { id: "5880-6.8.6-closed", says: "a session in AdminDown discards what it hears" },
  {
    id: "5880-6.8.6-admin-down",
    says: "AdminDown of the other leads from Init and Up to Down, diagnostic 3",
  },
  { id: "5880-6.8.6-down", says: "in Down, Down leads to Init and Init to Up" },
  { id: "5880-6.8.6-init", says: "in Init, Init and Up lead to Up" },
  { id: "5880-6.8.6-up", says: "in Up, Down leads to Down with diagnostic 3" },
  { id: "5880-6.8.6-final", says: "F ends our poll sequence" },
  { id: "5880-6.8.7-passive", says: "a passive system that hears nobody says nothing" },
  { id: "5880-6.8.7-zero", says: "a Required Min RX of zero stops periodic packets" },
  { id: "5880-6.8.7-demand", says: "the other's demand stops periodic packets while both are Up" },
  { id: "5880-6.8.7-answer", says: "P is answered at once with F, whatever stops periodic packets" },
  { id: "5880-6.8.7-jitter", says: "intervals are shortened by up to 25 %, by chance" },
  {
    id: "5880-6.8.7-jitter-one",
    says: "with a multiplier of 1, by 10 % at least",
    test: ["test/bfd/settings.test.ts", "intervals and detection times are those of"],
  },
  { id: "5880-6.8.7-change", says: "a changed state is told between two periodic packets" },
  {
    id: "5880-6.8.8",
    says: "echo packets are looped back, and none are sent to who wants none",
    held: "we want none (Required Min Echo RX is zero) and send none",
  },
  {
    id: "5880-6.8.12",
    says: "another multiplier needs no poll sequence",
    test: ["test/bfd/cases.test.ts", "multiplier-changed"],
  },
  {
    id: "5880-6.8.16",
    says: "a session that is closed on purpose says AdminDown for a detection time",
    broken:
      "as in keepalived nothing is said: there AdminDown is no failure, and who tracks the session would not move",
    test: [sessions, "a stop is silent, and the other's detection time alarms whoever tracks it"],
  },
  {
    id: "5881-3",
    says: "one session for each pair of systems and addresses",
    test: ["test/config/cases/bfd.txt", "two sessions with one neighbour that cannot be told apart"],
  },
  {
    id: "5881-4-destination",
    says: "packets go to port 3784",
    test: ["test/bfd/settings.test.ts", "single hops go to port 3784, others to 4784"],
  },
  {
    id: "5881-4-source",
    says: "the source port is one of 49152 to 65535, and the same for the life of the session",
    test: [sessions, "a reload keeps session, port and discriminator"],
  },
  {
    id: "5881-5-sent",
    says: "packets are sent with a TTL or hop limit of 255",
    test: ["test/config/cases/bfd.txt", "IPv6 packets are sent with 255, and those of keepalived are heard"],
  },
  {
    id: "5881-5-received",
    says: "any other TTL is discarded",
    test: [sessions, "one hop too many is dropped, unless the configuration allows it"],
  },
  {
    id: "5881-5-received-v6",
    says: "any other hop limit is discarded",
    broken: "unless ttl is written, 64 is enough over IPv6: keepalived sends it",
    test: ["test/config/cases/bfd.txt", "IPv6 packets are sent with 255, and those of keepalived are heard"],
  },
  {
    id: "5883-5",
    says: "multihop packets go to port 4784",
    test: [sessions, "multihop sessions live on their own port beside single-hop ones"],
  },
];
