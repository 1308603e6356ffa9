/**
 * The ways to standard error and to a log file. A pipe or socket whose reader stands still must not
 * stop the daemon, and other processes share standard error's own flags: so a pipe is opened anew,
 * non-blocking, and a socket gets MSG_DONTWAIT. Files and terminals are written directly. Lines of one
 * turn of the event loop go out together: a start with thousands of services has a line for each.
 */
import fs from "node:fs";
import { DaemonError } from "../base/errors.ts";
import type { Fd, Native } from "../net/native-api.ts";
import { BoundedWriter, type SendResult } from "./bounded-writer.ts";
import type { LineSink } from "./syslog.ts";

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = fs.constants;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** linux/limits.h: what a pipe takes whole or not at all, so that lines of several processes do not mix. */
const PIPE_BUF = 4096;
/** Pause before a full pipe is tried again, in milliseconds. */
const RETRY_MS = 20;

/** @param fd normally 2 */
export function openStream(native: Native, fd: number, recovered: (lines: number) => void): LineSink {
  let kind: fs.Stats;
  try {
    kind = fs.fstatSync(fd);
  } catch {
    return { write: () => {}, close: () => {} };
  }
  if (kind.isSocket()) return bounded((line) => sendTo(native, fd as Fd, line), recovered);
  if (!kind.isFIFO()) return bounded((line) => writeTo(fd, line), recovered);
  let own: number;
  try {
    own = fs.openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_APPEND);
  } catch {
    return bounded((line) => writeTo(fd, line), recovered);
  }
  return bounded((line) => writeTo(own, line), recovered, own);
}

/**
 * @param path appended to; created 0644; never through a symbolic link, because it may lie in /tmp
 * @throws an errno error
 */
export function openFile(path: string, recovered: (lines: number) => void): LineSink {
  const fd = fs.openSync(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK, 0o644);
  return bounded((line) => writeTo(fd, line), recovered, fd);
}

function bounded(
  send: (line: Buffer) => SendResult,
  recovered: (lines: number) => void,
  owned?: number,
): LineSink {
  let timer: NodeJS.Timeout | undefined;
  const writer = new BoundedWriter({
    send,
    wait(_reason, retry) {
      timer = setTimeout(retry, RETRY_MS);
      timer.unref();
    },
    recovered,
  });
  let pending: string[] = [];
  let bytes = 0;
  const flush = (): void => {
    if (pending.length === 0) return;
    const lines = pending;
    pending = [];
    bytes = 0;
    writer.write(Buffer.from(lines.join("")), lines.length);
  };
  // a process that ends in the middle of a turn says its last words
  process.once("exit", flush);
  return {
    write(line) {
      const length = Buffer.byteLength(line);
      if (bytes + length > PIPE_BUF) flush();
      if (pending.length === 0) queueMicrotask(flush);
      pending.push(line);
      bytes += length;
    },
    close() {
      clearTimeout(timer);
      flush();
      writer.flush();
      process.removeListener("exit", flush);
      if (owned !== undefined) fs.closeSync(owned);
    },
  };
}

/** A pipe takes a line of at most PIPE_BUF whole or not at all; of a longer one the rest is dropped. */
function writeTo(fd: number, line: Buffer): SendResult {
  try {
    fs.writeSync(fd, line);
    return "sent";
  } catch (error) {
    // a reader that is gone or a full disk is nothing to die of
    return (error as NodeJS.ErrnoException).code === "EAGAIN" ? "full" : "sent";
  }
}

function sendTo(native: Native, fd: Fd, line: Buffer): SendResult {
  try {
    return native.send(fd, line, undefined, MSG_DONTWAIT | MSG_NOSIGNAL) ? "sent" : "full";
  } catch (error) {
    if (error instanceof DaemonError) return "sent";
    throw error;
  }
}
