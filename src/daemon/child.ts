/**
 * The life of a child process around its role: death of the parent, signals, log, channel, pid file,
 * orderly and disorderly end. The role itself only puts configurations in force and releases.
 */
import { monotonicClock } from "../base/clock.ts";
import { DaemonError } from "../base/errors.ts";
import type { ConfigModel, GlobalDefs, SchedulingConfig, VirtualServerConfig } from "../config/model.ts";
import {
  childReloaded,
  childReloading,
  childStopped,
  internalError,
  parentLost,
  pidFileFailed,
} from "../log/catalogue/process.ts";
import type { FieldValue } from "../log/entry.ts";
import { openLogger, type ProcessLogger } from "../log/logger.ts";
import { loadNative } from "../net/native.ts";
import type { Native } from "../net/native-api.ts";
import { type Channel, channelToParent } from "../process/ipc.ts";
import { receiveNotices } from "../process/notices.ts";
import { PidFile } from "../process/pid-file.ts";
import { onSignals, REALTIME } from "../process/signals.ts";
import { RelayScriptClient } from "../script/client.ts";
import { BFD_LINES, type ChildBoot, ROLES, takeBoot } from "./boot.ts";
import type { ChildHandlers, ChildRoleFactory } from "./child-api.ts";
import type { BfdNotice, ChildRole, FromChild, ToChild } from "./messages.ts";
import { applyScheduling } from "./scheduling.ts";

const SIGTERM = 15;
/** Exit status after an internal error: the supervisor starts the child again. */
const EX_SOFTWARE = 70;
/** How long a release may take: at an orderly end without a parent who would kill, and after our own bug. */
const ORDERLY_LIMIT_MS = 10_000;
const DISORDERLY_LIMIT_MS = 2_000;
/** How long a SIGTERM waits for the channel to close, in milliseconds; an orderly stop is a message. */
const TERM_PAUSE_MS = 50;
/** Least time between two snapshots, in milliseconds. */
const SNAPSHOT_PAUSE_MS = 100;

/** Runs this process as a child of the daemon; the process ends when the role has stopped. */
export function startChild(role: ChildRole, factory: ChildRoleFactory): void {
  const boot = takeBoot();
  const channel = channelToParent<ToChild, FromChild>();
  if (boot === undefined || channel === undefined) {
    process.stderr.write("keepalived: this program is started by keepalived itself\n");
    process.exitCode = 1;
    return;
  }
  const native = loadNative();
  native.setParentDeathSignal(SIGTERM);
  // the parent may have died before the line above, and then no signal will ever come
  if (process.ppid !== boot.parentPid) process.exit(0);
  new Child(role, boot, channel, native).run(factory);
}

class Child {
  readonly #role: ChildRole;
  readonly #boot: ChildBoot;
  readonly #channel: Channel<ToChild, FromChild>;
  readonly #native: Native;
  readonly #logger: ProcessLogger;
  readonly #scripts: RelayScriptClient;
  #pidFile: PidFile | undefined;
  #handlers: ChildHandlers | undefined;
  /** configurations are put in force one after another, and a stop comes after them */
  #work: Promise<void> = Promise.resolve();
  #configured = false;
  /** virtual servers of a configuration that is still arriving */
  #arrived: (readonly VirtualServerConfig[])[] = [];
  #memory: FieldValue | undefined;
  #ending = false;

  constructor(role: ChildRole, boot: ChildBoot, channel: Channel<ToChild, FromChild>, native: Native) {
    this.#role = role;
    this.#boot = boot;
    this.#channel = channel;
    this.#native = native;
    const { options } = boot;
    this.#logger = openLogger(
      {
        ident: options.ident,
        facility: options.logFacility,
        syslog: options.syslog,
        console: options.logConsole,
        file: options.logFile,
        format: options.logFormat,
        detail: options.logDetail,
      },
      native,
    );
    this.#scripts = new RelayScriptClient((command) => channel.send(command));
  }

  run(factory: ChildRoleFactory): void {
    process.title = ROLES[this.#role].title;
    process.on("uncaughtException", (error) => this.#fail(error));
    process.on("unhandledRejection", (reason) => this.#fail(reason));
    this.#catchSignals();
    this.#takePidFile();
    this.#handlers = factory({
      native: this.#native,
      clock: monotonicClock,
      logger: this.#logger,
      scripts: this.#scripts,
      options: this.#boot.options,
      onBfd: (heard) => this.#listenToBfd(heard),
      giveUp: (status) => this.#exit(status),
      alert: (alert) => void this.#channel.send({ kind: "alert", alert }),
      remember: (memory) => void this.#channel.send({ kind: "remember", memory }),
      remembered: () => this.#memory,
      publish: snapshotPublisher(this.#role, this.#channel),
    });
    this.#channel.onMessage((message) => this.#receive(message));
    this.#channel.onClose(() => {
      this.#scripts.abandon();
      this.#end();
    });
    this.#channel.send({ kind: "hello", role: this.#role });
  }

  #catchSignals(): void {
    const nothing = (): void => {};
    onSignals(
      this.#native,
      new Map<NodeJS.Signals | number, () => void>([
        // the kernel sends it when the parent's first thread dies, a moment before the channel closes: with
        // a parent that still looks alive, scripts would be relayed into nothing
        ["SIGTERM", () => setTimeout(() => this.#end(), TERM_PAUSE_MS)],
        // a terminal sends INT to the whole group: the parent decides, as it does for HUP and the dumps
        ["SIGINT", nothing],
        ["SIGHUP", nothing],
        ["SIGUSR1", nothing],
        ["SIGUSR2", nothing],
        [REALTIME.json, nothing],
        [REALTIME.statsClear, nothing],
        [REALTIME.threadDump, nothing],
      ]),
    );
  }

  #takePidFile(): void {
    const file = this.#boot.pidFile;
    if (file === undefined) return;
    try {
      this.#pidFile = PidFile.acquire(this.#native, file);
      if (this.#pidFile === undefined)
        this.#logger.write(pidFileFailed({ file, reason: "another process holds it" }));
    } catch (error) {
      if (!(error instanceof DaemonError)) throw error;
      this.#logger.write(pidFileFailed({ file, reason: error.message }));
    }
  }

  #listenToBfd(heard: (notice: BfdNotice) => void): void {
    if (this.#role === "bfd") return;
    receiveNotices(this.#native, BFD_LINES[this.#role].fromBfd, heard, (error) => this.#report(error));
  }

  #receive(message: ToChild): void {
    if (message.kind === "scriptExited") this.#scripts.settle(message.id, message.result);
    else if (message.kind === "stop") this.#end();
    else if (message.kind === "tellBfd") this.#handlers?.tellBfd?.();
    else if (message.kind === "virtualServers") this.#arrived.push(message.servers);
    else {
      const previous = this.#work;
      const virtualServers = [...this.#arrived.flat(), ...message.model.virtualServers];
      this.#arrived = [];
      this.#memory ??= message.memory;
      const model = { ...message.model, virtualServers };
      this.#work = this.#configure(previous, model, message.generation).catch((error) => this.#fail(error));
    }
  }

  async #configure(previous: Promise<void>, model: ConfigModel, generation: number): Promise<void> {
    await previous;
    if (this.#ending || this.#handlers === undefined) return;
    const isReload = this.#configured;
    this.#configured = true;
    if (isReload) this.#logger.write(childReloading({}));
    const { global } = model;
    const scheduling = schedulingOf(this.#role, global);
    if (scheduling !== undefined) applyScheduling(this.#native, this.#logger, scheduling);
    const name = global.processNames[this.#role] ?? "";
    if (name !== "" && name !== process.title) process.title = name;
    const summary = await this.#handlers.configure(model, generation);
    if (isReload && summary !== "") this.#logger.write(childReloaded({ summary }));
    this.#channel.send({ kind: "configured", generation, summary });
  }

  /** The orderly end: asked by the parent or by a signal, or because the parent is gone. */
  #end(): void {
    if (this.#ending) return;
    this.#ending = true;
    // the channel may not have noticed yet
    const orphaned = !this.#channel.connected || process.ppid !== this.#boot.parentPid;
    if (orphaned) this.#logger.write(parentLost({}));
    const work = Promise.race([this.#work, pause(DISORDERLY_LIMIT_MS)]);
    const stop = work.then(() => this.#handlers?.stop());
    Promise.race([stop, pause(ORDERLY_LIMIT_MS)]).then(
      () => this.#exit(0),
      (error) => {
        this.#report(error);
        this.#exit(EX_SOFTWARE);
      },
    );
  }

  /** Our own bug: say it, release what can be released, and let the supervisor begin anew. */
  #fail(error: unknown): void {
    this.#report(error);
    if (this.#ending) return;
    this.#ending = true;
    const stop = Promise.resolve().then(() => this.#handlers?.stop());
    const leave = (): void => this.#exit(EX_SOFTWARE);
    Promise.race([stop, pause(DISORDERLY_LIMIT_MS)]).then(leave, leave);
  }

  #report(error: unknown): void {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    for (const line of stack.split("\n")) this.#logger.write(internalError({ stack: line }));
  }

  #exit(status: number): never {
    const { userCPUTime, systemCPUTime } = process.resourceUsage();
    this.#logger.write(childStopped({ user: fraction(userCPUTime), system: fraction(systemCPUTime) }));
    this.#pidFile?.release();
    this.#logger.close();
    process.exit(status);
  }
}

function schedulingOf(role: ChildRole, global: GlobalDefs): SchedulingConfig | undefined {
  if (role === "vrrp") return global.vrrpProcess;
  return role === "checker" ? global.checkerProcess : global.bfdProcess;
}

/** Only the latest state counts: one on its way, at most one waiting. */
function snapshotPublisher(
  role: ChildRole,
  channel: Channel<ToChild, FromChild>,
): (state: FieldValue) => void {
  let waiting: { readonly state: FieldValue } | undefined;
  let busy = false;
  const send = (): void => {
    if (waiting === undefined) {
      busy = false;
      return;
    }
    const { state } = waiting;
    waiting = undefined;
    const sent = channel.send({ kind: "snapshot", role, state }, () =>
      setTimeout(send, SNAPSHOT_PAUSE_MS).unref(),
    );
    if (!sent) busy = false;
  };
  return (state) => {
    waiting = { state };
    if (busy) return;
    busy = true;
    setImmediate(send);
  };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function fraction(micros: number): string {
  return (micros / 1_000_000).toFixed(6);
}
