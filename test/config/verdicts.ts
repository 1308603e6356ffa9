/**
 * keepalived's verdicts on a directory of configurations, and ours on the same files: exit status of
 * the configuration test and the set of lines complained about. Knows nothing of what is right.
 */
import { existsSync, readFileSync } from "node:fs";
import { consequences, type DiagnosticCode } from "../../src/config/diagnostic.ts";
import { type ConfigSystem, type LoadResult, loadConfig } from "../../src/config/load.ts";
import { nodeConfigSystem } from "../../src/config/node-system.ts";

export interface Verdict {
  readonly file: string;
  /** undefined: the C daemon crashed or did not end */
  readonly exit: number | undefined;
  /** network interfaces that it found, besides lo */
  readonly interfaces: readonly string[];
  readonly lines: ReadonlySet<number>;
}

export interface Comparison {
  readonly verdict: Verdict;
  readonly exit: number;
  readonly lines: ReadonlySet<number>;
  /** size of the intersection over size of the union; 1 when neither complains */
  readonly jaccard: number;
}

export interface Corpus {
  readonly configs: URL;
  readonly verdicts: URL;
}

/** The 244 files of public repositories, which are not part of this project. */
const shared: Corpus = {
  configs: new URL("../../../shared/corpus/configs/", import.meta.url),
  verdicts: new URL("../../../shared/corpus/verdicts-2.4.3.tsv", import.meta.url),
};

/** A few files of our own, with the verdicts of keepalived 2.2.7. */
const sample: Corpus = {
  configs: new URL("sample/", import.meta.url),
  verdicts: new URL("sample/verdicts.tsv", import.meta.url),
};

/** The sample, and the large corpus where it is at hand. */
export const corpora: readonly Corpus[] = existsSync(shared.verdicts) ? [sample, shared] : [sample];

export function readVerdicts(corpus: Corpus): readonly Verdict[] {
  const [, ...rows] = readFileSync(corpus.verdicts, "utf8").trimEnd().split("\n");
  return rows.map((row) => {
    const [file = "", exit = "", interfaces = "", messages = "[]"] = row.split("\t");
    const places = (JSON.parse(messages) as readonly (readonly [number | null])[]).map(([line]) => line);
    return {
      file,
      exit: /^\d+$/.test(exit) ? Number(exit) : undefined,
      interfaces: interfaces.split(",").filter((name) => name !== ""),
      lines: new Set(places.filter((line) => line !== null)),
    };
  });
}

/** The machine on which keepalived gave its verdicts: its interfaces, root, and no script of anybody. */
export function systemOf(interfaces: readonly string[]): ConfigSystem {
  const known = new Set(["lo", ...interfaces]);
  return { ...nodeConfigSystem(() => known), hostname: "corpus" };
}

/**
 * What keepalived says without a line number, because it finds it when the file has been read. We say
 * where it is; for the comparison of lines it does not count.
 */
const unplaced: ReadonlySet<DiagnosticCode> = new Set<DiagnosticCode>([
  "advert-int-rounded",
  "auth-not-in-version-3",
  "forwarding-missing",
  "group-empty",
  "group-member-unknown",
  "group-mixed",
  "group-port",
  "group-single",
  "hysteresis-reduced",
  "interface-missing",
  "nopreempt-cleared",
  "one-packet-cleared",
  "persistence-implied",
  "port-forced",
  "port-ignored",
  "preempt-delay-cleared",
  "protocol-ignored",
  "protocol-missing",
  "quorum-reduced",
  "scheduler-missing",
  "script-security-off",
  "setting-cleared",
  "setting-forced",
  "state-corrected",
  "strict-mode",
  "strict-unicast",
  "track-own-interface",
  "track-script-disabled",
  "track-weight-ignored",
  "unclosed-block",
  "unicast-no-peer",
  "vip-excess",
  "sorry-server-inhibit",
  "vip-missing",
  "vip-required",
  "vrid-duplicate",
  "vrid-missing",
]);

/** What keepalived says with a line although it has no effect on the exit status. */
const harmless: ReadonlySet<DiagnosticCode> = new Set<DiagnosticCode>(["include-no-match"]);

/** Ours, as far as keepalived has the same: hints and notes of our own are left out. */
export function linesOf({ diagnostics, sources }: LoadResult): ReadonlySet<number> {
  const lines = new Set<number>();
  for (const { code, span } of diagnostics) {
    if (span === undefined || unplaced.has(code)) continue;
    if (consequences[code].test !== 0 || harmless.has(code))
      lines.add(sources.place(span.source, span.start).line);
  }
  return lines;
}

/** Compares all files of a corpus on which keepalived came to an end. */
export function compare(corpus: Corpus): readonly Comparison[] {
  return readVerdicts(corpus)
    .filter((verdict) => verdict.exit !== undefined)
    .map((verdict) => {
      const path = new URL(verdict.file, corpus.configs).pathname;
      const result = loadConfig(path, systemOf(verdict.interfaces));
      const lines = linesOf(result);
      const union = new Set([...lines, ...verdict.lines]).size;
      const jaccard = union === 0 ? 1 : [...lines].filter((line) => verdict.lines.has(line)).length / union;
      return { verdict, exit: result.testStatus, lines, jaccard };
    });
}
