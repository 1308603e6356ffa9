/**
 * A web server that says its name, for the real servers of the lab: `node web-server.ts NAME PORT`.
 * A line on its standard input sets the status of every later answer; it ends when that input ends.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { ADDRESS, type Topology, WEB_PORT } from "./topology.ts";

const THIS_FILE = fileURLToPath(import.meta.url);

/** A running web server of the lab. */
export class WebServer {
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#process = child;
  }

  /** Starts the server of `web1` or `web2` and waits until it listens. */
  static async start(topology: Topology, machine: "web1" | "web2"): Promise<WebServer> {
    const argv = topology.inside(machine, [process.execPath, THIS_FILE, machine, String(WEB_PORT)]);
    const [file = "", ...args] = argv;
    const child = spawn(file, args, { stdio: ["pipe", "pipe", "inherit"] });
    await new Promise<void>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`web server of ${machine} ended with ${code}`)));
      child.stdout?.once("data", () => resolve());
    });
    child.removeAllListeners("exit");
    return new WebServer(child);
  }

  /** Answers with this HTTP status from now on; connections are still accepted. */
  answerWith(status: number): Promise<void> {
    return new Promise((resolve) => {
      this.#process.stdout?.once("data", () => resolve());
      this.#process.stdin?.write(`${status}\n`);
    });
  }

  /** Kills the server; its port is closed when this returns. */
  kill(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#process.exitCode !== null || this.#process.signalCode !== null) return resolve();
      this.#process.once("exit", () => resolve());
      this.#process.kill("SIGKILL");
    });
  }
}

/** The address checkers and balancers use for a web server. */
export function webAddress(machine: "web1" | "web2"): string {
  return `${ADDRESS[machine]}:${WEB_PORT}`;
}

function serve(name: string, port: number): void {
  let status = 200;
  const server = createServer((_request, response) => {
    response.writeHead(status, { "Content-Type": "text/plain", Connection: "close" });
    response.end(`${name}\n`);
  });
  server.listen(port, "0.0.0.0", () => process.stdout.write("listening\n"));
  process.stdin.on("data", (text) => {
    status = Number(String(text).trim());
    process.stdout.write(`answering ${status}\n`);
  });
  process.stdin.on("end", () => process.exit(0));
}

if (process.argv[1] === THIS_FILE) serve(process.argv[2] ?? "web", Number(process.argv[3]));
