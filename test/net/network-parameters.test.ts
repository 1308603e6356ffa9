import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { kernelError } from "../../src/net/errno.ts";
import { LinkSocket } from "../../src/net/link-socket.ts";
import { loadNative } from "../../src/net/native.ts";
import { NetworkParameters, parameterRequest } from "../../src/net/network-parameters.ts";
import { SysctlFiles } from "../../src/net/sysctl-files.ts";
import { enterNewNamespace, ip } from "./world.ts";

const native = loadNative();
enterNewNamespace(native, "params");
ip("link add ve.0 type veth peer name ve1");

/** As in a container: what is below /proc/sys can be read only. */
class ReadOnly extends SysctlFiles {
  override write(name: string): void {
    throw kernelError("open", 30, name);
  }
}

test("where /proc/sys is read-only, rtnetlink sets what it can and the file's refusal stands for the rest", () => {
  const socket = new LinkSocket(native);
  const parameters = new NetworkParameters(new ReadOnly(), {
    indexOf: (name) => native.ifNameToIndex(name),
    request: (request) => socket.request(request),
  });
  const files = new SysctlFiles();
  for (const parameter of ["rp_filter", "arp_filter", "arp_ignore", "promote_secondaries", "accept_local"]) {
    const name = `net/ipv4/conf/ve.0/${parameter}`;
    files.write(name, "0");
    parameters.write(name, "1");
    assert.equal(parameters.read(name), "1", parameter);
  }
  const mode = "net/ipv6/conf/ve.0/addr_gen_mode";
  parameters.write(mode, "1");
  assert.equal(parameters.read(mode), "1");
  for (const name of [
    "net/ipv4/conf/all/rp_filter",
    "net/ipv4/conf/none/rp_filter",
    "net/ipv6/conf/ve.0/disable_ipv6",
    "net/ipv4/igmp_link_local_mcast_reports",
  ])
    assert.throws(() => parameters.write(name, "0"), { code: "EROFS" });
  socket.close();
});

test("a parameter that can be written is written; one that does not exist is told of", () => {
  const parameters = new NetworkParameters(new SysctlFiles(), {
    indexOf: () => 0,
    request: () => assert.fail("not needed"),
  });
  parameters.write("net/ipv4/conf/ve.0/rp_filter", "2");
  assert.equal(execFileSync("cat", ["/proc/sys/net/ipv4/conf/ve.0/rp_filter"]).toString(), "2\n");
  assert.throws(() => parameters.write("net/ipv4/conf/none/rp_filter", "2"), { code: "ENOENT" });
  assert.equal(parameters.read("net/ipv4/conf/none/rp_filter"), undefined);
});

test("a request names the family, the parameter and the value", () => {
  assert.equal(
    Buffer.from(parameterRequest(7, "net/ipv4/conf/x/arp_ignore", "arp_ignore", 1)?.body ?? []).toString(
      "hex",
    ),
    "00000000070000000000000000000000" + "14001a80" + "10000280" + "0c000180" + "0800130001000000",
  );
  assert.equal(parameterRequest(7, "net/ipv4/conf/x/forwarding", "forwarding", 1), undefined);
});
