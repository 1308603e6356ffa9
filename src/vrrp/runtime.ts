/**
 * The shell around the VRRP machines: sockets, one timer for all deadlines, the interface monitor. Feeds
 * events in and performs effects in their order; adverts at once, the rest at the end of the turn. Decides
 * nothing that a core could decide.
 */
import { assertNever } from "../base/errors.ts";
import type { Instant } from "../base/units.ts";
import type { ConfigModel } from "../config/model.ts";
import { renderVrrpLog, type VrrpLogFields } from "../log/catalogue/vrrp.ts";
import type { FieldValue } from "../log/entry.ts";
import { openVrrpSocket } from "../net/raw-socket.ts";
import { Alarm } from "./alarm.ts";
import { announceRound, dueAnnouncement, nextAnnouncement } from "./announce.ts";
import type { PlacedInstance } from "./devices.ts";
import { SyncGroups } from "./groups.ts";
import type { Applied, RuntimeHost, RuntimeStates } from "./host.ts";
import { step } from "./instance.ts";
import { Interfaces } from "./interfaces-runtime.ts";
import { staticObjects } from "./objects.ts";
import { addressKey } from "./ownership.ts";
import {
  findDuplicates,
  matchInstances,
  type Planned,
  type Router,
  reconfigure,
  snapshotOf,
} from "./router.ts";
import { ObjectRuntime } from "./runtime-objects.ts";
import {
  addressChange,
  announceTimesOf,
  leavingAddresses,
  paramsOf,
  sameInstance,
  sameParams,
  withTrackGroups,
} from "./settings.ts";
import { StartupDelay } from "./startup-runtime.ts";
import {
  type AnnounceRound,
  nextDeadline,
  type VrrpEffect,
  type VrrpEvent,
  type VrrpParams,
} from "./state.ts";
import { survey } from "./surroundings.ts";
import { mattersToGroup } from "./sync-group.ts";
import { evaluateObjects, fileTurned, type ObjectKind, withGroupTracking } from "./tracked-objects.ts";
import { AdvertTraffic } from "./traffic.ts";
import type { LogWriter, Turn } from "./turn.ts";
import { contextOf, type Secrets, type WireContext } from "./wire.ts";

export class VrrpRuntime {
  readonly #host: RuntimeHost;
  readonly #objects: ObjectRuntime;
  readonly #interfaces: Interfaces;
  readonly #turn: Turn;
  readonly #log: LogWriter;
  readonly #alarm: Alarm<Router>;
  readonly #traffic: AdvertTraffic;
  readonly #startup: StartupDelay;
  #routers: ReadonlyMap<string, Router> = new Map();
  #started = false;
  readonly #sync: SyncGroups<Router>;
  #settleAsked = false;
  #closed = false;

  /** @throws DaemonError without the rights to open raw sockets */
  constructor(host: RuntimeHost) {
    this.#host = host;
    this.#log = (id, fields) => host.logger.write(renderVrrpLog(id, fields));
    this.#interfaces = new Interfaces({
      native: host.native,
      clock: host.clock,
      logger: host.logger,
      memory: host,
      divert: (vmacs) => this.#turn.divert(vmacs),
      changed: (routers, moved) => this.#refreshAll(routers, moved),
      linkChanged: (name) => {
        if (this.#turn.linkChanged(name)) this.#askSettle();
      },
      segmentsChanged: () => {
        const planned = [...this.#routers.values()].map((router) => ({ router, config: router.config }));
        this.#refreshAll(this.#markDuplicates(planned));
      },
      gone: (ifindex, name) => this.#turn.forgetInterface(ifindex, name),
      addressGone: (address, port) => {
        const suspected = this.#turn.suspect(addressKey(address), { port });
        if (suspected) this.#askSettle();
        return suspected;
      },
      askSettle: () => this.#askSettle(),
    });
    this.#objects = new ObjectRuntime({
      native: host.native,
      links: this.#interfaces,
      log: this.#log,
      releaseVips: host.releaseVips,
      sysctls: this.#interfaces.sysctls,
      transition: (router, transition) => host.onTransition(router.config, transition),
      run: (argv) => host.runCommand(argv),
      askSettle: () => this.#askSettle(),
    });
    this.#turn = this.#objects.turn;
    const { native, clock } = host;
    this.#alarm = new Alarm(
      (expired) => native.timer(expired),
      clock,
      (now, late) => this.#onTimer(now, late),
    );
    this.#traffic = new AdvertTraffic({
      open: (place, listener) => openVrrpSocket(host.native, place, listener),
      clock: host.clock,
      log: this.#log,
      heard: (router, event) => this.#dispatch(router, event),
    });
    this.#startup = new StartupDelay(native, clock, this.#log);
    this.#sync = new SyncGroups<Router>({
      log: this.#log,
      dispatch: (router, event) => this.#dispatch(router, event),
      publish: (group, to) => this.#turn.notice(() => host.onGroup(group, to)),
    });
  }

  /** Puts a configuration in force: new instances start, kept ones adapt, others leave. */
  apply(model: ConfigModel, secrets: Secrets): Applied {
    const first = !this.#started;
    this.#started = true;
    this.#sync.hold();
    this.#traffic.configure(model.global);
    this.#startup.configure(model.global);
    const context = contextOf(model.global, secrets);
    const sharing = withGroupTracking(withTrackGroups(model), model.syncGroups ?? []);
    this.#objects.configure(model);
    const instances = this.#interfaces.place(model, sharing);
    const { routers, added, kept, removed, planned } = matchInstances(this.#routers, instances, context);
    this.#routers = routers;
    for (const router of removed) {
      this.#dispatch(router, { kind: "removed" });
      this.#traffic.leave(router);
    }
    this.#markDuplicates(planned);
    this.#sync.rebuild(model.syncGroups ?? [], planned);
    this.#interfaces.watch(model, planned);
    const changed = kept.filter(({ router, config }) => this.#adapt(router, config, context)).length;
    if (first) {
      this.#turn.removeLeftovers(added, staticObjects(model));
      this.#interfaces.drain();
    }
    this.#turn.setStatics(staticObjects(model));
    this.#objects.follow(model);
    for (const router of added) this.#refresh(router);
    this.#sync.settle();
    for (const router of added) this.#dispatch(router, { kind: "startup" });
    this.#settle();
    this.#interfaces.retire();
    return { added: added.length, removed: removed.length, changed };
  }

  /** @param release false leaves addresses where they are and says nothing to the others (-V) */
  stop(release: boolean): void {
    this.#sync.hold();
    for (const router of this.#routers.values()) this.#dispatch(router, { kind: "shutdown", release });
    this.#sync.stop();
    this.#turn.releaseStatics();
    this.#settle(true);
    this.#closed = true;
    this.#alarm.close();
    this.#traffic.close();
    this.#startup.close();
    this.#objects.close(release);
    this.#interfaces.close(release);
  }

  /** Something that instances track is in another state. */
  objectChanged(kind: ObjectKind, name: string): void {
    if (this.#closed) return;
    for (const router of this.#routers.values()) {
      const tracker = router.objects.find((o) => o.kind === kind && o.name === name);
      if (tracker === undefined) continue;
      const turned = fileTurned(tracker, this.#host.statusOf, router.causes);
      if (turned !== undefined) this.#log("file-fault", { instance: router.config.name, ...turned });
      if (kind === "bfd") {
        const up = this.#host.statusOf(kind, name).kind === "up";
        this.#log("bfd-tracked", { instance: router.config.name, session: name, up });
      }
      this.#refresh(router);
    }
    this.#settle();
  }

  /** How every instance and every group stands. */
  states(): RuntimeStates {
    const of = ({ config, state, params }: Router) => ({
      config,
      state: state.name,
      priority: params.priority,
    });
    return { instances: [...this.#routers.values()].map(of), groups: this.#sync.states() };
  }

  snapshot(): FieldValue {
    return {
      instances: [...this.#routers.values()].map(snapshotOf),
      groups: this.#sync.snapshot(),
    };
  }

  // ---- configuration ---------------------------------------------------------------------------------

  /** @returns whether anything is different */
  #adapt(router: Router, config: PlacedInstance, context: WireContext): boolean {
    const was = router.config;
    const same = sameInstance(was, config);
    const active = router.state.name === "active";
    for (const gone of active ? leavingAddresses(was, config) : [])
      this.#log("vip-left-configuration", { instance: config.name, ...gone });
    reconfigure(router, config, context);
    this.#refresh(router, addressChange(was, config));
    return !same;
  }

  /** @returns routers of which it is not as before */
  #markDuplicates(planned: readonly Planned[]): ReadonlySet<Router> {
    const duplicates = findDuplicates(planned, (name) => this.#interfaces.segmentOf(name));
    const turned = new Set(
      planned.flatMap(({ router }) => (router.duplicate === duplicates.has(router) ? [] : router)),
    );
    for (const router of turned) router.duplicate = !router.duplicate;
    return turned;
  }

  // ---- what the machine looks like ---------------------------------------------------------------------

  /** Looks at links and addresses again and tells the router's machine what is different. */
  #refresh(router: Router, addresses: "same" | "changed" | "added" = "same"): void {
    const { config } = router;
    const current = router.params.sourceAddress;
    const running = router.state.name === "backup" || router.state.name === "active";
    const objects = evaluateObjects(router.objects, this.#host.statusOf, running);
    const found = survey(
      config,
      router.trackers,
      this.#interfaces.seen,
      this.#interfaces.virtual,
      current,
      objects,
    );
    const causes = new Set(found.causes);
    if (router.duplicate) causes.add("duplicate-vrid");
    if (!this.#traffic.takePlace(router, found)) causes.add("socket-failed");

    const group = this.#sync.modeOf(router);
    const { until: quietUntil } = this.#startup;
    const params = { ...paramsOf(config, found.priority, found.source ?? current), group, quietUntil };
    const before = router.causes;
    router.causes = causes;
    // A router that falls tells the priority that it had, one that rises the one that it has.
    for (const cause of causes)
      if (!before.has(cause)) this.#dispatch(router, { kind: "faultRaised", cause });
    if (addresses !== "same" || !sameParams(params, router.params)) {
      this.#dispatch(router, { kind: "paramsChanged", params, addresses });
    }
    for (const cause of before)
      if (!causes.has(cause)) this.#dispatch(router, { kind: "faultCleared", cause });
  }

  // ---- time --------------------------------------------------------------------------------------------

  /**
   * What waits in the sockets happened before the deadline: it is heard first, so that a process that
   * slept neither takes over from a router that is alive nor insists on being active itself.
   */
  #onTimer(now: Instant, late: boolean): void {
    let heard = late;
    if (late) this.#hear();
    for (let router = this.#alarm.takeDue(now); router !== undefined; ) {
      if (!heard && router.state.name === "backup") {
        heard = true;
        this.#hear();
      }
      this.#dispatch(router, { kind: "deadline" });
      if (nextAnnouncement(router.schedule) !== undefined) this.#announceDue(router, now);
      router = this.#alarm.takeDue(now);
    }
    this.#settle();
    this.#arm();
  }

  #hear(): void {
    this.#interfaces.drain();
    this.#traffic.drain();
  }

  #announceDue(router: Router, now: Instant): void {
    const times = announceTimesOf(router.config);
    const due = dueAnnouncement(times, router.schedule, now);
    router.schedule = due.schedule;
    this.#turn.announce(router, due.rounds, due.extra);
    this.#rearm(router);
  }

  #rearm(router: Router): void {
    const state = nextDeadline(router.state);
    const burst = nextAnnouncement(router.schedule);
    this.#alarm.set(router, state === undefined || (burst !== undefined && burst < state) ? burst : state);
  }

  #arm(): void {
    this.#alarm.arm(this.#turn.next());
  }

  // ---- events and effects --------------------------------------------------------------------------------

  #dispatch(router: Router, event: VrrpEvent): void {
    const now = this.#host.clock.now();
    const before = router.state;
    const { state, effects } = step(router.params, before, now, event);
    const params: VrrpParams = event.kind === "paramsChanged" ? event.params : router.params;
    router.state = state;
    router.params = params;
    for (const effect of effects) this.#perform(router, effect, now);
    this.#rearm(router);
    if (mattersToGroup(before, router.state)) this.#sync.changed(router);
    this.#askSettle();
  }

  #perform(router: Router, effect: VrrpEffect, now: Instant): void {
    switch (effect.kind) {
      case "sendAdvert":
        this.#sendAdvert(router, effect.priority);
        return;
      case "setOwned":
        if (effect.owned) this.#turn.own(router);
        else this.#turn.release(router);
        return;
      case "announce":
        if (effect.round === "source") this.#turn.announceSource(router);
        else this.#announce(router, effect.round, now);
        // The rival may have drawn the traffic of the whole group to itself.
        if (effect.round === "lowerPriority")
          for (const mate of this.#sync.matesOf(router))
            if (mate.state.name === "active" && mate.params.announceOnLowerPriority)
              this.#announce(mate, effect.round, now);
        return;
      case "publishEvent": {
        const { config, state } = router;
        const { event, priority } = effect;
        this.#turn.notice(() => this.#host.onEvent(config, event, state.name, priority));
        return;
      }
      case "publishTransition":
        router.lastTransition = Date.now() / 1000;
        this.#turn.publish(router, effect);
        return;
      case "count":
        router.counters[effect.counter]++;
        return;
      case "log":
        // The union ties id and fields together; the compiler cannot follow that through a property.
        this.#log(effect.id, effect.fields as VrrpLogFields[typeof effect.id]);
        return;
      default:
        assertNever(effect);
    }
  }

  #announce(router: Router, round: AnnounceRound, now: Instant): void {
    const a = announceRound(round, announceTimesOf(router.config), router.schedule, now);
    router.schedule = a.schedule;
    this.#turn.announce(router, a.rounds);
    this.#rearm(router);
  }

  #sendAdvert(router: Router, priority: number): void {
    const refusal = this.#traffic.send(router, priority);
    if (refusal === undefined) return;
    const { errno, message: reason } = refusal;
    this.#dispatch(router, { kind: "effectFailed", effect: "sendAdvert", errno, reason });
  }

  /** The end of the turn comes after the callback that started it, or earlier by {@link #settle}. */
  #askSettle(): void {
    if (this.#settleAsked) return;
    this.#settleAsked = true;
    queueMicrotask(() => {
      if (!this.#settleAsked || this.#closed) return;
      this.#settle();
    });
  }

  /** Addresses, announcements, notifications: what the adverts of this turn promised. */
  #settle(whole = false): void {
    if (this.#turn.hasSuspects) this.#interfaces.drain();
    for (const router of this.#turn.losses(this.#host.clock.now()))
      this.#dispatch(router, { kind: "addressLost" });
    this.#settleAsked = false;
    this.#interfaces.settle();
    this.#turn.settle(this.#host.clock.now(), whole);
    this.#arm();
    this.#host.onChange();
  }

  // ---- interfaces ----------------------------------------------------------------------------------------

  #refreshAll(routers: ReadonlySet<Router>, moved = false): void {
    for (const router of routers) {
      this.#refresh(router);
      // An interface of one of our addresses came back empty: they return with it.
      if (router.state.name === "active") {
        this.#turn.keep(router);
        if (moved) this.#turn.announce(router, router.config.garp.masterRepeat, false);
      }
      this.#askSettle();
    }
  }
}
