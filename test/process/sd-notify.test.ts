import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import type { Instant } from "../../src/base/units.ts";
import { unixAddress } from "../../src/base/unix-address.ts";
import { loadNative } from "../../src/net/native.ts";
import { openServiceManager } from "../../src/process/sd-notify.ts";

const native = loadNative();
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "kpa-sd-"));
after(() => fs.rmSync(folder, { recursive: true }));

for (const name of [path.join(folder, "notify"), `@kpa-notify-${process.pid}`]) {
  test(`the service manager at ${name.startsWith("@") ? "an abstract name" : "a path"} hears every change`, () => {
    const fd = native.socket(1, 2, 0);
    native.bind(fd, unixAddress(name) as Uint8Array);
    const buffer = Buffer.alloc(4096);
    const read = (): string => buffer.toString("utf8", 0, native.receive(fd, buffer)?.length ?? 0);
    const service = openServiceManager(native, name, 4711);
    service.ready("Running");
    assert.equal(read(), "READY=1\nMAINPID=4711\nSTATUS=Running");
    service.reloading(123_456_789 as Instant);
    assert.equal(read(), "RELOADING=1\nMONOTONIC_USEC=123456789\nSTATUS=Reloading");
    service.stopping();
    assert.equal(read(), "STOPPING=1\nSTATUS=Stopping");
    native.close(fd);
  });
}

test("without NOTIFY_SOCKET, or with one that nobody reads, nothing happens", () => {
  openServiceManager(native, undefined, 1).ready("x");
  openServiceManager(native, path.join(folder, "gone"), 1).ready("x");
  openServiceManager(native, "", 1).stopping();
  openServiceManager(native, `/${"x".repeat(200)}`, 1).stopping();
});
