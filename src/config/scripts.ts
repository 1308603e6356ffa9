/**
 * Script references: from the words of a line to argument list and identity, with the checks of
 * keepalived.conf(5) "script security". A script that cannot run is dropped with a message.
 */
import type { Statement } from "../../grammar/parser.ts";
import type { ScriptText } from "./arguments.ts";
import type { DiagnosticCode } from "./diagnostic.ts";
import type { ConfigSystem } from "./load.ts";
import type { ScriptRef } from "./model.ts";
import { splitCommand } from "./quoted.ts";
import type { Reporter } from "./reporter.ts";
import { becomesRoot, isExecutableFor, weakComponent } from "./scripts-check.ts";

export interface Identity {
  readonly uid: number;
  readonly gid: number;
  /** supplementary groups; undefined: none */
  readonly groups?: readonly number[];
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
  readonly #supplementary: boolean;

  constructor(
    system: ConfigSystem,
    reporter: Reporter,
    options: {
      readonly security: boolean;
      readonly defaultUser: Identity | undefined;
      /** `set_supplementary_groups` */
      readonly supplementary: boolean;
    },
  ) {
    this.#system = system;
    this.#reporter = reporter;
    this.#security = options.security;
    this.#defaultUser = options.defaultUser;
    this.#supplementary = options.supplementary;
  }

  /**
   * @param user whom the script runs as, where another line says so
   * @param use whose script it is, when that is not a notification
   * @returns undefined when there is none, or when it cannot run (reported)
   */
  resolve(
    text: ScriptText | undefined,
    user?: Identity,
    use: ScriptUse = notification,
  ): ScriptRef | undefined {
    if (text === undefined) return undefined;
    const { statement } = text;
    const argv = splitCommand(text.command);
    const command = argv[0];
    if (command === undefined || command === "") {
      this.#refuse(use, "script-missing", statement, `${statement.words[0]} names no command`);
      return undefined;
    }
    const who = user ?? this.#identity(statement);
    if (who === undefined) return undefined;
    const wanted = this.#supplementary && who.groups === undefined;
    const identity = wanted ? { ...who, groups: this.#system.groupsOf?.(who.uid) ?? [] } : who;
    // A test like `</dev/tcp/127.0.0.1/80` is for the shell: there is no file to look at.
    if (/^[<>]\//.test(command)) return { argv: ["/bin/sh", "-c", text.command], ...identity };
    const path = this.#find(command, statement, use);
    if (path === undefined) return undefined;
    if (!this.#mayRun(path, identity, statement, use)) return undefined;
    return { argv: [path, ...argv.slice(1)], ...identity };
  }

  /** Whom scripts run as that name nobody; undefined: they need a user of their own. */
  get defaultUser(): Identity | undefined {
    return this.#defaultUser;
  }

  /** Reports what running a script means, whether or not it is used: it must exist for that. */
  noteSecurity(text: ScriptText): void {
    const command = splitCommand(text.command)[0] ?? "";
    const candidates = command.includes("/") ? [command] : searchPath.map((path) => `${path}/${command}`);
    if (candidates.some((path) => this.#system.statScript(path)?.isFile === true))
      this.#reportSecurityOff(text.statement);
  }

  #reportSecurityOff(statement: Statement): void {
    if (this.#security) return;
    this.#reporter.once(
      "script-security-off",
      statement,
      "script security",
      "scripts run without enable_script_security; add it to global_defs, so that what others could change does not run as root",
    );
  }

  /** USER [GROUP] behind a keyword; undefined when there is no such user (reported). */
  identify(statement: Statement, word: number, use: ScriptUse = notification): Identity | undefined {
    const identity = readIdentity(this.#system, statement, word);
    if (identity.kind === "known") return identityOf(identity);
    this.#reporter.word(
      use.code === undefined ? "user-unknown" : "script-user-unknown",
      statement,
      identity.word,
      `there is no ${identity.what} "${statement.words[identity.word]}"; ${use.consequence}`,
    );
    return undefined;
  }

  #identity(statement: Statement): Identity | undefined {
    if (statement.words.length > 2) return this.identify(statement, 2);
    if (this.#defaultUser === undefined)
      this.#reporter.word(
        "user-unknown",
        statement,
        0,
        "this script has no user to run as and is not run; create the user keepalived_script, set script_user, or name one behind the script",
      );
    return this.#defaultUser;
  }

  #find(command: string, statement: Statement, use: ScriptUse): string | undefined {
    if (command.includes("/")) {
      if (this.#system.statScript(command)?.isFile === true) return command;
      this.#refuse(use, "script-missing", statement, `there is no file ${command}`);
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
    this.#refuse(
      use,
      "script-missing",
      statement,
      `there is no command ${command} in ${searchPath.join(":")}`,
    );
    return undefined;
  }

  #mayRun(path: string, identity: Identity, statement: Statement, use: ScriptUse): boolean {
    const stat = this.#system.statScript(path);
    if (stat === undefined) return false;
    this.#reportSecurityOff(statement);
    if (!isExecutableFor(stat, identity)) {
      const mode = stat.mode.toString(8).padStart(4, "0");
      this.#refuse(
        use,
        "script-not-executable",
        statement,
        `${path} (owned by uid ${stat.uid}, mode ${mode}) is not executable for uid ${identity.uid}`,
        `; chmod a+x ${path}`,
      );
      return false;
    }
    if (identity.uid !== 0 && !becomesRoot(stat)) return true;
    const weak = weakComponent(
      path,
      (component) => this.#system.statScript(component),
      (component) => this.#system.readLink?.(component),
    );
    if (weak === undefined) return true;
    const what = `others than root can change ${weak.path} (${weak.why})`;
    if (this.#security) this.#refuse(use, "script-insecure", statement, what, `; ${weak.fix}`);
    else
      this.#reporter.word(
        "script-insecure",
        statement,
        1,
        `${what} and so what runs as root here; ${weak.fix}`,
      );
    return this.#security === false;
  }

  #refuse(use: ScriptUse, code: DiagnosticCode, statement: Statement, what: string, fix = ""): void {
    this.#reporter.word(use.code ?? code, statement, 1, `${what}, so that ${use.consequence}${fix}`);
  }
}

/** Who runs a script: what a message says of the consequence, and under which code. */
export interface ScriptUse {
  /** instead of the codes of notifications */
  readonly code?: DiagnosticCode;
  readonly consequence: string;
}

const notification: ScriptUse = { consequence: "this script is not run" };

export type IdentityResult =
  | ({ readonly kind: "known" } & Identity)
  | { readonly kind: "unknown"; readonly what: "user" | "group"; readonly word: number };

/** USER [GROUP] from a place of a statement on; numbers are taken as ids, `:` as "the user's own groups". */
export function readIdentity(system: ConfigSystem, statement: Statement, word: number): IdentityResult {
  const name = statement.words[word] ?? "";
  const user = /^[0-9]+$/.test(name) ? { uid: Number(name), gid: Number(name) } : system.user(name);
  if (user === undefined) return { kind: "unknown", what: "user", word };
  const behind = statement.words[word + 1] ?? "";
  const group = behind.replace(/^:/, "");
  const own = behind === group ? {} : { groups: system.groupsOf?.(user.uid) ?? [] };
  if (group === "") return { kind: "known", ...user, ...own };
  const gid = /^[0-9]+$/.test(group) ? Number(group) : system.group(group);
  if (gid === undefined) return { kind: "unknown", what: "group", word: word + 1 };
  return { kind: "known", uid: user.uid, gid, ...own };
}

/** Without what was said about reading it. */
export function identityOf({ uid, gid, groups }: Identity): Identity {
  return groups === undefined ? { uid, gid } : { uid, gid, groups };
}
