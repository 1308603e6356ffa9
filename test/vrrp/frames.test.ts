/** Announcements byte for byte; those of Ethernet are what Debian's keepalived 2.2.7 sends. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { IpAddress } from "../../src/base/address.ts";
import {
  gratuitousArp,
  infinibandAllNodes,
  infinibandArp,
  neighbourAdvertisement,
  neighbourPacket,
} from "../../src/vrrp/frames.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const mac = Buffer.from("22bc43eaf52f", "hex");
const long = Buffer.from("80000404fe80000000000000f45214030013bf31", "hex");
const broadcast = Buffer.from("00ffffffff12401bffff00000000000000ffffff" + "", "hex");
const ipv4 = "10.9.0.100" as IpAddress;
const ipv6 = "2001:db8::100" as IpAddress;

describe("announcements", () => {
  test("gratuitous ARP is a request about ourselves, to everybody", () => {
    assert.equal(
      hex(gratuitousArp(mac, ipv4)),
      "ffffffffffff22bc43eaf52f0806000108000604000122bc43eaf52f0a090064ffffffffffff0a090064",
    );
  });

  test("a neighbour advertisement overrides what all nodes know, from the address itself", () => {
    assert.equal(
      hex(neighbourAdvertisement(mac, ipv6, false)),
      [
        "33330000000122bc43eaf52f86dd",
        "6000000000203aff", // 32 bytes of ICMPv6, hop limit 255
        "20010db8000000000000000000000100",
        "ff020000000000000000000000000001",
        "88009d5720000000",
        "20010db8000000000000000000000100",
        "020122bc43eaf52f",
      ].join(""),
    );
  });

  test("a router says that it is one", () => {
    assert.equal(hex(neighbourAdvertisement(mac, ipv6, true)).slice(108, 124), "88001d57a0000000");
  });

  test("InfiniBand has addresses of 20 bytes", () => {
    assert.equal(
      hex(infinibandArp(long, broadcast, ipv4)),
      ["0020080014040001", hex(long), "0a090064", hex(broadcast), "0a090064"].join(""),
    );
    const packet = neighbourPacket(long, ipv6, false);
    assert.equal(packet.length, 40 + 24 + 24);
    assert.equal(hex(packet).slice(128), `02030000${hex(long)}`);
    assert.equal(hex(infinibandAllNodes(broadcast)), "00ffffffff12601bffff00000000000000000001");
  });
});
