/**
 * The question of a DNS_CHECK: one query over UDP with a random id. Any answer to it without an error
 * code is a success, whatever it says. Pure, its randomness excepted, which comes from outside.
 *
 * @see RFC 1035 §4.1
 */
import type { DaemonError } from "../base/errors.ts";
import type { DnsCheckConfig } from "../config/model-lvs.ts";
import { errorText } from "../log/catalogue/checkers.ts";
import { type DnsOutcome, isRemoteTrouble } from "./checker.ts";
import type { Question } from "./datagram.ts";

const HEADER = 12;
const CLASS_IN = 1;
/** QR and RD of the header's second 16 bits */
const RESPONSE = 0x8000;
const RECURSION_DESIRED = 0x0100;
const RCODE = 0x000f;
/** RFC 1035 §3.2.2, 3596, 4034 */
const TYPES = { A: 1, NS: 2, CNAME: 5, SOA: 6, MX: 15, TXT: 16, AAAA: 28, RRSIG: 46, DNSKEY: 48 } as const;
/** RFC 1035 §2.3.4: a label has at most 63 bytes */
const LABEL = 63;

const SUCCESS: DnsOutcome = { kind: "success" };
const ROOM = Buffer.alloc(4096);

/** @param random in [0, 1), for the id */
export function dnsQuestion(config: DnsCheckConfig, random: () => number): Question<DnsOutcome> {
  const query = encodeQuery(config);
  return {
    transport: "udp",
    into: ROOM,
    ask: () => {
      query.writeUInt16BE(Math.floor(random() * 0x10000), 0);
      return query;
    },
    judge: (answer) => {
      if (answer.length < HEADER || ROOM.readUInt16BE(0) !== query.readUInt16BE(0)) return undefined;
      const flags = ROOM.readUInt16BE(2);
      if ((flags & RESPONSE) === 0) return undefined;
      const rcode = flags & RCODE;
      return rcode === 0 ? SUCCESS : failure(`read error occurred. (rcode = ${rcode})`);
    },
    silence: () => failure("read timeout from socket"),
    failed,
  };
}

function failed(error: DaemonError): DnsOutcome {
  if (error.syscall === "read")
    return failure(`failed to read socket; errno ${error.errno} (${errorText(error.code)})`);
  if (error.syscall === "send") return failure("failed to write socket.");
  return isRemoteTrouble(error) ? failure("connection error.") : { kind: "local", error };
}

function failure(reason: string): DnsOutcome {
  return { kind: "failure", reason };
}

/** The header without its id, and the question. */
function encodeQuery({ name, type }: DnsCheckConfig): Buffer {
  const header = Buffer.alloc(HEADER);
  header.writeUInt16BE(RECURSION_DESIRED, 2);
  header.writeUInt16BE(1, 4);
  const parts: Uint8Array[] = [header];
  for (const label of name.replace(/\.$/, "").split(".")) {
    const bytes = Buffer.from(label).subarray(0, LABEL);
    if (bytes.length > 0) parts.push(Buffer.from([bytes.length]), bytes);
  }
  const end = Buffer.alloc(5);
  end.writeUInt16BE(TYPES[type], 1);
  end.writeUInt16BE(CLASS_IN, 3);
  return Buffer.concat([...parts, end]);
}
