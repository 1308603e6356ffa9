/**
 * `struct sockaddr_un` as bytes (unix(7)), for paths and for Linux' abstract names. Pure.
 */
const AF_UNIX = 1;
const SUN_PATH_MAX = 108;

/**
 * @param name a path, or `@name` for the abstract namespace, as systemd writes it in NOTIFY_SOCKET
 * @returns undefined when the name is empty or longer than sun_path allows (107 bytes, abstract 108)
 */
export function unixAddress(name: string): Uint8Array | undefined {
  const abstract = name.startsWith("@");
  const path = Buffer.from(name);
  if (path.length === 0 || path.length > (abstract ? SUN_PATH_MAX : SUN_PATH_MAX - 1)) return undefined;
  if (path.includes(0)) return undefined;
  const out = new Uint8Array(2 + path.length + (abstract ? 0 : 1));
  new DataView(out.buffer).setUint16(0, AF_UNIX, true);
  out.set(path, 2);
  if (abstract) out[2] = 0;
  return out;
}
