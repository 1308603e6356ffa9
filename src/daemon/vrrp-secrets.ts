/**
 * Fetches what the VRRP side's authentication needs: the hash functions of Node, which cost memory and so
 * are loaded for those configurations only that use them, and the bytes of keys. Decides which keys can be
 * used; never logs one.
 */
import { readFileSync } from "node:fs";
import type { ConfigModel, VrrpInstanceConfig } from "../config/model.ts";
import type { HmacKeySource } from "../config/model-vrrp.ts";
import { renderVrrpLog } from "../log/catalogue/vrrp.ts";
import type { Logger } from "../log/entry.ts";
import { noSecrets, type Secrets } from "../vrrp/wire.ts";

const SHORTEST_KEY = 32;
const LONGEST_KEY = 64;

/** Reads key files anew. Keys that cannot be used are logged and left out; without the active one `auth_hmac` is off. */
export async function loadSecrets({ vrrpInstances }: ConfigModel, logger: Logger): Promise<Secrets> {
  const needed = vrrpInstances.some((c) => c.authHmac !== undefined || c.authentication?.type === "AH");
  if (!needed) return noSecrets;
  const { createHmac } = await import("node:crypto");
  const keys = new Map(vrrpInstances.map((c) => [c.name, keysOf(c, logger)]));
  return {
    mac: (algorithm, key, ...parts) => {
      const hmac = createHmac(algorithm, key);
      for (const part of parts) hmac.update(part);
      return hmac.digest();
    },
    keysOf: ({ name }) => keys.get(name),
    wallMicros: () => Date.now() * 1_000,
  };
}

function keysOf(c: VrrpInstanceConfig, logger: Logger): ReadonlyMap<number, Uint8Array> | undefined {
  if (c.authHmac === undefined) return undefined;
  const usable = new Map<number, Uint8Array>();
  for (const { id, key } of c.authHmac.keys) {
    const bytes = bytesOfKey(key);
    if (typeof bytes !== "string") usable.set(id, bytes);
    else logger.write(renderVrrpLog("hmac-key-unusable", { instance: c.name, key: id, reason: bytes }));
  }
  if (usable.has(c.authHmac.activeKey)) return usable;
  logger.write(renderVrrpLog("hmac-off", { instance: c.name, key: c.authHmac.activeKey }));
  return undefined;
}

/** A file holds what could stand in the configuration: text, or `hex:` and digits. @returns or why not */
function bytesOfKey(source: HmacKeySource): Uint8Array | string {
  if (source.kind === "hex") return Buffer.from(source.hex, "hex");
  let text: string;
  try {
    text = readFileSync(source.path, "latin1").replace(/\r?\n$/, "");
  } catch (e) {
    return e instanceof Error ? e.message : String(e);
  }
  const digits = text.startsWith("hex:") ? text.slice(4) : undefined;
  if (digits !== undefined && !/^([0-9a-f]{2})*$/i.test(digits))
    return `${source.path} has digits that are not hexadecimal`;
  const bytes = Buffer.from(digits ?? text, digits === undefined ? "latin1" : "hex");
  if (bytes.length >= SHORTEST_KEY && bytes.length <= LONGEST_KEY) return bytes;
  return `${source.path} has ${bytes.length} bytes, not ${SHORTEST_KEY} to ${LONGEST_KEY}`;
}
