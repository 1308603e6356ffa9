/**
 * The way to syslogd: a connected datagram socket at /dev/log through the native shim. Reconnects when
 * the receiver was restarted; a receiver that does not read costs lines, never time.
 */
import { DaemonError } from "../base/errors.ts";
import { unixAddress } from "../base/unix-address.ts";
import type { Fd, Native, Poll } from "../net/native-api.ts";
import { BoundedWriter, type SendResult } from "./bounded-writer.ts";

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const MSG_NOSIGNAL = 0x4000;
/** Pause before a receiver that is not there is tried again, in milliseconds. */
const RECONNECT_MS = 1000;

export interface LineSink {
  /** @param line with its end, where the sink wants one */
  write(line: string): void;
  /** Tries to write what waits, once, and gives the descriptor back. */
  close(): void;
}

/**
 * @param path normally /dev/log
 * @param recovered told how many lines were dropped, once the receiver reads again
 */
export function openSyslog(native: Native, path: string, recovered: (lines: number) => void): LineSink {
  const address = unixAddress(path);
  let fd: Fd | undefined;
  let poll: Poll | undefined;
  let timer: NodeJS.Timeout | undefined;

  const disconnect = (): void => {
    poll?.close();
    poll = undefined;
    if (fd !== undefined) native.close(fd);
    fd = undefined;
  };

  const connect = (): boolean => {
    if (address === undefined) return false;
    const opened = native.socket(AF_UNIX, SOCK_DGRAM, 0);
    try {
      native.connect(opened, address);
    } catch {
      native.close(opened);
      return false;
    }
    fd = opened;
    return true;
  };

  const send = (line: Buffer): SendResult => {
    // a second attempt: syslogd was restarted and a new socket lies at the same path
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        if (fd === undefined && !connect()) return "broken";
        if (fd === undefined) return "broken";
        return native.send(fd, line, undefined, MSG_NOSIGNAL) ? "sent" : "full";
      } catch (error) {
        if (!(error instanceof DaemonError)) throw error;
        // a line that the receiver can never take must not stop those behind it
        if (error.code === "EMSGSIZE") return "sent";
        if (error.code === "ENOBUFS") return "full";
        disconnect();
      }
    }
    return "broken";
  };

  const writer = new BoundedWriter({
    send,
    wait(reason, retry) {
      if (reason === "full" && fd !== undefined) {
        poll = native.poll(fd, "write", () => {
          poll?.close();
          poll = undefined;
          retry();
        });
        return;
      }
      timer = setTimeout(retry, RECONNECT_MS);
      timer.unref();
    },
    recovered,
  });
  return {
    write: (line) => writer.write(Buffer.from(line)),
    close() {
      clearTimeout(timer);
      poll?.close();
      poll = undefined;
      writer.flush();
      disconnect();
    },
  };
}
