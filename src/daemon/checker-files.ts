/**
 * The track files of FILE_CHECKs: reads them as the VRRP process reads its own, and tells the checkers.
 * Decides nothing about health.
 */
import { fileKey, type Signal } from "../checkers/verdict-signal.ts";
import type { TrackFileConfig } from "../config/model-vrrp.ts";
import type { Logger } from "../log/entry.ts";
import type { Native } from "../net/native-api.ts";
import { FileTracking } from "../vrrp/track-file-runtime.ts";

export class CheckerFiles {
  readonly #tell: (key: string, signal: Signal) => void;
  readonly #tracking: FileTracking;
  #configs: ReadonlyMap<string, TrackFileConfig> = new Map();
  #started = false;

  constructor(native: Native, logger: Logger, tell: (key: string, signal: Signal) => void) {
    this.#tell = tell;
    this.#tracking = new FileTracking({ native, logger, changed: (name) => this.#changed(name) });
  }

  /** To be called before the checkers get the same configuration: they begin with what the files say. */
  apply(configs: readonly TrackFileConfig[]): void {
    this.#configs = new Map(configs.map((config) => [config.name, config]));
    this.#tracking.apply(configs, !this.#started);
    this.#started = true;
    for (const { name } of configs) this.#changed(name);
  }

  close(): void {
    this.#tracking.close();
  }

  #changed(name: string): void {
    const config = this.#configs.get(name);
    const status = this.#tracking.statusOf(name);
    if (config === undefined || status.kind !== "value") return;
    const { weight, reverse } = config;
    this.#tell(fileKey(name), { kind: "file", value: status.value, weight, reverse });
  }
}
