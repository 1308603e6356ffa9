/** The pair with its services and real traffic, on a kernel with IPVS, in every combination of makes. */
import { describePair } from "./pair.ts";

describePair("c", "c", true);
describePair("ours", "ours", true);
describePair("c", "ours", true);
describePair("ours", "c", true);
