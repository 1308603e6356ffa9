/** The line between two children. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { loadNative } from "../../src/net/native.ts";
import type { Poll } from "../../src/net/native-api.ts";
import { NoticeSender, openLine, receiveNotices } from "../../src/process/notices.ts";

const native = loadNative();
interface Notice {
  readonly about: string;
  readonly n: number;
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 2_000 && !condition(); i++) await sleep(5);
  assert.ok(condition(), "waited in vain");
}

function listen(fd: Parameters<typeof receiveNotices>[1], into: Notice[]): Poll {
  return receiveNotices<Notice>(native, fd, (notice) => into.push(notice), assert.fail);
}

describe("a line of notices", () => {
  test("keeps order, and what nobody has read yet waits for whoever reads next", async () => {
    const line = openLine(native);
    const sender = new NoticeSender<Notice>(native, line.writer);
    sender.send("a", { about: "a", n: 1 });
    const first: Notice[] = [];
    const poll = listen(line.reader, first);
    await until(() => first.length === 1);
    poll.close();
    sender.send("b", { about: "b", n: 2 });
    sender.send("a", { about: "a", n: 3 });
    const second: Notice[] = [];
    const next = listen(line.reader, second);
    await until(() => second.length === 2);
    assert.deepEqual(first, [{ about: "a", n: 1 }]);
    assert.deepEqual(second, [
      { about: "b", n: 2 },
      { about: "a", n: 3 },
    ]);
    next.close();
    native.close(line.reader);
    native.close(line.writer);
  });

  test("a reader that sleeps loses old news only: the last word about each subject comes", async () => {
    const line = openLine(native);
    const sender = new NoticeSender<Notice>(native, line.writer);
    const subjects = Array.from({ length: 10 }, (_, i) => `s${i}`);
    const ROUNDS = 5_000;
    for (let n = 1; n <= ROUNDS; n++) for (const about of subjects) sender.send(about, { about, n });
    const heard: Notice[] = [];
    const poll = listen(line.reader, heard);
    const last = (about: string) => heard.findLast((notice) => notice.about === about)?.n;
    await until(() => subjects.every((about) => last(about) === ROUNDS));
    assert.ok(heard.length < ROUNDS * subjects.length, "nothing was left out, so nothing was tested");
    for (const about of subjects) {
      const numbers = heard.filter((notice) => notice.about === about).map(({ n }) => n);
      assert.deepEqual(
        numbers,
        numbers.toSorted((a, b) => a - b),
      );
    }
    sender.send("after", { about: "after", n: 1 });
    await until(() => heard.at(-1)?.about === "after");
    poll.close();
    native.close(line.reader);
    native.close(line.writer);
  });

  test("a reader whose writers are gone stops reading", async () => {
    const line = openLine(native);
    const heard: Notice[] = [];
    new NoticeSender<Notice>(native, line.writer).send("a", { about: "a", n: 1 });
    listen(line.reader, heard);
    native.close(line.writer);
    await until(() => heard.length === 1);
    // a watch that stayed would spin, and this process would not end
    await sleep(20);
    native.close(line.reader);
  });
});
