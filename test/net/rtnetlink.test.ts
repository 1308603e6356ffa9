import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { IpAddress } from "../../src/base/address.ts";
import { attributes, readAttributes } from "../../src/base/attributes.ts";
import { IFA_PROTO, NETLINK_ROUTE, RTM_GETADDR } from "../../src/net/constants.ts";
import type { KernelAddress } from "../../src/net/kernel-objects.ts";
import { loadNative } from "../../src/net/native.ts";
import { NetlinkSocket } from "../../src/net/netlink.ts";
import { addressRequest, decodeAddress, decodeLink, RouteSocket } from "../../src/net/rtnetlink.ts";
import { addressOperations, enterNewNamespace, ip, until } from "./world.ts";

const native = loadNative();
enterNewNamespace(native, "rtnetlink");
ip("link add br0 type bridge");
ip("link set br0 address 02:00:00:00:00:01 mtu 1400 up");
ip("link add name mv0 link br0 type macvlan mode private");
ip("link add ve0 type veth peer name ve1");
const br0 = native.ifNameToIndex("br0");

const address = (text: string): IpAddress => text as IpAddress;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** What `ip -json addr` says about an interface, in the words that the comparison needs. */
function addressesOf(name: string): readonly Record<string, unknown>[] {
  const words = ["local", "prefixlen", "scope", "label", "broadcast", "nodad", "preferred_life_time"];
  const [link] = JSON.parse(ip(`-json addr show dev ${name}`)) as { addr_info: Record<string, unknown>[] }[];
  return (link?.addr_info ?? [])
    .map((info) => Object.fromEntries(words.map((word) => [word, info[word]])))
    .sort((a, b) => String(a["local"]).localeCompare(String(b["local"])));
}

const forever = 4_294_967_295;
const ipv4: KernelAddress = {
  ifindex: br0,
  address: address("192.0.2.10"),
  prefixLength: 24,
  label: "br0:vip",
  broadcast: address("192.0.2.255"),
  scope: 0,
};
const ipv6: KernelAddress = {
  ifindex: br0,
  address: address("2001:db8::10"),
  prefixLength: 64,
  scope: 0,
};
const host6: KernelAddress = { ...ipv6, address: address("2001:db8::11"), prefixLength: 128 };

describe("address messages", () => {
  test("adding IPv4 says local, address, label, broadcast and protocol", () => {
    const request = addressRequest("add", { ...ipv4, ifindex: 7, scope: 253 });
    assert.deepEqual([request.type, request.flags], [20, 0x500]);
    assert.equal(
      hex(request.body),
      [
        "021800fd07000000", // AF_INET, /24, no flags, scope link, ifindex 7
        "08000200c000020a", // IFA_LOCAL
        "08000100c000020a", // IFA_ADDRESS
        "0c0003006272303a76697000", // IFA_LABEL br0:vip
        "08000400c00002ff", // IFA_BROADCAST
        "05000b0012", // IFA_PROTO keepalived; its padding is the transport's
      ].join(""),
    );
  });

  test("adding an IPv6 host address asks for no duplicate address detection and preferred lifetime 0", () => {
    assert.equal(
      hex(addressRequest("add", { ...host6, ifindex: 7 }).body),
      [
        "0a80020007000000", // AF_INET6, /128, IFA_F_NODAD
        "1400020020010db8000000000000000000000011",
        "1400010020010db8000000000000000000000011",
        "1400060000000000ffffffff0000000000000000", // IFA_CACHEINFO preferred 0, valid for ever
        "05000b0012",
      ].join(""),
    );
  });

  test("deleting says only what identifies the address", () => {
    const request = addressRequest("delete", { ...ipv4, ifindex: 7 });
    assert.deepEqual([request.type, request.flags], [21, 0]);
    assert.equal(hex(request.body), "021800000700000008000200c000020a08000100c000020a");
  });
});

describe("addresses in the kernel", () => {
  test("arrive as ip(8) shows them, and leave again", () => {
    const socket = new RouteSocket(native);
    const before = addressesOf("br0");
    assert.deepEqual(socket.applyObjects(addressOperations("add", [ipv4, ipv6, host6])), [
      undefined,
      undefined,
      undefined,
    ]);
    assert.deepEqual(
      addressesOf("br0").filter((a) => !before.some((b) => b["local"] === a["local"])),
      [
        {
          local: "192.0.2.10",
          prefixlen: 24,
          scope: "global",
          label: "br0:vip",
          broadcast: "192.0.2.255",
          nodad: undefined,
          preferred_life_time: forever,
        },
        {
          local: "2001:db8::10",
          prefixlen: 64,
          scope: "global",
          label: undefined,
          broadcast: undefined,
          nodad: true,
          preferred_life_time: forever,
        },
        {
          local: "2001:db8::11",
          prefixlen: 128,
          scope: "global",
          label: undefined,
          broadcast: undefined,
          nodad: true,
          preferred_life_time: 0,
        },
      ],
    );
    assert.deepEqual(socket.applyObjects(addressOperations("delete", [ipv4, ipv6, host6])), [
      undefined,
      undefined,
      undefined,
    ]);
    assert.deepEqual(addressesOf("br0"), before);
    socket.close();
  });

  test("are read back with label, broadcast, scope and flags", () => {
    const socket = new RouteSocket(native);
    socket.applyObjects(addressOperations("add", [ipv4, host6]));
    const seen = socket.addresses().filter((a) => a.ifindex === br0 && a.scope === 0);
    assert.deepEqual(seen, [
      {
        ifindex: br0,
        address: "192.0.2.10",
        prefixLength: 24,
        label: "br0:vip",
        broadcast: "192.0.2.255",
        scope: 0,
        flags: 0x80, // IFA_F_PERMANENT
      },
      // IFA_F_PERMANENT, IFA_F_DEPRECATED, IFA_F_NODAD
      { ifindex: br0, address: "2001:db8::11", prefixLength: 128, scope: 0, flags: 0xa2 },
    ]);
    socket.applyObjects(addressOperations("delete", [ipv4, host6]));
    socket.close();
  });

  test("carry keepalived's protocol number", () => {
    const socket = new RouteSocket(native);
    const reader = new NetlinkSocket(native, NETLINK_ROUTE);
    socket.applyObjects(addressOperations("add", [ipv4]));
    const protocols = reader
      .dump({ type: RTM_GETADDR, flags: 0, body: new Uint8Array(8) })
      .filter((m) => decodeAddress(m.body)?.address === "192.0.2.10")
      .map((m) => [...attributes(m.body, 8)].find((a) => a.type === IFA_PROTO)?.payload[0]);
    assert.deepEqual(protocols, [18]);
    socket.applyObjects(addressOperations("delete", [ipv4]));
    reader.close();
    socket.close();
  });

  test("adding twice succeeds; deleting twice and an unknown interface are refused in their places", () => {
    const socket = new RouteSocket(native);
    const results = socket.applyObjects([
      ...addressOperations("add", [ipv4, ipv4]),
      ...addressOperations("delete", [ipv4, ipv4]),
      ...addressOperations("add", [{ ...ipv6, ifindex: 9999 }]),
    ]);
    assert.deepEqual(
      results.map((r) => r?.code),
      [undefined, undefined, undefined, "EADDRNOTAVAIL", "ENODEV"],
    );
    assert.equal(results[3]?.message, "RTM_DELADDR: EADDRNOTAVAIL: ipv4: Address not found");
    socket.close();
  });

  test("an address of another prefix length is another address", () => {
    const socket = new RouteSocket(native);
    const host = { ...ipv4, prefixLength: 32 };
    assert.deepEqual(socket.applyObjects(addressOperations("add", [ipv4, host])), [undefined, undefined]);
    assert.deepEqual(socket.applyObjects(addressOperations("delete", [host])), [undefined]);
    assert.deepEqual(
      socket
        .addresses()
        .filter((a) => a.address === "192.0.2.10")
        .map((a) => a.prefixLength),
      [24],
    );
    assert.deepEqual(socket.applyObjects(addressOperations("delete", [ipv4])), [undefined]);
    socket.close();
  });
});

describe("links", () => {
  test("are read with index, name, flags, mtu, mac, kind and parent", () => {
    const socket = new RouteSocket(native);
    const links = new Map(socket.links().map((link) => [link.name, link]));
    assert.deepEqual([...links.keys()].sort(), ["br0", "lo", "mv0", "ve0", "ve1"]);
    const { flags, ...bridge } = links.get("br0") ?? { flags: 0 };
    assert.deepEqual(bridge, {
      index: br0,
      name: "br0",
      mtu: 1400,
      mac: Uint8Array.of(2, 0, 0, 0, 0, 1),
      arphrd: 1,
      up: (flags & 0x41) === 0x41,
      kind: "bridge",
      parent: undefined,
      master: undefined,
      group: 0,
      macvlanMode: undefined,
    });
    assert.deepEqual([links.get("mv0")?.kind, links.get("mv0")?.parent], ["macvlan", br0]);
    assert.deepEqual([links.get("ve0")?.kind, links.get("ve0")?.parent], ["veth", undefined]);
    assert.deepEqual(
      [links.get("lo")?.arphrd, links.get("lo")?.up, links.get("lo")?.kind],
      [772, true, undefined],
    );
    socket.close();
  });

  test("are up only when administratively up and with a carrier", async () => {
    const socket = new RouteSocket(native);
    const isUp = (name: string): boolean | undefined => socket.links().find((l) => l.name === name)?.up;
    assert.equal(isUp("ve0"), false);
    ip("link set ve0 up");
    assert.equal(isUp("ve0"), false, "the other end is down");
    ip("link set ve1 up");
    await until(() => isUp("ve0") === true, "the carrier is there");
    ip("link set ve1 down");
    await until(() => isUp("ve0") === false, "the carrier is lost");
    socket.close();
  });
});

/** Bodies as the kernel writes them: a macvlan, and an IPv4 address with every attribute. */
const linkBody = Buffer.from(
  "0000010005000000431001000000000008000300" +
    "6d763000" +
    "0800040078050000" +
    "0a000100020000000001" +
    "0000" +
    "0800050002000000" +
    "1400120" +
    "00c0001006d6163766c616e00" +
    "00000000",
  "hex",
);
const addressBody = Buffer.from(addressRequest("add", { ...ipv4, ifindex: 7 }).body);

describe("decoding", () => {
  test("reads a link message literally", () => {
    assert.deepEqual(decodeLink(linkBody), {
      index: 5,
      name: "mv0",
      flags: 0x11043,
      mtu: 1400,
      mac: Uint8Array.of(2, 0, 0, 0, 0, 1),
      arphrd: 1,
      up: true,
      kind: "macvlan",
      parent: 2,
      master: undefined,
      group: 0,
      macvlanMode: undefined,
    });
  });

  test("reads master, group and the mode of a macvlan", () => {
    const private1 = "0c0001006d6163766c616e00" + "0c000280" + "0800010001000000";
    const body = Buffer.from(
      "00000100050000004310010000000000" +
        "080003006d763000" +
        "08000a0009000000" +
        "08001b0007000000" +
        `1c001200${private1}`,
      "hex",
    );
    const link = decodeLink(body);
    assert.deepEqual([link?.master, link?.group, link?.kind, link?.macvlanMode], [9, 7, "macvlan", 1]);
  });

  test("refuses what a bridge says about its port, and a wireless event", () => {
    const ofBridge = Buffer.from(linkBody);
    ofBridge[0] = 7;
    assert.equal(decodeLink(ofBridge), undefined);
    const wireless = Buffer.concat([linkBody, Buffer.from("08000b0000000000", "hex")]);
    assert.equal(decodeLink(wireless), undefined);
  });

  test("a link message cut off anywhere is refused or partly read, never thrown", () => {
    for (let length = 0; length < linkBody.length; length++) {
      const link = decodeLink(linkBody.subarray(0, length));
      if (length < 24) assert.equal(link, undefined, `${length} bytes`);
      else assert.equal(link?.name, "mv0", `${length} bytes`);
    }
  });

  test("an address message cut off inside is refused, cut between attributes partly read", () => {
    // behind IFA_LOCAL, IFA_ADDRESS, IFA_LABEL and IFA_BROADCAST
    const whole = new Set([16, 24, 36, 44]);
    for (let length = 0; length < addressBody.length; length++) {
      const decoded = decodeAddress(addressBody.subarray(0, length));
      assert.equal(decoded?.address, whole.has(length) ? "192.0.2.10" : undefined, `${length} bytes`);
    }
  });

  test("a flipped bit anywhere is refused or read as another value, never thrown", () => {
    for (const [body, decode] of [
      [linkBody, decodeLink],
      [addressBody, decodeAddress],
    ] as const)
      for (let bit = 0; bit < body.length * 8; bit++) {
        const damaged = Buffer.from(body);
        damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
        decode(damaged);
      }
  });

  test("the attribute reader never reads outside its bytes, at any length and with any bit flipped", () => {
    const run = linkBody.subarray(16);
    for (let length = 0; length <= run.length; length++) {
      for (let bit = -1; bit < length * 8; bit++) {
        const damaged = Buffer.from(run);
        if (bit >= 0) damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
        const view = damaged.subarray(0, length);
        for (const a of attributes(view)) {
          assert.ok(a.payload.byteOffset >= view.byteOffset);
          assert.ok(a.payload.byteOffset + a.payload.length <= view.byteOffset + view.length);
        }
      }
    }
  });

  test("the attribute reader tells a whole run from a cut one", () => {
    const run = linkBody.subarray(16);
    assert.equal(readAttributes(run)?.length, 5);
    for (let length = 0; length < run.length; length++) {
      const whole = [0, 8, 16, 26, 27, 28, 36].includes(length);
      assert.equal(readAttributes(run.subarray(0, length)) !== undefined, whole, `${length} bytes`);
    }
  });
});
