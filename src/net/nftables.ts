/**
 * The nftables table of this process in the kernel: brings it to a wanted content with one transaction,
 * and builds it anew when somebody else took it away. Decides nothing about the content.
 */
import type { DaemonError } from "../base/errors.ts";
import { NETLINK_NETFILTER } from "./constants.ts";
import type { FirewallContent } from "./kernel-objects.ts";
import type { Native } from "./native-api.ts";
import { type NetlinkRequest, NetlinkSocket } from "./netlink.ts";
import { batch, type NftFamily } from "./nftables-codec.ts";
import {
  changesOf,
  type Layout,
  layoutOf,
  type Sets,
  setsOf,
  type TableOptions,
  wholeTable,
  withoutTable,
} from "./nftables-table.ts";

const FAMILIES: readonly NftFamily[] = [2, 10];

interface Known {
  readonly layout: Layout;
  readonly sets: Sets;
}

export class NftablesFirewall {
  readonly #socket: NetlinkSocket;
  readonly #options: TableOptions;
  readonly #known = new Map<NftFamily, Known>();

  /** @throws DaemonError */
  constructor(native: Native, options: TableOptions) {
    this.#socket = new NetlinkSocket(native, NETLINK_NETFILTER);
    this.#options = options;
  }

  /**
   * Removes the tables of both families.
   *
   * @param leftovers given at the start: tables that we have made already are no leftovers
   * @returns what the kernel refused
   */
  clear(leftovers?: FirewallContent["refused"]): DaemonError | undefined {
    if (leftovers === undefined) this.#known.clear();
    const families = FAMILIES.filter((family) => !this.#known.has(family));
    return this.#commit(families.flatMap((family) => withoutTable(family, this.#options.table)));
  }

  /** @returns what the kernel refused; the table is then built anew with the next call */
  apply(content: FirewallContent): DaemonError | undefined {
    let refused: DaemonError | undefined;
    for (const family of FAMILIES) refused ??= this.#applyTo(family, setsOf(family, content, this.#options));
    return refused;
  }

  close(): void {
    this.#socket.close();
  }

  #applyTo(family: NftFamily, sets: Sets): DaemonError | undefined {
    const known = this.#known.get(family);
    const needed = layoutOf(sets);
    const layout = {
      addresses: needed.addresses || known?.layout.addresses === true,
      diversions: needed.diversions || known?.layout.diversions === true,
    };
    if (!layout.addresses && !layout.diversions) return undefined;
    const grown =
      known === undefined ||
      known.layout.addresses !== layout.addresses ||
      known.layout.diversions !== layout.diversions;
    const whole = (): NetlinkRequest[] => wholeTable(family, layout, sets, this.#options);
    const changes = grown ? whole() : changesOf(family, this.#options.table, known.sets, sets);
    if (changes.length === 0) return undefined;
    let refused = this.#commit(changes);
    // Firewall managers flush everything: the table is ours to make again.
    if (refused !== undefined && !grown) refused = this.#commit(whole());
    if (refused === undefined) this.#known.set(family, { layout, sets });
    else this.#known.delete(family);
    return refused;
  }

  /** @returns the first refusal; nothing has changed then */
  #commit(requests: readonly NetlinkRequest[]): DaemonError | undefined {
    return this.#socket.transaction(requests, batch).find((result) => result !== undefined);
  }
}
