import assert from "node:assert/strict";
import { test } from "node:test";
import * as lines from "../../src/log/catalogue/tracking.ts";
import type { LogLine } from "../../src/log/entry.ts";

/** Seen in the log of keepalived 2.2.7. */
const SEEN: readonly (readonly [LogLine, string])[] = [
  [lines.scriptSucceeded({ script: "chk" }), "VRRP_Script(chk) succeeded"],
  [lines.scriptReturns({ script: "chk", status: 1 }), "Script `chk` now returning 1"],
  [lines.scriptFailed({ script: "chk", status: 1 }), "VRRP_Script(chk) failed (exited with status 1)"],
  [lines.scriptKilled({ script: "chk", signal: 9 }), "VRRP_Script(chk) failed (due to signal 9)"],
  [lines.scriptTimedOut({ script: "chk" }), "VRRP_Script(chk) timed_out"],
  [
    lines.scriptSkipped({ script: "chk", why: "running" }),
    "Track script chk is already running, expect idle - skipping run",
  ],
  [
    lines.scriptSkipped({ script: "chk", why: "ending" }),
    "Track script chk is being timed out, expect idle - skipping run",
  ],
  [lines.scriptKept({ script: "chk", up: true }), "VRRP_Script(chk) considered successful on reload"],
  [
    lines.fileNumberInvalid({ text: "99999999999", file: "/tf" }),
    "Invalid number 99999999999 read from /tf - ignoring",
  ],
  [lines.quorumChanged({ process: "p", gained: true }), "Quorum gained for tracked process p"],
  [lines.quorumChanged({ process: "p", gained: false }), "Quorum lost for tracked process p"],
  [lines.processEventsConfirmed({}), "proc_events has confirmed it is configured"],
];

/** Ours alone. */
const OURS: readonly (readonly [LogLine, string])[] = [
  [lines.scriptNotRun({ script: "chk", code: "EACCES" }), "VRRP_Script(chk) could not be run: EACCES"],
  [
    lines.fileUnusable({ name: "f", file: "/f", reason: "ENOENT" }),
    "track_file f: /f cannot be tracked: ENOENT",
  ],
  [lines.fileNotWritten({ file: "/f", reason: "EROFS" }), "Unable to initialise track file /f: EROFS"],
  [
    lines.processEventsMissing({ reason: "EPERM", milliseconds: 1000 }),
    "The kernel does not report processes (EPERM): tracked processes are looked up every 1000 ms",
  ],
  [lines.processEventsLost({}), "Reports about processes were lost - all processes read again"],
  [lines.fifoFailed({ path: "/p", reason: "EPERM" }), "Unable to open notify fifo /p: EPERM"],
  [lines.fifoFull({ path: "/p", lost: 1 }), "notify fifo /p is full: nobody reads it, 1 line lost"],
  [lines.fifoFull({ path: "/p", lost: 2 }), "notify fifo /p is full: nobody reads it, 2 lines lost"],
  [
    lines.fifoScriptEnded({ script: "/s", how: "exited with status 3" }),
    "notify fifo script /s exited with status 3",
  ],
  [lines.notifyScriptFailed({ script: "/s", code: "ENOENT" }), "notify script /s could not be run: ENOENT"],
  [
    lines.syncDaemonFailed({ what: "open IPVS", reason: "ENOENT" }),
    "lvs_sync_daemon could not open IPVS: ENOENT",
  ],
];

test("sentences about trackers are keepalived's, or say what keepalived has no words for", () => {
  for (const [line, text] of [...SEEN, ...OURS]) assert.equal(line.text, text);
});

test("each one is in this list", () => {
  const ids = new Set([...SEEN, ...OURS].map(([{ id }]) => id));
  assert.equal(ids.size, Object.keys(lines).length);
});
