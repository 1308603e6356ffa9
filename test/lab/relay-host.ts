/**
 * A bad cable: passes frames between two interfaces of this network namespace, and loses, doubles, delays
 * or stops them as told by lines of JSON on standard input. `relay-host.ts ONE OTHER`. The host's kernel
 * need not know netem.
 */
import { createInterface } from "node:readline";
import { AF_PACKET, SOCK_RAW } from "../../src/net/constants.ts";
import { loadNative } from "../../src/net/native.ts";
import type { Fd } from "../../src/net/native-api.ts";
import { linkAddress } from "../../src/net/sockaddr.ts";
import type { CableState } from "./relay.ts";

const ETH_P_ALL = 3;
/** sll_pkttype of linux/if_packet.h: frames that we sent ourselves come back with it */
const PKTTYPE = 10;
const PACKET_OUTGOING = 4;

const native = loadNative();
const room = Buffer.alloc(65_536);
let state: CableState = { loss: 0, double: 0, delay: 0, blocked: [] };

function open(name: string): { fd: Fd; index: number } {
  const fd = native.socket(AF_PACKET, SOCK_RAW, 0);
  const index = native.ifNameToIndex(name);
  native.bind(fd, linkAddress(index, ETH_P_ALL, new Uint8Array()));
  return { fd, index };
}

const [one = "", other = ""] = process.argv.slice(2);
const ends = [open(one), open(other)] as const;

function pass(from: number, frame: Buffer): void {
  const to = ends[1 - from] as (typeof ends)[number];
  const address = linkAddress(to.index, frame.readUInt16BE(12), frame.subarray(0, 6));
  const send = (): void => {
    try {
      native.send(to.fd, frame, address);
    } catch {
      // the far end is down: a cable does not care
    }
  };
  if (state.delay === 0) send();
  else setTimeout(send, Math.random() * state.delay);
}

ends.forEach((end, from) => {
  native.poll(end.fd, "read", () => {
    for (;;) {
      let length: number;
      try {
        const received = native.receive(end.fd, room);
        if (received === undefined) return;
        if (received.from[PKTTYPE] === PACKET_OUTGOING) continue;
        length = received.length;
      } catch {
        continue; // ENETDOWN once, when an end goes down
      }
      if (state.blocked.includes(from === 0 ? "forth" : "back") || Math.random() < state.loss) continue;
      const frame = Buffer.from(room.subarray(0, length));
      pass(from, frame);
      if (Math.random() < state.double) pass(from, frame);
    }
  });
});
createInterface({ input: process.stdin }).on("line", (line) => {
  state = JSON.parse(line) as CableState;
  process.stdout.write("done\n");
});
process.stdout.write("done\n");
