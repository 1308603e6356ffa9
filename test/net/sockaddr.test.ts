import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { IpAddress } from "../../src/base/address.ts";
import { unixAddress } from "../../src/base/unix-address.ts";
import {
  decodeSocketAddress,
  internetAddress,
  linkAddress,
  netlinkAddress,
  type SocketAddress,
} from "../../src/net/sockaddr.ts";

const ip = (text: string): IpAddress => text as IpAddress;
const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString("hex");

/** What the address is, its bytes, and what they say when read back. */
const golden: readonly [string, Uint8Array | undefined, string, SocketAddress][] = [
  [
    "sockaddr_in",
    internetAddress(ip("192.0.2.7"), 443),
    "020001bbc00002070000000000000000",
    { kind: "inet", address: ip("192.0.2.7"), port: 443, scopeId: 0 },
  ],
  [
    "sockaddr_in6",
    internetAddress(ip("2001:db8::7"), 80),
    "0a0000500000000020010db800000000000000000000000700000000",
    { kind: "inet", address: ip("2001:db8::7"), port: 80, scopeId: 0 },
  ],
  [
    "sockaddr_in6 with a scope",
    internetAddress(ip("fe80::1"), 65_535, 258),
    "0a00ffff00000000fe80000000000000000000000000000102010000",
    { kind: "inet", address: ip("fe80::1"), port: 65_535, scopeId: 258 },
  ],
  [
    "sockaddr_un with a path",
    unixAddress("/dev/log"),
    "01002f6465762f6c6f6700",
    { kind: "unix", path: "/dev/log", abstract: false },
  ],
  [
    "sockaddr_un with an abstract name",
    unixAddress("@ka"),
    "0100006b61",
    { kind: "unix", path: "ka", abstract: true },
  ],
  [
    "sockaddr_nl",
    netlinkAddress(1, 0x8000_0111),
    "100000000100000011010080",
    { kind: "netlink", port: 1, groups: 0x8000_0111 },
  ],
  [
    "sockaddr_ll",
    linkAddress(3, 0x0806, Uint8Array.of(255, 255, 255, 255, 255, 255)),
    "11000806030000000000000" + "6ffffffffffff0000",
    { kind: "link", protocol: 0x0806, ifindex: 3, mac: Uint8Array.of(255, 255, 255, 255, 255, 255) },
  ],
];

describe("socket addresses", () => {
  for (const [name, bytes, expected, value] of golden) {
    test(`${name} has the kernel's layout`, () => {
      assert.equal(hex(bytes), expected);
    });
    test(`${name} is read back`, () => {
      assert.deepEqual(decodeSocketAddress(Buffer.from(expected, "hex")), value);
    });
  }

  test("one that is cut off anywhere is no address, or another shorter one, and never throws", () => {
    for (const [name, , text] of golden) {
      const whole = Buffer.from(text, "hex");
      for (let length = 0; length < whole.length; length++) {
        const decoded = decodeSocketAddress(whole.subarray(0, length));
        if (length < 2 || (!name.startsWith("sockaddr_un") && length < 8)) assert.equal(decoded, undefined);
      }
    }
  });

  test("another family is named by its number", () => {
    assert.deepEqual(decodeSocketAddress(Uint8Array.of(40, 0, 1)), { kind: "other", family: 40 });
  });
});
