/** The `authentication` block of an instance: at most eight bytes of password, version 2 only. */
import type { Family } from "../base/address.ts";
import type { Draft } from "./draft.ts";
import type { VrrpInstanceConfig } from "./model.ts";
import type { Reporter } from "./reporter.ts";

export interface AuthenticationFacts {
  readonly name: string;
  readonly version: 2 | 3;
  readonly family: Family;
  readonly strict: boolean;
  /** `auth_hmac` takes the place of this block */
  readonly isSigned: boolean;
}

/** @returns undefined when there is no authentication, or none that counts (reported) */
export function readAuthentication(
  reporter: Reporter,
  draft: Draft,
  { name, version, family, strict, isSigned }: AuthenticationFacts,
): VrrpInstanceConfig["authentication"] {
  const block = draft.children.find((child) => child.block.name === "authentication");
  if (block === undefined) return undefined;
  const type = block.text("auth_type");
  let password = block.text("auth_pass");
  if (password !== undefined && Buffer.byteLength(password) > 8) {
    reporter.word(
      "auth-truncated",
      block.statementOf("auth_pass"),
      0,
      "only the first 8 bytes of auth_pass count, the rest is cut off; shorten it in every router",
    );
    password = firstBytes(password, 8);
  }
  if (version === 3) {
    reporter.word(
      "auth-not-in-version-3",
      block.statement,
      0,
      `VRRP version 3 has no authentication and that of ${name} is ignored; remove it or write version 2`,
    );
    return undefined;
  }
  if (strict) {
    reporter.word(
      "strict-mode",
      block.statement,
      0,
      `strict mode of ${name} does not allow authentication: it is ignored; remove it, or strict_mode`,
    );
    return undefined;
  }
  if (isSigned) {
    reporter.word(
      "setting-cleared",
      block.statement,
      0,
      `auth_hmac of ${name} takes the place of authentication, which is ignored; remove one of them`,
    );
    return undefined;
  }
  if (type === undefined) {
    reporter.word(
      "auth-no-type",
      block.statement,
      0,
      `authentication of ${name} has no valid auth_type and is ignored; write: auth_type PASS`,
    );
    return undefined;
  }
  if (password === undefined || password === "") {
    reporter.word(
      "auth-no-password",
      block.statement,
      0,
      `authentication of ${name} has no password and is ignored; write: auth_pass and at most 8 characters`,
    );
    return undefined;
  }
  if (type === "PASS") return { type: "PASS", password };
  if (family === "ipv6") {
    reporter.word(
      "setting-cleared",
      block.statementOf("auth_type"),
      1,
      `auth_type AH of ${name} is for IPv4 only, authentication is ignored; write PASS, or auth_hmac`,
    );
    return undefined;
  }
  return { type: "AH", password };
}

/** The longest beginning of a text that has at most so many bytes. */
function firstBytes(text: string, most: number): string {
  let result = "";
  for (const c of text) {
    if (Buffer.byteLength(result + c) > most) break;
    result += c;
  }
  return result;
}
