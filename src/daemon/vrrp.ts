/**
 * The VRRP child's role: joins the VRRP runtime with scripts and with the parent, who shows its state.
 * Never parses, never waits for a script while routers run.
 */
import type { ConfigModel, ScriptRef } from "../config/model.ts";
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
import { loadSecrets } from "./vrrp-secrets.ts";

/** How old the counters of a published snapshot may be. */
const PUBLISH_PAUSE_MS = 1_000;

export const createVrrpChild: ChildRoleFactory = (context) => new VrrpChild(context);

class VrrpChild implements ChildHandlers {
  readonly #context: ChildContext;
  readonly #notifier: Notifier;
  readonly #tracking: Tracking;
  #runtime: VrrpRuntime | undefined;
  #publishing: NodeJS.Timeout | undefined;

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
    const { native, clock, logger, options } = this.#context;
    this.#runtime ??= new VrrpRuntime({
      native,
      clock,
      logger,
      releaseVips: options.releaseVips,
      onTransition: (config, { to, priority }) => {
        this.#tell(instanceNotices(config, to, priority), to);
        this.#publish();
      },
      onGroup: (config, to) => {
        this.#tell(groupNotices(config, to), to);
        this.#publish();
      },
      onEvent: (config, event, state, priority) =>
        this.#notifier.tell(
          event === "priorityChanged"
            ? priorityNotices(config, state, priority)
            : lowerPriorityNotices(config, priority),
        ),
      statusOf: (kind, name) => this.#tracking.statusOf(kind, name),
      onChange: () => this.#publishSoon(),
    });
    await this.#tracking.apply(model);
    await this.#notifier.configure(model.global);
    const { added, removed, changed } = this.#runtime.apply(model, await loadSecrets(model, logger));
    if (generation > 1 && model.global.fifoWriteVrrpStatesOnReload === true) this.#repeatStates();
    this.#publish();
    return summary(added, removed, changed);
  }

  async stop(): Promise<void> {
    this.#tracking.close();
    this.#context.scripts.end({ queues: "track ", termMicros: 0, killMicros: STOP_LIMIT });
    this.#runtime?.stop(!this.#context.options.dontReleaseVrrp);
    this.#publish();
    clearTimeout(this.#publishing);
    this.#notifier.close();
    await this.#context.scripts.drain(STOP_LIMIT);
  }

  #tell(notices: readonly Notice[], to: StateName): void {
    this.#notifier.tell(notices, to === "stopped" ? STOP_LIMIT : undefined);
  }

  /** Readers of a FIFO begin anew with a reload; those that want it hear how everything stands. */
  #repeatStates(): void {
    this.#runtime?.tellStates(
      (config, state, priority) => this.#notifier.repeat(instanceNotices(config, state, priority)),
      (config, state) => this.#notifier.repeat(groupNotices(config, state)),
    );
  }

  #publish(): void {
    if (this.#runtime !== undefined) this.#context.publish(this.#runtime.snapshot());
  }

  /** Counters grow with every advert; nobody needs to see each step. */
  #publishSoon(): void {
    if (this.#publishing !== undefined) return;
    this.#publishing = setTimeout(() => {
      this.#publishing = undefined;
      this.#publish();
    }, PUBLISH_PAUSE_MS).unref();
  }
}

/** A redirection test is for the shell. */
function commandOf(script: TrackScriptConfig["script"]): ScriptRef {
  if ("argv" in script) return script;
  return { argv: ["/bin/sh", "-c", script.shell], uid: script.uid, gid: script.gid };
}

/** @returns one line, empty when everything stayed as it was */
function summary(added: number, removed: number, changed: number): string {
  const parts = [
    [added, "added"],
    [removed, "removed"],
    [changed, "changed"],
  ] as const;
  const said = parts.filter(([n]) => n > 0).map(([n, what]) => `${n} ${what}`);
  return said.length === 0 ? "" : `vrrp instances: ${said.join(", ")}`;
}
