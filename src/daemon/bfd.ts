/**
 * The BFD child's role: joins the sessions with the parent, who shows their state, and with the VRRP and the
 * checker child, who are told which neighbours live. Decides who is told what; nothing about sessions.
 */
import { BfdRuntime } from "../bfd/runtime.ts";
import type { BfdInstanceConfig, ConfigModel } from "../config/model.ts";
import { NoticeSender } from "../process/notices.ts";
import { BFD_LINES } from "./boot.ts";
import type { ChildContext, ChildHandlers, ChildRoleFactory } from "./child-api.ts";
import type { BfdNotice } from "./messages.ts";
import { reloadSummary } from "./reload-summary.ts";

/** Exit status when no session can work; the parent ends, too. */
const EX_FATAL = 1;
/** How old the state of a published snapshot may be. */
const PUBLISH_PAUSE_MS = 100;

export const createBfdChild: ChildRoleFactory = (context) => new BfdChild(context);

class BfdChild implements ChildHandlers {
  readonly #context: ChildContext;
  readonly #toVrrp: NoticeSender<BfdNotice>;
  readonly #toChecker: NoticeSender<BfdNotice>;
  readonly #runtime: BfdRuntime;
  #publishing: NodeJS.Timeout | undefined;

  constructor(context: ChildContext) {
    this.#context = context;
    const { native, clock, logger } = context;
    this.#toVrrp = new NoticeSender(native, BFD_LINES.bfd.toVrrp);
    this.#toChecker = new NoticeSender(native, BFD_LINES.bfd.toChecker);
    this.#runtime = new BfdRuntime({
      native,
      clock,
      logger,
      random: Math.random,
      notify: (config, up) => this.#notify(config, up),
      onChange: () => this.#publishSoon(),
    });
  }

  async configure(model: ConfigModel): Promise<string> {
    const applied = this.#runtime.apply(model.bfdInstances ?? []);
    if (applied === undefined) return this.#context.giveUp(EX_FATAL);
    return reloadSummary("bfd instances", applied);
  }

  tellBfd(): void {
    this.#runtime.tellAll();
  }

  async stop(): Promise<void> {
    clearTimeout(this.#publishing);
    this.#runtime.stop();
  }

  #notify(config: BfdInstanceConfig, up: boolean): void {
    const notice: BfdNotice = { session: config.name, up, at: this.#context.clock.now() };
    if (config.vrrp) this.#toVrrp.send(config.name, notice);
    if (config.checker) this.#toChecker.send(config.name, notice);
  }

  #publishSoon(): void {
    this.#publishing ??= setTimeout(() => {
      this.#publishing = undefined;
      this.#context.publish(this.#runtime.snapshot());
    }, PUBLISH_PAUSE_MS).unref();
  }
}
