/** What a session says about itself: states entered, and the numbers that were negotiated. Pure. */
import type { BfdLogFields, BfdSentence } from "../log/catalogue/bfd.ts";
import { DIAGNOSTIC } from "./packet.ts";
import {
  detectionTimeOf,
  intervalOf,
  type Remote,
  type Session,
  type SessionParams,
} from "./session-state.ts";

export function sentence<K extends keyof BfdLogFields>(id: K, fields: BfdLogFields[K]): BfdSentence {
  return { id, fields } as BfdSentence;
}

/** Init is a step on the way and is not told. */
export function enteringLines({ name: session }: SessionParams, s: Session): readonly BfdSentence[] {
  if (s.state === "Up") return [sentence("bfd-entering", { session, state: "Up" })];
  if (s.state !== "Down" || s.diagnostic === DIAGNOSTIC.none) return [];
  return [sentence("bfd-entering-down", { session, local: s.diagnostic, remote: s.remoteDiagnostic })];
}

/** The negotiated numbers, whenever they change while somebody is there to negotiate with. */
export function parameterLines(params: SessionParams, s: Session, next: Session): readonly BfdSentence[] {
  if (next.remote === undefined || sameNumbers(s, next)) return [];
  const { local, remote } = sidesOf(params, next, next.remote);
  const session = params.name;
  const [now, was] = [detectionTimeOf(next), detectionTimeOf(s)];
  return [
    sentence("bfd-parameters", { session }),
    sentence("bfd-parameters-head", { session }),
    sentence("bfd-parameters-local", { session, ...local }),
    sentence("bfd-parameters-remote", { session, ...remote }),
    ...(now === was ? [] : [sentence("bfd-parameters-detection", { session, now, was })]),
  ];
}

/** Asked for each packet: nothing is built for it. */
function sameNumbers(a: Session, b: Session): boolean {
  return (
    a.remote?.desiredMinTx === b.remote?.desiredMinTx &&
    a.remote?.requiredMinRx === b.remote?.requiredMinRx &&
    a.remote?.detectMultiplier === b.remote?.detectMultiplier &&
    (a.state === "Up") === (b.state === "Up") &&
    a.minTxInForce === b.minTxInForce &&
    a.minRxInForce === b.minRxInForce
  );
}

function sidesOf(params: SessionParams, s: Session, remote: Remote) {
  const interval = intervalOf(s);
  const multiplier = params.detectMultiplier;
  return {
    local: {
      minTx: s.state === "Up" ? params.minTx : params.idleTx,
      minRx: params.minRx,
      interval,
      multiplier,
      detectionTime: detectionTimeOf(s),
    },
    remote: {
      minTx: remote.desiredMinTx,
      minRx: remote.requiredMinRx,
      interval: Math.max(remote.desiredMinTx, s.minRxInForce),
      multiplier: remote.detectMultiplier,
      detectionTime: multiplier * interval,
    },
  };
}
