/**
 * Every line about BFD sessions. Sentences that keepalived has are byte for byte its own, odd spaces
 * included, because operators grep for them.
 */
import { between, type Instant } from "../../base/units.ts";
import { entry, type LogLine } from "../entry.ts";

type Session = { readonly session: string };
type Of<F> = Session & F;
/** `sender` is `[address]:port` */
type Sent<F = unknown> = { readonly sender: string } & F;
type Value = { readonly value: number };
/** all in microseconds but the multiplier */
type Side = {
  readonly minTx: number;
  readonly minRx: number;
  readonly interval: number;
  readonly multiplier: number;
  readonly detectionTime: number;
};

/** Id and fields of every line. */
export type BfdLogFields = {
  readonly "bfd-entering": Of<{ readonly state: string }>;
  /** diagnostics are numbers of RFC 5880 §4.1 */
  readonly "bfd-entering-down": Of<{ readonly local: number; readonly remote: number }>;
  readonly "bfd-expired": Of<{ readonly milliseconds: number; readonly overdue: number }>;
  readonly "bfd-poll": Session;
  readonly "bfd-parameters": Session;
  readonly "bfd-parameters-head": Session;
  readonly "bfd-parameters-local": Of<Side>;
  readonly "bfd-parameters-remote": Of<Side>;
  readonly "bfd-parameters-detection": Of<{ readonly now: number; readonly was: number }>;
  readonly "bfd-output-failed": Of<{ readonly call: string; readonly error: string }>;
  readonly "bfd-disabled": Session;
  readonly "bfd-send-error": { readonly error: string };
  readonly "bfd-send-failed": Session;
  readonly "bfd-listen-failed": { readonly port: number; readonly call: string; readonly error: string };
  readonly "bfd-no-listener": Record<string, never>;
  readonly "bfd-receive-failed": { readonly error: string };
  readonly "bfd-no-ttl": Record<string, never>;
  readonly "bfd-too-small": Value;
  readonly "bfd-length-mismatch": Value & { readonly length: number };
  readonly "bfd-version": Value;
  readonly "bfd-multiplier-zero": Record<string, never>;
  readonly "bfd-multipoint": Record<string, never>;
  readonly "bfd-my-discriminator-zero": Record<string, never>;
  readonly "bfd-your-discriminator-zero": Record<string, never>;
  readonly "bfd-poll-and-final": Record<string, never>;
  readonly "bfd-diagnostic": Value;
  readonly "bfd-bogus": Sent;
  readonly "bfd-authenticated": Sent;
  readonly "bfd-unknown": Sent<{ readonly discriminator: number }>;
  readonly "bfd-admin-down": Sent;
  readonly "bfd-ttl": {
    readonly name: "ttl" | "hop_limit";
    readonly received: number;
    readonly least: number;
  };
  readonly "bfd-suppressed": { readonly count: number };
  readonly "bfd-event": Of<{ readonly up: boolean; readonly micros: number }>;
};
export type BfdLogId = keyof BfdLogFields;
/** A line about to be written. */
export type BfdSentence = {
  readonly [K in BfdLogId]: { readonly id: K; readonly fields: BfdLogFields[K] };
}[BfdLogId];

const DIAGNOSTICS = [
  "No Diagnostic",
  "Control Detection Time Expired",
  "Echo Function Failed",
  "Neighbor Signaled Session Down",
  "Forwarding Plane Reset",
  "Path Down",
  "Concatenated Path Down",
  "Administratively Down",
  "Reverse Concatenated Path Down",
];

const TEXT: { readonly [K in BfdLogId]: (f: BfdLogFields[K]) => string } = {
  "bfd-entering": (f) => `(${f.session}) Entering ${f.state} state`,
  "bfd-entering-down": (f) =>
    `(${f.session}) Entering Down state (Local diagnostic - ${DIAGNOSTICS[f.local]}, Remote diagnostic - ${DIAGNOSTICS[f.remote]})`,
  "bfd-expired": (f) => `(${f.session}) Expired after ${f.milliseconds} ms (${f.overdue} usec overdue)`,
  "bfd-poll": (f) => `(${f.session}) Starting poll sequence`,
  "bfd-parameters": (f) => `(${f.session}) ---------------< Session parameters >--------------`,
  "bfd-parameters-head": (f) => `${pad(f)}          min_tx  min_rx  tx_intv  mult  detect_time`,
  "bfd-parameters-local": (f) => `${pad(f)} local  ${row(f)}`,
  "bfd-parameters-remote": (f) => `${pad(f)} remote ${row(f)}`,
  "bfd-parameters-detection": (f) => `${pad(f)} Detection time is ${f.now} us (was ${f.was} us)`,
  "bfd-output-failed": (f) => `(${f.session}) ${f.call}() error (${f.error})`,
  "bfd-disabled": (f) => `(${f.session}) Unable to open output socket, disabling instance`,
  "bfd-send-error": (f) => `sendto() error (${f.error})`,
  "bfd-send-failed": (f) => `(${f.session}) Error sending packet`,
  "bfd-listen-failed": (f) => `${f.call}() error ${f.error} on UDP port ${f.port}`,
  "bfd-no-listener": () => "Unable to open listening socket",
  "bfd-receive-failed": (f) => `recvmsg() error (${f.error})`,
  "bfd-no-ttl": () => "recvmsg() returned no TTL control message",
  "bfd-too-small": (f) => `Packet is too small: ${f.value} bytes`,
  "bfd-length-mismatch": (f) =>
    `Packet size mismatch: length field: ${f.value} bytes, buffer size: ${f.length} bytes`,
  "bfd-version": (f) => `Packet is of unsupported version: ${f.value}`,
  "bfd-multiplier-zero": () => "Packet 'detection multiplier' field is zero",
  "bfd-multipoint": () => "Packet has 'multipoint' flag",
  "bfd-my-discriminator-zero": () => "Packet 'my discriminator' field is zero",
  "bfd-your-discriminator-zero": () =>
    "Packet 'your discriminator' field is zero and 'state' field is not Down or AdminDown",
  "bfd-poll-and-final": () => "Packet has both poll and final  flags set",
  "bfd-diagnostic": (f) => `Packet has invalid 'diag' field: ${f.value}`,
  "bfd-bogus": (f) => `Discarding bogus packet from ${f.sender}`,
  "bfd-authenticated": (f) =>
    `Discarding packet from ${f.sender} (auth bit is set, but no authentication  is in use)`,
  "bfd-unknown": (f) =>
    `Discarding packet from ${f.sender} (session is not found - your discriminator field is 0x${f.discriminator.toString(16).padStart(8, "0")})`,
  "bfd-admin-down": (f) => `Discarding packet from ${f.sender} (session is in AdminDown state)`,
  "bfd-ttl": (f) => `Packet ${f.name}(${f.received}) < ${f.least} - discarding`,
  "bfd-suppressed": (f) => `${f.count} more packets were discarded in the last minute`,
  "bfd-event": (f) =>
    `Received BFD event: instance ${f.session} is in state ${f.up ? "Up" : "Down"} (delivered in ${f.micros} usec)`,
};

const WARNINGS: ReadonlySet<BfdLogId> = new Set([
  "bfd-entering-down",
  "bfd-expired",
  "bfd-output-failed",
  "bfd-disabled",
  "bfd-send-error",
  "bfd-send-failed",
  "bfd-receive-failed",
]);
const ERRORS: ReadonlySet<BfdLogId> = new Set(["bfd-listen-failed", "bfd-no-listener"]);
/** What keepalived says with --log-detail only: numbers, news, and complaints about packets. */
const DETAILS: ReadonlySet<BfdLogId> = new Set([
  "bfd-poll",
  "bfd-parameters",
  "bfd-parameters-head",
  "bfd-parameters-local",
  "bfd-parameters-remote",
  "bfd-parameters-detection",
  "bfd-event",
  "bfd-no-ttl",
  "bfd-too-small",
  "bfd-length-mismatch",
  "bfd-version",
  "bfd-multiplier-zero",
  "bfd-multipoint",
  "bfd-my-discriminator-zero",
  "bfd-your-discriminator-zero",
  "bfd-poll-and-final",
  "bfd-diagnostic",
  "bfd-bogus",
  "bfd-authenticated",
  "bfd-unknown",
  "bfd-admin-down",
  "bfd-ttl",
  "bfd-suppressed",
]);

/** The line with this id: keepalived's sentence where it has one, our fields. */
export function bfdLine(s: BfdSentence): LogLine {
  const level = ERRORS.has(s.id) ? "error" : WARNINGS.has(s.id) ? "warning" : "info";
  const text = TEXT[s.id] as (f: unknown) => string;
  return entry(s.id, level, text, { detail: DETAILS.has(s.id) })(s.fields as Record<string, string>);
}

/** Continuation lines stand behind the name. */
function pad({ session }: Session): string {
  return " ".repeat(session.length + 2);
}

function row(f: Side): string {
  const column = (n: number, width: number): string => String(n).padStart(width);
  return [
    column(f.minTx, 8),
    column(f.minRx, 7),
    column(f.interval, 8),
    column(f.multiplier, 5),
    column(f.detectionTime, 12),
  ].join(" ");
}

/** A session's news as its listeners log it. @param at when it was sent @param now on the same clock */
export function bfdEventLine(
  notice: { readonly session: string; readonly up: boolean; readonly at: Instant },
  now: Instant,
): LogLine {
  const { session, up, at } = notice;
  return bfdLine({ id: "bfd-event", fields: { session, up, micros: between(at, now) } });
}
