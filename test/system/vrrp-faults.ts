/**
 * The field of the fault catalogue: two of our daemons on a cable that can be made bad, and what was
 * measured there.
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Daemon } from "../lab/daemon.ts";
import { Lateness } from "../lab/lateness.ts";
import { OwnerWatch, type Period } from "../lab/owner-watch.ts";
import { Relay } from "../lab/relay.ts";
import { until } from "../lab/shell.ts";
import { ROUTERS, type Router, Wire } from "../lab/wire.ts";

/** Advert interval, ms. */
export const INTERVAL = 500;
export const VIP = "10.9.0.100";
/** What protocol version 3 gives a backup of priority 100 and the better one of 150: 3 adverts and the skew. */
export const BOUND: Readonly<Record<Router, number>> = {
  r1: (3 + 106 / 256) * INTERVAL,
  r2: (3 + 156 / 256) * INTERVAL,
};

/** One instance with one address; r1 is the better router. */
export function configuration(router: Router, more = "", head = ""): string {
  return `${head}
vrrp_instance VI_1 {
    state BACKUP
    version 3
    interface eth0
    virtual_router_id 51
    priority ${router === "r1" ? 150 : 100}
    advert_int ${INTERVAL / 1000}
    garp_master_delay 1
    ${more}
    virtual_ipaddress {
        ${VIP}
    }
}
`;
}

export class Field {
  readonly wire: Wire;
  readonly relay: Relay;
  readonly watch: OwnerWatch;
  readonly daemons: Readonly<Record<Router, Daemon>>;
  /** of this machine, since the field is there */
  readonly lateness: Lateness = new Lateness();

  private constructor(wire: Wire, relay: Relay, watch: OwnerWatch) {
    this.wire = wire;
    this.relay = relay;
    this.watch = watch;
    this.daemons = { r1: new Daemon(wire, "r1", "ours", ["-P"]), r2: new Daemon(wire, "r2", "ours", ["-P"]) };
  }

  /** Both daemons run, and r1 is master, before a fault begins. */
  static async open(more = "", head = ""): Promise<Field> {
    const wire = await Wire.build();
    try {
      const field = new Field(wire, await Relay.start(wire), await OwnerWatch.start(wire));
      for (const router of ROUTERS) await field.daemons[router].start(configuration(router, more, head));
      await field.owns("r1");
      await sleep(2 * INTERVAL);
      return field;
    } catch (error) {
      await wire.remove();
      throw error;
    }
  }

  async close(): Promise<void> {
    for (const daemon of Object.values(this.daemons)) await daemon.stop("SIGKILL");
    this.lateness.stop();
    this.relay.stop();
    this.watch.stop();
    await this.wire.remove();
  }

  /** Waits until a router holds the address, and the other does not. */
  owns(router: Router): Promise<unknown> {
    return until(`${VIP} on ${router} alone`, () => this.watch.isOwner(router, [VIP]));
  }

  /** Waits until a router holds the address, whatever the other does. */
  holds(router: Router): Promise<unknown> {
    return until(`${VIP} on ${router}`, () => this.watch.count(router, [VIP]) === 1);
  }

  since(at: number): Period {
    return this.watch.since(at, [VIP]);
  }

  /**
   * The address stayed where it was since then, unless this machine stood still for longer than an interval:
   * then it may have been away for a moment.
   */
  undisturbed(at: number, why?: string): void {
    const { moves } = this.since(at);
    const { worst } = this.lateness;
    assert.ok(moves === 0 || worst > INTERVAL, `${moves} moves, ${worst} ms late at most: ${why ?? ""}`);
  }

  /** The process that speaks VRRP. */
  vrrp(router: Router): number {
    const pid = this.daemons[router].pidOf("vrrp");
    if (pid === undefined) throw new Error(`${router} has no VRRP process`);
    return pid;
  }

  /** Stops or continues every process of a router at once. */
  async signalAll(router: Router, signal: "SIGSTOP" | "SIGCONT"): Promise<void> {
    for (const pid of await this.daemons[router].processes())
      if (existsSync(`/proc/${pid}`)) process.kill(pid, signal);
  }

  /** Logs of both, for a failure. */
  logs(): string {
    return ROUTERS.map((r) => `---- ${r}\n${this.daemons[r].log()}`).join("\n");
  }
}
