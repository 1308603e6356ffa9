/**
 * Prints every frame that an interface of this network namespace sends or receives: microseconds of the
 * monotonic clock and the frame in hexadecimal, one line each. `tap-host.ts INTERFACE`; ends at SIGTERM.
 */
import { AF_PACKET, SOCK_RAW } from "../../src/net/constants.ts";
import { loadNative } from "../../src/net/native.ts";
import { linkAddress } from "../../src/net/sockaddr.ts";

const ETH_P_ALL = 3;
const name = process.argv[2] ?? "eth0";
const native = loadNative();
const fd = native.socket(AF_PACKET, SOCK_RAW, 0);
native.bind(fd, linkAddress(native.ifNameToIndex(name), ETH_P_ALL, new Uint8Array()));
const room = Buffer.alloc(2048);
native.poll(fd, "read", () => {
  for (;;) {
    const received = native.receive(fd, room);
    if (received === undefined) return;
    process.stdout.write(`${native.now()} ${room.toString("hex", 0, received.length)}\n`);
  }
});
process.stdout.write("ready\n");
