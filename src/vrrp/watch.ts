/**
 * Which interfaces and addresses concern whom: an index over the configuration, so that an event reaches
 * the routers it matters to and no others. Remembers the last state of the watched interfaces.
 */
import type { IpAddress } from "../base/address.ts";
import type { PlacedInstance } from "./devices.ts";
import { allAddresses, deviceOf } from "./objects.ts";
import { trackersOf } from "./settings.ts";

export class InterfaceWatch<Member> {
  #members = new Map<string, Set<Member>>();
  /** virtual addresses of all routers: never a source address */
  #virtual: ReadonlySet<IpAddress> = new Set();
  /** those of the configuration before: that they vanish is no news */
  #retired: ReadonlySet<IpAddress> = new Set();
  readonly #up = new Map<string, boolean>();

  get virtual(): ReadonlySet<IpAddress> {
    return this.#virtual;
  }

  get retired(): ReadonlySet<IpAddress> {
    return this.#retired;
  }

  /** @returns names of interfaces that were not watched before */
  rebuild(
    planned: readonly { readonly router: Member; readonly config: PlacedInstance }[],
    isUp: (name: string) => boolean,
  ): readonly string[] {
    this.#retired = this.#virtual;
    this.#virtual = new Set(planned.flatMap(({ config }) => allAddresses(config).map((v) => v.address)));
    this.#members = new Map();
    for (const { router, config } of planned) {
      const devices = allAddresses(config).map((v) => deviceOf(config, v));
      const trackers = trackersOf(config).map((t) => t.interface);
      const own = config.placement?.device ?? config.interface;
      const names = [config.interface, own, ...devices, ...trackers];
      for (const name of names) this.#members.set(name, (this.#members.get(name) ?? new Set()).add(router));
    }
    for (const name of this.#up.keys()) if (!this.#members.has(name)) this.#up.delete(name);
    const met = [...this.#members.keys()].filter((name) => !this.#up.has(name));
    for (const name of met) this.#up.set(name, isUp(name));
    return met;
  }

  /** Who depends on an interface; undefined: nobody. */
  of(name: string): ReadonlySet<Member> | undefined {
    return this.#members.get(name);
  }

  /** The state of a watched interface that its members know; undefined: nobody watches it. */
  told(name: string): boolean | undefined {
    return this.#up.get(name);
  }

  /** @returns whether a watched interface is in another state than before */
  turned(name: string, up: boolean): boolean {
    if (!this.#members.has(name) || this.#up.get(name) === up) return false;
    this.#up.set(name, up);
    return true;
  }
}
