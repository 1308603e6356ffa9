/**
 * The blocks that instances and groups refer to by name: `vrrp_script`, `track_file`,
 * `vrrp_track_process`, `track_group`. A block that lacks what it cannot do without is dropped.
 */
import type { Micros } from "../base/units.ts";
import type { Draft } from "./draft.ts";
import type { ConfigSystem } from "./load.ts";
import type {
  TrackFileConfig,
  TrackGroupConfig,
  TrackProcessConfig,
  TrackScriptConfig,
} from "./model-vrrp.ts";
import { parseInteger } from "./numbers.ts";
import { reportAtEnd } from "./report-at-end.ts";
import type { Reporter } from "./reporter.ts";
import type { Scripts, ScriptUse } from "./scripts.ts";

export interface TrackContext {
  readonly reporter: Reporter;
  readonly scripts: Scripts;
  readonly system: ConfigSystem;
}

const SECOND: Micros = 1_000_000 as Micros;

/** A script that somebody may track; whether it can run is looked at only when somebody does. */
export interface ScriptCandidate {
  readonly name: string;
  readonly weight: number;
  readonly reverse: boolean;
  /** @returns undefined when it cannot run (reported) */
  resolve(): TrackScriptConfig | undefined;
  /** instead of `resolve`, when nobody tracks it */
  ignore(): void;
}

/** @returns undefined when the script cannot exist (reported) */
export function buildTrackScript(
  context: TrackContext,
  draft: Draft,
  name: string,
): ScriptCandidate | undefined {
  const { reporter, scripts } = context;
  const text = draft.script("script");
  if (text === undefined) {
    return reportAtEnd(
      reporter,
      "track-object-invalid",
      draft,
      `vrrp_script ${name} has no script and is ignored; write: script "COMMAND"`,
    );
  }
  if (text.statement.words.length > 2)
    reporter.word(
      "extra-parameter",
      text.statement,
      2,
      `"${text.statement.words[2]}" is ignored: the whole command is one word; put it between quotes`,
    );
  const use: ScriptUse = { code: "track-script-disabled", consequence: `vrrp_script ${name} is disabled` };
  const user = draft.cell("user");
  let identity = scripts.defaultUser;
  if (user !== undefined) {
    identity = scripts.identify(user.statement, 1, use);
    if (identity === undefined) return undefined;
  } else if (identity === undefined) {
    return reportAtEnd(
      reporter,
      "script-user-unknown",
      draft,
      `vrrp_script ${name} has no user to run as and is ignored; create the user keepalived_script, set script_user, or write: user NAME`,
    );
  }
  const who = identity;
  const { weight, reverse } = draft.weight("weight") ?? { weight: 0, reverse: false };
  const interval = positive(reporter, draft, "interval", name) ?? SECOND;
  const config = {
    where: reporter.where(draft.statement),
    name,
    interval,
    timeout: positive(reporter, draft, "timeout", name) ?? interval,
    weight,
    reverse,
    rise: draft.number("rise") ?? 1,
    fall: draft.number("fall") ?? 1,
    initFail: draft.has("init_fail"),
  };
  return {
    name,
    weight,
    reverse,
    resolve: () => {
      const script = scripts.resolve(text, who, use);
      return script === undefined ? undefined : { ...config, script };
    },
    ignore: () => scripts.noteSecurity(text),
  };
}

/** 0 makes no sense and means one second; the resolution is a millisecond. */
function positive(reporter: Reporter, draft: Draft, keyword: string, name: string): Micros | undefined {
  const value = draft.number(keyword);
  if (value === undefined) return undefined;
  if (value > 0) return (Math.max(1, Math.round(value / 1000)) * 1000) as Micros;
  reporter.word(
    "number-corrected",
    draft.statementOf(keyword),
    1,
    `${keyword} of ${name} must be greater than 0, 1 second is taken`,
  );
  return SECOND;
}

/** @returns undefined when the file cannot be watched (reported) */
export function buildTrackFile(
  context: TrackContext,
  draft: Draft,
  name: string,
): TrackFileConfig | undefined {
  const { reporter, system } = context;
  const file = draft.text("file");
  const drop = (why: string): undefined =>
    reportAtEnd(reporter, "track-object-invalid", draft, `track_file ${name} ${why} and is ignored`);
  if (file === undefined || file === "") return drop("names no file (write: file PATH)");
  if (!file.startsWith("/")) return drop(`needs a whole path, "${file}" is none,`);
  const directory = file.slice(0, file.lastIndexOf("/")) || "/";
  const found = system.statScript(directory);
  if (found === undefined || found.isFile) return drop(`is in ${directory}, which is no directory here,`);
  if (/^\/(proc|sys)\//.test(file)) return drop(`is in ${directory}, where changes cannot be watched,`);
  const { weight, reverse } = draft.weight("weight") ?? { weight: 1, reverse: false };
  return {
    where: reporter.where(draft.statement),
    name,
    file,
    weight,
    reverse,
    initFile: readInitFile(reporter, draft),
  };
}

function readInitFile(reporter: Reporter, draft: Draft): TrackFileConfig["initFile"] {
  const words = draft.words("init_file");
  if (words === undefined) return undefined;
  let value = 0;
  let overwrite = false;
  for (const [i, word] of words.entries()) {
    const number = parseInteger(word, -2_147_483_648, 2_147_483_647);
    if (word === "overwrite") overwrite = true;
    else if (number.ok) value = number.value;
    else
      reporter.word(
        "option-unknown",
        draft.statementOf("init_file"),
        i + 1,
        `"${word}" is ignored; write: init_file [VALUE] [overwrite]`,
      );
  }
  return { value, overwrite };
}

/** @returns undefined when no process is named (reported) */
export function buildTrackProcess(
  context: TrackContext,
  draft: Draft,
  name: string,
): TrackProcessConfig | undefined {
  const { reporter } = context;
  const [process, ...parameters] = draft.words("process") ?? [];
  if (process === undefined) {
    return reportAtEnd(
      reporter,
      "track-object-invalid",
      draft,
      `vrrp_track_process ${name} names no process and is ignored; write: process NAME`,
    );
  }
  const { weight, reverse } = draft.weight("weight") ?? { weight: 0, reverse: false };
  const quorum = draft.number("quorum") ?? 1;
  let quorumMax = draft.number("quorum_max");
  // `quorum_max 0` says that the process must not run at all, and needs no quorum.
  if (quorumMax !== undefined && quorumMax > 0 && quorumMax < quorum) {
    reporter.word(
      "setting-cleared",
      draft.statementOf("quorum_max"),
      1,
      `quorum_max ${quorumMax} is less than quorum ${quorum} and is ignored; write at least ${quorum}`,
    );
    quorumMax = undefined;
  }
  const match = draft.text("param_match");
  const delay = draft.number("delay") ?? 0;
  return {
    where: reporter.where(draft.statement),
    name,
    process,
    parameters,
    match: match === "initial" || match === "partial" ? match : "exact",
    fullCommand: draft.has("full_command") || match !== undefined || parameters.length > 0,
    weight,
    reverse,
    quorum: quorumMax === 0 ? 0 : quorum,
    quorumMax,
    terminateDelay: (draft.number("terminate_delay") ?? delay) as Micros,
    forkDelay: (draft.number("fork_delay") ?? delay) as Micros,
  };
}

export function buildTrackGroup(
  reporter: Reporter,
  draft: Draft,
  name: string,
): TrackGroupConfig | undefined {
  const members = draft.lines("group").flatMap((line) => line.words);
  if (members.length === 0) {
    return reportAtEnd(
      reporter,
      "group-empty",
      draft,
      `track_group ${name} has no members and is ignored; write: group { INSTANCE… }`,
    );
  }
  return { where: reporter.where(draft.statement), name, members };
}
