/**
 * Script references: from the words of a line to argument list and identity, with the checks of
 * keepalived.conf(5) "script security". A script that cannot run is dropped with a message.
 */
import type { Statement } from "../../grammar/parser.ts";
import type { ScriptText } from "./arguments.ts";
import type { ConfigSystem } from "./load.ts";
import type { ScriptRef } from "./model.ts";
import type { Reporter } from "./reporter.ts";

export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

/** Where a command without a path is looked for. */
const searchPath: readonly string[] = [
  "/usr/local/sbin",
  "/usr/local/bin",
  "/usr/sbin",
  "/usr/bin",
  "/sbin",
  "/bin",
];

export class Scripts {
  readonly #system: ConfigSystem;
  readonly #reporter: Reporter;
  readonly #security: boolean;
  /** undefined: scripts need a user of their own */
  readonly #defaultUser: Identity | undefined;

  constructor(
    system: ConfigSystem,
    reporter: Reporter,
    options: { readonly security: boolean; readonly defaultUser: Identity | undefined },
  ) {
    this.#system = system;
    this.#reporter = reporter;
    this.#security = options.security;
    this.#defaultUser = options.defaultUser;
  }

  /** @returns undefined when there is none, or when it cannot run (reported) */
  resolve(text: ScriptText | undefined): ScriptRef | undefined {
    if (text === undefined) return undefined;
    const { statement } = text;
    const argv = splitCommand(text.command);
    const command = argv[0];
    if (command === undefined || command === "") {
      this.#reporter.word(
        "script-missing",
        statement,
        1,
        `${statement.words[0]} names no command; it is not run`,
      );
      return undefined;
    }
    const identity = this.#identity(statement);
    if (identity === undefined) return undefined;
    const path = this.#find(command, statement);
    if (path === undefined) return undefined;
    if (!this.#mayRun(path, identity, statement)) return undefined;
    return { argv: [path, ...argv.slice(1)], uid: identity.uid, gid: identity.gid };
  }

  #identity(statement: Statement): Identity | undefined {
    if (statement.words.length > 2) {
      const identity = readIdentity(this.#system, statement, 2);
      if (identity.kind === "known") return identity;
      this.#reporter.word(
        "user-unknown",
        statement,
        identity.word,
        `there is no ${identity.what} "${statement.words[identity.word]}"; this script is not run`,
      );
      return undefined;
    }
    if (this.#defaultUser === undefined)
      this.#reporter.word(
        "script-user-unknown",
        statement,
        0,
        "enable_script_security needs a user for this script; create the user keepalived_script, set script_user, or name one behind the script",
      );
    return this.#defaultUser;
  }

  #find(command: string, statement: Statement): string | undefined {
    if (command.includes("/")) {
      if (this.#system.statScript(command)?.isFile === true) return command;
      this.#reporter.word(
        "script-missing",
        statement,
        1,
        `there is no file ${command}; this script is not run`,
      );
      return undefined;
    }
    for (const directory of searchPath) {
      const path = `${directory}/${command}`;
      if (this.#system.statScript(path)?.isFile !== true) continue;
      this.#reporter.word(
        "script-path-search",
        statement,
        1,
        `${command} was found as ${path} by searching; write the full path`,
      );
      return path;
    }
    this.#reporter.word(
      "script-missing",
      statement,
      1,
      `there is no command ${command} in ${searchPath.join(":")}; this script is not run`,
    );
    return undefined;
  }

  #mayRun(path: string, identity: Identity, statement: Statement): boolean {
    const stat = this.#system.statScript(path);
    if (stat === undefined) return false;
    if (!this.#security)
      this.#reporter.once(
        "script-security-off",
        statement,
        "script security",
        "scripts run without enable_script_security; add it to global_defs, so that what others could change does not run as root",
      );
    const { mode } = stat;
    const executable =
      identity.uid === 0
        ? (mode & 0o111) !== 0
        : stat.uid === identity.uid
          ? (mode & 0o100) !== 0
          : stat.gid === identity.gid
            ? (mode & 0o010) !== 0
            : (mode & 0o001) !== 0;
    if (!executable) {
      this.#reporter.word(
        "script-not-executable",
        statement,
        1,
        `${path} is not executable for uid ${identity.uid}; this script is not run; chmod it`,
      );
      return false;
    }
    if (!this.#security || identity.uid !== 0) return true;
    const weak = this.#weakComponent(path);
    if (weak === undefined) return true;
    this.#reporter.word(
      "script-insecure",
      statement,
      1,
      `others than root can change ${weak}, so that this script is not run as root; correct owner and mode of ${weak}`,
    );
    return false;
  }

  /** The first part of the path that somebody else than root can write. */
  #weakComponent(path: string): string | undefined {
    const parts = path.split("/").filter((part) => part !== "");
    for (let i = 0; i <= parts.length; i++) {
      const component = `/${parts.slice(0, i).join("/")}`;
      const stat = this.#system.statScript(component);
      if (stat === undefined) continue;
      const sticky = !stat.isFile && (stat.mode & 0o1000) !== 0;
      const groupWrites = (stat.mode & 0o020) !== 0 && stat.gid !== 0;
      const worldWrites = (stat.mode & 0o002) !== 0;
      if (stat.uid !== 0 || ((groupWrites || worldWrites) && !sticky)) return component;
    }
    return undefined;
  }
}

export type IdentityResult =
  | ({ readonly kind: "known" } & Identity)
  | { readonly kind: "unknown"; readonly what: "user" | "group"; readonly word: number };

/** USER [GROUP] from a place of a statement on; numbers are taken as ids, `:` as "the user's own groups". */
export function readIdentity(system: ConfigSystem, statement: Statement, word: number): IdentityResult {
  const name = statement.words[word] ?? "";
  const user = /^[0-9]+$/.test(name) ? { uid: Number(name), gid: Number(name) } : system.user(name);
  if (user === undefined) return { kind: "unknown", what: "user", word };
  const group = (statement.words[word + 1] ?? "").replace(/^:/, "");
  if (group === "") return { kind: "known", ...user };
  const gid = /^[0-9]+$/.test(group) ? Number(group) : system.group(group);
  if (gid === undefined) return { kind: "unknown", what: "group", word: word + 1 };
  return { kind: "known", uid: user.uid, gid };
}

const escapes: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  E: "\x1b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/**
 * Splits a command into arguments: blanks separate, " and ' hold together, a backslash gives \n, \t …,
 * octal \NNN, \xHH, control \cX, or the next character as it is.
 */
export function splitCommand(command: string): readonly string[] {
  const argv: string[] = [];
  let current: string | undefined;
  let quote = "";
  for (let i = 0; i < command.length; i++) {
    const c = command.charAt(i);
    if (c === "\\" && i + 1 < command.length) {
      const escaped = readEscape(command, i + 1);
      current = (current ?? "") + escaped.text;
      i = escaped.last;
    } else if (quote !== "") {
      if (c === quote) quote = "";
      else current = (current ?? "") + c;
    } else if (c === '"' || c === "'") {
      quote = c;
      current ??= "";
    } else if (/\s/.test(c)) {
      if (current !== undefined) argv.push(current);
      current = undefined;
    } else current = (current ?? "") + c;
  }
  if (current !== undefined) argv.push(current);
  return argv;
}

function readEscape(text: string, at: number): { readonly text: string; readonly last: number } {
  const octal = /^[0-7]{1,3}/.exec(text.slice(at, at + 3));
  if (octal !== null)
    return { text: String.fromCharCode(Number.parseInt(octal[0], 8) & 255), last: at + octal[0].length - 1 };
  const hex = /^x([0-9a-fA-F]{1,2})/.exec(text.slice(at, at + 3));
  if (hex !== null)
    return { text: String.fromCharCode(Number.parseInt(hex[1] as string, 16)), last: at + hex[0].length - 1 };
  const c = text.charAt(at);
  if (c === "c" && at + 1 < text.length)
    return { text: String.fromCharCode(text.charCodeAt(at + 1) & 31), last: at + 1 };
  return { text: escapes[c] ?? c, last: at };
}
