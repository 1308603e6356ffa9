/**
 * The sockets behind what instances and static blocks set in the kernel: routes and addresses out,
 * frames out, deletions of routes and rules in. Owns them and the {@link Turn} that works with them;
 * decides nothing about states.
 */
import { DaemonError } from "../base/errors.ts";
import type { ConfigModel } from "../config/model.ts";
import type { Native } from "../net/native-api.ts";
import { type ObjectEvent, ObjectMonitor } from "../net/object-monitor.ts";
import { openPacketSocket, type PacketSocket } from "../net/raw-socket.ts";
import { RouteSocket } from "../net/rtnetlink.ts";
import { staticObjects, watchedGroups } from "./objects.ts";
import { routeKey, ruleKey } from "./ownership.ts";
import type { Router } from "./router.ts";
import { nameCulprit } from "./runtime-culprit.ts";
import type { Transition } from "./state.ts";
import { type LogWriter, Turn, type TurnPorts } from "./turn.ts";

export interface ObjectHost {
  readonly native: Native;
  readonly links: TurnPorts["links"];
  readonly log: LogWriter;
  readonly releaseVips: boolean;
  transition(router: Router, transition: Transition): void;
  /** something is to be looked into at the end of the turn */
  askSettle(): void;
}

export class ObjectRuntime {
  readonly turn: Turn;
  readonly #host: ObjectHost;
  readonly #route: RouteSocket;
  readonly #packets: PacketSocket;
  readonly #monitor: ObjectMonitor;
  #closed = false;

  /** @throws DaemonError without the rights to open raw sockets */
  constructor(host: ObjectHost) {
    const { native, log } = host;
    this.#host = host;
    this.#route = new RouteSocket(native);
    log("route-open", {});
    this.#packets = openPacketSocket(native);
    log("announce-open", {});
    this.#monitor = new ObjectMonitor(native, (e) => this.#onEvent(e));
    this.turn = new Turn({
      kernel: this.#route,
      frames: this.#packets,
      links: host.links,
      log,
      releaseVips: host.releaseVips,
      transition: (router, transition) => host.transition(router, transition),
      restored: ({ config }, what, culprit) =>
        void nameCulprit(culprit).then((name) => {
          if (!this.#closed) log("object-restored", { instance: config.name, what, culprit: name });
        }),
    });
  }

  /** Watches for deletions of what this configuration sets. */
  follow(model: ConfigModel): void {
    try {
      this.#monitor.follow(watchedGroups(model.vrrpInstances, staticObjects(model)));
    } catch (e) {
      if (!(e instanceof DaemonError)) throw e;
      this.#host.log("object-monitor-failed", { reason: e.message });
    }
  }

  close(): void {
    this.#closed = true;
    this.#monitor.close();
    this.#packets.close();
    this.#route.close();
  }

  #onEvent(e: ObjectEvent): void {
    if (this.#closed) return;
    const { turn } = this;
    const concerns =
      e.kind === "overrun"
        ? turn.suspectRoutes()
        : turn.suspect(e.kind === "routeGone" ? routeKey(e.route) : ruleKey(e.rule), { port: e.port });
    if (concerns) this.#host.askSettle();
  }
}
