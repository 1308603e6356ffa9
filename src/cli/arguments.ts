/**
 * Turns keepalived's command line into what it asks for. yargs' parser reads the values; the table and
 * getopt's rules are in `options.ts`, the help in `help.ts`.
 */
import Parser from "yargs-parser";
import type { ChildRole } from "../daemon/messages.ts";
import type { DaemonOptions } from "../daemon/options.ts";
import { facilityNumber, normalise, OPTIONS } from "./options.ts";

const DEFAULT_CONFIG = "/etc/keepalived/keepalived.conf";

export type Request =
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "signum"; readonly name: string }
  | { readonly kind: "usageError"; readonly text: string }
  | {
      readonly kind: "configTest";
      readonly file: string;
      readonly configId: string | undefined;
      readonly allConfig: boolean;
      readonly namespace: string | undefined;
      /** messages are appended here; undefined: standard error, or standard output for JSON */
      readonly output: string | undefined;
      readonly strict: boolean;
      readonly json: boolean;
    }
  | {
      readonly kind: "dumpConfig";
      readonly file: string;
      readonly configId: string | undefined;
      readonly allConfig: boolean;
      readonly namespace: string | undefined;
      readonly secrets: boolean;
    }
  | { readonly kind: "explain"; readonly topic: string }
  | { readonly kind: "keywords" }
  | { readonly kind: "run"; readonly options: DaemonOptions; readonly foreground: boolean };

export interface Parsed {
  readonly request: Request;
  /** for standard error, before anything else happens */
  readonly remarks: readonly string[];
}

type Values = Readonly<Record<string, unknown>>;

/** @param argv the words after the program's name */
export function parseArguments(argv: readonly string[]): Parsed {
  const { args, extra, error } = normalise(argv);
  if (error !== undefined) return { request: { kind: "usageError", text: error }, remarks: [] };
  const remarks = extra.length > 0 ? [`Unexpected argument(s): ${extra.join(" ")}`] : [];
  return { request: read(Parser([...args], GRAMMAR), argv, remarks), remarks };
}

/** Words are taken as they stand: the file `007` is not the number 7. */
const GRAMMAR: Parameters<typeof Parser>[1] = {
  string: OPTIONS.filter((o) => o.value !== "none").map((o) => o.long),
  boolean: OPTIONS.filter((o) => o.value === "none").map((o) => o.long),
  configuration: {
    "camel-case-expansion": false,
    "short-option-groups": false,
    "boolean-negation": false,
    "dot-notation": false,
    "parse-numbers": false,
    "parse-positional-numbers": false,
    "duplicate-arguments-array": false,
  },
};

function read(values: Values, argv: readonly string[], remarks: string[]): Request {
  const given = (name: string): boolean => values[name] === true;
  const text = (name: string): string | undefined => {
    const value = values[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  if (given("help")) return { kind: "help" };
  if (given("version")) return { kind: "version" };
  const signum = text("signum");
  if (signum !== undefined) return { kind: "signum", name: signum };
  const topic = text("explain");
  if (topic !== undefined) return { kind: "explain", topic };
  if (given("keywords")) return { kind: "keywords" };
  const file = text("use-file") ?? DEFAULT_CONFIG;
  const configId = text("config-id");
  const allConfig = given("all-config");
  const namespace = text("namespace");
  if (values["config-test"] !== undefined)
    return {
      kind: "configTest",
      file,
      configId,
      allConfig,
      namespace,
      output: text("config-test"),
      strict: given("strict"),
      json: given("json"),
    };
  if (values["dump-config"] !== undefined)
    return {
      kind: "dumpConfig",
      file,
      configId,
      allConfig,
      namespace,
      secrets: values["dump-config"] === "secrets",
    };

  const format = text("log-format") ?? "text";
  if (format !== "text" && format !== "json")
    return { kind: "usageError", text: `Unknown log format '${format}': text or json` };
  const umask = text("umask");
  if (umask !== undefined && parseMask(umask) === undefined)
    return { kind: "usageError", text: `Invalid umask '${umask}'` };
  const foreground = given("dont-fork");
  const pidDirectory = namespace === undefined ? "/run" : `/run/keepalived/${namespace}`;
  return {
    kind: "run",
    foreground,
    options: {
      configFile: file,
      configId,
      allConfig,
      roles: roles(given("vrrp"), given("check"), given("no_bfd")),
      allRoles: given("all"),
      respawn: !given("dont-respawn"),
      ignoreSigint: given("ignore-sigint"),
      log: {
        detail: given("log-detail"),
        console: given("log-console") && foreground,
        format,
        syslog: !given("no-syslog"),
        facility: facility(text("log-facility"), remarks),
        file: values["log-file"] === undefined ? undefined : (text("log-file") ?? "/tmp/keepalived.log"),
      },
      pidFiles: {
        parent: text("pid") ?? `${pidDirectory}/keepalived.pid`,
        vrrp: text("vrrp_pid") ?? `${pidDirectory}/vrrp.pid`,
        checker: text("checkers_pid") ?? `${pidDirectory}/checkers.pid`,
        bfd: text("bfd_pid") ?? `${pidDirectory}/bfd.pid`,
      },
      dontReleaseVrrp: given("dont-release-vrrp"),
      dontReleaseIpvs: given("dont-release-ipvs"),
      releaseVips: given("release-vips"),
      namespace,
      umask: umask === undefined ? undefined : parseMask(umask),
      withoutFunction: OPTIONS.filter((o) => o.later === true && isGiven(values[o.long])).map((o) => o.long),
      commandLine: ["keepalived", ...argv],
    },
  };
}

/** Neither or both of -P and -C leave both children; BFD serves either. */
function roles(vrrpOnly: boolean, checkOnly: boolean, noBfd: boolean): ReadonlySet<ChildRole> {
  const both: readonly ChildRole[] = ["vrrp", "checker"];
  const chosen = vrrpOnly === checkOnly ? both : both.filter((r) => r === (vrrpOnly ? "vrrp" : "checker"));
  return new Set(noBfd ? chosen : [...chosen, "bfd"]);
}

function facility(value: string | undefined, remarks: string[]): number {
  if (value === undefined) return 3;
  const number = facilityNumber(value);
  if (number === undefined) remarks.push(`Invalid log facility '${value}'`);
  return number ?? 3;
}

/** As strtol(3) with base 0 reads it: 022 and 0x12 are octal and hexadecimal. */
function parseMask(text: string): number | undefined {
  const octal = /^0[0-7]*$/.test(text);
  if (!octal && !/^(0x[0-9a-f]+|[1-9]\d*)$/i.test(text)) return undefined;
  const value = octal ? Number.parseInt(text, 8) : Number(text);
  return value <= 0o777 ? value : undefined;
}

function isGiven(value: unknown): boolean {
  return value === true || typeof value === "string";
}
