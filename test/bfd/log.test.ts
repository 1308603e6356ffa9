/** The sentences of BFD as keepalived 2.2.7 wrote them on Debian; those that it lacks are ours. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { after, type Instant, millis } from "../../src/base/units.ts";
import { type BfdSentence, bfdEventLine, bfdLine } from "../../src/log/catalogue/bfd.ts";

const s1 = { session: "s1" };
const sender = "[10.8.0.2]:33933";
const numbers = {
  minTx: 1_000_000,
  minRx: 100_000,
  interval: 1_000_000,
  multiplier: 3,
  detectionTime: 3_000_000,
};

/** Written always. */
const always: readonly (readonly [BfdSentence, string])[] = [
  [{ id: "bfd-entering", fields: { ...s1, state: "Up" } }, "(s1) Entering Up state"],
  [
    { id: "bfd-entering-down", fields: { ...s1, local: 1, remote: 0 } },
    "(s1) Entering Down state (Local diagnostic - Control Detection Time Expired, Remote diagnostic - No Diagnostic)",
  ],
  [
    { id: "bfd-expired", fields: { ...s1, milliseconds: 300, overdue: 108 } },
    "(s1) Expired after 300 ms (108 usec overdue)",
  ],
  [
    { id: "bfd-output-failed", fields: { ...s1, call: "bind", error: "EADDRNOTAVAIL" } },
    "(s1) bind() error (EADDRNOTAVAIL)",
  ],
  [{ id: "bfd-disabled", fields: s1 }, "(s1) Unable to open output socket, disabling instance"],
  [{ id: "bfd-send-error", fields: { error: "ENETUNREACH" } }, "sendto() error (ENETUNREACH)"],
  [{ id: "bfd-send-failed", fields: s1 }, "(s1) Error sending packet"],
  [
    { id: "bfd-listen-failed", fields: { port: 3784, call: "bind", error: "EADDRINUSE" } },
    "bind() error EADDRINUSE on UDP port 3784",
  ],
  [{ id: "bfd-no-listener", fields: {} }, "Unable to open listening socket"],
  [{ id: "bfd-receive-failed", fields: { error: "EIO" } }, "recvmsg() error (EIO)"],
];

/** Written with --log-detail. */
const details: readonly (readonly [BfdSentence, string])[] = [
  [{ id: "bfd-poll", fields: s1 }, "(s1) Starting poll sequence"],
  [{ id: "bfd-parameters", fields: s1 }, "(s1) ---------------< Session parameters >--------------"],
  [{ id: "bfd-parameters-head", fields: s1 }, "              min_tx  min_rx  tx_intv  mult  detect_time"],
  [
    { id: "bfd-parameters-local", fields: { ...s1, ...numbers } },
    "     local   1000000  100000  1000000     3      3000000",
  ],
  [
    {
      id: "bfd-parameters-remote",
      fields: { ...s1, ...numbers, minTx: 100_000, interval: 100_000, detectionTime: 300_000 },
    },
    "     remote   100000  100000   100000     3       300000",
  ],
  [
    { id: "bfd-parameters-detection", fields: { ...s1, now: 300_000, was: 3_000_000 } },
    "     Detection time is 300000 us (was 3000000 us)",
  ],
  [{ id: "bfd-no-ttl", fields: {} }, "recvmsg() returned no TTL control message"],
  [{ id: "bfd-too-small", fields: { value: 2 } }, "Packet is too small: 2 bytes"],
  [
    { id: "bfd-length-mismatch", fields: { value: 25, length: 24 } },
    "Packet size mismatch: length field: 25 bytes, buffer size: 24 bytes",
  ],
  [{ id: "bfd-version", fields: { value: 2 } }, "Packet is of unsupported version: 2"],
  [{ id: "bfd-multiplier-zero", fields: {} }, "Packet 'detection multiplier' field is zero"],
  [{ id: "bfd-multipoint", fields: {} }, "Packet has 'multipoint' flag"],
  [{ id: "bfd-my-discriminator-zero", fields: {} }, "Packet 'my discriminator' field is zero"],
  [
    { id: "bfd-your-discriminator-zero", fields: {} },
    "Packet 'your discriminator' field is zero and 'state' field is not Down or AdminDown",
  ],
  [{ id: "bfd-poll-and-final", fields: {} }, "Packet has both poll and final  flags set"],
  [{ id: "bfd-diagnostic", fields: { value: 9 } }, "Packet has invalid 'diag' field: 9"],
  [{ id: "bfd-bogus", fields: { sender } }, "Discarding bogus packet from [10.8.0.2]:33933"],
  [
    { id: "bfd-authenticated", fields: { sender } },
    "Discarding packet from [10.8.0.2]:33933 (auth bit is set, but no authentication  is in use)",
  ],
  [
    { id: "bfd-unknown", fields: { sender, discriminator: 0x1234 } },
    "Discarding packet from [10.8.0.2]:33933 (session is not found - your discriminator field is 0x00001234)",
  ],
  [
    { id: "bfd-admin-down", fields: { sender } },
    "Discarding packet from [10.8.0.2]:33933 (session is in AdminDown state)",
  ],
  [
    { id: "bfd-ttl", fields: { name: "ttl", received: 100, least: 255 } },
    "Packet ttl(100) < 255 - discarding",
  ],
  [{ id: "bfd-suppressed", fields: { count: 7 } }, "7 more packets were discarded in the last minute"],
  [
    { id: "bfd-event", fields: { ...s1, up: true, micros: 18 } },
    "Received BFD event: instance s1 is in state Up (delivered in 18 usec)",
  ],
];

describe("sentences of BFD", () => {
  test("are keepalived's, byte for byte", () => {
    for (const [sentence, text] of [...always, ...details]) assert.equal(bfdLine(sentence).text, text);
  });

  test("about packets and numbers are details, those about states and sockets are not", () => {
    for (const [sentence] of always) assert.equal(bfdLine(sentence).detail, false, sentence.id);
    for (const [sentence] of details) assert.equal(bfdLine(sentence).detail, true, sentence.id);
  });

  test("name every diagnostic of RFC 5880 §4.1", () => {
    const texts = Array.from({ length: 9 }, (_, local) => {
      const { text } = bfdLine({ id: "bfd-entering-down", fields: { ...s1, local, remote: 0 } });
      return /Local diagnostic - (.*), Remote/.exec(text)?.[1];
    });
    assert.deepEqual(texts, [
      "No Diagnostic",
      "Control Detection Time Expired",
      "Echo Function Failed",
      "Neighbor Signaled Session Down",
      "Forwarding Plane Reset",
      "Path Down",
      "Concatenated Path Down",
      "Administratively Down",
      "Reverse Concatenated Path Down",
    ]);
  });

  test("about news tell how long it was on its way", () => {
    const at = 5_000_000 as Instant;
    assert.equal(
      bfdEventLine({ session: "s1", up: false, at }, after(at, millis(1.5))).text,
      "Received BFD event: instance s1 is in state Down (delivered in 1500 usec)",
    );
  });
});
