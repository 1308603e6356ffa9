/** Which session a packet belongs to. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { IpAddress } from "../../src/base/address.ts";
import { SessionDirectory } from "../../src/bfd/directory.ts";

const ip = (text: string): IpAddress => text as IpAddress;
const [us, us2, them, stranger] = ["10.0.0.1", "10.0.0.2", "10.0.0.9", "10.0.0.66"].map(ip) as [
  IpAddress,
  IpAddress,
  IpAddress,
  IpAddress,
];

describe("the directory of sessions", () => {
  test("goes by Your Discriminator alone when there is one (RFC 5880 §6.3)", () => {
    const directory = new SessionDirectory<string>();
    directory.add("a", 1, { neighbor: them, source: us, multihop: false });
    directory.add("b", 2, { neighbor: them, source: us2, multihop: false });
    const packet = { from: stranger, to: us, multihop: true };
    assert.equal(directory.find({ ...packet, yourDiscriminator: 2 }), "b");
    assert.equal(directory.find({ ...packet, from: them, multihop: false, yourDiscriminator: 3 }), undefined);
  });

  test("goes by addresses and hop kind without a discriminator, the session with a source first", () => {
    const directory = new SessionDirectory<string>();
    directory.add("any", 1, { neighbor: them, source: undefined, multihop: false });
    directory.add("one", 2, { neighbor: them, source: us, multihop: false });
    directory.add("far", 3, { neighbor: them, source: us, multihop: true });
    const find = (from: IpAddress, to: IpAddress | undefined, multihop: boolean) =>
      directory.find({ yourDiscriminator: 0, from, to, multihop });
    assert.deepEqual(
      [
        find(them, us, false),
        find(them, us2, false),
        find(them, undefined, false),
        find(them, us, true),
        find(them, us2, true),
        find(stranger, us, false),
      ],
      ["one", "any", "any", "far", undefined, undefined],
    );
  });

  test("forgets a session that is removed", () => {
    const directory = new SessionDirectory<string>();
    const place = { neighbor: them, source: us, multihop: false };
    directory.add("a", 1, place);
    directory.remove(1, place);
    assert.equal(directory.find({ yourDiscriminator: 1, from: them, to: us, multihop: false }), undefined);
    assert.equal(directory.find({ yourDiscriminator: 0, from: them, to: us, multihop: false }), undefined);
  });

  test("gives no discriminator twice, and never 0", () => {
    const directory = new SessionDirectory<string>();
    const draws = [0, 0, 0.999_999_999_9];
    const random = () => draws.shift() ?? 0.5;
    const first = directory.freshDiscriminator(random);
    directory.add("a", first, { neighbor: them, source: us, multihop: false });
    assert.deepEqual([first, directory.freshDiscriminator(random)], [1, 4_294_967_295]);
  });
});
