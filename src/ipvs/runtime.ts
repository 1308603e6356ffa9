/**
 * The kernel's IPVS table through generic netlink: dump it, change it, empty it. Owns the socket and the
 * loading of missing kernel modules; never decides what the table should be.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { DaemonError } from "../base/errors.ts";
import { resolveFamily } from "../net/generic-netlink.ts";
import type { Native } from "../net/native-api.ts";
import { NetlinkSocket } from "../net/netlink.ts";
import {
  decodeDestination,
  decodeInfo,
  decodeService,
  encodeDestinationDump,
  encodeFlush,
  encodeInfoRequest,
  encodeOperation,
  encodeServiceDump,
  familyOfService,
  type IpvsInfo,
  OPERATION_COMMAND,
} from "./codec.ts";
import { describeFailure } from "./failure.ts";
import {
  destinationKey,
  type IpvsDestination,
  type IpvsEntry,
  type IpvsOperation,
  type IpvsService,
  type IpvsTable,
  identityOf,
  type ServiceIdentity,
  serviceKey,
} from "./model.ts";
import { type Decoded, IPVS_FAMILY } from "./schema.ts";
import {
  DAEMON_COMMAND,
  decodeDaemon,
  encodeDaemonDump,
  encodeDaemonOperation,
  type SyncDaemon,
  type SyncDaemonOperation,
} from "./sync-daemon.ts";

const NETLINK_GENERIC = 16;
const ENOENT = 2;
const EBADMSG = 74;
/** Room for the acknowledgements of a batch and for the largest part of a dump. */
const RECEIVE_BUFFER = 1 << 20;
const MODPROBE_TIMEOUT_MS = 10_000;

/** Loads a kernel module. @returns why it could not, undefined when it is loaded */
export type LoadModule = (name: string) => string | undefined;

/** The IPVS table of the network namespace in which it was opened. */
export class IpvsKernel {
  readonly #socket: NetlinkSocket;
  readonly #family: number;
  readonly #loadModule: LoadModule;
  #operationsSent = 0;

  private constructor(socket: NetlinkSocket, family: number, loadModule: LoadModule) {
    this.#socket = socket;
    this.#family = family;
    this.#loadModule = loadModule;
  }

  /**
   * Loads the module `ip_vs` when the kernel does not know the family.
   *
   * @throws DaemonError ENOENT naming the module when there is no IPVS in this kernel
   */
  static open(native: Native, loadModule: LoadModule = modprobe): IpvsKernel {
    const socket = new NetlinkSocket(native, NETLINK_GENERIC, { receiveBuffer: RECEIVE_BUFFER });
    try {
      return new IpvsKernel(socket, familyNumber(socket, loadModule), loadModule);
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  /** How many operations `apply` has sent, repetitions after loading a module included. */
  get operationsSent(): number {
    return this.#operationsSent;
  }

  /** @throws DaemonError */
  info(): IpvsInfo {
    const [reply] = this.#socket.request(this.#message(encodeInfoRequest()));
    return decoded("IPVS_CMD_GET_INFO", decodeInfo(reply?.body ?? new Uint8Array()));
  }

  /**
   * The whole table. The kernel keeps destinations per service and answers one dump at a time per
   * socket, so there is one question for the services and one for each of them. Services of protocols
   * that no configuration can name are left out.
   *
   * @throws DaemonError
   */
  dump(): IpvsTable {
    const services: IpvsService[] = [];
    for (const { body } of this.#socket.dump(this.#message(encodeServiceDump()))) {
      const service = known("IPVS_CMD_GET_SERVICE", decodeService(body));
      if (service !== undefined) services.push(service);
    }
    const table = new Map<string, IpvsEntry>();
    for (const service of services)
      table.set(serviceKey(service.identity), {
        service,
        destinations: this.#destinations(service.identity),
      });
    return table;
  }

  /**
   * Sends the operations in their order, many to a system call. A scheduler or persistence engine that
   * the kernel misses is loaded, and what failed for want of it is sent once more.
   *
   * @returns what the kernel said to operation i at index i, undefined for success; the message ends with
   *   the sentence of `describeFailure`
   * @throws DaemonError when the socket itself fails
   */
  apply(operations: readonly IpvsOperation[]): readonly (DaemonError | undefined)[] {
    const errors = this.#send(operations);
    const again = this.#repeatable(operations, errors);
    const results = this.#send(again.map((i) => at(operations, i)));
    again.forEach((i, n) => {
      errors[i] = results[n];
    });
    return errors.map((error, i) => error && explained(at(operations, i), error));
  }

  /** The synchronisation daemons that run. @throws DaemonError */
  syncDaemons(): readonly SyncDaemon[] {
    return this.#socket
      .dump(this.#message(encodeDaemonDump()))
      .map(({ body }) => decoded("IPVS_CMD_GET_DAEMON", decodeDaemon(body)));
  }

  /** Starts or stops a synchronisation daemon. @throws DaemonError */
  changeSyncDaemon(operation: SyncDaemonOperation): void {
    const name = DAEMON_COMMAND[operation.kind];
    this.#socket.request({ ...this.#message(encodeDaemonOperation(operation)), name });
  }

  /** Removes every service, whoever made it. @throws DaemonError */
  flush(): void {
    this.#socket.request(this.#message(encodeFlush()));
  }

  close(): void {
    this.#socket.close();
  }

  #destinations(identity: ServiceIdentity): ReadonlyMap<string, IpvsDestination> {
    const family = familyOfService(identity);
    const out = new Map<string, IpvsDestination>();
    for (const { body } of this.#socket.dump(this.#message(encodeDestinationDump(identity)))) {
      const destination = known("IPVS_CMD_GET_DEST", decodeDestination(body, family));
      if (destination !== undefined) out.set(destinationKey(destination), destination);
    }
    return out;
  }

  #send(operations: readonly IpvsOperation[]): (DaemonError | undefined)[] {
    if (operations.length === 0) return [];
    this.#operationsSent += operations.length;
    return [...this.#socket.requestBatch(operations.map((o) => this.#message(encodeOperation(o))))];
  }

  /** What failed because of a module that is loaded now: services, and their destinations behind them. */
  #repeatable(operations: readonly IpvsOperation[], errors: readonly (DaemonError | undefined)[]): number[] {
    const outcomes = new Map<string, boolean>();
    const services = new Set<string>();
    const out: number[] = [];
    errors.forEach((error, i) => {
      if (error === undefined) return;
      const o = at(operations, i);
      const key = serviceKey(identityOf(o));
      const lacksModule = (o.kind === "addService" || o.kind === "editService") && error.code === "ENOENT";
      if (lacksModule && this.#loadModules(modulesOf(o.service), outcomes)) services.add(key);
      if (services.has(key)) out.push(i);
    });
    return out;
  }

  /** @param outcomes of this call of apply, so that a module is tried once however many services want it */
  #loadModules(names: readonly string[], outcomes: Map<string, boolean>): boolean {
    for (const name of names)
      if (!outcomes.has(name)) outcomes.set(name, this.#loadModule(name) === undefined);
    return names.length > 0 && names.every((name) => outcomes.get(name));
  }

  #message(body: Uint8Array): { type: number; flags: number; body: Uint8Array } {
    return { type: this.#family, flags: 0, body };
  }
}

function familyNumber(socket: NetlinkSocket, loadModule: LoadModule): number {
  try {
    return resolveFamily(socket, IPVS_FAMILY);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  const reason = loadModule("ip_vs");
  try {
    return resolveFamily(socket, IPVS_FAMILY);
  } catch (error) {
    if (!isMissing(error)) throw error;
    const detail = `kernel module ip_vs is not available${reason === undefined ? "" : ` (${reason})`}`;
    throw new DaemonError("IPVS", ENOENT, "ENOENT", { detail, cause: error });
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof DaemonError && error.code === "ENOENT";
}

/** The modules that a service needs beside `ip_vs`; names that no module can have are left out. */
function modulesOf(s: IpvsService): string[] {
  const out = [`ip_vs_${s.scheduler}`];
  if (s.persistenceEngine !== undefined) out.push(`ip_vs_pe_${s.persistenceEngine}`);
  return out.filter((name) => /^ip_vs_[a-z0-9_]+$/.test(name));
}

/** Asks modprobe, at the place where the kernel itself would look for it. */
function modprobe(name: string): string | undefined {
  const child = spawnSync(modprobePath(), ["--", name], {
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    stdio: ["ignore", "ignore", "pipe"],
    timeout: MODPROBE_TIMEOUT_MS,
    encoding: "utf8",
  });
  if (child.error !== undefined) return `modprobe: ${child.error.message}`;
  if (child.status === 0) return undefined;
  return child.stderr.trim().slice(0, 200) || `modprobe exited with status ${child.status}`;
}

function modprobePath(): string {
  try {
    return readFileSync("/proc/sys/kernel/modprobe", "utf8").trim() || "/sbin/modprobe";
  } catch {
    return "/sbin/modprobe";
  }
}

function explained(o: IpvsOperation, error: DaemonError): DaemonError {
  const detail = describeFailure(o, error);
  return new DaemonError(OPERATION_COMMAND[o.kind], error.errno, error.code, { detail, cause: error });
}

/** @returns undefined for what this daemon cannot have made */
function known<T>(command: string, read: Decoded<T>): T | undefined {
  return read.ok || read.reason !== "unsupported" ? decoded(command, read) : undefined;
}

function decoded<T>(command: string, read: Decoded<T>): T {
  if (read.ok) return read.value;
  throw new DaemonError(command, EBADMSG, "EBADMSG", { detail: `${read.reason}: ${read.detail}` });
}

/** @param i an index of the list */
function at<T>(list: readonly T[], i: number): T {
  return list[i] as T;
}
