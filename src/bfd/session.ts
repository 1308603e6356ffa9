/**
 * One BFD session in asynchronous mode: its state machine, timers, poll sequences and what it says when.
 * Decides from packets and deadlines; never sends, never looks at a clock, never draws a number itself.
 * No echo, no authentication, demand mode only as the other side asks for it.
 *
 * @see RFC 5880 §6.8
 */
import { after, between, type Instant, type Micros } from "../base/units.ts";
import type { BfdLogFields, BfdSentence } from "../log/catalogue/bfd.ts";
import { type ControlPacket, DIAGNOSTIC } from "./packet.ts";
import { enteringLines, parameterLines, sentence } from "./session-log.ts";
import {
  detectionTimeOf,
  intervalOf,
  newSession,
  type Session,
  type SessionEffect,
  type SessionEvent,
  type SessionParams,
  type SessionStep,
} from "./session-state.ts";
import { jittered } from "./timers.ts";

/** @param random 0 to 1, drawn anew at each call: jitter */
export function stepSession(
  params: SessionParams,
  session: Session,
  now: Instant,
  event: SessionEvent,
  random: () => number,
): SessionStep {
  switch (event.kind) {
    case "enabled":
      if (session.state !== "AdminDown") return { session, effects: [] };
      return finish(params, session, { ...session, state: "Down", diagnostic: DIAGNOSTIC.none }, now, random);
    case "disabled":
      return disabled(params, session);
    case "received":
      return received(params, session, now, event.packet, random);
    case "deadline":
      return deadline(params, session, now, random);
    case "paramsChanged":
      return paramsChanged(params, session, now, event.params, random);
  }
}

// ---- events ----------------------------------------------------------------------------------------------

function received(
  params: SessionParams,
  s: Session,
  now: Instant,
  packet: ControlPacket,
  random: () => number,
): SessionStep {
  // RFC 5880 §6.8.6: an administratively closed session hears nothing; who sent it is the shell's to say
  if (s.state === "AdminDown") return { session: s, effects: [] };
  const next: Session = {
    ...s,
    ...moved(s, packet),
    remote: {
      discriminator: packet.myDiscriminator,
      state: packet.state,
      diagnostic: packet.diagnostic,
      demand: packet.demand,
      desiredMinTx: packet.desiredMinTx,
      requiredMinRx: packet.requiredMinRx,
      detectMultiplier: packet.detectMultiplier,
    },
    remoteDiagnostic: packet.diagnostic,
    ...(s.polling && packet.final
      ? { polling: false, minTxInForce: params.minTx, minRxInForce: params.minRx }
      : {}),
  };
  const done = finish(params, s, next, now, random, packet.state === "AdminDown");
  const heard = { ...done.session, detectAt: after(now, detectionTimeOf(done.session)) };
  if (!packet.poll) return { ...done, session: heard };
  // RFC 5880 §6.8.7: the answer comes at once, whatever else keeps the session quiet, and stands for the
  // packet that a change of state would send
  const others = done.effects.filter((e) => e.kind !== "send");
  return {
    session: heard,
    effects: [...others, { kind: "send", packet: { ...packetOf(params, heard), final: true } }],
  };
}

/** The state machine of RFC 5880 §6.8.6, without AdminDown of this system. */
function moved(s: Session, packet: ControlPacket): Pick<Session, "state" | "diagnostic"> {
  const stay = { state: s.state, diagnostic: s.diagnostic };
  const down = { state: "Down", diagnostic: DIAGNOSTIC.neighborSignaledDown } as const;
  const up = { state: "Up", diagnostic: DIAGNOSTIC.none } as const;
  if (packet.state === "AdminDown") return s.state === "Down" ? stay : down;
  switch (s.state) {
    case "Down":
      if (packet.state === "Down") return { state: "Init", diagnostic: s.diagnostic };
      return packet.state === "Init" ? up : stay;
    case "Init":
      return packet.state === "Down" ? stay : up;
    case "Up":
      return packet.state === "Down" ? down : stay;
    case "AdminDown":
      return stay;
  }
}

function deadline(params: SessionParams, s: Session, now: Instant, random: () => number): SessionStep {
  const lost = s.detectAt !== undefined && s.detectAt <= now;
  let session = s;
  let effects: readonly SessionEffect[] = [];
  if (lost) ({ session, effects } = silent(params, s, now, random));
  if (session.transmitAt === undefined || session.transmitAt > now) return { session, effects };
  const transmitAt = after(now, jittered(intervalOf(session), random()));
  // RFC 5880 §6.5: P stands on scheduled packets only
  const packet = { ...packetOf(params, session), poll: session.polling };
  // what said that the state changed says all that the periodic packet would say
  const sent = effects.some((e) => e.kind === "send");
  return {
    session: { ...session, transmitAt },
    effects: sent ? effects : [...effects, { kind: "send", packet }],
  };
}

/** A detection time passed without a packet: RFC 5880 §6.8.4, and §6.8.1 for what is then forgotten. */
function silent(params: SessionParams, s: Session, now: Instant, random: () => number): SessionStep {
  const forgetful: Session = { ...s, remote: undefined, detectAt: undefined };
  if (s.state !== "Init" && s.state !== "Up") return finish(params, s, forgetful, now, random);
  const expired: BfdLogFields["bfd-expired"] = {
    session: params.name,
    milliseconds: Math.floor(detectionTimeOf(s) / 1000),
    overdue: s.detectAt === undefined ? 0 : between(s.detectAt, now),
  };
  const down = { ...forgetful, state: "Down", diagnostic: DIAGNOSTIC.detectionTimeExpired } as const;
  const done = finish(params, s, down, now, random);
  return { ...done, effects: [log(sentence("bfd-expired", expired)), ...done.effects] };
}

function paramsChanged(
  was: SessionParams,
  s: Session,
  now: Instant,
  params: SessionParams,
  random: () => number,
): SessionStep {
  const up = s.state === "Up";
  const negotiate = up && (was.minTx !== params.minTx || was.minRx !== params.minRx);
  const next: Session = {
    ...s,
    polling: s.polling || negotiate,
    // RFC 5880 §6.8.3: slower sending and quicker detection wait until the other system knows
    minTxInForce: up ? (Math.min(s.minTxInForce, params.minTx) as Micros) : params.idleTx,
    minRxInForce: up ? (Math.max(s.minRxInForce, params.minRx) as Micros) : params.minRx,
  };
  const { session, effects } = finish(params, s, next, now, random);
  const longer = detectionTimeOf(session) - detectionTimeOf(s);
  const detectAt = s.detectAt === undefined ? undefined : after(s.detectAt, longer as Micros);
  return { session: { ...session, detectAt }, effects };
}

function disabled(params: SessionParams, s: Session): SessionStep {
  const closed = newSession(params, s.localDiscriminator);
  const session = { ...closed, diagnostic: DIAGNOSTIC.administrativelyDown, toldUp: false };
  if (s.state === "AdminDown" && s.diagnostic === DIAGNOSTIC.administrativelyDown)
    return { session, effects: [] };
  const effects: SessionEffect[] = [
    log(sentence("bfd-entering", { session: params.name, state: "AdminDown" })),
  ];
  if (s.toldUp) effects.push({ kind: "notify", up: false });
  return { session, effects };
}

// ---- what follows from a change --------------------------------------------------------------------------

/**
 * Everything that a change of state or of intervals brings with it.
 *
 * @param s before @param changed after, its timers not yet adapted
 * @param administrative the other system said that it ends the session on purpose
 */
function finish(
  params: SessionParams,
  s: Session,
  changed: Session,
  now: Instant,
  random: () => number,
  administrative = false,
): SessionStep {
  const effects: SessionEffect[] = [];
  const entered = s.state !== changed.state;
  let next = changed;
  if (entered && next.state === "Up") {
    next = {
      ...next,
      polling: params.minTx !== params.idleTx,
      minTxInForce: Math.min(params.minTx, params.idleTx) as Micros,
      toldUp: true,
    };
  } else if (next.state !== "Up") {
    next = { ...next, polling: false, minTxInForce: params.idleTx, minRxInForce: params.minRx };
    if (s.state === "Up" && !administrative) next = { ...next, toldUp: false };
  }
  next = { ...next, transmitAt: transmission(params, s, next, now, random) };
  if (entered) effects.push(...enteringLines(params, next).map(log));
  if (next.polling && !s.polling) effects.push(log(sentence("bfd-poll", { session: params.name })));
  effects.push(...parameterLines(params, s, next).map(log));
  if (entered && next.state === "Up") effects.push({ kind: "notify", up: true });
  else if (s.toldUp && !next.toldUp) effects.push({ kind: "notify", up: false });
  // RFC 5880 §6.8.7: a change is told between two periodic packets
  if (entered && next.transmitAt !== undefined)
    effects.push({ kind: "send", packet: packetOf(params, next) });
  return { session: next, effects };
}

/** When the next periodic packet is due: sooner when the interval has become shorter. */
function transmission(
  params: SessionParams,
  s: Session,
  next: Session,
  now: Instant,
  random: () => number,
): Instant | undefined {
  if (!maySend(params, next)) return undefined;
  const interval = intervalOf(next);
  if (s.transmitAt !== undefined && interval >= intervalOf(s)) return s.transmitAt;
  const fresh = after(now, jittered(interval, random()));
  return s.transmitAt !== undefined && s.transmitAt < fresh ? s.transmitAt : fresh;
}

/** RFC 5880 §6.8.7: when no periodic packets may be sent. */
function maySend(params: SessionParams, s: Session): boolean {
  if (s.state === "AdminDown") return false;
  if (s.remote === undefined) return !params.passive;
  if (s.remote.requiredMinRx === 0) return false;
  const demanded = s.remote.demand && s.state === "Up" && s.remote.state === "Up";
  return !demanded || s.polling;
}

/** The session as a packet shows it, neither P nor F set. */
function packetOf(params: SessionParams, s: Session): ControlPacket {
  return {
    state: s.state,
    diagnostic: s.diagnostic,
    poll: false,
    final: false,
    demand: false,
    detectMultiplier: params.detectMultiplier,
    myDiscriminator: s.localDiscriminator,
    yourDiscriminator: s.remote?.discriminator ?? 0,
    desiredMinTx: s.state === "Up" ? params.minTx : params.idleTx,
    requiredMinRx: params.minRx,
  };
}

function log(line: BfdSentence): SessionEffect {
  return { kind: "log", sentence: line };
}
