/**
 * IPv4 and IPv6 addresses as canonical text (RFC 5952), so that they compare with `===`, serve as
 * Map keys and stand in JSON as they are. Bytes exist only next to packets and kernel messages.
 */
declare const canonical: unique symbol;
/** An IPv4 dotted quad or an RFC 5952 IPv6 address, always in canonical form. No zone index. */
export type IpAddress = string & { readonly [canonical]: "ip" };
export type Family = "ipv4" | "ipv6";

export function familyOf(a: IpAddress): Family {
  return a.includes(":") ? "ipv6" : "ipv4";
}

/** @returns the canonical address, or undefined when the text is not one address */
export function parseIpAddress(text: string): IpAddress | undefined {
  const b = text.includes(":") ? parseIpv6(text) : parseIpv4(text);
  return b === undefined ? undefined : formatIpAddress(b);
}

/** @returns 4 or 16 bytes in network order */
export function bytesOf(a: IpAddress): Uint8Array {
  const b = a.includes(":") ? parseIpv6(a) : parseIpv4(a);
  if (b === undefined) throw new TypeError(`not an address: ${a}`);
  return b;
}

/** @param bytes 4 or 16 bytes in network order */
export function formatIpAddress(bytes: Uint8Array): IpAddress {
  if (bytes.length === 4) return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}` as IpAddress;
  if (bytes.length !== 16) throw new TypeError(`an address has 4 or 16 bytes, not ${bytes.length}`);
  return formatIpv6(bytes);
}

/** Numeric order within a family; IPv4 sorts before IPv6. @returns negative, zero or positive */
export function compareIpAddress(a: IpAddress, b: IpAddress): number {
  const x = bytesOf(a);
  const y = bytesOf(b);
  if (x.length !== y.length) return x.length - y.length;
  for (let i = 0; i < x.length; i++) {
    const d = (x[i] as number) - (y[i] as number);
    if (d !== 0) return d;
  }
  return 0;
}

function parseIpv4(text: string): Uint8Array | undefined {
  const out = new Uint8Array(4);
  let part = 0;
  let digits = 0;
  let value = 0;
  for (let i = 0; i <= text.length; i++) {
    const c = i < text.length ? text.charCodeAt(i) : 46;
    if (c === 46) {
      if (digits === 0 || part > 3) return undefined;
      out[part++] = value;
      digits = 0;
      value = 0;
    } else if (c >= 48 && c <= 57 && !(digits > 0 && value === 0)) {
      value = value * 10 + (c - 48);
      if (++digits > 3 || value > 255) return undefined;
    } else return undefined;
  }
  return part === 4 ? out : undefined;
}

function parseIpv6(text: string): Uint8Array | undefined {
  let tail: Uint8Array | undefined;
  let body = text;
  const dot = text.indexOf(".");
  if (dot >= 0) {
    const colon = text.lastIndexOf(":");
    if (colon < 0) return undefined;
    tail = parseIpv4(text.slice(colon + 1));
    if (tail === undefined) return undefined;
    body = `${text.slice(0, colon + 1)}${hextet(tail, 0)}:${hextet(tail, 2)}`;
  }
  const halves = body.split("::");
  if (halves.length > 2) return undefined;
  const head = hextets(halves[0] as string);
  const rest = halves.length === 2 ? hextets(halves[1] as string) : [];
  if (head === undefined || rest === undefined) return undefined;
  const count = head.length + rest.length;
  if (halves.length === 2 ? count > 7 : count !== 8) return undefined;
  const all = [...head, ...new Array<number>(8 - count).fill(0), ...rest];
  const out = new Uint8Array(16);
  all.forEach((h, i) => {
    out[2 * i] = h >> 8;
    out[2 * i + 1] = h & 255;
  });
  return out;
}

function hextet(b: Uint8Array, at: number): string {
  return ((((b[at] as number) << 8) | (b[at + 1] as number)) >>> 0).toString(16);
}

function hextets(text: string): number[] | undefined {
  if (text === "") return [];
  const out: number[] = [];
  for (const part of text.split(":")) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined;
    out.push(Number.parseInt(part, 16));
  }
  return out;
}

function formatIpv6(bytes: Uint8Array): IpAddress {
  const h: number[] = [];
  for (let i = 0; i < 16; i += 2) h.push(((bytes[i] as number) << 8) | (bytes[i + 1] as number));
  if (h.slice(0, 5).every((x) => x === 0) && h[5] === 0xffff)
    return `::ffff:${bytes[12]}.${bytes[13]}.${bytes[14]}.${bytes[15]}` as IpAddress;
  let best = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; i++) {
    let n = 0;
    while (i + n < 8 && h[i + n] === 0) n++;
    if (n > bestLength) {
      best = i;
      bestLength = n;
    }
    if (n > 0) i += n - 1;
  }
  const words = h.map((x) => x.toString(16));
  if (best < 0) return words.join(":") as IpAddress;
  return `${words.slice(0, best).join(":")}::${words.slice(best + bestLength).join(":")}` as IpAddress;
}
