/**
 * The kernel's connection synchronisation: its bytes, and what must be told to the kernel so that it runs in
 * the role and with the settings that are wanted. Pure.
 *
 * @see keepalived.conf(5) lvs_sync_daemon, linux/ip_vs.h IPVS_CMD_NEW_DAEMON
 */
import { bytesOf, formatIpAddress, type IpAddress } from "../base/address.ts";
import { AttributeWriter } from "../base/attributes.ts";
import type { LvsSyncDaemon } from "../config/model-global.ts";
import { COMMAND, type Decoded, decodeValues, encodeValues, IPVS_CMD_ATTR, IPVS_VERSION } from "./schema.ts";

/** A master sends the connections of this machine, a backup takes those of others. */
export type SyncRole = "master" | "backup";

/** One daemon; the kernel has at most one of each role. */
export interface SyncDaemon {
  readonly role: SyncRole;
  readonly interface: string;
  /** 0-255: daemons of one id belong together */
  readonly id: number;
  /** bytes; undefined: the kernel's choice, as for all that follow */
  readonly maxlen: number | undefined;
  readonly group: IpAddress | undefined;
  readonly port: number | undefined;
  readonly ttl: number | undefined;
}

export type SyncDaemonOperation =
  | { readonly kind: "startDaemon"; readonly daemon: SyncDaemon }
  | { readonly kind: "stopDaemon"; readonly role: SyncRole };

/** The command of each kind of operation, by its C name. */
export const DAEMON_COMMAND = {
  startDaemon: "IPVS_CMD_NEW_DAEMON",
  stopDaemon: "IPVS_CMD_DEL_DAEMON",
} as const;

const IPVS_DAEMON_ATTR = {
  state: { c: "IPVS_DAEMON_ATTR_STATE", id: 1, kind: "u32" },
  interface: { c: "IPVS_DAEMON_ATTR_MCAST_IFN", id: 2, kind: "string" },
  id: { c: "IPVS_DAEMON_ATTR_SYNC_ID", id: 3, kind: "u32" },
  maxlen: { c: "IPVS_DAEMON_ATTR_SYNC_MAXLEN", id: 4, kind: "u16" },
  port: { c: "IPVS_DAEMON_ATTR_MCAST_PORT", id: 7, kind: "u16" },
  ttl: { c: "IPVS_DAEMON_ATTR_MCAST_TTL", id: 8, kind: "u8" },
} as const;
/** Their payload is the address alone: four bytes and sixteen. */
const IPVS_DAEMON_ATTR_MCAST_GROUP = 5;
const IPVS_DAEMON_ATTR_MCAST_GROUP6 = 6;
/** IP_VS_STATE_MASTER and IP_VS_STATE_BACKUP */
const STATE: Readonly<Record<SyncRole, number>> = { master: 1, backup: 2 };
/** struct genlmsghdr before the first attribute */
const HEADER_BYTES = 4;

/** @param vrid of the instance that is followed: the id where the configuration names none */
export function syncDaemonOf(c: LvsSyncDaemon, role: SyncRole, vrid: number): SyncDaemon {
  const { maxlen, group, port, ttl } = c;
  return { role, interface: c.interface, id: c.id ?? vrid, maxlen, group, port, ttl };
}

/** What leads from the daemons that run to those that are wanted. */
export function planSyncDaemons(
  running: readonly SyncDaemon[],
  wanted: readonly SyncDaemon[],
): readonly SyncDaemonOperation[] {
  const stops = running.filter((daemon) => !wanted.some((other) => isSame(daemon, other)));
  const starts = wanted.filter((daemon) => !running.some((other) => isSame(other, daemon)));
  return [
    ...stops.map(({ role }) => ({ kind: "stopDaemon" as const, role })),
    ...starts.map((daemon) => ({ kind: "startDaemon" as const, daemon })),
  ];
}

/** What the configuration leaves to the kernel is no difference. */
function isSame(running: SyncDaemon, wanted: SyncDaemon): boolean {
  return (
    running.role === wanted.role &&
    running.interface === wanted.interface &&
    running.id === wanted.id &&
    (["maxlen", "group", "port", "ttl"] as const).every(
      (key) => wanted[key] === undefined || wanted[key] === running[key],
    )
  );
}

/** The body of one operation. */
export function encodeDaemonOperation(o: SyncDaemonOperation): Buffer {
  if (o.kind === "stopDaemon")
    return message(COMMAND.IPVS_CMD_DEL_DAEMON, (inner) =>
      encodeValues(IPVS_DAEMON_ATTR, { state: STATE[o.role] }, inner),
    );
  const { role, interface: name, id, maxlen, group, port, ttl } = o.daemon;
  return message(COMMAND.IPVS_CMD_NEW_DAEMON, (inner) => {
    const given = Object.fromEntries(
      Object.entries({ maxlen, port, ttl }).filter(([, value]) => value !== undefined),
    );
    encodeValues(IPVS_DAEMON_ATTR, { state: STATE[role], interface: name, id, ...given }, inner);
    if (group === undefined) return;
    const is6 = group.includes(":");
    inner.bytes(is6 ? IPVS_DAEMON_ATTR_MCAST_GROUP6 : IPVS_DAEMON_ATTR_MCAST_GROUP, bytesOf(group));
  });
}

/** GET_DAEMON, to be sent as a dump: answers one daemon a message. */
export function encodeDaemonDump(): Buffer {
  return new AttributeWriter(header(COMMAND.IPVS_CMD_GET_DAEMON)).finish();
}

/** Reads one message of the GET_DAEMON dump. */
export function decodeDaemon(body: Uint8Array): Decoded<SyncDaemon> {
  const outer = decodeValues(IPVS_CMD_ATTR, body, HEADER_BYTES);
  if (!outer.ok) return outer;
  const { daemon } = outer.value.fields;
  if (daemon === undefined) return { ok: false, reason: "missing", detail: IPVS_CMD_ATTR.daemon.c };
  const read = decodeValues(IPVS_DAEMON_ATTR, daemon);
  if (!read.ok) return read;
  const { state, interface: name, id, maxlen, port, ttl } = read.value.fields;
  if (state === undefined || name === undefined)
    return {
      ok: false,
      reason: "missing",
      detail: IPVS_DAEMON_ATTR[state === undefined ? "state" : "interface"].c,
    };
  const role = state === STATE.master ? "master" : "backup";
  const raw = read.value.unknown.find(
    (a) =>
      (a.id === IPVS_DAEMON_ATTR_MCAST_GROUP && a.payload.length === 4) ||
      (a.id === IPVS_DAEMON_ATTR_MCAST_GROUP6 && a.payload.length === 16),
  );
  const group = raw === undefined ? undefined : formatIpAddress(raw.payload);
  return { ok: true, value: { role, interface: name, id: id ?? 0, maxlen, group, port, ttl } };
}

function message(command: number, fill: (inner: AttributeWriter) => void): Buffer {
  const inner = new AttributeWriter();
  fill(inner);
  const writer = new AttributeWriter(header(command));
  encodeValues(IPVS_CMD_ATTR, { daemon: inner.finish() }, writer);
  return writer.finish();
}

function header(command: number): Uint8Array {
  return Uint8Array.of(command, IPVS_VERSION, 0, 0);
}
