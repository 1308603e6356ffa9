/**
 * The adverts of all routers, in and out: gives each router its socket, hands what arrives to the checks and
 * what they say to the machine, sends one advert to everybody who shall hear it. Never decides what an
 * advert leads to.
 */
import type { IpAddress } from "../base/address.ts";
import type { Clock } from "../base/clock.ts";
import { DaemonError } from "../base/errors.ts";
import type { Datagram } from "../base/ip-packet.ts";
import type { GlobalDefs } from "../config/model.ts";
import type { Router } from "./router.ts";
import { AdvertSockets, type SocketHost } from "./sockets.ts";
import type { VrrpEvent } from "./state.ts";
import type { Survey } from "./surroundings.ts";
import type { LogWriter } from "./turn.ts";
import type { WireNews } from "./wire.ts";

/** What the traffic works with. */
export interface TrafficPorts {
  /** @throws DaemonError */
  readonly open: SocketHost<Router>["open"];
  readonly clock: Pick<Clock, "now">;
  readonly log: LogWriter;
  /** an advert arrived and was judged */
  heard(router: Router, event: VrrpEvent): void;
}

export class AdvertTraffic {
  readonly #ports: TrafficPorts;
  readonly #sockets: AdvertSockets<Router>;
  /** strangers that were named, once each; undefined: nobody wants to know */
  #strangers: Set<string> | undefined;

  constructor(ports: TrafficPorts) {
    this.#ports = ports;
    this.#sockets = new AdvertSockets<Router>({
      open: ports.open,
      packet: (router, datagram) => this.#onAdvert(router, datagram),
      unknown: ({ ifname }, virtualRouterId) => this.#name(ifname, virtualRouterId),
      error: ({ ifname }, error) => ports.log("socket-failed", { interface: ifname, reason: error.message }),
    });
  }

  /** A configuration begins. @param global `log_unknown_vrids` */
  configure({ logUnknownVrids }: Pick<GlobalDefs, "logUnknownVrids">): void {
    this.#strangers = logUnknownVrids === true ? new Set() : undefined;
  }

  /** @returns false when the kernel refuses; a missing interface is another fault */
  takePlace(router: Router, { place, source }: Survey): boolean {
    const listening = router.wire.listening(source);
    if (place === undefined || listening === undefined || router.duplicate) {
      this.#sockets.leave(router);
      return true;
    }
    const { virtualRouterId } = router.config;
    const { protocol, address, peers, buffer } = listening;
    try {
      this.#sockets.join(router, { virtualRouterId, peers, buffer }, { ...place, protocol, address });
      return true;
    } catch (e) {
      if (!(e instanceof DaemonError)) throw e;
      this.#ports.log("socket-failed", { interface: place.ifname, reason: e.message });
      return false;
    }
  }

  leave(router: Router): void {
    this.#sockets.leave(router);
  }

  /**
   * One advert to the group or to each peer; it counts once. A peer that cannot be reached does not keep it
   * from the others.
   *
   * @returns the first refusal of the kernel
   */
  send(router: Router, priority: number): DaemonError | undefined {
    const source = router.params.sourceAddress;
    if (source === undefined) return undefined;
    let refusal: DaemonError | undefined;
    let sent = false;
    for (const advert of router.wire.adverts(router.params, priority, source)) {
      try {
        if (this.#sockets.send(router, advert)) sent = true;
      } catch (e) {
        if (!(e instanceof DaemonError)) throw e;
        refusal ??= e;
      }
    }
    if (sent) router.counters.advertSent++;
    return refusal;
  }

  /** Reads all that waits. */
  drain(): void {
    this.#sockets.drain();
  }

  close(): void {
    this.#sockets.close();
  }

  #onAdvert(router: Router, datagram: Datagram): void {
    // Before the checks: a router in fault neither believes nor complains.
    if (router.state.name !== "backup" && router.state.name !== "active") return;
    const { checked, news } = router.wire.check(datagram);
    if (news !== undefined) this.#tell(router.config.name, checked.from, news);
    if (checked.ok) {
      const { advert, from } = checked;
      router.lastAdvert = { from, priority: advert.priority, at: this.#ports.clock.now() };
      this.#ports.heard(router, { kind: "advertReceived", advert, from });
    } else {
      const { reason, from, received, expected } = checked;
      this.#ports.heard(router, { kind: "advertRejected", reason, from, received, expected });
    }
  }

  #name(ifname: string, virtualRouterId: number): void {
    const key = `${ifname} ${virtualRouterId}`;
    if (this.#strangers === undefined || this.#strangers.has(key)) return;
    this.#strangers.add(key);
    this.#ports.log("unknown-vrid", { interface: ifname, virtualRouterId });
  }

  #tell(instance: string, from: IpAddress, news: WireNews): void {
    if (news.kind === "old-checksum") this.#ports.log("old-unicast-checksum", { instance });
    else this.#ports.log("hmac-skew", { instance, from, seconds: news.seconds });
  }
}
