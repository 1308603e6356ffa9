/** The pair without services: VRRP alone, which every kernel can do, in every combination of makes. */
import { describePair } from "./pair.ts";

describePair("c", "c", false);
describePair("ours", "ours", false);
describePair("c", "ours", false);
describePair("ours", "c", false);
