/**
 * How a line looks in each sink: keepalived's console line, its log file line, and the datagram that
 * syslog(3) writes. Pure; local time, as all three expect.
 */
import type { Level } from "./entry.ts";

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** RFC 5424 §6.2.1 severities */
const SEVERITY: Readonly<Record<Level, number>> = {
  debug: 7,
  info: 6,
  notice: 5,
  warning: 4,
  error: 3,
  critical: 2,
};

/** Longer lines are cut: most receivers take 8 KiB, and nothing from outside may be unbounded. */
const MAX_LINE = 8000;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u001f\u007f]/g;

/** One line without control characters (`#012` for a newline, as rsyslog writes them), at most 8,000 long. */
export function oneLine(text: string): string {
  const cut = text.length > MAX_LINE ? text.slice(0, MAX_LINE) : text;
  CONTROL.lastIndex = 0;
  if (!CONTROL.test(cut)) return cut;
  return cut.replace(CONTROL, (c) => `#${c.charCodeAt(0).toString(8).padStart(3, "0")}`);
}

/** `Fri Nov 20 10:42:35 2026: text` */
export function consoleLine(now: Date, text: string): string {
  const { day, date, year } = calendar(now);
  return `${day} ${date} ${year}: ${oneLine(text)}\n`;
}

/** `Fri Nov 20 10:42:35.123000000 2026: text`; the clock at hand knows milliseconds */
export function fileLine(now: Date, text: string): string {
  const fraction = `${String(now.getMilliseconds()).padStart(3, "0")}000000`;
  const { day, date, year } = calendar(now);
  return `${day} ${date}.${fraction} ${year}: ${oneLine(text)}\n`;
}

/** `<30>Nov 20 10:42:35 Keepalived[42]: text`, what glibc's syslog(3) sends to /dev/log */
export function syslogLine(
  origin: { readonly facility: number; readonly ident: string; readonly pid: number },
  level: Level,
  now: Date,
  text: string,
): string {
  const priority = origin.facility * 8 + SEVERITY[level];
  return `<${priority}>${calendar(now).date} ${origin.ident}[${origin.pid}]: ${oneLine(text)}`;
}

interface Calendar {
  /** seconds since the epoch */
  readonly second: number;
  readonly day: string;
  /** `Nov  7 09:02:03` */
  readonly date: string;
  readonly year: number;
}

/** Thousands of lines fall into one second when thousands of services start. */
let latest: Calendar = { second: Number.NaN, day: "", date: "", year: 0 };

function calendar(now: Date): Calendar {
  const second = Math.floor(now.getTime() / 1000);
  if (second === latest.second) return latest;
  const dayOfMonth = String(now.getDate()).padStart(2, " ");
  const time = `${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}`;
  latest = {
    second,
    day: DAYS[now.getDay()] as string,
    date: `${MONTHS[now.getMonth()]} ${dayOfMonth} ${time}`,
    year: now.getFullYear(),
  };
  return latest;
}

function two(n: number): string {
  return n < 10 ? `0${n}` : String(n);
}
