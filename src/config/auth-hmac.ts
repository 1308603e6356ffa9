/** The `auth_hmac` block: keys of 32 to 64 bytes, one of them active. Without a usable one it is off. */
import type { Centiseconds, Seconds } from "../base/units.ts";
import type { Draft } from "./draft.ts";
import type { ConfigSystem } from "./load.ts";
import type { AuthHmacConfig, HmacKeySource } from "./model-vrrp.ts";
import { parseInteger } from "./numbers.ts";
import type { Reporter } from "./reporter.ts";

const SHORTEST_KEY = 32;
const LONGEST_KEY = 64;

/** @returns undefined when there is none, or none that can be used (reported) */
export function readAuthHmac(
  reporter: Reporter,
  system: ConfigSystem,
  draft: Draft,
  facts: { readonly name: string; readonly strict: boolean; readonly advertInt: Centiseconds },
): AuthHmacConfig | undefined {
  const block = draft.children.find((child) => child.block.name === "auth_hmac");
  if (block === undefined) return undefined;
  const keys = readKeys(reporter, system, block);
  const activeKey = block.number("active_key");
  if (activeKey === undefined || !keys.some(({ id }) => id === activeKey)) {
    reporter.word(
      "hmac-disabled",
      activeKey === undefined ? block.statement : block.statementOf("active_key"),
      0,
      `auth_hmac of ${facts.name} has no usable active key and is off, adverts are not signed; write: active_key ID, and key ID VALUE for it`,
    );
    return undefined;
  }
  let mode = block.text("mode") ?? "enforce";
  if (facts.strict && mode !== "enforce") {
    reporter.word(
      "strict-mode",
      block.statementOf("mode"),
      0,
      `strict mode of ${facts.name} does not allow mode ${mode}: it is enforce; remove it, or strict_mode`,
    );
    mode = "enforce";
  }
  const wholeSeconds = Math.floor(facts.advertInt / 100);
  return {
    keys,
    activeKey,
    timeWindow: (block.number("time_window") ?? Math.min(300, Math.max(5, 3 * wholeSeconds))) as Seconds,
    antiReplay: block.text("anti_replay") === "monotonic" ? "monotonic" : "time",
    mode: mode === "permissive" || mode === "receive-only" ? mode : "enforce",
  };
}

/** Messages never show a key. */
function readKeys(reporter: Reporter, system: ConfigSystem, block: Draft): AuthHmacConfig["keys"] {
  const keys: { id: number; key: HmacKeySource }[] = [];
  for (const { row, statement } of block.cells) {
    if (row.keyword !== "key") continue;
    const bad = (word: number, why: string): void =>
      reporter.word("hmac-key-invalid", statement, word, `${why}, so that this key is ignored`);
    const id = parseInteger(statement.words[1] ?? "", 1, 255);
    const value = statement.words[2] ?? "";
    if (!id.ok) bad(1, "a key has a number from 1 to 255 first");
    else if (keys.some((key) => key.id === id.value)) bad(1, `key ${id.value} is defined twice`);
    else if (value.startsWith("file:")) {
      checkFile(reporter, system, statement, value.slice(5));
      keys.push({ id: id.value, key: { kind: "file", path: value.slice(5) } });
    } else {
      const hex = value.startsWith("hex:")
        ? value.slice(4).toLowerCase()
        : Buffer.from(value, "utf8").toString("hex");
      const bytes = hex.length / 2;
      if (!/^[0-9a-f]*$/.test(hex) || !Number.isInteger(bytes))
        bad(2, "hex: needs hexadecimal digits in pairs");
      else if (bytes < SHORTEST_KEY || bytes > LONGEST_KEY)
        bad(2, `a key has ${SHORTEST_KEY} to ${LONGEST_KEY} bytes, this one ${bytes}`);
      else keys.push({ id: id.value, key: { kind: "hex", hex } });
    }
  }
  return keys;
}

function checkFile(
  reporter: Reporter,
  system: ConfigSystem,
  statement: Draft["statement"],
  path: string,
): void {
  const stat = system.statScript(path);
  if (stat === undefined || !stat.isFile)
    reporter.word("hmac-key-invalid", statement, 2, `there is no key file ${path}; create it with mode 0600`);
  else if ((stat.mode & 0o077) !== 0)
    reporter.word(
      "hmac-key-readable",
      statement,
      2,
      `others can read the key file ${path} (mode ${stat.mode.toString(8).padStart(4, "0")}); chmod 600 ${path}`,
    );
}
