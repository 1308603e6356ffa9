/**
 * One scenario, played by one make beside the same partner: everything that it sends, puts into the
 * kernel and tells, phase by phase, as lines that another make's run can be compared with.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Daemon, type Make } from "../lab/daemon.ts";
import { describeFrame } from "../lab/frame-text.ts";
import { OwnerWatch } from "../lab/owner-watch.ts";
import { until } from "../lab/shell.ts";
import { Tap } from "../lab/tap.ts";
import { Wire } from "../lab/wire.ts";

/** One configuration to be played. */
export interface Scenario {
  readonly name: string;
  /** the file without global_defs; `better` is the partner's, who comes and goes */
  readonly configuration: (o: { readonly better: boolean; readonly vips: readonly string[] }) => string;
  /** without prefix length; the last one goes and another comes in the phase of the reload */
  readonly vips: readonly string[];
  readonly other: string;
  /** `ADDRESS/LENGTH dev NAME` to be deleted by somebody else */
  readonly deleted: string;
}

/** For the second burst of announcements, and for scripts. */
const AFTERMATH_MS = 2_500;
/** Kernel parameters of all interfaces, /proc/sys/net/FAMILY/conf. */
const SYSCTLS =
  /\/(arp_ignore|arp_filter|arp_announce|accept_local|rp_filter|promote_secondaries|disable_ipv6|accept_ra|autoconf|addr_gen_mode|forwarding|accept_dad)$/;

/** @returns lines of all phases in order */
export async function play(scenario: Scenario, make: Make): Promise<readonly string[]> {
  const wire = await Wire.build();
  const run = new Run(scenario, make, wire);
  try {
    return await run.all();
  } catch (error) {
    throw new Error(
      `${scenario.name}, ${make}: ${error instanceof Error ? error.message : error}\n${run.log()}`,
      {
        cause: error,
      },
    );
  } finally {
    await run.close();
    await wire.remove();
  }
}

class Run {
  readonly #scenario: Scenario;
  readonly #wire: Wire;
  readonly #daemon: Daemon;
  readonly #partner: Daemon;
  readonly #lines: string[] = [];
  #vips: readonly string[];
  #tap: Tap | undefined;
  #watch: OwnerWatch | undefined;
  #reader: ChildProcess | undefined;
  #kernel: readonly string[] = [];
  #told = "";
  #macs: ReadonlyMap<string, string> = new Map();
  /** by virtual router: the last advert of the phase before, which may be repeated at the start of the next */
  readonly #last = new Map<string, string>();

  constructor(scenario: Scenario, make: Make, wire: Wire) {
    this.#scenario = scenario;
    this.#wire = wire;
    this.#vips = scenario.vips;
    this.#daemon = new Daemon(wire, "r1", make, ["-P"]);
    this.#partner = new Daemon(wire, "r2", "c", ["-P"]);
  }

  log(): string {
    return this.#daemon.log();
  }

  async all(): Promise<readonly string[]> {
    await this.#prepare();
    await this.#phase("start", async () => {
      await this.#daemon.start(this.#text(false));
      await this.#owns("r1");
    });
    await this.#phase("a better router comes", async () => {
      await this.#partner.start(this.#scenario.configuration({ better: true, vips: this.#vips }));
      await this.#owns("r2");
    });
    await this.#phase("the better router goes", async () => {
      await this.#partner.stop();
      await this.#owns("r1");
    });
    await this.#phase("reload: one address goes, one comes", async () => {
      this.#vips = [...this.#vips.slice(0, -1), this.#scenario.other];
      this.#daemon.reload(this.#text(false));
      await this.#owns("r1");
    });
    await this.#phase("somebody deletes an address", async () => {
      const from = this.#daemon.log().length;
      await this.#wire.ip("r1", `addr del ${this.#scenario.deleted}`);
      await this.#daemon.says(/Entering BACKUP STATE/, from);
      await this.#owns("r1");
    });
    await this.#phase("stop", async () => {
      await this.#daemon.stop();
    });
    return this.#lines;
  }

  async close(): Promise<void> {
    for (const daemon of [this.#daemon, this.#partner]) await daemon.stop("SIGKILL");
    this.#tap?.stop();
    this.#watch?.stop();
    this.#reader?.kill("SIGKILL");
  }

  get #notes(): string {
    return join(this.#wire.directory, "notes");
  }

  get #fifo(): string {
    return join(this.#wire.directory, "fifo");
  }

  #text(better: boolean): string {
    const script = join(this.#wire.directory, "note");
    const words = ["master", "backup", "fault", "stop"].map((w) => `notify_${w} "${script} ${w}"`);
    const notify = [...words, `notify "${script} any"`, `notify_master_rx_lower_pri "${script} lower"`].join(
      "\n    ",
    );
    const head = `global_defs {\n    script_user root\n    notify_fifo ${this.#fifo}\n}\n`;
    const body = this.#scenario.configuration({ better, vips: this.#vips });
    return head + body.replaceAll("NOTIFY", notify);
  }

  async #prepare(): Promise<void> {
    const script = join(this.#wire.directory, "note");
    writeFileSync(script, `#!/bin/sh\necho "$*" >> ${this.#notes}\n`);
    chmodSync(script, 0o755);
    writeFileSync(this.#notes, "");
    execFileSync("mkfifo", [this.#fifo]);
    this.#reader = spawn("sh", ["-c", `exec cat <>${this.#fifo}`], { stdio: ["ignore", "pipe", "inherit"] });
    this.#reader.stdout?.on("data", (data: Buffer) => {
      this.#told += data.toString();
    });
    const macs = new Map([
      ["ffffffffffff", "broadcast"],
      ["333300000001", "all-nodes"],
    ]);
    for (const router of ["r1", "r2"] as const) {
      const found = /link\/ether (\S+)/.exec(await this.#wire.ip(router, "link show eth0"))?.[1] ?? "";
      macs.set(found.replaceAll(":", ""), router);
    }
    this.#macs = macs;
    this.#tap = await Tap.start(this.#wire.inside("r2", []), "eth0");
    this.#watch = await OwnerWatch.start(this.#wire);
    this.#kernel = await this.#kernelLines();
  }

  async #owns(router: "r1" | "r2"): Promise<void> {
    await until(`the addresses on ${router}`, () => this.#watch?.isOwner(router, this.#vips) === true);
  }

  /** Does something, lets it take effect, and writes down what followed. */
  async #phase(name: string, action: () => Promise<void>): Promise<void> {
    this.#tap?.clear();
    await action();
    await sleep(AFTERMATH_MS);
    this.#lines.push(`## ${name}`, ...this.#framesOfPhase());
    const now = await this.#kernelLines();
    const before = new Set(this.#kernel);
    this.#lines.push(...now.filter((line) => !before.has(line)).map((line) => `kernel has now: ${line}`));
    const after = new Set(now);
    this.#lines.push(
      ...this.#kernel.filter((l) => !after.has(l)).map((line) => `kernel had before: ${line}`),
    );
    this.#kernel = now;
    // Scripts of one moment run side by side, so that their order means nothing; the FIFO's does.
    const notes = readFileSync(this.#notes, "utf8").split("\n").filter(Boolean).sort();
    this.#lines.push(...notes.map((line) => `script: ${line}`));
    writeFileSync(this.#notes, "");
    this.#lines.push(
      ...this.#told
        .split("\n")
        .filter(Boolean)
        .map((line) => `FIFO: ${line}`),
    );
    this.#told = "";
  }

  /** Adverts as they change, announcements with their number. */
  #framesOfPhase(): readonly string[] {
    const lines: string[] = [];
    const counts = new Map<string, number>();
    const nameOf = (mac: string): string => this.#macs.get(mac) ?? mac.replace(/..(?=.)/g, "$&:");
    for (const { bytes } of this.#tap?.frames ?? []) {
      if (nameOf(bytes.toString("hex", 6, 12)) === "r2") continue;
      const text = describeFrame(bytes, nameOf);
      if (text === undefined) continue;
      if (!text.startsWith("advert ")) counts.set(text, (counts.get(text) ?? 0) + 1);
      else {
        const id = / id \d+/.exec(text)?.[0] ?? "";
        if (this.#last.get(id) === text) continue;
        this.#last.set(id, text);
        lines.push(text);
      }
    }
    // Who asks whom for an address and who answers is the kernels' business; announcements are requests that
    // have the same address twice.
    const announced = [...counts].filter(
      ([t]) => !t.startsWith("arp ") || /^arp request .* (\d+\.\d+\.\d+\.\d+), target \S+ \1$/.test(t),
    );
    return [...lines, ...announced.map(([text, n]) => `${n} x ${text}`).sort()];
  }

  async #kernelLines(): Promise<readonly string[]> {
    const find = ["sh", "-c", "grep -r . /proc/sys/net/ipv4/conf /proc/sys/net/ipv6/conf 2>/dev/null; true"];
    const sysctls = (await this.#wire.run("r1", find))
      .split("\n")
      .map((line) => line.replace("/proc/sys/net/", ""))
      .filter((line) => SYSCTLS.test(line.split(":")[0] ?? ""))
      .map((line) => `sysctl ${line.replace(":", " = ")}`);
    return [...(await this.#wire.snapshot("r1")), ...sysctls.sort()];
  }
}
