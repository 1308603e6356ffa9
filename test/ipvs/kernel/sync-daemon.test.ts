/** The kernel's own synchronisation daemons, with Debian's ipvsadm as judge. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import type { IpAddress } from "../../../src/base/address.ts";
import { DaemonError } from "../../../src/base/errors.ts";
import type { SyncDaemon } from "../../../src/ipvs/sync-daemon.ts";
import { ipvsadm, openInNamespace } from "./namespace.ts";

const kernel = openInNamespace();
execFileSync("ip", ["link", "add", "eth0", "type", "veth", "peer", "name", "eth1"]);
for (const name of ["eth0", "eth1"]) execFileSync("ip", ["link", "set", name, "up"]);
execFileSync("ip", ["addr", "add", "10.9.0.1/24", "dev", "eth0"]);

const daemon = (role: SyncDaemon["role"]): SyncDaemon => ({
  role,
  interface: "eth0",
  id: 51,
  maxlen: 1400,
  group: "224.0.0.90" as IpAddress,
  port: 8850,
  ttl: 3,
});
const listed = (): readonly string[] => ipvsadm(["-L", "--daemon"]);

test("a daemon runs as it was started, changes its role, and stops", () => {
  kernel.changeSyncDaemon({ kind: "startDaemon", daemon: daemon("backup") });
  assert.deepEqual(kernel.syncDaemons(), [daemon("backup")]);
  assert.match(listed().join("\n"), /^backup sync daemon \(mcast=eth0, syncid=51/);
  kernel.changeSyncDaemon({ kind: "stopDaemon", role: "backup" });
  kernel.changeSyncDaemon({ kind: "startDaemon", daemon: daemon("master") });
  assert.match(listed().join("\n"), /^master sync daemon \(mcast=eth0, syncid=51/);
  kernel.changeSyncDaemon({ kind: "stopDaemon", role: "master" });
  assert.deepEqual(kernel.syncDaemons(), []);
  assert.deepEqual(listed(), []);
});

test("an interface that is not there, and a daemon that does not run, are refused by name", () => {
  const refused = (change: () => void, message: RegExp): void =>
    assert.throws(change, (e) => e instanceof DaemonError && message.test(e.message));
  refused(
    () =>
      kernel.changeSyncDaemon({ kind: "startDaemon", daemon: { ...daemon("master"), interface: "eth9" } }),
    /^IPVS_CMD_NEW_DAEMON: ENODEV/,
  );
  refused(
    () => kernel.changeSyncDaemon({ kind: "stopDaemon", role: "master" }),
    /^IPVS_CMD_DEL_DAEMON: ESRCH/,
  );
});
