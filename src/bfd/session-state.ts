/**
 * What there is to know about a BFD session: its parameters, its state, what happens to it and what it wants done,
 * and the times that follow from a state. Pure; changes nothing.
 */
import type { Instant, Micros } from "../base/units.ts";
import type { BfdSentence } from "../log/catalogue/bfd.ts";
import { type ControlPacket, DIAGNOSTIC, type StateName } from "./packet.ts";
import { detectionTime, transmitInterval } from "./timers.ts";

/** What the configuration says about a session. */
export interface SessionParams {
  readonly name: string;
  /** while Up */
  readonly minTx: Micros;
  /** while not Up, at least a second (RFC 5880 §6.8.3) */
  readonly idleTx: Micros;
  readonly minRx: Micros;
  readonly detectMultiplier: number;
  /** speaks only to those who speak first */
  readonly passive: boolean;
}

/** What the other system said in its last packet. */
export interface Remote {
  readonly discriminator: number;
  readonly state: StateName;
  readonly diagnostic: number;
  readonly demand: boolean;
  readonly desiredMinTx: Micros;
  readonly requiredMinRx: Micros;
  readonly detectMultiplier: number;
}

export interface Session {
  readonly state: StateName;
  readonly diagnostic: number;
  /** 1 to 2^32-1, stays for the session's life */
  readonly localDiscriminator: number;
  /** undefined: nobody was heard within the detection time */
  readonly remote: Remote | undefined;
  /** the diagnostic that the other system gave last */
  readonly remoteDiagnostic: number;
  /** a poll sequence waits for its F */
  readonly polling: boolean;
  /** what intervals are computed from; while Up a change for the worse waits for F (RFC 5880 §6.8.3) */
  readonly minTxInForce: Micros;
  readonly minRxInForce: Micros;
  /** the next periodic packet; undefined: none is due */
  readonly transmitAt: Instant | undefined;
  /** when the other system counts as lost */
  readonly detectAt: Instant | undefined;
  /** what listeners were told last: an administrative end is no news to them */
  readonly toldUp: boolean;
}

export type SessionEvent =
  /** the session can send from now on */
  | { readonly kind: "enabled" }
  /** it cannot: there is no socket for it */
  | { readonly kind: "disabled" }
  | { readonly kind: "received"; readonly packet: ControlPacket }
  | { readonly kind: "deadline" }
  | { readonly kind: "paramsChanged"; readonly params: SessionParams };

export type SessionEffect =
  | { readonly kind: "send"; readonly packet: ControlPacket }
  | { readonly kind: "notify"; readonly up: boolean }
  | { readonly kind: "log"; readonly sentence: BfdSentence };

/** The order of effects is contract. */
export interface SessionStep {
  readonly session: Session;
  readonly effects: readonly SessionEffect[];
}

/** A session that has no socket yet. */
export function newSession(params: SessionParams, localDiscriminator: number): Session {
  return {
    state: "AdminDown",
    diagnostic: DIAGNOSTIC.none,
    localDiscriminator,
    remote: undefined,
    remoteDiagnostic: DIAGNOSTIC.none,
    polling: false,
    minTxInForce: params.idleTx,
    minRxInForce: params.minRx,
    transmitAt: undefined,
    detectAt: undefined,
    toldUp: false,
  };
}

/** @returns undefined when only a packet can change anything */
export function nextDeadline({ transmitAt, detectAt }: Session): Instant | undefined {
  if (transmitAt === undefined || detectAt === undefined) return transmitAt ?? detectAt;
  return transmitAt < detectAt ? transmitAt : detectAt;
}

/** How often the session sends now, before jitter. */
export function intervalOf(s: Session): Micros {
  return transmitInterval(s.minTxInForce, s.remote?.requiredMinRx ?? (0 as Micros));
}

/** After how much silence the other system is lost; 0 while it is unknown. */
export function detectionTimeOf(s: Session): Micros {
  if (s.remote === undefined) return 0 as Micros;
  return detectionTime(s.remote.detectMultiplier, s.minRxInForce, s.remote.desiredMinTx);
}
