/**
 * The command line of keepalived(8) as one table, and the rules of getopt_long(3) that scripts rely on:
 * bundled letters, values attached or not, abbreviated long names. Pure. Reading values is yargs' part.
 */

export interface OptionSpec {
  readonly short?: string;
  readonly long: string;
  /** an optional value must be attached: `-tFILE`, `--config-test=FILE` */
  readonly value: "none" | "required" | "optional";
  readonly placeholder?: string;
  readonly help: string;
  /** accepted, and said once to have no function yet */
  readonly later?: true;
  /** keepalived knows it but does not show it */
  readonly hidden?: true;
  /** ours: never the reason why an abbreviation that keepalived takes is ambiguous */
  readonly own?: true;
}

/** keepalived's options in the order of its help, then our own. */
export const OPTIONS: readonly OptionSpec[] = [
  {
    short: "f",
    long: "use-file",
    value: "required",
    placeholder: "FILE",
    help: "Use this configuration file (/etc/keepalived/keepalived.conf)",
  },
  { short: "P", long: "vrrp", value: "none", help: "Run VRRP only" },
  { short: "C", long: "check", value: "none", help: "Run the health checkers only" },
  { short: "B", long: "no_bfd", value: "none", help: "Do not run BFD" },
  { long: "all", value: "none", help: "Run every process, even one without configuration" },
  { short: "l", long: "log-console", value: "none", help: "Log to standard error" },
  { short: "D", long: "log-detail", value: "none", help: "Log in detail" },
  {
    short: "S",
    long: "log-facility",
    value: "required",
    placeholder: "0-7|local0-7|user|daemon",
    help: "Syslog facility (daemon)",
  },
  {
    short: "g",
    long: "log-file",
    value: "optional",
    placeholder: "FILE",
    help: "Also log to this file (/tmp/keepalived.log), one per process",
  },
  { long: "flush-log-file", value: "none", help: "Flush the log file after each line (always done)" },
  { short: "G", long: "no-syslog", value: "none", help: "Do not log to syslog" },
  { short: "u", long: "umask", value: "required", placeholder: "MASK", help: "Umask for created files" },
  { short: "X", long: "release-vips", value: "none", help: "Drop VIPs on transition from signal" },
  {
    short: "V",
    long: "dont-release-vrrp",
    value: "none",
    help: "Keep VIPs and routes when the daemon stops",
  },
  {
    short: "I",
    long: "dont-release-ipvs",
    value: "none",
    help: "Keep the IPVS table when the daemon stops",
  },
  { short: "R", long: "dont-respawn", value: "none", help: "Stop when a child process dies" },
  { short: "n", long: "dont-fork", value: "none", help: "Stay in the foreground" },
  { short: "d", long: "dump-conf", value: "none", help: "Dump the configuration", later: true },
  {
    short: "p",
    long: "pid",
    value: "required",
    placeholder: "FILE",
    help: "Pid file of the parent process",
  },
  {
    short: "r",
    long: "vrrp_pid",
    value: "required",
    placeholder: "FILE",
    help: "Pid file of the VRRP process",
  },
  { short: "T", long: "genhash", value: "none", help: "Be genhash (first option)", later: true },
  {
    short: "c",
    long: "checkers_pid",
    value: "required",
    placeholder: "FILE",
    help: "Pid file of the checker process",
  },
  {
    short: "a",
    long: "address-monitoring",
    value: "none",
    help: "Log all address changes",
    later: true,
  },
  {
    short: "b",
    long: "bfd_pid",
    value: "required",
    placeholder: "FILE",
    help: "Pid file of the BFD process",
  },
  { short: "x", long: "snmp", value: "none", help: "Enable SNMP", later: true },
  {
    short: "A",
    long: "snmp-agent-socket",
    value: "required",
    placeholder: "SOCKET",
    help: "Socket of the SNMP master agent",
    later: true,
  },
  {
    short: "s",
    long: "namespace",
    value: "required",
    placeholder: "NAME",
    help: "Run in this network namespace",
  },
  { short: "m", long: "core-dump", value: "none", help: "Dump core when killed", later: true },
  {
    short: "M",
    long: "core-dump-pattern",
    value: "optional",
    placeholder: "PATTERN",
    help: "Set the kernel's core pattern too",
    later: true,
  },
  { long: "no-mem-check", value: "none", help: "", later: true, hidden: true },
  { short: "L", long: "mem-check-log", value: "none", help: "", later: true, hidden: true },
  { short: "O", long: "openssl-mem-check", value: "none", help: "", later: true, hidden: true },
  {
    short: "e",
    long: "all-config",
    value: "none",
    help: "Fail when an included file is missing",
  },
  {
    short: "i",
    long: "config-id",
    value: "required",
    placeholder: "ID",
    help: "Which lines beginning with @ count (node name)",
  },
  {
    long: "signum",
    value: "required",
    placeholder: "NAME",
    help: "Print the number of STOP, RELOAD, DATA, STATS, STATS_CLEAR, JSON, TDUMP",
  },
  {
    short: "t",
    long: "config-test",
    value: "optional",
    placeholder: "FILE",
    help: "Check the configuration, messages to FILE (standard error); 0 good, 4, 5 or 6",
  },
  { long: "config-fd", value: "required", placeholder: "N", help: "", later: true, hidden: true },
  { long: "ignore-sigint", value: "none", help: "Do not stop on SIGINT" },
  { long: "perf", value: "optional", placeholder: "WHEN", help: "", later: true, hidden: true },
  { long: "debug", value: "optional", placeholder: "LETTERS", help: "", later: true, hidden: true },
  {
    long: "log-format",
    value: "required",
    placeholder: "text|json",
    own: true,
    help: "Console and log file as text or JSON lines",
  },
  { long: "strict", value: "none", help: "With -t: warnings count as errors (5)", own: true },
  { long: "json", value: "none", help: "With -t: messages as a JSON array on standard output", own: true },
  {
    long: "dump-config",
    value: "optional",
    placeholder: "secrets",
    help: "Print the effective configuration; passwords too with =secrets",
    own: true,
  },
  {
    long: "explain",
    value: "required",
    placeholder: "CODE|KEYWORD",
    help: "Explain a message or a keyword",
    own: true,
  },
  { long: "keywords", value: "none", help: "List every keyword with its block and state", own: true },
  { short: "v", long: "version", value: "none", help: "Show the version" },
  { short: "h", long: "help", value: "none", help: "Show this help" },
];

const BY_SHORT = new Map(OPTIONS.flatMap((o) => (o.short === undefined ? [] : [[o.short, o] as const])));
const BY_LONG = new Map(OPTIONS.map((o) => [o.long, o]));

export interface Normalised {
  /** `--name` and `--name=value` only, in the order given; an absent optional value is empty */
  readonly args: readonly string[];
  /** words that belong to no option */
  readonly extra: readonly string[];
  /** the first thing that is wrong, in keepalived's words */
  readonly error: string | undefined;
}

/** @param argv the words after the program's name */
export function normalise(argv: readonly string[]): Normalised {
  const args: string[] = [];
  const extra: string[] = [];
  let error: string | undefined;
  for (let i = 0; i < argv.length && error === undefined; i++) {
    const word = argv[i] as string;
    if (word === "--") {
      extra.push(...argv.slice(i + 1));
      break;
    }
    const next = (): string | undefined => argv[++i];
    if (word.startsWith("--")) error = readLong(word.slice(2), next, args);
    else if (word.startsWith("-") && word.length > 1) error = readShort(word.slice(1), next, args);
    else extra.push(word);
  }
  return { args, extra, error };
}

function readLong(text: string, next: () => string | undefined, args: string[]): string | undefined {
  const equals = text.indexOf("=");
  const name = equals < 0 ? text : text.slice(0, equals);
  const spec = findLong(name);
  if (typeof spec === "string") return spec;
  const attached = equals < 0 ? undefined : text.slice(equals + 1);
  if (spec.value === "none" && attached !== undefined) return `Option --${spec.long} takes no parameter`;
  return add(spec, `--${name}`, attached, next, args);
}

function findLong(name: string): OptionSpec | string {
  const exact = BY_LONG.get(name);
  if (exact !== undefined) return exact;
  const matches = name === "" ? [] : OPTIONS.filter((o) => o.long.startsWith(name));
  const theirs = matches.filter((o) => o.own !== true);
  const [only] = theirs.length > 0 ? theirs : matches;
  if (only === undefined) return `Unknown option --${name}`;
  return matches.length === 1 || theirs.length === 1
    ? only
    : `Ambiguous option --${name}: ${matches.map((m) => `--${m.long}`).join(" ")}`;
}

function readShort(letters: string, next: () => string | undefined, args: string[]): string | undefined {
  for (let i = 0; i < letters.length; i++) {
    const letter = letters[i] as string;
    const spec = BY_SHORT.get(letter);
    if (spec === undefined) return `Unknown option -${letter}`;
    if (spec.value === "none") {
      args.push(`--${spec.long}`);
      continue;
    }
    const rest = letters.slice(i + 1);
    return add(spec, `-${letter}`, rest === "" ? undefined : rest, next, args);
  }
  return undefined;
}

function add(
  spec: OptionSpec,
  asTyped: string,
  attached: string | undefined,
  next: () => string | undefined,
  args: string[],
): string | undefined {
  if (spec.value === "none") args.push(`--${spec.long}`);
  else if (spec.value === "optional") args.push(`--${spec.long}=${attached ?? ""}`);
  else {
    const value = attached ?? next();
    if (value === undefined) return `Missing parameter for option ${asTyped}`;
    args.push(`--${spec.long}=${value}`);
  }
  return undefined;
}

/** Syslog facility numbers of RFC 5424 §6.2.1. @returns undefined for anything that -S does not take */
export function facilityNumber(text: string): number | undefined {
  if (text === "daemon") return 3;
  if (text === "user") return 1;
  const local = /^(?:local)?([0-7])$/.exec(text);
  return local === null ? undefined : 16 + Number(local[1]);
}
