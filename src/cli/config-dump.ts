/** `keepalived --dump-config`: the effective configuration on standard output, messages on standard error. */
import { dumpConfig } from "../config/dump.ts";
import { renderDiagnostic } from "../config/render.ts";
import { loadConfiguration } from "../daemon/configuration.ts";
import { writeAll } from "./output.ts";

/**
 * @param secrets passwords as they are instead of masked
 * @returns the status of a configuration test
 */
export function dumpConfiguration(options: {
  readonly file: string;
  readonly configId: string | undefined;
  readonly allConfig: boolean;
  readonly secrets: boolean;
}): number {
  const result = loadConfiguration(options.file, options.configId, {
    keepBlocks: true,
    allConfig: options.allConfig,
  });
  for (const d of result.diagnostics)
    writeAll(2, `${renderDiagnostic(d, result.sources, { caret: false, color: false })}\n`);
  writeAll(1, dumpConfig(result, { secrets: options.secrets }));
  return result.testStatus;
}
