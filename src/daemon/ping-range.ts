/**
 * Who may send echo requests through datagram sockets: net.ipv4.ping_group_range, for both families, must
 * contain this process's group. Widens it downwards while checkers need it and puts it back.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { type CheckerSentence, checkerLine } from "../log/catalogue/checkers.ts";
import type { Logger } from "../log/entry.ts";

const RANGE = "/proc/sys/net/ipv4/ping_group_range";

export class PingRange {
  readonly #logger: Logger;
  /** as it was found; undefined: it was not changed */
  #before: string | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Lets this process in. What cannot be done is logged. */
  open(): void {
    const group = process.getegid?.() ?? 0;
    try {
      const text = readFileSync(RANGE, "latin1").trim();
      const [low = 1, high = 0] = text.split(/\s+/).map(Number);
      if (low <= group && group <= high) return;
      // The usual range is empty, which is written "1 0".
      const top = low > high ? group : Math.max(high, group);
      writeFileSync(RANGE, `0 ${top}`);
      this.#before = text;
      if (low <= high) this.#say({ id: "ping-range-widened", fields: { low, high: top } });
    } catch (error) {
      const { code = "EIO" } = error as NodeJS.ErrnoException;
      this.#say({ id: "ping-range-failed", fields: { group, error: code } });
    }
  }

  /** Puts back what was found. */
  restore(): void {
    if (this.#before === undefined) return;
    try {
      writeFileSync(RANGE, this.#before);
      this.#before = undefined;
    } catch (error) {
      const { code = "EIO" } = error as NodeJS.ErrnoException;
      this.#say({ id: "ping-range-stays", fields: { range: this.#before ?? "", error: code } });
    }
  }

  #say(sentence: CheckerSentence): void {
    this.#logger.write(checkerLine(sentence));
  }
}
