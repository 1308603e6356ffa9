/**
 * Hears which files of a directory were written, deleted or moved (inotify(7)). Decides nothing about them.
 */
import type { Fd, Native, Poll } from "./native-api.ts";

export type DirectoryEvent =
  /** `watch` as given by {@link Inotify.add}; `name` without a path */
  | { readonly kind: "written" | "gone"; readonly watch: number; readonly name: string }
  /** the directory itself is gone, and with it the watch */
  | { readonly kind: "directoryGone"; readonly watch: number }
  /** events were dropped: look at everything again */
  | { readonly kind: "lost" };

const IN_CLOSE_WRITE = 0x8;
const IN_MOVED_FROM = 0x40;
const IN_MOVED_TO = 0x80;
const IN_DELETE = 0x200;
const IN_Q_OVERFLOW = 0x4000;
const IN_IGNORED = 0x8000;
const IN_ONLYDIR = 0x0100_0000;
/** wd, mask, cookie and length of the name */
const HEADER = 16;

export class Inotify {
  readonly #native: Native;
  readonly #fd: Fd;
  readonly #poll: Poll;
  readonly #onEvent: (event: DirectoryEvent) => void;
  readonly #buffer = Buffer.alloc(16 * 1024);

  /** @throws DaemonError EMFILE when the user has too many of these */
  constructor(native: Native, onEvent: (event: DirectoryEvent) => void) {
    this.#native = native;
    this.#onEvent = onEvent;
    this.#fd = native.inotifyOpen();
    this.#poll = native.poll(this.#fd, "read", () => this.#read());
  }

  /** @throws DaemonError ENOENT or ENOTDIR when there is no such directory */
  add(directory: string): number {
    const mask = IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_ONLYDIR;
    return this.#native.inotifyAdd(this.#fd, directory, mask);
  }

  close(): void {
    this.#poll.close();
    this.#native.close(this.#fd);
  }

  #read(): void {
    const length = this.#native.read(this.#fd, this.#buffer);
    if (length === undefined) return;
    for (const event of decodeInotify(this.#buffer.subarray(0, length))) this.#onEvent(event);
  }
}

/** @param b events one behind the other, as read(2) gives them: never cut short */
export function decodeInotify(b: Buffer): readonly DirectoryEvent[] {
  const events: DirectoryEvent[] = [];
  for (let at = 0; at + HEADER <= b.length; ) {
    const watch = b.readInt32LE(at);
    const mask = b.readUInt32LE(at + 4);
    const end = at + HEADER + b.readUInt32LE(at + 12);
    const name = b.toString("utf8", at + HEADER, end).replace(/\0.*$/s, "");
    if ((mask & IN_Q_OVERFLOW) !== 0) events.push({ kind: "lost" });
    else if ((mask & IN_IGNORED) !== 0) events.push({ kind: "directoryGone", watch });
    else if ((mask & (IN_CLOSE_WRITE | IN_MOVED_TO)) !== 0) events.push({ kind: "written", watch, name });
    else if ((mask & (IN_DELETE | IN_MOVED_FROM)) !== 0) events.push({ kind: "gone", watch, name });
    at = end;
  }
  return events;
}
