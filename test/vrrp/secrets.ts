/** Secrets for tests: Node's hash functions, keys by id, and a clock that the test sets. */
import { createHmac } from "node:crypto";
import type { Mac } from "../../src/vrrp/authentication-header.ts";
import type { Secrets } from "../../src/vrrp/wire.ts";

export const mac: Mac = (algorithm, key, ...parts) => {
  const hmac = createHmac(algorithm, key);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
};

/** 32 bytes: 00 01 02 … 1f */
export const key32: Uint8Array = Uint8Array.from({ length: 32 }, (_, i) => i);

export function secretsOf(keys: ReadonlyMap<number, Uint8Array>, wall: { micros: number }): Secrets {
  return { mac, keysOf: () => keys, wallMicros: () => wall.micros };
}
