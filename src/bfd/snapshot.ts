/** A session as status displays, dumps and tests see it. Pure. */
import type { BfdInstanceConfig } from "../config/model.ts";
import type { FieldValue } from "../log/entry.ts";
import { detectionTimeOf, intervalOf, type Session } from "./session-state.ts";

/** @param sourcePort undefined while there is no socket to send with */
export function snapshotOf(
  config: BfdInstanceConfig,
  s: Session,
  sourcePort: number | undefined,
): FieldValue {
  const { remote } = s;
  return {
    name: config.name,
    neighbor: config.neighbor,
    source: config.source ?? null,
    multihop: config.multihop,
    state: s.state,
    diagnostic: s.diagnostic,
    localDiscriminator: s.localDiscriminator,
    sourcePort: sourcePort ?? null,
    interval: intervalOf(s),
    detectionTime: detectionTimeOf(s),
    polling: s.polling,
    told: s.toldUp,
    remote:
      remote === undefined
        ? null
        : {
            discriminator: remote.discriminator,
            state: remote.state,
            diagnostic: remote.diagnostic,
            demand: remote.demand,
            desiredMinTx: remote.desiredMinTx,
            requiredMinRx: remote.requiredMinRx,
            detectMultiplier: remote.detectMultiplier,
          },
  };
}
