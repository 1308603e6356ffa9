/**
 * The demo: the active/active example on five machines made of network namespaces, watched live while
 * a balancer stops and returns and a web server dies and heals. Everything it makes, it removes.
 *
 * `main.ts [--daemon ours|c]`; a kernel without IPVS makes it run itself inside a guest that has it.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { AddressWatch } from "../../test/lab/address-watch.ts";
import { Daemon, type Make } from "../../test/lab/daemon.ts";
import { runInGuest } from "../../test/lab/guest.ts";
import { ipvsTable, kernelHasIpvs } from "../../test/lab/ipvs.ts";
import { removeLeftovers } from "../../test/lab/leftovers.ts";
import { until } from "../../test/lab/shell.ts";
import {
  ADDRESS,
  type Balancer,
  INTERFACE,
  Topology,
  VIP1,
  VIP2,
  WEB_PORT,
} from "../../test/lab/topology.ts";
import { WebServer } from "../../test/lab/web-server.ts";
import { bold, dim, event, green, heading, quote, red, say } from "./screen.ts";

const THIS_FILE = fileURLToPath(import.meta.url);
const BALANCERS = ["lb1", "lb2"] as const;
/** Four clients, because the example's services are persistent: one client stays with one server. */
const CLIENTS = ["10.255.23.201", "10.255.23.202", "10.255.23.203", "10.255.23.204"] as const;
/** Longer than the story takes in the slowest guest. */
const GUEST_SECONDS = 600;

class Demo {
  readonly #make: Make;
  #topology: Topology | undefined;
  #watch: AddressWatch | undefined;

  constructor(make: Make) {
    this.#make = make;
  }

  async run(): Promise<void> {
    heading("Two balancers, two web servers and a client on a bridge");
    const topology = await Topology.build();
    this.#topology = topology;
    for (const [machine, address] of Object.entries(ADDRESS))
      say(`    ${bold(machine.padEnd(7))} ${address}`);
    for (const client of CLIENTS) {
      await topology.run("client", ["ip", "addr", "add", `${client}/24`, "dev", INTERFACE]);
    }
    const watch = await AddressWatch.start(topology, ({ machine, address, gained }) =>
      event(`${bold(machine)} ${gained ? green(`holds ${address}`) : red(`gives up ${address}`)}`),
    );
    this.#watch = watch;
    await this.#story(topology, watch);
  }

  async #story(topology: Topology, watch: AddressWatch): Promise<void> {
    const webs = {
      web1: await WebServer.start(topology, "web1"),
      web2: await WebServer.start(topology, "web2"),
    };
    const daemons: Record<Balancer, Daemon> = {
      lb1: new Daemon(topology, "lb1", this.#make),
      lb2: new Daemon(topology, "lb2", this.#make),
    };
    const atHome = async () => {
      await watch.heldBy(VIP1, "lb1");
      await watch.heldBy(VIP2, "lb2");
    };

    heading(`Starting ${this.#make === "c" ? "Debian's keepalived" : "keepalived"} on both balancers`);
    for (const balancer of BALANCERS) await daemons[balancer].start(exampleOf(balancer));
    await atHome();
    await this.#untilInTables(topology, 2);
    this.#showHolders(watch);
    await this.#showTables(topology);
    await this.#showTraffic(topology);

    heading("Stopping lb1");
    const stopped = performance.now();
    await daemons.lb1.stop();
    await watch.heldBy(VIP1, "lb2");
    await until("a page", () => topology.fetch(pageOf(VIP1), CLIENTS[0]));
    event(`a client has its page through ${VIP1} again`);
    const gap = watch.lastGap(VIP1) ?? 0;
    const unserved = (performance.now() - stopped) / 1000;
    say(`    ${bold("take-over:")} nobody held ${VIP1} for ${green(`${(gap / 1000).toFixed(2)} s`)};`);
    say(`    from the order to stop until the next page: ${unserved.toFixed(2)} s`);
    this.#showHolders(watch);
    await this.#showTraffic(topology);

    heading("Starting lb1 again");
    await daemons.lb1.start();
    await atHome();
    this.#showHolders(watch);

    heading("Killing web1");
    await webs.web1.kill();
    say(dim("    the example checks every 6 s and retries three times, 3 s apart: this takes a while"));
    await this.#untilInTables(topology, 1);
    event(`both balancers have ${red("dropped web1")}`);
    await this.#showTables(topology);
    await this.#showTraffic(topology);

    heading("Starting web1 again");
    webs.web1 = await WebServer.start(topology, "web1");
    await this.#untilInTables(topology, 2);
    event(`both balancers have ${green("taken web1 back")}`);
    await this.#showTables(topology);

    heading("Stopping both balancers");
    for (const balancer of BALANCERS) await daemons[balancer].stop();
    for (const balancer of BALANCERS) {
      const left = (await topology.addresses(balancer)).filter((address) => address !== ADDRESS[balancer]);
      const services = await ipvsTable(topology, balancer);
      say(`    ${bold(balancer)} has ${left.length} virtual addresses and ${services.length} services left`);
    }
  }

  /** Waits until every service on both balancers has this many real servers. */
  async #untilInTables(topology: Topology, servers: number): Promise<void> {
    for (const balancer of BALANCERS) {
      await until(`${servers} real servers on ${balancer}`, async () => {
        const services = await ipvsTable(topology, balancer);
        return (
          services.length === 2 && services.every((service) => service.split("\n").length === servers + 1)
        );
      });
    }
  }

  #showHolders(watch: AddressWatch): void {
    for (const vip of [VIP1, VIP2]) say(`    ${vip} is on ${bold(watch.holders(vip).join(" and "))}`);
  }

  async #showTables(topology: Topology): Promise<void> {
    for (const balancer of BALANCERS) {
      quote(`${balancer}: ipvsadm -Ln`, await topology.run(balancer, ["ipvsadm", "-Ln"]));
    }
  }

  async #showTraffic(topology: Topology): Promise<void> {
    for (const vip of [VIP1, VIP2]) {
      const answers: string[] = [];
      for (const client of CLIENTS)
        answers.push((await topology.fetch(pageOf(vip), client)) ?? red("nothing"));
      say(`    curl ${pageOf(vip)} ${dim("from four clients:")} ${bold(answers.join(" "))}`);
    }
  }

  /** Removes all of it; safe at any moment, and twice. */
  async cleanUp(): Promise<void> {
    this.#watch?.stop();
    await this.#topology?.remove();
  }
}

function pageOf(vip: string): string {
  return `http://${vip}:${WEB_PORT}/index.html`;
}

function exampleOf(balancer: Balancer): string {
  return readFileSync(new URL(`../../examples/active-active/${balancer}.conf`, import.meta.url), "utf8");
}

async function runHere(make: Make): Promise<number> {
  const demo = new Demo(make);
  let interrupted = false;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (interrupted) return;
      interrupted = true;
      say("\ncleaning up");
      void demo.cleanUp().then(() => process.exit(130));
    });
  }
  try {
    await demo.run();
  } catch (error) {
    // What an interrupted story stumbles over is not worth a word; the handler above ends the process.
    if (interrupted) await new Promise(() => {});
    throw error;
  } finally {
    await demo.cleanUp();
  }
  say(green("\nDone, and everything removed."));
  return 0;
}

async function runInsideGuest(args: readonly string[]): Promise<number> {
  say("This kernel has no ip_vs: running inside User Mode Linux, which has it (and is slower).");
  const abort = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => abort.abort());
  const argv = [process.execPath, THIS_FILE, ...args];
  const command = { argv, environment: {}, systemd: false, seconds: GUEST_SECONDS };
  const status = await runInGuest(command, say, abort.signal);
  return abort.signal.aborted ? 130 : status;
}

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { daemon: { type: "string", default: "ours" } } });
  const make = values.daemon;
  if (make !== "c" && make !== "ours") {
    say(`--daemon ${make}: there is "ours" and "c" (Debian's keepalived)`);
    return 1;
  }
  await removeLeftovers();
  return (await kernelHasIpvs()) ? runHere(make) : runInsideGuest(args);
}

process.exitCode = await main(process.argv.slice(2));
