/**
 * Keeps one child process alive: starts it, starts it again as the restart policy says, stops it and
 * makes sure that it is gone. Knows nothing of what the child does.
 */
import type { ChildProcess } from "node:child_process";
import type { Clock } from "../base/clock.ts";
import type { Instant, Micros } from "../base/units.ts";
import { type Channel, channelTo } from "./ipc.ts";
import { type ChildExit, decideRestart, type RestartDecision } from "./restart-policy.ts";

export interface SupervisorPort<Incoming, Outgoing> {
  /** Spawns the process with an `ipc` descriptor. */
  spawn(): ChildProcess;
  started(pid: number, channel: Channel<Incoming, Outgoing>): void;
  received(message: Incoming): void;
  /** The child ended although nobody asked it to; `decision` is carried out when this returns without a stop. */
  died(pid: number, exit: ChildExit, decision: RestartDecision): void;
  startFailed(error: Error): void;
  /** The child did not stop in time and is killed. */
  killed(pid: number): void;
}

interface Running<Incoming, Outgoing> {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly channel: Channel<Incoming, Outgoing>;
}

export class Supervisor<Incoming, Outgoing> {
  readonly #port: SupervisorPort<Incoming, Outgoing>;
  readonly #clock: Clock;
  #running: Running<Incoming, Outgoing> | undefined;
  #startedAt = 0 as Instant;
  #lastDelay: Micros | undefined;
  #restart: NodeJS.Timeout | undefined;
  #stopping: (() => void) | undefined;
  /** stopped for good: a child that dies now is not missed */
  #closed = false;

  constructor(port: SupervisorPort<Incoming, Outgoing>, clock: Clock) {
    this.#port = port;
    this.#clock = clock;
  }

  /** undefined while no process runs */
  get pid(): number | undefined {
    return this.#running?.pid;
  }

  /** Started and not stopped: it runs or waits for its restart. */
  get active(): boolean {
    return this.#running !== undefined || this.#restart !== undefined;
  }

  /** @returns false when the child does not run; it gets what it needs when it has started again */
  send(message: Outgoing): boolean {
    return this.#running?.channel.send(message) ?? false;
  }

  /** Does nothing when it is active already or was stopped. */
  start(): void {
    if (this.active || this.#closed) return;
    this.#startedAt = this.#clock.now();
    const child = this.#port.spawn();
    let gone = false;
    child.once("error", (error) => {
      // a failed spawn has no exit event; a failed kill or send has one of its own
      if (gone || child.pid !== undefined) return;
      gone = true;
      this.#port.startFailed(error);
      this.#ended(0, { kind: "exited", status: 70 });
    });
    if (child.pid === undefined) return;
    const pid = child.pid;
    const channel = channelTo<Incoming, Outgoing>(child);
    this.#running = { child, pid, channel };
    channel.onMessage((message) => this.#port.received(message));
    child.once("exit", (status, signal) => {
      gone = true;
      this.#running = undefined;
      this.#ended(
        pid,
        signal === null ? { kind: "exited", status: status ?? 0 } : { kind: "signalled", signal },
      );
    });
    this.#port.started(pid, channel);
  }

  /**
   * Asks the child to stop, for good, and resolves when it is gone.
   *
   * @param ask how the child is asked
   * @param limit after this time it is killed
   */
  stop(ask: Outgoing, limit: Micros): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#restart);
    this.#restart = undefined;
    const running = this.#running;
    if (running === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(
        () => {
          this.#port.killed(running.pid);
          running.child.kill("SIGKILL");
        },
        Math.ceil(limit / 1000),
      );
      this.#stopping = () => {
        clearTimeout(timer);
        resolve();
      };
      if (!running.channel.send(ask)) running.child.kill("SIGTERM");
    });
  }

  #ended(pid: number, exit: ChildExit): void {
    if (this.#stopping !== undefined) {
      this.#stopping();
      this.#stopping = undefined;
      return;
    }
    const state = { lastDelay: this.#lastDelay, startedAt: this.#startedAt };
    const decision = decideRestart(state, exit, this.#clock.now());
    this.#port.died(pid, exit, decision);
    if (decision.kind === "terminate" || this.#closed) return;
    this.#lastDelay = decision.delay;
    this.#restart = setTimeout(
      () => {
        this.#restart = undefined;
        this.start();
      },
      Math.ceil(decision.delay / 1000),
    );
  }
}
