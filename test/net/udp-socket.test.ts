/** UDP sockets that tell TTL and destination, in a namespace where lo has several addresses. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { familyOf, type IpAddress } from "../../src/base/address.ts";
import { DaemonError } from "../../src/base/errors.ts";
import { loadNative } from "../../src/net/native.ts";
import {
  openUdpReceiver,
  openUdpSender,
  type UdpDatagram,
  type UdpSenderPlace,
} from "../../src/net/udp-socket.ts";
import { enterNewNamespace, ip, until } from "./world.ts";

const native = loadNative();
enterNewNamespace(native, "udp");
ip("addr add 198.51.100.1/32 dev lo");
ip("addr add 2001:db8::1/128 dev lo nodad");

type Heard = Omit<UdpDatagram, "payload"> & { readonly payload: string };
const heard: Heard[] = [];
const errors: DaemonError[] = [];
const receiver = openUdpReceiver(native, 3784, {
  datagram: (d) => heard.push({ ...d, payload: d.payload.toString("latin1") }),
  error: (e) => errors.push(e),
});
after(() => receiver.close());

const address = (text: string): IpAddress => text as IpAddress;
const ports = { first: 50_000, last: 50_999 };

function send(
  destination: string,
  source: string | undefined,
  ttl: number,
  more: Partial<UdpSenderPlace> = {},
) {
  const sender = openUdpSender(native, {
    destination: address(destination),
    port: 3784,
    family: familyOf(address(destination)),
    source: source === undefined ? undefined : address(source),
    ttl,
    sourcePorts: ports,
    random: () => 0.25,
    ...more,
  });
  assert.equal(sender.send(Buffer.from("hello")), true);
  sender.close();
  sender.close();
  return sender.port;
}

describe("a receiver for both families", () => {
  test("tells sender, destination and TTL of IPv4 datagrams", async () => {
    heard.length = 0;
    assert.equal(send("198.51.100.1", "127.0.0.5", 255), 50_250);
    assert.equal(send("127.0.0.1", undefined, 1), 50_250);
    await until(() => heard.length === 2, "both are heard");
    assert.deepEqual(heard, [
      { payload: "hello", from: "127.0.0.5", fromPort: 50_250, to: "198.51.100.1", ttl: 255 },
      { payload: "hello", from: "127.0.0.1", fromPort: 50_250, to: "127.0.0.1", ttl: 1 },
    ]);
  });

  test("tells sender, destination and hop limit of IPv6 datagrams", async () => {
    heard.length = 0;
    send("2001:db8::1", "::1", 64);
    send("::1", "2001:db8::1", 255);
    await until(() => heard.length === 2, "both are heard");
    assert.deepEqual(heard, [
      { payload: "hello", from: "::1", fromPort: 50_250, to: "2001:db8::1", ttl: 64 },
      { payload: "hello", from: "2001:db8::1", fromPort: 50_250, to: "::1", ttl: 255 },
    ]);
  });

  test("hears as many as it is asked for, without waiting for the loop", () => {
    heard.length = 0;
    for (let i = 0; i < 5; i++) send("127.0.0.1", undefined, 255);
    receiver.drain(2);
    assert.equal(heard.length, 2);
    receiver.drain(100);
    assert.equal(heard.length, 5);
  });

  test("does not share its port", () => {
    const again = () => openUdpReceiver(native, 3784, { datagram: () => {}, error: () => {} });
    assert.throws(again, { code: "EADDRINUSE", syscall: "bind" });
  });
});

describe("a sender", () => {
  test("tries another port when one is taken, and says so when all are", () => {
    const draws = [0, 0, 0.5];
    const place: UdpSenderPlace = {
      destination: address("127.0.0.1"),
      port: 3784,
      family: "ipv4",
      source: undefined,
      ttl: 255,
      sourcePorts: { first: 51_000, last: 51_001 },
      random: () => draws.shift() ?? 0,
    };
    const first = openUdpSender(native, place);
    const second = openUdpSender(native, place);
    assert.deepEqual([first.port, second.port], [51_000, 51_001]);
    assert.throws(() => openUdpSender(native, place), { code: "EADDRINUSE" });
    first.close();
    second.close();
  });

  test("cannot speak as somebody else, nor to where no route leads", () => {
    assert.throws(() => send("127.0.0.1", "198.51.100.9", 255), { code: "EADDRNOTAVAIL", syscall: "bind" });
    assert.throws(
      () => send("192.0.2.1", undefined, 255),
      (e) => e instanceof DaemonError && e.code === "ENETUNREACH",
    );
  });

  test("takes nothing that comes back", () => {
    const silent = openUdpSender(native, {
      destination: address("127.0.0.1"),
      port: 9,
      family: "ipv4",
      source: address("127.0.0.1"),
      ttl: 255,
      sourcePorts: ports,
      random: () => 0.5,
    });
    // nobody listens there: a refusal must not come back with the next packet
    for (let i = 0; i < 3; i++) assert.equal(silent.send(Buffer.from("x")), true);
    silent.close();
    assert.deepEqual(errors, []);
  });
});
