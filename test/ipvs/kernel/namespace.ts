/** A network namespace of this test's own, with its own IPVS table, and Debian's ipvsadm beside us in it. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after } from "node:test";
import type { IpvsTable } from "../../../src/ipvs/model.ts";
import { IpvsKernel } from "../../../src/ipvs/runtime.ts";
import { loadNative } from "../../../src/net/native.ts";

/**
 * Moves this process into a new namespace and opens its IPVS; both go when the tests of the file are over.
 * Needs root and a kernel with ip_vs.
 */
export function openInNamespace(): IpvsKernel {
  const name = `kts-ipvs-${process.pid}`;
  execFileSync("ip", ["netns", "add", name]);
  // a namespace that never had an interface up takes no address for unicast, and IPVS no IPv4 server
  execFileSync("ip", ["-n", name, "link", "set", "lo", "up"]);
  loadNative().enterNamespace(`/run/netns/${name}`);
  const kernel = IpvsKernel.open(loadNative());
  after(() => {
    kernel.close();
    execFileSync("ip", ["netns", "delete", name]);
  });
  return kernel;
}

/** `ipvsadm ARGUMENTS`, with `input` on its standard input. @returns the lines it printed, sorted */
export function ipvsadm(args: readonly string[], input = ""): readonly string[] {
  const text = execFileSync("ipvsadm", args, { input, encoding: "utf8" });
  return text
    .split("\n")
    .filter((line) => line !== "")
    .sort();
}

/** Two tables without the order of services and destinations, which is the kernel's hash order. */
export function assertSameTable(actual: IpvsTable, expected: IpvsTable): void {
  const plain = (t: IpvsTable): unknown =>
    Object.fromEntries(
      [...t].map(([key, e]) => [key, { ...e.service, servers: Object.fromEntries(e.destinations) }]),
    );
  assert.deepEqual(plain(actual), plain(expected));
}
