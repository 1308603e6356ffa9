/**
 * Traps that keepalived does not see: configurations that are valid and do not do what their author
 * meant. Looks at finished instances and servers, never changes them, and says nothing that keepalived
 * says itself. A trap is a warning without effect on the exit status unless `--strict` is given.
 */
import { scanWords } from "../../grammar/lexer.ts";
import type { Statement } from "../../grammar/parser.ts";
import { describeTarget } from "./build-virtual-server.ts";
import type { Draft } from "./draft.ts";
import type { CheckerConfig, RealServerConfig, VirtualServerConfig, VrrpInstanceConfig } from "./model.ts";
import { type Position, Reporter } from "./reporter.ts";

/** An instance with what its weights are judged by at the end. */
interface SeenInstance {
  readonly config: VrrpInstanceConfig;
  readonly position: Position;
  readonly weights: readonly WeightLine[];
}

/** A line of `track_script`, `track_interface`, `track_file` or `track_process`. */
interface WeightLine {
  readonly object: string;
  readonly list: string;
  readonly statement: Statement;
  /** undefined: the weight of the tracked object counts */
  readonly weight: number | undefined;
}

const trackers: Readonly<Record<string, string | undefined>> = {
  track_script: "vrrp_script",
  track_file: "track_file",
  track_process: "vrrp_track_process",
  track_interface: undefined,
};

export class Linter {
  readonly #reporter: Reporter;
  readonly #instances: SeenInstance[] = [];
  /** weights of `vrrp_script` and its like, by block and name */
  readonly #objects = new Map<string, number>();
  /** sync groups whose members keep their weights, and the others */
  readonly #groups: { readonly members: ReadonlySet<string>; readonly keepsWeights: boolean }[] = [];

  constructor(reporter: Reporter) {
    this.#reporter = reporter;
  }

  /** Any complete top-level block. */
  block(draft: Draft): void {
    const { name } = draft.block;
    if (name === "virtual_server") return;
    if (draft.head.kind === "name") {
      const weight = weightIn(draft.cell("weight")?.statement.words ?? [], 1);
      const family = name === "vrrp_track_file" ? "track_file" : name;
      if (weight !== undefined) this.#objects.set(`${family} ${draft.head.name}`, weight);
    }
    if (name === "vrrp_sync_group")
      this.#groups.push({
        members: new Set(draft.lines("group").flatMap((line) => line.words)),
        keepsWeights: draft.has("sync_group_tracking_weight"),
      });
  }

  /** An instance that is part of the model. */
  instance(config: VrrpInstanceConfig, draft: Draft): void {
    for (const block of [draft, ...draft.children]) this.#passwords(block);
    const weights = Object.keys(trackers).flatMap((list) =>
      draft.lines(list).map((statement) => ({
        list,
        object: statement.words[0] ?? "",
        statement,
        weight: weightIn(statement.words, statement.words.indexOf("weight") + 1),
      })),
    );
    this.#instances.push({ config, position: Reporter.positionOf(draft.statement), weights });
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
    for (const server of realServers)
      for (const checker of server.checkers) this.#timeouts(server, checker, draft);
  }

  /** To be called once, behind the last block. */
  finish(): void {
    for (const seen of this.#instances) {
      this.#outranked(seen);
      for (const line of seen.weights) this.#weight(seen.config, line);
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

  #timeouts(server: RealServerConfig, checker: CheckerConfig, draft: Draft): void {
    const { retry, delayBeforeRetry, delayLoop, connect } = checker;
    const longest = connect.timeout * (retry + 1) + delayBeforeRetry * retry;
    if (longest <= delayLoop) return;
    const [timeout, pause, sum, loop] = [connect.timeout, delayBeforeRetry, longest, delayLoop].map(
      (micros) => micros / 1_000_000,
    );
    this.#reporter.once(
      "timeouts-overlong",
      Reporter.positionOf(statementAt(draft, server, this.#reporter)),
      `timeouts ${timeout} ${retry} ${pause} ${loop}`,
      `checks of ${server.address} port ${server.port} may take ${sum} s (${retry + 1} times connect_timeout ${timeout}, ${retry} times delay_before_retry ${pause}), longer than delay_loop ${loop}, and a dead server stays in service for so long; lower retry or the timeouts`,
    );
  }

  #outranked({ config, position }: SeenInstance): void {
    if (config.state !== "MASTER") return;
    const other = this.#instances.find(
      ({ config: o }) =>
        o.state === "BACKUP" && o.priority > config.priority && this.#isComparable(config, o),
    );
    if (other === undefined) return;
    this.#reporter.word(
      "state-outranked",
      position,
      0,
      `${config.name} says state MASTER with priority ${config.priority}, ${other.config.name} says state BACKUP with priority ${other.config.priority}; the priority decides: give the master the higher one`,
      [{ note: "the higher priority is here", span: this.#reporter.spanOf(other.position, 0) }],
    );
  }

  #isComparable(a: VrrpInstanceConfig, b: VrrpInstanceConfig): boolean {
    return (
      a.interface === b.interface ||
      this.#groups.some(({ members }) => members.has(a.name) && members.has(b.name))
    );
  }

  #weight(config: VrrpInstanceConfig, line: WeightLine): void {
    const block = trackers[line.list];
    const weight =
      line.weight ?? (block === undefined ? 0 : (this.#objects.get(`${block} ${line.object}`) ?? 0));
    if (weight === 0) return;
    const why = this.#whyUseless(config, weight);
    if (why === undefined) return;
    this.#reporter.word(
      "weight-useless",
      line.statement,
      0,
      `weight ${weight} of ${line.object} never changes who is master: ${why}`,
    );
  }

  #whyUseless(config: VrrpInstanceConfig, weight: number): string | undefined {
    const { name, priority } = config;
    if (priority === 255)
      return `${name} owns its addresses (priority 255) and keeps that priority; write a priority below 255`;
    if (this.#groups.some(({ members, keepsWeights }) => members.has(name) && !keepsWeights))
      return `${name} is in a sync group, which ignores weights; write sync_group_tracking_weight there, or weight 0`;
    if (priority === 254 && weight > 0) return "the priority is 254 already; lower it";
    if (priority === 1 && weight < 0) return "the priority is 1 already; raise it";
    if (config.nopreempt)
      return "with nopreempt on both routers a lower priority ends no mastership; write weight 0, so that a failure is a fault, or remove nopreempt";
    return undefined;
  }
}

/** The number at a place of a line: 0 for a place that only says that there is none. */
function weightIn(words: readonly string[], index: number): number | undefined {
  const word = index > 0 ? words[index] : undefined;
  return word !== undefined && /^[+-]?\d+$/.test(word) ? Number(word) : undefined;
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
