/**
 * A child whose role is to write down what happens to it: the daemon under test runs it in place of the
 * real children. The journal lies beside the child's pid file. What it reads as orders stands in the
 * `quorum_up` of the first virtual server: `bug` throws, `fatal` exits with 2, `slow` takes half a second
 * to configure, `lazy` a second and a half to stop, a path is run as a script, twice in the same queue.
 */
import fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { startChild } from "../../src/daemon/child.ts";

const boot = JSON.parse(process.env["KEEPALIVED_BOOT"] ?? "{}") as {
  pidFile: string;
  options: { ident: "Keepalived_vrrp" | "Keepalived_bfd" };
};
const say = (text: string): void => fs.appendFileSync(`${boot.pidFile}.journal`, `${text}\n`);

const role = ({ Keepalived_vrrp: "vrrp", Keepalived_bfd: "bfd" } as const)[boot.options.ident] ?? "checker";
startChild(role, (context) => {
  say("boot");
  let order: string | undefined;
  return {
    async configure(model, generation) {
      const services = model.virtualServers.map((s) => `${s.realServers.map((r) => r.weight)}`);
      say(`configure ${generation}: ${services.join(" ")}`);
      const script = model.virtualServers[0]?.quorumUp;
      order = script?.argv.at(-1);
      if (order === "slow") await sleep(500);
      if (order === "bug") {
        setImmediate(() => {
          throw new Error("a bug of ours");
        });
      } else if (order === "fatal") process.exit(2);
      else if (script !== undefined && order !== "slow" && order !== "lazy") {
        for (const state of ["UP", "AGAIN"]) {
          const done = context.scripts.run(script, [state], { queue: "q" });
          void done.then((result) => say(`script ${state} ${JSON.stringify(result)}`));
        }
      }
      return "";
    },
    async stop() {
      if (order === "lazy") await sleep(1500);
      say("stop");
    },
  };
});
