/**
 * A typed channel over Node's process channel: keeps order, says when the other side is gone, knows how
 * much still waits to be read. Never interprets a message. Messages travel as one JSON text: for a model of
 * thousands of services V8's own serialisation of objects takes several times as long.
 */
import type { ChildProcess } from "node:child_process";

export interface Channel<Incoming, Outgoing> {
  /** @returns false when the other side is gone; the message is then lost */
  send(message: Outgoing, flushed?: () => void): boolean;
  readonly connected: boolean;
  onMessage(handler: (message: Incoming) => void): void;
  /** Called once, when the other side closed the channel or died. */
  onClose(handler: () => void): void;
  close(): void;
}

/** The end that a parent holds of a child it spawned with an `ipc` descriptor. */
export function channelTo<Incoming, Outgoing>(child: ChildProcess): Channel<Incoming, Outgoing> {
  return channelOver(child);
}

/**
 * The end that a spawned process holds.
 *
 * @returns undefined when this process was not spawned with a channel
 */
export function channelToParent<Incoming, Outgoing>(): Channel<Incoming, Outgoing> | undefined {
  return process.send === undefined ? undefined : channelOver(process);
}

function channelOver<Incoming, Outgoing>(peer: ChildProcess | NodeJS.Process): Channel<Incoming, Outgoing> {
  return {
    send(message, flushed) {
      if (!peer.connected || peer.send === undefined) return false;
      // the callback takes the error of a peer that dies meanwhile; onClose tells about it
      (peer as ChildProcess).send(JSON.stringify(message), () => flushed?.());
      return true;
    },
    get connected() {
      return peer.connected ?? false;
    },
    onMessage(handler) {
      (peer as ChildProcess).on("message", (text) => handler(JSON.parse(text as string) as Incoming));
    },
    onClose(handler) {
      (peer as ChildProcess).once("disconnect", handler);
    },
    close() {
      if (peer.connected) peer.disconnect?.();
    },
  };
}
