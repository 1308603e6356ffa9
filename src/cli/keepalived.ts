/**
 * The `keepalived` executable: reads the command line and does the one thing it asks for. What is not
 * asked for is not loaded, because `--config-test` and `--signum` are called often and must be quick.
 */
import { release, version } from "node:os";
import path from "node:path";
import type { DaemonOptions } from "../daemon/options.ts";
import { BANNER } from "../daemon/version.ts";
import { SIGNAL_NUMBERS } from "../process/signals.ts";
import { parseArguments, type Request } from "./arguments.ts";

const EX_USAGE = 1;

process.title = "keepalived";
const argv = process.argv.slice(2);
const { request, remarks } = parseArguments(argv);
for (const remark of remarks) process.stderr.write(`${remark}\n`);
// a script that outlives the daemon, or the daemon that outlives the foreground, does not hold it up
process.exit(await perform(request));

async function perform(request: Request): Promise<number> {
  switch (request.kind) {
    case "help": {
      const { helpText } = await import("./help.ts");
      process.stderr.write(`${helpText(process.stderr.columns)}\n`);
      return 0;
    }
    case "version":
      process.stderr.write(versionText());
      return 0;
    case "usageError":
      process.stderr.write(`${request.text}\n`);
      return EX_USAGE;
    case "signum":
      return printSignal(request.name);
    case "configTest": {
      await enterNamespace(request.namespace);
      const { testConfiguration } = await import("./config-test.ts");
      return testConfiguration(request);
    }
    case "dumpConfig": {
      await enterNamespace(request.namespace);
      const { dumpConfiguration } = await import("./config-dump.ts");
      return dumpConfiguration(request);
    }
    case "explain":
      return explainTopic(request.topic);
    case "keywords": {
      const { keywordList } = await import("../config/explain.ts");
      process.stdout.write(keywordList());
      return 0;
    }
    case "run":
      return run(request.options, request.foreground);
  }
}

async function enterNamespace(namespace: string | undefined): Promise<void> {
  if (namespace === undefined) return;
  const { loadNative } = await import("../net/native.ts");
  loadNative().enterNamespace(`/run/netns/${namespace}`);
}

async function explainTopic(topic: string): Promise<number> {
  const { explain, nearestTopic } = await import("../config/explain.ts");
  const text = explain(topic);
  if (text !== undefined) {
    process.stdout.write(text);
    return 0;
  }
  const near = nearestTopic(topic);
  const instead = near === undefined ? "" : `; did you mean ${near}?`;
  process.stderr.write(`${topic} is neither a keyword nor the code of a message${instead}\n`);
  return EX_USAGE;
}

async function run(options: DaemonOptions, foreground: boolean): Promise<number> {
  const { daemonise, isBackground, reportUp } = await import("../daemon/daemonise.ts");
  const background = isBackground();
  if (!foreground && !background) return daemonise(argv);
  const { runDaemon } = await import("../daemon/parent.ts");
  if (foreground) return runDaemon(options, { up: () => {} });
  const settled = withAbsolutePaths(options);
  process.chdir("/");
  return runDaemon(settled, { up: reportUp });
}

/** The background lives in `/`: names given relative to where it was started stay what they were. */
function withAbsolutePaths(options: DaemonOptions): DaemonOptions {
  const { log, pidFiles } = options;
  return {
    ...options,
    configFile: path.resolve(options.configFile),
    log: { ...log, file: log.file === undefined ? undefined : path.resolve(log.file) },
    pidFiles: {
      parent: path.resolve(pidFiles.parent),
      vrrp: path.resolve(pidFiles.vrrp),
      checker: path.resolve(pidFiles.checker),
      bfd: path.resolve(pidFiles.bfd),
    },
  };
}

function printSignal(name: string): number {
  const number = SIGNAL_NUMBERS.get(name);
  if (number === undefined) {
    process.stderr.write(`Unknown sigfunc ${name}\n`);
    return EX_USAGE;
  }
  process.stdout.write(`${number}\n`);
  return 0;
}

function versionText(): string {
  return [
    BANNER,
    "",
    "An implementation in TypeScript of keepalived's behaviour and interfaces",
    "",
    `Runtime: Node ${process.version}`,
    `Running on Linux ${release()} ${version()}`,
    "",
  ].join("\n");
}
