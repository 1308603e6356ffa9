/**
 * What a child process is told before its channel works, and where its program lies. Travels in one
 * environment variable, which the child removes before anything else can inherit it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Fd } from "../net/native-api.ts";
import type { ChildOptions, ChildRole } from "./messages.ts";

const VARIABLE = "KEEPALIVED_BOOT";

export interface ChildBoot {
  readonly options: ChildOptions;
  /** undefined: none is written */
  readonly pidFile: string | undefined;
  /** whoever spawned the child; another parent means that this one has died */
  readonly parentPid: number;
}

/** What distinguishes the children for people: log sentences, syslog ident, process list. */
export const ROLES: Readonly<
  Record<
    ChildRole,
    {
      readonly label: "VRRP" | "Healthcheck" | "BFD";
      readonly ident: string;
      readonly title: string;
      readonly suffix: string;
      /** V8's semi-space in MiB: a small one is collected quickly, a large one seldom */
      readonly youngGeneration: number;
    }
  >
> = {
  checker: {
    label: "Healthcheck",
    ident: "Keepalived_healthcheckers",
    title: "keepalived_healthcheckers",
    suffix: "_healthcheckers",
    youngGeneration: 8,
  },
  vrrp: {
    label: "VRRP",
    ident: "Keepalived_vrrp",
    title: "keepalived_vrrp",
    suffix: "_vrrp",
    youngGeneration: 2,
  },
  bfd: {
    label: "BFD",
    ident: "Keepalived_bfd",
    title: "keepalived_bfd",
    suffix: "_bfd",
    youngGeneration: 2,
  },
};

/** The descriptors through which the BFD child tells the others; those of one child count up from 4. */
export const BFD_LINES = {
  vrrp: { fromBfd: 4 as Fd },
  checker: { fromBfd: 4 as Fd },
  bfd: { toVrrp: 4 as Fd, toChecker: 5 as Fd },
} as const;

/** Bundles lie beside the parent's bundle, sources beside this file. */
export function programPath(name: ChildRole | "script-runner"): string {
  const bundle = fileURLToPath(new URL(`./${name}.mjs`, import.meta.url));
  if (existsSync(bundle)) return bundle;
  const source = name === "script-runner" ? name : `${name}-main`;
  return fileURLToPath(new URL(`./${source}.ts`, import.meta.url));
}

/**
 * The runtime with its flags runs a program with a channel; descriptors 1 and 2 are shared.
 *
 * @param lines descriptors of this process that become 4, 5, … of the other
 */
export function spawnProgram(
  path: string,
  { title, youngGeneration }: { readonly title: string; readonly youngGeneration: number },
  boot: ChildBoot | undefined,
  lines: readonly Fd[] = [],
): ChildProcess {
  const env: NodeJS.ProcessEnv = { ...process.env };
  for (const name of ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]) delete env[name];
  if (boot !== undefined) env[VARIABLE] = JSON.stringify(boot);
  const flags = [...process.execArgv, `--max-semi-space-size=${youngGeneration}`];
  return spawn(process.execPath, [...flags, path], {
    argv0: title,
    env,
    stdio: ["ignore", "inherit", "inherit", "ipc", ...lines],
    serialization: "advanced",
  });
}

/** Reads and removes what the parent left. @returns undefined when this process was not started by a parent */
export function takeBoot(): ChildBoot | undefined {
  const text = process.env[VARIABLE];
  delete process.env[VARIABLE];
  return text === undefined ? undefined : (JSON.parse(text) as ChildBoot);
}
