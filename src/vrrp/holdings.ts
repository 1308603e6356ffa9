/**
 * The addresses, routes and rules that this process has set, by owner. Brings the kernel to what the
 * owners want, all owners in one batch, deletions first; knows which losses are somebody else's doing.
 * Never decides who should own what.
 */
import type { Family } from "../base/address.ts";
import { DaemonError, InternalError } from "../base/errors.ts";
import type { KernelObject, ObjectOperation, RouteIdentity, RuleIdentity } from "../net/kernel-objects.ts";
import {
  addressKey,
  diffObjects,
  isAsWanted,
  isOn,
  type OwnedAddress,
  objectKey,
  phaseOf,
  routeKey,
  ruleKey,
  takesAlong,
} from "./ownership.ts";

/** The part of `RouteSocket` (src/net/rtnetlink.ts) that is needed here. */
export interface ObjectKernel {
  applyObjects(operations: readonly ObjectOperation[]): readonly (DaemonError | undefined)[];
  /** @throws DaemonError */
  addresses(): readonly Pick<OwnedAddress, "ifindex" | "address" | "prefixLength">[];
  /** @throws DaemonError */
  routes(family: Family, protocol: number): readonly RouteIdentity[];
  /** @throws DaemonError */
  rules(family: Family): readonly RuleIdentity[];
}

/** An operation that the kernel refused. */
export interface Refusal<Owner> {
  readonly owner: Owner;
  readonly operation: ObjectOperation;
  readonly error: DaemonError;
}

interface Wish {
  readonly desired: readonly KernelObject[];
  /** to delete even though we do not remember having set them */
  readonly alsoDelete: readonly KernelObject[];
}

interface Due<Owner> {
  readonly owner: Owner;
  readonly operation: ObjectOperation;
}

/** Deleting what is not there has reached its aim. */
const ALREADY_GONE = new Set(["EADDRNOTAVAIL", "ENODEV", "ENXIO", "ESRCH", "ENOENT"]);

export class Holdings<Owner> {
  readonly #kernel: ObjectKernel;
  readonly #held = new Map<Owner, Map<string, KernelObject>>();
  readonly #wishes = new Map<Owner, Wish>();
  /** interfaces whose secondary addresses may have gone with a primary of ours */
  readonly #linksInDanger = new Set<number>();
  #routesInDanger = false;
  /** how many owners hold a key */
  readonly #holders = new Map<string, number>();

  constructor(kernel: ObjectKernel) {
    this.#kernel = kernel;
  }

  /** Notes what an owner should hold; {@link settle} makes it so. The last wish of an owner counts. */
  want(owner: Owner, desired: readonly KernelObject[], alsoDelete: readonly KernelObject[] = []): void {
    this.#wishes.set(owner, { desired, alsoDelete });
  }

  held(owner: Owner): readonly KernelObject[] {
    return [...(this.#held.get(owner)?.values() ?? [])];
  }

  /** Whether an owner put exactly this there. @param key of {@link objectKey} */
  isHeld(key: string): boolean {
    return this.#holders.has(key);
  }

  /** Keys of everything held for which the predicate holds. */
  keys(matches: (object: KernelObject) => boolean): readonly string[] {
    return [...this.#held.values()].flatMap((held) =>
      [...held].flatMap(([key, object]) => (matches(object) ? key : [])),
    );
  }

  /** Whether {@link settle} has more to do. */
  get isUnsettled(): boolean {
    return this.#wishes.size > 0;
  }

  /**
   * Applies the oldest wishes in one batch. What moves between two owners of it is not deleted.
   *
   * @param most operations after which no further wish is taken
   */
  settle(most: number = Number.POSITIVE_INFINITY): readonly Refusal<Owner>[] {
    if (this.#wishes.size === 0) return [];
    const deletions: Due<Owner>[] = [];
    const additions: Due<Owner>[] = [];
    for (const [owner, wish] of this.#wishes) {
      if (deletions.length + additions.length >= most) break;
      this.#wishes.delete(owner);
      const there = new Map(this.#held.get(owner) ?? []);
      for (const object of wish.alsoDelete) {
        const key = objectKey(object);
        if (!there.has(key)) there.set(key, object);
      }
      for (const operation of diffObjects([...there.values()], wish.desired))
        (operation.action === "delete" ? deletions : additions).push({ owner, operation });
    }
    const staying = deletions.length === 0 ? [] : this.#withoutMoves(deletions, additions);
    const all = [...byPhase(staying), ...byPhase(additions)];
    const refusals = this.#apply(all);
    this.#noteDanger(staying);
    // What is about to be deleted as well is not put back before.
    return this.isUnsettled ? refusals : [...refusals, ...this.#restoreTakenAlong()];
  }

  /** Forgets what was on an interface that is gone. */
  forgetInterface(ifindex: number): void {
    for (const [owner, held] of this.#held)
      for (const [key, object] of held) if (isOn(object, ifindex)) this.#drop(owner, key);
  }

  /**
   * Asks the kernel whether held objects are really gone: a report may be old and about our own doing.
   *
   * @param suspects keys of {@link objectKey}
   * @param matters false: nobody asks about it, and it counts as held for as long as nobody does
   * @returns what was lost, by owner; it is no longer held. undefined: the kernel gave no answer now
   */
  confirmLost(
    suspects: readonly string[],
    matters: (owner: Owner, object: KernelObject) => boolean = () => true,
  ): ReadonlyMap<Owner, readonly KernelObject[]> | undefined {
    const asked = new Set(suspects);
    const suspected = [...this.#held].flatMap(([owner, held]) =>
      [...held].flatMap(([key, object]) =>
        asked.has(key) && matters(owner, object) ? { owner, key, object } : [],
      ),
    );
    const there = this.present(suspected.map(({ object }) => object));
    if (there === undefined) return undefined;
    const lost = new Map<Owner, KernelObject[]>();
    for (const { owner, key, object } of suspected) {
      if (there.has(key)) continue;
      this.#drop(owner, key);
      const list = lost.get(owner);
      if (list === undefined) lost.set(owner, [object]);
      else list.push(object);
    }
    return lost;
  }

  /**
   * Which of these the kernel has now, with as few questions as possible.
   *
   * @returns their keys; undefined: it gave no answer
   */
  present(objects: readonly KernelObject[]): ReadonlySet<string> | undefined {
    const there = new Set<string>();
    const asked = new Set<string>();
    const once = (question: string): boolean => !asked.has(question) && asked.add(question) !== undefined;
    try {
      for (const o of objects) {
        if (o.kind === "address") {
          if (once("addresses")) for (const a of this.#kernel.addresses()) there.add(addressKey(a));
        } else if (o.kind === "route") {
          const { family, protocol } = o.route.route;
          if (once(`routes ${family} ${protocol}`))
            for (const r of this.#kernel.routes(family, protocol)) there.add(routeKey(r));
        } else if (once(`rules ${o.rule.family}`))
          for (const r of this.#kernel.rules(o.rule.family)) there.add(ruleKey(r));
      }
    } catch (e) {
      if (!(e instanceof DaemonError)) throw e;
      return undefined;
    }
    return there;
  }

  /** A taker that wants the same object in the same shape gets it without a deletion. */
  #withoutMoves(deletions: readonly Due<Owner>[], additions: readonly Due<Owner>[]): readonly Due<Owner>[] {
    const takers = new Map(additions.map((due) => [objectKey(due.operation.object), due]));
    return deletions.filter(({ owner, operation: { object } }) => {
      const key = objectKey(object);
      const taker = takers.get(key);
      if (taker === undefined || taker.owner === owner || !isAsWanted(object, taker.operation.object))
        return true;
      this.#drop(owner, key);
      return false;
    });
  }

  #keep(owner: Owner, key: string, object: KernelObject): void {
    const held = this.#held.get(owner) ?? new Map<string, KernelObject>();
    this.#held.set(owner, held);
    if (!held.has(key)) this.#holders.set(key, (this.#holders.get(key) ?? 0) + 1);
    held.set(key, object);
  }

  #drop(owner: Owner, key: string): void {
    if (this.#held.get(owner)?.delete(key) !== true) return;
    const holders = (this.#holders.get(key) ?? 0) - 1;
    if (holders > 0) this.#holders.set(key, holders);
    else this.#holders.delete(key);
  }

  #apply(all: readonly Due<Owner>[]): Refusal<Owner>[] {
    if (all.length === 0) return [];
    const results = this.#kernel.applyObjects(all.map(({ operation }) => operation));
    if (results.length !== all.length) throw new InternalError("one result per operation");
    const refusals: Refusal<Owner>[] = [];
    all.forEach(({ owner, operation }, i) => {
      const error = results[i];
      const { action, object } = operation;
      const key = objectKey(object);
      if (action === "delete") {
        if (error === undefined || ALREADY_GONE.has(error.code)) this.#drop(owner, key);
        else refusals.push({ owner, operation, error });
      } else if (error === undefined || isThereAlready(object, error)) this.#keep(owner, key, object);
      else refusals.push({ owner, operation, error });
    });
    return refusals;
  }

  /**
   * With a primary address the kernel deletes its secondaries, unless promote_secondaries is set, and with
   * any address the routes that need it.
   */
  #noteDanger(done: readonly Due<Owner>[]): void {
    for (const { operation } of done) {
      const along = takesAlong(operation);
      if (along === undefined || operation.object.kind !== "address") continue;
      this.#routesInDanger = true;
      if (along === "addresses") this.#linksInDanger.add(operation.object.address.ifindex);
    }
  }

  /** What others hold is looked at and put back. */
  #restoreTakenAlong(): Refusal<Owner>[] {
    if (!this.#routesInDanger) return [];
    const endangered = [...this.#held].flatMap(([owner, held]) =>
      [...held.values()]
        .filter(
          (o) => o.kind === "route" || (o.kind === "address" && this.#linksInDanger.has(o.address.ifindex)),
        )
        .map((object) => ({ owner, object })),
    );
    this.#routesInDanger = false;
    this.#linksInDanger.clear();
    return this.#putBack(endangered);
  }

  /** Looks whether everything that owners hold is there, and sets again what is not. */
  verify(owners: Iterable<Owner>): readonly Refusal<Owner>[] {
    return this.#putBack(
      [...owners].flatMap((owner) => this.held(owner).map((object) => ({ owner, object }))),
    );
  }

  /** Who holds something that needs this interface, or a route whose interface the kernel chose. */
  ownersOn(ifindex: number): readonly Owner[] {
    const needs = (o: KernelObject): boolean =>
      isOn(o, ifindex) || (o.kind === "route" && o.route.oif === undefined);
    return [...this.#held].flatMap(([owner, held]) => ([...held.values()].some(needs) ? [owner] : []));
  }

  #putBack(endangered: readonly { owner: Owner; object: KernelObject }[]): Refusal<Owner>[] {
    if (endangered.length === 0) return [];
    const there = this.present(endangered.map(({ object }) => object));
    if (there === undefined) return [];
    const missing = endangered.filter(({ object }) => !there.has(objectKey(object)));
    return this.#apply(
      byPhase(missing.map(({ owner, object }) => ({ owner, operation: { action: "add", object } }))),
    );
  }
}

/** The order of phases, and within a phase the given one. */
function byPhase<Owner>(dues: readonly Due<Owner>[]): readonly Due<Owner>[] {
  return dues.toSorted((a, b) => phaseOf(a.operation) - phaseOf(b.operation));
}

/** An identical route or rule serves as ours; only a route that asked to be alone takes offence. */
function isThereAlready(object: KernelObject, { code }: DaemonError): boolean {
  if (code !== "EEXIST") return false;
  return object.kind === "rule" || (object.kind === "route" && object.route.route.operation !== "add");
}
