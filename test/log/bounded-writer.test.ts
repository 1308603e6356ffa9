import assert from "node:assert/strict";
import { test } from "node:test";
import { BoundedWriter, type SendResult } from "../../src/log/bounded-writer.ts";

/** A reader that takes `room` lines and then says `answer`. */
function reader(room: number, answer: SendResult = "full") {
  const r = {
    room,
    taken: [] as string[],
    recovered: [] as number[],
    waits: [] as string[],
    retry: (): void => {},
    send(line: Buffer): SendResult {
      if (r.room === 0) return answer;
      r.room--;
      r.taken.push(line.toString());
      return "sent";
    },
    wait(reason: string, retry: () => void): void {
      r.waits.push(reason);
      r.retry = retry;
    },
  };
  const writer = new BoundedWriter({
    send: (line) => r.send(line),
    wait: (reason, retry) => r.wait(reason, retry),
    recovered: (lines) => r.recovered.push(lines),
  });
  return { r, write: (text: string) => writer.write(Buffer.from(text)), writer };
}

test("lines go out at once while the reader keeps up", () => {
  const { r, write } = reader(10);
  write("a");
  write("b");
  assert.deepEqual(r.taken, ["a", "b"]);
  assert.deepEqual(r.waits, []);
});

test("a full reader gets the waiting lines in order when it has read", () => {
  const { r, write } = reader(1);
  for (const t of ["a", "b", "c"]) write(t);
  assert.deepEqual(r.taken, ["a"]);
  r.room = 1;
  r.retry();
  assert.deepEqual(r.taken, ["a", "b"]);
  r.room = 5;
  r.retry();
  assert.deepEqual(r.taken, ["a", "b", "c"]);
  assert.deepEqual(r.waits, ["full", "full"]);
  assert.deepEqual(r.recovered, []);
});

test("beyond 1,000 waiting lines further ones are dropped and counted once the reader reads", () => {
  const { r, write } = reader(0, "broken");
  for (let i = 0; i < 1003; i++) write(String(i));
  r.room = 2000;
  r.retry();
  assert.equal(r.taken.length, 1000);
  assert.equal(r.taken.at(-1), "999");
  assert.deepEqual(r.recovered, [3]);
  assert.deepEqual(r.waits, ["broken"]);
});

test("flush tells how many lines the reader did not take", () => {
  const { r, write, writer } = reader(0);
  write("a");
  write("b");
  r.room = 1;
  assert.equal(writer.flush(), 1);
  assert.deepEqual(r.taken, ["a"]);
});
