/**
 * Every line the VRRP process writes about the interfaces that it makes and the kernel parameters that it
 * changes. Sentences are keepalived's where it has one.
 */
import { entry, type LogLine } from "../entry.ts";

type OfDevice<F = unknown> = { readonly instance: string; readonly device: string } & F;
type OfSysctl<F = unknown> = { readonly sysctl: string } & F;

/** Id and fields of every line. */
export type InterfaceLogFields = {
  readonly "device-created": OfDevice<{ readonly kind: "VMAC" | "ipvlan" }>;
  readonly "device-adopted": OfDevice;
  readonly "device-removed": OfDevice;
  readonly "device-failed": OfDevice<{ readonly parent: string; readonly reason: string }>;
  readonly "device-remove-failed": OfDevice<{ readonly reason: string }>;
  readonly "device-name-taken": OfDevice;
  readonly "device-shared": { readonly instance: string; readonly other: string };
  readonly "sysctl-set": OfSysctl<{ readonly was: string; readonly now: string }>;
  readonly "sysctl-reset": OfSysctl<{ readonly now: string }>;
  readonly "sysctl-failed": OfSysctl<{ readonly value: string; readonly reason: string }>;
  readonly "linkbeat-state": { readonly interface: string; readonly up: boolean };
  readonly "linkbeat-off": { readonly interface: string };
  readonly "linkbeat-method": {
    readonly interface: string;
    readonly wanted: string;
    readonly method: string;
  };
  readonly "debounce-limited": {
    readonly instance: string;
    readonly interface: string;
    readonly downTimerAdverts: number;
  };
  readonly "interface-added": { readonly interface: string };
  readonly "interface-renamed": { readonly from: string; readonly to: string };
};

export type InterfaceLogId = keyof InterfaceLogFields;
type Sentences = { readonly [K in InterfaceLogId]: (fields: InterfaceLogFields[K]) => LogLine };

const dotted = (name: string): string => name.replaceAll("/", ".");

/** The lines by id. */
export const interfaceLog: Sentences = {
  "device-created": entry(
    "vrrp-device-created",
    "info",
    (f) => `(${f.instance}): Success creating ${f.kind} interface ${f.device}`,
  ),
  "device-adopted": entry(
    "vrrp-device-adopted",
    "info",
    (f) => `(${f.instance}) Found matching interface ${f.device}`,
  ),
  "device-removed": entry(
    "vrrp-device-removed",
    "info",
    (f) => `(${f.instance}) Success removing VMAC interface ${f.device}`,
  ),
  "device-failed": entry(
    "vrrp-device-failed",
    "error",
    (f) => `(${f.instance}) could not make ${f.device} on ${f.parent}: ${f.reason}`,
  ),
  "device-remove-failed": entry(
    "vrrp-device-remove-failed",
    "info",
    (f) => `(${f.instance}) Error removing VMAC interface ${f.device}: ${f.reason}`,
  ),
  "device-name-taken": entry(
    "vrrp-device-name-taken",
    "warning",
    (f) =>
      `(${f.instance}) VMAC interface name '${f.device}' already exists as a non VMAC interface - ignoring configured name`,
  ),
  "device-shared": entry(
    "vrrp-device-shared",
    "error",
    (f) => `(${f.instance}) uses same VMAC as VRRP instance ${f.other}, disabling ${f.instance}`,
  ),
  "sysctl-set": entry(
    "vrrp-sysctl-set",
    "info",
    (f) => `NOTICE: setting sysctl ${dotted(f.sysctl)} from ${f.was} to ${f.now}`,
  ),
  "sysctl-reset": entry(
    "vrrp-sysctl-reset",
    "info",
    (f) => `NOTICE: resetting sysctl ${dotted(f.sysctl)} to ${f.now}`,
  ),
  "sysctl-failed": entry(
    "vrrp-sysctl-failed",
    "warning",
    (f) => `could not set sysctl ${dotted(f.sysctl)} to ${f.value}: ${f.reason}`,
  ),
  "linkbeat-state": entry(
    "vrrp-linkbeat-state",
    "info",
    (f) => `Linkbeat reports ${f.interface} ${f.up ? "up" : "down"}`,
  ),
  "linkbeat-off": entry(
    "vrrp-linkbeat-off",
    "info",
    (f) => `Turning off linkbeat for ${f.interface} since netlink works for vmacs/ipvlans`,
  ),
  "linkbeat-method": entry(
    "vrrp-linkbeat-method",
    "info",
    (f) => `(${f.interface}): Configured linkbeat type ${f.wanted} not supported, using ${f.method}`,
  ),
  "debounce-limited": entry("vrrp-debounce-limited", "warning", (f) =>
    f.downTimerAdverts === 1
      ? `${f.instance}: cannot use debounce timers with down_timer_adverts = 1 - resetting`
      : `${f.instance}: interface ${f.interface} debounce timer(s) not less than ${f.downTimerAdverts - 1} * advert_int - resetting`,
  ),
  "interface-added": entry("vrrp-interface-added", "info", (f) => `Interface ${f.interface} added`),
  "interface-renamed": entry(
    "vrrp-interface-renamed",
    "info",
    (f) => `Interface name has changed from ${f.from} to ${f.to}`,
  ),
};

/** Renders a line from its id and fields. */
export function renderInterfaceLog<K extends InterfaceLogId>(id: K, fields: InterfaceLogFields[K]): LogLine {
  return interfaceLog[id](fields);
}
