/** When addresses begin and cease to refuse traffic, without a kernel. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { IpAddress } from "../../src/base/address.ts";
import { DaemonError } from "../../src/base/errors.ts";
import type { FirewallContent } from "../../src/net/kernel-objects.ts";
import { Firewall } from "../../src/vrrp/firewall.ts";

/** What the kernel was told: addresses that refuse, then VMACs that divert. */
function record(): {
  readonly firewall: Firewall<string>;
  readonly told: string[];
  fail: DaemonError | undefined;
} {
  const told: string[] = [];
  const state = { fail: undefined as DaemonError | undefined, told };
  const firewall = new Firewall<string>(
    () => {
      told.push("open");
      return {
        clear: () => {
          told.push("clear");
          return undefined;
        },
        apply: ({ refused, diverted }: FirewallContent) => {
          told.push([...new Set(refused.map((r) => r.address)), ...diverted.map((d) => d.ifindex)].join(" "));
          return state.fail;
        },
        close: () => told.push("close"),
      };
    },
    (error) => told.push(error.code),
  );
  return Object.assign(state, { firewall });
}

const refused = (...addresses: readonly string[]): FirewallContent["refused"] =>
  addresses.map((a) => ({ address: a as IpAddress, ifindex: 2, ifname: "eth0" }));

describe("the firewall", () => {
  test("is not opened while nothing is refused", () => {
    const { firewall, told } = record();
    assert.equal(firewall.refuse("VI_1", []), false);
    firewall.before();
    firewall.after();
    firewall.close(true);
    assert.deepEqual(told, []);
  });

  test("removes a table that nobody needs any more, and lets go of the kernel", () => {
    const { firewall, told } = record();
    firewall.clear([]);
    assert.deepEqual(told.splice(0), ["open", "clear", "close"]);
    firewall.clear(refused("1.1.1.1"));
    firewall.clear([]);
    assert.deepEqual(told, ["open", "clear", "clear"]);
  });

  test("refuses before addresses are set and until they are removed", () => {
    const { firewall, told } = record();
    assert.equal(firewall.refuse("VI_1", refused("1.1.1.1")), true);
    firewall.before();
    firewall.after();
    assert.deepEqual(told, ["open", "1.1.1.1"]);
    firewall.refuse("VI_1", refused("1.1.1.2"));
    firewall.refuse("VI_2", refused("1.1.1.3"));
    firewall.before();
    assert.deepEqual(told.splice(0), ["open", "1.1.1.1", "1.1.1.1 1.1.1.2 1.1.1.3"]);
    firewall.after();
    assert.deepEqual(told.splice(0), ["1.1.1.2 1.1.1.3"]);
    firewall.refuse("VI_1", []);
    firewall.before();
    firewall.after();
    assert.deepEqual(told.splice(0), ["1.1.1.2 1.1.1.3", "1.1.1.3"]);
    firewall.close(true);
    assert.deepEqual(told, ["clear", "close"]);
  });

  test("that the kernel refused is tried again with the next change", () => {
    const state = record();
    state.fail = new DaemonError("NFT_MSG_NEWRULE", 2, "ENOENT");
    state.firewall.refuse("VI_1", refused("1.1.1.1"));
    state.firewall.before();
    state.fail = undefined;
    state.firewall.after();
    assert.deepEqual(state.told, ["open", "1.1.1.1", "ENOENT", "1.1.1.1"]);
  });

  test("stays with -V", () => {
    const { firewall, told } = record();
    firewall.refuse("VI_1", refused("1.1.1.1"));
    firewall.before();
    firewall.close(false);
    assert.deepEqual(told, ["open", "1.1.1.1", "close"]);
  });
});
