/**
 * Counts the processes that each `vrrp_track_process` means: one look at /proc, then what the kernel reports;
 * where it reports nothing, a look again and again. Decides nothing about the counts.
 */
import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import type { Clock } from "../base/clock.ts";
import { DaemonError } from "../base/errors.ts";
import type { TrackProcessConfig } from "../config/model-vrrp.ts";
import {
  processEventsConfirmed,
  processEventsLost,
  processEventsMissing,
  quorumChanged,
} from "../log/catalogue/tracking.ts";
import type { Logger } from "../log/entry.ts";
import type { Native } from "../net/native-api.ts";
import { ProcConnector, type ProcessEvent } from "../net/proc-connector.ts";
import {
  countProcesses,
  freshProcesses,
  isProcess,
  type ProcessFacts,
  type ProcessReason,
  type ProcessState,
  ripenProcesses,
} from "./track-process.ts";
import type { ObjectStatus } from "./tracked-objects.ts";

export interface ProcessTrackingPorts {
  readonly native: Native;
  readonly clock: Clock;
  readonly logger: Logger;
  changed(name: string): void;
}

interface Tracked {
  config: TrackProcessConfig;
  readonly pids: Set<number>;
  state: ProcessState;
  timer: NodeJS.Timeout | undefined;
}

/** How long the kernel may take to say that it reports at all. */
const CONFIRMATION_MS = 1_000;
const POLL_MS = 1_000;

export class ProcessTracking {
  readonly #ports: ProcessTrackingPorts;
  #processes: ReadonlyMap<string, Tracked> = new Map();
  #connector: ProcConnector | undefined;
  /** somebody looks at command lines, and not only at names */
  #withCommand = false;
  #polling: NodeJS.Timeout | undefined;
  #confirmation: NodeJS.Timeout | undefined;

  constructor(ports: ProcessTrackingPorts) {
    this.#ports = ports;
  }

  /** @param receiveBuffer bytes of the kernel's reports; undefined: our own default */
  apply(configs: readonly TrackProcessConfig[], receiveBuffer: number | undefined): void {
    for (const tracked of this.#processes.values()) clearTimeout(tracked.timer);
    const before = this.#processes;
    this.#processes = new Map(
      configs.map((config) => {
        const state = before.get(config.name)?.state ?? freshProcesses(config, 0);
        return [config.name, { config, pids: new Set<number>(), state, timer: undefined }];
      }),
    );
    this.#withCommand = configs.some((config) => config.fullCommand);
    if (configs.length === 0) this.#stopListening();
    else if (this.#connector === undefined && this.#polling === undefined) this.#listen(receiveBuffer);
    this.#lookAtAll();
    for (const tracked of this.#processes.values())
      tracked.state = freshProcesses(tracked.config, tracked.pids.size);
  }

  statusOf(name: string): ObjectStatus {
    return { kind: this.#processes.get(name)?.state.up === true ? "up" : "down" };
  }

  close(): void {
    for (const tracked of this.#processes.values()) clearTimeout(tracked.timer);
    this.#processes = new Map();
    this.#stopListening();
  }

  // ---- where news come from --------------------------------------------------------------------------------

  #listen(receiveBuffer: number | undefined): void {
    const { native } = this.#ports;
    try {
      this.#connector = new ProcConnector(native, (event) => this.#onEvent(event), receiveBuffer);
    } catch (e) {
      if (!(e instanceof DaemonError)) throw e;
      this.#poll(e.code);
      return;
    }
    this.#confirmation = setTimeout(() => this.#poll("no answer"), CONFIRMATION_MS);
  }

  #stopListening(): void {
    clearTimeout(this.#confirmation);
    clearInterval(this.#polling);
    this.#polling = undefined;
    this.#connector?.close();
    this.#connector = undefined;
  }

  #poll(reason: string): void {
    this.#stopListening();
    this.#ports.logger.write(processEventsMissing({ reason, milliseconds: POLL_MS }));
    this.#polling = setInterval(() => this.#lookAgain(), POLL_MS);
  }

  #onEvent(event: ProcessEvent): void {
    switch (event.kind) {
      case "listening":
        clearTimeout(this.#confirmation);
        this.#ports.logger.write(processEventsConfirmed({}));
        return;
      case "fork":
        for (const tracked of this.#processes.values())
          if (tracked.pids.has(event.parent)) this.#add(tracked, event.child, "fork");
        return;
      case "exec":
      case "comm":
        this.#lookAt(event.pid);
        return;
      case "exit":
        for (const tracked of this.#processes.values()) this.#drop(tracked, event.pid, "exit");
        return;
      case "lost":
        this.#ports.logger.write(processEventsLost({}));
        this.#lookAgain();
        return;
    }
  }

  // ---- looking ---------------------------------------------------------------------------------------------

  #lookAt(pid: number): void {
    const facts = factsOf(pid, this.#withCommand);
    for (const tracked of this.#processes.values())
      if (facts !== undefined && isProcess(tracked.config, facts)) this.#add(tracked, pid, "exec");
      else this.#drop(tracked, pid, "exec");
  }

  #lookAtAll(): void {
    for (const pid of runningPids()) {
      const facts = factsOf(pid, this.#withCommand);
      if (facts === undefined) continue;
      const meant = [...this.#processes.values()].filter(({ config }) => isProcess(config, facts));
      if (meant.length > 0 && !isZombie(pid)) for (const { pids } of meant) pids.add(pid);
    }
  }

  /** What began or ended meanwhile has its delays, as if it had been reported. */
  #lookAgain(): void {
    const before = new Map([...this.#processes.values()].map((t) => [t, new Set(t.pids)]));
    for (const tracked of this.#processes.values()) tracked.pids.clear();
    this.#lookAtAll();
    for (const [tracked, pids] of before) {
      const reason = tracked.pids.size > pids.size ? "fork" : "exit";
      if (tracked.pids.size !== pids.size) this.#count(tracked, reason);
    }
  }

  // ---- counting --------------------------------------------------------------------------------------------

  #add(tracked: Tracked, pid: number, reason: ProcessReason): void {
    if (tracked.pids.has(pid)) return;
    tracked.pids.add(pid);
    this.#count(tracked, reason);
  }

  #drop(tracked: Tracked, pid: number, reason: ProcessReason): void {
    if (tracked.pids.delete(pid)) this.#count(tracked, reason);
  }

  #count(tracked: Tracked, reason: ProcessReason): void {
    const { config, state, pids } = tracked;
    this.#become(tracked, countProcesses(config, state, pids.size, reason, this.#ports.clock.now()));
  }

  #become(tracked: Tracked, state: ProcessState): void {
    const was = tracked.state;
    tracked.state = state;
    if (state.turnAt !== was.turnAt) this.#wait(tracked);
    if (state.up === was.up) return;
    const { name } = tracked.config;
    this.#ports.logger.write(quorumChanged({ process: name, gained: state.up }));
    this.#ports.changed(name);
  }

  #wait(tracked: Tracked): void {
    clearTimeout(tracked.timer);
    const { turnAt } = tracked.state;
    if (turnAt === undefined) return;
    const { clock } = this.#ports;
    const milliseconds = Math.max(0, Math.ceil((turnAt - clock.now()) / 1000));
    tracked.timer = setTimeout(() => {
      this.#become(tracked, ripenProcesses(tracked.state, clock.now()));
      if (tracked.state.turnAt !== undefined) this.#wait(tracked);
    }, milliseconds);
  }
}

function runningPids(): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number);
}

/** More of a command line than any configuration names. */
const buffer = Buffer.allocUnsafe(16 * 1024);

/** A file of /proc as far as the buffer holds it: one read gives all of it. */
function readProc(pid: number, name: string): string {
  const fd = openSync(`/proc/${pid}/${name}`, "r");
  try {
    return buffer.toString("utf8", 0, readSync(fd, buffer));
  } finally {
    closeSync(fd);
  }
}

/**
 * @param withCommand whether anybody asks for more than the name: on a busy machine programs start all the time
 * @returns undefined when it has ended, wholly or but for its parent (zombie)
 */
function factsOf(pid: number, withCommand: boolean): ProcessFacts | undefined {
  try {
    const comm = readProc(pid, "comm").replace(/\n$/, "");
    if (!withCommand) return { comm, arguments: [] };
    const text = readProc(pid, "cmdline");
    return { comm, arguments: text === "" ? [] : text.replace(/\0$/, "").split("\0") };
  } catch {
    return undefined;
  }
}

function isZombie(pid: number): boolean {
  try {
    const stat = readProc(pid, "stat");
    return /^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
  } catch {
    return true;
  }
}
