/** What instances take from each other's reach: names of VMACs, the IPVS sync daemon, preferences of rules. */
import type { Statement } from "../../grammar/parser.ts";
import type { PendingRule } from "./build-rule.ts";
import type { Draft } from "./draft.ts";
import { type Position, Reporter } from "./reporter.ts";

export class Shared {
  readonly #reporter: Reporter;
  readonly #vmacs = new Map<string, { readonly owner: string; readonly position: Position }>();
  #syncDaemon: { readonly interface: string; readonly position: Position } | undefined;
  readonly rulesWithoutPreference: PendingRule[] = [];

  constructor(reporter: Reporter) {
    this.#reporter = reporter;
  }

  /** @returns false when another instance has a VMAC of that name (reported) */
  claimVmac(name: string, owner: string, statement: Statement): boolean {
    const before = this.#vmacs.get(name);
    if (before === undefined) {
      this.#vmacs.set(name, { owner, position: Reporter.positionOf(statement) });
      return true;
    }
    this.#reporter.word(
      "vmac-name-taken",
      statement,
      1,
      `${before.owner} has a VMAC ${name} already, so that this name is ignored; give ${owner} another one`,
      [this.#reporter.firstDefinedAt(before.position)],
    );
    return false;
  }

  /** `lvs_sync_daemon_interface` of an instance: there is one daemon. */
  claimSyncDaemon(draft: Draft, owner: string): string | undefined {
    const cell = draft.cell("lvs_sync_daemon_interface");
    const name = draft.text("lvs_sync_daemon_interface");
    if (cell === undefined || name === undefined) return undefined;
    this.#reporter.word(
      "deprecated-keyword",
      cell.statement,
      0,
      `lvs_sync_daemon_interface of ${owner} is an old way; write in global_defs: lvs_sync_daemon ${name} ${owner}`,
    );
    const before = this.#syncDaemon;
    if (before === undefined) {
      this.#syncDaemon = { interface: name, position: Reporter.positionOf(cell.statement) };
      return name;
    }
    this.#reporter.word(
      "already-specified",
      cell.statement,
      0,
      `the IPVS sync daemon is on ${before.interface} already, this line is ignored; remove it`,
      [this.#reporter.firstDefinedAt(before.position)],
    );
    return undefined;
  }
}
