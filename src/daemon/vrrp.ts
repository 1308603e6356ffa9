/**
 * The VRRP child's role: joins the VRRP runtime with scripts and with the parent, who shows its state.
 * Never parses, never waits for a script while routers run.
 */
import { type Micros, seconds } from "../base/units.ts";
import type { ConfigModel, ScriptRef, VrrpInstanceConfig } from "../config/model.ts";
import type { LvsSyncDaemon } from "../config/model-global.ts";
import type { TrackScriptConfig } from "../config/model-vrrp.ts";
import { bfdEventLine } from "../log/catalogue/bfd.ts";
import {
  groupNotices,
  instanceNotices,
  lowerPriorityNotices,
  type Notice,
  priorityNotices,
} from "../vrrp/notify.ts";
import { VrrpRuntime } from "../vrrp/runtime.ts";
import { Tracking } from "../vrrp/tracking-runtime.ts";
import type { StateName } from "../vrrp/vocabulary.ts";
import type { ChildContext, ChildHandlers, ChildRoleFactory } from "./child-api.ts";
import { Notifier, STOP_LIMIT } from "./notifier.ts";
import { reloadSummary } from "./reload-summary.ts";
import type { SyncDaemonRunner } from "./sync-daemon.ts";
import { loadSecrets } from "./vrrp-secrets.ts";

/** iptables waits for its lock. */
const COMMAND_LIMIT: Micros = seconds(5);
/** How old the counters of a published snapshot may be: the more instances, the longer a snapshot takes. */
const COUNTERS_PAUSE_MS = 1_000;
const COUNTERS_PAUSE_MS_PER_INSTANCE = 10;
/** How old a state may be: hundreds of instances that change theirs together are shown once. */
const STATES_PAUSE_MS = 50;

export const createVrrpChild: ChildRoleFactory = (context) => new VrrpChild(context);

class VrrpChild implements ChildHandlers {
  readonly #context: ChildContext;
  readonly #notifier: Notifier;
  readonly #tracking: Tracking;
  #runtime: VrrpRuntime | undefined;
  #syncDaemon: SyncDaemonRunner | undefined;
  /** the instance that it follows */
  #synced: string | undefined;
  #countersPause = COUNTERS_PAUSE_MS;
  /** what is planned: a snapshot of all instances takes time */
  #publishing: { readonly pause: number; readonly timer: NodeJS.Timeout } | undefined;

  constructor(context: ChildContext) {
    this.#context = context;
    const { native, clock, logger, scripts } = context;
    this.#notifier = new Notifier({ native, logger, scripts, alert: (alert) => context.alert(alert) });
    this.#tracking = new Tracking({
      native,
      clock,
      logger,
      runScript: ({ name, script, timeout }) =>
        scripts.run(commandOf(script), [], { queue: `track ${name}`, timeout }),
      changed: (kind, name) => this.#runtime?.objectChanged(kind, name),
    });
    context.onBfd((notice) => {
      logger.write(bfdEventLine(notice, clock.now()));
      this.#tracking.bfdIs({ name: notice.session, up: notice.up });
    });
  }

  async configure(model: ConfigModel, generation: number): Promise<string> {
    const { native, clock, logger, options, scripts } = this.#context;
    this.#runtime ??= new VrrpRuntime({
      native,
      clock,
      logger,
      releaseVips: options.releaseVips,
      onTransition: (config, { to, priority }) => {
        this.#tell(instanceNotices(config, to, priority), to);
        if (to !== "stopped" && config.name === this.#synced)
          this.#syncDaemon?.roleIs(to === "active" ? "master" : "backup");
        this.#publishSoon(STATES_PAUSE_MS);
      },
      onGroup: (config, to) => {
        this.#tell(groupNotices(config, to), to);
        this.#publishSoon(STATES_PAUSE_MS);
      },
      onEvent: (config, event, state, priority) =>
        this.#notifier.tell(
          event === "priorityChanged"
            ? priorityNotices(config, state, priority)
            : lowerPriorityNotices(config, priority),
        ),
      runCommand: async (argv) => {
        const script = { argv, uid: 0, gid: 0 };
        const options = { queue: "firewall", timeout: COMMAND_LIMIT };
        const result = await scripts.run(script, [], options);
        return result.kind === "exited" ? result.status : -1;
      },
      remember: (memory) => this.#context.remember(memory),
      remembered: () => this.#context.remembered(),
      statusOf: (kind, name) => this.#tracking.statusOf(kind, name),
      // counters grow with every advert; nobody needs to see each step
      onChange: () => this.#publishSoon(this.#countersPause),
    });
    this.#countersPause = COUNTERS_PAUSE_MS + COUNTERS_PAUSE_MS_PER_INSTANCE * model.vrrpInstances.length;
    await this.#tracking.apply(model);
    await this.#notifier.configure(model.global);
    await this.#followWithSyncDaemon(model);
    const changes = this.#runtime.apply(model, await loadSecrets(model, logger));
    if (generation > 1 && model.global.fifoWriteVrrpStatesOnReload === true) this.#repeatStates();
    this.#publish();
    return reloadSummary("vrrp instances", changes);
  }

  async stop(): Promise<void> {
    this.#tracking.close();
    this.#context.scripts.end({ queues: "track ", termMicros: 0, killMicros: STOP_LIMIT });
    this.#runtime?.stop(!this.#context.options.dontReleaseVrrp);
    this.#publish();
    this.#syncDaemon?.close();
    this.#notifier.close();
    await this.#context.scripts.drain(STOP_LIMIT);
  }

  /** The kernel's connection synchronisation is told its role before the instance has one, and then each time. */
  async #followWithSyncDaemon(model: ConfigModel): Promise<void> {
    const { config, instance } = syncDaemonOf(model);
    if (this.#syncDaemon === undefined && instance === undefined) return;
    const { native, logger } = this.#context;
    const { SyncDaemonRunner } = await import("./sync-daemon.ts");
    this.#syncDaemon ??= new SyncDaemonRunner(native, logger);
    this.#synced = instance?.name;
    const known = this.#runtime?.states().instances.find(({ config: c }) => c.name === instance?.name);
    const isActive = known?.state === "active";
    const wanted = instance === undefined ? undefined : config;
    this.#syncDaemon.configure(wanted, [isActive ? "master" : "backup"], instance?.virtualRouterId ?? 0);
  }

  #tell(notices: readonly Notice[], to: StateName): void {
    this.#notifier.tell(notices, to === "stopped" ? STOP_LIMIT : undefined);
  }

  /** Readers of a FIFO begin anew with a reload; those that want it hear how everything stands. */
  #repeatStates(): void {
    const { instances = [], groups = [] } = this.#runtime?.states() ?? {};
    for (const { config, state, priority } of instances)
      this.#notifier.repeat(instanceNotices(config, state, priority));
    for (const { config, state } of groups) this.#notifier.repeat(groupNotices(config, state));
  }

  #publish(): void {
    clearTimeout(this.#publishing?.timer);
    this.#publishing = undefined;
    if (this.#runtime !== undefined) this.#context.publish(this.#runtime.snapshot());
  }

  /** Sooner than a publication that is planned already, or with it. */
  #publishSoon(pause: number): void {
    if (this.#publishing !== undefined && this.#publishing.pause <= pause) return;
    clearTimeout(this.#publishing?.timer);
    this.#publishing = { pause, timer: setTimeout(() => this.#publish(), pause).unref() };
  }
}

/** `lvs_sync_daemon` with an instance that exists, or the old word of an instance. */
function syncDaemonOf({ global, vrrpInstances }: ConfigModel): {
  readonly config?: LvsSyncDaemon | undefined;
  readonly instance?: VrrpInstanceConfig | undefined;
} {
  const { lvsSyncDaemon: config } = global;
  if (config !== undefined)
    return { config, instance: vrrpInstances.find(({ name }) => name === config.instance) };
  const instance = vrrpInstances.find((c) => c.lvsSyncDaemonInterface !== undefined);
  if (instance?.lvsSyncDaemonInterface === undefined) return {};
  const kernels = { id: undefined, maxlen: undefined, port: undefined, ttl: undefined, group: undefined };
  return {
    config: { ...kernels, interface: instance.lvsSyncDaemonInterface, instance: instance.name },
    instance,
  };
}

/** A redirection test is for the shell. */
function commandOf(script: TrackScriptConfig["script"]): ScriptRef {
  if ("argv" in script) return script;
  return { argv: ["/bin/sh", "-c", script.shell], uid: script.uid, gid: script.gid };
}
