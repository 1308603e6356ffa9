/** Replaces the bridge between the two routers of a wire by a cable that can be made as bad as a test wants. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { ROUTERS, type Wire } from "./wire.ts";

/** What a cable does to each frame. */
export interface CableState {
  /** 0 to 1 */
  readonly loss: number;
  /** share of frames that arrive twice, 0 to 1 */
  readonly double: number;
  /** ms, the longest; each frame takes a random time of its own, so that they overtake each other */
  readonly delay: number;
  /** directions that carry nothing; `forth` is from r1 to r2 */
  readonly blocked: readonly ("forth" | "back")[];
}

/** A cable that carries everything at once. */
export const GOOD: CableState = { loss: 0, double: 0, delay: 0, blocked: [] };

export class Relay {
  readonly #host: ChildProcessByStdio<Writable, Readable, null>;
  #waiting: (() => void)[] = [];

  private constructor(host: ChildProcessByStdio<Writable, Readable, null>) {
    this.#host = host;
    createInterface({ input: host.stdout }).on("line", () => this.#waiting.shift()?.());
  }

  /** Takes the place of eth0's bridge. */
  static async start(wire: Wire): Promise<Relay> {
    for (const router of ROUTERS) await wire.reach(router, "cut");
    const argv = [process.execPath, join(import.meta.dirname, "relay-host.ts"), "r1eth0", "r2eth0"];
    const [file = "", ...args] = wire.inside("switch", argv);
    const relay = new Relay(spawn(file, args, { stdio: ["pipe", "pipe", "inherit"] }));
    await relay.#answer();
    return relay;
  }

  /** Changes the cable; in force when it returns. */
  async set(change: Partial<CableState>): Promise<void> {
    this.#host.stdin.write(`${JSON.stringify({ ...GOOD, ...change })}\n`);
    await this.#answer();
  }

  stop(): void {
    this.#host.kill("SIGKILL");
  }

  #answer(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(resolve);
      this.#host.once("exit", () => reject(new Error("the relay ended")));
    });
  }
}
