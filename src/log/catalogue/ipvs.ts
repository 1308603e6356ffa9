/** Log lines about the kernel's IPVS table. */
import { type Entry, entry } from "../entry.ts";

/** At start, when the kernel has no IPVS and its module could not be loaded. VRRP goes on. */
export const ipvsUnavailable: Entry<{ readonly reason: string }> = entry(
  "ipvs-unavailable",
  "error",
  (f) => `IPVS: ${f.reason}; virtual servers are not served`,
);

/**
 * One operation that the kernel refused. `subject` is the object of the configuration that caused it,
 * `virtual_server 10.0.0.1:80 (keepalived.conf:12)`; `reason` comes from `describeFailure`.
 */
export const ipvsRefused: Entry<{ readonly subject: string; readonly reason: string }> = entry(
  "ipvs-refused",
  "error",
  (f) => `${f.subject}: ${f.reason}`,
);

/** After a reconciliation that had something to do. */
export const ipvsReconciled: Entry<{ readonly operations: number; readonly refused: number }> = entry(
  "ipvs-reconciled",
  "info",
  (f) => {
    const changes = `${f.operations} change${f.operations === 1 ? "" : "s"} sent`;
    return f.refused === 0 ? `IPVS: ${changes}` : `IPVS: ${changes}, ${f.refused} refused`;
  },
  { detail: true },
);
