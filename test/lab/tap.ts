/** Listens on an interface inside a namespace and remembers what passed, as VRRP adverts and gratuitous ARPs. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A frame that passed. */
export interface Frame {
  /** monotonic clock, microseconds */
  readonly at: number;
  readonly bytes: Buffer;
}

/** A VRRP advert over IPv4 or IPv6. */
export interface SeenAdvert {
  readonly at: number;
  readonly source: string;
  readonly virtualRouterId: number;
  readonly priority: number;
  readonly addresses: readonly string[];
  readonly bytes: Buffer;
}

export class Tap {
  readonly frames: Frame[] = [];
  readonly #host: ChildProcess;

  private constructor(host: ChildProcess) {
    this.#host = host;
  }

  /** @param inside command prefix that enters the namespace */
  static async start(inside: readonly string[], name: string): Promise<Tap> {
    const [file = "", ...args] = [
      ...inside,
      process.execPath,
      join(import.meta.dirname, "tap-host.ts"),
      name,
    ];
    const host = spawn(file, args, { stdio: ["ignore", "pipe", "inherit"] });
    const tap = new Tap(host);
    await new Promise<void>((resolve, reject) => {
      host.once("exit", () => reject(new Error("the tap ended")));
      createInterface({ input: host.stdout }).on("line", (line) => {
        if (line === "ready") resolve();
        else {
          const [at = "", bytes = ""] = line.split(" ");
          tap.frames.push({ at: Number(at), bytes: Buffer.from(bytes, "hex") });
        }
      });
    });
    return tap;
  }

  /** Adverts over IPv4 so far, those of other protocols left out. */
  adverts(): readonly SeenAdvert[] {
    return this.frames.flatMap((frame) => advertOf(frame) ?? []);
  }

  /** Addresses of gratuitous ARPs so far, in order. */
  gratuitousArps(): readonly string[] {
    return this.frames.flatMap(({ bytes }) => {
      if (bytes.length < 42 || bytes.readUInt16BE(12) !== 0x0806) return [];
      const [sender, target] = [dotted(bytes, 28), dotted(bytes, 38)];
      return sender === target ? [sender] : [];
    });
  }

  /** Forgets what passed so far. */
  clear(): void {
    this.frames.length = 0;
  }

  stop(): void {
    this.#host.kill("SIGKILL");
  }
}

function dotted(bytes: Buffer, at: number): string {
  return [...bytes.subarray(at, at + 4)].join(".");
}

function advertOf({ at, bytes }: Frame): SeenAdvert | undefined {
  if (bytes.length < 42 || bytes.readUInt16BE(12) !== 0x0800 || bytes[23] !== 112) return undefined;
  const pdu = 14 + ((bytes[14] ?? 0) & 0x0f) * 4;
  const count = bytes[pdu + 3] ?? 0;
  return {
    at,
    source: dotted(bytes, 26),
    virtualRouterId: bytes[pdu + 1] ?? 0,
    priority: bytes[pdu + 2] ?? 0,
    addresses: Array.from({ length: count }, (_, i) => dotted(bytes, pdu + 8 + 4 * i)),
    bytes,
  };
}
