/** What the words of a bfd_instance mean to a session, its sockets and its packets. Pure. */
import type { BfdInstanceConfig } from "../config/model.ts";
import type { SessionPlace } from "./directory.ts";
import type { SessionParams } from "./session-state.ts";

/** RFC 5881 §4 and RFC 5883 §5. */
const SINGLE_HOP_PORT = 3784;
const MULTIHOP_PORT = 4784;
export const PORTS: readonly number[] = [SINGLE_HOP_PORT, MULTIHOP_PORT];

export function portOf(multihop: boolean): number {
  return multihop ? MULTIHOP_PORT : SINGLE_HOP_PORT;
}

export function isMultihop(port: number): boolean {
  return port === MULTIHOP_PORT;
}

export function paramsOf(c: BfdInstanceConfig): SessionParams {
  return {
    name: c.name,
    minTx: c.minTx,
    idleTx: c.idleTx,
    minRx: c.minRx,
    detectMultiplier: c.multiplier,
    passive: c.passive,
  };
}

export function placeOf(c: BfdInstanceConfig): SessionPlace {
  return { neighbor: c.neighbor, source: c.source, multihop: c.multihop };
}

/** Whether a session goes on under another configuration: it speaks with the same system the same way. */
export function isSameSession(a: BfdInstanceConfig, b: BfdInstanceConfig): boolean {
  return a.neighbor === b.neighbor && a.source === b.source && a.multihop === b.multihop;
}

/** The ports of RFC 5881 §4. */
const RFC_PORTS = { first: 49_152, last: 65_535 };
/** Fewer ports than these are no choice. */
const ENOUGH_PORTS = 1_024;

/**
 * Source ports: those that the RFC wants and the machine gives to everybody, so that none is a service's.
 *
 * @param range `net.ipv4.ip_local_port_range`, undefined when it cannot be read
 * @see RFC 5881 §4
 */
export function sourcePorts(range: string | undefined): { readonly first: number; readonly last: number } {
  const [, low, high] = /^\s*(\d+)\s+(\d+)/.exec(range ?? "") ?? [];
  const first = Math.max(Number(low), RFC_PORTS.first);
  const last = Math.min(Number(high), RFC_PORTS.last);
  return last - first + 1 >= ENOUGH_PORTS ? { first, last } : RFC_PORTS;
}
