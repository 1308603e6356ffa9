/** Text to a file descriptor, all of it: a pipe takes large texts in pieces. */
import fs from "node:fs";

/** Writes everything; waits where a pipe is full. */
export function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += fs.writeSync(fd, bytes, at);
    } catch (cause) {
      // A pipe that its other end set to non-blocking and that is full: its reader will go on.
      if (!(cause instanceof Error && "code" in cause && cause.code === "EAGAIN")) throw cause;
      Atomics.wait(pause, 0, 0, 5);
    }
  }
}

const pause = new Int32Array(new SharedArrayBuffer(4));
