/**
 * Traps that keepalived does not see: configurations that are valid and do not do what their author
 * meant. Looks at finished instances and servers, never changes them, and says nothing that keepalived
 * says itself. A trap is a warning without effect on the exit status unless `--strict` is given.
 */
import { scanWords } from "../../grammar/lexer.ts";
import type { Statement } from "../../grammar/parser.ts";
import type { Micros } from "../base/units.ts";
import { describeTarget } from "./build-virtual-server.ts";
import type { Draft } from "./draft.ts";
import type { CheckerPace, RealServerConfig, VirtualServerConfig, VrrpInstanceConfig } from "./model.ts";
import { type Position, Reporter } from "./reporter.ts";

/** An instance with the lines that name what it tracks. */
interface SeenInstance {
  readonly name: string;
  readonly position: Position;
  /** by list and name */
  readonly lines: ReadonlyMap<string, Statement>;
}

/** The lists of trackers and where the model has them. */
const trackers = [
  { list: "track_script", field: "trackScripts" },
  { list: "track_file", field: "trackFiles" },
  { list: "track_process", field: "trackProcesses" },
  { list: "track_bfd", field: "trackBfd" },
] as const;

export class Linter {
  readonly #reporter: Reporter;
  readonly #instances = new Map<string, SeenInstance>();
  readonly #groups: (readonly string[])[] = [];

  constructor(reporter: Reporter) {
    this.#reporter = reporter;
  }

  /** Any complete top-level block. */
  block(draft: Draft): void {
    if (draft.block.name === "vrrp_sync_group")
      this.#groups.push(draft.lines("group").flatMap((line) => line.words));
  }

  /** An instance that may become part of the model. */
  instance(config: VrrpInstanceConfig, draft: Draft): void {
    for (const block of [draft, ...draft.children]) this.#passwords(block);
    const lines = new Map<string, Statement>();
    for (const list of [...trackers.map((tracker) => tracker.list), "track_interface"])
      for (const line of draft.lines(list)) lines.set(`${list} ${line.words[0]}`, line);
    const position = Reporter.positionOf(draft.statement);
    this.#instances.set(config.name, { name: config.name, position, lines });
  }

  /** A virtual server that is part of the model. */
  virtualServer(config: VirtualServerConfig, draft: Draft): void {
    const { quorum, hysteresis, realServers } = config;
    if (hysteresis > 0) {
      const most = realServers.reduce((sum, server) => sum + server.weight, 0);
      if (quorum + hysteresis > most)
        this.#reporter.word(
          "quorum-unreachable",
          draft.statementOf("hysteresis"),
          1,
          `once lost, the quorum of ${describeTarget(config.target)} comes back at ${quorum + hysteresis} (quorum ${quorum} + hysteresis ${hysteresis}), and its servers weigh ${most} together; write a hysteresis of at most ${Math.max(0, most - quorum)}`,
        );
    }
    for (const server of realServers) {
      for (const checker of server.checkers)
        if (checker.kind === "MISC_CHECK")
          this.#timeouts(server, checker, "misc_timeout", checker.timeout, draft);
        else if ("connect" in checker)
          this.#timeouts(server, checker, "connect_timeout", checker.connect.timeout, draft);
    }
  }

  /**
   * To be called once, behind the last block.
   *
   * @param instances as they are when groups and trackers are resolved
   */
  finish(instances: readonly VrrpInstanceConfig[]): void {
    for (const config of instances) {
      const seen = this.#instances.get(config.name);
      if (seen === undefined) continue;
      this.#outranked(config, seen, instances);
      for (const { list, field } of trackers)
        for (const { name, weight } of config[field] ?? [])
          this.#weight(config, weight, name, seen.lines.get(`${list} ${name}`));
      for (const { interface: name, weight } of config.trackInterface)
        this.#weight(config, weight, name, seen.lines.get(`track_interface ${name}`));
    }
  }

  /** keepalived.conf(5): `#` and `!` begin a comment, also in the middle of a word. */
  #passwords(draft: Draft): void {
    for (const { row, statement } of draft.cells) {
      if (row.secret !== true) continue;
      const { source, start } = statement;
      const { text } = this.#reporter.sources.get(source);
      const end = scanWords(text, start).at(-1) ?? start;
      const next = text[end];
      if (next !== "#" && next !== "!") continue;
      this.#reporter.at(
        "password-comment",
        { source, start: end, end: end + 1 },
        `${next} begins a comment, so that ${row.keyword} ends before it; write the password in double quotes`,
      );
    }
  }

  /** @param limit of one attempt, under the name of its keyword */
  #timeouts(
    server: RealServerConfig,
    { retry, delayBeforeRetry, delayLoop }: CheckerPace,
    keyword: string,
    limit: Micros,
    draft: Draft,
  ): void {
    const longest = limit * (retry + 1) + delayBeforeRetry * retry;
    // A pause of one delay_loop is the default of DNS_CHECK: who did not write it did not step into it.
    if (longest <= delayLoop || delayBeforeRetry === delayLoop) return;
    const [timeout, pause, sum, loop] = [limit, delayBeforeRetry, longest, delayLoop].map(
      (micros) => micros / 1_000_000,
    );
    this.#reporter.once(
      "timeouts-overlong",
      Reporter.positionOf(statementAt(draft, server, this.#reporter)),
      `timeouts ${keyword} ${timeout} ${retry} ${pause} ${loop}`,
      `checks of ${server.address} port ${server.port} may take ${sum} s (${retry + 1} times ${keyword} ${timeout}, ${retry} times delay_before_retry ${pause}), longer than delay_loop ${loop}, and a dead server stays in service for so long; lower retry or the timeouts`,
    );
  }

  #outranked(
    config: VrrpInstanceConfig,
    { position }: SeenInstance,
    instances: readonly VrrpInstanceConfig[],
  ): void {
    if (config.state !== "MASTER") return;
    const other = instances.find(
      (o) => o.state === "BACKUP" && o.priority > config.priority && this.#isComparable(config, o),
    );
    if (other === undefined) return;
    const place = this.#instances.get(other.name)?.position ?? position;
    this.#reporter.word(
      "state-outranked",
      position,
      0,
      `${config.name} says state MASTER with priority ${config.priority}, ${other.name} says state BACKUP with priority ${other.priority}; the priority decides: give the master the higher one`,
      [{ note: "the higher priority is here", span: this.#reporter.spanOf(place, 0) }],
    );
  }

  #isComparable(a: VrrpInstanceConfig, b: VrrpInstanceConfig): boolean {
    return (
      a.interface === b.interface ||
      this.#groups.some((members) => members.includes(a.name) && members.includes(b.name))
    );
  }

  /** Weights of owners and of groups are no business of this: keepalived takes them back itself. */
  #weight(config: VrrpInstanceConfig, weight: number, name: string, line: Statement | undefined): void {
    const why = line === undefined || weight === 0 ? undefined : whyUseless(config, weight);
    if (line === undefined || why === undefined) return;
    this.#reporter.word(
      "weight-useless",
      line,
      0,
      `weight ${weight} of ${name} never changes who is master: ${why}`,
    );
  }
}

function whyUseless({ priority, nopreempt }: VrrpInstanceConfig, weight: number): string | undefined {
  if (priority === 254 && weight > 0) return "the priority is 254 already; lower it";
  if (priority === 1 && weight < 0) return "the priority is 1 already; raise it";
  if (nopreempt)
    return "with nopreempt on both routers a lower priority ends no mastership; write weight 0, so that a failure is a fault, or remove nopreempt";
  return undefined;
}

/** The head of a real server; that of its virtual server when it came from elsewhere. */
function statementAt(draft: Draft, server: RealServerConfig, reporter: Reporter): Statement {
  const child = draft.children.find(
    ({ head, statement }) =>
      head.kind === "endpoint" &&
      head.address === server.address &&
      reporter.where(statement) === server.where,
  );
  return child?.statement ?? draft.statement;
}
