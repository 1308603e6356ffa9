/**
 * How virtual and real servers are called in log lines, FIFO records and scripts: keepalived's
 * forms, `[10.0.0.1]:tcp:80`, `FWM 7`, `[group]:0`. A real server is printed with the protocol of
 * its virtual server. Pure text, no decisions.
 */
import type { IpAddress } from "../base/address.ts";
import type { VirtualServerTarget } from "../config/model.ts";

/** @param ordinal which of the virtual servers that use a group this is, from 0 */
export function virtualServerName(target: VirtualServerTarget, ordinal = 0): string {
  if (target.kind === "fwmark") return `FWM ${target.mark}`;
  if (target.kind === "group") return `[${target.name}]:${ordinal}`;
  return `[${target.address}]:${target.protocol}:${target.port}`;
}

/** @param target the virtual server; a firewall mark has no protocol and prints `none` */
export function realServerName(
  target: VirtualServerTarget,
  server: { readonly address: IpAddress; readonly port: number },
): string {
  return `[${server.address}]:${target.kind === "fwmark" ? "none" : target.protocol}:${server.port}`;
}

/**
 * What makes a virtual server the same one after a reload, as a Map key.
 *
 * @see keepalived.conf(5) "virtual_server"
 */
export function virtualServerKey(target: VirtualServerTarget): string {
  if (target.kind === "fwmark") return `FWM ${target.mark} ${target.family}`;
  if (target.kind === "group") return `GROUP ${target.name} ${target.protocol}`;
  return `${target.protocol} ${target.address} ${target.port}`;
}
