/**
 * The shell of the checker process: owns the pools, the checkers and their one timer, performs the
 * effects that the cores decide, and turns reloads and stops into the fewest operations. Everything
 * from outside (sockets, kernel table, clock, scripts, log) comes in through `CheckerPorts`.
 */
import type { Clock } from "../base/clock.ts";
import { Deadlines } from "../base/deadlines.ts";
import { DaemonError } from "../base/errors.ts";
import { after, between, type Instant, type Micros, millis, seconds } from "../base/units.ts";
import type { ConfigModel, ScriptRef, VirtualServerConfig } from "../config/model.ts";
import type { IpvsEntry, IpvsOperation } from "../ipvs/model.ts";
import { type CheckerSentence, checkerLine } from "../log/catalogue/checkers.ts";
import type { FieldValue, Logger } from "../log/entry.ts";
import type { ProbeIo, ScriptEnded, SecureProbeIo } from "./checker.ts";
import { type CheckerHost, type CheckerTask, isProbing } from "./checker-task.ts";
import { entryChanges } from "./entry-changes.ts";
import { type IpvsPort, KernelTable } from "./kernel-table.ts";
import { type PoolEffect, type PoolEvent, type PoolStep, stepPool } from "./pool.ts";
import { changePool, createPool, keyed, type NewPool, type Pool } from "./pool-life.ts";
import { sameConfig } from "./same-config.ts";
import { firstDelay, wakeUpFor } from "./schedule.ts";
import { merged, removals, sharedChanges } from "./shared-service.ts";
import { snapshot } from "./snapshot.ts";
import type { Report } from "./verdict.ts";
import { type Signal, signalKey } from "./verdict-signal.ts";

export interface CheckerTimer {
  set(at: Instant): void;
  close(): void;
}

export interface CheckerPorts {
  readonly io: ProbeIo;
  /** New sockets with TLS. Never rejects. */
  readonly openTls: () => Promise<SecureProbeIo>;
  readonly clock: Clock;
  /** in [0, 1) */
  readonly random: () => number;
  readonly logger: Logger;
  readonly scripts: {
    run(
      script: ScriptRef,
      extraArgs: readonly string[],
      options: { readonly queue: string; readonly timeout?: Micros },
    ): Promise<ScriptEnded>;
    /** An end for the scripts of the queues that begin so. */
    end(end: { readonly queues: string; readonly termMicros: number; readonly killMicros: number }): void;
    drain(limit: Micros): Promise<void>;
  };
  publish(state: FieldValue): void;
  timer(expired: () => void): CheckerTimer;
  /** Calls back when the sockets that are ready now have been served. */
  defer(callback: () => void): void;
  /** @throws DaemonError when this kernel has no IPVS */
  openIpvs(): IpvsPort;
}

const NEVER = Number.POSITIVE_INFINITY as Instant;
/** At stop a script may take this long, and all of them together that long. */
const STOP_SCRIPT_LIMIT = seconds(1);
const STOP_LIMIT = seconds(5);
/** Between the polite and the final signal to a script whose check is over. */
const SCRIPT_GRACE = seconds(2);
/** Transitions are published soon, results of checks now and then. */
const PUBLISH_SOON = millis(100);
const PUBLISH_REFRESH = seconds(10);
/** Publishing rests this many times as long as it took. */
const PUBLISH_SHARE = 50;

type PoolsByService = ReadonlyMap<string, readonly Pool[]>;

export class CheckerRuntime implements CheckerHost {
  readonly io: ProbeIo;
  readonly random: () => number;
  readonly openTls: () => Promise<SecureProbeIo>;
  readonly #ports: CheckerPorts;
  readonly #deadlines = new Deadlines<CheckerTask>();
  readonly #timer: CheckerTimer;
  readonly #publisher: CheckerTimer;
  #armedAt = NEVER;
  #publishAt = NEVER;
  /** a snapshot of thousands of servers is not taken ten times a second */
  #publishNotBefore = 0 as Instant;
  /** due checkers are being served; the timer is armed once behind them */
  #serving = false;
  #stopped = false;
  #configured = false;
  #table: KernelTable | undefined;
  #pools: ReadonlyMap<string, Pool> = new Map();
  /** the pools of each kernel service; more than one when the file repeats a virtual server */
  #byService: PoolsByService = new Map();
  #poolOf: ReadonlyMap<CheckerTask, Pool> = new Map();
  readonly #signals = new Map<string, Signal>();
  /** who is told, by `signalKey` */
  #listeners: ReadonlyMap<string, readonly CheckerTask[]> = new Map();

  constructor(ports: CheckerPorts) {
    this.io = ports.io;
    this.random = ports.random;
    this.openTls = ports.openTls;
    this.#ports = ports;
    this.#timer = ports.timer(() => ports.defer(() => this.#serveDue()));
    this.#publisher = ports.timer(() => this.#publish());
  }

  now(): Instant {
    return this.#ports.clock.now();
  }

  log(sentence: CheckerSentence): void {
    const { logger } = this.#ports;
    if (!logger.silent) logger.write(checkerLine(sentence));
  }

  wake(task: CheckerTask, at: Instant): void {
    this.#deadlines.set(task, at);
    this.#arm();
  }

  report(task: CheckerTask, report: Report): boolean {
    const kind = report === "up" ? "checkerUp" : report === "down" ? "checkerDown" : "checkerStillDown";
    return this.#tell(task, { kind, server: task.place.server, checker: task.place.index });
  }

  weigh(task: CheckerTask, added: number, quiet: boolean): void {
    const { server, index } = task.place;
    this.#tell(task, { kind: "checkerWeight", server, checker: index, added, quiet });
  }

  runScript(script: ScriptRef, queue: string, timeout: Micros): Promise<ScriptEnded> {
    return this.#ports.scripts.run(script, [], { queue, timeout });
  }

  endScripts(queues: string): void {
    this.#ports.scripts.end({ queues, termMicros: 0, killMicros: SCRIPT_GRACE });
  }

  #tell(task: CheckerTask, event: PoolEvent): boolean {
    const pool = this.#poolOf.get(task);
    if (pool === undefined) return false;
    const step = stepPool(pool.config, pool.state, event);
    if (!this.#perform(pool, step)) return false;
    pool.state = step.state;
    this.#publishWithin(PUBLISH_SOON);
    return true;
  }

  /**
   * Tells the checkers of a file or session what is new about it.
   *
   * @param key `fileKey` or `bfdKey`
   */
  tell(key: string, signal: Signal): void {
    this.#signals.set(key, signal);
    const now = this.now();
    for (const task of this.#listeners.get(key) ?? []) task.due(now);
  }

  get signals(): ReadonlyMap<string, Signal> {
    return this.#signals;
  }

  /**
   * Puts a configuration in force, the first or a changed one.
   *
   * @returns what changed, in one line
   */
  configure(model: ConfigModel): string {
    this.log({ id: this.#configured ? "ipvs-reinitializing" : "ipvs-initializing", fields: {} });
    this.#configured = true;
    const wanted = keyed(model.virtualServers);
    const opened = this.#openTable();
    if (this.#table === undefined) return `${wanted.size} virtual servers idle without IPVS`;
    if (opened && model.global.lvsFlush) this.#table.flush();
    const before = this.#byService;
    const pools = new Map<string, Pool>();
    const made: NewPool[] = [];
    const count = { added: 0, changed: 0, removed: 0 };
    const touched = new Set<string>(this.#table.refused);
    const retired: Pool[] = [];
    for (const [key, old] of this.#pools) if (!wanted.has(key)) retired.push(old);
    count.removed = retired.length;
    for (const [key, config] of wanted) {
      const old = this.#pools.get(key);
      if (old !== undefined && sameConfig(old.config, config)) {
        old.config = config;
        pools.set(key, old);
        continue;
      }
      const next = old === undefined ? this.#create(config) : this.#change(old, config);
      count[old === undefined ? "added" : "changed"]++;
      pools.set(key, next.pool);
      made.push(next);
    }
    for (const pool of [...retired, ...made.map((m) => m.pool)])
      if (pool.service !== undefined) touched.add(pool.service);
    for (const pool of retired) this.#dismiss(pool);
    this.#adopt(pools);
    if (opened) this.#table.reconcile(this.#desired());
    else this.#table.apply(this.#differences(touched, before));
    for (const pool of retired)
      this.#say(pool, stepPool(pool.config, pool.state, { kind: "retired", removed: true }).effects);
    for (const { pool, effects } of made) this.#say(pool, effects);
    const now = this.now();
    for (const { pool, heirs } of made) this.#activate(pool, heirs, now);
    this.#arm();
    this.#publishWithin(PUBLISH_SOON);
    return `virtual servers: ${count.added} added, ${count.changed} changed, ${count.removed} removed, ${pools.size - count.added - count.changed} unchanged`;
  }

  /**
   * Ends all checks.
   *
   * @param release whether the services leave the kernel and, with omega, the down scripts run
   */
  async stop(release: boolean, flush: "no" | "vs" | "all"): Promise<void> {
    this.#stopped = true;
    for (const pool of this.#pools.values()) this.#dismiss(pool);
    this.#timer.close();
    this.#publisher.close();
    if (release) {
      for (const pool of this.#pools.values()) {
        const { effects } = stepPool(pool.config, pool.state, { kind: "retired", removed: false });
        this.#say(pool, effects, STOP_SCRIPT_LIMIT);
      }
      if (flush === "all") this.#table?.flush();
      else this.#table?.apply(removals(this.#byService.values()));
      await this.#ports.scripts.drain(STOP_LIMIT);
    }
    this.#table?.close();
    this.#table = undefined;
  }

  /** @returns true when it was opened just now */
  #openTable(): boolean {
    if (this.#table !== undefined) return false;
    let port: IpvsPort;
    try {
      port = this.#ports.openIpvs();
    } catch (error) {
      if (!(error instanceof DaemonError)) throw error;
      this.log({ id: "ipvs-unavailable", fields: { error: error.message } });
      return false;
    }
    const blame = (service: string): VirtualServerConfig | undefined =>
      this.#byService.get(service)?.[0]?.config;
    this.#table = new KernelTable(port, blame, (sentence) => this.log(sentence));
    return true;
  }

  #create(config: VirtualServerConfig): NewPool {
    const made = createPool(config, this);
    if (config.target.kind === "group")
      this.log({ id: "group-idle", fields: { virtualServer: made.pool.name, where: config.where } });
    return made;
  }

  /** The heirs keep the appointments of their predecessors, as far as the new interval allows. */
  #change(old: Pool, config: VirtualServerConfig): NewPool {
    const made = changePool(old, config, this);
    const now = this.now();
    for (const [heir, before] of made.heirs)
      if (before.slot >= 0 && !before.probing && isProbing(heir.config))
        this.#deadlines.set(heir, Math.min(before.at, after(now, heir.config.delayLoop)) as Instant);
    this.#dismiss(old);
    return made;
  }

  #dismiss(pool: Pool): void {
    for (const task of pool.tasks) {
      this.#deadlines.clear(task);
      task.close();
    }
  }

  #adopt(pools: ReadonlyMap<string, Pool>): void {
    const byService = new Map<string, Pool[]>();
    const poolOf = new Map<CheckerTask, Pool>();
    const listeners = new Map<string, CheckerTask[]>();
    for (const pool of pools.values()) {
      for (const task of pool.tasks) {
        poolOf.set(task, pool);
        if (isProbing(task.config)) continue;
        const key = signalKey(task.config);
        listeners.set(key, [...(listeners.get(key) ?? []), task]);
      }
      if (pool.service === undefined) continue;
      const others = byService.get(pool.service);
      if (others === undefined) byService.set(pool.service, [pool]);
      else others.push(pool);
    }
    this.#pools = pools;
    this.#byService = byService;
    this.#poolOf = poolOf;
    this.#listeners = listeners;
  }

  #activate(pool: Pool, heirs: NewPool["heirs"], now: Instant): void {
    for (const task of pool.tasks) {
      const { realServer, virtualServer } = task.place;
      if (!heirs.has(task)) this.log({ id: "checker-activated", fields: { realServer, virtualServer } });
      if (!isProbing(task.config)) task.due(now);
      else if (task.slot < 0)
        this.#deadlines.set(task, after(now, firstDelay(task.config.warmup, this.#ports.random())));
    }
  }

  #desired(): Map<string, IpvsEntry> {
    const out = new Map<string, IpvsEntry>();
    for (const [service, pools] of this.#byService) {
      const entry = merged(pools);
      if (entry !== undefined) out.set(service, entry);
    }
    return out;
  }

  /** The operations of a reload, for the services that it touches. */
  #differences(services: Iterable<string>, before: PoolsByService): IpvsOperation[] {
    const out: IpvsOperation[] = [];
    for (const service of services) {
      const was = this.#table?.refused.has(service) ? undefined : merged(before.get(service) ?? []);
      out.push(...entryChanges(was, merged(this.#byService.get(service) ?? [])));
    }
    return out;
  }

  /** @returns false when the kernel refused what decides; nothing behind it was done */
  #perform(pool: Pool, step: PoolStep): boolean {
    const sharers = (pool.service && this.#byService.get(pool.service)) || [];
    let shared = sharers.length > 1 ? sharedChanges(sharers, pool, step.state) : undefined;
    let batch: IpvsOperation[] = [];
    for (const effect of step.effects) {
      if (effect.kind !== "ipvs") {
        if (effect.kind === "script") {
          this.#apply(batch);
          batch = [];
        }
        this.#utter(pool, effect);
        continue;
      }
      const operations = shared ?? [effect.operation];
      if (shared !== undefined) shared = [];
      if (!effect.decisive) batch.push(...operations);
      else if (!this.#apply(operations)) return false;
    }
    this.#apply(batch);
    return true;
  }

  /** A service that turns out to be gone is built anew with what its pools held before. */
  #apply(operations: readonly IpvsOperation[]): boolean {
    const table = this.#table;
    if (table === undefined || table.apply(operations)) return true;
    for (const service of table.takeLost())
      table.apply(entryChanges(undefined, merged(this.#byService.get(service) ?? [])));
    return false;
  }

  /** Log lines and scripts only; the kernel was served otherwise. */
  #say(pool: Pool, effects: readonly PoolEffect[], limit?: Micros): void {
    for (const effect of effects) if (effect.kind !== "ipvs") this.#utter(pool, effect, limit);
  }

  #utter(pool: Pool, effect: Exclude<PoolEffect, { kind: "ipvs" }>, limit?: Micros): void {
    if (effect.kind === "log") {
      this.log(effect.sentence);
      return;
    }
    const queue = `${pool.name} ${effect.about}`;
    const options = limit === undefined ? { queue } : { queue, timeout: limit };
    void this.#ports.scripts.run(effect.script, [], options);
  }

  #serveDue(): void {
    if (this.#stopped) return;
    this.#armedAt = NEVER;
    this.#serving = true;
    const now = this.now();
    for (let task = this.#deadlines.takeDue(now); task !== undefined; task = this.#deadlines.takeDue(now))
      task.due(now);
    this.#serving = false;
    this.#arm();
  }

  #arm(): void {
    const next = this.#deadlines.next;
    if (this.#serving || this.#stopped || next === undefined) return;
    const wake = wakeUpFor(next);
    if (wake >= this.#armedAt) return;
    this.#armedAt = wake;
    this.#timer.set(wake);
  }

  #publishWithin(pause: Micros): void {
    const at = Math.max(after(this.now(), pause), this.#publishNotBefore) as Instant;
    if (at >= this.#publishAt || this.#stopped) return;
    this.#publishAt = at;
    this.#publisher.set(at);
  }

  #publish(): void {
    this.#publishAt = NEVER;
    const inKernel = (pool: Pool): boolean =>
      pool.service !== undefined && this.#table?.refused.has(pool.service) === false;
    const began = this.now();
    this.#ports.publish(snapshot(this.#pools.values(), began, inKernel));
    const now = this.now();
    this.#publishNotBefore = after(now, (PUBLISH_SHARE * between(began, now)) as Micros);
    this.#publishWithin(PUBLISH_REFRESH);
  }
}
