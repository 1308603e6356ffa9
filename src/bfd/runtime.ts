/**
 * The shell around BFD sessions: sockets, one timer for all deadlines, reloads. Feeds packets and deadlines in
 * and performs effects in their order. Decides nothing about a session's state.
 */
import { readFileSync } from "node:fs";
import { familyOf } from "../base/address.ts";
import type { Clock } from "../base/clock.ts";
import { type Deadline, Deadlines } from "../base/deadlines.ts";
import { assertNever, DaemonError } from "../base/errors.ts";
import { after, type Instant, seconds } from "../base/units.ts";
import type { BfdInstanceConfig } from "../config/model.ts";
import { type BfdSentence, bfdLine } from "../log/catalogue/bfd.ts";
import type { FieldValue, Logger } from "../log/entry.ts";
import type { Native, NativeTimer } from "../net/native-api.ts";
import {
  openUdpReceiver,
  openUdpSender,
  type UdpDatagram,
  type UdpReceiver,
  type UdpSender,
} from "../net/udp-socket.ts";
import { Complaints } from "./complaints.ts";
import { SessionDirectory } from "./directory.ts";
import { decodePacket, encodePacket, type Malformed } from "./packet.ts";
import { stepSession } from "./session.ts";
import {
  newSession,
  nextDeadline,
  type Session,
  type SessionEffect,
  type SessionEvent,
  type SessionParams,
} from "./session-state.ts";
import { isMultihop, isSameSession, PORTS, paramsOf, placeOf, portOf, sourcePorts } from "./settings.ts";
import { snapshotOf } from "./snapshot.ts";

export interface BfdHost {
  readonly native: Native;
  readonly clock: Clock;
  readonly logger: Logger;
  /** 0 to 1: jitter, discriminators, ports */
  readonly random: () => number;
  /** a session came up or fell, or tells again what it told last */
  notify(config: BfdInstanceConfig, up: boolean): void;
  /** something that {@link BfdRuntime.snapshot} shows has changed */
  onChange(): void;
}

/** How many sessions a configuration touched. */
export interface Applied {
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
}

interface Entry extends Deadline {
  config: BfdInstanceConfig;
  params: SessionParams;
  session: Session;
  sender: UdpSender | undefined;
  /** when a sender that cannot be opened is tried again, and not before when somebody speaks to it */
  retryAt: Instant | undefined;
  knockAt: Instant;
  /** the last refusal: the same one is not said again */
  refusal: string;
  /** a refusal is said once, until a packet goes out */
  sendRefused: boolean;
}

/** How long a session without a socket rests. */
const RETRY = seconds(60);
/** How long at least, while the other system speaks to it. */
const KNOCK = seconds(1);
/** Before deadlines count, so many waiting packets are heard: a loop that was late loses nobody. */
const DRAIN = 4_096;

export class BfdRuntime {
  readonly #host: BfdHost;
  readonly #timer: NativeTimer;
  readonly #deadlines = new Deadlines<Entry>();
  readonly #directory = new SessionDirectory<Entry>();
  readonly #receivers = new Map<number, UdpReceiver>();
  readonly #complaints = new Complaints();
  #entries: ReadonlyMap<string, Entry> = new Map();
  #armedAt: Instant | undefined;

  constructor(host: BfdHost) {
    this.#host = host;
    this.#timer = host.native.timer(() => this.#onTimer());
  }

  /**
   * Puts a configuration in force; sessions of the same name with the same neighbour go on.
   *
   * @returns undefined when no socket to hear with could be opened (logged): no session can ever be up
   */
  apply(configs: readonly BfdInstanceConfig[]): Applied | undefined {
    if (!this.#listen(configs)) return undefined;
    const before = this.#entries;
    const entries = new Map<string, Entry>();
    const count = { added: 0, removed: 0, changed: 0 };
    for (const [name, entry] of before) {
      const next = configs.find((c) => c.name === name);
      if (next !== undefined && isSameSession(entry.config, next)) continue;
      count.removed++;
      this.#end(entry);
    }
    for (const config of configs) {
      const old = before.get(config.name);
      const kept = old !== undefined && isSameSession(old.config, config) ? old : undefined;
      if (kept !== undefined && this.#adapt(kept, config)) count.changed++;
      if (kept === undefined) count.added++;
      entries.set(config.name, kept ?? this.#begin(config));
    }
    this.#entries = entries;
    this.tellAll();
    this.#arm();
    this.#host.onChange();
    return count;
  }

  /** Tells again what every session told last, for listeners that have begun anew. */
  tellAll(): void {
    for (const { config, session } of this.#entries.values()) this.#host.notify(config, session.toldUp);
  }

  /** Ends every session, in silence. */
  stop(): void {
    for (const entry of this.#entries.values()) this.#end(entry);
    this.#entries = new Map();
    for (const receiver of this.#receivers.values()) receiver.close();
    this.#timer.close();
  }

  snapshot(): FieldValue {
    const entries = [...this.#entries.values()];
    return { sessions: entries.map((e) => snapshotOf(e.config, e.session, e.sender?.port)) };
  }

  // ---- sockets -------------------------------------------------------------------------------------------

  /** Sockets stay once they are open: closing one would lose what waits in it. */
  #listen(configs: readonly BfdInstanceConfig[]): boolean {
    const { native } = this.#host;
    for (const port of PORTS) {
      if (this.#receivers.has(port) || !configs.some((c) => portOf(c.multihop) === port)) continue;
      try {
        const receiver = openUdpReceiver(native, port, {
          datagram: (datagram) => this.#onDatagram(datagram, isMultihop(port)),
          error: (error) => this.#log({ id: "bfd-receive-failed", fields: { error: error.message } }),
        });
        this.#receivers.set(port, receiver);
      } catch (e) {
        if (!(e instanceof DaemonError)) throw e;
        this.#log({ id: "bfd-listen-failed", fields: { port, call: e.syscall, error: e.code } });
      }
    }
    if (configs.length === 0 || this.#receivers.size > 0) return true;
    this.#log({ id: "bfd-no-listener", fields: {} });
    return false;
  }

  #openSender(entry: Entry): void {
    const { config } = entry;
    const { native, random } = this.#host;
    try {
      entry.sender = openUdpSender(native, {
        destination: config.neighbor,
        port: portOf(config.multihop),
        family: familyOf(config.neighbor),
        source: config.source,
        ttl: config.ttl,
        sourcePorts: sourcePorts(localPortRange()),
        random,
      });
    } catch (e) {
      if (!(e instanceof DaemonError)) throw e;
      const now = this.#host.clock.now();
      entry.retryAt = after(now, RETRY);
      entry.knockAt = after(now, KNOCK);
      this.#sayRefusal(entry, e);
      this.#dispatch(entry, { kind: "disabled" });
      return;
    }
    entry.retryAt = undefined;
    entry.refusal = "";
    entry.sendRefused = false;
    this.#dispatch(entry, { kind: "enabled" });
  }

  #sayRefusal(entry: Entry, { message, syscall, code }: DaemonError): void {
    if (entry.refusal === message) return;
    entry.refusal = message;
    const session = entry.config.name;
    this.#log({ id: "bfd-output-failed", fields: { session, call: syscall, error: code } });
    this.#log({ id: "bfd-disabled", fields: { session } });
  }

  #closeSender(entry: Entry): void {
    entry.sender?.close();
    entry.sender = undefined;
  }

  // ---- configuration -------------------------------------------------------------------------------------

  #begin(config: BfdInstanceConfig): Entry {
    const params = paramsOf(config);
    const discriminator = this.#directory.freshDiscriminator(this.#host.random);
    const entry: Entry = {
      at: 0 as Instant,
      slot: -1,
      config,
      params,
      session: newSession(params, discriminator),
      sender: undefined,
      retryAt: undefined,
      knockAt: 0 as Instant,
      refusal: "",
      sendRefused: false,
    };
    this.#directory.add(entry, discriminator, placeOf(config));
    this.#openSender(entry);
    return entry;
  }

  /** @returns whether anything is different */
  #adapt(entry: Entry, config: BfdInstanceConfig): boolean {
    const was = entry.config;
    const params = paramsOf(config);
    entry.config = config;
    if (was.ttl !== config.ttl) this.#closeSender(entry);
    this.#dispatch(entry, { kind: "paramsChanged", params });
    if (entry.sender === undefined) this.#openSender(entry);
    const text = (c: BfdInstanceConfig): string => JSON.stringify({ ...c, where: "" });
    return text(was) !== text(config);
  }

  /**
   * Nothing is said to the other system: AdminDown would take away its session without moving anybody
   * who tracks it (keepalived takes it for no failure), its detection time does.
   */
  #end(entry: Entry): void {
    this.#closeSender(entry);
    this.#deadlines.clear(entry);
    this.#directory.remove(entry.session.localDiscriminator, placeOf(entry.config));
  }

  // ---- packets -------------------------------------------------------------------------------------------

  #onDatagram({ payload, from, fromPort, to, ttl }: UdpDatagram, multihop: boolean): void {
    const sender = `[${from}]:${fromPort}`;
    const decoded = decodePacket(payload);
    if (!decoded.ok) {
      this.#complain(from, complaintsAbout(decoded.malformed, sender));
      return;
    }
    const { packet } = decoded;
    const { yourDiscriminator } = packet;
    const entry = this.#directory.find({ yourDiscriminator, from, to, multihop });
    if (entry === undefined) {
      const fields = { sender, discriminator: yourDiscriminator };
      this.#complain(from, [{ id: "bfd-unknown", fields }]);
      return;
    }
    const least = entry.config.minTtl;
    if (least > 0 && ttl === undefined) {
      this.#complain(from, [{ id: "bfd-no-ttl", fields: {} }]);
      return;
    }
    if (ttl !== undefined && ttl < least) {
      const name = familyOf(from) === "ipv4" ? "ttl" : "hop_limit";
      this.#complain(from, [{ id: "bfd-ttl", fields: { name, received: ttl, least } }]);
      return;
    }
    // somebody speaks to a session that cannot answer: perhaps it can now
    if (entry.sender === undefined && entry.knockAt <= this.#host.clock.now()) this.#openSender(entry);
    if (entry.session.state === "AdminDown")
      this.#complain(from, [{ id: "bfd-admin-down", fields: { sender } }]);
    else this.#dispatch(entry, { kind: "received", packet });
    this.#arm();
  }

  #complain(from: string, sentences: readonly BfdSentence[]): void {
    const reason = sentences[0]?.id ?? "";
    const { say, suppressed } = this.#complaints.admit(reason, from, this.#host.clock.now());
    if (suppressed > 0) this.#log({ id: "bfd-suppressed", fields: { count: suppressed } });
    if (say) for (const sentence of sentences) this.#log(sentence);
  }

  // ---- time ----------------------------------------------------------------------------------------------

  /** What waits in the sockets came before the deadline: it is heard first. */
  #onTimer(): void {
    this.#armedAt = undefined;
    for (const receiver of this.#receivers.values()) receiver.drain(DRAIN);
    const now = this.#host.clock.now();
    for (
      let entry = this.#deadlines.takeDue(now);
      entry !== undefined;
      entry = this.#deadlines.takeDue(now)
    ) {
      if (entry.retryAt !== undefined && entry.retryAt <= now) this.#openSender(entry);
      this.#dispatch(entry, { kind: "deadline" });
    }
    this.#arm();
  }

  #arm(): void {
    const at = this.#deadlines.next;
    if (at === undefined || (this.#armedAt !== undefined && this.#armedAt <= at)) return;
    this.#armedAt = at;
    this.#timer.set(at);
  }

  // ---- events and effects --------------------------------------------------------------------------------

  #dispatch(entry: Entry, event: SessionEvent): void {
    const { clock, random } = this.#host;
    const done = stepSession(entry.params, entry.session, clock.now(), event, random);
    const moved = done.session.state !== entry.session.state;
    entry.session = done.session;
    if (event.kind === "paramsChanged") entry.params = event.params;
    const at = nextDeadline(done.session) ?? entry.retryAt;
    if (at === undefined) this.#deadlines.clear(entry);
    else this.#deadlines.set(entry, at);
    for (const effect of done.effects) this.#perform(entry, effect);
    if (moved) this.#host.onChange();
  }

  #perform(entry: Entry, effect: SessionEffect): void {
    switch (effect.kind) {
      case "send":
        this.#send(entry, encodePacket(effect.packet));
        return;
      case "notify":
        this.#host.notify(entry.config, effect.up);
        return;
      case "log":
        this.#log(effect.sentence);
        return;
      default:
        assertNever(effect);
    }
  }

  /** A packet that does not go out is lost like one on the wire: the detection time is the judge. */
  #send(entry: Entry, bytes: Uint8Array): void {
    try {
      if (entry.sender?.send(bytes) === true) entry.sendRefused = false;
    } catch (e) {
      if (!(e instanceof DaemonError)) throw e;
      if (entry.sendRefused) return;
      entry.sendRefused = true;
      this.#log({ id: "bfd-send-error", fields: { error: e.code } });
      this.#log({ id: "bfd-send-failed", fields: { session: entry.config.name } });
    }
  }

  #log(sentence: BfdSentence): void {
    this.#host.logger.write(bfdLine(sentence));
  }
}

/** keepalived says what is wrong, and then with whom. */
function complaintsAbout(m: Malformed, sender: string): readonly BfdSentence[] {
  if (m.code === "authenticated") return [{ id: "bfd-authenticated", fields: { sender } }];
  const { code, ...fields } = m;
  return [{ id: `bfd-${code}`, fields } as BfdSentence, { id: "bfd-bogus", fields: { sender } }];
}

/** IPv6 takes its ports from the same range. */
function localPortRange(): string | undefined {
  try {
    return readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "latin1");
  } catch {
    return undefined;
  }
}
