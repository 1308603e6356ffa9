/**
 * The question of a PING_CHECK: one ICMP or ICMPv6 echo of its own socket. The kernel fills in identifier
 * and checksum, and gives the socket nothing but answers to it. Pure.
 *
 * @see RFC 792 Echo, RFC 4443 §4
 */
import { familyOf, type IpAddress } from "../base/address.ts";
import type { PingOutcome } from "./checker.ts";
import type { Question } from "./datagram.ts";

/** Bytes behind the header, as keepalived sends them. */
const PAYLOAD = 128;
const HEADER = 8;
/** Every socket counts from one. */
const SEQUENCE = 1;
const ECHO = { ipv4: { request: 8, reply: 0 }, ipv6: { request: 128, reply: 129 } } as const;

const SUCCESS: PingOutcome = { kind: "success" };
const SEND: PingOutcome = { kind: "failure", reason: "send" };
const TIMEOUT: PingOutcome = { kind: "failure", reason: "timeout" };
const ANSWER: PingOutcome = { kind: "failure", reason: "answer" };

const ROOM = new Uint8Array(HEADER + PAYLOAD);

export function pingQuestion(address: IpAddress): Question<PingOutcome> {
  const { request, reply } = ECHO[familyOf(address)];
  const packet = Buffer.alloc(HEADER + PAYLOAD);
  packet[0] = request;
  packet.writeUInt16BE(SEQUENCE, 6);
  return {
    transport: "icmp",
    into: ROOM,
    ask: () => packet,
    judge: (answer) => {
      const isOurs = answer.length >= HEADER && answer[0] === reply && answer[7] === SEQUENCE;
      return isOurs && answer[6] === 0 ? SUCCESS : ANSWER;
    },
    silence: () => TIMEOUT,
    failed: (error) => (error.syscall === "read" ? ANSWER : SEND),
  };
}
