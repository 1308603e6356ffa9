/**
 * Opens a process's log: every line goes through pino, and our own synchronous destination turns it
 * into keepalived's text for syslog, console and log file, or leaves it JSON. Nothing here buffers
 * beyond a bounded queue, and nothing blocks or throws.
 */
import { pino } from "pino";
import type { Native } from "../net/native-api.ts";
import { linesLost } from "./catalogue/process.ts";
import type { Level, Logger, LogLine } from "./entry.ts";
import { consoleLine, fileLine, syslogLine } from "./format.ts";
import { openFile, openStream } from "./stream.ts";
import { type LineSink, openSyslog } from "./syslog.ts";

export interface LogOptions {
  /** `Keepalived`, `Keepalived_vrrp`, `Keepalived_healthcheckers` */
  readonly ident: string;
  /** syslog facility number, 3 is daemon */
  readonly facility: number;
  readonly syslog: boolean;
  /** lines go to standard error */
  readonly console: boolean;
  /** path of an additional log file */
  readonly file: string | undefined;
  /** of console and file; syslog always gets keepalived's text */
  readonly format: "text" | "json";
  /** also lines of level debug and those marked `detail` */
  readonly detail: boolean;
}

/** Where the outside is; only tests have reason to say. */
export interface LogPlaces {
  readonly syslogPath: string;
  readonly consoleFd: number;
}

export interface ProcessLogger extends Logger {
  /** Writes what waits, as far as the readers take it, and closes. Later lines vanish. */
  close(): void;
}

const LEVELS: Readonly<Record<Level, number>> = {
  debug: 20,
  info: 30,
  notice: 35,
  warning: 40,
  error: 50,
  critical: 60,
};

/** Names that pino's own members of a JSON line have; a field of that name gets an underscore. */
const RESERVED: ReadonlySet<string> = new Set(["level", "time", "pid", "process", "id", "msg"]);

/**
 * @param places defaults to /dev/log and standard error
 * @returns a logger that works even when a log file cannot be opened: that is said in the other sinks
 */
export function openLogger(
  options: LogOptions,
  native: Native,
  places: LogPlaces = { syslogPath: "/dev/log", consoleFd: 2 },
): ProcessLogger {
  const destination = new Destination(options, native, places);
  const json = options.format === "json";
  const log = pino<Level>(
    {
      level: "debug",
      customLevels: LEVELS,
      useOnlyCustomLevels: true,
      base: json ? { pid: process.pid, process: options.ident } : null,
      timestamp: json ? pino.stdTimeFunctions.isoTime : false,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  const write = (line: LogLine): void => {
    if (destination.silent) return;
    if ((line.detail || line.level === "debug") && !options.detail) return;
    destination.level = line.level;
    // what nobody will see as JSON need not be made into it
    if (json) log[line.level]({ id: line.id, ...safeFields(line.fields) }, line.text);
    else log[line.level](line.text);
  };
  destination.lost = (lines) => write(linesLost({ lines }));
  return { write, silent: destination.silent, close: () => destination.close() };
}

function safeFields(fields: LogLine["fields"]): LogLine["fields"] {
  for (const name in fields) {
    if (RESERVED.has(name)) {
      return Object.fromEntries(Object.entries(fields).map(([k, v]) => [RESERVED.has(k) ? `${k}_` : k, v]));
    }
  }
  return fields;
}

/** A destination with this member gets the bare message beside each JSON line (pino's documentation, "metadata"). */
const METADATA: unique symbol = Symbol.for("pino.metadata");

/** pino hands over each JSON line and, because of the metadata symbol, the bare message beside it. */
class Destination {
  readonly [METADATA] = true;
  lastMsg = "";
  level: Level = "info";
  lost: (lines: number) => void = () => {};
  readonly #options: LogOptions;
  readonly #syslog: LineSink | undefined;
  readonly #console: LineSink | undefined;
  readonly #file: LineSink | undefined;
  readonly #clock = new TurnClock();
  #closed = false;

  constructor(options: LogOptions, native: Native, places: LogPlaces) {
    this.#options = options;
    const recovered = (lines: number): void => this.lost(lines);
    if (options.syslog) this.#syslog = openSyslog(native, places.syslogPath, recovered);
    if (options.console) this.#console = openStream(native, places.consoleFd, recovered);
    if (options.file !== undefined) {
      try {
        this.#file = openFile(options.file, recovered);
      } catch (error) {
        this.#text("warning", `Cannot open log file ${options.file}: ${(error as Error).message}`);
      }
    }
  }

  /** Whether there is no sink at all. */
  get silent(): boolean {
    return this.#syslog === undefined && this.#console === undefined && this.#file === undefined;
  }

  write(json: string): void {
    if (this.#closed) return;
    if (this.#options.format === "text") this.#text(this.level, this.lastMsg);
    else {
      this.#console?.write(json);
      this.#file?.write(json);
      this.#toSyslog(this.level, this.lastMsg, this.#clock.now());
    }
  }

  close(): void {
    this.#closed = true;
    this.#syslog?.close();
    this.#console?.close();
    this.#file?.close();
  }

  #text(level: Level, text: string): void {
    const now = this.#clock.now();
    this.#toSyslog(level, text, now);
    this.#console?.write(consoleLine(now, text));
    this.#file?.write(fileLine(now, text));
  }

  #toSyslog(level: Level, text: string, now: Date): void {
    const { facility, ident } = this.#options;
    this.#syslog?.write(syslogLine({ facility, ident, pid: process.pid }, level, now, text));
  }
}

/** Lines that share a look at the clock, at most. */
const LINES_PER_LOOK = 32;

/** The time of day for lines: one look for those of one turn, which a start with thousands of services has. */
class TurnClock {
  #now: Date | undefined;
  #uses = 0;

  now(): Date {
    if (this.#now === undefined) queueMicrotask(() => this.#forget());
    if (this.#now === undefined || this.#uses === LINES_PER_LOOK) {
      this.#now = new Date();
      this.#uses = 0;
    }
    this.#uses++;
    return this.#now;
  }

  #forget(): void {
    this.#now = undefined;
  }
}
