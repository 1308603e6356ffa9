/**
 * The parent process: from the first log line to the last. It reads and checks the configuration, owns
 * its pid file, signals, reload and stop; nothing here is timing-critical, and it never touches
 * addresses or services.
 */
import { release, version } from "node:os";
import { monotonicClock } from "../base/clock.ts";
import { DaemonError } from "../base/errors.ts";
import { seconds } from "../base/units.ts";
import { planReload, summarisePlan } from "../config/plan.ts";
import {
  alreadyRunning,
  commandLine,
  internalError,
  noConfiguration,
  optionWithoutFunction,
  pidFileFailed,
  reloadComplete,
  reloading,
  reloadPlan,
  reloadRefused,
  runningOn,
  signalWithoutFunction,
  starting,
  startupComplete,
  stopped,
  stopping,
} from "../log/catalogue/process.ts";
import { openLogger, type ProcessLogger } from "../log/logger.ts";
import { loadNative } from "../net/native.ts";
import type { Native } from "../net/native-api.ts";
import { PidFile } from "../process/pid-file.ts";
import { openServiceManager, type ServiceManager } from "../process/sd-notify.ts";
import { onSignals, REALTIME } from "../process/signals.ts";
import { Children } from "./children.ts";
import { type Configuration, readConfiguration } from "./configuration.ts";
import type { ChildRole } from "./messages.ts";
import type { DaemonOptions } from "./options.ts";
import { ScriptRelay } from "./script-relay.ts";
import { BANNER } from "./version.ts";

/** Exit statuses of keepalived(8). */
const EX_FATAL = 1;
const EX_SOFTWARE = 70;

/** Who wants to know how the start goes on, and where children's programs lie. */
export interface DaemonPort {
  /** The daemon is up: configuration in force, pid file written. */
  up(): void;
  readonly program?: (role: ChildRole) => string;
}

/**
 * Runs the daemon until it is told to stop.
 *
 * @returns the exit status
 */
export function runDaemon(options: DaemonOptions, port: DaemonPort): Promise<number> {
  return new Daemon(options, port).run();
}

class Daemon {
  readonly #options: DaemonOptions;
  readonly #port: DaemonPort;
  readonly #native: Native = loadNative();
  readonly #logger: ProcessLogger;
  readonly #service: ServiceManager;
  readonly #scripts: ScriptRelay;
  readonly #children: Children;
  readonly #ended: Promise<number>;
  #end: (status: number) => void = () => {};
  #state: "starting" | "running" | "reloading" | "stopping" = "starting";
  #reloadQueued = false;
  /** another daemon runs: this one ends without further words, as keepalived does */
  #refused = false;
  #configuration: Configuration | undefined;
  #pidFile: PidFile | undefined;

  constructor(options: DaemonOptions, port: DaemonPort) {
    this.#options = options;
    this.#port = port;
    if (options.umask !== undefined) process.umask(options.umask);
    const { log } = options;
    this.#logger = openLogger({ ident: "Keepalived", ...log }, this.#native);
    this.#service = openServiceManager(this.#native, process.env["NOTIFY_SOCKET"], process.pid);
    this.#scripts = new ScriptRelay(this.#logger);
    this.#children = new Children(
      options,
      {
        native: this.#native,
        clock: monotonicClock,
        logger: this.#logger,
        scripts: this.#scripts,
        allConfigured: () => this.#allConfigured(),
        fatal: (status) => void this.#stop(status),
      },
      port.program,
    );
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  async run(): Promise<number> {
    process.on("uncaughtException", (error) => this.#fail(error));
    process.on("unhandledRejection", (reason) => this.#fail(reason));
    // signal handlers alone do not keep the event loop alive
    const alive = setInterval(() => {}, 0x7fffffff);
    this.#announce();
    const undo = this.#catchSignals();
    const status = (await this.#start()) ?? (await this.#ended);
    this.#pidFile?.release();
    if (!this.#refused) this.#logger.write(stopped({ banner: BANNER }));
    this.#logger.close();
    clearInterval(alive);
    undo();
    return status;
  }

  #announce(): void {
    const { commandLine: words, withoutFunction } = this.#options;
    this.#logger.write(starting({ banner: BANNER }));
    this.#logger.write(
      runningOn({ system: `Linux ${release()} ${version()}`, runtime: `Node ${process.version}` }),
    );
    this.#logger.write(commandLine({ line: words.map((w) => `'${w}'`).join(" ") }));
    for (const option of withoutFunction) this.#logger.write(optionWithoutFunction({ option }));
  }

  #catchSignals(): () => void {
    const told = new Set<string>();
    const later = (signal: string) => (): void => {
      if (told.has(signal)) return;
      told.add(signal);
      this.#logger.write(signalWithoutFunction({ signal }));
    };
    const stop = (): void => void this.#stop(0);
    return onSignals(
      this.#native,
      new Map<NodeJS.Signals | number, () => void>([
        ["SIGHUP", () => this.#reload()],
        ["SIGTERM", stop],
        ["SIGINT", this.#options.ignoreSigint ? (): void => {} : stop],
        ["SIGUSR1", later("USR1")],
        ["SIGUSR2", later("USR2")],
        [REALTIME.json, later("RTMIN+2")],
        [REALTIME.statsClear, later("RTMAX-1")],
        [REALTIME.threadDump, later("RTMAX")],
      ]),
    );
  }

  /** @returns the exit status when the daemon cannot or need not run */
  async #start(): Promise<number | undefined> {
    const { namespace, configFile, configId, allConfig } = this.#options;
    if (namespace !== undefined) {
      try {
        this.#native.enterNamespace(`/run/netns/${namespace}`);
      } catch (error) {
        this.#report(error);
        return EX_FATAL;
      }
    }
    const outcome = readConfiguration(configFile, configId, this.#logger, undefined, allConfig);
    if (outcome.kind === "refused") return outcome.status;
    const status = this.#takePidFile();
    if (status !== undefined) return status;
    if (!(await this.#children.waitForPredecessors())) return EX_FATAL;
    if (this.#state !== "starting") return undefined;
    this.#configuration = outcome.configuration;
    const { model } = outcome.configuration;
    process.title = model.global.processNames.parent || "keepalived";
    this.#children.apply(model);
    return undefined;
  }

  #takePidFile(): number | undefined {
    const file = this.#options.pidFiles.parent;
    try {
      this.#pidFile = PidFile.acquire(this.#native, file);
    } catch (error) {
      if (!(error instanceof DaemonError)) throw error;
      this.#logger.write(pidFileFailed({ file, reason: error.message }));
      return EX_FATAL;
    }
    if (this.#pidFile !== undefined) return undefined;
    this.#refused = true;
    this.#logger.write(alreadyRunning({}));
    return 0;
  }

  #allConfigured(): void {
    if (this.#state === "starting") {
      this.#logger.write(this.#children.any ? startupComplete({}) : noConfiguration({}));
      this.#settle();
      this.#port.up();
    } else if (this.#state === "reloading") {
      this.#logger.write(reloadComplete({}));
      this.#settle();
    }
  }

  /** What runs now runs by the configuration; a reload asked for meanwhile follows. */
  #settle(): void {
    this.#state = "running";
    this.#service.ready(this.#describe());
    if (!this.#reloadQueued) return;
    this.#reloadQueued = false;
    setImmediate(() => this.#reload());
  }

  #reload(): void {
    if (this.#state === "stopping") return;
    if (this.#state !== "running" || this.#configuration === undefined) {
      this.#reloadQueued = true;
      return;
    }
    this.#state = "reloading";
    this.#logger.write(reloading({}));
    this.#service.reloading(this.#native.now());
    const { configFile, configId, allConfig } = this.#options;
    const running = this.#configuration;
    const outcome = readConfiguration(configFile, configId, this.#logger, running, allConfig);
    if (outcome.kind === "refused") {
      this.#logger.write(reloadRefused({ file: configFile, errors: outcome.errors }));
      this.#settle();
      return;
    }
    const { model } = outcome.configuration;
    this.#logger.write(reloadPlan({ summary: summarisePlan(planReload(running.model, model)) }));
    this.#configuration = outcome.configuration;
    this.#restorePidFile();
    this.#children.apply(model);
  }

  #restorePidFile(): void {
    try {
      this.#pidFile?.restore();
    } catch (error) {
      this.#logger.write(
        pidFileFailed({ file: this.#options.pidFiles.parent, reason: (error as Error).message }),
      );
    }
  }

  async #stop(status: number): Promise<void> {
    if (this.#state === "stopping") return;
    this.#state = "stopping";
    this.#logger.write(stopping({}));
    this.#service.stopping();
    const limit = this.#configuration?.model.global.childWaitTime ?? seconds(5);
    await this.#children.stop(limit);
    await this.#scripts.stop(limit / 1000);
    this.#end(status);
  }

  /** Our own bug: say it and take the children down in order. */
  #fail(error: unknown): void {
    this.#report(error);
    void this.#stop(EX_SOFTWARE);
  }

  #report(error: unknown): void {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    for (const line of stack.split("\n")) this.#logger.write(internalError({ stack: line }));
  }

  #describe(): string {
    const model = this.#configuration?.model;
    if (model === undefined) return "Running";
    const instances = model.vrrpInstances.length;
    const services = model.virtualServers.length;
    return `Running ${instances} VRRP instance${instances === 1 ? "" : "s"}, ${services} virtual server${services === 1 ? "" : "s"}`;
  }
}
