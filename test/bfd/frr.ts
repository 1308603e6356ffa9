/** FRR's bfdd and what it says about its peers. */
import { type Frr, startFrr } from "../lab/frr.ts";
import { until } from "../lab/shell.ts";
import type { Row } from "./net.ts";

export interface FrrPeer {
  readonly status: "up" | "down" | "init" | "shutdown";
  readonly diagnostic: string;
  readonly "remote-diagnostic": string;
  readonly "remote-transmit-interval": number;
  readonly "remote-detect-multiplier": number;
}

export class Bfdd {
  readonly #frr: Frr;

  /** @param configuration lines of the `bfd` block */
  static async start(row: Row, i: number, configuration: string): Promise<Bfdd> {
    return new Bfdd(await startFrr(row, i, "bfdd", `bfd\n${configuration}\n!`));
  }

  private constructor(frr: Frr) {
    this.#frr = frr;
  }

  /** Changes the `bfd` block of the running daemon. */
  configure(...lines: readonly string[]): Promise<void> {
    return this.#frr.configure("bfd", ...lines);
  }

  async peer(address: string): Promise<FrrPeer | undefined> {
    const peers = (await this.#frr.show("show bfd peers json")) as readonly (FrrPeer & {
      readonly peer: string;
    })[];
    return peers.find((p) => p.peer === address);
  }

  is(status: FrrPeer["status"], address: string): Promise<true> {
    return until(
      `FRR's peer ${address} is ${status}`,
      async () => (await this.peer(address))?.status === status,
    );
  }

  kill(): Promise<void> {
    return this.#frr.process.stop("SIGKILL");
  }
}
