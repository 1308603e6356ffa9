/**
 * `keepalived --config-test`: says what is wrong with a configuration and how bad that is. Touches
 * nothing: no pid file, no syslog, no kernel state.
 */
import fs from "node:fs";
import { renderDiagnostic } from "../config/render.ts";
import { loadConfiguration } from "../daemon/configuration.ts";

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = fs.constants;

/**
 * @param output messages are appended to this file; undefined: standard error
 * @returns 0 good; 2 a keyword lacks its parameter; 4 cannot run; 5 errors that are tolerated; 6 scripts are unsafe
 */
export function testConfiguration(
  file: string,
  configId: string | undefined,
  output: string | undefined,
): number {
  const { diagnostics, sources, testStatus } = loadConfiguration(file, configId);
  if (diagnostics.length === 0) return testStatus;
  const terminal = output === undefined && process.stderr.isTTY === true;
  const color = terminal && !process.env["NO_COLOR"];
  const lines = diagnostics.map((d) => `${renderDiagnostic(d, sources, { caret: terminal, color })}\n`);
  write(output, lines.join(""));
  return testStatus;
}

function write(output: string | undefined, text: string): void {
  if (output === undefined) {
    fs.writeSync(2, text);
    return;
  }
  const fd = fs.openSync(output, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o644);
  fs.writeSync(fd, text);
  fs.closeSync(fd);
}
