/**
 * The pair without services: VRRP alone, which every kernel can do, in every combination of makes. The
 * pairs live side by side, each in its own namespaces, because most of a pair's life is waiting.
 */
import { describe } from "node:test";
import { describePair } from "./pair.ts";

describe("VRRP pairs", { concurrency: true }, () => {
  describePair("c", "c", false);
  describePair("ours", "ours", false);
  describePair("c", "ours", false);
  describePair("ours", "c", false);
});
