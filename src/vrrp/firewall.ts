/**
 * Which virtual addresses refuse traffic now, and which VMACs divert their membership reports. Decides
 * when the firewall changes: addresses are refused before they are set, and until after they are removed.
 * Opens it only when something is to be refused or diverted.
 *
 * @see keepalived.conf(5) "no_accept"; RFC 9568 §6.4.3 Accept_Mode
 */
import { DaemonError } from "../base/errors.ts";
import type { DivertedVmac, FirewallContent } from "../net/kernel-objects.ts";

/** `NftablesFirewall` of src/net/nftables.ts, or the iptables variant. */
export interface FirewallKernel {
  /**
   * @param leftovers what a predecessor may have refused, at the start: what we made ourselves stays.
   *   Without them everything goes
   */
  clear(leftovers?: FirewallContent["refused"]): DaemonError | undefined;
  apply(content: FirewallContent): DaemonError | undefined;
  close(): void;
}

type Refused = FirewallContent["refused"];

export class Firewall<Owner> {
  readonly #open: () => FirewallKernel;
  readonly #failed: (error: DaemonError) => void;
  readonly #refused = new Map<Owner, Refused>();
  readonly #wishes = new Map<Owner, Refused>();
  #diverted: readonly DivertedVmac[] = [];
  #kernel: FirewallKernel | undefined;
  #stale = false;
  /** wishes came since {@link before} */
  #news = false;

  /**
   * @param open makes the connection to the kernel; it is called once, when it is first needed
   * @param failed told of each refusal; the next change tries everything again
   */
  constructor(open: () => FirewallKernel, failed: (error: DaemonError) => void) {
    this.#open = open;
    this.#failed = failed;
  }

  /**
   * Removes what a predecessor left. One that was killed with another configuration may have left a table
   * that refuses what shall be accepted now: it goes also when nothing is to be refused.
   *
   * @param leftovers addresses that will refuse traffic
   */
  clear(leftovers: Refused): void {
    if (leftovers.length > 0 || this.#kernel !== undefined) {
      this.#try((kernel) => kernel.clear(leftovers));
      return;
    }
    try {
      const kernel = this.#open();
      // A kernel without nf_tables refuses, and has no table either.
      kernel.clear([]);
      kernel.close();
    } catch (e) {
      if (!(e instanceof DaemonError)) throw e;
    }
  }

  /** Notes what an owner's addresses refuse from now on. @returns whether that is a change */
  refuse(owner: Owner, refused: Refused): boolean {
    const before = this.#wishes.get(owner) ?? this.#refused.get(owner) ?? [];
    if (before.length === 0 && refused.length === 0) return false;
    this.#wishes.set(owner, refused);
    this.#news = true;
    return true;
  }

  /** At once: a VMAC must not say a word before it is set up. */
  divert(diverted: readonly DivertedVmac[]): void {
    if (JSON.stringify(diverted) === JSON.stringify(this.#diverted)) return;
    this.#diverted = diverted;
    this.#stale = true;
    this.#apply();
  }

  /** Before addresses are set: everything refuses that did or will. */
  before(): void {
    if (this.#news) {
      this.#news = false;
      this.#stale = true;
      for (const [owner, refused] of this.#wishes)
        this.#refused.set(owner, [...(this.#refused.get(owner) ?? []), ...refused]);
    }
    this.#apply();
  }

  /** After addresses are removed: only what shall refuse does. */
  after(): void {
    for (const [owner, refused] of this.#wishes) {
      const now = this.#refused.get(owner) ?? [];
      if (now.length !== refused.length) this.#stale = true;
      if (refused.length === 0) this.#refused.delete(owner);
      else this.#refused.set(owner, refused);
    }
    this.#wishes.clear();
    this.#apply();
  }

  /** @param release false leaves the table as it is (-V) */
  close(release: boolean): void {
    if (this.#kernel === undefined) return;
    if (release) this.#report(this.#kernel.clear());
    this.#kernel.close();
    this.#kernel = undefined;
  }

  #connection(): FirewallKernel {
    this.#kernel ??= this.#open();
    return this.#kernel;
  }

  #apply(): void {
    if (!this.#stale) return;
    this.#stale = false;
    const refused = [...this.#refused.values()].flat();
    if (this.#kernel === undefined && refused.length === 0 && this.#diverted.length === 0) return;
    this.#try((kernel) => kernel.apply({ refused, diverted: this.#diverted }));
  }

  #try(operation: (kernel: FirewallKernel) => DaemonError | undefined): void {
    try {
      this.#report(operation(this.#connection()));
    } catch (e) {
      // A kernel without netfilter has no such socket.
      if (!(e instanceof DaemonError)) throw e;
      this.#report(e);
    }
  }

  #report(error: DaemonError | undefined): void {
    if (error === undefined) return;
    this.#stale = true;
    this.#failed(error);
  }
}
