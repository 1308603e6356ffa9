/**
 * What parent and children say to each other. Plain data, one union per direction; the channel
 * (process/ipc.ts) keeps order. A child that loses its channel has lost its parent and stops.
 */
import type { Instant } from "../base/units.ts";
import type { ConfigModel, VirtualServerConfig } from "../config/model.ts";
import type { FieldValue } from "../log/entry.ts";
import type { ScriptCommand, ScriptResult } from "../script/request.ts";
import type { VrrpAlert } from "../vrrp/notify.ts";

export type { ScriptResult } from "../script/request.ts";

export type ChildRole = "vrrp" | "checker" | "bfd";

/** How the command line wants children to behave. */
export interface ChildOptions {
  readonly logDetail: boolean;
  readonly logConsole: boolean;
  readonly logFormat: "text" | "json";
  readonly syslog: boolean;
  /** syslog facility number, 3 is daemon */
  readonly logFacility: number;
  readonly logFile: string | undefined;
  /** syslog ident, for example Keepalived_vrrp */
  readonly ident: string;
  readonly dontReleaseVrrp: boolean;
  readonly dontReleaseIpvs: boolean;
  readonly releaseVips: boolean;
  /** path of a network namespace to enter, if any */
  readonly netNamespace: string | undefined;
}

export type ToChild =
  /** services of the configuration that follows: one message with all of them would be copied whole, often */
  | { readonly kind: "virtualServers"; readonly servers: readonly VirtualServerConfig[] }
  /**
   * at start and again for each reload: `generation` counts up from 1. The virtual servers sent since the
   * last one come before those of `model`. `memory` is what a child that died had left with `remember`.
   */
  | {
      readonly kind: "configure";
      readonly generation: number;
      readonly model: ConfigModel;
      readonly memory?: FieldValue;
    }
  | { readonly kind: "stop" }
  /** BFD only: somebody who listens has begun anew and wants to be told everything again */
  | { readonly kind: "tellBfd" }
  | { readonly kind: "scriptExited"; readonly id: number; readonly result: ScriptResult };

export type FromChild =
  /** the child's loop runs and waits for its configuration */
  | { readonly kind: "hello"; readonly role: ChildRole }
  /** the configuration is in force; `summary` is the reload's one-line difference */
  | { readonly kind: "configured"; readonly generation: number; readonly summary: string }
  | ScriptCommand
  /** something that a mail may tell; whoever sends mails decides whether it does */
  | { readonly kind: "alert"; readonly alert: VrrpAlert }
  /** for a successor, should the child die; replaces what it said before */
  | { readonly kind: "remember"; readonly memory: FieldValue }
  | { readonly kind: "snapshot"; readonly role: ChildRole; readonly state: FieldValue };

/** What the BFD child tells the VRRP and the checker child, not by way of the parent. */
export interface BfdNotice {
  readonly session: string;
  readonly up: boolean;
  /** when it was sent; children share the clock */
  readonly at: Instant;
}
