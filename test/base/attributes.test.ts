import assert from "node:assert/strict";
import { test } from "node:test";
import { AttributeWriter, attributes, readAttributes } from "../../src/base/attributes.ts";

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");

test("every kind of value stands behind length and type, padded to four bytes", () => {
  const written = new AttributeWriter(Uint8Array.of(1, 2, 0, 0))
    .u8(1, 0xab)
    .u16(2, 0x1234)
    .u16be(3, 80)
    .u32(4, 0x12345678)
    .u64(5, 0x1122334455667788n)
    .string(6, "wrr")
    .string(7, "rr")
    .bytes(8, Uint8Array.of(1, 2, 3, 4, 5))
    .finish();
  const expected = [
    "01020000",
    "05000100 ab000000",
    "06000200 34120000",
    "06000300 00500000",
    "08000400 78563412",
    "0c000500 8877665544332211",
    "08000600 77727200",
    "07000700 72720000",
    "09000800 0102030405000000",
  ];
  assert.equal(written.toString("hex"), expected.join("").replaceAll(" ", ""));
});

test("a nested attribute is flagged and as long as what it holds", () => {
  const written = new AttributeWriter()
    .nested(1, (w) => w.u16(2, 7).nested(3, (inner) => inner.u8(4, 9)))
    .u8(5, 1);
  assert.equal(
    written.finish().toString("hex"),
    "18000180" + "0600020007000000" + "0c000380" + "0500040009000000" + "0500050001000000",
  );
});

test("a writer keeps what it wrote when it has to grow", () => {
  const writer = new AttributeWriter();
  for (let i = 0; i < 1_000; i++) writer.nested(1, (w) => w.u32(2, i).bytes(3, new Uint8Array(300).fill(i)));
  const all = [...attributes(writer.finish())];
  assert.equal(all.length, 1_000);
  all.forEach(({ payload }, i) => {
    const [number, bytes] = attributes(payload);
    assert.equal(number?.payload.readUInt32LE(0), i);
    assert.deepEqual(bytes?.payload, Buffer.alloc(300, i));
  });
});

test("a text that makes the writer grow is written where it belongs", () => {
  const body = new AttributeWriter().bytes(1, new Uint8Array(248)).string(2, "goes on").finish();
  assert.equal(body.toString("latin1", 256, 263), "goes on");
});

test("flags of the type are not part of it", () => {
  assert.deepEqual(
    [...attributes(hex("05000180 aa000000 05000240 bb000000"))],
    [
      { type: 1, payload: hex("aa") },
      { type: 2, payload: hex("bb") },
    ],
  );
});

test("attributes behind a header are read from their offset", () => {
  assert.deepEqual(readAttributes(hex("ffffffff 05000100 aa000000"), 4), [{ type: 1, payload: hex("aa") }]);
});

test("the padding of the last attribute may be missing", () => {
  assert.deepEqual(readAttributes(hex("05000100 aa")), [{ type: 1, payload: hex("aa") }]);
});

test("an attribute that does not fit ends the lenient reading and refuses the strict one", () => {
  for (const damaged of [
    "05000100 aa000000 09000200 bbbbbb",
    "05000100 aa000000 03000200",
    "05000100 aa000000 0000",
    "05000100 aa000000 0000 0000 00",
  ]) {
    assert.deepEqual([...attributes(hex(damaged))], [{ type: 1, payload: hex("aa") }], damaged);
    assert.equal(readAttributes(hex(damaged)), undefined, damaged);
  }
});
