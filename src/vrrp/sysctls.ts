/**
 * Kernel parameters that several parts of the VRRP side want at once: each is set for its first owner and
 * put back after the last. Decides when to write and what to put back; never which parameters are needed.
 */
import { DaemonError } from "../base/errors.ts";

/** Reads and writes parameters by path; `SysctlFiles` of src/net/sysctl-files.ts. */
export interface SysctlAccess {
  /** @returns undefined when there is no such parameter @throws DaemonError */
  read(name: string): string | undefined;
  /** @throws DaemonError */
  write(name: string, value: string): void;
}

/** What the store tells. */
export interface SysctlListener {
  changed(name: string, was: string, now: string, restored: boolean): void;
  failed(name: string, value: string, error: DaemonError): void;
}

/** What was changed: the value now, and the one to put back. */
export type Changes = Readonly<Record<string, readonly [value: string, original: string]>>;

interface Held {
  readonly name: string;
  readonly value: string;
  readonly owners: Set<string>;
  /** what to put back; undefined: we did not change it */
  original: string | undefined;
}

export class Sysctls {
  readonly #access: SysctlAccess;
  readonly #listener: SysctlListener;
  readonly #held = new Map<string, Held>();
  readonly #inherited = new Map<string, readonly [value: string, original: string]>();

  constructor(access: SysctlAccess, listener: SysctlListener) {
    this.#access = access;
    this.#listener = listener;
  }

  /** What is changed at this moment, for {@link inherit} of another process. */
  changes(): Changes {
    const changed = [...this.#held.values()].flatMap(({ name, value, original }) =>
      original === undefined ? [] : [[name, [value, original]] as const],
    );
    return Object.fromEntries([...this.#inherited, ...changed]);
  }

  /** Takes over what a process that died had changed: whoever needs it holds it, {@link forgo} the rest. */
  inherit(changes: Changes): void {
    for (const [name, change] of Object.entries(changes)) this.#inherited.set(name, change);
  }

  /** Holds what was inherited of parameters with this name, of whichever interface. */
  holdInherited(owner: string, parameter: string): void {
    for (const [name, [value]] of [...this.#inherited])
      if (name.endsWith(`/${parameter}`)) this.hold(owner, name, value);
  }

  /** Puts back what was inherited and nobody needs. */
  forgo(): void {
    for (const [name, [value, original]] of [...this.#inherited].reverse()) {
      this.#inherited.delete(name);
      this.#restore({ name, value, original, owners: new Set() }, name);
    }
  }

  /** The value now; undefined when there is no such parameter or it cannot be read. */
  current(name: string): string | undefined {
    try {
      return this.#access.read(name);
    } catch (e) {
      if (!(e instanceof DaemonError)) throw e;
      return undefined;
    }
  }

  /**
   * Sets a parameter until {@link release}. Of owners with different wishes the first one's value stays.
   *
   * @param owner any text, for example the name of an instance or of a device
   * @param name path below /proc/sys
   */
  hold(owner: string, name: string, value: string): void {
    const known = this.#held.get(name);
    if (known !== undefined) {
      known.owners.add(owner);
      return;
    }
    const held: Held = { name, value, owners: new Set([owner]), original: undefined };
    this.#held.set(name, held);
    this.#establish(held);
  }

  /** Gives up one parameter of an owner, or all of them, last set first. */
  release(owner: string, name?: string): void {
    for (const held of [...this.#held.values()].reverse()) {
      if (name !== undefined && held.name !== name) continue;
      if (!held.owners.delete(owner) || held.owners.size > 0) continue;
      this.#held.delete(held.name);
      this.#restore(held, held.name);
    }
  }

  releaseAll(): void {
    for (const held of [...this.#held.values()].reverse()) this.#restore(held, held.name);
    this.#held.clear();
  }

  /** An interface is there, perhaps anew with the kernel's defaults: what is held for it is set again. */
  interfaceAppeared(ifname: string): void {
    for (const held of this.#heldOf(ifname)) {
      held.original = undefined;
      this.#establish(held);
    }
  }

  /** The parameters moved with the interface: what we changed is put back there. */
  interfaceRenamed(from: string, to: string): void {
    for (const held of this.#heldOf(from)) {
      this.#restore(
        held,
        held.name.replace(/\/[^/]+\/([^/]+)$/, (_, last: string) => `/${to}/${last}`),
      );
      held.original = undefined;
    }
  }

  #heldOf(ifname: string): readonly Held[] {
    return [...this.#held.values()].filter((held) => held.name.split("/").at(-2) === ifname);
  }

  #establish(held: Held): void {
    try {
      const was = this.#access.read(held.name);
      const [value, original] = this.#inherited.get(held.name) ?? [];
      this.#inherited.delete(held.name);
      if (was !== undefined && was === held.value && was === value) held.original = original;
      if (was === undefined || was === held.value) return;
      this.#access.write(held.name, held.value);
      held.original = was;
      this.#listener.changed(held.name, was, held.value, false);
    } catch (e) {
      if (!(e instanceof DaemonError)) throw e;
      this.#listener.failed(held.name, held.value, e);
    }
  }

  /** Somebody who set another value in the meantime keeps it. */
  #restore({ value, original }: Held, name: string): void {
    if (original === undefined) return;
    try {
      if (this.#access.read(name) !== value) return;
      this.#access.write(name, original);
      this.#listener.changed(name, value, original, true);
    } catch (e) {
      if (!(e instanceof DaemonError)) throw e;
      this.#listener.failed(name, original, e);
    }
  }
}
