/**
 * What a child process consists of: a context that the boot code (child.ts) prepares, and the
 * handlers that the role supplies. The boot code owns signals, channel, log and death of the parent.
 */
import type { Clock } from "../base/clock.ts";
import type { Micros } from "../base/units.ts";
import type { ConfigModel, ScriptRef } from "../config/model.ts";
import type { FieldValue, Logger } from "../log/entry.ts";
import type { Native } from "../net/native-api.ts";
import type { ScriptOptions } from "../script/client.ts";
import type { ScriptEnd } from "../script/request.ts";
import type { VrrpAlert } from "../vrrp/notify.ts";
import type { BfdNotice, ChildOptions, ScriptResult } from "./messages.ts";

/** Runs scripts outside this process, in order within a queue. */
export interface ScriptClient {
  /** Never rejects: bad luck is a `ScriptResult`. */
  run(script: ScriptRef, extraArgs: readonly string[], options: ScriptOptions): Promise<ScriptResult>;
  /** An end for what runs or waits in some queues. */
  end(end: ScriptEnd): void;
  /** Resolves when every script has ended, or was ended, or after `limit`, whichever is first. */
  drain(limit: Micros): Promise<void>;
}

export interface ChildContext {
  readonly native: Native;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly scripts: ScriptClient;
  readonly options: ChildOptions;
  /** Hears which BFD sessions are up; may be called before the first configuration and comes again after each. */
  onBfd(heard: (notice: BfdNotice) => void): void;
  /** Ends this process at once; the status says whether another start would help (process/restart-policy.ts). */
  giveUp(status: number): never;
  /** Hands a state change to whoever sends mails. */
  alert(alert: VrrpAlert): void;
  /** Leaves something with the parent for a successor, should this process die; replaces what was left. */
  remember(memory: FieldValue): void;
  /** What a predecessor that died had left; known from the first configuration on. */
  remembered(): FieldValue | undefined;
  /** Tells the parent the state that dumps and status show; coalesced, never blocks. */
  publish(state: FieldValue): void;
}

export interface ChildHandlers {
  /**
   * Puts a configuration in force; called once at start and again per reload, never concurrently.
   *
   * @returns the one-line summary of what changed
   */
  configure(model: ConfigModel, generation: number): Promise<string>;
  /** BFD only: tells those who listen everything again. */
  tellBfd?(): void;
  /** Releases everything (addresses, services) as the options ask. The process ends afterwards. */
  stop(): Promise<void>;
}

/** A role: called once, after the log works and before any configuration arrived. */
export type ChildRoleFactory = (context: ChildContext) => ChildHandlers;
