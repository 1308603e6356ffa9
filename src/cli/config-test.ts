/**
 * `keepalived --config-test`: says what is wrong with a configuration and how bad that is. Touches
 * nothing: no pid file, no syslog, no kernel state.
 */
import fs from "node:fs";
import { strictStatusOf } from "../config/diagnostic.ts";
import { diagnosticsAsJson } from "../config/json.ts";
import { renderDiagnostic } from "../config/render.ts";
import { loadConfiguration } from "../daemon/configuration.ts";
import { writeAll } from "./output.ts";

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = fs.constants;

export interface TestOptions {
  readonly file: string;
  readonly configId: string | undefined;
  readonly allConfig: boolean;
  /** messages are appended to this file; undefined: standard error, or standard output for JSON */
  readonly output: string | undefined;
  /** warnings count as errors */
  readonly strict: boolean;
  readonly json: boolean;
}

/**
 * @returns 0 good; 2 a keyword lacks its parameter; 4 cannot run; 5 errors that are tolerated, or
 *   warnings where `strict` is asked for; 6 scripts are unsafe
 */
export function testConfiguration({ file, configId, allConfig, output, strict, json }: TestOptions): number {
  const { diagnostics, sources, testStatus } = loadConfiguration(file, configId, { allConfig });
  const status = strict ? strictStatusOf(diagnostics) : testStatus;
  if (json) {
    write(output, 1, diagnosticsAsJson(diagnostics, sources));
    return status;
  }
  if (diagnostics.length === 0) return status;
  const terminal = output === undefined && process.stderr.isTTY === true;
  const color = terminal && !process.env["NO_COLOR"];
  const lines = diagnostics.map((d) => `${renderDiagnostic(d, sources, { caret: terminal, color })}\n`);
  write(output, 2, lines.join(""));
  return status;
}

/** @param stream where text goes that is for no file */
function write(output: string | undefined, stream: 1 | 2, text: string): void {
  if (output === undefined) {
    writeAll(stream, text);
    return;
  }
  const fd = fs.openSync(output, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o644);
  writeAll(fd, text);
  fs.closeSync(fd);
}
