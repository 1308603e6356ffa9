/** The `authentication` block of an instance: at most eight bytes of password, version 2 only. */
import type { Draft } from "./draft.ts";
import type { VrrpInstanceConfig } from "./model.ts";
import type { Reporter } from "./reporter.ts";

/** @returns undefined when there is none, or none that counts (reported) */
export function readAuthentication(
  reporter: Reporter,
  draft: Draft,
  version: 2 | 3,
  name: string,
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
  reporter.once(
    "no-effect-yet",
    block.statementOf("auth_type"),
    "auth_type AH",
    "auth_type AH has no effect yet",
  );
  return undefined;
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
