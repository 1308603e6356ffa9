/**
 * What happens when somebody else deletes an address, route or rule of ours. Decides who is told and
 * what is put back at once; the holdings say what is really gone. By default an instance that lost
 * something resigns and takes over again after its skew, as keepalived does; with `vip_restore` it puts
 * the object back and goes on, unless that happens too often.
 */
import { after, type Instant, type Micros, seconds } from "../base/units.ts";
import type { KernelObject } from "../net/kernel-objects.ts";

/** How many objects an instance puts back within {@link RESTORE_WINDOW} before it gives up and resigns. */
export const RESTORE_LIMIT = 10;
export const RESTORE_WINDOW: Micros = seconds(10);

/** Who may have deleted something: the netlink port of the request, which is the process id as a rule. */
export interface Culprit {
  /** 0: the kernel does not say, as for IPv6 addresses */
  readonly port: number;
}

export class SuspectList {
  #suspects = new Map<string, Culprit>();

  get size(): number {
    return this.#suspects.size;
  }

  /** A report without a port does not make an earlier one forgotten. */
  add(key: string, culprit: Culprit): void {
    if (culprit.port !== 0 || !this.#suspects.has(key)) this.#suspects.set(key, culprit);
  }

  /** Takes all suspects; the list is empty afterwards. */
  take(): ReadonlyMap<string, Culprit> {
    const taken = this.#suspects;
    this.#suspects = new Map();
    return taken;
  }
}

/** When things were put back lately, by instance. */
export class RestoreLimit<Owner> {
  readonly #recent = new Map<Owner, Instant[]>();

  /** @returns whether so many more may be put back now; then they count */
  allows(owner: Owner, objects: readonly KernelObject[], now: Instant): boolean {
    const since = after(now, -RESTORE_WINDOW as Micros);
    const recent = (this.#recent.get(owner) ?? []).filter((at) => at > since);
    const allowed = recent.length + objects.length <= RESTORE_LIMIT;
    if (allowed) recent.push(...objects.map(() => now));
    this.#recent.set(owner, recent);
    return allowed;
  }
}
