/**
 * The addresses that this process has put on interfaces, by owner. Brings the kernel to what the owners
 * want, all owners in one batch, deletions first; knows which losses are somebody else's doing. Never
 * decides who should own what.
 */
import { DaemonError, InternalError } from "../base/errors.ts";
import { addressKey, diffAddresses, type OwnedAddress, type OwnershipOperation } from "./ownership.ts";

/** The part of `RouteSocket` (src/net/rtnetlink.ts) that is needed here. */
export interface AddressKernel {
  applyAddresses(operations: readonly OwnershipOperation[]): readonly (DaemonError | undefined)[];
  /** @throws DaemonError */
  addresses(): readonly OwnedAddress[];
}

/** An operation that the kernel refused. */
export interface Refusal<Owner> {
  readonly owner: Owner;
  readonly operation: OwnershipOperation;
  readonly error: DaemonError;
}

interface Wish {
  readonly desired: readonly OwnedAddress[];
  /** to delete even though we do not remember having set them */
  readonly alsoDelete: readonly OwnedAddress[];
}

/** Deleting what is not there has reached its aim. */
const ALREADY_GONE = new Set(["EADDRNOTAVAIL", "ENODEV", "ENXIO"]);

function sameAddress(a: OwnedAddress, b: OwnedAddress): boolean {
  return a.label === b.label && a.broadcast === b.broadcast && a.scope === b.scope;
}

export class AddressHoldings<Owner> {
  readonly #kernel: AddressKernel;
  readonly #held = new Map<Owner, Map<string, OwnedAddress>>();
  readonly #wishes = new Map<Owner, Wish>();

  constructor(kernel: AddressKernel) {
    this.#kernel = kernel;
  }

  /** Notes what an owner should hold; {@link settle} makes it so. The last wish of an owner counts. */
  want(owner: Owner, desired: readonly OwnedAddress[], alsoDelete: readonly OwnedAddress[] = []): void {
    this.#wishes.set(owner, { desired, alsoDelete });
  }

  held(owner: Owner): readonly OwnedAddress[] {
    return [...(this.#held.get(owner)?.values() ?? [])];
  }

  /** Whether an owner put exactly this address there. */
  isHeld(address: OwnedAddress): boolean {
    const key = addressKey(address);
    for (const held of this.#held.values()) if (held.has(key)) return true;
    return false;
  }

  /** Applies all wishes in one batch. An address that moves between two owners is not deleted. */
  settle(): readonly Refusal<Owner>[] {
    if (this.#wishes.size === 0) return [];
    const deletions: { owner: Owner; operation: OwnershipOperation }[] = [];
    const additions: { owner: Owner; operation: OwnershipOperation }[] = [];
    for (const [owner, wish] of this.#wishes) {
      const there = new Map(this.#held.get(owner) ?? []);
      for (const a of wish.alsoDelete) if (!there.has(addressKey(a))) there.set(addressKey(a), a);
      for (const operation of diffAddresses([...there.values()], wish.desired))
        (operation.kind === "delete" ? deletions : additions).push({ owner, operation });
    }
    this.#wishes.clear();
    const takers = new Map(additions.map((a) => [addressKey(a.operation), a]));
    const staying = deletions.filter(({ owner, operation }) => {
      const key = addressKey(operation);
      const taker = takers.get(key);
      if (taker === undefined || taker.owner === owner || !sameAddress(taker.operation, operation))
        return true;
      this.#held.get(owner)?.delete(key);
      return false;
    });
    const all = [...staying, ...additions];
    const refusals = this.#apply(all);
    return [...refusals, ...this.#restoreSecondaries(all.map(({ operation }) => operation))];
  }

  /** Forgets addresses of an interface that is gone. */
  forgetInterface(ifindex: number): void {
    for (const held of this.#held.values())
      for (const [key, address] of held) if (address.ifindex === ifindex) held.delete(key);
  }

  /**
   * Asks the kernel whether held addresses are really gone: a report may be old and about our own doing.
   *
   * @returns what was lost, by owner; it is no longer held. undefined: the kernel gave no answer now
   */
  confirmLost(suspects: readonly OwnedAddress[]): ReadonlyMap<Owner, readonly OwnedAddress[]> | undefined {
    const there = this.#look();
    if (there === undefined) return undefined;
    const gone = new Set(suspects.map(addressKey).filter((key) => !there.has(key)));
    const lost = new Map<Owner, OwnedAddress[]>();
    for (const [owner, held] of this.#held) {
      for (const key of gone) {
        const address = held.get(key);
        if (address === undefined) continue;
        held.delete(key);
        lost.set(owner, [...(lost.get(owner) ?? []), address]);
      }
    }
    return lost;
  }

  #apply(all: readonly { owner: Owner; operation: OwnershipOperation }[]): Refusal<Owner>[] {
    if (all.length === 0) return [];
    const results = this.#kernel.applyAddresses(all.map(({ operation }) => operation));
    if (results.length !== all.length) throw new InternalError("one result per address operation");
    const refusals: Refusal<Owner>[] = [];
    all.forEach(({ owner, operation }, i) => {
      const error = results[i];
      const held = this.#held.get(owner) ?? new Map<string, OwnedAddress>();
      this.#held.set(owner, held);
      const { kind, ...address } = operation;
      if (kind === "delete") {
        if (error === undefined || ALREADY_GONE.has(error.code)) held.delete(addressKey(address));
        else refusals.push({ owner, operation, error });
      } else if (error === undefined) held.set(addressKey(address), address);
      else refusals.push({ owner, operation, error });
    });
    return refusals;
  }

  /**
   * With a primary address the kernel deletes its secondaries, unless promote_secondaries is set: what
   * others hold on the same interface is looked at and put back.
   */
  #restoreSecondaries(done: readonly OwnershipOperation[]): Refusal<Owner>[] {
    const touched = new Set(done.filter((o) => o.kind === "delete").map((o) => o.ifindex));
    const remaining = [...this.#held].flatMap(([owner, held]) =>
      [...held.values()].filter((a) => touched.has(a.ifindex)).map((address) => ({ owner, address })),
    );
    if (remaining.length === 0) return [];
    const there = this.#look();
    if (there === undefined) return [];
    return this.#apply(
      remaining
        .filter(({ address }) => !there.has(addressKey(address)))
        .map(({ owner, address }) => ({ owner, operation: { ...address, kind: "add" as const } })),
    );
  }

  #look(): ReadonlySet<string> | undefined {
    try {
      return new Set(this.#kernel.addresses().map(addressKey));
    } catch (e) {
      if (!(e instanceof DaemonError)) throw e;
      return undefined;
    }
  }
}
