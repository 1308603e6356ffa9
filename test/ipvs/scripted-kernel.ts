/**
 * A native shim with a netlink kernel that answers as a test says: for what the real one cannot be
 * brought to, such as damaged dumps and modules that appear only when they are loaded.
 */
import { AttributeWriter } from "../../src/base/attributes.ts";
import { InternalError } from "../../src/base/errors.ts";
import type { Fd, Native } from "../../src/net/native-api.ts";

const CONTROL = 0x10;
const IPVS = 0x1c;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const NLM_F_DUMP = 0x300;

export interface Script {
  /** whether CTRL_CMD_GETFAMILY finds IPVS */
  readonly hasFamily: () => boolean;
  /** the errno, 0 for success, that answers a request to IPVS */
  readonly outcome?: (body: Buffer) => number;
  /** the bodies that answer a dump of IPVS */
  readonly dump?: (body: Buffer) => readonly Uint8Array[];
}

export interface ScriptedKernel {
  readonly native: Native;
  /** bodies of the requests to IPVS that are no dumps, in order */
  readonly requests: readonly Buffer[];
  readonly isOpen: () => boolean;
}

export function scriptedKernel(script: Script): ScriptedKernel {
  const requests: Buffer[] = [];
  const waiting: Buffer[] = [];
  let open = 0;

  function answer(type: number, flags: number, sequence: number, body: Buffer): void {
    const reply = (kind: number, content: Uint8Array): void => {
      waiting.push(message(kind, sequence, content));
    };
    if (type === CONTROL && script.hasFamily()) {
      const family = new AttributeWriter(Uint8Array.of(1, 2, 0, 0)).u16(1, IPVS).finish();
      reply(CONTROL, family);
      reply(NLMSG_ERROR, status(0));
    } else if (type === CONTROL) reply(NLMSG_ERROR, status(2));
    else if ((flags & NLM_F_DUMP) === NLM_F_DUMP) {
      for (const part of script.dump?.(body) ?? []) reply(IPVS, part);
      reply(NLMSG_DONE, status(0).subarray(0, 4));
    } else {
      requests.push(body);
      reply(NLMSG_ERROR, status(script.outcome?.(body) ?? 0));
    }
  }

  const native = {
    socket: () => {
      open++;
      return 99 as Fd;
    },
    close: () => {
      open--;
    },
    bind: () => {},
    setsockopt: () => {},
    send: (_fd: Fd, data: Uint8Array) => {
      const all = Buffer.from(data);
      for (let at = 0; at < all.length; ) {
        const size = all.readUInt32LE(at);
        const body = all.subarray(at + 16, at + size);
        answer(all.readUInt16LE(at + 4), all.readUInt16LE(at + 6), all.readUInt32LE(at + 8), body);
        at += (size + 3) & ~3;
      }
      return true;
    },
    receiveNetlink: (_fd: Fd, into: Uint8Array) => {
      const next = waiting.shift();
      if (next === undefined) return undefined;
      into.set(next);
      return next.length;
    },
  };
  return { native: only(native), requests, isOpen: () => open > 0 };
}

/** What the script does not play is our own mistake. */
function only(part: Partial<Native>): Native {
  return new Proxy(part, {
    get(target, name) {
      if (name in target) return Reflect.get(target, name);
      throw new InternalError(`the scripted kernel has no ${String(name)}`);
    },
  }) as Native;
}

function message(type: number, sequence: number, body: Uint8Array): Buffer {
  const out = Buffer.alloc(16 + ((body.length + 3) & ~3));
  out.writeUInt32LE(16 + body.length, 0);
  out.writeUInt16LE(type, 4);
  out.writeUInt32LE(sequence, 8);
  out.set(body, 16);
  return out;
}

/** struct nlmsgerr */
function status(errno: number): Buffer {
  const out = Buffer.alloc(20);
  out.writeInt32LE(-errno, 0);
  return out;
}
