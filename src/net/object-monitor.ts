/**
 * Follows deletions of routes and rules that carry our protocol number. Decides which reports concern us;
 * what was deleted by ourselves is not told apart here. A socket of its own: a router with a full routing
 * table floods it, and links and addresses must not be lost for that.
 */
import { DaemonError } from "../base/errors.ts";
import { NETLINK_ROUTE, RTPROT_KEEPALIVED } from "./constants.ts";
import type { RouteIdentity, RuleIdentity } from "./kernel-objects.ts";
import type { Native, Poll } from "./native-api.ts";
import { type NetlinkMessage, NetlinkSocket } from "./netlink.ts";
import { decodeRoute, routeProtocol } from "./route-codec.ts";
import {
  RTM_DELROUTE,
  RTM_DELRULE,
  RTMGRP_IPV4_ROUTE,
  RTMGRP_IPV4_RULE,
  RTMGRP_IPV6_ROUTE,
  RTMGRP_IPV6_RULE,
} from "./route-constants.ts";
import { decodeRule } from "./rule-codec.ts";

export type ObjectEvent =
  /** `port`: netlink port of the request that deleted it, 0 for the kernel itself */
  | { readonly kind: "routeGone"; readonly route: RouteIdentity; readonly port: number }
  | { readonly kind: "ruleGone"; readonly rule: RuleIdentity; readonly port: number }
  /** reports were lost: anything may be gone */
  | { readonly kind: "overrun" };

/** What is to be followed. */
export interface ObjectGroups {
  readonly routes: ReadonlySet<"ipv4" | "ipv6">;
  readonly rules: ReadonlySet<"ipv4" | "ipv6">;
}

/** Bytes; holds some ten thousand reports of routes. */
const RECEIVE_BUFFER = 4 * 1024 * 1024;
/** Receive calls a turn of the loop: a flood of routes must not starve the timers. */
const READS_PER_TURN = 16;

export class ObjectMonitor {
  readonly #native: Native;
  readonly #onEvent: (event: ObjectEvent) => void;
  readonly #receiveBuffer: number;
  #groups = 0;
  /** messages were lost, which is not reported yet */
  #overrun = false;
  #open: { readonly socket: NetlinkSocket; readonly poll: Poll } | undefined;

  /** @param options.receiveBuffer bytes, 4 MiB by default */
  constructor(
    native: Native,
    onEvent: (event: ObjectEvent) => void,
    options: { readonly receiveBuffer?: number } = {},
  ) {
    this.#native = native;
    this.#onEvent = onEvent;
    this.#receiveBuffer = options.receiveBuffer ?? RECEIVE_BUFFER;
  }

  /**
   * Follows these groups from now on, and no others; none needs no socket.
   *
   * @throws DaemonError
   */
  follow({ routes, rules }: ObjectGroups): void {
    const groups =
      (routes.has("ipv4") ? RTMGRP_IPV4_ROUTE : 0) |
      (routes.has("ipv6") ? RTMGRP_IPV6_ROUTE : 0) |
      (rules.has("ipv4") ? RTMGRP_IPV4_RULE : 0) |
      (rules.has("ipv6") ? RTMGRP_IPV6_RULE : 0);
    if (groups === this.#groups) return;
    this.close();
    if (groups === 0) return;
    const socket = new NetlinkSocket(this.#native, NETLINK_ROUTE, {
      groups,
      receiveBuffer: this.#receiveBuffer,
    });
    this.#open = { socket, poll: this.#native.poll(socket.fd, "read", () => this.drain()) };
    this.#groups = groups;
  }

  /**
   * Reads what waits now instead of at the next turn of the loop. An overrun is reported when nothing
   * waits any more: until then the kernel goes on dropping messages, and says so no second time.
   */
  drain(): void {
    for (let reads = 0; reads < READS_PER_TURN; reads++) {
      const messages = this.#read();
      if (messages === undefined) {
        if (!this.#overrun) return;
        this.#overrun = false;
        this.#onEvent({ kind: "overrun" });
        return;
      }
      for (const message of messages) this.#report(message);
    }
  }

  close(): void {
    this.#groups = 0;
    this.#open?.poll.close();
    this.#open?.socket.close();
    this.#open = undefined;
  }

  #read(): readonly NetlinkMessage[] | undefined {
    try {
      return this.#open?.socket.notifications();
    } catch (e) {
      if (!(e instanceof DaemonError) || (e.code !== "ENOBUFS" && e.code !== "EMSGSIZE")) throw e;
      this.#overrun = true;
      return [];
    }
  }

  #report({ type, body, port }: NetlinkMessage): void {
    if (type === RTM_DELROUTE && routeProtocol(body) === RTPROT_KEEPALIVED) {
      const route = decodeRoute(body);
      if (route !== undefined) this.#onEvent({ kind: "routeGone", route, port });
    } else if (type === RTM_DELRULE) {
      const rule = decodeRule(body);
      if (rule !== undefined) this.#onEvent({ kind: "ruleGone", rule, port });
    }
  }
}
