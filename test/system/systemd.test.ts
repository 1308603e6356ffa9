/**
 * The service under a real systemd as PID 1: Debian's package as it comes, then ours as its installer
 * puts it over that. Runs in a guest whose file system and network are thrown away afterwards.
 */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import type { Make } from "../lab/daemon.ts";
import { attempt, run, stays, until } from "../lab/shell.ts";

const CONFIGURATION = "/etc/keepalived/keepalived.conf";
const OWN = "10.255.23.42";

function configuration(addresses: readonly string[]): string {
  return `vrrp_instance VI_1 {
    interface bond0
    virtual_router_id 51
    priority 150
    virtual_ipaddress {
        ${addresses.join("\n        ")}
    }
}
virtual_server 10.255.23.73 8765 {
    lb_algo rr
    lb_kind DR
    protocol TCP
    real_server 10.255.23.4 8765 {
        weight 1
    }
}
`;
}

async function addresses(): Promise<string> {
  const out = await run(["ip", "-4", "-o", "addr", "show", "dev", "bond0"]);
  return Array.from(out.matchAll(/ inet ([\d.]+)/g), (found) => found[1]).join();
}

async function table(): Promise<string> {
  return (await run(["ipvsadm", "-Sn"])).trimEnd();
}

async function property(name: string): Promise<string> {
  return (await run(["systemctl", "show", "-P", name, "keepalived"])).trim();
}

async function holds(expected: string): Promise<void> {
  let seen = "";
  await until(`the addresses ${expected}`, async () => {
    seen = await addresses();
    return seen === expected;
  }).catch(() => assert.equal(seen, expected));
}

const TABLE = "-A -t 10.255.23.73:8765 -s rr\n-a -t 10.255.23.73:8765 -r 10.255.23.4:8765 -g -w 1";

before(async () => {
  await run(["ip", "link", "add", "bond0", "type", "veth", "peer", "name", "peer"]);
  for (const link of ["bond0", "peer"]) await run(["ip", "link", "set", link, "up"]);
  await run(["ip", "addr", "add", `${OWN}/24`, "dev", "bond0"]);
  mkdirSync("/etc/keepalived", { recursive: true });
});

for (const make of ["c", "ours"] as const satisfies readonly Make[]) {
  describe(`the service of ${make}`, () => {
    before(async () => {
      writeFileSync(CONFIGURATION, configuration(["10.255.23.73"]));
      if (make === "ours") await run(["sh", "src/build/install.sh", "install"]);
      await run(["systemctl", "daemon-reload"]);
    });
    after(async () => {
      const { stdout } = await attempt([
        "journalctl",
        "-u",
        "keepalived",
        "-n",
        "40",
        "--no-pager",
        "-o",
        "cat",
      ]);
      if ((await property("ActiveState")) === "failed") process.stdout.write(stdout);
      await attempt(["systemctl", "stop", "keepalived"]);
      await attempt(["systemctl", "reset-failed", "keepalived"]);
    });

    test("is of type notify, and start returns when it is ready", async () => {
      assert.equal(await property("Type"), "notify");
      await run(["systemctl", "start", "keepalived"]);
      assert.equal(await property("ActiveState"), "active");
      if (make === "ours") assert.equal(await table(), TABLE);
      await until("the service's table", async () => (await table()) === TABLE);
      await holds(`${OWN},10.255.23.73`);
    });

    test("applies a changed address by reload in the same process", async () => {
      const main = await property("MainPID");
      writeFileSync(CONFIGURATION, configuration(["10.255.23.73", "10.255.23.75"]));
      await run(["systemctl", "reload", "keepalived"]);
      await holds(`${OWN},10.255.23.73,10.255.23.75`);
      assert.equal(await property("MainPID"), main);
      assert.equal(await property("ActiveState"), "active");
    });

    if (make === "ours") {
      test("keeps service, addresses and table when a reload's file is broken", async () => {
        const main = await property("MainPID");
        const broken = configuration(["10.255.23.99"]).replace("virtual_router_id 51", "virtual_router_id");
        writeFileSync(CONFIGURATION, broken);
        await attempt(["systemctl", "reload", "keepalived"]);
        const asBefore = async () => (await addresses()) === `${OWN},10.255.23.73,10.255.23.75`;
        await stays("the addresses", asBefore, 3);
        assert.equal(await table(), TABLE);
        assert.equal(await property("ActiveState"), "active");
        assert.equal(await property("MainPID"), main);
        writeFileSync(CONFIGURATION, configuration(["10.255.23.73"]));
        await run(["systemctl", "reload", "keepalived"]);
        await holds(`${OWN},10.255.23.73`);
        assert.equal(await property("MainPID"), main);
      });

      test("was installed without touching the configuration that was there", () => {
        assert.equal(readFileSync(CONFIGURATION, "utf8"), configuration(["10.255.23.73"]));
      });
    }

    test("leaves no address behind, or starts clean again, when its main process is killed", async () => {
      const killed = await property("MainPID");
      await run(["kill", "-9", killed]);
      await until("a clean end or a clean start", async () => {
        const [state, main, held] = [
          await property("ActiveState"),
          await property("MainPID"),
          await addresses(),
        ];
        const ended = (state === "failed" || state === "inactive") && held === OWN && (await table()) === "";
        return ended || (state === "active" && main !== killed && held.startsWith(`${OWN},10.255.23.73`));
      });
    });

    test("leaves nothing when it is stopped", async () => {
      await attempt(["systemctl", "reset-failed", "keepalived"]);
      await run(["systemctl", "restart", "keepalived"]);
      await until("the address", async () => (await addresses()).includes("10.255.23.73"));
      await run(["systemctl", "stop", "keepalived"]);
      assert.equal(await addresses(), OWN);
      assert.equal(await table(), "");
      assert.equal(await property("ActiveState"), "inactive");
      assert.equal(await property("Result"), "success");
      assert.equal((await attempt(["pgrep", "-x", "keepalived|keepalived_.*"])).stdout, "");
    });
  });
}
