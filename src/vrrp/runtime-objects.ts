/**
 * The sockets behind what instances and static blocks set in the kernel: routes and addresses out,
 * frames out, deletions of routes and rules in. Owns them and the {@link Turn} that works with them;
 * decides nothing about states.
 */
import { DaemonError } from "../base/errors.ts";
import { after, type Instant, seconds } from "../base/units.ts";
import type { ConfigModel } from "../config/model.ts";
import type { Native } from "../net/native-api.ts";
import { NftablesFirewall } from "../net/nftables.ts";
import type { TableOptions } from "../net/nftables-table.ts";
import { type ObjectEvent, ObjectMonitor } from "../net/object-monitor.ts";
import { openPacketSocket, type PacketSocket } from "../net/raw-socket.ts";
import { RouteSocket } from "../net/rtnetlink.ts";
import type { FirewallKernel } from "./firewall.ts";
import { type Chains, IptablesFirewall } from "./iptables.ts";
import { staticObjects, watchedGroups } from "./objects.ts";
import { routeKey, ruleKey } from "./ownership.ts";
import type { Router } from "./router.ts";
import { nameCulprit } from "./runtime-culprit.ts";
import { iptablesObstacle } from "./runtime-iptables.ts";
import type { Transition } from "./state.ts";
import type { Sysctls } from "./sysctls.ts";
import { type LogWriter, Turn, type TurnPorts } from "./turn.ts";

const FORWARDING_LASTS = seconds(5);
/** who holds the kernel parameter */
const PROMOTE = "promote_secondaries";

export interface ObjectHost {
  readonly native: Native;
  readonly links: TurnPorts["links"];
  readonly log: LogWriter;
  readonly releaseVips: boolean;
  readonly sysctls: Sysctls;
  transition(router: Router, transition: Transition): void;
  /** runs a command after those before it; its exit status, or -1 */
  run(argv: readonly string[]): Promise<number>;
  /** something is to be looked into at the end of the turn */
  askSettle(): void;
}

export class ObjectRuntime {
  readonly turn: Turn;
  readonly #host: ObjectHost;
  readonly #route: RouteSocket;
  readonly #packets: PacketSocket;
  readonly #monitor: ObjectMonitor;
  #tableOptions: TableOptions = { table: "keepalived", priority: -1, counters: false, byIndex: false };
  /** interfaces whose secondary addresses survive their primary */
  #promoting: ReadonlySet<string> = new Set();
  #chains: Chains | undefined;
  readonly #forwarding = new Map<string, { readonly forwards: boolean; readonly until: Instant }>();
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
      forwards: (name) => this.#forwards(name),
      releaseVips: host.releaseVips,
      openFirewall: () => this.#openFirewall(),
      transition: (router, transition) => host.transition(router, transition),
      restored: ({ config }, what, culprit) =>
        void nameCulprit(culprit).then((name) => {
          if (!this.#closed) log("object-restored", { instance: config.name, what, culprit: name });
        }),
    });
  }

  /** Takes over what `global_defs` says; the firewall keeps what it said when it was opened. */
  configure(model: ConfigModel): void {
    const { nftables, nftablesCounters = false, nftablesIfindex = false } = model.global;
    const { table = "keepalived", priority = -1 } = nftables ?? {};
    this.#chains = model.global.vrrpIptables;
    this.turn.configure(model);
    this.#tableOptions = { table, priority, counters: nftablesCounters, byIndex: nftablesIfindex };
  }

  /** Watches for deletions of what this configuration sets, and lets secondary addresses stay. */
  follow(model: ConfigModel): void {
    this.#promoteSecondaries(model);
    try {
      this.#monitor.follow(watchedGroups(model.vrrpInstances, staticObjects(model)));
    } catch (e) {
      if (!(e instanceof DaemonError)) throw e;
      this.#host.log("object-monitor-failed", { reason: e.message });
    }
  }

  /** @param release false leaves the firewall as it is (-V) */
  close(release: boolean): void {
    this.#closed = true;
    this.turn.close(release);
    this.#monitor.close();
    this.#packets.close();
    this.#route.close();
  }

  #openFirewall(): FirewallKernel {
    const { native, log, links, run } = this.#host;
    if (this.#chains !== undefined) {
      const reason = iptablesObstacle();
      if (reason === undefined)
        return new IptablesFirewall(this.#chains, {
          run: (argv) => run(argv),
          failed: (command, status) =>
            log("firewall-failed", { reason: `${command} ended with status ${status}` }),
          nameOf: (ifindex) => links.links.get(ifindex)?.name,
        });
      log("iptables-unsuitable", { reason });
    }
    return new NftablesFirewall(native, this.#tableOptions);
  }

  /** Looked at no more often than every five seconds, as keepalived does. */
  #forwards(ifname: string): boolean {
    const now = this.#host.native.now();
    const known = this.#forwarding.get(ifname);
    if (known !== undefined && known.until > now) return known.forwards;
    const forwards = this.#host.sysctls.current(`net/ipv6/conf/${ifname}/forwarding`)?.trim() === "1";
    this.#forwarding.set(ifname, { forwards, until: after(now, FORWARDING_LASTS) });
    return forwards;
  }

  /** Without it the kernel deletes all addresses of a network together with the first one. */
  #promoteSecondaries({ vrrpInstances }: ConfigModel): void {
    const wanted = new Set(
      vrrpInstances.flatMap((c) =>
        c.promoteSecondaries === true && c.vmac === undefined ? c.interface : [],
      ),
    );
    for (const name of wanted)
      if (!this.#promoting.has(name)) this.#host.sysctls.hold(PROMOTE, sysctlOf(name), "1");
    for (const name of this.#promoting)
      if (!wanted.has(name)) this.#host.sysctls.release(PROMOTE, sysctlOf(name));
    this.#promoting = wanted;
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

function sysctlOf(ifname: string): string {
  return `net/ipv4/conf/${ifname}/promote_secondaries`;
}
