/**
 * Statements to drafts, by the keyword tables. Decides what a sloppy structure means, and means what
 * keepalived 2.4.3 means: a `{` behind something that is no block is ignored, so that its `}` ends the
 * block around it; what then stands at the wrong level is unknown there. Every line that is dropped is
 * reported.
 */
import type { KeywordRow } from "../../grammar/keywords/row.ts";
import { blockNamed } from "../../grammar/keywords/table.ts";
import type { Item, Statement } from "../../grammar/parser.ts";
import { readValue, type Value } from "./arguments.ts";
import type { Related } from "./diagnostic.ts";
import { Draft, type Head } from "./draft.ts";
import { type Suspect, suspectIn } from "./indentation.ts";
import type { Reporter } from "./reporter.ts";
import { presentable, UnknownWords } from "./unknown-words.ts";
import { readEndpoint, readInteger } from "./words.ts";

type Level =
  | { readonly kind: "block"; readonly draft: Draft }
  | {
      readonly kind: "list";
      readonly row: KeywordRow;
      readonly statement: Statement;
      readonly lines: Statement[];
    }
  /** a block whose head is unusable: its contents are dropped together with it */
  | { readonly kind: "skipped"; readonly statement: Statement };

const noHead: Head = { kind: "none" };

/** Receives the top-level blocks as they end, complete. */
export type BlockSink = (draft: Draft) => void;

export class Reader {
  readonly root: Draft;
  readonly #sink: BlockSink;
  readonly #reporter: Reporter;
  readonly #levels: Level[];
  readonly #unknownWords: UnknownWords;
  /** by source, once it is asked for */
  readonly #suspects = new Map<number, Suspect | "none">();
  /** a `{` that was ignored: everything strange behind it probably comes from there */
  #ignoredBrace: Related | undefined;

  constructor(reporter: Reporter, root: Statement, sink: BlockSink) {
    this.#reporter = reporter;
    this.#sink = sink;
    this.#unknownWords = new UnknownWords(reporter);
    this.root = new Draft(blockNamed("(root)"), root, noHead);
    this.#levels = [{ kind: "block", draft: this.root }];
  }

  item(item: Item): void {
    if (item.kind === "statement") this.#statement(item.statement);
    else this.#close(item.source, item.start);
  }

  /** To be called once, behind the last item. */
  end(): void {
    const open = this.#levels.length - 1;
    if (open > 0) this.#unclosed(open);
    while (this.#levels.length > 1) this.#pop();
  }

  /** The innermost open block is where the file ended; the one that was forgotten is often another. */
  #unclosed(open: number): void {
    const outer = statementOf(this.#levels[1] as Level);
    const around = open === 1 ? "this block is" : `this block and ${open - 1} around it are`;
    const source = this.#reporter.sources.get(outer.source);
    const suspect = suspectIn(source);
    if (suspect === undefined) {
      this.#reporter.word(
        "unclosed-block",
        statementOf(this.#levels[open] as Level),
        0,
        `${around} still open at the end of the file; write the missing }`,
        this.#suspect(),
      );
      return;
    }
    const { line } = this.#reporter.sources.place(outer.source, suspect.before);
    this.#reporter.word(
      "unclosed-block",
      { source: outer.source, start: suspect.head },
      0,
      `a } is missing at the end of the file, and by the indentation it is the one of this block; write it before line ${line}`,
      this.#suspect(),
    );
  }

  #statement(statement: Statement): void {
    if (statement.body === undefined) {
      this.#leaf(statement);
      return;
    }
    this.#open(statement);
    for (const inner of statement.body) this.#statement(inner);
    if (statement.close >= 0) this.#close(statement.closeSource, statement.close);
  }

  #open(statement: Statement): void {
    const level = this.#level();
    if (level.kind === "skipped") {
      this.#levels.push({ kind: "skipped", statement });
      return;
    }
    if (level.kind === "list") {
      if (statement.words.length > 0) level.lines.push(statement);
      this.#unexpectedBrace(statement, "a list has no blocks in it", this.#forgotten(statement));
      return;
    }
    const [keyword] = statement.words;
    if (keyword === undefined) {
      this.#unexpectedBrace(statement, "no keyword stands before it");
      return;
    }
    const row = level.draft.block.row(keyword);
    if (row === undefined) {
      const related = [...this.#suspect(), ...this.#forgotten(statement)];
      this.#unknownWords.report(statement, level.draft.block, related);
      this.#unexpectedBrace(statement, `${presentable(keyword)} is no block here`);
      return;
    }
    if (row.argument.kind === "block") this.#openBlock(statement, row, row.argument.block, level.draft);
    else if (row.argument.kind === "list")
      this.#openList(statement, row, row.argument.named === true, level.draft);
    else {
      this.#keyword(statement, row, level.draft);
      this.#unexpectedBrace(statement, `${keyword} takes no block`);
    }
  }

  #openList(statement: Statement, row: KeywordRow, isNamed: boolean, parent: Draft): void {
    if (isNamed && statement.words[1] === undefined) {
      this.#noTarget(statement, "NAME");
      this.#levels.push({ kind: "skipped", statement });
      return;
    }
    this.#noteEffect(statement, row, parent);
    this.#blockExtras(statement, isNamed ? 2 : 1, "extra-block-parameter");
    this.#levels.push({ kind: "list", row, statement, lines: [] });
  }

  #openBlock(statement: Statement, row: KeywordRow, name: string, parent: Draft): void {
    const head = row.argument.kind === "block" ? this.#head(statement, row.argument.head) : undefined;
    if (head === undefined) {
      this.#levels.push({ kind: "skipped", statement });
      return;
    }
    this.#noteEffect(statement, row, parent);
    // A second `global_defs` or `authentication` goes on where the first one ended.
    const before =
      row.again === "add" || row.again === "replace" || head.kind !== "none"
        ? undefined
        : parent.children.find((child) => child.block.name === name);
    const isInert = parent.isInert || row.effect === "parsed";
    const draft = before ?? new Draft(blockNamed(name), statement, head, isInert);
    // Top-level blocks with a head go to the sink when they end, so that they need not be kept.
    if (before === undefined && (parent !== this.root || head.kind === "none")) parent.addChild(draft);
    this.#levels.push({ kind: "block", draft });
  }

  #head(statement: Statement, kind: "none" | "name" | "virtualServer" | "endpoint"): Head | undefined {
    const [keyword, first] = statement.words;
    switch (kind) {
      case "none":
        this.#blockExtras(statement, 1);
        return noHead;
      case "name":
        if (first === undefined) {
          this.#reporter.word(
            "missing-name",
            statement,
            0,
            `${keyword} needs a name and is ignored with everything in it; write: ${keyword} NAME {`,
          );
          return undefined;
        }
        this.#blockExtras(statement, 2);
        return { kind: "name", name: first };
      case "endpoint": {
        if (first === undefined) return this.#noTarget(statement, "ADDRESS PORT");
        const endpoint = readEndpoint(this.#reporter, statement, 1, "real_server");
        this.#blockExtras(statement, 3);
        return endpoint;
      }
      case "virtualServer":
        if (first === undefined) return this.#noTarget(statement, "ADDRESS PORT, fwmark MARK or group NAME");
        return this.#virtualServerHead(statement, first);
    }
  }

  /** As any keyword without its parameter: there will be no configuration. */
  #noTarget(statement: Statement, syntax: string): undefined {
    const [keyword] = statement.words;
    this.#reporter.word(
      "missing-parameter",
      statement,
      1,
      `${keyword} lacks its parameter, which ends the reading of the configuration; write: ${keyword} ${syntax} {`,
    );
    return undefined;
  }

  #virtualServerHead(statement: Statement, first: string): Head | undefined {
    const second = statement.words[2];
    if (first === "fwmark" || first === "group") {
      if (second === undefined)
        return this.#noTarget(statement, first === "fwmark" ? "fwmark MARK" : "group NAME");
      this.#blockExtras(statement, 3);
      if (first === "group")
        return { kind: "virtualServer", target: { kind: "group", name: second, protocol: "udp" } };
      const mark = readInteger(this.#reporter, statement, 2, "fwmark", 0, 4_294_967_295);
      if (mark === undefined) return undefined;
      return { kind: "virtualServer", target: { kind: "fwmark", mark, family: "ipv4" } };
    }
    const endpoint = readEndpoint(this.#reporter, statement, 1, "virtual_server");
    this.#blockExtras(statement, 3);
    if (endpoint === undefined) return undefined;
    const { address, port } = endpoint;
    return { kind: "virtualServer", target: { kind: "address", address, port, protocol: "udp" } };
  }

  #leaf(statement: Statement): void {
    const level = this.#level();
    if (level.kind === "skipped") return;
    if (level.kind === "list") {
      level.lines.push(statement);
      return;
    }
    const row = level.draft.block.row(statement.words[0] as string);
    if (row === undefined) this.#unknownWords.report(statement, level.draft.block, this.#suspect());
    else if (row.argument.kind === "block") {
      this.#reporter.word(
        "missing-brace",
        statement,
        0,
        `${row.keyword} lacks its { and is empty; write it on this line or the next`,
      );
      this.#openBlock(statement, row, row.argument.block, level.draft);
      this.#pop();
    } else if (row.argument.kind === "list") {
      this.#reporter.word(
        "missing-brace",
        statement,
        0,
        `${row.keyword} lacks its {, so that what follows up to the next } is its list; write it on this line or the next`,
      );
      this.#openList(statement, row, row.argument.named === true, level.draft);
    } else this.#keyword(statement, row, level.draft);
  }

  #keyword(statement: Statement, row: KeywordRow, draft: Draft): void {
    if (draft.block.isDeprecated(statement.words[0] as string))
      this.#reporter.word(
        "deprecated-keyword",
        statement,
        0,
        `${statement.words[0]} is an old name; write ${row.keyword}`,
      );
    else if (row.former?.includes(statement.words[0] as string) === true)
      this.#reporter.word(
        "former-keyword",
        statement,
        0,
        `${statement.words[0]} is an old name that still works; write ${row.keyword}`,
      );
    const value = readValue(this.#reporter, row, statement);
    if (value === undefined) return;
    this.#noteEffect(statement, row, draft);
    const before = row.again === "add" ? undefined : draft.cell(row.keyword);
    if (before === undefined) {
      draft.cells.push({ keyword: row.keyword, row, value, statement });
      return;
    }
    const related = [this.#reporter.firstDefinedAt(before.statement)];
    if (row.again === "first") {
      this.#reporter.word(
        "already-specified",
        statement,
        0,
        `${row.keyword} is given twice, the first one counts; remove one of them`,
        related,
      );
      return;
    }
    const stays = row.again === "strongest" && strengthOf(row, before.value) < strengthOf(row, value);
    const counts = stays ? `${String(before.value)} stays` : "the last one counts";
    this.#reporter.word(
      "keyword-repeated",
      statement,
      0,
      `${row.keyword} is given twice, ${counts}; remove one of them`,
      related,
    );
    if (!stays) draft.cells[draft.cells.indexOf(before)] = { keyword: row.keyword, row, value, statement };
  }

  #close(source: number, start: number): void {
    if (this.#levels.length > 1) this.#pop();
    else
      this.#reporter.at(
        "extra-brace",
        { source, start, end: start + 1 },
        "this } closes nothing; remove it, or add the { that it belongs to",
        this.#suspect(),
      );
  }

  #pop(): void {
    const level = this.#levels.pop();
    if (level?.kind === "block" && this.#levels.length === 1) this.#sink(level.draft);
    if (level?.kind !== "list") return;
    const parent = this.#level();
    if (parent.kind === "block") {
      const { row, lines: value, statement } = level;
      parent.draft.cells.push({ keyword: row.keyword, row, value, statement });
    }
  }

  #level(): Level {
    return this.#levels[this.#levels.length - 1] as Level;
  }

  /** Where a block of the file itself stands within another one: what was not closed before it. */
  #forgotten({ source, words }: Statement): readonly Related[] {
    if (this.root.block.row(words[0] ?? "")?.argument.kind !== "block") return [];
    let suspect = this.#suspects.get(source);
    if (suspect === undefined) {
      suspect = suspectIn(this.#reporter.sources.get(source)) ?? "none";
      this.#suspects.set(source, suspect);
    }
    if (suspect === "none") return [];
    const span = this.#reporter.spanOf({ source, start: suspect.head }, 0);
    return [{ note: "by the indentation this block lacks its }", span }];
  }

  #unexpectedBrace(statement: Statement, why: string, related: readonly Related[] = []): void {
    const { source, brace } = statement;
    const span = { source, start: brace, end: brace + 1 };
    this.#reporter.at(
      "unexpected-brace",
      span,
      `this { is ignored (${why}), so that its } ends the block around it; remove both or correct the keyword`,
      related,
    );
    this.#ignoredBrace ??= {
      note: "the } that belongs to this ignored { has closed a block too early",
      span,
    };
  }

  #suspect(): readonly Related[] {
    return this.#ignoredBrace === undefined ? [] : [this.#ignoredBrace];
  }

  /** keepalived complains about lists only; words behind the head of a block are silently dropped. */
  #blockExtras(
    statement: Statement,
    count: number,
    code: "extra-parameter" | "extra-block-parameter" = "extra-parameter",
  ): void {
    if (statement.words.length <= count) return;
    this.#reporter.word(
      code,
      statement,
      count,
      `"${statement.words[count]}" is ignored: only { may follow here; put it inside the braces or remove it`,
    );
  }

  #noteEffect(statement: Statement, row: KeywordRow, draft: Draft): void {
    if (row.effect === "works" || draft.isInert) return;
    const key = `${draft.block.name}/${row.keyword}`;
    const isChecker = draft.block.name === "real_server" && row.argument.kind === "block";
    const meaning = isChecker ? ": it is not run, and its real server counts as up" : "";
    this.#reporter.once("no-effect-yet", statement, key, `${row.keyword} has no effect yet${meaning}`);
  }
}

function statementOf(level: Level): Statement {
  return level.kind === "block" ? level.draft.statement : level.statement;
}

function strengthOf(row: KeywordRow, value: Value): number {
  return row.argument.kind === "word" && typeof value === "string" ? row.argument.words.indexOf(value) : 0;
}
