/**
 * The pair with its services and real traffic, on a kernel with IPVS, in every combination of makes;
 * two pairs at a time, which is what a guest with one slow processor can carry.
 */
import { describe } from "node:test";
import { describePair } from "./pair.ts";

describe("pairs with real servers", { concurrency: 2 }, () => {
  describePair("c", "c", true);
  describePair("ours", "ours", true);
  describePair("c", "ours", true);
  describePair("ours", "c", true);
});
