/**
 * The Internet checksum (RFC 1071) over one or more byte ranges. Never interprets what it sums.
 */

/**
 * One's complement of the one's complement sum, 0-65535. Over data that carries its correct checksum
 * the result is 0.
 *
 * @param parts each range is padded to an even length with a zero byte, as RFC 1071 §1 says for the last
 */
export function internetChecksum(...parts: readonly Uint8Array[]): number {
  let sum = 0;
  for (const part of parts) {
    const even = part.length & ~1;
    for (let i = 0; i < even; i += 2) sum += ((part[i] ?? 0) << 8) | (part[i + 1] ?? 0);
    if (even < part.length) sum += (part[even] ?? 0) << 8;
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}
