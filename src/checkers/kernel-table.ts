/**
 * The checkers' side of the kernel's IPVS table: sends operations, repairs what a changed table
 * makes of them, and says which line of the configuration a refusal belongs to. Knows no pool; it
 * receives tables and operations.
 */
import { DaemonError } from "../base/errors.ts";
import type { VirtualServerConfig } from "../config/model.ts";
import {
  destinationKey,
  type IpvsDestination,
  type IpvsEntry,
  type IpvsOperation,
  type IpvsTable,
  identityOf,
  serviceKey,
} from "../ipvs/model.ts";
import type { CheckerSentence } from "../log/catalogue/checkers.ts";

/** The kernel's table, or a recording of what is done to it. Methods throw `DaemonError`. */
export interface IpvsPort {
  dump(): IpvsTable;
  /** the operations that make `desired` true and leave foreign services alone */
  diff(actual: IpvsTable, desired: IpvsTable): readonly IpvsOperation[];
  /** @returns the error of operation i at index i */
  apply(operations: readonly IpvsOperation[]): readonly (DaemonError | undefined)[];
  flush(): void;
  close(): void;
}

/** Who wrote the service with this key; several virtual servers may share one. */
export type Blame = (key: string) => VirtualServerConfig | undefined;

export class KernelTable {
  readonly #port: IpvsPort;
  readonly #blame: Blame;
  readonly #log: (sentence: CheckerSentence) => void;
  readonly #refused = new Set<string>();
  readonly #lost = new Set<string>();

  constructor(port: IpvsPort, blame: Blame, log: (sentence: CheckerSentence) => void) {
    this.#port = port;
    this.#blame = blame;
    this.#log = log;
  }

  /** Services that the kernel refused; a reload tries them again. */
  get refused(): ReadonlySet<string> {
    return this.#refused;
  }

  /** Services that somebody else took away, as far as operations on them have shown; each is told once. */
  takeLost(): readonly string[] {
    const lost = [...this.#lost];
    this.#lost.clear();
    return lost;
  }

  /** Dump, difference, apply. */
  reconcile(desired: IpvsTable): void {
    this.#attempt(() => this.apply(this.#port.diff(this.#port.dump(), desired)));
  }

  /**
   * Adding a refused service is a new attempt; anything else for it is left out.
   *
   * @returns whether the kernel now holds what the operations wanted
   */
  apply(operations: readonly IpvsOperation[]): boolean {
    for (const o of operations)
      if (o.kind === "addService" || o.kind === "deleteService")
        this.#refused.delete(serviceKey(identityOf(o)));
    const possible = operations.filter((o) => !this.#refused.has(serviceKey(identityOf(o))));
    return this.#attempt(() => this.#send(possible, true));
  }

  flush(): void {
    this.#attempt(() => {
      this.#port.flush();
      return true;
    });
  }

  close(): void {
    this.#port.close();
  }

  #send(operations: readonly IpvsOperation[], repair: boolean): boolean {
    if (operations.length === 0) return true;
    const repairs: IpvsOperation[] = [];
    let good = true;
    this.#port.apply(operations).forEach((error, i) => {
      const operation = operations[i];
      if (operation === undefined) return;
      const key = serviceKey(identityOf(operation));
      if (error === undefined || isAlreadyGone(operation, error.code)) return;
      const other = repair ? repairOf(operation, error.code) : undefined;
      if (other !== undefined) {
        repairs.push(other);
        return;
      }
      good = false;
      if (!this.#refused.has(key)) this.#complain(operation, error);
      if (operation.kind === "addService") this.#refused.add(key);
      else if (error.code === "ESRCH" && !this.#refused.has(key)) this.#lost.add(key);
    });
    return this.#send(repairs, false) && good;
  }

  #complain(operation: IpvsOperation, error: DaemonError): void {
    const key = serviceKey(identityOf(operation));
    const service = this.#blame(key);
    const server =
      "destination" in operation && service !== undefined
        ? findServer(service, operation.destination)
        : undefined;
    const object =
      server === undefined
        ? `virtual_server ${service === undefined ? key : targetText(service)}`
        : `${server.kind} ${destinationKey(server)}`;
    const where = server?.where ?? service?.where ?? "not in the configuration";
    this.#log({ id: "ipvs-refused", fields: { object, where, error: reasonOf(error) } });
  }

  #attempt(action: () => boolean): boolean {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof DaemonError)) throw error;
      this.#log({ id: "ipvs-failed", fields: { error: error.message } });
      return false;
    }
  }
}

/**
 * One entry out of the entries of several virtual servers with the same kernel key: the first one's
 * settings, every server that any of them wants, with a weight above 0 if one of them says so.
 */
export function mergeEntries(entries: readonly IpvsEntry[]): IpvsEntry | undefined {
  const [first, ...others] = entries;
  if (first === undefined || others.length === 0) return first;
  const destinations = new Map<string, IpvsDestination>(first.destinations);
  for (const entry of others)
    for (const [key, destination] of entry.destinations) {
      const known = destinations.get(key);
      if (known === undefined || (known.weight === 0 && destination.weight > 0))
        destinations.set(key, destination);
    }
  return { service: first.service, destinations };
}

/** What the kernel said, without the name of the command. */
export function reasonOf(error: DaemonError): string {
  const prefix = `${error.syscall}: ${error.code}: `;
  return error.message.startsWith(prefix) ? error.message.slice(prefix.length) : error.message;
}

/** Somebody else was faster; what was wanted is so. */
function isAlreadyGone(o: IpvsOperation, code: string): boolean {
  return (
    (o.kind === "deleteDestination" || o.kind === "deleteService") && (code === "ENOENT" || code === "ESRCH")
  );
}

/** An add that finds it there becomes an edit, an edit that misses it an add. */
function repairOf(o: IpvsOperation, code: string): IpvsOperation | undefined {
  if (o.kind === "addDestination" && code === "EEXIST") return { ...o, kind: "editDestination" };
  if (o.kind === "editDestination" && code === "ENOENT") return { ...o, kind: "addDestination" };
  if (o.kind === "addService" && code === "EEXIST") return { ...o, kind: "editService" };
  if (o.kind === "editService" && code === "ESRCH") return { ...o, kind: "addService" };
  return undefined;
}

function findServer(
  service: VirtualServerConfig,
  destination: Pick<IpvsDestination, "address" | "port">,
):
  | ({ readonly kind: string; readonly where: string } & Pick<IpvsDestination, "address" | "port">)
  | undefined {
  const key = destinationKey(destination);
  const real = service.realServers.find((r) => destinationKey(r) === key);
  if (real !== undefined) return { kind: "real_server", where: real.where, ...destination };
  const sorry = service.sorryServer;
  if (sorry === undefined || destinationKey(sorry) !== key) return undefined;
  return { kind: "sorry_server", where: sorry.where, ...destination };
}

function targetText({ target }: VirtualServerConfig): string {
  if (target.kind === "group") return `group ${target.name}`;
  return target.kind === "fwmark" ? `fwmark ${target.mark}` : destinationKey(target);
}
