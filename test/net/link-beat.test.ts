import assert from "node:assert/strict";
import { test } from "node:test";
import { LinkBeat } from "../../src/net/link-beat.ts";
import { loadNative } from "../../src/net/native.ts";
import { enterNewNamespace, ip, until } from "./world.ts";

const native = loadNative();
enterNewNamespace(native, "beat");
ip("link add fifteen-letters type veth peer name ve1");
ip("link set fifteen-letters up");

test("a link is asked for by the ways that its driver knows, and follows the other end", async () => {
  const beat = new LinkBeat(native);
  const answers = (): unknown[] => [
    beat.probe("fifteen-letters", "MII"),
    beat.probe("fifteen-letters", "ETHTOOL"),
    beat.probe("fifteen-letters", "IOCTL"),
  ];
  assert.deepEqual(answers(), [undefined, false, false], "veth knows no MII, and its other end is down");
  ip("link set ve1 up");
  await until(() => beat.probe("fifteen-letters", "IOCTL") === true, "the carrier is there");
  assert.deepEqual(answers(), [undefined, true, true]);
  assert.equal(beat.method("fifteen-letters", undefined), "ETHTOOL");
  assert.equal(beat.method("fifteen-letters", "MII"), "ETHTOOL");
  assert.equal(beat.method("fifteen-letters", "IOCTL"), "IOCTL");
  assert.equal(beat.method("none", undefined), undefined);
  assert.equal(beat.probe("a-name-that-no-interface-can-have", "IOCTL"), undefined);
  beat.close();
});
