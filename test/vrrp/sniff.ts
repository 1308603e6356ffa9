/** Prints every frame of an interface as one line of hexadecimal digits. Usage: sniff.ts INTERFACE */
import { loadNative } from "../../src/net/native.ts";
import { linkAddress } from "../../src/net/sockaddr.ts";

const AF_PACKET = 17;
const SOCK_RAW = 3;
const ETH_P_ALL = 3;
/** ETH_P_ALL in network byte order, as socket(2) wants it */
const EVERYTHING = ETH_P_ALL << 8;

const native = loadNative();
const fd = native.socket(AF_PACKET, SOCK_RAW, EVERYTHING);
native.bind(fd, linkAddress(native.ifNameToIndex(process.argv[2] ?? ""), ETH_P_ALL, new Uint8Array()));
const room = Buffer.alloc(2048);
native.poll(fd, "read", () => {
  for (let received = native.receive(fd, room); received !== undefined; received = native.receive(fd, room))
    process.stdout.write(`${room.toString("hex", 0, received.length)}\n`);
});
process.stdout.write("ready\n");
