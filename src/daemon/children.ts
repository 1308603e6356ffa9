/**
 * The parent's children as one thing: starts those that the configuration needs, gives each its part,
 * knows when all have put it in force, restarts them and stops them.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../base/clock.ts";
import type { Micros } from "../base/units.ts";
import type { ConfigModel } from "../config/model.ts";
import {
  childDied,
  childExited,
  childKilled,
  childPermanentError,
  childSignalled,
  predecessorStuck,
  restartDelayed,
  startFailed,
  startingChild,
  waitingForPredecessor,
} from "../log/catalogue/process.ts";
import type { FieldValue, Logger } from "../log/entry.ts";
import type { Fd, Native } from "../net/native-api.ts";
import { type Line, openLine } from "../process/notices.ts";
import { isLocked } from "../process/pid-file.ts";
import type { ChildExit, RestartDecision } from "../process/restart-policy.ts";
import { describeSignal } from "../process/signals.ts";
import { Supervisor } from "../process/supervisor.ts";
import { programPath, ROLES, spawnProgram } from "./boot.ts";
import { isNeeded, sliceFor } from "./configuration.ts";
import type { ChildOptions, ChildRole, FromChild, ToChild } from "./messages.ts";
import type { DaemonOptions } from "./options.ts";
import type { ScriptRelay } from "./script-relay.ts";

/** The order in which keepalived starts them. */
const ORDER: readonly ChildRole[] = ["checker", "vrrp", "bfd"];
/** About 50 KiB: what the channel reads at once. */
const SERVICES_PER_MESSAGE = 50;
const PREDECESSOR_LIMIT_MS = 10_000;
const PREDECESSOR_PAUSE_MS = 20;

export interface ChildrenPort {
  readonly native: Native;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly scripts: ScriptRelay;
  /** Every child that runs has put the latest configuration in force. */
  allConfigured(): void;
  /** A child ended in a way that ends the daemon, with this exit status. */
  fatal(status: number): void;
}

export class Children {
  readonly #options: DaemonOptions;
  readonly #port: ChildrenPort;
  readonly #program: (role: ChildRole) => string;
  /** from the BFD child; they outlive every child, so that each can begin anew */
  readonly #lines: { readonly vrrp: Line; readonly checker: Line };
  readonly #supervisors = new Map<ChildRole, Supervisor<FromChild, ToChild>>();
  /** children that have run at least once */
  readonly #memories = new Map<ChildRole, FieldValue>();
  readonly #greeted = new Set<ChildRole>();
  /** children that have not answered yet; undefined: nobody waits for answers */
  #awaited: Set<ChildRole> | undefined;
  #model: ConfigModel | undefined;
  #generation = 0;

  /** @param program where a child's program lies; only tests have reason to say */
  constructor(
    options: DaemonOptions,
    port: ChildrenPort,
    program: (role: ChildRole) => string = programPath,
  ) {
    this.#options = options;
    this.#port = port;
    this.#program = program;
    this.#lines = { vrrp: openLine(port.native), checker: openLine(port.native) };
  }

  /**
   * After a killed daemon its children still give back addresses and services: two sets of children at
   * once would undo each other's work.
   *
   * @returns false when one does not go
   */
  async waitForPredecessors(): Promise<boolean> {
    const { native, logger } = this.#port;
    for (const role of this.#options.roles) {
      const file = this.#options.pidFiles[role];
      if (!isLocked(native, file)) continue;
      logger.write(waitingForPredecessor({ file }));
      for (let waited = 0; isLocked(native, file); waited += PREDECESSOR_PAUSE_MS) {
        if (waited >= PREDECESSOR_LIMIT_MS) {
          logger.write(predecessorStuck({ file }));
          return false;
        }
        await sleep(PREDECESSOR_PAUSE_MS);
      }
    }
    return true;
  }

  /** Puts a configuration in force. A child that has become idle keeps running with an empty part. */
  apply(model: ConfigModel): void {
    this.#model = model;
    this.#generation++;
    this.#awaited = new Set();
    for (const role of ORDER) {
      const supervisor = this.#supervisors.get(role);
      if (supervisor === undefined && !this.#isWanted(role, model)) continue;
      this.#awaited.add(role);
      if (supervisor === undefined) this.#start(role);
      else this.#configure(role);
    }
    if (this.#awaited.size === 0) this.#settled();
  }

  /** Whether any child was started. */
  get any(): boolean {
    return this.#supervisors.size > 0;
  }

  async stop(limit: Micros): Promise<void> {
    this.#awaited = undefined;
    await Promise.all([...this.#supervisors.values()].map((s) => s.stop({ kind: "stop" }, limit)));
  }

  #isWanted(role: ChildRole, model: ConfigModel): boolean {
    return this.#options.roles.has(role) && (this.#options.allRoles || isNeeded(role, model));
  }

  #start(role: ChildRole): void {
    const { label } = ROLES[role];
    const { logger, clock } = this.#port;
    const supervisor = new Supervisor<FromChild, ToChild>(
      {
        spawn: () =>
          spawnProgram(
            this.#program(role),
            ROLES[role],
            {
              options: childOptions(role, this.#options),
              pidFile: this.#options.pidFiles[role],
              parentPid: process.pid,
            },
            this.#linesOf(role),
          ),
        started: (pid) => logger.write(startingChild({ child: label, pid })),
        received: (message) => this.#received(role, message),
        died: (pid, exit, decision) => this.#died(role, pid, exit, decision),
        startFailed: (error) => logger.write(startFailed({ child: label, reason: error.message })),
        killed: (pid) => logger.write(childKilled({ child: label, pid })),
      },
      clock,
    );
    this.#supervisors.set(role, supervisor);
    supervisor.start();
  }

  /** @see BFD_LINES */
  #linesOf(role: ChildRole): readonly Fd[] {
    const { vrrp, checker } = this.#lines;
    return role === "bfd" ? [vrrp.writer, checker.writer] : [this.#lines[role].reader];
  }

  #configure(role: ChildRole): void {
    if (this.#model === undefined) return;
    const { virtualServers, ...rest } = sliceFor(role, this.#model);
    const supervisor = this.#supervisors.get(role);
    for (let i = 0; i < virtualServers.length; i += SERVICES_PER_MESSAGE)
      supervisor?.send({
        kind: "virtualServers",
        servers: virtualServers.slice(i, i + SERVICES_PER_MESSAGE),
      });
    const model = { ...rest, virtualServers: [] };
    const memory = this.#memories.get(role);
    supervisor?.send({
      kind: "configure",
      generation: this.#generation,
      model,
      ...(memory === undefined ? {} : { memory }),
    });
  }

  #received(role: ChildRole, message: FromChild): void {
    switch (message.kind) {
      case "hello":
        this.#configure(role);
        // what a first child is told waits in its line
        if (this.#greeted.has(role)) this.#supervisors.get("bfd")?.send({ kind: "tellBfd" });
        this.#greeted.add(role);
        return;
      case "configured":
        if (message.generation !== this.#generation) return;
        this.#awaited?.delete(role);
        if (this.#awaited?.size === 0) this.#settled();
        return;
      case "runScript": {
        const { request } = message;
        const supervisor = this.#supervisors.get(role);
        const pid = supervisor?.pid;
        // queues of different children are different queues
        this.#port.scripts.submit({ ...request, queue: `${role} ${request.queue}` }, (result) => {
          if (supervisor?.pid === pid) supervisor?.send({ kind: "scriptExited", id: request.id, result });
        });
        return;
      }
      case "endScripts": {
        const { end } = message;
        this.#port.scripts.end({ ...end, queues: `${role} ${end.queues}` });
        return;
      }
      case "remember":
        this.#memories.set(role, message.memory);
        return;
      case "snapshot":
        // dumps and status will read it
        return;
      case "alert":
        // the mailer will take it
        return;
    }
  }

  #settled(): void {
    this.#awaited = undefined;
    this.#port.allConfigured();
  }

  #died(role: ChildRole, pid: number, exit: ChildExit, decision: RestartDecision): void {
    const { logger } = this.#port;
    const { label } = ROLES[role];
    if (exit.kind === "signalled") {
      const { number, text } = describeSignal(exit.signal);
      logger.write(childSignalled({ pid, signal: number, description: text }));
    }
    if (decision.kind === "terminate") {
      logger.write(childPermanentError({ pid, error: decision.error }));
      this.#port.fatal(decision.status);
      return;
    }
    if (exit.kind === "exited") logger.write(childExited({ pid, status: exit.status }));
    if (!this.#options.respawn) {
      logger.write(childDied({ child: label, pid, consequence: "Exiting" }));
      this.#port.fatal(0);
      return;
    }
    logger.write(childDied({ child: label, pid, consequence: "Respawning" }));
    logger.write(restartDelayed({ child: label, seconds: Math.round(decision.delay / 1_000_000) }));
  }
}

function childOptions(role: ChildRole, options: DaemonOptions): ChildOptions {
  const { log } = options;
  return {
    logDetail: log.detail,
    logConsole: log.console,
    logFormat: log.format,
    syslog: log.syslog,
    logFacility: log.facility,
    logFile: log.file === undefined ? undefined : withSuffix(log.file, ROLES[role].suffix),
    ident: ROLES[role].ident,
    dontReleaseVrrp: options.dontReleaseVrrp,
    dontReleaseIpvs: options.dontReleaseIpvs,
    releaseVips: options.releaseVips,
    // the parent has entered it, and children inherit that
    netNamespace: undefined,
  };
}

/** `/tmp/keepalived.log` and `_vrrp` give `/tmp/keepalived_vrrp.log`. */
export function withSuffix(file: string, suffix: string): string {
  const name = file.lastIndexOf("/") + 1;
  const dot = file.lastIndexOf(".");
  return dot > name ? file.slice(0, dot) + suffix + file.slice(dot) : file + suffix;
}
