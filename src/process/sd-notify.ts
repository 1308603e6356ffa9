/**
 * Tells the service manager what this process does (sd_notify(3)), by datagrams to NOTIFY_SOCKET. Lost
 * or refused messages are nobody's trouble.
 */
import { DaemonError } from "../base/errors.ts";
import type { Instant } from "../base/units.ts";
import { unixAddress } from "../base/unix-address.ts";
import type { Native } from "../net/native-api.ts";

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const MSG_NOSIGNAL = 0x4000;

export interface ServiceManager {
  ready(status: string): void;
  /** systemd wants the moment, to tell this reload from the one before */
  reloading(now: Instant): void;
  stopping(): void;
  status(text: string): void;
}

const NOBODY: ServiceManager = {
  ready: () => {},
  reloading: () => {},
  stopping: () => {},
  status: () => {},
};

/**
 * @param socketName value of NOTIFY_SOCKET: a path, or `@name`; undefined when nobody listens
 * @param mainPid pid of the service's main process
 */
export function openServiceManager(
  native: Native,
  socketName: string | undefined,
  mainPid: number,
): ServiceManager {
  const address = socketName === undefined ? undefined : unixAddress(socketName);
  if (address === undefined) return NOBODY;
  const send = (...lines: string[]): void => {
    try {
      const fd = native.socket(AF_UNIX, SOCK_DGRAM, 0);
      try {
        native.send(fd, Buffer.from(lines.join("\n")), address, MSG_NOSIGNAL);
      } finally {
        native.close(fd);
      }
    } catch (error) {
      if (!(error instanceof DaemonError)) throw error;
    }
  };
  return {
    ready: (status) => send("READY=1", `MAINPID=${mainPid}`, `STATUS=${status}`),
    reloading: (now) => send("RELOADING=1", `MONOTONIC_USEC=${now}`, "STATUS=Reloading"),
    stopping: () => send("STOPPING=1", "STATUS=Stopping"),
    status: (text) => send(`STATUS=${text}`),
  };
}
