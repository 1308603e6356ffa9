/**
 * The parts of single checker kinds: what only UDP, DNS, MISC, FILE and BFD checkers and regular
 * expressions have. What all checkers share is build-checker.ts's.
 */
import { regexWords } from "../../grammar/keywords/checkers.ts";
import type { Micros } from "../base/units.ts";
import type { CheckerContext, CheckerDefaults } from "./build-checker.ts";
import type { Draft } from "./draft.ts";
import type { CheckerCommon, CheckerPace, UrlConfig } from "./model.ts";
import type {
  BfdCheckConfig,
  DnsCheckConfig,
  FileCheckConfig,
  MiscCheckConfig,
  UdpCheckConfig,
} from "./model-lvs.ts";
import { reportAtEnd } from "./report-at-end.ts";
import type { Reporter } from "./reporter.ts";
import { type Identity, identityOf, readIdentity } from "./scripts.ts";
import { readInteger } from "./words.ts";

export function readUdp(reporter: Reporter, draft: Draft, common: CheckerCommon): UdpCheckConfig {
  const payload = draft.hex("payload");
  const reply = draft.hex("require_reply");
  const minReplyLength = draft.number("min_reply_length") ?? 0;
  const maxReplyLength = draft.number("max_reply_length") ?? 255;
  if (minReplyLength > maxReplyLength)
    reporter.word(
      "reply-length-impossible",
      draft.statementOf(draft.has("min_reply_length") ? "min_reply_length" : "max_reply_length"),
      1,
      `no reply is at least ${minReplyLength} and at most ${maxReplyLength} bytes long, this check will always fail; correct min_reply_length or max_reply_length`,
    );
  return {
    ...common,
    kind: "UDP_CHECK",
    payload: payload === undefined || payload === true ? undefined : payload.bytes,
    requireReply: reply !== undefined,
    replyPattern:
      reply === undefined || reply === true ? undefined : { bytes: reply.bytes, mask: reply.mask },
    minReplyLength,
    maxReplyLength,
    pingCheckOff: draft.has("ping_check_off"),
  };
}

export function readDns(reporter: Reporter, draft: Draft, common: CheckerCommon): DnsCheckConfig {
  let name = draft.text("name") ?? ".";
  if (name === "") name = ".";
  if (name !== "." && name.replace(/\.$/, "").split(".").includes("")) {
    reporter.word(
      "dns-name-invalid",
      draft.statementOf("name"),
      1,
      `"${name}" has an empty label and is ignored, the root is asked for; remove the surplus dot`,
    );
    name = ".";
  }
  return {
    ...common,
    kind: "DNS_CHECK",
    type: (draft.text("type") ?? "SOA") as DnsCheckConfig["type"],
    name,
  };
}

/** @returns undefined when there is nothing to run (reported) */
export function readMisc(
  context: CheckerContext,
  draft: Draft,
  common: CheckerPace,
  virtualDelayLoop: Micros,
): MiscCheckConfig | undefined {
  const { reporter, scripts, system } = context;
  const text = draft.script("misc_path");
  if (text === undefined) {
    reportAtEnd(
      reporter,
      "script-path-missing",
      draft,
      "this MISC_CHECK has no misc_path and is ignored; write: misc_path COMMAND",
    );
    return undefined;
  }
  let user: Identity | undefined;
  const cell = draft.cell("user");
  if (cell !== undefined) {
    const identity = readIdentity(system, cell.statement, 1);
    if (identity.kind === "unknown") {
      reporter.word(
        "script-user-unknown",
        cell.statement,
        identity.word,
        `there is no ${identity.what} "${cell.statement.words[identity.word]}" and this MISC_CHECK is ignored; create it or name another`,
      );
      return undefined;
    }
    user = identityOf(identity);
  } else if (scripts.defaultUser === undefined) {
    reportAtEnd(
      reporter,
      "script-user-unknown",
      draft,
      "enable_script_security needs a user for this MISC_CHECK, which is ignored; create the user keepalived_script, set script_user, or write: user NAME",
    );
    return undefined;
  }
  // What follows the command has never been its user here, as it is for notify scripts.
  const script = scripts.resolve(text, user ?? scripts.defaultUser);
  if (script === undefined) return undefined;
  const timeout = draft.number("misc_timeout") ?? 0;
  return {
    ...common,
    kind: "MISC_CHECK",
    script,
    timeout: timeout === 0 ? virtualDelayLoop : ((timeout * 1_000_000) as Micros),
    dynamic: draft.has("misc_dynamic"),
  };
}

/** A track file that must stand further up. */
export function buildFile({ reporter, known }: CheckerContext, draft: Draft): readonly FileCheckConfig[] {
  const trackFile = draft.text("track_file");
  if (trackFile === undefined || !known.has(`track_file ${trackFile}`)) {
    reportTarget(reporter, draft, "track_file", trackFile);
    return [];
  }
  const where = reporter.where(draft.statement);
  const { weight, reverse } = readFileWeight(reporter, draft);
  return [{ kind: "FILE_CHECK", where, trackFile, weight, reverse }];
}

function reportTarget(reporter: Reporter, draft: Draft, keyword: string, name: string | undefined): void {
  const kind = draft.block.name;
  const what = kind === "BFD_CHECK" ? "bfd_instance" : "track_file";
  if (name === undefined)
    reportAtEnd(
      reporter,
      "checker-target-unknown",
      draft,
      `this ${kind} has no ${keyword} and is ignored; write: ${keyword} NAME`,
    );
  else
    reporter.word(
      "checker-target-unknown",
      draft.statementOf(keyword),
      1,
      `there is no ${what} ${name} further up and this ${kind} is ignored; define it before the virtual_server`,
    );
}

function readFileWeight(reporter: Reporter, draft: Draft): Pick<FileCheckConfig, "weight" | "reverse"> {
  const cell = draft.cell("weight");
  if (cell === undefined) return { weight: undefined, reverse: undefined };
  const { statement } = cell;
  const weight = readInteger(reporter, statement, 1, "weight", -2_147_483_647, 2_147_483_647);
  const option = statement.words[2];
  if (option !== undefined && option !== "reverse" && option !== "noreverse")
    reporter.word(
      "option-unknown",
      statement,
      2,
      `weight has no option "${option}", it is ignored; write reverse or noreverse`,
    );
  const reverse = option === "reverse" ? true : option === "noreverse" ? false : undefined;
  return { weight, reverse };
}

/** A BFD session that must stand further up. */
export function buildBfd(
  { reporter, known }: CheckerContext,
  draft: Draft,
  { alpha }: CheckerDefaults,
): readonly BfdCheckConfig[] {
  const name = draft.text("name");
  if (name === undefined || !known.has(`bfd_instance ${name}`)) {
    reportTarget(reporter, draft, "name", name);
    return [];
  }
  const where = reporter.where(draft.statement);
  return [{ kind: "BFD_CHECK", where, name, alpha: draft.flag("alpha") ?? alpha }];
}

/** What a url says about the contents of its answer; empty when it says nothing. */
export function readRegex(reporter: Reporter, draft: Draft): Pick<UrlConfig, "regex" | "tlsCompliant"> {
  const tls = draft.flag("tls_compliant");
  const tlsCompliant = tls === undefined ? {} : { tlsCompliant: tls };
  const pattern = draft.text("regex");
  if (pattern === undefined) return tlsCompliant;
  const minOffset = draft.number("regex_min_offset") ?? 0;
  const maxOffset = draft.number("regex_max_offset");
  if (maxOffset !== undefined && minOffset > maxOffset)
    reporter.word(
      "reply-length-impossible",
      draft.statementOf("regex_max_offset"),
      1,
      `nothing can be found from ${minOffset} on and before ${maxOffset}, this check will always fail; correct regex_min_offset or regex_max_offset`,
    );
  return {
    ...tlsCompliant,
    regex: {
      pattern,
      inverted: draft.has("regex_no_match"),
      options: readRegexOptions(reporter, draft),
      minOffset,
      maxOffset,
      stack: readRegexStack(reporter, draft),
    },
  };
}

function readRegexOptions(reporter: Reporter, draft: Draft): readonly string[] {
  const statement = draft.cell("regex_options")?.statement;
  const options = new Set<string>();
  for (const [index, word] of statement?.words.entries() ?? []) {
    if (index === 0 || statement === undefined) continue;
    if (regexWords.includes(word)) options.add(word);
    else
      reporter.word(
        "regex-option-unknown",
        statement,
        index,
        `PCRE2 has no option "${word}" and it is ignored; write words of: ${regexWords.join(" ")}`,
      );
  }
  return [...options];
}

function readRegexStack(
  reporter: Reporter,
  draft: Draft,
): { readonly start: number; readonly max: number } | undefined {
  const statement = draft.cell("regex_stack")?.statement;
  if (statement === undefined) return undefined;
  const start = readInteger(reporter, statement, 1, "regex_stack", 1, 4_294_967_295, " bytes");
  const max = readInteger(reporter, statement, 2, "regex_stack", 1, 4_294_967_295, " bytes");
  return start === undefined || max === undefined ? undefined : { start, max };
}
