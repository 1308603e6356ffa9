/**
 * Many instances between two routers: who owns which address when, what it costs, how even the adverts
 * are, and how long a take-over takes after the better router was killed. The same on Debian's keepalived
 * and on ours; both routers of a run are of one make.
 */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { removeNamespace } from "../lab/leftovers.ts";
import {
  cpuMicros,
  descendants,
  type RunningDaemon,
  residentKib,
  start,
  until,
  type Which,
} from "./daemons.ts";
import { instancesConfig } from "./generate.ts";
import { advertGaps } from "./pcap.ts";
import { quantile, type Row } from "./statistics.ts";

const INTERFACES = ["eth0", "eth1"] as const;
const PRIORITY = { better: 150, worse: 100 } as const;
/** A start that never calms down is cut off here. */
const SETTLE_LIMIT_MS = 30_000;
/** Nothing changes hands for this long: it is over. */
const CALM_MS = 5_000;

type Side = keyof typeof PRIORITY;
const SIDES = ["better", "worse"] as const;

/** What one run of a pair gave. */
export interface PairMeasured {
  /** from the start of the commands until every address had one owner and kept it, ms */
  readonly settled: number;
  /** transitions to MASTER of both routers until then */
  readonly transitions: number;
  /** CPU of the VRRP process, percent of a processor */
  readonly cpu: Readonly<Record<Side, number>>;
  /** deviation of the gaps between adverts from the interval, us, 99th percentile */
  readonly jitter: number;
  /** from the kill until the last address had its new owner, ms */
  readonly takeover: number;
  /** from the restart of the better router until it owned every address for good, ms */
  readonly back: number;
  readonly backTransitions: number;
  /** of the better router's VRRP process, KiB */
  readonly resident: number;
}

/** Owners of the addresses over time, from the kernel's own notifications. */
class OwnerWatch {
  /** when something last changed, wall clock ms */
  lastChange = 0;
  readonly gains: Record<Side, number> = { better: 0, worse: 0 };
  readonly #held: Record<Side, Set<string>> = { better: new Set(), worse: new Set() };
  readonly #monitors = SIDES.map((side) => {
    const monitor = spawn("ip", ["-n", namespaceOf(side), "-4", "-o", "-ts", "monitor", "address"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    createInterface({ input: monitor.stdout }).on("line", (line) => this.#note(side, line));
    return monitor;
  });

  #note(side: Side, line: string): void {
    const found = /^\[(\S+)\] ?(Deleted )?.* inet (10\.77\.[\d.]+)/.exec(line);
    if (found === null) return;
    const [, stamp = "", deleted, address = ""] = found;
    this.lastChange = Date.parse(stamp);
    if (deleted !== undefined) this.#held[side].delete(address);
    else {
      this.#held[side].add(address);
      this.gains[side]++;
    }
  }

  holds(side: Side): number {
    return this.#held[side].size;
  }

  stop(): void {
    for (const monitor of this.#monitors) monitor.kill("SIGKILL");
  }
}

function namespaceOf(side: Side): string {
  return `kbench-${side}`;
}

function ip(...args: readonly string[]): void {
  execFileSync("ip", args);
}

function build(): void {
  for (const side of SIDES) {
    ip("netns", "add", namespaceOf(side));
    ip("-n", namespaceOf(side), "link", "set", "lo", "up");
  }
  INTERFACES.forEach((name, i) => {
    const [a, b] = [namespaceOf("better"), namespaceOf("worse")];
    ip("link", "add", name, "netns", a, "type", "veth", "peer", "name", name, "netns", b);
    SIDES.forEach((side, s) => {
      const ns = namespaceOf(side);
      execFileSync("ip", ["netns", "exec", ns, "sysctl", "-qw", `net.ipv6.conf.${name}.disable_ipv6=1`]);
      ip("-n", ns, "addr", "add", `10.76.${i}.${2 - s}/24`, "dev", name);
      ip("-n", ns, "link", "set", name, "up");
    });
  });
}

/** The process that speaks VRRP. */
function vrrpPid(which: Which, side: Side, directory: string): number {
  return Number(readFileSync(join(directory, side, `${which}-vrrp.pid`), "utf8"));
}

export async function measurePair(
  which: Which,
  instances: number,
  intervalMillis: number,
): Promise<PairMeasured> {
  const directory = mkdtempSync(join(tmpdir(), "kbench-"));
  const daemons: RunningDaemon[] = [];
  let watch: OwnerWatch | undefined;
  for (const side of SIDES) await removeNamespace(namespaceOf(side));
  build();
  try {
    watch = new OwnerWatch();
    await sleep(200);
    const seen = watch;
    const launch = (side: Side): RunningDaemon => {
      const config = join(directory, side, "keepalived.conf");
      const o = { instances, interfaces: INTERFACES, interval: intervalMillis / 1000 };
      writeFileSync(config, instancesConfig({ ...o, priority: PRIORITY[side] }));
      const daemon = start({
        which,
        config,
        directory: join(directory, side),
        extraArgs: ["-P"],
        prefix: ["ip", "netns", "exec", namespaceOf(side)],
      });
      daemons.push(daemon);
      return daemon;
    };
    /** Until the better router has everything for good. @returns ms since `from`; Infinity if it never calms down */
    const settle = async (from: number): Promise<number> => {
      const quiet = (): boolean =>
        seen.holds("better") === instances &&
        seen.holds("worse") === 0 &&
        Date.now() - Math.max(from, seen.lastChange) > CALM_MS;
      return until(quiet, SETTLE_LIMIT_MS, 50).then(
        () => seen.lastChange - from,
        () => Number.POSITIVE_INFINITY,
      );
    };
    const gains = (): number => seen.gains.better + seen.gains.worse;
    for (const side of SIDES) mkdirSync(join(directory, side));
    const began = Date.now();
    const better = launch("better");
    launch("worse");
    const settled = await settle(began);
    const transitions = gains();

    const pids = { better: vrrpPid(which, "better", directory), worse: vrrpPid(which, "worse", directory) };
    const used = (): Record<Side, number> => ({
      better: cpuMicros(pids.better),
      worse: cpuMicros(pids.worse),
    });
    const before = used();
    const from = performance.now();
    await sleep(5_000);
    const after = used();
    const span = (performance.now() - from) * 10;
    const resident = residentKib(pids.better);

    const capture = join(directory, "adverts.pcap");
    const filter = ["-i", "eth0", "-s", "40", "-B", "16384", "-w", capture, "ip proto 112"];
    const dump = spawn("ip", ["netns", "exec", namespaceOf("worse"), "tcpdump", ...filter], {
      stdio: "ignore",
    });
    await sleep(4_000);
    const closed = new Promise((resolve) => dump.once("close", resolve));
    dump.kill("SIGINT");
    await closed;
    const gaps = advertGaps(readFileSync(capture), `10.76.0.2`);

    const deviations = gaps.map((gap) => Math.abs(gap - intervalMillis * 1_000));

    const parent = better.process.pid ?? 0;
    const killed = [parent, ...descendants(parent)];
    process.kill(parent, "SIGSTOP");
    const at = Date.now();
    for (const pid of killed) process.kill(pid, "SIGKILL");
    await until(() => seen.holds("worse") === instances, SETTLE_LIMIT_MS, 50);
    const takeover = seen.lastChange - at;

    // Debian's keepalived believes a stale pid file as long as its process is not reaped.
    await until(() => !killed.some((pid) => existsSync(`/proc/${pid}`)), SETTLE_LIMIT_MS, 50);
    const again = Date.now();
    const gainsBefore = gains();
    launch("better");
    const back = await settle(again);
    const backTransitions = gains() - gainsBefore;
    return {
      settled,
      transitions,
      cpu: { better: (after.better - before.better) / span, worse: (after.worse - before.worse) / span },
      // a master that is not one has no evenness
      jitter: gaps.length < instances ? Number.POSITIVE_INFINITY : quantile(deviations, 0.99),
      takeover,
      back,
      backTransitions,
      resident,
    };
  } finally {
    for (const daemon of daemons) await daemon.stop();
    watch?.stop();
    for (const side of SIDES) await removeNamespace(namespaceOf(side));
    rmSync(directory, { recursive: true });
  }
}

/** @param intervalMillis a multiple of 10 */
export async function vrrp(instances: number, intervalMillis: number): Promise<readonly Row[]> {
  const c = await measurePair("c", instances, intervalMillis);
  const ours = await measurePair("ours", instances, intervalMillis);
  const what = `${instances} x ${intervalMillis} ms`;
  const row = (name: string, unit: string, pick: (m: PairMeasured) => number, target: number): Row => ({
    name: `${what}: ${name}`,
    unit,
    c: pick(c),
    ours: pick(ours),
    target,
  });
  return [
    row("CPU of the master", "% of a CPU", (m) => m.cpu.better, 2),
    row("CPU of the backup", "% of a CPU", (m) => m.cpu.worse, 2),
    row("advert jitter p99", "us", (m) => m.jitter, 3),
    row("one owner each for good", "ms from start", (m) => m.settled, 1),
    row("take-overs until then", "", (m) => m.transitions, 2),
    row("all taken over after kill -9", "ms", (m) => m.takeover, 1),
    row("one owner each after a restart", "ms", (m) => m.back, 1),
    row("take-overs until then", "after restart", (m) => m.backTransitions, 1),
    row("resident memory", "KiB", (m) => m.resident, 25),
  ];
}
