/**
 * Every line that the checker process writes. The sentences are an interface: operators grep for
 * them, so they are byte for byte keepalived's, odd spaces and missing full stops included.
 * Names in fields are keepalived's too: `[10.0.0.1]:tcp:80`, `FWM 7`.
 */
import { entry, type LogLine } from "../entry.ts";

type Of<F = unknown> = { readonly realServer: string } & F;
type Pair<F = unknown> = Of<{ readonly virtualServer: string } & F>;
type Url = Of<{ readonly path: string }>;
type Retried = Of<{ readonly retries: number }>;
/** `server`: address and port that were asked, `[10.0.0.1]:25` */
type SmtpServer = Of<{ readonly server: string }>;
type VirtualServer = { readonly virtualServer: string };
/** quorum, hysteresis and live weight at the moment of the change */
type Quorum = {
  readonly virtualServer: string;
  readonly quorum: number;
  readonly hysteresis: number;
  readonly weight: number;
};
/** `object` is what the file says, `where` the place in it */
type Refused = { readonly object: string; readonly where: string; readonly error: string };

/** Id and fields of every line. */
export type CheckerLogFields = {
  readonly "tcp-success": Of;
  readonly "tcp-failed": Of;
  readonly "tcp-timeout": Of;
  readonly "tcp-check-failed": Retried;
  readonly "tcp-rescheduled": Of;
  readonly "http-rescheduled": Of;
  readonly "http-status-success": Url;
  readonly "http-digest-success": Url;
  readonly "http-succeeded": Of;
  readonly "http-connect-failed": Of;
  readonly "http-connect-timeout": Of;
  readonly "http-network-unreachable": Of;
  readonly "http-header-timeout": Of;
  readonly "http-body-timeout": Of;
  readonly "http-no-data": Of;
  readonly "http-read-error": Of;
  readonly "http-status-error": Of;
  readonly "http-digest-error": Of;
  readonly "http-length-mismatch": Pair<{
    readonly path: string;
    readonly declared: number;
    readonly received: number;
  }>;
  readonly "http-check-failed": Retried;
  readonly "ssl-handshake": Of;
  readonly "ssl-timeout": Of;
  readonly "ssl-read-error": Of;
  /** one of the files that the block SSL names */
  readonly "ssl-file-failed": { readonly what: string; readonly where: string; readonly error: string };
  readonly "bfd-check": Of<{ readonly session: string; readonly up: boolean }>;
  readonly "icmp-success": Of;
  readonly "icmp-timeout": Of;
  readonly "icmp-failed": Pair;
  readonly "icmp-check-failed": Pair<{ readonly retries: number }>;
  readonly "icmp-send-failed": Of;
  readonly "icmp-rescheduled": Of;
  /** limits of net.ipv4.ping_group_range */
  readonly "ping-range-widened": { readonly low: number; readonly high: number };
  readonly "ping-range-failed": { readonly group: number; readonly error: string };
  readonly "ping-range-stays": { readonly range: string; readonly error: string };
  readonly "udp-success": Of;
  readonly "udp-failed": Of;
  readonly "udp-mismatch": Of;
  readonly "udp-check-failed": Retried;
  readonly "udp-rescheduled": Of;
  readonly "dns-failed": Retried & { readonly reason: string };
  readonly "dns-rescheduled": Of;
  readonly "smtp-success": Of;
  readonly "smtp-overflow": { readonly server: string };
  readonly "smtp-network-unreachable": SmtpServer;
  readonly "smtp-connect-failed": SmtpServer;
  readonly "smtp-connect-timeout": SmtpServer;
  readonly "smtp-read-timeout": SmtpServer;
  readonly "smtp-read-failed": SmtpServer;
  readonly "smtp-bad-greeting": SmtpServer;
  readonly "smtp-bad-helo": SmtpServer;
  readonly "smtp-rescheduled": Of;
  readonly "misc-succeeded": Pair<{ readonly script: string }>;
  /** `tries` says how often it is tried again or was, `cause` the exit status or signal, each with its space */
  readonly "misc-failed": Pair<{
    readonly script: string;
    readonly verb: string;
    readonly tries: string;
    readonly cause: string;
  }>;
  /** the socket of a probe could not be made; `call` is the system call that refused */
  readonly "probe-refused": Of<{ readonly call: string; readonly errno: number; readonly code: string }>;
  readonly "checker-activated": Pair;
  readonly "service-adding": Pair;
  readonly "service-removing": Pair;
  readonly "service-removing-inhibited": Pair;
  readonly "service-enabling": Pair;
  readonly "service-disabling": Pair;
  readonly "service-shutting-down": Pair;
  readonly "service-shutting-down-inhibited": Pair;
  readonly "service-gone": Of;
  readonly "virtual-server-removing": VirtualServer;
  readonly "weight-changing": Pair<{
    readonly from: number;
    readonly to: number;
    readonly active: boolean;
  }>;
  readonly "quorum-gained": Quorum;
  readonly "quorum-lost": Quorum;
  readonly "quorum-down-at-start": Quorum;
  readonly "sorry-adding": Pair;
  readonly "sorry-removing": Pair;
  readonly "sorry-enabling": Pair;
  readonly "sorry-disabling": Pair;
  readonly "pool-filling": VirtualServer;
  readonly "pool-emptying": VirtualServer;
  readonly "ipvs-initializing": unknown;
  readonly "ipvs-reinitializing": unknown;
  readonly "ipvs-refused": Refused;
  readonly "ipvs-unavailable": { readonly error: string };
  readonly "ipvs-failed": { readonly error: string };
  readonly "group-idle": VirtualServer & { readonly where: string };
};
export type CheckerLogId = keyof CheckerLogFields;
/** A line that a core wants written, as data. */
export type CheckerSentence = {
  [Id in CheckerLogId]: { readonly id: Id; readonly fields: CheckerLogFields[Id] };
}[CheckerLogId];

const afterRetries = (retries: number): string => (retries > 0 ? ` after ${retries} retries` : "");

/** strerror(3) of what a probe may meet. */
const ERROR_TEXT: Readonly<Record<string, string>> = {
  ECONNREFUSED: "Connection refused",
  EHOSTUNREACH: "No route to host",
  ENETUNREACH: "Network is unreachable",
  EACCES: "Permission denied",
  EADDRINUSE: "Address already in use",
  EADDRNOTAVAIL: "Cannot assign requested address",
  EAFNOSUPPORT: "Address family not supported by protocol",
  EINVAL: "Invalid argument",
  EMFILE: "Too many open files",
  ENFILE: "Too many open files in system",
  ENOBUFS: "No buffer space available",
  ENODEV: "No such device",
  ENOMEM: "Cannot allocate memory",
  EPERM: "Operation not permitted",
};
/** What the C library calls an error, by its name. */
export const errorText = (code: string): string => ERROR_TEXT[code] ?? code;

const TEXT: { readonly [Id in CheckerLogId]: (f: CheckerLogFields[Id]) => string } = {
  "tcp-success": (f) => `TCP connection to ${f.realServer} success.`,
  "tcp-failed": (f) => `TCP connection to ${f.realServer} failed.`,
  "tcp-timeout": (f) => `TCP connection to ${f.realServer} timeout.`,
  "tcp-check-failed": (f) => `TCP_CHECK on service ${f.realServer} failed${afterRetries(f.retries)}.`,
  "tcp-rescheduled": () => "TCP socket bind failed. Rescheduling.",
  "http-rescheduled": () => "WEB socket bind failed. Rescheduling",
  "http-status-success": (f) => `HTTP status code success to ${f.realServer} url(${f.path})`,
  "http-digest-success": (f) => `MD5 digest success to ${f.realServer} url(${f.path})`,
  "http-succeeded": (f) => `Remote Web server ${f.realServer} succeed on service.`,
  "http-connect-failed": (f) => `Connection failed server ${f.realServer}.`,
  "http-connect-timeout": (f) => `Timeout connecting server ${f.realServer}.`,
  "http-network-unreachable": (f) => `HTTP_CHECK - network unreachable server ${f.realServer}.`,
  "http-header-timeout": (f) => `Timeout WEB read server ${f.realServer}.`,
  "http-body-timeout": (f) => `Timeout HTTP read server ${f.realServer}.`,
  "http-no-data": (f) => `Read, no data received from  server ${f.realServer}.`,
  "http-read-error": (f) => `Read error with server ${f.realServer}.`,
  "http-status-error": (f) => `HTTP status code error to server ${f.realServer}.`,
  "http-digest-error": (f) => `MD5 digest error to server ${f.realServer}.`,
  "http-length-mismatch": (f) =>
    `http_check for RS ${f.realServer} VS ${f.virtualServer} url ${f.path}: ` +
    `content_length (${f.declared}) does not match received bytes (${f.received})`,
  "http-check-failed": (f) => `HTTP_CHECK on service ${f.realServer} failed${afterRetries(f.retries)}.`,
  "ssl-handshake": (f) => `SSL handshake/communication error connecting to server ${f.realServer}.`,
  "ssl-timeout": (f) => `Timeout SSL read server ${f.realServer}.`,
  "ssl-read-error": (f) => `SSL read error from server ${f.realServer}.`,
  "ssl-file-failed": (f) =>
    `SSL (${f.where}): the ${f.what} cannot be used (${f.error}); SSL_GET checks go on without it`,
  "bfd-check": (f) => `BFD check of [${f.session}] RS(${f.realServer}) is ${f.up ? "UP" : "DOWN"}`,
  "icmp-success": (f) => `ICMP connection to ${f.realServer} success.`,
  "icmp-timeout": (f) => `ICMP connection to address ${f.realServer} timeout.`,
  "icmp-failed": (f) => `ICMP connection to ${f.realServer} of ${f.virtualServer} failed.`,
  "icmp-check-failed": (f) =>
    f.retries > 0
      ? `ICMP CHECK on service ${f.realServer} of ${f.virtualServer} failed after ${f.retries} retries.`
      : `ICMP CHECK on service ${f.realServer} failed.`,
  "icmp-send-failed": () => "send ICMP packet fail",
  "icmp-rescheduled": () => "ICMP connect fail to create socket. Rescheduling.",
  "ping-range-widened": (f) =>
    `Warning: /proc/sys/net/ipv4/ping_group_range being expanded from ${f.low} ${f.high} to 0 ${f.high}`,
  "ping-range-failed": (f) =>
    `PING_CHECK: net.ipv4.ping_group_range keeps group ${f.group} from sending echo requests and cannot be changed ` +
    `(${f.error}); run: sysctl -w net.ipv4.ping_group_range="0 ${f.group}"`,
  "ping-range-stays": (f) => `net.ipv4.ping_group_range could not be set back to ${f.range} (${f.error})`,
  "udp-success": (f) => `UDP connection to ${f.realServer} success.`,
  "udp-failed": (f) => `UDP connection to ${f.realServer} failed.`,
  "udp-mismatch": (f) => `UDP check to ${f.realServer} reply data mismatch.`,
  "udp-check-failed": (f) => `UDP_CHECK on service ${f.realServer} failed${afterRetries(f.retries)}.`,
  "udp-rescheduled": () => "UDP connect fail to create socket. Rescheduling.",
  "dns-failed": (f) => `DNS_CHECK (${f.realServer}) ${f.reason}${afterRetries(f.retries)}`,
  "dns-rescheduled": () => "UDP socket bind failed. Rescheduling.",
  "smtp-success": (f) => `Remote SMTP server ${f.realServer} succeed on service.`,
  "smtp-overflow": (f) =>
    `SMTP_CHECK Buffer overflow reading from server ${f.server}. Increase SMTP_BUFF_MAX in check_smtp.h`,
  "smtp-network-unreachable": (f) =>
    `SMTP_CHECK Network unreachable for server ${f.server} - real server ${f.realServer}`,
  "smtp-connect-failed": (f) => `SMTP_CHECK Could not connect to server ${f.server}`,
  "smtp-connect-timeout": (f) => `SMTP_CHECK Connection timeout to server ${f.server}`,
  "smtp-read-timeout": (f) => `SMTP_CHECK Read timeout from server ${f.server}`,
  "smtp-read-failed": (f) => `SMTP_CHECK Read failure from server ${f.server}`,
  "smtp-bad-greeting": (f) => `SMTP_CHECK Bad greeting banner from server ${f.server}`,
  "smtp-bad-helo": (f) => `SMTP_CHECK Bad HELO response from server ${f.server}`,
  "smtp-rescheduled": () => "SMTP_CHECK socket bind failed. Rescheduling.",
  "misc-succeeded": (f) =>
    `Misc check for [${f.realServer} VS ${f.virtualServer}] by [${f.script}] succeeded.`,
  "misc-failed": (f) =>
    `Misc check for [${f.realServer} VS ${f.virtualServer}] by [${f.script}] ${f.verb}${f.tries}${f.cause}.`,
  "service-adding": (f) => `Adding service ${f.realServer} to VS ${f.virtualServer}`,
  "service-removing": (f) => `Removing service ${f.realServer} from VS ${f.virtualServer}`,
  "service-removing-inhibited": (f) =>
    `Removing (inhibited) service ${f.realServer} from VS ${f.virtualServer}`,
  "service-enabling": (f) => `Enabling service ${f.realServer} of VS ${f.virtualServer}`,
  "service-disabling": (f) => `Disabling service ${f.realServer} of VS ${f.virtualServer}`,
  "service-shutting-down": (f) => `Shutting down service ${f.realServer} from VS ${f.virtualServer}`,
  "service-shutting-down-inhibited": (f) =>
    `Shutting down (inhibited) service ${f.realServer} from VS ${f.virtualServer}`,
  "service-gone": (f) => `service ${f.realServer} no longer exist`,
  "virtual-server-removing": (f) => `Removing Virtual Server ${f.virtualServer}`,
  "weight-changing": (f) =>
    `Changing weight from ${f.from} to ${f.to} for ${f.active ? "active" : "inactive"} service ` +
    `${f.realServer} of VS ${f.virtualServer}`,
  "quorum-gained": (f) =>
    `Gained quorum ${f.quorum}+${f.hysteresis}=${f.quorum + f.hysteresis} <= ${f.weight} for VS ${f.virtualServer}`,
  "quorum-lost": (f) =>
    `Lost quorum ${f.quorum}-${f.hysteresis}=${f.quorum - f.hysteresis} > ${f.weight} for VS ${f.virtualServer}`,
  "quorum-down-at-start": (f) =>
    `Starting with quorum down ${f.quorum}-${f.hysteresis}=${f.quorum - f.hysteresis} > ${f.weight} ` +
    `for VS ${f.virtualServer}`,
  "sorry-adding": (f) => `Adding sorry server ${f.realServer} to VS ${f.virtualServer}`,
  "sorry-removing": (f) => `Removing sorry server ${f.realServer} from VS ${f.virtualServer}`,
  "sorry-enabling": (f) => `Enabling sorry server ${f.realServer} to VS ${f.virtualServer}`,
  "sorry-disabling": (f) => `Disabling sorry server ${f.realServer} from VS ${f.virtualServer}`,
  "pool-filling": (f) => `Adding alive servers to the pool for VS ${f.virtualServer}`,
  "pool-emptying": (f) => `Removing alive servers from the pool for VS ${f.virtualServer}`,
  "probe-refused": (f) =>
    f.call === "connect"
      ? `socket connect error ${f.errno} - ${errorText(f.code)}`
      : `Checker ${f.call} failed: ${errorText(f.code)}`,
  "checker-activated": (f) =>
    `Activating healthchecker for service ${f.realServer} for VS ${f.virtualServer}`,
  "ipvs-initializing": () => "Initializing ipvs",
  "ipvs-reinitializing": () => "Reinitializing ipvs",
  "ipvs-refused": (f) => `${f.object} (${f.where}): ${f.error}`,
  "ipvs-unavailable": (f) => `IPVS: ${f.error}; virtual servers stay idle until a reload finds it`,
  "ipvs-failed": (f) => `IPVS: ${f.error}`,
  "group-idle": (f) =>
    `virtual_server ${f.virtualServer} (${f.where}): virtual_server_group is not supported yet; nothing is in the kernel's table for it`,
};

const ERRORS: ReadonlySet<CheckerLogId> = new Set([
  "ping-range-failed",
  "ping-range-stays",
  "ssl-file-failed",
  "ipvs-refused",
  "ipvs-unavailable",
  "ipvs-failed",
  "group-idle",
]);

/** The line with this id: keepalived's sentence, our fields. */
export function checkerLine(s: CheckerSentence): LogLine {
  const level = ERRORS.has(s.id) ? "error" : "info";
  return entry(s.id, level, TEXT[s.id] as (f: unknown) => string)(s.fields as Record<string, string>);
}
