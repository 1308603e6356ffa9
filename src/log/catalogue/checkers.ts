/**
 * Every line that the checker process writes. The sentences are an interface: operators grep for
 * them, so they are byte for byte keepalived's, odd spaces and missing full stops included.
 */
import { entry } from "../entry.ts";

interface Server {
  readonly [k: string]: string;
  readonly realServer: string;
}
interface Pair {
  readonly [k: string]: string;
  readonly realServer: string;
  readonly virtualServer: string;
}
interface Url {
  readonly [k: string]: string;
  readonly realServer: string;
  readonly path: string;
}
type Retried = { readonly realServer: string; readonly retries: number };
type Quorum = {
  readonly virtualServer: string;
  readonly quorum: number;
  readonly hysteresis: number;
  readonly weight: number;
};

const afterRetries = (retries: number): string => (retries > 0 ? ` after ${retries} retries` : "");

/** Sentences that the pure cores ask for by id, see checkers/sentences.ts. */
export const checkerLines = {
  "tcp-success": entry<Server>("tcp-success", "info", (f) => `TCP connection to ${f.realServer} success.`),
  "tcp-failed": entry<Server>("tcp-failed", "info", (f) => `TCP connection to ${f.realServer} failed.`),
  "tcp-timeout": entry<Server>("tcp-timeout", "info", (f) => `TCP connection to ${f.realServer} timeout.`),
  "tcp-check-failed": entry<Retried>(
    "tcp-check-failed",
    "info",
    (f) => `TCP_CHECK on service ${f.realServer} failed${afterRetries(f.retries)}.`,
  ),
  "check-rescheduled": entry<{ checker: string; call: string; error: string }>(
    "check-rescheduled",
    "info",
    (f) => (f.checker === "TCP" ? "TCP socket bind failed. Rescheduling." : "WEB socket bind failed. Rescheduling"),
  ),
  "http-status-success": entry<Url>(
    "http-status-success",
    "info",
    (f) => `HTTP status code success to ${f.realServer} url(${f.path})`,
  ),
  "http-digest-success": entry<Url>(
    "http-digest-success",
    "info",
    (f) => `MD5 digest success to ${f.realServer} url(${f.path})`,
  ),
  "http-succeeded": entry<Server>(
    "http-succeeded",
    "info",
    (f) => `Remote Web server ${f.realServer} succeed on service.`,
  ),
  "http-connect-failed": entry<Server>(
    "http-connect-failed",
    "info",
    (f) => `Connection failed server ${f.realServer}.`,
  ),
  "http-connect-timeout": entry<Server>(
    "http-connect-timeout",
    "info",
    (f) => `Timeout connecting server ${f.realServer}.`,
  ),
  "http-network-unreachable": entry<Server>(
    "http-network-unreachable",
    "info",
    (f) => `HTTP_CHECK - network unreachable server ${f.realServer}.`,
  ),
  "http-header-timeout": entry<Server>(
    "http-header-timeout",
    "info",
    (f) => `Timeout WEB read server ${f.realServer}.`,
  ),
  "http-body-timeout": entry<Server>(
    "http-body-timeout",
    "info",
    (f) => `Timeout HTTP read server ${f.realServer}.`,
  ),
  "http-no-data": entry<Server>(
    "http-no-data",
    "info",
    (f) => `Read, no data received from  server ${f.realServer}.`,
  ),
  "http-read-error": entry<Server>(
    "http-read-error",
    "info",
    (f) => `Read error with server ${f.realServer}.`,
  ),
  "http-status-error": entry<Server>(
    "http-status-error",
    "info",
    (f) => `HTTP status code error to server ${f.realServer}.`,
  ),
  "http-digest-error": entry<Server>(
    "http-digest-error",
    "info",
    (f) => `MD5 digest error to server ${f.realServer}.`,
  ),
  "http-length-mismatch": entry<{
    realServer: string;
    virtualServer: string;
    path: string;
    declared: number;
    received: number;
  }>(
    "http-length-mismatch",
    "info",
    (f) =>
      `http_check for RS ${f.realServer} VS ${f.virtualServer} url ${f.path}: ` +
      `content_length (${f.declared}) does not match received bytes (${f.received})`,
  ),
  "http-check-failed": entry<Retried>(
    "http-check-failed",
    "info",
    (f) => `HTTP_CHECK on service ${f.realServer} failed${afterRetries(f.retries)}.`,
  ),
  "service-adding": entry<Pair>(
    "service-adding",
    "info",
    (f) => `Adding service ${f.realServer} to VS ${f.virtualServer}`,
  ),
  "service-removing": entry<Pair>(
    "service-removing",
    "info",
    (f) => `Removing service ${f.realServer} from VS ${f.virtualServer}`,
  ),
  "service-removing-inhibited": entry<Pair>(
    "service-removing-inhibited",
    "info",
    (f) => `Removing (inhibited) service ${f.realServer} from VS ${f.virtualServer}`,
  ),
  "service-enabling": entry<Pair>(
    "service-enabling",
    "info",
    (f) => `Enabling service ${f.realServer} of VS ${f.virtualServer}`,
  ),
  "service-disabling": entry<Pair>(
    "service-disabling",
    "info",
    (f) => `Disabling service ${f.realServer} of VS ${f.virtualServer}`,
  ),
  "service-shutting-down": entry<Pair>(
    "service-shutting-down",
    "info",
    (f) => `Shutting down service ${f.realServer} from VS ${f.virtualServer}`,
  ),
  "service-shutting-down-inhibited": entry<Pair>(
    "service-shutting-down-inhibited",
    "info",
    (f) => `Shutting down (inhibited) service ${f.realServer} from VS ${f.virtualServer}`,
  ),
  "service-gone": entry<Server>("service-gone", "info", (f) => `service ${f.realServer} no longer exist`),
  "virtual-server-removing": entry<{ virtualServer: string }>(
    "virtual-server-removing",
    "info",
    (f) => `Removing Virtual Server ${f.virtualServer}`,
  ),
  "weight-changing": entry<{
    realServer: string;
    virtualServer: string;
    from: number;
    to: number;
    active: boolean;
  }>(
    "weight-changing",
    "info",
    (f) =>
      `Changing weight from ${f.from} to ${f.to} for ${f.active ? "active" : "inactive"} service ` +
      `${f.realServer} of VS ${f.virtualServer}`,
  ),
  "quorum-gained": entry<Quorum>(
    "quorum-gained",
    "info",
    (f) =>
      `Gained quorum ${f.quorum}+${f.hysteresis}=${f.quorum + f.hysteresis} <= ${f.weight} for VS ${f.virtualServer}`,
  ),
  "quorum-lost": entry<Quorum>(
    "quorum-lost",
    "info",
    (f) =>
      `Lost quorum ${f.quorum}-${f.hysteresis}=${f.quorum - f.hysteresis} > ${f.weight} for VS ${f.virtualServer}`,
  ),
  "quorum-down-at-start": entry<Quorum>(
    "quorum-down-at-start",
    "info",
    (f) =>
      `Starting with quorum down ${f.quorum}-${f.hysteresis}=${f.quorum - f.hysteresis} > ${f.weight} ` +
      `for VS ${f.virtualServer}`,
  ),
  "sorry-adding": entry<Pair>(
    "sorry-adding",
    "info",
    (f) => `Adding sorry server ${f.realServer} to VS ${f.virtualServer}`,
  ),
  "sorry-removing": entry<Pair>(
    "sorry-removing",
    "info",
    (f) => `Removing sorry server ${f.realServer} from VS ${f.virtualServer}`,
  ),
  "sorry-enabling": entry<Pair>(
    "sorry-enabling",
    "info",
    (f) => `Enabling sorry server ${f.realServer} to VS ${f.virtualServer}`,
  ),
  "sorry-disabling": entry<Pair>(
    "sorry-disabling",
    "info",
    (f) => `Disabling sorry server ${f.realServer} from VS ${f.virtualServer}`,
  ),
  "pool-filling": entry<{ virtualServer: string }>(
    "pool-filling",
    "info",
    (f) => `Adding alive servers to the pool for VS ${f.virtualServer}`,
  ),
  "pool-emptying": entry<{ virtualServer: string }>(
    "pool-emptying",
    "info",
    (f) => `Removing alive servers from the pool for VS ${f.virtualServer}`,
  ),
} as const;

/** @param call what the kernel refused: `bind`, `connect`, another system call */
export const probeRefused = entry<{ call: string; errno: number; text: string }>("probe-refused", "info", (f) =>
  f.call === "connect"
    ? `socket connect error ${f.errno} - ${f.text}`
    : f.call === "bind"
      ? `Checker bind failed: ${f.text}`
      : `Checker ${f.call} failed: ${f.text}`,
);
export const checkerActivated = entry<Pair>(
  "checker-activated",
  "info",
  (f) => `Activating healthchecker for service ${f.realServer} for VS ${f.virtualServer}`,
);
export const ipvsInitializing = entry<Record<string, never>>("ipvs-initializing", "info", () => "Initializing ipvs");
export const ipvsReinitializing = entry<Record<string, never>>(
  "ipvs-reinitializing",
  "info",
  () => "Reinitializing ipvs",
);
/** An object of the configuration that the kernel refused, at the place where it is written. */
export const ipvsRefused = entry<{ object: string; where: string; error: string }>(
  "ipvs-refused",
  "error",
  (f) => `${f.object} (${f.where}): ${f.error}`,
);
export const ipvsUnavailable = entry<{ error: string }>(
  "ipvs-unavailable",
  "error",
  (f) => `IPVS is not available: ${f.error}; virtual servers are idle until a reload finds it`,
);
export const groupNotSupported = entry<{ virtualServer: string; where: string }>(
  "virtual-server-group-idle",
  "warning",
  (f) => `virtual_server ${f.virtualServer} (${f.where}): virtual_server_group is not supported yet; not in the kernel's table`,
);
