/**
 * Loads the native shim, in one place for the whole house. Decides where the binary lies, turns its errors
 * into `DaemonError` and its event numbers into calls; never adds behaviour of its own.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { InternalError } from "../base/errors.ts";
import type { Instant } from "../base/units.ts";
import { ENOENT } from "./constants.ts";
import { kernelError } from "./errno.ts";
import type { Fd, Native, NativeTimer, Poll, Readiness } from "./native-api.ts";

/** The functions of src/native/shim.c that do not go through unchanged. */
interface Shim extends Omit<Native, "poll" | "timer" | "onSignal" | "replaceContents" | "interfaceRequest"> {
  attach(
    onReady: (fd: number, mask: number) => void,
    onSignal: (signal: number) => void,
    makeError: (syscall: string, errno: number) => Error,
  ): void;
  watch(fd: Fd, mask: number): number;
  unwatch(fd: Fd, generation: number): boolean;
  timerOpen(): Fd;
  timerSet(fd: Fd, at: Instant | undefined): void;
  signalStart(signal: number): void;
  signalStop(signal: number): void;
  replaceContents(fd: Fd, data: Uint8Array): void;
  interfaceRequest(fd: Fd, request: number, ifname: string, data: Uint8Array, inside: number): void;
}

const MASK = { read: 1, write: 2, both: 3 } as const;

/** Readiness by event mask, made once: an event costs no object. */
const READINESS: readonly Readiness[] = Array.from({ length: 8 }, (_, mask) =>
  Object.freeze({ readable: (mask & 1) !== 0, writable: (mask & 2) !== 0, error: (mask & 4) !== 0 }),
);

let loaded: Native | undefined;

/**
 * The kernel's calls that Node lacks. Loads the binary on first use, later calls return the same object.
 *
 * @throws DaemonError ENOENT when the binary lies neither beside this module (a bundle in `dist/`) nor in
 * the `dist/` of the sources
 */
export function loadNative(): Native {
  loaded ??= attach(createRequire(import.meta.url)(binaryPath()) as Shim);
  return loaded;
}

function binaryPath(): string {
  const here = import.meta.dirname;
  for (const path of [join(here, "native.node"), join(here, "../../dist/native.node")])
    if (existsSync(path)) return path;
  throw kernelError("dlopen", ENOENT, `native.node is missing beside ${here}; npm run build makes it`);
}

function attach(shim: Shim): Native {
  const watchers: (((event: Readiness) => void) | undefined)[] = [];
  const handlers = new Map<number, () => void>();
  shim.attach(
    (fd, mask) => watchers[fd]?.(READINESS[mask] as Readiness),
    (signal) => handlers.get(signal)?.(),
    kernelError,
  );

  function close(fd: Fd): void {
    watchers[fd] = undefined;
    shim.close(fd);
  }

  function poll(fd: Fd, interest: keyof typeof MASK, ready: (event: Readiness) => void): Poll {
    const generation = shim.watch(fd, MASK[interest]);
    watchers[fd] = ready;
    return {
      close: () => {
        if (shim.unwatch(fd, generation)) watchers[fd] = undefined;
      },
    };
  }

  function timer(expired: () => void): NativeTimer {
    const fd = shim.timerOpen();
    let open = true;
    watchers[fd] = expired;
    return {
      set: (at) => {
        if (open) shim.timerSet(fd, at);
      },
      clear: () => {
        if (open) shim.timerSet(fd, undefined);
      },
      close: () => {
        if (open) close(fd);
        open = false;
      },
    };
  }

  function onSignal(signal: number, caught: () => void): () => void {
    if (handlers.has(signal)) throw new InternalError(`signal ${signal} has a handler already`);
    shim.signalStart(signal);
    handlers.set(signal, caught);
    return () => {
      if (handlers.get(signal) !== caught) return;
      handlers.delete(signal);
      shim.signalStop(signal);
    };
  }

  return {
    ...shim,
    close,
    poll,
    timer,
    onSignal,
    interfaceRequest: (fd, request, ifname, data, place) =>
      shim.interfaceRequest(fd, request, ifname, data, place === "inside" ? 1 : 0),
    replaceContents: (fd, text) => shim.replaceContents(fd, Buffer.from(text)),
  };
}
