/**
 * The VRRP child's role: joins the VRRP runtime with scripts and with the parent, who shows its state.
 * Decides which notify scripts a transition runs, in which order; never parses, never waits for a script
 * while routers run.
 */
import { type Micros, seconds } from "../base/units.ts";
import type { ConfigModel, ScriptRef, VrrpInstanceConfig } from "../config/model.ts";
import { VrrpRuntime } from "../vrrp/runtime.ts";
import type { Transition } from "../vrrp/state.ts";
import { type KeepalivedState, keepalivedState } from "../vrrp/vocabulary.ts";
import type { ChildContext, ChildHandlers, ChildRoleFactory, ScriptClient } from "./child-api.ts";

/** Notifications of the end get this long, all together; so does each of them. */
const STOP_LIMIT: Micros = seconds(1);
/** How old the counters of a published snapshot may be. */
const PUBLISH_PAUSE_MS = 1_000;

export const createVrrpChild: ChildRoleFactory = (context) => new VrrpChild(context);

class VrrpChild implements ChildHandlers {
  readonly #context: ChildContext;
  #runtime: VrrpRuntime | undefined;
  #publishing: NodeJS.Timeout | undefined;

  constructor(context: ChildContext) {
    this.#context = context;
  }

  async configure(model: ConfigModel): Promise<string> {
    const { native, clock, logger, options, scripts } = this.#context;
    this.#runtime ??= new VrrpRuntime({
      native,
      clock,
      logger,
      releaseVips: options.releaseVips,
      onTransition: (config, transition) => {
        notify(scripts, config, transition);
        this.#publish();
      },
      onChange: () => this.#publishSoon(),
    });
    const { added, removed, changed } = this.#runtime.apply(model);
    this.#publish();
    return summary(added, removed, changed);
  }

  async stop(): Promise<void> {
    this.#runtime?.stop(!this.#context.options.dontReleaseVrrp);
    this.#publish();
    clearTimeout(this.#publishing);
    await this.#context.scripts.drain(STOP_LIMIT);
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

/**
 * First the script of the new state, then the one for all states. One queue per instance keeps the order
 * of its transitions.
 *
 * @see keepalived.conf(5) notify_master, notify
 */
function notify(scripts: ScriptClient, config: VrrpInstanceConfig, t: Transition): void {
  const state = keepalivedState(t.to);
  const options = {
    queue: `vrrp:${config.name}`,
    ...(state === "STOP" ? { timeout: STOP_LIMIT } : {}),
  };
  const own = scriptOf(config, state);
  if (own !== undefined) void scripts.run(own, [], options);
  const { any } = config.notify;
  if (any !== undefined) void scripts.run(any, ["INSTANCE", config.name, state, String(t.priority)], options);
}

function scriptOf({ notify: n }: VrrpInstanceConfig, state: KeepalivedState): ScriptRef | undefined {
  switch (state) {
    case "MASTER":
      return n.master;
    case "BACKUP":
      return n.backup;
    case "FAULT":
      return n.fault;
    case "STOP":
      return n.stop;
    case "INIT":
      return undefined;
  }
}
