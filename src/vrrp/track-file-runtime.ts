/**
 * Reads each `track_file` at the start and whenever somebody has written, deleted or moved it, and keeps its
 * number. Decides only which files cannot be watched.
 */
import {
  accessSync,
  closeSync,
  constants,
  openSync,
  readSync,
  realpathSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { DaemonError } from "../base/errors.ts";
import type { TrackFileConfig } from "../config/model-vrrp.ts";
import { fileNotWritten, fileNumberInvalid, fileUnusable } from "../log/catalogue/tracking.ts";
import type { Logger } from "../log/entry.ts";
import { type DirectoryEvent, Inotify } from "../net/inotify.ts";
import type { Native } from "../net/native-api.ts";
import { fileValue } from "./track-file.ts";
import type { ObjectStatus } from "./tracked-objects.ts";

export interface FileTrackingPorts {
  readonly native: Native;
  readonly logger: Logger;
  changed(name: string): void;
}

interface Tracked {
  readonly config: TrackFileConfig;
  /** links followed */
  readonly directory: string;
  readonly file: string;
  /** of its directory; undefined: nobody tells us about changes */
  watch: number | undefined;
  value: number;
}

/** Where nobody tells about changes, or where they make no sense: linux/magic.h. */
const UNSUITABLE: ReadonlyMap<number, string> = new Map([
  [0x9fa0, "proc"],
  [0x6265_6572, "sysfs"],
  [0x0027_e0eb, "cgroup"],
  [0x6367_7270, "cgroup2"],
  [0x6462_6720, "debugfs"],
  [0x7472_6163, "tracefs"],
  [0x1cd1, "devpts"],
  [0x6969, "nfs"],
  [0x517b, "smb"],
  [0xff53_4d42, "cifs"],
  [0xfe53_4d42, "smb2"],
  [0x6573_5546, "fuse"],
  [0x0187, "autofs"],
]);
/** More of a file than any number needs. */
const MOST_BYTES = 128;

export class FileTracking {
  readonly #ports: FileTrackingPorts;
  #inotify: Inotify | undefined;
  #files: ReadonlyMap<string, Tracked> = new Map();

  constructor(ports: FileTrackingPorts) {
    this.#ports = ports;
  }

  /** @param atStart files are initialised only then */
  apply(configs: readonly TrackFileConfig[], atStart: boolean): void {
    if (atStart) for (const config of configs) this.#initialise(config);
    this.#inotify?.close();
    this.#inotify = undefined;
    const next = new Map<string, Tracked>();
    for (const config of configs) {
      const known = this.#files.get(config.name);
      const value = known?.config.file === config.file ? known.value : 0;
      const tracked = { config, ...place(config.file), watch: undefined, value };
      next.set(config.name, tracked);
      this.#watch(tracked);
      this.#read(tracked);
    }
    this.#files = next;
  }

  statusOf(name: string): ObjectStatus {
    return { kind: "value", value: this.#files.get(name)?.value ?? 0 };
  }

  close(): void {
    this.#inotify?.close();
    this.#inotify = undefined;
    this.#files = new Map();
  }

  /** `init_file`: an existing file is kept unless it shall be overwritten. */
  #initialise({ file, initFile }: TrackFileConfig): void {
    if (initFile === undefined) return;
    try {
      writeFileSync(file, `${initFile.value}\n`, { flag: initFile.overwrite ? "w" : "wx", mode: 0o644 });
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== "EEXIST") this.#ports.logger.write(fileNotWritten({ file, reason: message }));
    }
  }

  #watch(tracked: Tracked): void {
    const { directory, config } = tracked;
    try {
      const kind = UNSUITABLE.get(statfsSync(directory).type);
      if (kind !== undefined) throw new Error(`${directory} is on a ${kind} file system`);
      accessSync(directory, constants.W_OK);
      this.#inotify ??= new Inotify(this.#ports.native, (event) => this.#onEvent(event));
      tracked.watch = this.#inotify.add(directory);
    } catch (error) {
      const reason = error instanceof DaemonError ? error.code : (error as Error).message;
      this.#ports.logger.write(fileUnusable({ name: config.name, file: config.file, reason }));
    }
  }

  #onEvent(event: DirectoryEvent): void {
    for (const tracked of this.#files.values()) {
      if (event.kind === "lost") {
        this.#update(tracked);
        continue;
      }
      if (tracked.watch !== event.watch) continue;
      if (event.kind === "directoryGone") {
        tracked.watch = undefined;
        this.#update(tracked);
      } else if (event.name === tracked.file) this.#update(tracked);
    }
  }

  #update(tracked: Tracked): void {
    const was = tracked.value;
    this.#read(tracked);
    if (tracked.value !== was) this.#ports.changed(tracked.config.name);
  }

  /** A file that is not there is 0; a number that cannot be is as if nobody had written it. */
  #read(tracked: Tracked): void {
    const file = join(tracked.directory, tracked.file);
    let text = "";
    if (tracked.watch !== undefined)
      try {
        text = readHead(file);
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        if (code !== "ENOENT")
          this.#ports.logger.write(fileUnusable({ name: tracked.config.name, file, reason: message }));
      }
    const value = fileValue(text);
    if (value === undefined) this.#ports.logger.write(fileNumberInvalid({ text: text.trim(), file }));
    else tracked.value = value;
  }
}

/** A FIFO in the file's place must not stop us. */
function readHead(file: string): string {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const bytes = Buffer.alloc(MOST_BYTES);
    return bytes.toString("latin1", 0, readSync(fd, bytes));
  } finally {
    closeSync(fd);
  }
}

/** A link is watched where it leads to. */
function place(file: string): { readonly directory: string; readonly file: string } {
  const real = resolved(file) ?? join(resolved(dirname(file)) ?? dirname(file), basename(file));
  return { directory: dirname(real), file: basename(real) };
}

function resolved(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
