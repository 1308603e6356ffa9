/**
 * Reads captures of adverts: when each virtual router of one sender spoke. Knows pcap's classic format and
 * Ethernet, nothing else.
 */

const FILE_HEADER = 24;
const RECORD_HEADER = 16;
/** Ethernet, then IPv4 without options */
const SOURCE = 14 + 12;
const VIRTUAL_ROUTER_ID = 14 + 20 + 1;

/**
 * @param capture a file of tcpdump -w, little-endian with microseconds
 * @param from dotted IPv4 address of the sender
 * @returns microseconds between neighbouring adverts of one virtual router, all routers together
 */
export function advertGaps(capture: Buffer, from: string): number[] {
  const source = Buffer.from(from.split(".").map(Number));
  const last = new Map<number, number>();
  const gaps: number[] = [];
  for (let at = FILE_HEADER; at + RECORD_HEADER <= capture.length; ) {
    const micros = capture.readUInt32LE(at) * 1e6 + capture.readUInt32LE(at + 4);
    const length = capture.readUInt32LE(at + 8);
    const frame = capture.subarray(at + RECORD_HEADER, at + RECORD_HEADER + length);
    at += RECORD_HEADER + length;
    if (frame.length <= VIRTUAL_ROUTER_ID || !frame.subarray(SOURCE, SOURCE + 4).equals(source)) continue;
    const id = frame[VIRTUAL_ROUTER_ID] ?? 0;
    const before = last.get(id);
    if (before !== undefined) gaps.push(micros - before);
    last.set(id, micros);
  }
  return gaps;
}
