/**
 * The question of a UDP_CHECK: a payload, and what must come back, if anything must: without
 * `require_reply` only "destination unreachable" says that nobody is there. Pure.
 */
import type { UdpCheckConfig } from "../config/model-lvs.ts";
import type { ProbeIo, ProbeSocket, UdpOutcome } from "./checker.ts";
import type { Question } from "./datagram.ts";

const SUCCESS: UdpOutcome = { kind: "success" };
const SEND: UdpOutcome = { kind: "failure", reason: "send" };
const UNREACHABLE: UdpOutcome = { kind: "failure", reason: "unreachable" };
const TIMEOUT: UdpOutcome = { kind: "failure", reason: "timeout" };
const MISMATCH: UdpOutcome = { kind: "failure", reason: "mismatch" };

/** What is sent where the file says nothing: 32 bytes. */
const FILLER = Buffer.from("keepalived check - keepalived ch");

export function udpQuestion(config: UdpCheckConfig): Question<UdpOutcome> {
  const payload = config.payload === undefined ? FILLER : Buffer.from(config.payload, "hex");
  const matches = replyTest(config);
  return {
    transport: "udp",
    into: roomFor(config.maxReplyLength + 1),
    ask: () => payload,
    judge: (answer) => (matches(answer) ? SUCCESS : MISMATCH),
    refused,
    silence: () => (config.requireReply ? TIMEOUT : SUCCESS),
    failed: (error) => (error.syscall === "read" ? UNREACHABLE : SEND),
  };
}

/** Errors other than "destination unreachable" show that somebody is there. */
function refused(io: ProbeIo, socket: ProbeSocket): UdpOutcome | undefined {
  const refusal = io.receiveRefusal(socket);
  if (refusal === undefined) return undefined;
  return refusal.unreachable ? UNREACHABLE : SUCCESS;
}

/** The limits of the length count only together with a pattern. */
function replyTest(config: UdpCheckConfig): (answer: Uint8Array) => boolean {
  const { replyPattern, minReplyLength, maxReplyLength } = config;
  if (replyPattern === undefined) return () => true;
  const bytes = Buffer.from(replyPattern.bytes, "hex");
  const mask = Buffer.from(replyPattern.mask, "hex");
  return (answer) => {
    if (answer.length < minReplyLength || answer.length > maxReplyLength) return false;
    const length = Math.min(answer.length, bytes.length);
    for (let i = 0; i < length; i++)
      if ((((answer[i] ?? 0) ^ (bytes[i] ?? 0)) & (mask[i] ?? 0)) !== 0) return false;
    return true;
  };
}

/** One room for all: an answer is judged before the next one is read. */
let room = new Uint8Array(256);

function roomFor(length: number): Uint8Array {
  if (room.length < length) room = new Uint8Array(length);
  return room.subarray(0, length);
}
