import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { IpAddress } from "../../src/base/address.ts";
import { AttributeWriter, attributes } from "../../src/base/attributes.ts";
import { DaemonError } from "../../src/base/errors.ts";
import {
  AF_NETLINK,
  NETLINK_GENERIC,
  NETLINK_ROUTE,
  NLM_F_CREATE,
  NLM_F_DUMP_INTR,
  NLM_F_MULTI,
  NLM_F_REQUEST,
  NLMSG_DONE,
  RTM_DELLINK,
  RTM_GETADDR,
  RTM_GETLINK,
  RTM_NEWLINK,
  RTMGRP_IPV4_IFADDR,
  SO_RCVBUF,
  SOCK_RAW,
  SOL_SOCKET,
} from "../../src/net/constants.ts";
import { GENERIC_HEADER_LENGTH, resolveFamily } from "../../src/net/generic-netlink.ts";
import { loadNative } from "../../src/net/native.ts";
import type { Native } from "../../src/net/native-api.ts";
import { type NetlinkMessage, type NetlinkRequest, NetlinkSocket } from "../../src/net/netlink.ts";
import { addressRequest, decodeAddress } from "../../src/net/rtnetlink.ts";
import { netlinkAddress } from "../../src/net/sockaddr.ts";
import { enterNewNamespace, ip } from "./world.ts";

const native = loadNative();
enterNewNamespace(native, "netlink");

/** Adds or deletes the n-th address of 10.0.0.0/8 on `lo`, or on an interface that does not exist. */
function address(kind: "add" | "delete", n: number, ifindex = 1): NetlinkRequest {
  return addressRequest(kind, {
    ifindex,
    address: `10.0.${n >> 8}.${n & 255}` as IpAddress,
    prefixLength: 32,
    scope: 0,
  });
}

function localAddresses(messages: readonly NetlinkMessage[] | undefined): (IpAddress | undefined)[] {
  return (messages ?? []).map((m) => decodeAddress(m.body)?.address);
}

function deleteLink(name: string): NetlinkRequest {
  const body = new AttributeWriter(new Uint8Array(16)).string(3, name);
  return { type: RTM_DELLINK, flags: 0, body: body.finish(), name: "RTM_DELLINK" };
}

describe("a netlink socket", () => {
  test("gives every error of a batch to the request that caused it, across several system calls", () => {
    const socket = new NetlinkSocket(native, NETLINK_ROUTE);
    const wrong = (i: number): boolean => i % 7 === 3;
    const all = Array.from({ length: 200 }, (_, i) => i);
    const added = socket.requestBatch(all.map((i) => address("add", i, wrong(i) ? 999 : 1)));
    assert.deepEqual(
      added.map((r) => r?.code),
      all.map((i) => (wrong(i) ? "ENODEV" : undefined)),
    );
    const removed = socket.requestBatch(all.map((i) => address("delete", i)));
    assert.deepEqual(
      removed.map((r) => r?.code),
      all.map((i) => (wrong(i) ? "EADDRNOTAVAIL" : undefined)),
    );
    socket.close();
  });

  test("carries the kernel's own words in the error", () => {
    const socket = new NetlinkSocket(native, NETLINK_ROUTE);
    const body = Buffer.alloc(12); // struct rtmsg with an impossible type
    body.writeUInt8(2, 0);
    body.writeUInt8(200, 7);
    const [error] = socket.requestBatch([{ type: 24, flags: NLM_F_CREATE, body, name: "RTM_NEWROUTE" }]);
    assert.ok(error instanceof DaemonError);
    assert.equal(error.message, "RTM_NEWROUTE: EINVAL: Invalid route type");
    assert.deepEqual([error.syscall, error.errno, error.code], ["RTM_NEWROUTE", 22, "EINVAL"]);
    socket.close();
  });

  test("answers an empty batch with nothing", () => {
    const socket = new NetlinkSocket(native, NETLINK_ROUTE);
    assert.deepEqual(socket.requestBatch([]), []);
    socket.close();
  });

  test("sends a request that is longer than a batch may be", () => {
    const socket = new NetlinkSocket(native, NETLINK_ROUTE);
    const body = new AttributeWriter(new Uint8Array(16))
      .string(3, "lo")
      .bytes(0x3ff0, new Uint8Array(65_000));
    const long = { type: RTM_NEWLINK, flags: 0, body: body.finish() };
    const results = socket.requestBatch([long, long, deleteLink("none")]);
    assert.equal(results.length, 3);
    assert.equal(results[2]?.code, "ENODEV");
    socket.close();
  });

  test("throws for a request that the kernel refuses, and goes on", () => {
    const socket = new NetlinkSocket(native, NETLINK_ROUTE);
    assert.throws(() => socket.request(deleteLink("none")), { code: "ENODEV", syscall: "RTM_DELLINK" });
    assert.throws(
      () => socket.dump({ type: RTM_GETLINK, flags: 0, body: Buffer.alloc(3), name: "RTM_GETLINK" }),
      { code: "EINVAL", syscall: "RTM_GETLINK" },
    );
    assert.equal(socket.dump({ type: RTM_GETLINK, flags: 0, body: Buffer.alloc(16) }).length, 1);
    socket.close();
  });

  test("dumps more than one datagram's worth of a table", () => {
    const socket = new NetlinkSocket(native, NETLINK_ROUTE);
    const all = Array.from({ length: 2000 }, (_, i) => i);
    assert.ok(socket.requestBatch(all.map((i) => address("add", i))).every((r) => r === undefined));
    const found = new Set(
      localAddresses(socket.dump({ type: RTM_GETADDR, flags: 0, body: Buffer.alloc(8) })),
    );
    assert.equal(found.size, 2002);
    for (const known of ["127.0.0.1", "::1", "10.0.0.0", "10.0.7.207"])
      assert.ok(found.has(known as IpAddress));
    assert.ok(socket.requestBatch(all.map((i) => address("delete", i))).every((r) => r === undefined));
    socket.close();
  });

  test("says ENOBUFS for acknowledgements that were lost, and starts clean afterwards", () => {
    const socket = new NetlinkSocket(native, NETLINK_ROUTE);
    native.setsockopt(socket.fd, SOL_SOCKET, SO_RCVBUF, 1);
    const all = Array.from({ length: 64 }, (_, i) => i);
    const results = socket.requestBatch(all.map((i) => address("add", i)));
    assert.equal(results[0], undefined);
    assert.equal(results[63]?.code, "ENOBUFS");
    assert.equal(ip("-o -4 addr show dev lo").match(/inet 10\./g)?.length, 64);
    const again = socket.requestBatch([address("delete", 0), address("delete", 0)]);
    assert.deepEqual(
      again.map((r) => r?.code),
      [undefined, "EADDRNOTAVAIL"],
    );
    ip("addr flush dev lo to 10.0.0.0/8");
    socket.close();
  });

  test("does not believe a message that another process sent", () => {
    const socket = new NetlinkSocket(native, NETLINK_ROUTE, { groups: 1 });
    const port = Buffer.from(native.getsockname(socket.fd)).readUInt32LE(4);
    const stranger = native.socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    const forged = Buffer.alloc(32);
    forged.writeUInt32LE(32, 0);
    forged.writeUInt16LE(RTM_NEWLINK, 4);
    assert.equal(native.send(stranger, forged, netlinkAddress(port, 0)), true);
    assert.deepEqual(socket.notifications(), []);
    assert.equal(socket.notifications(), undefined);
    native.close(stranger);
    socket.close();
  });

  test("packs what the kernel sent although a stranger's datagram lies between", () => {
    const socket = new NetlinkSocket(native, NETLINK_ROUTE, { groups: RTMGRP_IPV4_IFADDR });
    const port = Buffer.from(native.getsockname(socket.fd)).readUInt32LE(4);
    const maker = new NetlinkSocket(native, NETLINK_ROUTE);
    const stranger = native.socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    maker.requestBatch([address("add", 1)]);
    native.send(stranger, Buffer.alloc(777), netlinkAddress(port, 0));
    maker.requestBatch([address("add", 2)]);
    assert.deepEqual(localAddresses(socket.notifications()), ["10.0.0.1", "10.0.0.2"]);
    maker.requestBatch([address("delete", 1), address("delete", 2)]);
    native.close(stranger);
    maker.close();
    socket.close();
  });
});

describe("a dump", () => {
  /** A kernel that answers each dump with one message of type 9 and then DONE, the first `torn` times torn. */
  function kernelWithTornDumps(torn: number): { kernel: Native; dumps: () => number } {
    let sequence = 0;
    let dumps = 0;
    const kernel: Native = {
      ...native,
      send: (_fd, data) => {
        sequence = Buffer.from(data).readUInt32LE(8);
        dumps++;
        return true;
      },
      receiveNetlink: (_fd, into) => {
        const answer = Buffer.from(into.buffer, into.byteOffset);
        const flags = NLM_F_MULTI | (dumps <= torn ? NLM_F_DUMP_INTR : 0);
        const message = (at: number, type: number, body: number): number => {
          answer.writeUInt32LE(20, at);
          answer.writeUInt16LE(type, at + 4);
          answer.writeUInt16LE(flags, at + 6);
          answer.writeUInt32LE(sequence, at + 8);
          answer.writeInt32LE(body, at + 16);
          return at + 20;
        };
        return message(message(0, 9, dumps), NLMSG_DONE, 0);
      },
    };
    return { kernel, dumps: () => dumps };
  }

  test("begins again when the table changed under way, and gives only the whole one", () => {
    const { kernel, dumps } = kernelWithTornDumps(2);
    const socket = new NetlinkSocket(kernel, NETLINK_ROUTE);
    const messages = socket.dump({ type: 1, flags: 0, body: new Uint8Array(4) });
    assert.deepEqual(
      messages.map((m) => [m.type, m.body.readInt32LE(0)]),
      [[9, 3]],
    );
    assert.equal(dumps(), 3);
    socket.close();
  });

  test("gives up when the table never holds still", () => {
    const { kernel, dumps } = kernelWithTornDumps(Number.POSITIVE_INFINITY);
    const socket = new NetlinkSocket(kernel, NETLINK_ROUTE);
    assert.throws(() => socket.dump({ type: 1, flags: 0, body: new Uint8Array(4) }), { code: "EAGAIN" });
    assert.equal(dumps(), 8);
    socket.close();
  });
});

describe("generic netlink", () => {
  test("knows the controller's own number", () => {
    const socket = new NetlinkSocket(native, NETLINK_GENERIC);
    assert.equal(resolveFamily(socket, "nlctrl"), 16);
    socket.close();
  });

  test("says ENOENT and the name of a family that the kernel lacks", () => {
    const socket = new NetlinkSocket(native, NETLINK_GENERIC);
    assert.throws(() => resolveFamily(socket, "NONE"), {
      code: "ENOENT",
      syscall: "CTRL_CMD_GETFAMILY NONE",
    });
    socket.close();
  });

  test("dumps the families", () => {
    const socket = new NetlinkSocket(native, NETLINK_GENERIC);
    const names = socket
      .dump({ type: 16, flags: NLM_F_REQUEST, body: Uint8Array.of(3, 1, 0, 0) })
      .map((m) =>
        [...attributes(m.body, GENERIC_HEADER_LENGTH)].find((a) => a.type === 2)?.payload.toString("utf8"),
      );
    assert.ok(names.includes("nlctrl\0"));
    socket.close();
  });
});
