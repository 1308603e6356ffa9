/**
 * The pair with its services and real traffic, on a kernel with IPVS, in every combination of makes,
 * side by side: even in a slow guest a pair waits most of the time.
 */
import { describe } from "node:test";
import { describePair } from "./pair.ts";

describe("pairs with real servers", { concurrency: true }, () => {
  describePair("c", "c", true);
  describePair("ours", "ours", true);
  describePair("c", "ours", true);
  describePair("ours", "c", true);
});
