import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { changeLinkRequest, LinkSocket, newLinkRequest } from "../../src/net/link-socket.ts";
import { loadNative } from "../../src/net/native.ts";
import { RouteSocket } from "../../src/net/rtnetlink.ts";
import { enterNewNamespace, ip } from "./world.ts";

const native = loadNative();
enterNewNamespace(native, "links");
ip("link add ve0 type veth peer name ve1");
ip("link set ve0 group 5");

const mac = Uint8Array.of(0, 0, 0x5e, 0, 1, 0x33);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

describe("link requests", () => {
  test("a macvlan is asked for in private mode, with its parent, group and MAC, and must be new", () => {
    const { type, flags, body } = newLinkRequest({
      name: "vrrp.51",
      parent: 3,
      group: 5,
      master: 9,
      type: { kind: "macvlan", mac },
    });
    assert.deepEqual([type, flags], [16, 0x600]);
    assert.equal(
      hex(body),
      "00000000000000000000000000000000" +
        "0c000300767272702e353100" +
        "0800050003000000" +
        "08001b0005000000" +
        "0a00010000005e0001330000" +
        "08000a0009000000" +
        "1c0012800c0001006d6163766c616e000c0002800800010001000000",
    );
  });

  test("an ipvlan is asked for in layer 2 mode with its flags, and has its parent's MAC", () => {
    const { body } = newLinkRequest({
      name: "ipv0",
      parent: 3,
      group: 0,
      master: undefined,
      type: { kind: "ipvlan", flags: "vepa" },
    });
    assert.equal(
      hex(body),
      "00000000000000000000000000000000" +
        "090003006970763000000000" +
        "0800050003000000" +
        "08001b0000000000" +
        "240012800b0001006970766c616e0000" +
        "1400028006000100000000000600020002000000",
    );
  });

  test("a change names only what changes", () => {
    assert.equal(hex(changeLinkRequest({ index: 7, up: true }).body), "00000000070000000100000001000000");
    assert.equal(hex(changeLinkRequest({ index: 7, up: false }).body), "00000000070000000000000001000000");
    assert.equal(
      hex(changeLinkRequest({ index: 7, group: 2, mac }).body),
      "000000000700000000000000000000000a00010000005e000133000008001b0002000000",
    );
  });
});

describe("the kernel", () => {
  test("makes, changes and deletes a private macvlan", () => {
    const socket = new LinkSocket(native);
    const route = new RouteSocket(native);
    const find = (name: string) => route.links().find((link) => link.name === name);
    const parent = native.ifNameToIndex("ve0");
    const link = {
      name: "vrrp.51",
      parent,
      group: 5,
      master: undefined,
      type: { kind: "macvlan", mac },
    } as const;
    socket.create(link);
    const made = find("vrrp.51");
    assert.deepEqual(
      [made?.kind, made?.macvlanMode, made?.parent, made?.group, hex(made?.mac ?? mac.subarray(6))],
      ["macvlan", 1, parent, 5, "00005e000133"],
    );
    assert.throws(() => socket.create(link), { code: "EEXIST" });
    const index = made?.index ?? 0;
    socket.change({ index, up: true });
    assert.equal((find("vrrp.51")?.flags ?? 0) & 1, 1);
    socket.create({ ...link, name: "twin" });
    const twin = native.ifNameToIndex("twin");
    assert.throws(() => socket.change({ index: twin, up: true }), { code: "EADDRINUSE" });
    assert.deepEqual(socket.delete([index, twin]), [undefined, undefined]);
    assert.equal(find("vrrp.51"), undefined);
    assert.deepEqual(
      socket.delete([index]).map((e) => e?.code),
      ["ENODEV"],
    );
    socket.close();
    route.close();
  });

  test("deletes many at once and only those, and tells which were gone", () => {
    const socket = new LinkSocket(native);
    const parent = native.ifNameToIndex("ve0");
    const names = ["a1", "a2", "a3", "a4", "stays"];
    names.forEach((name, i) => {
      const own = Uint8Array.of(0, 0, 0x5e, 0, 1, i);
      socket.create({ name, parent, group: 5, master: undefined, type: { kind: "macvlan", mac: own } });
    });
    const [a1, a2, a3, a4] = names.map((name) => native.ifNameToIndex(name)) as [
      number,
      number,
      number,
      number,
    ];
    socket.delete([a2]);
    assert.deepEqual(
      socket.delete([a1, a2, a3, a4]).map((e) => e?.code),
      [undefined, "ENODEV", undefined, undefined],
    );
    assert.deepEqual(
      names.map((name) => native.ifNameToIndex(name) > 0),
      [false, false, false, false, true],
    );
    socket.close();
  });
});
